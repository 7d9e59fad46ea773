//! Where a deployment holds values of secure types.

use serde_json::Value as Json;

use crate::template::ParameterType;
use crate::template::language::parser::{Text, classify};
use crate::template::language::types::secure_parts;

/// A value of a secure type inside a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurePlace {
    /// The parameter's name, `login`, and where only a part of it is secure, which: `login#/password`. Of a nested
    /// deployment behind the names of the deployments around it.
    pub name: String,
    /// JSON pointer in the deployment's properties, which hold `template` and `parameters`.
    pub at: String,
}

/// Where the properties of a deployment, `{template, parameters}`, hold values of secure types: given ones, literal
/// defaults, and what templates hand to nested ones as text.
pub fn secure_places(template: &Json, parameters: &Json) -> Vec<SecurePlace> {
    let mut found = Vec::new();
    for (name, given) in members(parameters) {
        for (key, value) in named(given, "value") {
            let at = format!("/parameters/{}/{key}", escaped(name));
            for part in parts_of(template, name, value).filter(|part| !says_nothing(part.value)) {
                found.push(part.place(name, &at));
            }
        }
    }
    in_template(template, "/template", "", &mut found);
    found
}

fn in_template(template: &Json, at: &str, inside: &str, found: &mut Vec<SecurePlace>) {
    for (section, parameters) in named(template, "parameters") {
        for (name, declared) in members(parameters) {
            for (key, default) in named(declared, "defaultValue") {
                let at = format!("{at}/{section}/{}/{key}", escaped(name));
                for part in parts_of(template, name, default).filter(|part| is_literal(part.value)) {
                    found.push(part.place(&format!("{inside}default of {name}"), &at));
                }
            }
        }
    }
    for (section, resources) in named(template, "resources") {
        in_resources(resources, &format!("{at}/{section}"), inside, found);
    }
}

fn in_resources(resources: &Json, at: &str, inside: &str, found: &mut Vec<SecurePlace>) {
    for (key, resource) in elements(resources) {
        let at = format!("{at}/{key}");
        for (section, children) in named(resource, "resources") {
            in_resources(children, &format!("{at}/{section}"), inside, found);
        }
        let is_deployment = |kind: &Json| {
            kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("Microsoft.Resources/deployments"))
        };
        if named(resource, "type").any(|(_, kind)| is_deployment(kind)) {
            let inside = format!("{inside}{key}/");
            for (section, properties) in named(resource, "properties") {
                in_deployment(properties, &format!("{at}/{section}"), &inside, found);
            }
        }
    }
}

fn in_deployment(properties: &Json, at: &str, inside: &str, found: &mut Vec<SecurePlace>) {
    for (section, template) in named(properties, "template") {
        for (parameters, all) in named(properties, "parameters") {
            for (name, given) in members(all) {
                for (key, value) in named(given, "value") {
                    let at = format!("{at}/{parameters}/{}/{key}", escaped(name));
                    for part in parts_of(template, name, value).filter(|part| is_literal(part.value)) {
                        found.push(part.place(&format!("{inside}{name}"), &at));
                    }
                }
            }
        }
        in_template(template, &format!("{at}/{section}"), inside, found);
    }
}

/// Where a template and those inside of it compute the default of a secure text: `[newGuid()]`, say.
pub(super) fn computed_defaults(template: &Json) -> Vec<String> {
    let mut found = Vec::new();
    computed_below(template, "/template", &mut found);
    found
}

fn computed_below(value: &Json, at: &str, found: &mut Vec<String>) {
    if named(value, "resources").next().is_some() {
        for (section, parameters) in named(value, "parameters") {
            for (name, declared) in members(parameters) {
                for (key, default) in named(declared, "defaultValue") {
                    let texts = parts_of(value, name, default)
                        .filter(|part| part.kind == ParameterType::SecureString && is_computed(part.value));
                    let at = format!("{at}/{section}/{}/{key}", escaped(name));
                    found.extend(texts.map(|part| format!("{at}{}", part.at)));
                }
            }
        }
    }
    for (key, inner) in elements(value) {
        computed_below(inner, &format!("{at}/{key}"), found);
    }
}

/// The same expression with one letter more in front: what it draws is drawn as before, so that nothing else differs.
pub(super) fn longer(expression: &str) -> String {
    let inner = expression.trim().trim_start_matches('[').strip_suffix(']').unwrap_or(expression);
    format!("[concat('z', {inner})]")
}

/// A secure part of a value.
struct Part<'v> {
    /// JSON pointer in the value.
    at: String,
    kind: ParameterType,
    value: &'v Json,
}

impl Part<'_> {
    /// Its place, if the value stands at `at`. `#` keeps a part apart from what else is called so.
    fn place(&self, name: &str, at: &str) -> SecurePlace {
        let part = if self.at.is_empty() { String::new() } else { format!("#{}", self.at) };
        SecurePlace { name: format!("{name}{part}"), at: format!("{at}{}", self.at) }
    }
}

/// The secure parts of a value of the parameter `name`.
fn parts_of<'v>(template: &Json, name: &str, value: &'v Json) -> impl Iterator<Item = Part<'v>> {
    let all = named(template, "parameters").flat_map(|(_, parameters)| members(parameters));
    let declared = all.filter(|(declared, _)| declared.to_lowercase() == name.to_lowercase());
    let mut parts: Vec<_> =
        declared.flat_map(|(_, declared)| secure_parts(template, declared, value)).collect();
    parts.sort_by(|one, other| one.at.cmp(&other.at));
    parts.dedup_by(|one, other| one.at == other.at);
    parts.into_iter().filter_map(|part| {
        let inner = value.pointer(&part.at)?;
        Some(Part { at: part.at, kind: part.kind, value: inner })
    })
}

/// The members that a keyword names. The engine takes keywords in any case, and text that is shown has all of them.
fn named<'v>(value: &'v Json, keyword: &str) -> impl Iterator<Item = (&'v String, &'v Json)> {
    members(value).filter(move |(name, _)| name.eq_ignore_ascii_case(keyword))
}

/// What is in a list or an object, with the tokens of pointers that lead to it.
fn elements(value: &Json) -> Vec<(String, &Json)> {
    match value {
        Json::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        Json::Object(members) => members.iter().map(|(key, member)| (escaped(key), member)).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn members(value: &Json) -> impl Iterator<Item = (&String, &Json)> {
    value.as_object().into_iter().flatten()
}

pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Text that nobody computes: an expression shows what a secret is made of, and not the secret.
fn is_literal(value: &Json) -> bool {
    !is_computed(value) && !says_nothing(value)
}

/// Whether a value that stands in a template is an expression.
pub(super) fn is_computed(value: &Json) -> bool {
    value.as_str().is_some_and(|text| matches!(classify(text), Text::Expression(_)))
}

fn says_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.iter().all(says_nothing),
        Json::Object(members) => members.values().all(says_nothing),
        Json::Bool(_) | Json::Number(_) => false,
    }
}
