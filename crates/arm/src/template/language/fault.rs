//! Why an evaluation failed, before it is known in which file it stands.

use std::ops::{Deref, DerefMut, Range};

/// One failure inside an expression or a value. A pointer, because results of evaluation are everywhere.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault(Box<Details>);

/// What a [`Fault`] says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Details {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The bytes of the expression's text, if the failure is in an expression.
    pub(crate) span: Option<Range<usize>>,
    pub(crate) hint: Option<String>,
    /// It already stands among the diagnostics; whoever meets it only stops.
    pub(crate) reported: bool,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Details { code, message: message.into(), span: None, hint: None, reported: false }))
    }

    pub(crate) fn reported() -> Self {
        Self(Box::new(Details {
            code: "reported",
            message: String::new(),
            span: None,
            hint: None,
            reported: true,
        }))
    }

    /// Sets the place, unless a part further inside already did.
    pub(crate) fn at(mut self, span: &Range<usize>) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    pub(crate) fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

impl Deref for Fault {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Fault {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

/// The result of evaluating something.
pub(crate) type Outcome<T = super::value::Value> = Result<T, Fault>;
