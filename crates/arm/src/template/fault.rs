//! Why an evaluation failed, before it is known in which file it stands.

use std::ops::Range;

/// One failure inside an expression or a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The bytes of the expression's text, if the failure is in an expression.
    pub(crate) span: Option<Range<usize>>,
    pub(crate) hint: Option<String>,
    /// It already stands among the diagnostics; whoever meets it only stops.
    pub(crate) reported: bool,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { code, message: message.into(), span: None, hint: None, reported: false })
    }

    pub(crate) fn reported() -> Box<Self> {
        Box::new(Self { code: "reported", message: String::new(), span: None, hint: None, reported: true })
    }

    /// Sets the place, unless a part further inside already did.
    pub(crate) fn at(mut self: Box<Self>, span: &Range<usize>) -> Box<Self> {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    pub(crate) fn hint(mut self: Box<Self>, hint: Option<String>) -> Box<Self> {
        self.hint = hint;
        self
    }
}

/// The result of evaluating something.
pub(crate) type Outcome<T = super::value::Value> = Result<T, Box<Fault>>;
