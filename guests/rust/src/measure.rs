//! Reads and writes everything once, for who measures what that takes.

use crate::read::{List, Map, Value};
use crate::write::{Items, Members};

/// Reads the values inside of `v`, each once and so many levels deep, and returns
/// their number.
pub(crate) fn values(v: Value, deeper: usize) -> i64 {
    match v {
        Value::List(l) if deeper > 0 => l.iter().map(|v| 1 + values(v, deeper - 1)).sum(),
        Value::Map(m) if deeper > 0 => m.iter().map(|(_, v)| 1 + values(v, deeper - 1)).sum(),
        _ => 0,
    }
}

/// Puts each member, and what is in it, as a strategy would.
pub(crate) fn members(map: Map, to: &mut Members) {
    for (key, value) in map.iter() {
        match value {
            Value::List(l) => to.list(key, |to| items(l, to)),
            Value::Map(m) => to.map(key, |to| members(m, to)),
            scalar => to.put(key, scalar),
        };
    }
}

fn items(list: List, to: &mut Items) {
    for value in list.iter() {
        match value {
            Value::List(l) => to.list(|to| items(l, to)),
            Value::Map(m) => to.map(|to| members(m, to)),
            scalar => to.add(scalar),
        };
    }
}
