//! Parameters from outside: declarations for callers, parameter files.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value as Json;

use super::diagnostic::{Diagnostic, Document};
use super::types::{self, ParameterType};
use crate::tree::Node;

/// What a template says about one of its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterDeclaration {
    /// The name as declared.
    pub name: String,
    /// The type; that of the definition where it refers to one.
    pub kind: ParameterType,
    /// Values must not be shown.
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
                secure: kind.is_secure(),
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

/// Reads a parameter file: `{"parameters": {"name": {"value": …} | {"reference": …}}}`.
pub fn parse_parameters(file: &str, text: &str) -> Result<BTreeMap<String, ParameterValue>, Vec<Diagnostic>> {
    let document = Document::parse(file, text).map_err(|diagnostic| vec![*diagnostic])?;
    let root = &document.root;
    let Some(parameters) = root.get("parameters").and_then(Node::members) else {
        let message = "a parameter file is an object with the object `parameters`".to_owned();
        return Err(vec![document.diagnostic("not-parameters", message, root.range.clone())]);
    };
    let mut values = BTreeMap::new();
    let mut wrong = Vec::new();
    for member in parameters {
        let node = &member.value;
        let value = match (node.get("value"), node.get("reference")) {
            (Some(value), _) => ParameterValue::Value(value.to_value()),
            (None, Some(reference)) => ParameterValue::KeyVault(reference.to_value()),
            (None, None) => {
                let message = format!("the parameter `{}` has neither `value` nor `reference`", member.key);
                let mut diagnostic = document.diagnostic("parameter-value", message, node.range.clone());
                diagnostic.hint = Some(format!("write `\"{}\": {{ \"value\": … }}`", member.key));
                wrong.push(diagnostic);
                continue;
            }
        };
        values.insert(member.key.to_string(), value);
    }
    if wrong.is_empty() { Ok(values) } else { Err(wrong) }
}
