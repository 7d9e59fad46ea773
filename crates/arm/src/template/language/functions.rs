//! The functions of the language: one file per category of Azure's documentation, one table over all.
//!
//! A new function is an entry in its category's `FUNCTIONS`. Numbers of arguments are checked by the caller;
//! types by the function, through the `want_…` helpers below.

pub(crate) mod array;
mod cidr;
mod comparison;
pub(crate) mod date;
pub(crate) mod deployment;
mod lambda;
mod logical;
mod numeric;
mod object;
pub(crate) mod resource;
pub(crate) mod scope;
mod sets;
pub(crate) mod string;
pub(crate) mod units;
mod zones;

use std::ops::Range;
use std::sync::LazyLock;

use super::evaluate::Env;
use super::expression::Expression;
use super::fault::{Fault, Outcome};
use super::value::{Key, Object, Value};

/// A function of the language.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) body: Body,
}

type Special = for<'a> fn(&Env<'a>, &str, &[Expression], &Range<usize>) -> Outcome;

/// How a function is called, and what of its arguments must be known before.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// Everything inside the arguments must be known.
    Deep(fn(&[Value]) -> Outcome),
    /// Elements and members may still be deferred: they are only moved.
    Shallow(fn(&[Value]) -> Outcome),
    /// Like `Deep`, and looks at the scope of the deployment.
    Scoped(for<'a> fn(&Env<'a>, &[Value]) -> Outcome),
    /// Evaluates its arguments itself: lazily, or with variables bound.
    Special(Special),
}

const MANY: usize = usize::MAX;

const fn deep(name: &'static str, min: usize, max: usize, body: fn(&[Value]) -> Outcome) -> Function {
    Function { name, min, max, body: Body::Deep(body) }
}

const fn shallow(name: &'static str, min: usize, max: usize, body: fn(&[Value]) -> Outcome) -> Function {
    Function { name, min, max, body: Body::Shallow(body) }
}

const fn scoped(
    name: &'static str,
    min: usize,
    max: usize,
    body: for<'a> fn(&Env<'a>, &[Value]) -> Outcome,
) -> Function {
    Function { name, min, max, body: Body::Scoped(body) }
}

const fn special(name: &'static str, min: usize, max: usize, body: Special) -> Function {
    Function { name, min, max, body: Body::Special(body) }
}

/// All functions by their names in lower case, in as many slots as make most names the first of theirs.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let all: [&'static [Function]; 13] = [
        array::FUNCTIONS,
        cidr::FUNCTIONS,
        comparison::FUNCTIONS,
        date::FUNCTIONS,
        deployment::FUNCTIONS,
        lambda::FUNCTIONS,
        logical::FUNCTIONS,
        numeric::FUNCTIONS,
        object::FUNCTIONS,
        resource::FUNCTIONS,
        scope::FUNCTIONS,
        string::FUNCTIONS,
        zones::FUNCTIONS,
    ];
    let mut table = Table { slots: vec![None; SLOTS] };
    for function in all.into_iter().flatten() {
        let slot = table.slot(function.name);
        table.slots[slot] = Some(function);
    }
    table
});

/// Four for each function.
const SLOTS: usize = 512;

/// Functions are looked up for each call: hashed by letters whose case does not count, neighbours for what collides.
struct Table {
    slots: Vec<Option<&'static Function>>,
}

impl Table {
    /// Where the name stands, or would.
    fn slot(&self, name: &str) -> usize {
        let mix =
            |hash: usize, byte: u8| (hash ^ usize::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193);
        let mut slot = name.bytes().fold(0x811c_9dc5, mix) % SLOTS;
        while self.slots[slot].is_some_and(|function| !function.name.eq_ignore_ascii_case(name)) {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }
}

/// The function of this name, its case ignored. Every `list…` is one: providers add them as they like.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    let is_list = || name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("list"));
    TABLE.slots[TABLE.slot(name)].or_else(|| is_list().then_some(&resource::LIST))
}

/// All names, for suggestions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.slots.iter().flatten().map(|function| function.name)
}

/// An argument of the wrong type or value.
pub(crate) fn bad(message: impl Into<String>) -> Fault {
    Fault::new("function-arguments", message)
}

fn mistyped(values: &[Value], index: usize, wanted: &str) -> Fault {
    let got = values.get(index).map_or("missing", Value::kind_name);
    bad(format!("argument {} must be {wanted}, is {got}", index + 1))
}

pub(crate) fn want_string(values: &[Value], index: usize) -> Outcome<&str> {
    values.get(index).and_then(Value::as_str).ok_or_else(|| mistyped(values, index, "a string"))
}

pub(crate) fn want_int(values: &[Value], index: usize) -> Outcome<i64> {
    match values.get(index) {
        Some(Value::Int(value)) => Ok(*value),
        _ => Err(mistyped(values, index, "an int")),
    }
}

pub(crate) fn want_bool(values: &[Value], index: usize) -> Outcome<bool> {
    match values.get(index) {
        Some(Value::Bool(value)) => Ok(*value),
        _ => Err(mistyped(values, index, "a bool")),
    }
}

pub(crate) fn want_array(values: &[Value], index: usize) -> Outcome<&[Value]> {
    values.get(index).and_then(Value::as_array).ok_or_else(|| mistyped(values, index, "an array"))
}

pub(crate) fn want_object(values: &[Value], index: usize) -> Outcome<&Object> {
    values.get(index).and_then(Value::as_object).ok_or_else(|| mistyped(values, index, "an object"))
}

/// An object of string members.
pub(crate) fn record(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Outcome {
    Value::object(entries.into_iter().map(|(key, value)| (Key::from(key), value)).collect())
}
