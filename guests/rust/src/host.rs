//! What a strategy asks of its host. A function that nobody calls is not
//! imported, so that a strategy needs only the capabilities it uses.

use crate::read::{List, Value};
use crate::write::{Bytes, Encoder, Members, Put};

/// The severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    Debug = -4,
    Info = 0,
    Warn = 4,
    Error = 8,
}

/// What the host answered to a request.
#[derive(Clone, Debug)]
pub struct Reply {
    bytes: Vec<u8>,
}

/// Why the host did not do what it was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Stable words.
    pub code: String,
    /// For people.
    pub message: String,
}

impl Reply {
    /// The value that the host answered with.
    pub fn value(&self) -> Value<'_> {
        self.items().1
    }

    fn items(&self) -> (Value<'_>, Value<'_>) {
        let list = Value::decode(&self.bytes).and_then(Value::as_list);
        let mut items = list.as_ref().map(List::iter).into_iter().flatten();
        (items.next().unwrap_or(Value::Text("bad_reply")), items.next().unwrap_or(Value::Null))
    }

    fn check(self) -> Result<Self, Refused> {
        let (code, message) = match self.items() {
            (Value::Null, _) => return Ok(self),
            (code, message) => (code.as_str().unwrap_or("bad_reply"), message.as_str().unwrap_or("")),
        };
        Err(Refused { code: code.into(), message: message.into() })
    }
}

/// Writes a line to the host's log. Capability: log.
pub fn log(level: Level, message: &str) {
    log_with(level, message, |_| {});
}

/// Writes a line with fields to the host's log. Capability: log.
pub fn log_with(level: Level, message: &str, fields: impl FnOnce(&mut Members)) {
    let mut line = Encoder::new();
    line.list(|l| {
        l.add(message).map(fields);
    });
    if line.problem.is_none() {
        sys::log(level as i32, &line.bytes);
    }
}

/// The host's clock: nanoseconds since 1970 UTC. Capability: clock.
pub fn now() -> i64 {
    sys::now()
}

/// Fills `to` with random bytes. Capability: random.
pub fn random(to: &mut [u8]) {
    sys::random(to);
}

/// Emits an event. Capability: emit.
pub fn emit(kind: &str, data: impl FnOnce(&mut Members)) -> Result<(), Refused> {
    ask(sys::emit, |m| {
        m.map("data", data).put("type", kind);
    })?;
    Ok(())
}

/// Returns what was put under the key. Capability: state.
pub fn state_get(key: &str) -> Result<Option<Reply>, Refused> {
    let reply = ask(sys::state, |m| {
        m.put("get", key);
    })?;
    let found = reply.value().as_map().filter(|m| m.bool("found") == Some(true));
    let value = match found.and_then(|m| m.get("value")) {
        Some(v) => v,
        None => return Ok(None),
    };
    let mut bytes = Encoder::new();
    bytes.list(|l| {
        l.add(()).add(value);
    });
    Ok(Some(Reply { bytes: bytes.bytes }))
}

/// Keeps a value under the key. Capability: state.
pub fn state_put(key: &str, value: impl Put) -> Result<(), Refused> {
    ask(sys::state, |m| {
        m.put("put", key).put("value", value);
    })?;
    Ok(())
}

/// Forgets the key. Capability: state.
pub fn state_delete(key: &str) -> Result<(), Refused> {
    ask(sys::state, |m| {
        m.put("delete", key);
    })?;
    Ok(())
}

/// Sends an HTTP request; the reply's value is a map of "status", "headers" and
/// "body". Capability: http.
pub fn http(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Result<Reply, Refused> {
    ask(sys::http, |m| {
        m.put("url", url).put("body", body.map(Bytes)).put("method", method);
        m.map("headers", |h| {
            for &(name, value) in headers {
                h.put(name, value);
            }
        });
    })
}

fn ask(send: fn(&[u8]) -> i64, write: impl FnOnce(&mut Members)) -> Result<Reply, Refused> {
    let mut request = Encoder::new();
    request.map(write);
    if let Some(problem) = request.problem {
        return Err(Refused { code: "bad_request".into(), message: problem.into() });
    }
    let mut bytes = vec![0; usize::try_from(send(&request.bytes)).unwrap_or(0)];
    if !bytes.is_empty() {
        sys::reply(&mut bytes);
    }
    Reply { bytes }.check()
}

#[cfg(target_arch = "wasm32")]
pub(crate) mod sys {
    mod swapline {
        #[link(wasm_import_module = "swapline")]
        extern "C" {
            pub fn log(level: i32, at: *const u8, size: usize);
            pub fn now() -> i64;
            pub fn random(to: *mut u8, size: usize);
            pub fn emit(at: *const u8, size: usize) -> i64;
            pub fn state(at: *const u8, size: usize) -> i64;
            pub fn http(at: *const u8, size: usize) -> i64;
            pub fn reply(to: *mut u8);
        }
    }

    mod wasi {
        #[link(wasm_import_module = "wasi_snapshot_preview1")]
        extern "C" {
            pub fn fd_write(file: i32, vectors: *const [usize; 2], count: usize, written: *mut usize) -> i32;
        }
    }

    // Safety, for all: the host reads or writes exactly the bytes it is given,
    // before it returns. The buffer of a reply has the length that the request
    // was answered with.
    pub fn log(level: i32, b: &[u8]) {
        unsafe { swapline::log(level, b.as_ptr(), b.len()) }
    }
    pub fn now() -> i64 {
        unsafe { swapline::now() }
    }
    pub fn random(to: &mut [u8]) {
        unsafe { swapline::random(to.as_mut_ptr(), to.len()) }
    }
    pub fn emit(b: &[u8]) -> i64 {
        unsafe { swapline::emit(b.as_ptr(), b.len()) }
    }
    pub fn state(b: &[u8]) -> i64 {
        unsafe { swapline::state(b.as_ptr(), b.len()) }
    }
    pub fn http(b: &[u8]) -> i64 {
        unsafe { swapline::http(b.as_ptr(), b.len()) }
    }
    pub fn reply(to: &mut [u8]) {
        unsafe { swapline::reply(to.as_mut_ptr()) }
    }

    /// Standard error goes to the host's log and needs no capability.
    pub fn stderr(text: &str) {
        let mut written = 0;
        unsafe { wasi::fd_write(2, &[text.as_ptr() as usize, text.len()], 1, &mut written) };
    }
}

/// In tests on the author's machine there is no host: requests are refused.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod sys {
    pub fn log(level: i32, b: &[u8]) {
        eprintln!("log {} {:?}", level, crate::Value::decode(b));
    }
    pub fn now() -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |d| d.as_nanos() as i64)
    }
    pub fn random(to: &mut [u8]) {
        to.fill(4);
    }
    pub fn emit(_: &[u8]) -> i64 {
        0
    }
    pub fn state(_: &[u8]) -> i64 {
        0
    }
    pub fn http(_: &[u8]) -> i64 {
        0
    }
    pub fn reply(_: &mut [u8]) {}
}
