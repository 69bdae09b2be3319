//! Values in deterministic CBOR (package abi/wire), read in place.

/// A value of the domain.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    List(List<'a>),
    Map(Map<'a>),
}

/// A list that is read item by item.
#[derive(Clone, Copy, Debug)]
pub struct List<'a>(Container<'a>);

/// A map that is read member by member, or searched.
#[derive(Clone, Copy, Debug)]
pub struct Map<'a>(Container<'a>);

#[derive(Clone, Copy, Debug)]
struct Container<'a> {
    all: &'a [u8],  // from the head on, perhaps more than the container
    body: &'a [u8], // behind the head
    count: usize,
}

/// The first byte of an item with its argument.
struct Head<'a> {
    major: u8,
    info: u8,
    n: u64,
    rest: &'a [u8],
}

#[inline]
fn head(b: &[u8]) -> Option<Head<'_>> {
    let (&first, rest) = b.split_first()?;
    let h = Head { major: first >> 5, info: first & 31, n: u64::from(first & 31), rest };
    if h.info < 24 {
        Some(h)
    } else {
        long_head(h)
    }
}

fn long_head(h: Head) -> Option<Head> {
    if h.info > 27 || h.major == 7 && h.info == 24 {
        return None;
    }
    let width = 1 << (h.info - 24);
    let argument = h.rest.get(..width)?;
    let n = argument.iter().fold(0, |n, &b| n << 8 | u64::from(b));
    Some(Head { n, rest: &h.rest[width..], ..h })
}

/// Splits a string of n bytes off.
#[inline]
fn split(b: &[u8], n: u64) -> Option<(&[u8], &[u8])> {
    if n > b.len() as u64 {
        return None;
    }
    Some(b.split_at(n as usize))
}

/// Returns what follows the first item. Each item has at least one byte, so the
/// number of steps is bounded by the bytes.
fn skip(mut b: &[u8]) -> Option<&[u8]> {
    let mut left = 1;
    while left > 0 {
        let h = head(b)?;
        b = h.rest;
        left -= 1;
        match h.major {
            2 | 3 => b = split(b, h.n)?.1,
            4 | 5 if h.n > b.len() as u64 => return None,
            4 => left += h.n,
            5 => left += 2 * h.n,
            _ => {}
        }
    }
    Some(b)
}

/// Reads a key and returns it with what follows.
#[inline]
fn key(b: &[u8]) -> Option<(&[u8], &[u8])> {
    let h = head(b)?;
    if h.major != 3 {
        return None;
    }
    split(h.rest, h.n)
}

impl<'a> Container<'a> {
    fn open(all: &'a [u8], major: u8) -> Option<Self> {
        let h = head(all)?;
        if h.major != major {
            return None;
        }
        let count = h.n.min(h.rest.len() as u64) as usize;
        Some(Container { all, body: h.rest, count })
    }

    fn encoded(&self) -> &'a [u8] {
        skip(self.all).map_or(&[], |rest| &self.all[..self.all.len() - rest.len()])
    }
}

impl<'a> Value<'a> {
    /// Reads the value at the beginning of `b`.
    pub fn decode(b: &'a [u8]) -> Option<Self> {
        let h = head(b)?;
        Some(match h.major {
            0 => Value::Int(i64::try_from(h.n).ok()?),
            1 => Value::Int(!i64::try_from(h.n).ok()?),
            2 => Value::Bytes(split(h.rest, h.n)?.0),
            3 => Value::Text(std::str::from_utf8(split(h.rest, h.n)?.0).ok()?),
            4 => Value::List(List(Container::open(b, 4)?)),
            5 => Value::Map(Map(Container::open(b, 5)?)),
            7 => return other(h),
            _ => return None,
        })
    }

    pub fn as_bool(self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(b),
            _ => None,
        }
    }

    pub fn as_i64(self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(n),
            _ => None,
        }
    }

    /// A float; an integer is none.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Value::Float(f) => Some(f),
            _ => None,
        }
    }

    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Value::Text(s) => Some(s),
            _ => None,
        }
    }

    pub fn as_bytes(self) -> Option<&'a [u8]> {
        match self {
            Value::Bytes(b) => Some(b),
            _ => None,
        }
    }

    pub fn as_list(self) -> Option<List<'a>> {
        match self {
            Value::List(l) => Some(l),
            _ => None,
        }
    }

    pub fn as_map(self) -> Option<Map<'a>> {
        match self {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }
}

/// Reads an item of major type 7: a simple value or a float.
fn other(h: Head) -> Option<Value> {
    Some(match h.info {
        20 => Value::Bool(false),
        21 => Value::Bool(true),
        22 => Value::Null,
        25 => Value::Float(half(h.n)),
        26 => Value::Float(f64::from(f32::from_bits(h.n as u32))),
        27 => Value::Float(f64::from_bits(h.n)),
        _ => return None,
    })
}

/// The value of a binary16.
fn half(n: u64) -> f64 {
    let (sign, exponent, fraction) = (n >> 15 << 63, n >> 10 & 31, n & 0x3ff);
    match exponent {
        0 => f64::from_bits(sign | (fraction as f64 / (1 << 24) as f64).to_bits()),
        31 => f64::from_bits(sign | 0x7ff << 52 | fraction << 42),
        _ => f64::from_bits(sign | (exponent + 1023 - 15) << 52 | fraction << 42),
    }
}

impl<'a> Map<'a> {
    /// Reads the map at the beginning of `b`.
    pub fn decode(b: &'a [u8]) -> Option<Self> {
        Some(Map(Container::open(b, 5)?))
    }

    /// The member of that key. Keys are sorted by length first, so a longer one
    /// ends the search.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        let mut b = self.0.body;
        for _ in 0..self.0.count {
            let (k, rest) = key(b)?;
            if k.len() > name.len() {
                return None;
            }
            if k == name.as_bytes() {
                return Value::decode(rest);
            }
            b = skip(rest)?;
        }
        None
    }

    /// A member that is an integer.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    /// A member that is a float.
    pub fn float(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    /// A member that is a truth value.
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// A member that is text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    /// A member that is a map.
    pub fn map(&self, name: &str) -> Option<Map<'a>> {
        self.get(name)?.as_map()
    }

    /// A member that is a list.
    pub fn list(&self, name: &str) -> Option<List<'a>> {
        self.get(name)?.as_list()
    }

    /// The members in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        let mut b = self.0.body;
        (0..self.0.count).map_while(move |_| {
            let (k, rest) = key(b)?;
            b = skip(rest)?;
            Some((std::str::from_utf8(k).ok()?, Value::decode(rest)?))
        })
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.0.count
    }

    pub fn is_empty(&self) -> bool {
        self.0.count == 0
    }

    /// The bytes of the map, for keeping it: `decode` reads them again.
    pub fn encoded(&self) -> &'a [u8] {
        self.0.encoded()
    }
}

impl<'a> List<'a> {
    /// The items in their order.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> {
        let mut b = self.0.body;
        (0..self.0.count).map_while(move |_| {
            let v = Value::decode(b)?;
            b = skip(b)?;
            Some(v)
        })
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.0.count
    }

    pub fn is_empty(&self) -> bool {
        self.0.count == 0
    }

    /// The bytes of the list.
    pub fn encoded(&self) -> &'a [u8] {
        self.0.encoded()
    }
}

/// Where the members of a written map lie: the whole of each, and its key.
pub(crate) fn members(mut b: &[u8], count: usize) -> Vec<(&[u8], &[u8])> {
    let mut found = Vec::with_capacity(count);
    let next = |b| -> Option<(&[u8], &[u8])> {
        let (k, rest) = key(b)?;
        Some((k, skip(rest)?))
    };
    while let Some((k, rest)) = next(b) {
        found.push((&b[..b.len() - rest.len()], k));
        b = rest;
    }
    found
}
