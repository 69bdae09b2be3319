import { Value } from "../../assembly";

/**
 * The minutes since midnight UTC of a time in RFC 3339; they are below 0 or
 * above 1439 when the day in UTC is another one. The least i32 is for what is
 * no such time. Like Go's time.Parse it also takes hours of one digit and a
 * comma before the fraction.
 */
export function minuteOfDay(text: Value): i32 {
  const t = new Cursor(text);
  const year = t.number(4);
  t.skip(0x2d); // -
  const month = t.number(2);
  t.skip(0x2d);
  const day = t.number(2);
  t.skip(0x54); // T
  const hour = t.hour();
  t.skip(0x3a); // :
  const minute = t.number(2);
  t.skip(0x3a);
  const second = t.number(2);
  t.fraction();
  const zone = t.zone();
  const good = t.good && t.at == text.length && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(month, year) &&
    hour < 24 && minute < 60 && second < 60;
  return good ? hour * 60 + minute - zone : i32.MIN_VALUE;
}

function daysOf(month: i32, year: i32): i32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

class Cursor {
  at: i32 = 0;
  good: bool = true;

  constructor(private text: Value) {}

  private get digit(): bool { return <u32>(this.text.byteAt(this.at) - 0x30) < 10; }

  skip(c: u8): void { this.good = this.good && this.text.byteAt(this.at++) == c; }

  number(width: i32): i32 {
    let n = 0;
    while (width--) {
      if (!this.digit) this.good = false;
      n = n * 10 + <i32>this.text.byteAt(this.at++) - 0x30;
    }
    return n;
  }

  hour(): i32 {
    const second = this.text.byteAt(this.at + 1) - 0x30;
    return this.number(<u32>second < 10 ? 2 : 1);
  }

  fraction(): void {
    const c = this.text.byteAt(this.at);
    if (c != 0x2e && c != 0x2c) return; // . ,
    this.at++;
    if (!this.digit) this.good = false;
    while (this.digit) this.at++;
  }

  /** The offset in minutes. */
  zone(): i32 {
    const sign = this.text.byteAt(this.at++);
    if (sign == 0x5a) return 0; // Z
    if (sign != 0x2b && sign != 0x2d) this.good = false; // + -
    const hours = this.number(2);
    this.skip(0x3a);
    const minutes = this.number(2);
    if (hours > 24 || minutes > 60) this.good = false;
    return sign == 0x2d ? -(hours * 60 + minutes) : hours * 60 + minutes;
  }
}
