import { Answer, Value } from "../../assembly";
import { exponentOf } from "./currency";
import { Fields, isTextIn, isUpper, MAX_AMOUNT } from "./fields";
import { minuteOfDay } from "./rfc3339";
import { Risk, descriptionOf, riskOf } from "./mcc";

/** One well-formed input; examples/riskscore/payment says what its fields are. */
export class Payment {
  amount: i64 = 0; // minor units
  currency: string = "";
  exponent: i32 = 0; // digits of the minor unit
  mcc: string = "";
  mccText: string = "";
  risk: Risk = Risk.Ordinary;
  merchantCountry: string = "";
  cardCountry: string = "";
  cardPresent: bool = false;
  localHour: i32 = 0; // where the card holder lives
  count1h: i64 = 0; // earlier payments in the last hour
  count24h: i64 = 0; // and in the last day
  amount24h: i64 = 0; // their sum

  /** Reads an input; if it is wrong, the answer says so. */
  read(input: Value, out: Answer): bool {
    const f = new Fields(input, out);
    this.amount = f.between("amount", "bad_amount", 1, MAX_AMOUNT);
    const currency = f.text("currency");
    const code = f.text("mcc");
    this.merchantCountry = f.country("merchant_country");
    this.cardCountry = f.country("card_country");
    this.cardPresent = f.flag("card_present");
    this.localHour = hour(f, input);
    if (!currency || !code || !out.ok) return false;
    this.money(f, currency);
    this.category(f, code);
    this.velocity(f, input, out);
    return out.ok;
  }

  private money(f: Fields, currency: Value): void {
    this.exponent = isUpper(currency, 3) ? exponentOf(currency.text()) : -1;
    if (this.exponent < 0) f.reject("unknown_currency", "currency", "must be an ISO 4217 code, for example EUR");
    else this.currency = currency.text();
  }

  private category(f: Fields, code: Value): void {
    if (!isTextIn(code, 4, 0x30, 0x39)) {
      f.reject("bad_mcc", "mcc", "must be four digits in text");
      return;
    }
    this.mcc = code.text();
    let number = 0;
    for (let i = 0; i < 4; i++) number = number * 10 + code.byteAt(i) - 0x30;
    const text = descriptionOf(number);
    this.risk = riskOf(number);
    if (text == null) f.reject("unknown_mcc", "mcc", "is not an assigned merchant category code");
    else this.mccText = text;
  }

  private velocity(f: Fields, input: Value, out: Answer): void {
    this.count1h = this.count24h = this.amount24h = 0;
    const v = input.get("velocity");
    if (!v) return;
    if (!v.isMap) {
      f.reject("wrong_type", "velocity", "must be an object with count_1h, count_24h and amount_24h");
      return;
    }
    const inner = new Fields(v, out);
    this.count1h = inner.between("count_1h", "bad_velocity", 0, 1000000);
    this.count24h = inner.between("count_24h", "bad_velocity", 0, 1000000);
    this.amount24h = inner.between("amount_24h", "bad_velocity", 0, MAX_AMOUNT);
    if (this.count1h > this.count24h) inner.reject("bad_velocity", "count_1h", "must not be more than count_24h");
  }
}

/** The hour where the card holder lives. */
function hour(f: Fields, input: Value): i32 {
  const time = f.text("time");
  const minute = time ? minuteOfDay(time) : i32.MIN_VALUE;
  if (minute == i32.MIN_VALUE) f.reject("bad_time", "time", "must be RFC 3339, for example 2026-03-01T22:15:00Z");
  const offset = input.get("card_utc_offset_minutes")
    ? <i32>f.between("card_utc_offset_minutes", "bad_utc_offset", -720, 840)
    : 0;
  const local = (minute + offset) % 1440;
  return (local < 0 ? local + 1440 : local) / 60;
}
