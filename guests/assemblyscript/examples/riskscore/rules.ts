import { Answer, Value } from "../../assembly";
import { exponentOf, minorUnits } from "./currency";
import { Fields, isUpper, MAX_AMOUNT } from "./fields";
import { Payment } from "./payment";

/** The config; examples/riskscore/payment/rules.go says what its fields are. */
export class Rules {
  private reviewAt: i64 = 0;
  private declineAt: i64 = 0;
  private highAmountDefault: i64 = 0;
  private nightFrom: i64 = 0;
  private nightTo: i64 = 0;
  private highAmount: Map<string, i64> = new Map();
  private highRisk: Set<string> = new Set();

  /** Reads a config; if it cannot be used, the answer says so. */
  read(config: Value, out: Answer): void {
    const f = new Fields(config, out, true);
    this.reviewAt = f.between("review_at", "", 1, 100);
    this.declineAt = f.between("decline_at", "", 1, 100);
    this.highAmountDefault = f.between("high_amount_default", "", 1, MAX_AMOUNT / 10000);
    this.nightFrom = f.between("night_from", "", 0, 23);
    this.nightTo = f.between("night_to", "", 0, 23);
    this.amounts(f, config.get("high_amount"), out);
    this.countries(f, config.get("high_risk_countries"));
  }

  private amounts(f: Fields, all: Value | null, out: Answer): void {
    if (!all || !all.isMap) {
      f.reject("", "high_amount", "must be an object of currency and minor units");
      return;
    }
    const inner = new Fields(all, out, true);
    let key = all.first;
    for (let n = all.length; n > 0; n--) {
      const currency = key.text();
      this.highAmount.set(currency, inner.between(currency, "", 1, MAX_AMOUNT));
      key = key.next.next;
    }
  }

  private countries(f: Fields, all: Value | null): void {
    if (!all || !all.isList) {
      f.reject("", "high_risk_countries", "must be a list of countries");
      return;
    }
    let v = all.first;
    for (let n = all.length; n > 0; n--) {
      if (isUpper(v, 2)) this.highRisk.add(v.text());
      else f.reject("", "high_risk_countries", "must hold two upper-case letters each (ISO 3166-1)");
      v = v.next;
    }
  }

  /** Rejects rules that can be read but cannot be meant. */
  check(out: Answer): void {
    if (this.reviewAt >= this.declineAt) {
      out.reject("bad_config", "config.review_at must be below config.decline_at, they are " +
        this.reviewAt.toString() + " and " + this.declineAt.toString());
    }
    const currencies = this.highAmount.keys();
    for (let i = 0; i < currencies.length; i++) {
      const currency = currencies[i];
      if (exponentOf(currency) < 0) out.reject("bad_config", "config.high_amount has the unknown currency " + currency);
    }
  }

  decide(score: i64): string {
    return score >= this.declineAt ? "decline" : score >= this.reviewAt ? "review" : "approve";
  }

  /** The amount, in minor units, from which a payment counts as high. */
  high(p: Payment): i64 {
    return this.highAmount.has(p.currency) ? this.highAmount.get(p.currency) : minorUnits(this.highAmountDefault, p.exponent);
  }

  night(p: Payment): bool {
    if (this.nightFrom <= this.nightTo) return p.localHour >= this.nightFrom && p.localHour <= this.nightTo;
    return p.localHour >= this.nightFrom || p.localHour <= this.nightTo;
  }

  risky(p: Payment): bool { return this.highRisk.has(p.merchantCountry) || this.highRisk.has(p.cardCountry); }
}
