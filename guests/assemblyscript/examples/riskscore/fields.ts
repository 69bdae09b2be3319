import { Answer, Value } from "../../assembly";

/** Amounts are bounded so that sums of them cannot overflow. */
export const MAX_AMOUNT: i64 = 1000000000000000;

/**
 * Reads values of a map. The first one that is wrong makes the answer a
 * business error; whoever reads looks at `out.ok`.
 */
export class Fields {
  constructor(private map: Value, private out: Answer, private config: bool = false) {}

  reject(code: string, field: string, message: string): void {
    if (!this.out.ok) return;
    if (this.config) this.out.reject("bad_config", "config." + field + " " + message);
    else this.out.reject(code, field + " " + message).key("field").text(field);
  }

  /** A required member. */
  required(name: string): Value | null {
    const v = this.map.get(name);
    if (!v) this.reject("missing_field", name, "is required");
    return v;
  }

  /** A required text. */
  text(name: string): Value | null {
    const v = this.required(name);
    if (!v || v.isText) return v;
    this.reject("wrong_type", name, "must be text");
    return null;
  }

  /** A flag, false if it is not there. */
  flag(name: string): bool {
    const v = this.map.get(name);
    if (!v) return false;
    if (v.isBool) return v.bool();
    this.reject("wrong_type", name, "must be true or false");
    return false;
  }

  /** A required integer; code is for values out of range. */
  between(name: string, code: string, low: i64, high: i64): i64 {
    const v = this.required(name);
    if (!v) return 0;
    if (!v.isInt) {
      this.reject("wrong_type", name, "must be an integer");
      return 0;
    }
    const n = v.int();
    if (n < low || n > high) this.reject(code, name, "must be between " + low.toString() + " and " + high.toString());
    return n;
  }

  country(name: string): string {
    const v = this.text(name);
    if (v && isUpper(v, 2)) return v.text();
    this.reject("bad_country", name, "must be two upper-case letters (ISO 3166-1)");
    return "";
  }
}

/** Whether v is a text of n upper-case letters. */
export function isUpper(v: Value, n: i32): bool { return isTextIn(v, n, 0x41, 0x5a); }

/** Whether v is a text of n bytes from low to high. */
export function isTextIn(v: Value, n: i32, low: u8, high: u8): bool {
  if (!v.isText || v.length != n) return false;
  for (let i = 0; i < n; i++) {
    const c = v.byteAt(i);
    if (c < low || c > high) return false;
  }
  return true;
}
