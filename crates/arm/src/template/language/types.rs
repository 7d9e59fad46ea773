//! Types of parameters: the plain ones, and those of language version 2.0.

mod secure;

use super::fault::{Fault, Outcome};
use super::value::Value;
use crate::template::diagnostic::did_you_mean;
use crate::tree::{Node, NodeKind};
use secure::Tree;

pub(crate) use secure::{has_secure_parts, secure_parts};

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParameterType {
    /// `string`
    String,
    /// `int`
    Int,
    /// `bool`
    Bool,
    /// `array`
    Array,
    /// `object`
    Object,
    /// `securestring`
    SecureString,
    /// `secureobject`
    SecureObject,
    /// Anything: the declaration does not say.
    Any,
}

impl ParameterType {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "string" => Self::String,
            "int" => Self::Int,
            "bool" => Self::Bool,
            "array" => Self::Array,
            "object" => Self::Object,
            "securestring" => Self::SecureString,
            "secureobject" => Self::SecureObject,
            "any" => Self::Any,
            _ => return None,
        })
    }

    /// Whether values of it must not be shown.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::SecureString | Self::SecureObject)
    }

    fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any, _)
            | (_, Value::Deferred(_))
            | (Self::String | Self::SecureString, Value::String(_))
            | (Self::Int, Value::Int(_))
            | (Self::Bool, Value::Bool(_))
            | (Self::Array, Value::Array(_))
            // an object parameter takes any token that is not a list
            | (Self::Object | Self::SecureObject, Value::Object(_)) => true,
            (Self::Int, Value::Float(value)) => value.fract() == 0.0 && !is_too_long(*value),
            _ => false,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Array => "array",
            Self::Object => "object",
            Self::SecureString => "securestring",
            Self::SecureObject => "secureobject",
            Self::Any => "any",
        }
    }
}

/// Definitions refer to definitions no further than this; a circle ends there.
const REFERENCES_MAX: usize = 32;

/// Follows `$ref` to the definition of a type.
pub(crate) fn follow<'t, T: Tree>(template: &'t T, mut declaration: &'t T) -> &'t T {
    for _ in 0..REFERENCES_MAX {
        let Some(path) = declaration.find("$ref").and_then(Tree::text) else { break };
        let mut target = template;
        for token in path.trim_start_matches('#').split('/').skip(1) {
            match target.find(&token.replace("~1", "/").replace("~0", "~")) {
                Some(next) => target = next,
                None => return declaration,
            }
        }
        declaration = target;
    }
    declaration
}

pub(crate) fn is_nullable(template: &Node, declaration: &Node) -> bool {
    let says = |node: &Node| node.get("nullable").is_some_and(|node| node.kind == NodeKind::Bool(true));
    says(declaration) || says(follow(template, declaration))
}

/// A default as the service takes it: text of a number or a truth stands for one. Given values it takes as they are.
pub(crate) fn converted(template: &Node, declaration: &Node, value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    let plain = text.trim();
    let other = match kind(template, declaration) {
        ParameterType::Int => plain.parse().ok().map(Value::Int),
        ParameterType::Bool if plain.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        ParameterType::Bool if plain.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        _ => None,
    };
    other.unwrap_or(value)
}

/// The declared type.
pub(crate) fn kind(template: &Node, declaration: &Node) -> ParameterType {
    let name = follow(template, declaration).get("type").and_then(Node::as_str);
    name.and_then(ParameterType::from_name).unwrap_or(ParameterType::Any)
}

/// Whether a number has no place in the 64 bits of an int: those that are as long as they may be are ints, not floats.
fn is_too_long(value: f64) -> bool {
    const END: f64 = 9_223_372_036_854_775_808.0;
    !(-END..END).contains(&value)
}

/// Checks a value against its declaration; what is deferred passes.
pub(crate) fn check(template: &Node, declaration: &Node, value: &Value, what: &str) -> Outcome<()> {
    check_at(template, declaration, value, what, 0)
}

fn check_at(template: &Node, declaration: &Node, value: &Value, what: &str, depth: usize) -> Outcome<()> {
    if matches!(value, Value::Deferred(_)) || depth > 64 {
        return Ok(());
    }
    if matches!(value, Value::Null) && is_nullable(template, declaration) {
        return Ok(());
    }
    let declared = follow(template, declaration);
    if let Some(path) = declared.get("$ref").and_then(Node::as_str) {
        let known = template.get("definitions").and_then(Node::members).unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let hint = did_you_mean(name, known.iter().map(|member| &*member.key));
        let message = format!("{what} has the type `{path}`, which leads to no definition");
        return Err(Fault::new("type", message).hint(hint));
    }
    if let Some(name) = declared.get("type").and_then(Node::as_str) {
        let Some(kind) = ParameterType::from_name(name) else {
            let names = ["string", "int", "bool", "array", "object", "securestring", "secureobject"];
            let hint = did_you_mean(name, names);
            return Err(Fault::new("type", format!("{what} has the unknown type `{name}`")).hint(hint));
        };
        if !kind.accepts(value) {
            let is = match (kind, value) {
                (ParameterType::Int, Value::Float(float)) if is_too_long(*float) => "longer than 64 bits",
                _ => value.kind_name(),
            };
            let message = format!("{what} must be of type {}, is {is}", kind.name());
            let quoted = match (kind, value.as_str()) {
                (ParameterType::Int, Some(text)) => text.parse::<i64>().is_ok(),
                (ParameterType::Bool, Some(text)) => text.parse::<bool>().is_ok(),
                _ => false,
            };
            let hint = quoted.then(|| "write it without quotes".to_owned());
            return Err(Fault::new("parameter-type", message).hint(hint));
        }
    }
    // a declaration may narrow what its definition says
    for node in [declared, declaration] {
        check_limits(node, value, what)?;
        if std::ptr::eq(declared, declaration) {
            break;
        }
    }
    check_parts(template, declared, value, what, depth)
}

fn check_limits(declaration: &Node, value: &Value, what: &str) -> Outcome<()> {
    if let Some(allowed) = declaration.get("allowedValues").and_then(Node::elements) {
        let allowed: Vec<Value> = allowed.iter().map(Value::from_node).collect::<Outcome<_>>()?;
        let same = |one: &Value, other: &Value| match (one, other) {
            (Value::String(one), Value::String(other)) => super::value::eq_ignore_case(one, other),
            _ => one == other,
        };
        // an array may hold any of the allowed elements instead of being one of them
        let each = value
            .as_array()
            .is_some_and(|items| items.iter().all(|item| allowed.iter().any(|one| same(one, item))));
        if !each && !allowed.iter().any(|one| same(one, value)) {
            let names: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
            let shown: Vec<String> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
            let hint = value
                .as_str()
                .and_then(|text| did_you_mean(text, names.iter().copied()))
                .or_else(|| (!shown.is_empty()).then(|| format!("allowed are {}", shown.join(", "))));
            let message = format!("{what} is not one of the allowed values");
            return Err(Fault::new("parameter-allowed", message).hint(hint));
        }
    }
    let limit = |key: &str| declaration.get(key).map(Node::to_value).and_then(|value| value.as_i64());
    let length = match value {
        Value::String(text) => Some(text.encode_utf16().count()),
        Value::Array(array) => Some(array.items.len()),
        _ => None,
    };
    let outside = |value: i64, least: &str, most: &str| {
        limit(least).is_some_and(|least| value < least) || limit(most).is_some_and(|most| value > most)
    };
    let length = length.and_then(|length| i64::try_from(length).ok());
    if let Some(length) = length.filter(|length| outside(*length, "minLength", "maxLength")) {
        let allowed = bounds(limit("minLength"), limit("maxLength"));
        let message = format!("{what} has length {length}, allowed is {allowed}");
        return Err(Fault::new("parameter-length", message));
    }
    match value {
        Value::Int(number) if outside(*number, "minValue", "maxValue") => {
            let allowed = bounds(limit("minValue"), limit("maxValue"));
            let message = format!("{what} is {number}, allowed is {allowed}");
            Err(Fault::new("parameter-range", message))
        }
        _ => Ok(()),
    }
}

fn bounds(least: Option<i64>, most: Option<i64>) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("{least} or more"),
        (None, Some(most)) => format!("{most} or less"),
        (None, None) => "anything".to_owned(),
    }
}

fn check_parts(template: &Node, declared: &Node, value: &Value, what: &str, depth: usize) -> Outcome<()> {
    match value {
        Value::Array(array) => {
            let prefix = declared.get("prefixItems").and_then(Node::elements).unwrap_or_default();
            let rest = declared.get("items").filter(|node| node.members().is_some());
            let closed = declared.get("items").is_some_and(|node| node.kind == NodeKind::Bool(false));
            let (wanted, found) = (prefix.len(), array.items.len());
            if !prefix.is_empty() && (found < wanted || closed && found > wanted) {
                let message = format!("{what} must have {wanted} elements, has {found}");
                return Err(Fault::new("parameter-type", message));
            }
            for (index, item) in array.items.iter().enumerate() {
                if let Some(declaration) = prefix.get(index).or(rest) {
                    check_at(template, declaration, item, &format!("{what}[{index}]"), depth + 1)?;
                }
            }
        }
        Value::Object(object) => {
            let mut declared = declared;
            if let Some(discriminator) = declared.get("discriminator") {
                let property = discriminator.get("propertyName").and_then(Node::as_str).unwrap_or("type");
                let variant = object.get(property).and_then(Value::as_str);
                let mapping = discriminator.get("mapping");
                let Some(found) = variant.and_then(|variant| mapping?.get(variant)) else {
                    let message = format!("{what} has no known value of `{property}`");
                    return Err(Fault::new("parameter-type", message));
                };
                declared = follow(template, found);
            }
            let properties = declared.get("properties").and_then(Node::members).unwrap_or_default();
            for member in properties {
                let what = format!("{what}.{}", member.key);
                match object.get(&member.key) {
                    Some(value) => check_at(template, &member.value, value, &what, depth + 1)?,
                    None if is_nullable(template, &member.value) => {}
                    None => return Err(Fault::new("parameter-type", format!("{what} is missing"))),
                }
            }
            let others = declared.get("additionalProperties");
            let sealed = others.is_some_and(|node| node.kind == NodeKind::Bool(false));
            for (key, value) in &object.entries {
                if properties.iter().any(|member| super::value::eq_ignore_case(&member.key, key)) {
                    continue;
                }
                if sealed {
                    return Err(Fault::new("parameter-type", format!("{what} must not have `{key}`")));
                }
                if let Some(others) = others.filter(|node| node.members().is_some()) {
                    check_at(template, others, value, &format!("{what}.{key}"), depth + 1)?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}
