//! Answers with its input, made anew from what it read. Members are put last
//! first, so that each map has to be sorted.

use swapline::{Bytes, Error, Items, List, Map, Members, Strategy, Value};

struct Mirror;

impl Strategy for Mirror {
    fn new(_: Map) -> Result<Self, Error> {
        Ok(Mirror)
    }

    fn execute(&mut self, input: Map, out: &mut Members) -> Result<(), Error> {
        backwards(input, out);
        Ok(())
    }
}

fn backwards(map: Map, out: &mut Members) {
    let mut all: Vec<_> = map.iter().collect();
    while let Some((key, value)) = all.pop() {
        match value {
            Value::Bool(b) => out.put(key, b),
            Value::Int(n) => out.put(key, n),
            Value::Float(f) => out.put(key, f),
            Value::Text(s) => out.put(key, s),
            Value::Bytes(b) => out.put(key, Bytes(b)),
            Value::List(l) => out.list(key, |to| items(l, to)),
            Value::Map(m) => out.map(key, |to| backwards(m, to)),
            Value::Null => out.put(key, ()),
        };
    }
}

fn items(list: List, out: &mut Items) {
    for value in list.iter() {
        match value {
            Value::List(l) => out.list(|to| items(l, to)),
            Value::Map(m) => out.map(|to| backwards(m, to)),
            scalar => out.add(scalar),
        };
    }
}

swapline::register!(Mirror);
