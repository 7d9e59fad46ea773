//! `map`, `filter` and the others that take a lambda. A lambda is not a value: it stands only as an argument.

use std::ops::Range;
use std::rc::Rc;

use super::{Function, bad, special};
use crate::template::language::evaluate::Env;
use crate::template::language::expression::Expression;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::value::{Key, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    special("filter", 2, 2, over),
    special("groupBy", 2, 3, over),
    special("lambda", 1, super::MANY, |_, _, _, span| {
        Err(Fault::new("lambda", "a lambda can only be an argument of `map`, `filter` and the like").at(span))
    }),
    special("lambdaVariables", 1, 1, variable),
    special("map", 2, 2, over),
    special("mapValues", 2, 2, map_values),
    special("reduce", 3, 3, reduce),
    special("sort", 2, 2, sort),
    special("toObject", 2, 3, over),
];

struct Lambda<'e> {
    names: Vec<Rc<str>>,
    body: &'e Expression,
}

impl Lambda<'_> {
    fn apply(&self, env: &Env<'_>, values: &[Value]) -> Outcome {
        env.with_lambda(&self.names, &values[..self.names.len()], self.body)
    }

    /// The lambda with everything put in except its own variables.
    fn rest(&self, env: &Env<'_>) -> Outcome<Expression> {
        let mut unknown = Vec::new();
        for name in &self.names {
            let name = Expression::Value(Value::String(Rc::clone(name)));
            unknown.push(Value::deferred(Expression::call("lambdaVariables", vec![name]))?);
        }
        let body = env.with_lambda(&self.names, &unknown, self.body)?;
        let names = self.names.iter().map(|name| Expression::Value(Value::String(Rc::clone(name))));
        Ok(Expression::call("lambda", names.chain([Expression::Value(body)]).collect()))
    }
}

/// Takes a lambda of `least` to `most` parameters apart.
fn lambda(expression: &Expression, least: usize, most: usize) -> Outcome<Lambda<'_>> {
    let Expression::Call { name, arguments, .. } = expression else {
        return Err(bad("a `lambda(…)` is wanted here"));
    };
    let (true, Some((body, names))) = (name.eq_ignore_ascii_case("lambda"), arguments.split_last()) else {
        return Err(bad("a `lambda(…)` is wanted here"));
    };
    if names.len() < least || names.len() > most {
        return Err(bad(format!(
            "the lambda takes {} variables, {least} to {most} are possible",
            names.len()
        )));
    }
    let mut bound = Vec::new();
    for name in names {
        match name {
            Expression::Value(Value::String(name)) => bound.push(Rc::clone(name)),
            _ => return Err(bad("the variables of a lambda are plain strings")),
        }
    }
    Ok(Lambda { names: bound, body })
}

fn variable(env: &Env<'_>, _: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let name = env.evaluate(&arguments[0])?;
    let Some(name) = name.as_str() else { return Err(bad("the name must be a string").at(span)) };
    env.lambda_variable(name)
        .ok_or_else(|| Fault::new("lambda", format!("no lambda binds `{name}`")).at(span))
}

/// The call as it waits for its array.
fn wait(env: &Env<'_>, name: &str, first: Vec<Value>, lambdas: &[Lambda<'_>]) -> Outcome {
    let mut all: Vec<Expression> = first.into_iter().map(Expression::Value).collect();
    for lambda in lambdas {
        all.push(lambda.rest(env)?);
    }
    Value::deferred(Expression::call(name, all))
}

fn items_of<'v>(value: &'v Value, name: &str) -> Outcome<&'v [Value]> {
    value
        .as_array()
        .ok_or_else(|| bad(format!("`{name}`: argument 1 must be an array, is {}", value.kind_name())))
}

/// `map`, `filter`, `groupBy`, `toObject`: one lambda per element.
fn over(env: &Env<'_>, name: &str, arguments: &[Expression], _: &Range<usize>) -> Outcome {
    let list = env.evaluate(&arguments[0])?;
    let kind = name.to_ascii_lowercase();
    let most = if matches!(kind.as_str(), "map" | "filter") { 2 } else { 1 };
    let mut lambdas = vec![lambda(&arguments[1], 1, most)?];
    if let Some(second) = arguments.get(2) {
        lambdas.push(lambda(second, 1, 1)?);
    }
    if matches!(list, Value::Deferred(_)) {
        return wait(env, name, vec![list], &lambdas);
    }
    let items = items_of(&list, name)?;
    let mut answers = Vec::with_capacity(items.len());
    for (index, item) in (0_i64..).zip(items) {
        let answer = lambdas[0].apply(env, &[item.clone(), Value::Int(index)])?;
        // a list whose shape hangs on something unknown waits as a whole
        if kind != "map" && matches!(answer, Value::Deferred(_)) {
            return wait(env, name, vec![list.clone()], &lambdas);
        }
        answers.push(answer);
    }
    match kind.as_str() {
        "map" => Value::array(answers),
        "filter" => {
            let mut kept = Vec::new();
            for (item, answer) in items.iter().zip(answers) {
                match answer {
                    Value::Bool(true) => kept.push(item.clone()),
                    Value::Bool(false) => {}
                    other => {
                        return Err(bad(format!(
                            "`filter`: the lambda must give a bool, gives {}",
                            other.kind_name()
                        )));
                    }
                }
            }
            Value::array(kept)
        }
        "toobject" => {
            let mut entries = Vec::new();
            for (item, key) in items.iter().zip(answers) {
                let value = match lambdas.get(1) {
                    Some(lambda) => lambda.apply(env, std::slice::from_ref(item))?,
                    None => item.clone(),
                };
                entries.push((key_of(&key, "toObject")?, value));
            }
            Value::object(entries)
        }
        _ => {
            let values = match lambdas.get(1) {
                Some(lambda) => {
                    let values = items.iter().map(|item| lambda.apply(env, std::slice::from_ref(item)));
                    values.collect::<Outcome<Vec<_>>>()?
                }
                None => items.to_vec(),
            };
            group(&values, &answers)
        }
    }
}

fn key_of(key: &Value, name: &str) -> Outcome<Key> {
    match key {
        Value::String(key) => Ok(Key::from(&**key)),
        other => Err(bad(format!("`{name}`: the key must be a string, is {}", other.kind_name()))),
    }
}

fn group(items: &[Value], keys: &[Value]) -> Outcome {
    let mut groups: Vec<(Key, Vec<Value>)> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    for (item, key) in items.iter().zip(keys) {
        let key = key_of(key, "groupBy")?;
        let place = *places.entry(Key::clone(&key)).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(item.clone());
    }
    Value::object(
        groups.into_iter().map(|(key, items)| Ok((key, Value::array(items)?))).collect::<Outcome<_>>()?,
    )
}

fn map_values(env: &Env<'_>, name: &str, arguments: &[Expression], _: &Range<usize>) -> Outcome {
    let object = env.evaluate(&arguments[0])?;
    let lambda = lambda(&arguments[1], 1, 1)?;
    match &object {
        Value::Deferred(_) => wait(env, name, vec![object], &[lambda]),
        Value::Object(object) => {
            let entries = object.entries.iter();
            let mapped = entries
                .map(|(key, value)| Ok((Key::clone(key), lambda.apply(env, std::slice::from_ref(value))?)));
            Value::object(mapped.collect::<Outcome<_>>()?)
        }
        other => Err(bad(format!("`mapValues`: argument 1 must be an object, is {}", other.kind_name()))),
    }
}

fn reduce(env: &Env<'_>, name: &str, arguments: &[Expression], _: &Range<usize>) -> Outcome {
    let list = env.evaluate(&arguments[0])?;
    let mut state = env.evaluate(&arguments[1])?;
    let lambda = lambda(&arguments[2], 2, 3)?;
    if matches!(list, Value::Deferred(_)) {
        return wait(env, name, vec![list, state], &[lambda]);
    }
    for (index, item) in (0_i64..).zip(items_of(&list, name)?) {
        state = lambda.apply(env, &[state, item.clone(), Value::Int(index)])?;
    }
    Ok(state)
}

/// A stable merge sort by "comes before"; the standard sort may panic when a lambda contradicts itself.
fn sort(env: &Env<'_>, name: &str, arguments: &[Expression], _: &Range<usize>) -> Outcome {
    let list = env.evaluate(&arguments[0])?;
    let lambda = lambda(&arguments[1], 2, 2)?;
    if list.is_deferred() {
        return wait(env, name, vec![list], &[lambda]);
    }
    let mut items = items_of(&list, name)?.to_vec();
    let mut width = 1;
    while width < items.len() {
        let mut merged = Vec::with_capacity(items.len());
        for pair in items.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (Some(a), Some(b)) = (left.first(), right.first()) {
                match lambda.apply(env, &[b.clone(), a.clone()])? {
                    Value::Bool(true) => {
                        merged.push(b.clone());
                        right = &right[1..];
                    }
                    Value::Bool(false) => {
                        merged.push(a.clone());
                        left = &left[1..];
                    }
                    Value::Deferred(_) => return wait(env, name, vec![list.clone()], &[lambda]),
                    other => {
                        let message =
                            format!("`sort`: the lambda must give a bool, gives {}", other.kind_name());
                        return Err(bad(message));
                    }
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        items = merged;
        width *= 2;
    }
    Value::array(items)
}
