//! Where a deployment holds values of secure types.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::template::ParameterType;

/// A value of a secure type inside a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    let secure = secure_parameters(template);
    for (name, given) in members(parameters) {
        let is_secret = given.get("value").is_some_and(|value| !says_nothing(value));
        if is_secret && secure.contains(&name.to_lowercase()) {
            found
                .push(SecurePlace { name: name.clone(), at: format!("/parameters/{}/value", escaped(name)) });
        }
    }
    in_template(template, "/template", "", &mut found);
    found
}

fn in_template(template: &Json, at: &str, inside: &str, found: &mut Vec<SecurePlace>) {
    let secure = secure_parameters(template);
    for (name, declared) in members(template.get("parameters").unwrap_or(&Json::Null)) {
        let default = declared.get("defaultValue").filter(|default| is_literal(default));
        if default.is_some() && secure.contains(&name.to_lowercase()) {
            let at = format!("{at}/parameters/{}/defaultValue", escaped(name));
            found.push(SecurePlace { name: format!("{inside}default of {name}"), at });
        }
    }
    in_resources(template.get("resources"), &format!("{at}/resources"), inside, found);
}

fn in_resources(resources: Option<&Json>, at: &str, inside: &str, found: &mut Vec<SecurePlace>) {
    let all: Vec<(String, &Json)> = match resources {
        Some(Json::Array(items)) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        Some(Json::Object(items)) => items.iter().map(|(name, item)| (escaped(name), item)).collect(),
        _ => return,
    };
    for (key, resource) in all {
        let at = format!("{at}/{key}");
        in_resources(resource.get("resources"), &format!("{at}/resources"), inside, found);
        let kind = resource.get("type").and_then(Json::as_str).unwrap_or_default();
        let inner = resource.pointer("/properties/template");
        let Some(inner) = inner.filter(|_| kind.eq_ignore_ascii_case("Microsoft.Resources/deployments"))
        else {
            continue;
        };
        let inside = format!("{inside}{key}/");
        let secure = secure_parameters(inner);
        for (name, given) in members(resource.pointer("/properties/parameters").unwrap_or(&Json::Null)) {
            let literal = given.get("value").filter(|value| is_literal(value));
            if literal.is_some() && secure.contains(&name.to_lowercase()) {
                let at = format!("{at}/properties/parameters/{}/value", escaped(name));
                found.push(SecurePlace { name: format!("{inside}{name}"), at });
            }
        }
        in_template(inner, &format!("{at}/properties/template"), &inside, found);
    }
}

/// Where a template and those inside of it compute the default of a secure text: `[newGuid()]`, say.
pub(super) fn computed_defaults(template: &Json) -> Vec<String> {
    let mut found = Vec::new();
    computed_below(template, "/template", &mut found);
    found
}

fn computed_below(value: &Json, at: &str, found: &mut Vec<String>) {
    let inside: Vec<(String, &Json)> = match value {
        Json::Object(members) => members.iter().map(|(key, member)| (escaped(key), member)).collect(),
        Json::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => return,
    };
    if value.get("resources").is_some() {
        for (name, declared) in members(value.get("parameters").unwrap_or(&Json::Null)) {
            let text = |key: &str| declared.get(key).and_then(Json::as_str).unwrap_or_default();
            let default = text("defaultValue");
            let computed = default.starts_with('[') && !default.starts_with("[[");
            if computed && text("type").eq_ignore_ascii_case("securestring") {
                found.push(format!("{at}/parameters/{}/defaultValue", escaped(name)));
            }
        }
    }
    for (key, inner) in inside {
        computed_below(inner, &format!("{at}/{key}"), found);
    }
}

/// The same expression with one letter more in front: what it draws is drawn as before, so that nothing else differs.
pub(super) fn longer(expression: &str) -> String {
    let inner = expression.trim().trim_start_matches('[').strip_suffix(']').unwrap_or(expression);
    format!("[concat('z', {inner})]")
}

/// The names, in lower case, of a template's parameters of a secure type; a definition may be what says so.
fn secure_parameters(template: &Json) -> BTreeSet<String> {
    let kind = |declared: &Json| -> Option<ParameterType> {
        let mut declared = declared;
        for _ in 0..8 {
            let Some(path) = declared.get("$ref").and_then(Json::as_str) else { break };
            declared = template.pointer(path.trim_start_matches('#'))?;
        }
        ParameterType::from_name(declared.get("type")?.as_str()?)
    };
    members(template.get("parameters").unwrap_or(&Json::Null))
        .filter(|(_, declared)| kind(declared).is_some_and(ParameterType::is_secure))
        .map(|(name, _)| name.to_lowercase())
        .collect()
}

pub(super) fn members(value: &Json) -> impl Iterator<Item = (&String, &Json)> {
    value.as_object().into_iter().flatten()
}

pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Text that nobody computes: an expression shows what a secret is made of, and not the secret.
fn is_literal(value: &Json) -> bool {
    let computed = value.as_str().is_some_and(|text| text.starts_with('[') && !text.starts_with("[["));
    !computed && !says_nothing(value)
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
