//! Values in deterministic CBOR (package abi/wire). The head of a list or map
//! takes one byte until its end, when the count is known. Members that came in
//! order are never touched again; others are sorted at the end of their map.

use crate::read::{members, List, Map, Value};

/// The greatest number of lists and maps inside each other.
pub(crate) const DEEPEST: usize = 64;
/// The greatest length of an encoded value.
const LONGEST: usize = 8 << 20;

/// The bytes of a value that is being written.
#[derive(Debug, Default)]
pub struct Encoder {
    pub(crate) bytes: Vec<u8>,
    depth: usize,
    pub(crate) problem: Option<&'static str>,
}

/// A value that can be put.
pub trait Put {
    fn put(self, to: &mut Encoder);
}

/// The members of a map that is being written.
#[derive(Debug)]
pub struct Members<'a> {
    to: &'a mut Encoder,
    count: usize,
    key: (usize, usize), // of the last member: from, to
    unsorted: bool,
}

/// The items of a list that is being written.
#[derive(Debug)]
pub struct Items<'a> {
    to: &'a mut Encoder,
    count: usize,
}

/// Bytes, as opposed to a list of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

/// One text made of several.
#[derive(Clone, Copy, Debug)]
pub struct Concat<'a>(pub &'a [&'a str]);

/// Encodes a map.
pub fn encode(write: impl FnOnce(&mut Members)) -> Vec<u8> {
    let mut e = Encoder::new();
    e.map(write);
    e.bytes
}

impl Encoder {
    pub(crate) const fn new() -> Self {
        Encoder { bytes: Vec::new(), depth: 0, problem: None }
    }

    /// Begins again behind a byte.
    pub(crate) fn restart(&mut self, first: u8) {
        self.bytes.clear();
        self.bytes.push(first);
        self.depth = 0;
        self.problem = None;
    }

    pub(crate) fn fail(&mut self, problem: &'static str) {
        self.problem.get_or_insert(problem);
    }

    fn byte(&mut self, b: u8) {
        self.append(&[b]);
    }

    fn append(&mut self, b: &[u8]) {
        if b.len() > LONGEST || self.bytes.len() + b.len() > LONGEST {
            self.fail("the answer is too large");
        } else {
            self.bytes.extend_from_slice(b);
        }
    }

    fn head(&mut self, major: u8, n: u64) {
        let (bytes, size) = head(major, n);
        self.append(&bytes[..size]);
    }

    fn string(&mut self, major: u8, b: &[u8]) {
        self.head(major, b.len() as u64);
        self.append(b);
    }

    /// Writes what a container holds between its head and its end, unless it
    /// is too deep.
    fn container<R: Default>(&mut self, write: impl FnOnce(&mut Self) -> R) -> Option<(usize, R)> {
        if self.depth == DEEPEST {
            self.fail("lists and maps are nested too deeply");
        }
        if self.problem.is_some() {
            return None;
        }
        self.depth += 1;
        let start = self.bytes.len();
        self.byte(0);
        let r = write(self);
        self.depth -= 1;
        Some((start, r))
    }

    /// Writes the head of a container when its count is known.
    fn finish(&mut self, start: usize, major: u8, count: usize) {
        let (bytes, size) = head(major, count as u64);
        if size == 1 {
            self.bytes[start] = bytes[0];
        } else {
            self.bytes.splice(start..start + 1, bytes[..size].iter().copied());
        }
    }

    pub(crate) fn map(&mut self, write: impl FnOnce(&mut Members)) {
        let done = self.container(|to| {
            let mut m = Members { to, count: 0, key: (0, 0), unsorted: false };
            write(&mut m);
            (m.count, m.unsorted)
        });
        if let (Some((start, (count, unsorted))), None) = (done, self.problem) {
            if unsorted {
                self.sort(start + 1, count);
            }
            self.finish(start, 0xa0, count);
        }
    }

    pub(crate) fn list(&mut self, write: impl FnOnce(&mut Items)) {
        let done = self.container(|to| {
            let mut l = Items { to, count: 0 };
            write(&mut l);
            l.count
        });
        if let (Some((start, count)), None) = (done, self.problem) {
            self.finish(start, 0x80, count);
        }
    }

    /// Sorts the members that begin at a position.
    fn sort(&mut self, from: usize, count: usize) {
        let mut found = members(&self.bytes[from..], count);
        found.sort_by(|(_, a), (_, b)| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        let sorted = found.iter().map(|&(all, _)| all).collect::<Vec<_>>().concat();
        self.bytes.truncate(from);
        self.bytes.extend_from_slice(&sorted);
    }

    fn float(&mut self, f: f64) {
        let narrow = f as f32;
        if !f.is_finite() {
            self.fail("a number that is not finite");
        } else if f64::from(narrow) != f {
            self.byte(0xfb);
            self.append(&f.to_be_bytes());
        } else if let Some(h) = half(narrow.to_bits()) {
            self.byte(0xf9);
            self.append(&h.to_be_bytes());
        } else {
            self.byte(0xfa);
            self.append(&narrow.to_be_bytes());
        }
    }
}

/// The first byte of an item and its argument, in the shortest form.
#[inline]
fn head(major: u8, n: u64) -> ([u8; 9], usize) {
    let mut b = [0; 9];
    if n < 24 {
        b[0] = major | n as u8;
        return (b, 1);
    }
    let code = match n {
        0..=0xff => 0,
        0x100..=0xffff => 1,
        0x1_0000..=0xffff_ffff => 2,
        _ => 3,
    };
    let width = 1 << code;
    b[0] = major | (24 + code);
    b[1..=width].copy_from_slice(&n.to_be_bytes()[8 - width..]);
    (b, 1 + width)
}

/// The binary16 with the value of a finite binary32, if there is one.
fn half(b: u32) -> Option<u16> {
    let sign = (b >> 16 & 0x8000) as u16;
    let exponent = (b >> 23 & 0xff) as i32 - 127;
    let fraction = b & 0x7f_ffff;
    match exponent {
        _ if b << 1 == 0 => Some(sign),
        -14..=15 if fraction & 0x1fff == 0 => Some(sign | ((exponent + 15) as u16) << 10 | (fraction >> 13) as u16),
        -24..=-15 => {
            // A multiple of 2^-24.
            let (whole, shift) = (fraction | 0x80_0000, -exponent - 1);
            (whole & ((1 << shift) - 1) == 0).then(|| sign | (whole >> shift) as u16)
        }
        _ => None,
    }
}

impl Members<'_> {
    /// Puts one member. Numbers, truth values, texts, [`Bytes`], [`Concat`],
    /// values that were read, `()` for null, and `Option` of these can be put.
    pub fn put(&mut self, key: &str, value: impl Put) -> &mut Self {
        self.key(key);
        value.put(self.to);
        self
    }

    /// Puts a member that is a map.
    pub fn map(&mut self, key: &str, write: impl FnOnce(&mut Members)) -> &mut Self {
        self.key(key);
        self.to.map(write);
        self
    }

    /// Puts a member that is a list.
    pub fn list(&mut self, key: &str, write: impl FnOnce(&mut Items)) -> &mut Self {
        self.key(key);
        self.to.list(write);
        self
    }

    /// Puts all members of a map that was read.
    pub fn all(&mut self, map: Map) -> &mut Self {
        for (key, value) in map.iter() {
            self.put(key, value);
        }
        self
    }

    fn key(&mut self, key: &str) {
        if self.to.problem.is_some() {
            return;
        }
        let last = &self.to.bytes[self.key.0..self.key.1];
        if self.count > 0 && (key.len(), key.as_bytes()) <= (last.len(), last) {
            self.unsorted = true;
        }
        self.count += 1;
        self.to.string(0x60, key.as_bytes());
        self.key = (self.to.bytes.len().saturating_sub(key.len()), self.to.bytes.len());
    }
}

impl Items<'_> {
    /// Adds one item.
    pub fn add(&mut self, value: impl Put) -> &mut Self {
        self.count += 1;
        value.put(self.to);
        self
    }

    /// Adds a map.
    pub fn map(&mut self, write: impl FnOnce(&mut Members)) -> &mut Self {
        self.count += 1;
        self.to.map(write);
        self
    }

    /// Adds a list.
    pub fn list(&mut self, write: impl FnOnce(&mut Items)) -> &mut Self {
        self.count += 1;
        self.to.list(write);
        self
    }
}

impl Put for () {
    fn put(self, to: &mut Encoder) {
        to.byte(0xf6);
    }
}

impl Put for bool {
    fn put(self, to: &mut Encoder) {
        to.byte(0xf4 + u8::from(self));
    }
}

impl Put for i64 {
    fn put(self, to: &mut Encoder) {
        if self < 0 {
            to.head(0x20, !self as u64);
        } else {
            to.head(0, self as u64);
        }
    }
}

macro_rules! small_integers {
    ($($t:ty)*) => { $(impl Put for $t {
        fn put(self, to: &mut Encoder) {
            i64::from(self).put(to);
        }
    })* };
}
small_integers!(i8 i16 i32 u8 u16 u32);

impl Put for f64 {
    fn put(self, to: &mut Encoder) {
        to.float(self);
    }
}

impl Put for f32 {
    fn put(self, to: &mut Encoder) {
        to.float(f64::from(self));
    }
}

impl Put for &str {
    fn put(self, to: &mut Encoder) {
        to.string(0x60, self.as_bytes());
    }
}

impl Put for &String {
    fn put(self, to: &mut Encoder) {
        self.as_str().put(to);
    }
}

impl Put for Concat<'_> {
    fn put(self, to: &mut Encoder) {
        to.head(0x60, self.0.iter().map(|s| s.len() as u64).sum());
        self.0.iter().for_each(|s| to.append(s.as_bytes()));
    }
}

impl Put for Bytes<'_> {
    fn put(self, to: &mut Encoder) {
        to.string(0x40, self.0);
    }
}

impl<T: Put> Put for Option<T> {
    fn put(self, to: &mut Encoder) {
        match self {
            Some(v) => v.put(to),
            None => ().put(to),
        }
    }
}

impl Put for Value<'_> {
    fn put(self, to: &mut Encoder) {
        match self {
            Value::Null => ().put(to),
            Value::Bool(b) => b.put(to),
            Value::Int(n) => n.put(to),
            Value::Float(f) => f.put(to),
            Value::Text(s) => s.put(to),
            Value::Bytes(b) => Bytes(b).put(to),
            Value::List(l) => l.put(to),
            Value::Map(m) => m.put(to),
        }
    }
}

impl Put for List<'_> {
    fn put(self, to: &mut Encoder) {
        to.append(self.encoded());
    }
}

impl Put for Map<'_> {
    fn put(self, to: &mut Encoder) {
        to.append(self.encoded());
    }
}
