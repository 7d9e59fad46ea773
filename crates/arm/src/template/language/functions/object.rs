//! Objects: building, merging, listing.

use std::ops::Range;
use std::rc::Rc;

use super::{Function, bad, deep, record, shallow, special, want_array, want_object};
use crate::template::language::evaluate::Env;
use crate::template::language::expression::Expression;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::value::{Key, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    shallow("createObject", 0, super::MANY, create),
    deep("intersection", 2, super::MANY, intersection),
    shallow("items", 1, 1, items),
    deep("json", 1, 1, json),
    shallow("objectKeys", 1, 1, keys),
    shallow("shallowMerge", 1, 1, shallow_merge),
    special("tryGet", 2, super::MANY, try_get),
    deep("union", 1, super::MANY, union),
];

fn create(values: &[Value]) -> Outcome {
    if !values.len().is_multiple_of(2) {
        return Err(bad("keys and values come in pairs"));
    }
    let pairs = (0..values.len()).step_by(2);
    let entries = pairs.map(|at| Ok((Key::from(super::want_string(values, at)?), values[at + 1].clone())));
    Value::object(entries.collect::<Outcome<_>>()?)
}

fn sorted_keys(values: &[Value]) -> Outcome<Vec<&(Key, Value)>> {
    let mut entries: Vec<_> = want_object(values, 0)?.entries.iter().collect();
    entries.sort_by(|left, right| super::comparison::collate(&left.0, &right.0));
    Ok(entries)
}

fn items(values: &[Value]) -> Outcome {
    let entries = sorted_keys(values)?.into_iter();
    let pairs =
        entries.map(|(key, value)| record([("key", Value::string(&**key)), ("value", value.clone())]));
    Value::array(pairs.collect::<Outcome<_>>()?)
}

fn keys(values: &[Value]) -> Outcome {
    if let Value::Object(object) = &values[0] {
        // keys that differ only in case keep their order of insertion
        let mut keys: Vec<_> = object.entries.iter().map(|(key, _)| key).collect();
        keys.sort_by(|left, right| super::comparison::collate(&left.to_lowercase(), &right.to_lowercase()));
        return Value::array(keys.into_iter().map(|key| Value::string(&**key)).collect());
    }
    Err(super::mistyped(values, 0, "an object"))
}

/// JSON as Newtonsoft reads it: single quotes and comments are fine, nothing at all is null.
pub(super) fn json(values: &[Value]) -> Outcome {
    let text = super::want_string(values, 0)?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let tree = crate::tree::Node::parse_lenient(text).map_err(|error| bad(format!("not JSON: {error}")))?;
    Value::from_node(&tree)
}

fn intersection(values: &[Value]) -> Outcome {
    match &values[0] {
        Value::Array(first) => {
            let others: Vec<&[Value]> =
                (1..values.len()).map(|index| want_array(values, index)).collect::<Outcome<_>>()?;
            Value::array(super::sets::common(&first.items, &others))
        }
        Value::Object(first) => {
            let mut kept = first.entries.clone();
            for index in 1..values.len() {
                let other = want_object(values, index)?;
                kept.retain(|(key, value)| other.get(key) == Some(value));
            }
            Value::object(kept)
        }
        _ => Err(super::mistyped(values, 0, "an array or an object")),
    }
}

/// Objects are merged recursively, later ones win; arrays are joined, equal elements once. Nulls are skipped.
fn union(values: &[Value]) -> Outcome {
    let mut result = Value::Null;
    for (index, value) in values.iter().enumerate() {
        result = match (result, value) {
            (result, Value::Null) => result,
            (Value::Null, Value::Array(array)) => Value::Array(Rc::clone(array)),
            (Value::Null, Value::Object(object)) => Value::Object(Rc::clone(object)),
            (Value::Array(left), Value::Array(right)) => {
                Value::array(super::sets::distinct(left.items.iter().chain(&right.items)))?
            }
            (Value::Object(left), Value::Object(right)) => merge(&left.entries, &right.entries)?,
            (Value::Array(_), _) => return Err(super::mistyped(values, index, "an array")),
            (Value::Object(_), _) => return Err(super::mistyped(values, index, "an object")),
            _ => return Err(super::mistyped(values, index, "an array or an object")),
        };
    }
    Ok(result)
}

fn merge(left: &[(Key, Value)], right: &[(Key, Value)]) -> Outcome {
    let mut places: std::collections::BTreeMap<String, usize> =
        left.iter().enumerate().map(|(at, (key, _))| (key.to_lowercase(), at)).collect();
    let mut merged = left.to_vec();
    for (key, value) in right {
        let folded = key.to_lowercase();
        if let Some(place) = places.get(&folded) {
            let slot = &mut merged[*place].1;
            *slot = match (&*slot, value) {
                (Value::Object(inner), Value::Object(outer)) => merge(&inner.entries, &outer.entries)?,
                _ => value.clone(),
            };
        } else {
            places.insert(folded, merged.len());
            merged.push((Key::clone(key), value.clone()));
        }
    }
    Value::object(merged)
}

/// Members of later objects replace those of earlier ones as a whole. Nulls are skipped, as `union` skips them.
fn shallow_merge(values: &[Value]) -> Outcome {
    let parts = want_array(values, 0)?;
    let mut all = Vec::new();
    for index in 0..parts.len() {
        if matches!(parts[index], Value::Deferred(_)) {
            let whole = vec![Expression::Value(values[0].clone())];
            return Value::deferred(Expression::call("shallowMerge", whole));
        }
        if !matches!(parts[index], Value::Null) {
            all.extend_from_slice(&want_object(parts, index)?.entries);
        }
    }
    Value::object(all)
}

/// `tryGet(base, key, …)`: null where a step of the path is missing.
fn try_get(env: &Env<'_>, name: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let mut at = env.evaluate(&arguments[0])?;
    for (index, step) in arguments.iter().enumerate().skip(1) {
        let key = env.evaluate(step)?;
        if matches!(at, Value::Deferred(_)) || key.is_deferred() {
            let mut waiting = vec![Expression::Value(at), Expression::Value(key)];
            for later in &arguments[index + 1..] {
                waiting.push(Expression::Value(env.evaluate(later)?));
            }
            return Value::deferred(Expression::call(name, waiting));
        }
        if matches!(at, Value::Null) {
            return Ok(Value::Null);
        }
        let (key, from_end) = key_of(&key).map_err(|fault| fault.at(span))?;
        at = match (&at, &key) {
            (Value::Array(array), Value::Int(back)) if from_end => {
                super::array::back(&array.items, *back).unwrap_or(Value::Null)
            }
            (Value::Object(_), Value::String(_)) | (Value::Array(_), Value::Int(_)) => {
                match env.property(&at, &key, span) {
                    Ok(found) => found,
                    Err(fault) if fault.code == "limit" => return Err(fault),
                    Err(_) => return Ok(Value::Null),
                }
            }
            _ => {
                let message = format!("{} cannot be indexed by {}", at.kind_name(), key.kind_name());
                return Err(Fault::new("property-missing", message).at(span));
            }
        };
    }
    Ok(at)
}

/// A step of `tryGet`, and whether it counts from the end: Bicep writes `[?^1]` as `{"value": 1, "fromEnd": true}`.
fn key_of(step: &Value) -> Outcome<(Value, bool)> {
    let Value::Object(written) = step else { return Ok((step.clone(), false)) };
    let Some(key) = written.get("value") else { return Ok((step.clone(), false)) };
    match written.get("fromEnd") {
        None => Ok((key.clone(), false)),
        Some(Value::Bool(from_end)) => Ok((key.clone(), *from_end)),
        Some(other) => Err(bad(format!("`fromEnd` must be a bool, is {}", other.kind_name()))),
    }
}
