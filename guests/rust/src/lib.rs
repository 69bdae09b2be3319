//! Strategies for Swapline in Rust, without dependencies.
//!
//! A strategy is a type that is made from the manifest's config and answers
//! calls. [`register!`] makes a Wasm guest of it:
//!
//! ```
//! use swapline::{Error, Map, Members, Strategy};
//!
//! struct Limit {
//!     max: i64,
//! }
//!
//! impl Strategy for Limit {
//!     fn new(config: Map) -> Result<Self, Error> {
//!         let max = config.int("max").ok_or(Error::new("bad_config", "config.max must be an integer"))?;
//!         Ok(Limit { max })
//!     }
//!
//!     fn execute(&mut self, input: Map, out: &mut Members) -> Result<(), Error> {
//!         let amount = input.int("amount").ok_or(Error::new("bad_input", "amount must be an integer"))?;
//!         out.put("approved", amount <= self.max);
//!         Ok(())
//!     }
//! }
//!
//! swapline::register!(Limit);
//! ```
//!
//! Reading never copies: texts and bytes are slices of the input. Whatever bytes
//! arrive, reading stays inside of them; what is malformed is absent. Integers
//! and floats are two kinds, and `1` is not `1.0`. Writing takes members in any
//! order: a map is sorted when it ends. The host refuses an answer with a key
//! twice or a number that is not finite.
//!
//! A panic ends the guest, and its text goes to the host's log. One guest serves
//! one call at a time. What a strategy keeps between calls lasts only where the
//! manifest says `"isolation": "instance"`.
#![deny(unsafe_code)]

mod error;
#[allow(unsafe_code)]
mod host;
mod measure;
mod read;
mod write;

#[doc(hidden)]
#[allow(unsafe_code)]
pub mod guest;

pub use error::Error;
pub use host::{emit, http, log, log_with, now, random, state_delete, state_get, state_put, Level, Refused, Reply};
pub use read::{List, Map, Value};
pub use write::{encode, Bytes, Concat, Encoder, Items, Members, Put};

/// A business function that can be replaced while it is in use.
pub trait Strategy: Sized {
    /// Makes the strategy from the manifest's config, before the first call.
    fn new(config: Map) -> Result<Self, Error>;

    /// Computes one answer and puts its members into `out`. After an error they
    /// do not count.
    fn execute(&mut self, input: Map, out: &mut Members) -> Result<(), Error>;

    /// Reports whether [`validate`](Strategy::validate) has anything to check.
    fn validates(&self) -> bool {
        false
    }

    /// Says, before there is traffic, whether the strategy would work. An error
    /// refuses the release.
    fn validate(&mut self) -> Result<(), Error> {
        Ok(())
    }
}
