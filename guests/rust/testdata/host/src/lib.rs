//! Asks the host for everything it offers; guests/sdktest says what it wants to
//! see.

use swapline::{emit, http, log, log_with, now, random, state_delete, state_get, state_put};
use swapline::{Bytes, Concat, Encoder, Error, Level, Map, Members, Put, Refused, Strategy, Value};

struct Asking;

/// A value of the strategy's own.
struct Kept<'a>(Map<'a>);

impl Put for Kept<'_> {
    fn put(self, to: &mut Encoder) {
        self.0.put(to);
    }
}

fn refused(r: Refused) -> Error {
    Error::new("refused", r.code)
}

impl Strategy for Asking {
    fn new(_: Map) -> Result<Self, Error> {
        Ok(Asking)
    }

    fn execute(&mut self, _: Map, out: &mut Members) -> Result<(), Error> {
        log(Level::Info, "plain line");
        log_with(Level::Warn, "line with fields", |m| drop(m.put("text", "x").put("a", 1)));
        let mut chance = [0; 6];
        random(&mut chance);
        out.put("now", now()).put("random", Bytes(&chance));
        emit("scored", |m| drop(m.put("score", 7))).map_err(refused)?;
        if let Err(r) = emit("forbidden", |_| {}) {
            out.put("denied", Concat(&[&r.code, ": ", &r.message]));
        }
        state(out).map_err(refused)?;
        let reply = http("POST", "https://example.com/", &[("accept", "text/plain")], Some(b"ping")).map_err(refused)?;
        let map = reply.value().as_map().ok_or("the reply is no map")?;
        out.put("status", map.get("status")).put("body", map.get("body"));
        out.put("seen", map.map("headers").and_then(|h| h.get("seen")));
        Ok(())
    }
}

fn state(out: &mut Members) -> Result<(), Refused> {
    out.put("before", state_get("k")?.is_some());
    let value = swapline::encode(|m| {
        m.put("n", 7).list("list", |l| drop(l.add(1).add("two")));
    });
    state_put("k", Map::decode(&value).map(Kept))?;
    let kept = state_get("k")?;
    out.put("kept", kept.as_ref().map_or(Value::Null, |r| r.value()));
    state_delete("k")?;
    out.put("gone", state_get("k")?.is_none());
    Ok(())
}

swapline::register!(Asking);
