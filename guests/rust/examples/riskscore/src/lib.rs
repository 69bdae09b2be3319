//! Release 2 of the strategy riskscore in Rust: the same rules, answers and
//! errors as the Go program examples/riskscore/v2, where they are described.

mod currency;
mod fields;
mod hour;
mod mcc;
mod payment;
mod rules;

use mcc::Class;
use payment::Payment;
use rules::Rules;
use std::borrow::Cow;
use swapline::{Concat, Error, Map, Members, Strategy};

const MODEL: &str = "riskscore/2.0.0";

struct RiskScore {
    rules: Rules,
    categories: mcc::Table,
}

/// The reasons for a score.
struct Score<'a> {
    points: i64,
    reasons: Vec<(i64, &'static str, Cow<'a, str>)>,
}

impl<'a> Score<'a> {
    fn add(&mut self, points: i64, code: &'static str, text: impl Into<Cow<'a, str>>) {
        self.points += points;
        self.reasons.push((points, code, text.into()));
    }
}

impl Strategy for RiskScore {
    fn new(config: Map) -> Result<Self, Error> {
        Ok(RiskScore { rules: Rules::read(config)?, categories: mcc::Table::new() })
    }

    fn validates(&self) -> bool {
        true
    }

    fn validate(&mut self) -> Result<(), Error> {
        self.rules.check()
    }

    fn execute(&mut self, input: Map, out: &mut Members) -> Result<(), Error> {
        let p = Payment::read(input, &self.categories)?;
        let mut score = Score { points: 0, reasons: Vec::with_capacity(9) };
        self.amount(&p, &mut score);
        self.velocity(&p, &mut score);
        self.countries(&p, &mut score);
        self.category(&p, &mut score);
        answer(&p, &score, self.rules.decide(score.points.min(100)), out);
        Ok(())
    }
}

/// Members are put in the order of the encoding, shorter keys first: those of
/// one map need not be sorted then.
fn answer(p: &Payment, score: &Score, decision: &str, out: &mut Members) {
    let amount = currency::text(p.amount, p.exponent);
    out.put("mcc", p.mcc_description).put("model", MODEL).put("score", score.points.min(100));
    out.put("amount", Concat(&[&amount, " ", p.currency]));
    out.list("reasons", |l| {
        for (points, code, text) in &score.reasons {
            l.map(|m| drop(m.put("code", *code).put("text", &**text).put("points", *points)));
        }
    });
    out.put("decision", decision);
}

impl RiskScore {
    fn amount<'a>(&self, p: &Payment<'a>, score: &mut Score<'a>) {
        let high = self.rules.high(p);
        if p.amount / 10 >= high {
            score.add(45, "amount_high", "the amount is at least ten times what counts as high");
        } else if p.amount / 3 >= high {
            score.add(30, "amount_high", "the amount is at least three times what counts as high");
        } else if p.amount >= high {
            score.add(15, "amount_high", "the amount is high for its currency");
        }
    }

    fn velocity<'a>(&self, p: &Payment<'a>, score: &mut Score<'a>) {
        let (n, sum) = (p.count_1h, p.amount_24h + p.amount);
        if n >= 3 && p.amount < currency::minor(2, p.exponent) {
            let text = ["a tiny amount after ", &n.to_string(), " payments in the last hour"].concat();
            score.add(45, "card_testing", text);
        }
        if n > 3 {
            score.add(((n - 3) * 4).min(40), "velocity_count", n.to_string() + " payments in the last hour");
        }
        if sum / 8 >= self.rules.high(p) {
            let sum = currency::text(sum, p.exponent);
            score.add(15, "velocity_amount", ["the day's payments sum up to ", &sum, " ", p.currency].concat());
        }
    }

    fn countries<'a>(&self, p: &Payment<'a>, score: &mut Score<'a>) {
        if !p.card_present {
            score.add(10, "card_not_present", "the card was not presented");
        }
        if p.merchant_country != p.card_country && !p.card_present && p.mcc_class != Class::Travel {
            let text = ["card of ", p.card_country, " at a merchant in ", p.merchant_country].concat();
            score.add(20, "country_mismatch", text);
        }
        if self.rules.risky(p) {
            score.add(35, "country_high_risk", "a country of the payment is on the list of high-risk countries");
        }
    }

    fn category<'a>(&self, p: &Payment<'a>, score: &mut Score<'a>) {
        let (points, class) = match p.mcc_class {
            Class::High => (25, "high"),
            Class::Elevated => (8, "elevated"),
            _ => return,
        };
        score.add(points, "merchant_category", ["category ", p.mcc, " has ", class, " risk"].concat());
        if self.rules.night(p) {
            let text = ["night where the card holder lives, at a merchant of ", class, " risk"].concat();
            score.add(15, "night_risky_merchant", text);
        }
    }
}

swapline::register!(RiskScore);
