//! Merchant category codes (ISO 18245); see the Go package mcc, whose table
//! this is.

const CSV: &str = include_str!("../../../../../examples/riskscore/mcc/mcc_codes.csv");

/// Codes in ascending order, each with its description. It is made once, with
/// the strategy.
pub struct Table(Vec<(u16, &'static str)>);

#[derive(Clone, Copy, PartialEq)]
pub enum Class {
    Ordinary,
    Travel,
    Elevated,
    High,
}

impl Table {
    pub fn new() -> Self {
        Table(CSV.lines().skip(1).map(|line| (number(&line[..4]), field(&line[5..]))).collect())
    }

    /// The description of a code of four digits.
    pub fn lookup(&self, code: &str) -> Option<&'static str> {
        let i = self.0.binary_search_by_key(&number(code), |&(c, _)| c).ok()?;
        Some(self.0[i].1)
    }
}

/// The first CSV field. No description in the table holds a quotation mark.
fn field(s: &'static str) -> &'static str {
    let (s, end) = match s.strip_prefix('"') {
        Some(quoted) => (quoted, '"'),
        None => (s, ','),
    };
    s.split(end).next().unwrap_or(s).trim()
}

fn number(digits: &str) -> u16 {
    digits.bytes().fold(0, |n, b| n * 10 + u16::from(b - b'0'))
}

pub fn class_of(code: &str) -> Class {
    match number(code) {
        4829 | 6051 // money transfer, quasi cash
        | 5966 | 5967 // outbound and inbound telemarketing
        | 7273 // dating and escort services
        | 7800 | 7801 | 7802 | 7995 => Class::High, // lotteries, casinos, racing, betting
        5094 | 5944 // precious stones, watches, jewellery
        | 5122 | 5912 // drugs
        | 5732 | 5734 // electronics, software
        | 5815..=5818 // digital goods
        | 5921 | 5993 // alcohol, tobacco
        | 5962 | 5964 | 5965 | 5968 | 5969 // direct marketing
        | 6010 | 6011 | 6012 | 6211 // cash, financial institutions, brokers
        | 7994 => Class::Elevated, // video game arcades
        4111 | 4112 | 4121 | 4131 | 4411 | 4511 | 4722 | 7011 | 7512 => Class::Travel,
        3000..=3999 => Class::Travel, // airlines, car rental, hotels
        _ => Class::Ordinary,
    }
}
