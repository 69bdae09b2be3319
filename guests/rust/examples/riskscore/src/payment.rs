//! One card payment; the Go package examples/riskscore/payment describes it.

use crate::fields::{refuse, Fields};
use crate::{currency, hour, mcc};
use swapline::{Error, Map};

/// Bounds amounts, in minor units, so that sums of them cannot overflow.
pub const MOST: i64 = 1_000_000_000_000_000;

pub struct Payment<'a> {
    pub amount: i64, // minor units
    pub currency: &'a str,
    pub exponent: u32, // digits of the minor unit
    pub mcc: &'a str,
    pub mcc_description: &'static str,
    pub mcc_class: mcc::Class,
    pub merchant_country: &'a str,
    pub card_country: &'a str,
    pub card_present: bool,
    pub local_hour: i64, // 0 to 23 where the card holder lives
    pub count_1h: i64,   // earlier payments in the last hour
    pub amount_24h: i64, // sum of those of the last day
}

impl<'a> Payment<'a> {
    pub fn read(input: Map<'a>, categories: &mcc::Table) -> Result<Self, Error> {
        let f = Fields { map: input };
        let amount = f.between("amount", "bad_amount", 1, MOST)?;
        let currency = f.text("currency")?;
        let code = f.text("mcc")?;
        let merchant_country = f.country("merchant_country")?;
        let card_country = f.country("card_country")?;
        let card_present = f.flag("card_present")?;
        let local_hour = local_hour(&f)?;
        let exponent = currency::exponent(currency)
            .ok_or_else(|| refuse("unknown_currency", "currency", "must be an ISO 4217 code, for example EUR"))?;
        let mcc_description = merchant(code, categories)?;
        let (count_1h, amount_24h) = velocity(&f)?;
        Ok(Payment {
            amount,
            currency,
            exponent,
            mcc: code,
            mcc_description,
            mcc_class: mcc::class_of(code),
            merchant_country,
            card_country,
            card_present,
            local_hour,
            count_1h,
            amount_24h,
        })
    }
}

fn local_hour(f: &Fields) -> Result<i64, Error> {
    let minutes = hour::minutes_of(f.text("time")?)
        .ok_or_else(|| refuse("bad_time", "time", "must be RFC 3339, for example 2026-03-01T22:15:00Z"))?;
    let offset = match f.map.get("card_utc_offset_minutes") {
        None => 0,
        Some(_) => f.between("card_utc_offset_minutes", "bad_utc_offset", -720, 840)?,
    };
    Ok((minutes + offset).rem_euclid(24 * 60) / 60)
}

fn merchant(code: &str, categories: &mcc::Table) -> Result<&'static str, Error> {
    if code.len() != 4 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refuse("bad_mcc", "mcc", "must be four digits in text"));
    }
    categories.lookup(code).ok_or_else(|| refuse("unknown_mcc", "mcc", "is not an assigned merchant category code"))
}

fn velocity(f: &Fields) -> Result<(i64, i64), Error> {
    let v = match f.map.get("velocity") {
        None => return Ok((0, 0)),
        Some(v) => v,
    };
    let map = v.as_map().ok_or_else(|| {
        refuse("wrong_type", "velocity", "must be an object with count_1h, count_24h and amount_24h")
    })?;
    let inner = Fields { map };
    let count_1h = inner.between("count_1h", "bad_velocity", 0, 1_000_000)?;
    let count_24h = inner.between("count_24h", "bad_velocity", 0, 1_000_000)?;
    let amount_24h = inner.between("amount_24h", "bad_velocity", 0, MOST)?;
    if count_1h > count_24h {
        return Err(refuse("bad_velocity", "count_1h", "must not be more than count_24h"));
    }
    Ok((count_1h, amount_24h))
}
