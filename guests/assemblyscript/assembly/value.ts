// Reading: a Value is the address of one encoded value (deterministic CBOR, the
// format of abi/wire). Nothing is copied or allocated before a text or bytes
// are asked for.
//
// Values of an input are valid until the call returns, those of the config for
// ever, those of a reply as long as the reply.

/** What a value can be. */
export enum Kind { Null, Bool, Int, Float, Text, Bytes, List, Map }

/** One value. It is read where it stands. */
@unmanaged
export class Value {
  /** What it is. */
  get kind(): Kind {
    const first = load<u8>(at(this));
    switch (first >> 5) {
      case 0: case 1: return Kind.Int;
      case 2: return Kind.Bytes;
      case 3: return Kind.Text;
      case 4: return Kind.List;
      case 5: return Kind.Map;
    }
    if (first >= HALF) return Kind.Float;
    return first == NULL ? Kind.Null : Kind.Bool;
  }

  get isNull(): bool { return load<u8>(at(this)) == NULL; }
  get isBool(): bool { return load<u8>(at(this)) >> 1 == FALSE >> 1; }
  get isInt(): bool { return load<u8>(at(this)) < 0x40; }
  get isFloat(): bool { return load<u8>(at(this)) >= HALF; }
  get isText(): bool { return load<u8>(at(this)) >> 5 == 3; }
  get isBytes(): bool { return load<u8>(at(this)) >> 5 == 2; }
  get isList(): bool { return load<u8>(at(this)) >> 5 == 4; }
  get isMap(): bool { return load<u8>(at(this)) >> 5 == 5; }

  /** The boolean; aborts if it is none, as all of these do. */
  bool(): bool {
    if (!this.isBool) wrong("boolean");
    return load<u8>(at(this)) == TRUE;
  }

  /** The integer. */
  int(): i64 {
    if (!this.isInt) wrong("integer");
    const n = argument(at(this));
    return load<u8>(at(this)) >> 5 ? ~n : n;
  }

  /** The float. An integer is none: use number() for either. */
  float(): f64 {
    if (!this.isFloat) wrong("float");
    const n = argument(at(this));
    switch (load<u8>(at(this))) {
      case HALF: return fromHalf(<u32>n);
      case HALF + 1: return reinterpret<f32>(<u32>n);
    }
    return reinterpret<f64>(n);
  }

  /** The integer or float, as a float. */
  number(): f64 { return this.isInt ? <f64>this.int() : this.float(); }

  /** The text. */
  text(): string {
    if (!this.isText) wrong("text");
    return textAt(body(at(this)), <u32>argument(at(this)));
  }

  /** Whether it is this text; cheaper than text(). */
  isTextOf(s: string): bool {
    return this.isText && same(body(at(this)), <u32>argument(at(this)), s);
  }

  /** A byte of a text, in UTF-8, or of bytes; 0 behind the end. Reads without a copy. */
  byteAt(index: i32): u8 {
    const major = load<u8>(at(this)) >> 5;
    if (major != 2 && major != 3) wrong("text or bytes");
    return <u64>index < argument(at(this)) ? load<u8>(body(at(this)) + index) : 0;
  }

  /** A copy of the bytes. */
  bytes(): Uint8Array {
    if (!this.isBytes) wrong("bytes");
    const size = <u32>argument(at(this));
    const copy = new Uint8Array(size);
    memory.copy(copy.dataStart, body(at(this)), size);
    return copy;
  }

  /** The length of a list, the number of members of a map, the bytes of text and bytes. */
  get length(): i32 {
    const major = load<u8>(at(this)) >> 5;
    if (major < 2 || major > 5) wrong("list, map, text or bytes");
    return <i32>argument(at(this));
  }

  /** An element of a list, from 0. Walk over long lists with first and next. */
  at(index: i32): Value {
    if (!this.isList || <u32>index >= <u32>this.length) wrong("list of more than " + index.toString() + " elements");
    let p = body(at(this));
    while (index--) p = after(p);
    return changetype<Value>(p);
  }

  /** The member of a map, or null if there is none, or this is no map. */
  get(key: string): Value | null {
    if (!this.isMap) return null;
    let p = body(at(this));
    const shortest = <u32>key.length, longest = shortest * 3; // in UTF-8
    for (let n = <u32>argument(at(this)); n; n--) {
      const short = <u32>load<u8>(p++) - 0x60; // the length, below 24
      let size = short;
      if (short >= 24) {
        if (load<u8>(p - 1) >> 5 != 3) return null; // a key that is no text
        size = <u32>argument(p - 1);
        p = body(p - 1);
      }
      if (size >= shortest) {
        if (size > longest) return null; // keys are sorted by their length
        if (same(p, size, key)) return changetype<Value>(p + size);
      }
      p = after(p + size);
    }
    return null;
  }

  /**
   * The first element of a list, or key of a map. Go on with next, length times
   * for a list; in a map a key is followed by its value, then the next key.
   */
  get first(): Value { return changetype<Value>(body(at(this))); }

  /** What follows this value in its list or map. */
  get next(): Value { return changetype<Value>(after(at(this))); }
}

// First bytes of values without a body.
export const FALSE: u8 = 0xf4;
export const TRUE: u8 = 0xf5;
export const NULL: u8 = 0xf6;
export const HALF: u8 = 0xf9;

// @ts-ignore: decorator
@inline
function at(v: Value): usize { return changetype<usize>(v); }

function wrong(wanted: string): void { throw new Error("a value is no " + wanted); }

/** The number in the head at p: an integer, length, count or the bits of a float. */
function argument(p: usize): u64 {
  const info = load<u8>(p) & 31;
  if (info < 24) return info;
  switch (info) {
    case 24: return load<u8>(p, 1);
    case 25: return bswap(load<u16>(p, 1));
    case 26: return bswap(load<u32>(p, 1));
  }
  return bswap(load<u64>(p, 1));
}

/** Where the head at p ends. */
function body(p: usize): usize {
  const info = load<u8>(p) & 31;
  return info < 24 ? p + 1 : p + 1 + (1 << (info - 24));
}

/** Where the value at p ends. */
export function after(p: usize): usize {
  const first = load<u8>(p);
  if (first < 24 || first >= FALSE && first <= NULL) return p + 1;
  if (first >= 0x60 && first < 0x78) return p + first - 0x5f; // short text
  return afterLong(p);
}

function afterLong(p: usize): usize {
  let open: u64 = 1; // values to go over
  do {
    const major = load<u8>(p) >> 5;
    const n = argument(p);
    p = body(p);
    if (major == 2 || major == 3) p += <usize>n;
    else if (major == 4) open += n;
    else if (major == 5) open += 2 * n;
  } while (--open);
  return p;
}

/** Whether size bytes hold exactly one well-formed value; all else relies on it. */
export function wellFormed(p: usize, size: usize): bool {
  const end = p + size;
  let open: u64 = 1;
  do {
    if (p >= end) return false;
    const first = load<u8>(p);
    const info = first & 31;
    const width: usize = info < 24 ? 1 : 1 + (1 << (info - 24));
    if (info > 27 || width > end - p) return false;
    const n = argument(p);
    p += width;
    switch (first >> 5) {
      case 2: case 3:
        if (n > end - p) return false;
        p += <usize>n;
        break;
      case 4: case 5:
        if (n > end - p) return false;
        open += n << (first >> 5 & 1);
        break;
      case 6: return false;
      case 7: if (info < 20 || info == 23 || info == 24) return false;
    }
  } while (--open);
  return p == end;
}

/** Whether size bytes of UTF-8 are the text s. */
function same(p: usize, size: u32, s: string): bool {
  const length = <u32>s.length;
  if (size < length) return false;
  const chars = changetype<usize>(s);
  for (let i: u32 = 0; i < length; i++) {
    const c = load<u16>(chars + (<usize>i << 1));
    if (c != load<u8>(p + i)) return c >= 0x80 && textAt(p, size) == s;
  }
  return size == length;
}

/** The text of size bytes of UTF-8. */
export function textAt(p: usize, size: u32): string {
  const s = changetype<string>(__new(<usize>size << 1, idof<string>()));
  let to = changetype<usize>(s), from = p;
  const end = p + size;
  while (end - from >= 4) { // four letters at a time
    let x = <u64>load<u32>(from);
    if (x & 0x80808080) return String.UTF8.decodeUnsafe(p, size);
    x = (x | x << 16) & 0x0000ffff0000ffff;
    store<u64>(to, (x | x << 8) & 0x00ff00ff00ff00ff);
    from += 4;
    to += 8;
  }
  for (; from < end; from++, to += 2) {
    const c = load<u8>(from);
    if (c >= 0x80) return String.UTF8.decodeUnsafe(p, size);
    store<u16>(to, c);
  }
  return s;
}

function fromHalf(h: u32): f64 {
  const fraction = h & 0x3ff, exponent = h >> 10 & 0x1f;
  const sign: f64 = h >> 15 ? -1 : 1;
  if (!exponent) return sign * <f64>fraction / 16777216;
  return sign * reinterpret<f64>(<u64>(exponent + 1008) << 52 | <u64>fraction << 42);
}
