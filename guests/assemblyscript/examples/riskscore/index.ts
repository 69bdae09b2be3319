// Release 2 of the strategy riskscore (examples/riskscore/v2), point for point.

import { Answer, strategy, Value } from "../../assembly";
import { Risk } from "./mcc";
import { Payment } from "./payment";
import { minorText, minorUnits } from "./currency";
import { Rules } from "./rules";

const MODEL = "riskscore/2.0.0";

const rules = new Rules();
const payment = new Payment();
let score: i64 = 0;

function init(config: Value, out: Answer): void { rules.read(config, out); }

function validate(out: Answer): void { rules.check(out); }

function execute(input: Value, out: Answer): void {
  if (!payment.read(input, out)) return;
  score = 0;
  out.key("reasons").list();
  amount(out);
  velocity(out);
  countries(out);
  category(out);
  out.end();
  score = min(max(score, 0), 100);
  out.key("score").int(score);
  out.key("decision").text(rules.decide(score));
  out.key("amount").text(minorText(payment.amount, payment.exponent) + " " + payment.currency);
  out.key("mcc").text(payment.mccText);
  out.key("model").text(MODEL);
}

/** Counts points for a reason; no points, no reason. */
function add(out: Answer, points: i64, code: string, text: string): void {
  score += points;
  out.map();
  out.key("code").text(code);
  out.key("text").text(text);
  out.key("points").int(points);
  out.end();
}

function amount(out: Answer): void {
  const high = rules.high(payment);
  if (payment.amount / 10 >= high) add(out, 45, "amount_high", "the amount is at least ten times what counts as high");
  else if (payment.amount / 3 >= high) add(out, 30, "amount_high", "the amount is at least three times what counts as high");
  else if (payment.amount >= high) add(out, 15, "amount_high", "the amount is high for its currency");
}

function velocity(out: Answer): void {
  const p = payment;
  if (p.count1h >= 3 && p.amount < minorUnits(2, p.exponent)) {
    add(out, 45, "card_testing", "a tiny amount after " + p.count1h.toString() + " payments in the last hour");
  }
  if (p.count1h > 3) {
    add(out, min((p.count1h - 3) * 4, 40), "velocity_count", p.count1h.toString() + " payments in the last hour");
  }
  const sum = p.amount24h + p.amount;
  if (sum / 8 >= rules.high(p)) {
    add(out, 15, "velocity_amount", "the day's payments sum up to " + minorText(sum, p.exponent) + " " + p.currency);
  }
}

function countries(out: Answer): void {
  const p = payment;
  if (!p.cardPresent) add(out, 10, "card_not_present", "the card was not presented");
  if (p.cardCountry != p.merchantCountry && !p.cardPresent && p.risk != Risk.Travel) {
    add(out, 20, "country_mismatch", "card of " + p.cardCountry + " at a merchant in " + p.merchantCountry);
  }
  if (rules.risky(p)) {
    add(out, 35, "country_high_risk", "a country of the payment is on the list of high-risk countries");
  }
}

function category(out: Answer): void {
  const p = payment;
  if (p.risk != Risk.High && p.risk != Risk.Elevated) return;
  const name = p.risk == Risk.High ? "high" : "elevated";
  add(out, p.risk == Risk.High ? 25 : 8, "merchant_category", "category " + p.mcc + " has " + name + " risk");
  if (rules.night(p)) {
    add(out, 15, "night_risky_merchant", "night where the card holder lives, at a merchant of " + name + " risk");
  }
}

strategy.run(execute).onInit(init).onValidate(validate);
export * from "../../assembly/guest";
