//! The values that expressions compute.
//!
//! Unlike `serde_json::Value` they keep the order of members (`string()`, `format()` show it), share their
//! parts, and may be *deferred*: known only when the deployment runs, held as the rest of an expression.
//! Every value knows its weight, the size it would have if nothing were shared. That bounds templates that
//! double a value line by line.

use std::rc::Rc;
use std::sync::Arc;

use super::expression::Expression;
use super::fault::{Fault, Outcome};

/// No value may be heavier (bytes of text plus a few per node).
pub(crate) const WEIGHT_MAX: usize = 32 << 20;

/// No value may be nested deeper: walking one is recursive.
const DEPTH_MAX: u32 = 400;

pub(crate) const NODE_WEIGHT: usize = 8;

/// The name of a member, shared with the text that it comes from.
pub(crate) type Key = Arc<str>;

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Rc<str>),
    Array(Rc<Array>),
    Object(Rc<Object>),
    /// What remains of an expression once everything known is put in.
    Deferred(Rc<Deferred>),
}

/// The size of a value written out, whether or not its parts are shared.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    weight: usize,
    depth: u32,
    deferred: bool,
}

impl Size {
    pub(crate) fn of(weight: usize) -> Self {
        Self { weight, depth: 0, deferred: false }
    }

    /// In bytes, about.
    pub(crate) fn weight(self) -> usize {
        self.weight
    }

    pub(crate) fn add(&mut self, part: Self) {
        self.weight = self.weight.saturating_add(part.weight);
        self.depth = self.depth.max(part.depth + 1);
        self.deferred |= part.deferred;
    }

    fn check(self) -> Outcome<Self> {
        if self.weight > WEIGHT_MAX {
            return Err(Fault::new("limit", format!("a value grows beyond {} MiB", WEIGHT_MAX >> 20)));
        }
        if self.depth > DEPTH_MAX {
            return Err(Fault::new("limit", format!("a value is nested more than {DEPTH_MAX} levels deep")));
        }
        Ok(self)
    }
}

/// The rest of an expression.
#[derive(Debug)]
pub(crate) struct Deferred {
    pub(crate) expression: Expression,
    size: Size,
}

#[derive(Debug)]
pub(crate) struct Array {
    pub(crate) items: Vec<Value>,
    size: Size,
}

/// Members in the order of insertion. Look-ups ignore case, as ARM's do; keys that differ only in case coexist.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) entries: Vec<(Key, Value)>,
    size: Size,
}

impl Value {
    pub(crate) fn string(text: impl Into<Rc<str>>) -> Self {
        Self::String(text.into())
    }

    pub(crate) fn array(items: Vec<Self>) -> Outcome<Self> {
        let mut size = Size::of(NODE_WEIGHT);
        for item in &items {
            size.add(item.size());
        }
        Ok(Self::Array(Rc::new(Array { items, size: size.check()? })))
    }

    /// An object; of equal keys the last value wins at the first one's place.
    pub(crate) fn object(entries: Vec<(Key, Self)>) -> Outcome<Self> {
        let unique = if has_equal_keys(&entries) { last_of_each(entries) } else { entries };
        let mut size = Size::of(NODE_WEIGHT);
        for (key, value) in &unique {
            size.add(value.size());
            size.weight = size.weight.saturating_add(key.len());
        }
        Ok(Self::Object(Rc::new(Object { entries: unique, size: size.check()? })))
    }

    /// A value that only the deployment's run can tell.
    pub(crate) fn deferred(expression: Expression) -> Outcome {
        if let Expression::Value(value) = expression {
            return Ok(value);
        }
        let mut size = expression.size().check()?;
        size.deferred = true;
        Ok(Self::Deferred(Rc::new(Deferred { expression, size })))
    }

    pub(crate) fn size(&self) -> Size {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => Size::of(NODE_WEIGHT),
            Self::String(text) => Size::of(NODE_WEIGHT + text.len()),
            Self::Array(array) => array.size,
            Self::Object(object) => object.size,
            Self::Deferred(deferred) => deferred.size,
        }
    }

    /// The number of bytes, about, of the value written out.
    pub(crate) fn weight(&self) -> usize {
        self.size().weight
    }

    /// Whether it, or anything inside it, is known only at run time.
    pub(crate) fn is_deferred(&self) -> bool {
        self.size().deferred
    }

    /// What kind of value it is, for messages.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an int",
            Self::Float(_) => "a float",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
            Self::Deferred(_) => "a value known only at run time",
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(array) => Some(&array.items),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn from_json(value: &serde_json::Value) -> Outcome<Self> {
        Ok(match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => Self::from_number(number),
            serde_json::Value::String(text) => Self::string(&**text),
            serde_json::Value::Array(items) => {
                Self::array(items.iter().map(Self::from_json).collect::<Result<_, _>>()?)?
            }
            serde_json::Value::Object(members) => Self::object(
                members
                    .iter()
                    .map(|(key, value)| Ok((Key::from(key.as_str()), Self::from_json(value)?)))
                    .collect::<Outcome<_>>()?,
            )?,
        })
    }

    pub(crate) fn from_number(number: &serde_json::Number) -> Self {
        // `1.0` is a float for JSON and stays one; only whole literals are ints
        number.as_i64().map_or_else(|| Self::Float(number.as_f64().unwrap_or(f64::MAX)), Self::Int)
    }

    /// The literal tree of a file: nothing is evaluated.
    pub(crate) fn from_node(node: &crate::tree::Node) -> Outcome<Self> {
        use crate::tree::NodeKind;
        Ok(match &node.kind {
            NodeKind::Null => Self::Null,
            NodeKind::Bool(value) => Self::Bool(*value),
            NodeKind::Number(number) => Self::from_number(number),
            NodeKind::String(text) => Self::string(&**text),
            NodeKind::Array(elements) => {
                Self::array(elements.iter().map(Self::from_node).collect::<Result<_, _>>()?)?
            }
            NodeKind::Object(members) => Self::object(
                members
                    .iter()
                    .map(|member| Ok((Arc::clone(&member.key), Self::from_node(&member.value)?)))
                    .collect::<Outcome<_>>()?,
            )?,
        })
    }

    /// As JSON; what is deferred becomes the text of its expression, which is told to `deferred` with its pointer.
    pub(crate) fn to_json(
        &self,
        pointer: &str,
        deferred: &mut dyn FnMut(&str, &Expression, &str),
    ) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Float(value) => float_to_json(*value),
            Self::String(text) => serde_json::Value::String(text.to_string()),
            Self::Array(array) if !array.size.deferred => {
                array.items.iter().map(|item| item.to_json(pointer, deferred)).collect()
            }
            Self::Array(array) => array
                .items
                .iter()
                .enumerate()
                .map(|(index, item)| item.to_json(&crate::tree::push_pointer(pointer, index), deferred))
                .collect(),
            Self::Object(object) => serde_json::Value::Object(
                object
                    .entries
                    .iter()
                    .map(|(key, value)| {
                        let json = if object.size.deferred {
                            value.to_json(&crate::tree::push_pointer(pointer, key), deferred)
                        } else {
                            value.to_json(pointer, deferred)
                        };
                        (key.to_string(), json)
                    })
                    .collect(),
            ),
            Self::Deferred(rest) => {
                let text = rest.expression.to_text();
                deferred(pointer, &rest.expression, &text);
                serde_json::Value::String(text)
            }
        }
    }

    /// As JSON, when nothing in it is deferred (otherwise expressions stand in as text).
    pub(crate) fn to_plain_json(&self) -> serde_json::Value {
        self.to_json("", &mut |_, _, _| ())
    }
}

/// Whether any key occurs twice. Most objects are small, and most of the others have none.
fn has_equal_keys(entries: &[(Key, Value)]) -> bool {
    if entries.len() <= 8 {
        return entries
            .iter()
            .enumerate()
            .any(|(at, (key, _))| entries[..at].iter().any(|(other, _)| other == key));
    }
    let mut seen = std::collections::BTreeSet::new();
    entries.iter().any(|(key, _)| !seen.insert(&**key))
}

/// Of equal keys the last value, at the first one's place.
fn last_of_each(entries: Vec<(Key, Value)>) -> Vec<(Key, Value)> {
    let mut places = std::collections::BTreeMap::new();
    let mut unique: Vec<(Key, Value)> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        if let Some(place) = places.get(&key) {
            let place: &usize = place;
            unique[*place].1 = value;
        } else {
            places.insert(Arc::clone(&key), unique.len());
            unique.push((key, value));
        }
    }
    unique
}

fn float_to_json(value: f64) -> serde_json::Value {
    serde_json::Number::from_f64(value).map_or(serde_json::Value::Null, serde_json::Value::Number)
}

impl Object {
    /// The value of a key, its case ignored; an exact match wins.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        let same_case = self.entries.iter().find(|(name, _)| &**name == key);
        same_case
            .or_else(|| self.entries.iter().find(|(name, _)| eq_ignore_case(name, key)))
            .map(|(_, value)| value)
    }
}

/// Equality of names: ordinal, case ignored, beyond ASCII too.
pub(crate) fn eq_ignore_case(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
        || (!(left.is_ascii() && right.is_ascii()) && left.to_lowercase() == right.to_lowercase())
}

/// Deep equality: typed, strings by case, members in any order. Whole floats equal ints.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Int(left), Self::Int(right)) => left == right,
            (Self::Float(left), Self::Float(right)) => left.total_cmp(right).is_eq(),
            #[expect(clippy::cast_precision_loss, reason = "a comparison with a float is one of floats")]
            (Self::Int(int), Self::Float(float)) | (Self::Float(float), Self::Int(int)) => {
                (*int as f64).total_cmp(float).is_eq()
            }
            (Self::String(left), Self::String(right)) => left == right,
            (Self::Array(left), Self::Array(right)) => Rc::ptr_eq(left, right) || left.items == right.items,
            (Self::Object(left), Self::Object(right)) => {
                Rc::ptr_eq(left, right)
                    || left.entries.len() == right.entries.len() && {
                        let sorted = |object: &Object| {
                            object
                                .entries
                                .iter()
                                .map(|(key, value)| (key.to_lowercase(), value.clone()))
                                .collect::<std::collections::BTreeMap<_, _>>()
                        };
                        sorted(left) == sorted(right)
                    }
            }
            _ => false,
        }
    }
}
