//! Times of RFC 3339, read as Go's time.Parse does.

/// What is left of a text.
struct Scan<'a>(&'a [u8]);

impl Scan<'_> {
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn expect(&mut self, c: u8) -> Option<()> {
        (self.next()? == c).then(|| ())
    }

    fn number(&mut self, digits: usize, low: i64, high: i64) -> Option<i64> {
        let mut n = 0;
        for _ in 0..digits {
            let c = self.next().filter(u8::is_ascii_digit)?;
            n = n * 10 + i64::from(c - b'0');
        }
        (n >= low && n <= high).then(|| n)
    }

    fn date(&mut self) -> Option<()> {
        let year = self.number(4, 0, 9999)?;
        self.expect(b'-')?;
        let month = self.number(2, 1, 12)?;
        self.expect(b'-')?;
        self.number(2, 1, days_in(month, year))?;
        Some(())
    }

    fn fraction(&mut self) {
        if let [b'.' | b',', b'0'..=b'9', ..] = self.0 {
            let digits = self.0[1..].iter().take_while(|b| b.is_ascii_digit()).count();
            self.0 = &self.0[1 + digits..];
        }
    }

    /// Minutes east of UTC.
    fn zone(&mut self) -> Option<i64> {
        let sign = match self.next()? {
            b'Z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.number(2, 0, 24)?;
        self.expect(b':')?;
        Some(sign * (hours * 60 + self.number(2, 0, 60)?))
    }
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Minutes since midnight UTC of the day that the text names; not less than a
/// day before and not more than two days after.
pub fn minutes_of(time: &str) -> Option<i64> {
    let mut s = Scan(time.as_bytes());
    s.date()?;
    s.expect(b'T')?;
    let short_hour = s.0.get(1) == Some(&b':'); // time.Parse takes T7:00
    let hour = s.number(if short_hour { 1 } else { 2 }, 0, 23)?;
    s.expect(b':')?;
    let minute = s.number(2, 0, 59)?;
    s.expect(b':')?;
    s.number(2, 0, 59)?;
    s.fraction();
    let zone = s.zone()?;
    s.0.is_empty().then(|| hour * 60 + minute - zone)
}
