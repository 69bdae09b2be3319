//! The calling convention (abi/wasm.go) around one strategy. Authors use
//! [`register!`](crate::register).

use crate::error::Error;
use crate::measure;
use crate::read::{Map, Value};
use crate::write::{Encoder, Put, DEEPEST};
use crate::Strategy;

/// Status bytes, the first of each answer.
const OK: u8 = 0;
const REJECTED: u8 = 1;
const FAULT: u8 = 2;
const INVALID: u8 = 3;

/// The greatest input.
const LONGEST: usize = 8 << 20;

const NO_STRATEGY: Error = Error {
    fault: true,
    code: std::borrow::Cow::Borrowed(""),
    message: std::borrow::Cow::Borrowed("a call came before init"),
    details: None,
};

/// One strategy and the bytes that cross the boundary. The buffers stay, so
/// that a warm call allocates nothing here.
pub struct Program<T> {
    strategy: Option<T>,
    input: Vec<u8>,
    answer: Encoder,
}

/// Makes a Wasm guest of a strategy: the exports that the host calls.
#[macro_export]
macro_rules! register {
    ($strategy:ty) => {
        const _: () = {
            use $crate::guest::Program;

            static mut PROGRAM: Program<$strategy> = Program::new();

            // Safety: the host calls one function of a guest at a time.
            fn program() -> &'static mut Program<$strategy> {
                unsafe { &mut *::core::ptr::addr_of_mut!(PROGRAM) }
            }

            #[no_mangle]
            extern "C" fn swapline_abi_version() -> i32 {
                1
            }
            #[no_mangle]
            extern "C" fn swapline_alloc(size: usize) -> *mut u8 {
                program().room(size)
            }
            #[no_mangle]
            extern "C" fn swapline_init(at: *const u8, size: usize) -> i64 {
                program().init(at, size)
            }
            #[no_mangle]
            extern "C" fn swapline_execute(at: *const u8, size: usize) -> i64 {
                program().execute(at, size)
            }
            #[no_mangle]
            extern "C" fn swapline_decode(at: *const u8, size: usize) -> i64 {
                program().measured(at, size, false)
            }
            #[no_mangle]
            extern "C" fn swapline_echo(at: *const u8, size: usize) -> i64 {
                program().measured(at, size, true)
            }
            #[no_mangle]
            extern "C" fn swapline_validate() -> i64 {
                program().validate()
            }
        };
    };
}

impl<T: Strategy> Program<T> {
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Program { strategy: None, input: Vec::new(), answer: Encoder::new() }
    }

    /// Gives room for an input, null if the size makes no sense.
    pub fn room(&mut self, size: usize) -> *mut u8 {
        if size == 0 || size > LONGEST {
            return std::ptr::null_mut();
        }
        if size > self.input.len() {
            self.input.resize(size.next_power_of_two().max(1024), 0);
        }
        self.input.as_mut_ptr()
    }

    pub fn init(&mut self, at: *const u8, size: usize) -> i64 {
        report_panics();
        let made = match received(&self.input, at, size) {
            Ok(m) => m.map("config").or(Map::decode(&[0xa0])).map_or(Err(NO_STRATEGY), T::new),
            Err(e) => Err(e),
        };
        match made {
            Ok(strategy) => {
                self.answer.restart(OK);
                let validates = strategy.validates();
                self.answer.map(|m| {
                    m.list("methods", |l| {
                        l.add("Execute");
                        if validates {
                            l.add("Validate");
                        }
                    });
                });
                self.strategy = Some(strategy);
                self.finish()
            }
            Err(e) => self.refuse(&e),
        }
    }

    pub fn execute(&mut self, at: *const u8, size: usize) -> i64 {
        let result = match (received(&self.input, at, size), self.strategy.as_mut()) {
            (Ok(input), Some(strategy)) => {
                let mut result = Ok(());
                self.answer.restart(OK);
                self.answer.map(|out| result = strategy.execute(input, out));
                result
            }
            (Err(e), _) => Err(e),
            (_, None) => Err(NO_STRATEGY),
        };
        match result {
            Ok(()) => self.finish(),
            Err(e) => self.refuse(&e),
        }
    }

    pub fn validate(&mut self) -> i64 {
        match self.strategy.as_mut().map_or(Err(NO_STRATEGY), T::validate) {
            Ok(()) => {
                self.answer.restart(OK);
                ().put(&mut self.answer);
                self.finish()
            }
            Err(e) => self.refuse(&e),
        }
    }

    /// For measurements, see README.md: reads the whole input and answers with
    /// the number of its values or, to echo, with the input made anew. Nothing of
    /// the strategy runs.
    #[inline(never)]
    pub fn measured(&mut self, at: *const u8, size: usize, echo: bool) -> i64 {
        match received(&self.input, at, size) {
            Ok(input) => {
                self.answer.restart(OK);
                if echo {
                    self.answer.map(|out| measure::members(input, out));
                } else {
                    measure::values(Value::Map(input), DEEPEST).put(&mut self.answer);
                }
                self.finish()
            }
            Err(e) => self.refuse(&e),
        }
    }

    fn refuse(&mut self, e: &Error) -> i64 {
        if e.fault {
            self.answer.restart(FAULT);
            (&*e.message).put(&mut self.answer);
            return self.finish();
        }
        let details = e.details.as_deref().and_then(Value::decode);
        self.answer.restart(REJECTED);
        self.answer.map(|m| {
            m.put("code", &*e.code).put("details", details).put("message", &*e.message);
        });
        self.finish()
    }

    /// Returns where the answer is: the address above, the length below.
    fn finish(&mut self) -> i64 {
        if let Some(problem) = self.answer.problem {
            self.answer.restart(INVALID);
            problem.put(&mut self.answer);
        }
        let b = &self.answer.bytes;
        ((b.as_ptr() as u64) << 32 | b.len() as u64) as i64
    }
}

/// Reads what the host wrote into the room that it was given.
fn received(input: &[u8], at: *const u8, size: usize) -> Result<Map<'_>, Error> {
    let ours = at == input.as_ptr() && size <= input.len();
    let bytes = if ours { &input[..size] } else { &[] };
    Map::decode(bytes).ok_or_else(|| Error::fault("the host sent no map"))
}

/// A panic ends the guest; its text goes to the host's log.
fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|info| crate::host::sys::stderr(&format!("{}\n", info))));
}
