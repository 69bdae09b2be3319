//! Reads the members of a map and says what is wrong with the first bad one.

use swapline::{Error, Map, Value};

pub struct Fields<'a> {
    pub map: Map<'a>,
}

pub fn refuse(code: &'static str, field: &str, message: &str) -> Error {
    Error::new(code, [field, " ", message].concat()).details(|m| drop(m.put("field", field)))
}

impl<'a> Fields<'a> {
    fn required(&self, name: &str) -> Result<Value<'a>, Error> {
        self.map.get(name).ok_or_else(|| refuse("missing_field", name, "is required"))
    }

    pub fn text(&self, name: &str) -> Result<&'a str, Error> {
        self.required(name)?.as_str().ok_or_else(|| refuse("wrong_type", name, "must be text"))
    }

    pub fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.map.get(name) {
            None => Ok(false),
            Some(v) => v.as_bool().ok_or_else(|| refuse("wrong_type", name, "must be true or false")),
        }
    }

    /// A required integer; code is for values out of range.
    pub fn between(&self, name: &str, code: &'static str, low: i64, high: i64) -> Result<i64, Error> {
        let n = self.required(name)?.as_i64().ok_or_else(|| refuse("wrong_type", name, "must be an integer"))?;
        if n < low || n > high {
            let message = ["must be between ", &low.to_string(), " and ", &high.to_string()].concat();
            return Err(refuse(code, name, &message));
        }
        Ok(n)
    }

    pub fn country(&self, name: &str) -> Result<&'a str, Error> {
        let s = self.text(name)?;
        if is_country(s) {
            return Ok(s);
        }
        Err(refuse("bad_country", name, "must be two upper-case letters (ISO 3166-1)"))
    }
}

pub fn is_country(s: &str) -> bool {
    s.len() == 2 && s.bytes().all(|b| b.is_ascii_uppercase())
}
