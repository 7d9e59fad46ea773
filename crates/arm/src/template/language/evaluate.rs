//! Evaluating expressions, as far as they can be before the deployment runs.
//!
//! The result is a value, perhaps a deferred one: calls of `reference` and `list…` stay, everything around them
//! is computed and put in. Start at [`Env::evaluate`]. Not here: the functions themselves (`functions`), what
//! `parameters` and `variables` mean (`surroundings`).

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use super::expression::Expression;
use super::fault::{Fault, Outcome};
use super::functions::{self, Body};
use super::parser;
use super::surroundings::{Neighbours, Runtime, Surroundings};
use super::value::{Object, Value};
use crate::template::diagnostic::did_you_mean;

/// Evaluations inside evaluations (a variable in a variable in …) beyond this are refused.
const DEPTH_MAX: usize = 250;
/// The work one expansion may do, in units of about 16 bytes touched.
const FUEL: u64 = 40_000_000;
/// The bytes, about, that the result of one expansion may take. Azure stops a template at 4 MB of text, written out.
const ROOM: usize = 384 << 20;

/// Bounds the work of one expansion and the size of its result, whatever the template says.
pub(crate) struct Meter {
    fuel: Cell<u64>,
    room: Cell<usize>,
    depth: Cell<usize>,
    /// Nothing goes on after this, and one mistake tells it.
    exhausted: Cell<Option<&'static str>>,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { fuel: Cell::new(FUEL), room: Cell::new(ROOM), depth: Cell::new(0), exhausted: Cell::new(None) }
    }

    /// The work done so far.
    #[cfg(test)]
    pub(crate) fn spent(&self) -> u64 {
        FUEL - self.fuel.get()
    }

    pub(crate) fn spend(&self, amount: usize) -> Outcome<()> {
        match self.fuel.get().checked_sub(amount as u64) {
            Some(left) => {
                self.fuel.set(left);
                Ok(())
            }
            None => Err(self.exhaust("the template takes too much work to expand")),
        }
    }

    /// Takes room for a part of the result.
    pub(crate) fn take(&self, bytes: usize) -> Outcome<()> {
        match self.room.get().checked_sub(bytes) {
            Some(left) => {
                self.room.set(left);
                Ok(())
            }
            None => Err(self.exhaust("the template grows too large when it is expanded")),
        }
    }

    /// Ends the expansion: whatever is asked from now on fails.
    pub(crate) fn exhaust(&self, why: &'static str) -> Fault {
        self.fuel.set(0);
        let why = self.exhausted.get().unwrap_or(why);
        self.exhausted.set(Some(why));
        Fault::new("limit", why)
    }

    /// Why the expansion ended before its end.
    pub(crate) fn exhausted(&self) -> Option<&'static str> {
        self.exhausted.get()
    }

    /// Runs one level deeper.
    pub(crate) fn deeper<T>(&self, run: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        self.spend(1)?;
        let depth = self.depth.get();
        if depth >= DEPTH_MAX {
            return Err(Fault::new("limit", "the template refers to itself too deeply"));
        }
        self.depth.set(depth + 1);
        let result = run();
        self.depth.set(depth);
        result
    }
}

/// The work for what a function makes of arguments of this weight: `range(0, 10000)` makes much of little.
fn made(value: &Value, arguments: usize) -> usize {
    let more = value.weight().saturating_sub(arguments) / 4;
    match value {
        Value::String(text) => text.len() / 4,
        Value::Array(array) => more + array.items.len(),
        Value::Object(object) => more + 2 * object.entries.len(),
        _ => more,
    }
}

/// One turn of a copy loop that an expression stands in.
pub(crate) struct Turn<'a> {
    pub(crate) name: &'a str,
    pub(crate) index: i64,
    /// The loop of a resource or a variable is found without its name, that of a property only by it.
    pub(crate) anonymous: bool,
    pub(crate) outer: Option<&'a Turn<'a>>,
}

/// Bound variables of a lambda or arguments of a user-defined function.
pub(crate) struct Bindings<'a> {
    pub(crate) names: &'a [Rc<str>],
    pub(crate) values: &'a [Value],
    pub(crate) outer: Option<&'a Bindings<'a>>,
}

impl Bindings<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        let found = self.names.iter().position(|bound| super::value::eq_ignore_case(bound, name));
        match found {
            Some(index) => self.values.get(index),
            None => self.outer.and_then(|outer| outer.get(name)),
        }
    }
}

/// Everything an expression can see.
#[derive(Clone, Copy)]
pub(crate) struct Env<'a> {
    pub(crate) meter: &'a Meter,
    /// Parameters, variables and scope; none when a deferred expression is finished later.
    pub(crate) surroundings: Option<&'a dyn Surroundings>,
    /// The resources around the expression, once they are known.
    pub(crate) neighbours: Option<&'a dyn Neighbours>,
    /// Answers `reference` and `list…`; none while a template is expanded.
    pub(crate) runtime: Option<&'a dyn Runtime>,
    pub(crate) turn: Option<&'a Turn<'a>>,
    pub(crate) lambda: Option<&'a Bindings<'a>>,
    /// The arguments, inside a user-defined function.
    pub(crate) arguments: Option<&'a Bindings<'a>>,
    /// Collects the keys of resources that were referred to by name.
    pub(crate) used: Option<&'a RefCell<Vec<usize>>>,
}

impl Env<'_> {
    pub(crate) fn evaluate(&self, expression: &Expression) -> Outcome {
        match expression {
            Expression::Value(Value::Deferred(rest)) if self.runtime.is_some() => {
                self.evaluate(&rest.expression)
            }
            Expression::Value(value) => Ok(value.clone()),
            Expression::Call { name, arguments, span } => {
                self.meter.deeper(|| self.call(name, arguments, span)).map_err(|fault| fault.at(span))
            }
            Expression::Property { base, name, span } => {
                let base = self.meter.deeper(|| self.evaluate(base))?;
                self.property(&base, &Value::String(Rc::clone(name)), span)
            }
            Expression::Index { base, index, span } => {
                let base = self.meter.deeper(|| self.evaluate(base))?;
                let index = self.meter.deeper(|| self.evaluate(index))?;
                self.property(&base, &index, span)
            }
        }
    }

    /// The expression of a text.
    pub(crate) fn parse(&self, inner: &str) -> Outcome<Expression> {
        self.meter.spend(inner.len() / 16)?;
        parser::parse(inner, 1, parser::LENGTH_MAX)
    }

    /// Evaluates each argument in turn.
    pub(crate) fn evaluate_all(&self, arguments: &[Expression]) -> Outcome<Vec<Value>> {
        arguments.iter().map(|argument| self.evaluate(argument)).collect()
    }

    /// A branch that may never be taken at run time: its failure is put off until then.
    pub(crate) fn evaluate_later(&self, expression: &Expression) -> Outcome<Expression> {
        match self.evaluate(expression) {
            Ok(value) => Ok(Expression::Value(value)),
            Err(fault) if fault.reported || fault.code == "limit" => Err(fault),
            Err(fault) => {
                Ok(Expression::call("fail", vec![Expression::Value(Value::string(fault.message.as_str()))]))
            }
        }
    }

    fn call(&self, name: &Rc<str>, arguments: &[Expression], span: &Range<usize>) -> Outcome {
        if name.contains('.') {
            return self.call_user_function(name, arguments, span);
        }
        let Some(function) = functions::find(name) else {
            let hint = did_you_mean(name, functions::names());
            return Err(Fault::new("function-unknown", format!("there is no function `{name}`"))
                .at(span)
                .hint(hint));
        };
        let count = arguments.len();
        if count < function.min || count > function.max {
            let wanted = match (function.min, function.max) {
                (min, usize::MAX) => format!("at least {min}"),
                (min, max) if min == max => format!("{min}"),
                (min, max) => format!("{min} to {max}"),
            };
            let message = format!("`{name}` takes {wanted} arguments, here are {count}");
            return Err(Fault::new("function-arguments", message).at(span));
        }
        let values = match function.body {
            Body::Special(special) => return special(self, name, arguments, span),
            _ => self.evaluate_all(arguments)?,
        };
        let weight = values.iter().fold(0_usize, |sum, value| sum.saturating_add(value.weight()));
        self.meter.spend(weight / 16)?;
        let waits = match function.body {
            Body::Deep(_) | Body::Scoped(_) => values.iter().any(Value::is_deferred),
            _ => values.iter().any(|value| matches!(value, Value::Deferred(_))),
        };
        if waits {
            return self.rest(name, values, matches!(function.body, Body::Scoped(_)));
        }
        let result = match function.body {
            Body::Deep(body) | Body::Shallow(body) => body(&values),
            Body::Scoped(body) => body(self, &values),
            Body::Special(_) => unreachable!("special forms returned above"),
        };
        if let Ok(value) = &result {
            self.meter.spend(made(value, weight))?;
        }
        result.map_err(|mut fault| {
            if fault.code == "function-arguments" && fault.span.is_none() {
                fault.message = format!("`{name}`: {}", fault.message);
            }
            fault
        })
    }

    /// The call as it will be made at run time.
    fn rest(&self, name: &str, values: Vec<Value>, scoped: bool) -> Outcome {
        let values = if scoped { functions::scope::anchor(self, name, values) } else { values };
        Value::deferred(Expression::call(name, values.into_iter().map(Expression::Value).collect()))
    }

    fn call_user_function(&self, name: &Rc<str>, arguments: &[Expression], span: &Range<usize>) -> Outcome {
        let values = self.evaluate_all(arguments)?;
        let around = self.surroundings;
        let around = around.ok_or_else(|| Fault::new("function-unknown", format!("no function `{name}`")))?;
        around.call_function(self, name, &values).map_err(|fault| fault.at(span))
    }

    /// `base.name` and `base[index]`.
    pub(crate) fn property(&self, base: &Value, index: &Value, span: &Range<usize>) -> Outcome {
        match (base, index) {
            (Value::Deferred(_), _) => Self::property_later(base, index, span),
            (_, Value::Deferred(_)) => Value::deferred(Expression::Index {
                base: Box::new(Expression::Value(base.clone())),
                index: Box::new(Expression::Value(index.clone())),
                span: span.clone(),
            }),
            (Value::Object(object), Value::String(name)) => {
                self.meter.spend(object.entries.len() / 4)?;
                object.get(name).cloned().ok_or_else(|| {
                    Fault::new("property-missing", format!("the object has no property `{name}`"))
                        .at(span)
                        .hint(Some(instead_of(name, object)))
                })
            }
            (Value::Array(array), Value::Int(index)) => usize::try_from(*index)
                .ok()
                .and_then(|index| array.items.get(index))
                .cloned()
                .ok_or_else(|| {
                    let message = format!("index {index} is outside of the array of {}", array.items.len());
                    Fault::new("index-range", message).at(span)
                }),
            (Value::String(_), Value::Int(index)) => {
                let hint = format!("for one character write `substring(…, {index}, 1)`");
                Err(Fault::new("property-missing", "a string cannot be indexed").at(span).hint(Some(hint)))
            }
            _ => {
                let message = format!(
                    "{} cannot be indexed by {}",
                    base.kind_name(),
                    match index {
                        Value::String(name) => format!("`{name}`"),
                        other => other.kind_name().to_owned(),
                    }
                );
                Err(Fault::new("property-missing", message).at(span))
            }
        }
    }

    fn property_later(base: &Value, index: &Value, span: &Range<usize>) -> Outcome {
        let base = Box::new(Expression::Value(base.clone()));
        Value::deferred(match index {
            Value::String(name) => Expression::Property { base, name: Rc::clone(name), span: span.clone() },
            other => Expression::Index {
                base,
                index: Box::new(Expression::Value(other.clone())),
                span: span.clone(),
            },
        })
    }

    /// The value of a lambda's variable.
    pub(crate) fn lambda_variable(&self, name: &str) -> Option<Value> {
        self.lambda.and_then(|bindings| bindings.get(name)).cloned()
    }

    /// The argument of the user-defined function around.
    pub(crate) fn argument(&self, name: &str) -> Option<Value> {
        self.arguments.and_then(|bindings| bindings.get(name)).cloned()
    }

    /// Evaluates with the given variables bound.
    pub(crate) fn with_lambda(&self, names: &[Rc<str>], values: &[Value], body: &Expression) -> Outcome {
        let bindings = Bindings { names, values, outer: self.lambda };
        // `Env` is covariant, so a copy may live as shortly as the bindings
        let inner: Env<'_> = Env { lambda: Some(&bindings), ..*self };
        inner.meter.deeper(|| inner.evaluate(body))
    }
}

/// The members that an object has where one is missing: the one that was probably meant, or the first few.
fn instead_of(missing: &str, object: &Object) -> String {
    const SHOWN_MAX: usize = 6;
    let keys = || object.entries.iter().map(|(key, _)| &**key);
    if let Some(meant) = did_you_mean(missing, keys()) {
        return meant;
    }
    let mut shown: Vec<String> = keys().take(SHOWN_MAX).map(|key| format!("`{key}`")).collect();
    let last = match object.entries.len().saturating_sub(SHOWN_MAX) {
        0 => shown.pop(),
        more => Some(format!("{more} more")),
    };
    match (shown.is_empty(), last) {
        (_, None) => "it is empty".to_owned(),
        (true, Some(only)) => format!("it has {only}"),
        (false, Some(last)) => format!("it has {} and {last}", shown.join(", ")),
    }
}
