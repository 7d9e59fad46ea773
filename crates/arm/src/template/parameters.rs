//! Parameters from outside: declarations for callers, parameter files.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value as Json;

use super::diagnostic::{Diagnostic, Document, did_you_mean};
use super::key_vault;
use super::language::types::{self, ParameterType};
use super::language::value::Value;
use crate::tree::{Member, Node};

/// What a template says about one of its parameters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ParameterDeclaration {
    /// The name as declared.
    pub name: String,
    /// The type; that of the definition where it refers to one.
    pub kind: ParameterType,
    /// Values must not be shown: the type is secure, or that of a part.
    pub secure: bool,
    /// The default, possibly an expression.
    pub default: Option<Node>,
    /// Null, or nothing, is a value for it.
    pub nullable: bool,
    /// The only values that it takes.
    pub allowed: Option<Vec<Json>>,
    /// The least number of characters or elements.
    pub min_length: Option<u64>,
    /// The greatest number of characters or elements.
    pub max_length: Option<u64>,
    /// The least int.
    pub min_value: Option<i64>,
    /// The greatest int.
    pub max_value: Option<i64>,
    /// What `metadata.description` says.
    pub description: Option<String>,
    /// Where the declaration stands, its name included.
    pub range: Range<usize>,
}

impl ParameterDeclaration {
    /// Whether the template cannot be expanded without a value.
    pub fn is_required(&self) -> bool {
        self.default.is_none() && !self.nullable
    }
}

/// One value of a parameter file.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterValue {
    /// A literal: never evaluated.
    Value(Json),
    /// A secret of a key vault, as `{"keyVault": {"id": …}, "secretName": …}`.
    KeyVault(Json),
}

pub(crate) fn declarations(root: &Node) -> Vec<ParameterDeclaration> {
    let members = root.get("parameters").and_then(Node::members).unwrap_or_default();
    members
        .iter()
        .map(|member| {
            let node = &member.value;
            let definition = types::follow(root, node);
            let find = |key: &str| node.get(key).or_else(|| definition.get(key));
            let number = |key: &str| find(key).map(Node::to_value);
            let kind = types::kind(root, node);
            ParameterDeclaration {
                name: member.key.to_string(),
                kind,
                secure: types::has_secure_parts(root, node),
                default: node.get("defaultValue").cloned(),
                nullable: types::is_nullable(root, node),
                allowed: find("allowedValues")
                    .and_then(Node::elements)
                    .map(|values| values.iter().map(Node::to_value).collect()),
                min_length: number("minLength").and_then(|value| value.as_u64()),
                max_length: number("maxLength").and_then(|value| value.as_u64()),
                min_value: number("minValue").and_then(|value| value.as_i64()),
                max_value: number("maxValue").and_then(|value| value.as_i64()),
                description: node
                    .get("metadata")
                    .and_then(|metadata| metadata.get("description"))
                    .and_then(Node::as_str)
                    .map(str::to_owned),
                range: member.key_range.start..node.range.end,
            }
        })
        .collect()
}

/// Reads a parameter file: `{"parameters": {"name": {"value": …} | {"reference": …}}}`. As with `az`, the outer object may
/// be left out.
///
/// # Errors
/// Everything that is wrong with the file, each at its place.
pub fn parse_parameters(file: &str, text: &str) -> Result<BTreeMap<String, ParameterValue>, Vec<Diagnostic>> {
    let document = Document::parse(file, text).map_err(|diagnostic| vec![*diagnostic])?;
    let parameters = find(&document).map_err(|diagnostic| vec![*diagnostic])?;
    let mut values = BTreeMap::new();
    let mut wrong = Vec::new();
    for member in parameters {
        match given(&document, member) {
            Ok(value) => {
                values.insert(member.key.to_string(), value);
            }
            Err(diagnostic) => wrong.push(*diagnostic),
        }
    }
    if wrong.is_empty() { Ok(values) } else { Err(wrong) }
}

/// The members that give values.
fn find(document: &Document) -> Result<&[Member], Box<Diagnostic>> {
    const SHAPE: &str = "a parameter file is `{ \"parameters\": { \"name\": { \"value\": … } } }`";
    let root = &document.root;
    let wrong = |message: String, hint: &str, range: Range<usize>| {
        let mut diagnostic = document.diagnostic("not-parameters", message, range);
        diagnostic.hint = Some(hint.to_owned());
        Box::new(diagnostic)
    };
    let begins = root.range.start..root.range.end.min(root.range.start + 1);
    let Some(members) = root.members() else {
        return Err(wrong(
            format!("a parameter file must be an object, is {}", root.kind_name()),
            SHAPE,
            begins,
        ));
    };
    if root.get("resources").is_some() {
        let hint = "give it as the template, and name a parameter file here";
        return Err(wrong("this is a template, not a parameter file".to_owned(), hint, begins));
    }
    let Some(parameters) = root.get("parameters") else {
        let is_entry =
            |member: &Member| member.value.get("value").or(member.value.get("reference")).is_some();
        if !members.is_empty() && members.iter().all(is_entry) {
            return Ok(members);
        }
        let named = members.iter().map(|member| &*member.key);
        let hint = did_you_mean("parameters", named).map(|_| "did you mean `parameters`?");
        return Err(wrong("this file has no `parameters`".to_owned(), hint.unwrap_or(SHAPE), begins));
    };
    parameters.members().ok_or_else(|| {
        let message = format!("`parameters` must be an object, is {}", parameters.kind_name());
        wrong(message, SHAPE, parameters.range.clone())
    })
}

/// What one member gives.
fn given(document: &Document, member: &Member) -> Result<ParameterValue, Box<Diagnostic>> {
    let (name, node) = (&member.key, &member.value);
    let wrong = |code, message: String, range: &Range<usize>, hint: Option<String>| {
        let mut diagnostic = document.diagnostic(code, message, range.clone());
        diagnostic.hint = hint;
        Box::new(diagnostic)
    };
    let shape = format!("write `\"{name}\": {{ \"value\": … }}`");
    match (node.get("value"), node.get("reference")) {
        (Some(_), Some(reference)) => {
            let message = format!("the parameter `{name}` has both `value` and `reference`");
            Err(wrong("parameter-value", message, &reference.range, Some("keep one of them".to_owned())))
        }
        (Some(value), None) => Ok(ParameterValue::Value(value.to_value())),
        (None, Some(reference)) => Value::from_node(reference)
            .and_then(|value| key_vault::literal_secret(&value))
            .map(|_| ParameterValue::KeyVault(reference.to_value()))
            .map_err(|fault| wrong(fault.code, fault.message.clone(), &reference.range, fault.hint.clone())),
        (None, None) => {
            let Some(members) = node.members() else {
                let message =
                    format!("the parameter `{name}` is given as {}, not as an object", node.kind_name());
                return Err(wrong("parameter-value", message, &node.range, Some(shape)));
            };
            if let Some(expression) = node.get("expression") {
                let message =
                    format!("`{name}` is an expression, which only the one who deploys can evaluate");
                let hint = format!("give its value instead: {shape}");
                return Err(wrong("parameter-value", message, &expression.range, Some(hint)));
            }
            let near = |wanted| members.iter().any(|member| crate::nearest(&member.key, [wanted]).is_some());
            let meant = ["value", "reference"].into_iter().find(|wanted| near(*wanted));
            let hint = meant.map_or(shape, |meant| format!("did you mean `{meant}`?"));
            let message = format!("the parameter `{name}` has neither `value` nor `reference`");
            Err(wrong("parameter-value", message, &node.range, Some(hint)))
        }
    }
}
