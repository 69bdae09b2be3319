use crate::write::{encode, Members};
use std::borrow::Cow;

/// Why there is no result: a business error, which is an answer with a code, or
/// a fault, which means that the strategy is broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    pub(crate) fault: bool,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
    pub(crate) details: Option<Vec<u8>>,
}

impl Error {
    /// A business error. The code is lower-case words joined by underscores, and
    /// stable over releases; the message tells a person what to do.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Error { fault: false, code: code.into(), message: message.into(), details: None }
    }

    /// A fault: something went wrong inside of the strategy.
    pub fn fault(message: impl Into<Cow<'static, str>>) -> Self {
        Error { fault: true, ..Error::new("", message) }
    }

    /// Adds details to a business error.
    pub fn details(mut self, write: impl FnOnce(&mut Members)) -> Self {
        self.details = Some(encode(write));
        self
    }

    /// The code of a business error, empty for a fault.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What went wrong.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// A text alone is a business error without a code of its own.
impl From<&'static str> for Error {
    fn from(message: &'static str) -> Self {
        Error::new("business_error", message)
    }
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Error::new("business_error", message)
    }
}
