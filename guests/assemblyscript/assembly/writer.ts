// Writing: values go straight into bytes (deterministic CBOR). Members of a map
// may be written in any order; they are put into the one legal order when the
// map ends.

import { FALSE, HALF, NULL, TRUE, Value, after } from "./value";

/** The deepest nesting that the format allows. */
export const DEPTH = 64;

// Of an open container, in `frames`: where its head is, where its members begin
// in `members`, how many items it has, and whether it is a map that waits for a
// key (0), a map that waits for a value (1) or a list (2).
@unmanaged class Frame { head: u32; members: u32; count: u32; state: u32; }

// Of a member of an open map: where it, its value and the next one begin.
@unmanaged class Member { start: u32; value: u32; end: u32; }

/** Writes one value. A mistake is kept and told when the value is sent. */
export class Writer {
  private room: usize = heap.alloc(1024);
  private capacity: u32 = 1024;
  private frames: usize = heap.alloc((DEPTH + 1) * offsetof<Frame>());
  private depth: u32 = 0;
  private members: usize = heap.alloc(64 * offsetof<Member>());
  private memberRoom: u32 = 64;
  private memberCount: u32 = 0;
  private written: bool = false;

  /** How many bytes were written. */
  size: u32 = 0;
  /** What is wrong, or null. */
  mistake: string | null = null;

  /** Where the bytes are, until more are written. */
  get start(): usize { return this.room; }

  /** Forgets everything and, if status is not negative, begins with that byte. */
  reset(status: i32 = -1): void {
    this.size = 0;
    this.depth = 0;
    this.memberCount = 0;
    this.written = false;
    this.mistake = null;
    if (status >= 0) {
      this.need(1);
      this.put(<u8>status);
    }
  }

  /** Names the next value of the map that is open. */
  key(name: string): Writer {
    const f = this.frame();
    if (!this.depth || f.state != 0) return this.wrong("a key where none belongs: " + name);
    if (name == "$bytes") return this.wrong("the key $bytes is reserved");
    f.state = 1;
    f.count++;
    if (this.memberCount == this.memberRoom) this.moreMembers();
    const m = this.member(this.memberCount++);
    m.start = this.size;
    this.string(name);
    m.value = this.size;
    return this;
  }

  /** Names the next value of the map that is open as a member that was read: by its key. */
  keyOf(k: Value): Writer {
    const f = this.frame();
    if (!this.depth || f.state != 0 || !k.isText) return this.wrong("a key where none belongs, or none that is text");
    f.state = 1;
    f.count++;
    if (this.memberCount == this.memberRoom) this.moreMembers();
    const m = this.member(this.memberCount++), p = changetype<usize>(k);
    m.start = this.size;
    this.raw(p, <u32>(after(p) - p));
    m.value = this.size;
    return this;
  }

  null(): Writer { return this.one(NULL); }

  bool(v: bool): Writer { return this.one(v ? TRUE : FALSE); }

  int(v: i64): Writer {
    this.begin();
    if (v < 0) this.head(0x20, ~v);
    else this.head(0, v);
    return this;
  }

  /** Writes a float; what is not finite is a mistake. */
  float(v: f64): Writer {
    this.begin();
    if (!isFinite(v)) return this.wrong("a float that is not finite");
    this.need(9);
    const p = this.room + this.size;
    const single = <f32>v;
    if (<f64>single != v) {
      store<u8>(p, HALF + 2);
      store<u64>(p, bswap(reinterpret<u64>(v)), 1);
      this.size += 9;
      return this;
    }
    const half = toHalf(reinterpret<u32>(single));
    if (half < 0) {
      store<u8>(p, HALF + 1);
      store<u32>(p, bswap(reinterpret<u32>(single)), 1);
      this.size += 5;
      return this;
    }
    store<u8>(p, HALF);
    store<u16>(p, bswap(<u16>half), 1);
    this.size += 3;
    return this;
  }

  /** Writes text; half of a surrogate pair in it is a mistake. */
  text(s: string): Writer {
    this.begin();
    this.string(s);
    return this;
  }

  bytes(b: Uint8Array): Writer {
    this.begin();
    this.head(0x40, b.length);
    this.raw(b.dataStart, b.length);
    return this;
  }

  /** Copies a value that was read. */
  value(v: Value): Writer {
    this.begin();
    const p = changetype<usize>(v);
    this.raw(p, <u32>(after(p) - p));
    return this;
  }

  /** Opens a map: key, value, key, value ... end. */
  map(): Writer { return this.open(0); }

  /** Opens a list: value, value ... end. */
  list(): Writer { return this.open(2); }

  /** Ends the map or list that was opened last. */
  end(): Writer {
    if (this.mistake != null) return this;
    const f = this.frame();
    if (!this.depth || f.state == 1) return this.wrong(this.depth ? "a map ends behind a key" : "an end without a beginning");
    if (f.state == 0) this.sort(f);
    this.finish(f);
    this.memberCount = f.members;
    this.depth--;
    return this;
  }

  /** Ends what is open and says whether there is exactly one value. */
  complete(): bool {
    while (this.depth && this.mistake == null) this.end();
    if (!this.written) this.wrong("no value");
    return this.mistake == null;
  }

  /** Completes what the host is given now; aborts on a mistake. */
  ready(): void {
    if (!this.complete()) throw new Error("a request to the host has a mistake: " + this.mistake!);
  }

  /** Gives the memory back. The writer is of no further use. */
  free(): void {
    heap.free(this.room);
    heap.free(this.frames);
    heap.free(this.members);
  }

  /** Keeps the first mistake. */
  protected wrong(what: string): Writer {
    if (this.mistake == null) this.mistake = what;
    return this;
  }

  // @ts-ignore: decorator
  @inline private frame(): Frame { return changetype<Frame>(this.frames + this.depth * offsetof<Frame>()); }

  // @ts-ignore: decorator
  @inline private member(i: u32): Member { return changetype<Member>(this.members + i * offsetof<Member>()); }

  /** Counts a value that comes now. */
  private begin(): void {
    if (!this.depth) {
      if (this.written) this.wrong("a second value");
      this.written = true;
      return;
    }
    const f = this.frame();
    if (f.state == 2) f.count++;
    else if (f.state == 1) f.state = 0;
    else this.wrong("a value in a map without a key");
  }

  private one(b: u8): Writer {
    this.begin();
    this.need(1);
    this.put(b);
    return this;
  }

  private open(state: u32): Writer {
    this.begin();
    if (this.mistake != null) return this;
    if (this.depth == DEPTH) return this.wrong("nested too deeply");
    this.depth++;
    const f = this.frame();
    f.head = this.size;
    f.members = this.memberCount;
    f.count = 0;
    f.state = state;
    this.need(1);
    this.size++; // for the head, once the items are counted
    return this;
  }

  /** Writes the head of a container in front of its items, which may have to move. */
  private finish(f: Frame): void {
    const major: u8 = f.state == 2 ? 0x80 : 0xa0;
    if (f.count < 24) {
      store<u8>(this.room + f.head, major | <u8>f.count);
      return;
    }
    const end = this.size, more: u32 = f.count < 0x100 ? 1 : f.count < 0x10000 ? 2 : 4;
    this.need(more);
    const items = this.room + f.head + 1;
    memory.copy(items + more, items, end - f.head - 1);
    this.size = f.head;
    this.head(major, f.count);
    this.size = end + more;
  }

  /** Puts the members of the map in order: by the bytes of their encoded keys. */
  private sort(f: Frame): void {
    const n = this.memberCount - f.members;
    if (!n) return;
    let sorted = true;
    for (let i = f.members; i < this.memberCount; i++) {
      this.member(i).end = i + 1 < this.memberCount ? this.member(i + 1).start : this.size;
      if (i > f.members && this.compare(this.member(i - 1), this.member(i)) >= 0) sorted = false;
    }
    if (sorted) return;
    this.shellSort(this.members + f.members * offsetof<Member>(), n);
    for (let i = f.members + 1; i < this.memberCount; i++) {
      if (!this.compare(this.member(i - 1), this.member(i))) this.wrong("a map has a key twice");
    }
    this.arrange(f);
  }

  private shellSort(all: usize, n: u32): void {
    const size = offsetof<Member>();
    for (let gap = n > 16 ? <u32>(<u64>n * 5 / 11) : 1; gap; gap = gap == 2 ? 1 : <u32>(<u64>gap * 5 / 11)) {
      for (let i = gap; i < n; i++) {
        const m = changetype<Member>(all + <usize>i * size);
        const start = m.start, value = m.value, end = m.end;
        let j = i;
        for (; j >= gap; j -= gap) {
          const before = changetype<Member>(all + <usize>(j - gap) * size);
          if (this.compareKeys(before.start, before.value, start, value) <= 0) break;
          memory.copy(all + <usize>j * size, changetype<usize>(before), size);
        }
        const to = changetype<Member>(all + <usize>j * size);
        to.start = start; to.value = value; to.end = end;
      }
    }
  }

  /** Rewrites the members of the map in the order in which they stand in `members`. */
  private arrange(f: Frame): void {
    const base = f.head + 1, total = this.size - base;
    this.need(total);
    let to = this.room + this.size;
    for (let i = f.members; i < this.memberCount; i++) {
      const m = this.member(i);
      memory.copy(to, this.room + m.start, m.end - m.start);
      to += m.end - m.start;
    }
    memory.copy(this.room + base, this.room + this.size, total);
  }

  private compare(a: Member, b: Member): i32 { return this.compareKeys(a.start, a.value, b.start, b.value); }

  private compareKeys(a: u32, aEnd: u32, b: u32, bEnd: u32): i32 {
    return memory.compare(this.room + a, this.room + b, min(aEnd - a, bEnd - b));
  }

  private moreMembers(): void {
    this.memberRoom *= 2;
    this.members = heap.realloc(this.members, this.memberRoom * offsetof<Member>());
  }

  private string(s: string): void {
    const before = this.size, length = <u32>s.length;
    this.head(0x60, length);
    this.need(length);
    if (!ascii(changetype<usize>(s), length, this.room + this.size)) {
      this.size = before;
      this.wide(s);
    } else this.size += length;
  }

  /** Writes text that is not only ASCII. */
  private wide(s: string): void {
    const size = utf8Length(s);
    if (size == u32.MAX_VALUE) {
      this.wrong("text with half of a surrogate pair");
      return;
    }
    this.head(0x60, size);
    this.need(size);
    String.UTF8.encodeUnsafe(changetype<usize>(s), s.length, this.room + this.size);
    this.size += size;
  }

  private raw(p: usize, size: u32): void {
    this.need(size);
    memory.copy(this.room + this.size, p, size);
    this.size += size;
  }

  /** Writes a head with the shortest form of n. */
  private head(major: u8, n: u64): void {
    this.need(9);
    const p = this.room + this.size;
    if (n < 24) {
      store<u8>(p, major | <u8>n);
      this.size += 1;
    } else if (n < 0x100) {
      store<u8>(p, major | 24);
      store<u8>(p, <u8>n, 1);
      this.size += 2;
    } else if (n < 0x10000) {
      store<u8>(p, major | 25);
      store<u16>(p, bswap(<u16>n), 1);
      this.size += 3;
    } else if (n < 0x100000000) {
      store<u8>(p, major | 26);
      store<u32>(p, bswap(<u32>n), 1);
      this.size += 5;
    } else {
      store<u8>(p, major | 27);
      store<u64>(p, bswap(n), 1);
      this.size += 9;
    }
  }

  // @ts-ignore: decorator
  @inline private put(b: u8): void { store<u8>(this.room + this.size++, b); }

  /** Makes room for n more bytes. */
  // @ts-ignore: decorator
  @inline private need(n: u32): void { if (this.capacity - this.size < n) this.grow(n); }

  private grow(n: u32): void {
    this.capacity = max(this.capacity * 2, this.size + n);
    this.room = heap.realloc(this.room, this.capacity);
  }
}

/** Writes n characters of UTF-16 as bytes, if each of them is ASCII. */
function ascii(from: usize, n: u32, to: usize): bool {
  const end = to + n;
  while (end - to >= 4) { // four letters at a time
    let x = load<u64>(from);
    if (x & 0xff80ff80ff80ff80) return false;
    x = (x | x >> 8) & 0x0000ffff0000ffff;
    store<u32>(to, <u32>(x | x >> 16));
    from += 8;
    to += 4;
  }
  for (; to < end; to++, from += 2) {
    const c = load<u16>(from);
    if (c >= 0x80) return false;
    store<u8>(to, c);
  }
  return true;
}

/** The length of s in UTF-8, or the greatest u32 if it has half of a surrogate pair. */
function utf8Length(s: string): u32 {
  let size: u32 = 0;
  for (let i = 0, n = s.length; i < n; i++) {
    const c = s.charCodeAt(i);
    if (c < 0x80) size += 1;
    else if (c < 0x800) size += 2;
    else if ((c & 0xf800) != 0xd800) size += 3;
    else if (c < 0xdc00 && i + 1 < n && (s.charCodeAt(i + 1) & 0xfc00) == 0xdc00) {
      size += 4;
      i++;
    } else return u32.MAX_VALUE;
  }
  return size;
}

/** The binary16 of the same value as a finite binary32, or -1. */
function toHalf(bits: u32): i32 {
  const sign = bits >> 16 & 0x8000, fraction = bits & 0x7fffff;
  const exponent = <i32>(bits >> 23 & 0xff) - 127;
  if (!(bits << 1)) return sign;
  if (exponent >= -14 && exponent <= 15) {
    return fraction & 0x1fff ? -1 : sign | (exponent + 15) << 10 | fraction >> 13;
  }
  if (exponent < -24 || exponent > 15) return -1;
  // Subnormal: a multiple of 2^-24.
  const whole = fraction | 0x800000, shift = -exponent - 1;
  return whole & ((1 << shift) - 1) ? -1 : sign | whole >> shift;
}
