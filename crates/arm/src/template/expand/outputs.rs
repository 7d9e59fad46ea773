//! Outputs: what they are declared as, and how they are shown.

use std::collections::BTreeMap;

use super::deferred::Deferred;
use super::expansion::Output;
use crate::template::language::types;
use crate::template::language::value::{Key, Value};
use crate::tree::Node;

/// What an output is declared as.
#[derive(Debug, Clone)]
pub(crate) struct OutputType {
    pub(crate) name: String,
    /// The whole or a part must not be shown.
    pub(crate) secure: bool,
}

impl OutputType {
    pub(super) fn of(template: &Node, declaration: &Node) -> Self {
        let name = types::follow(template, declaration).get("type").and_then(Node::as_str);
        let name = name.unwrap_or("object").to_owned();
        Self { name, secure: types::has_secure_parts(template, declaration) }
    }
}

/// Outputs as they are shown.
pub(crate) fn public_outputs(outputs: &[(Key, OutputType, Value)]) -> BTreeMap<String, Output> {
    let convert = |(name, kind, value): &(Key, OutputType, Value)| {
        let mut deferred = Vec::new();
        let value =
            value.to_json("", &mut |pointer, rest, text| deferred.push(Deferred::new(pointer, rest, text)));
        (name.to_string(), Output { kind: kind.name.clone(), value, deferred, secure: kind.secure })
    };
    outputs.iter().map(convert).collect()
}
