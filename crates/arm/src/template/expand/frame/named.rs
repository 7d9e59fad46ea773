//! Parameters and variables by their names, each evaluated when it is first asked for.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::value::Value;

/// What has a value, by its name in lower case.
pub(super) type Named<'t, W> = BTreeMap<Cow<'t, str>, Declared<'t, W>>;

pub(super) struct Declared<'t, W> {
    /// As it is written.
    pub(super) name: &'t str,
    pub(super) what: W,
    pub(super) slot: RefCell<Slot>,
}

impl<'t, W> Declared<'t, W> {
    pub(super) fn new(name: &'t str, what: W) -> Self {
        Self { name, what, slot: RefCell::new(Slot::Waiting) }
    }

    pub(super) fn known(&self) -> Option<Value> {
        match &*self.slot.borrow() {
            Slot::Done(value) => Some(value.clone()),
            _ => None,
        }
    }

    /// The value, evaluated when it is first asked for.
    pub(super) fn value(&self, kind: &str, evaluate: impl FnOnce() -> Outcome) -> Outcome {
        match &*self.slot.borrow() {
            Slot::Done(value) => return Ok(value.clone()),
            Slot::Missing | Slot::Failed => return Err(Fault::reported()),
            Slot::Busy => {
                return Err(Fault::new("cycle", format!("the {kind} `{}` needs itself", self.name)));
            }
            Slot::Waiting => {}
        }
        self.slot.replace(Slot::Busy);
        let result = evaluate();
        self.slot.replace(result.as_ref().map_or(Slot::Failed, |value| Slot::Done(value.clone())));
        result
    }
}

/// The name in lower case: copied only where it is not so already.
pub(super) fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(name.to_lowercase())
    }
}

/// Something evaluated when first needed.
#[derive(Clone)]
pub(super) enum Slot {
    Waiting,
    Busy,
    Done(Value),
    /// Nobody gives a value.
    Missing,
    /// Reported already.
    Failed,
}
