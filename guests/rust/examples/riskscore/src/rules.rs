//! The config; the Go package examples/riskscore/payment describes it.

use crate::currency;
use crate::fields::{is_country, refuse, Fields};
use crate::payment::{Payment, MOST};
use swapline::{Error, Map};

pub struct Rules {
    review_at: i64,
    decline_at: i64,
    high_amount: Vec<(String, i64)>,
    high_amount_default: i64,
    high_risk: Vec<String>,
    night_from: i64,
    night_to: i64,
}

const BAD: &str = "bad_config";

impl Rules {
    pub fn read(config: Map) -> Result<Self, Error> {
        read(config).map_err(|e| Error::new(BAD, "config.".to_string() + e.message()))
    }

    /// Reports rules that can be read but cannot be meant.
    pub fn check(&self) -> Result<(), Error> {
        if self.review_at >= self.decline_at {
            let (review, decline) = (self.review_at.to_string(), self.decline_at.to_string());
            let all = ["config.review_at must be below config.decline_at, they are ", &review, " and ", &decline];
            return Err(Error::new(BAD, all.concat()));
        }
        match self.high_amount.iter().find(|(c, _)| currency::exponent(c).is_none()) {
            Some((c, _)) => Err(Error::new(BAD, "config.high_amount has the unknown currency ".to_string() + c)),
            None => Ok(()),
        }
    }

    pub fn decide(&self, score: i64) -> &'static str {
        match score {
            _ if score >= self.decline_at => "decline",
            _ if score >= self.review_at => "review",
            _ => "approve",
        }
    }

    /// The amount, in minor units, from which a payment counts as high.
    pub fn high(&self, p: &Payment) -> i64 {
        match self.high_amount.iter().find(|(c, _)| c == p.currency) {
            Some((_, n)) => *n,
            None => currency::minor(self.high_amount_default, p.exponent),
        }
    }

    /// Reports whether the payment happens at night for the card holder.
    pub fn night(&self, p: &Payment) -> bool {
        let (h, from, to) = (p.local_hour, self.night_from, self.night_to);
        if from <= to {
            h >= from && h <= to
        } else {
            h >= from || h <= to
        }
    }

    /// Reports whether a party of the payment is in a high-risk country.
    pub fn risky(&self, p: &Payment) -> bool {
        self.high_risk.iter().any(|c| c == p.merchant_country || c == p.card_country)
    }
}

fn read(map: Map) -> Result<Rules, Error> {
    let f = Fields { map };
    Ok(Rules {
        review_at: f.between("review_at", BAD, 1, 100)?,
        decline_at: f.between("decline_at", BAD, 1, 100)?,
        high_amount_default: f.between("high_amount_default", BAD, 1, MOST / 10_000)?,
        night_from: f.between("night_from", BAD, 0, 23)?,
        night_to: f.between("night_to", BAD, 0, 23)?,
        high_amount: amounts(map)?,
        high_risk: countries(map)?,
    })
}

fn amounts(map: Map) -> Result<Vec<(String, i64)>, Error> {
    let map = map
        .map("high_amount")
        .ok_or_else(|| refuse(BAD, "high_amount", "must be an object of currency and minor units"))?;
    let f = Fields { map };
    map.iter().map(|(c, _)| Ok((c.to_string(), f.between(c, BAD, 1, MOST)?))).collect()
}

fn countries(map: Map) -> Result<Vec<String>, Error> {
    let list = map
        .list("high_risk_countries")
        .ok_or_else(|| refuse(BAD, "high_risk_countries", "must be a list of countries"))?;
    let country = |v: swapline::Value| v.as_str().filter(|s| is_country(s)).map(str::to_string);
    let all: Option<Vec<String>> = list.iter().map(country).collect();
    all.ok_or_else(|| refuse(BAD, "high_risk_countries", "must hold two upper-case letters each (ISO 3166-1)"))
}
