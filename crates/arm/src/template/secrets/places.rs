//! Where a deployment holds values of secure types.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::template::ParameterType;
use crate::template::language::parser::{Text, classify};
use crate::template::language::types::REFERENCES_MAX;

/// A value of a secure type inside a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurePlace {
    /// The parameter's name; of a nested deployment behind the names of the deployments around it.
    pub name: String,
    /// JSON pointer in the deployment's properties, which hold `template` and `parameters`.
    pub at: String,
}

/// Where the properties of a deployment, `{template, parameters}`, hold values of secure types: given ones, literal
/// defaults, and what templates hand to nested ones as text.
pub fn secure_places(template: &Json, parameters: &Json) -> Vec<SecurePlace> {
    let mut found = Vec::new();
    let secure = parameters_of(template, ParameterType::is_secure);
    for (name, given) in members(parameters).filter(|(name, _)| secure.contains(&name.to_lowercase())) {
        for (key, _) in named(given, "value").filter(|(_, value)| !says_nothing(value)) {
            let at = format!("/parameters/{}/{key}", escaped(name));
            found.push(SecurePlace { name: name.clone(), at });
        }
    }
    in_template(template, "/template", "", &mut found);
    found
}

fn in_template(template: &Json, at: &str, inside: &str, found: &mut Vec<SecurePlace>) {
    let secure = parameters_of(template, ParameterType::is_secure);
    for (section, parameters) in named(template, "parameters") {
        for (name, declared) in members(parameters).filter(|(name, _)| secure.contains(&name.to_lowercase()))
        {
            for (key, _) in named(declared, "defaultValue").filter(|(_, default)| is_literal(default)) {
                let at = format!("{at}/{section}/{}/{key}", escaped(name));
                found.push(SecurePlace { name: format!("{inside}default of {name}"), at });
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
        let secure = parameters_of(template, ParameterType::is_secure);
        for (parameters, all) in named(properties, "parameters") {
            for (name, given) in members(all).filter(|(name, _)| secure.contains(&name.to_lowercase())) {
                for (key, _) in named(given, "value").filter(|(_, value)| is_literal(value)) {
                    let at = format!("{at}/{parameters}/{}/{key}", escaped(name));
                    found.push(SecurePlace { name: format!("{inside}{name}"), at });
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
        let secure = parameters_of(value, |kind| kind == ParameterType::SecureString);
        for (section, parameters) in named(value, "parameters") {
            for (name, declared) in
                members(parameters).filter(|(name, _)| secure.contains(&name.to_lowercase()))
            {
                for (key, _) in named(declared, "defaultValue").filter(|(_, default)| is_computed(default)) {
                    found.push(format!("{at}/{section}/{}/{key}", escaped(name)));
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

/// The names, in lower case, of a template's parameters of some types; a definition may be what says which it is.
fn parameters_of(template: &Json, wanted: fn(ParameterType) -> bool) -> BTreeSet<String> {
    let is_wanted = |declared: &Json| {
        let mut kinds = named(follow(template, declared), "type").filter_map(|(_, kind)| kind.as_str());
        kinds.any(|kind| ParameterType::from_name(kind).is_some_and(wanted))
    };
    let all = named(template, "parameters").flat_map(|(_, parameters)| members(parameters));
    all.filter(|(_, declared)| is_wanted(declared)).map(|(name, _)| name.to_lowercase()).collect()
}

/// Follows `$ref` to the definition of a type, as the engine does.
fn follow<'v>(template: &'v Json, mut declared: &'v Json) -> &'v Json {
    for _ in 0..REFERENCES_MAX {
        let path = named(declared, "$ref").find_map(|(_, path)| path.as_str());
        let Some(path) = path else { break };
        let tokens = path.trim_start_matches('#').split('/').skip(1);
        let target = tokens
            .map(|token| token.replace("~1", "/").replace("~0", "~"))
            .try_fold(template, |target, token| {
                target.get(&token).or_else(|| named(target, &token).last().map(|(_, next)| next))
            });
        let Some(target) = target else { break };
        declared = target;
    }
    declared
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
