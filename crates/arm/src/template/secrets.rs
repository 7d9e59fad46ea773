//! Values that must not be shown: where a deployment holds them, and what an expansion makes of them.
//!
//! A secret seldom stays as it was typed: it becomes a part of a connection string, a base64 text, a seed of a name. So
//! nobody searches for it. The template is expanded once more with other secrets, and whatever differs depends on them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::expand::expand_given;
use super::expansion::{Context, Expansion, NoLinks};
use names::{How, cover_names};

use super::{Deferred, ParameterType, ParameterValue, Template};

mod names;

/// What stands in the place of a value that depends on a secret.
pub const VEIL: &str = "‹secure value›";

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

/// Puts a veil over every value in `expansion` that depends on a secret. `template` holds whatever it links to. Names and
/// ids stay as they are: whoever deploys needs them.
pub fn veil(
    expansion: &mut Expansion,
    file: &str,
    template: &Json,
    parameters: &BTreeMap<String, Json>,
    context: &Context,
) {
    let given = parameters.iter().map(|(name, value)| (name.clone(), json!({ "value": value })));
    cover_all(expansion, file, template, given.collect(), context, Names::Kept);
}

/// The same for what [`expand_given`](super::expand_given) made and somebody will read: names and ids are covered, too, and
/// what is said of them. A secret of a key vault is named, and nothing of it known.
pub fn veil_given(
    expansion: &mut Expansion,
    file: &str,
    template: &Json,
    parameters: &BTreeMap<String, ParameterValue>,
    context: &Context,
) {
    let entry = |given: &ParameterValue| match given {
        ParameterValue::Value(value) => json!({ "value": value }),
        ParameterValue::KeyVault(reference) => json!({ "reference": reference }),
    };
    let given = parameters.iter().map(|(name, given)| (name.clone(), entry(given)));
    cover_all(expansion, file, template, given.collect(), context, Names::Covered);
}

/// Whether names that are made of secrets are covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Covered,
    Kept,
}

fn cover_all(
    expansion: &mut Expansion,
    file: &str,
    template: &Json,
    given: Map<String, Json>,
    context: &Context,
    names: Names,
) {
    let given = Json::Object(given);
    let places = secure_places(template, &given);
    let computed = computed_defaults(template);
    if places.is_empty() && computed.is_empty() {
        return;
    }
    let mut body = json!({ "parameters": given });
    body["template"] = template.clone();
    let mut secrets = BTreeSet::new();
    let plain = expanded(file, &body, context);
    for place in &places {
        if let Some(value) = body.pointer_mut(&place.at) {
            texts(value, &mut secrets);
            vary(value);
        }
    }
    // A computed secret becomes another one, too, unless that makes another template.
    let mut bodies = vec![body];
    if !computed.is_empty() {
        let mut body = bodies[0].clone();
        for at in &computed {
            if let Some(Json::String(text)) = body.pointer_mut(at) {
                *text = longer(text);
            }
        }
        bodies.insert(0, body);
    }
    let mut all = bodies.iter().filter_map(|body| expanded(file, body, context));
    let varied = all.find(|varied| alike(expansion, varied));
    let plain = plain.filter(|plain| alike(expansion, plain));
    let how = if let (Some(plain), Some(varied)) = (&plain, &varied) {
        compare(expansion, plain, varied);
        How::Compared(plain, varied)
    } else {
        // Other secrets make another template: then what holds one as it was typed is all that can be told.
        search(expansion, &secrets);
        How::Searched(&secrets)
    };
    if names == Names::Covered {
        cover_names(expansion, how);
    }
}

/// A text for people without the secrets that `parameters` give.
pub fn without_secrets(text: &str, template: &Template, parameters: &BTreeMap<String, Json>) -> String {
    let mut secrets = BTreeSet::new();
    for declared in template.parameters().filter(|declared| declared.secure) {
        let given = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(&declared.name));
        if let Some((_, value)) = given {
            texts(value, &mut secrets);
        }
    }
    // The longest first: one may be a part of another.
    let mut secrets: Vec<String> = secrets.into_iter().collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), VEIL))
}

/// The text of a template for people: in the place of each secret that it spells out stands a veil, however it is escaped.
pub fn veiled_text(template: &Template) -> String {
    let places = secure_places(&template.tree().to_value(), &Json::Null);
    let nodes =
        places.iter().filter_map(|place| template.tree().pointer(place.at.strip_prefix("/template")?));
    let mut ranges: Vec<_> = nodes.map(|node| node.range.clone()).collect();
    ranges.sort_by_key(|range| range.start);
    let mut text = String::with_capacity(template.text().len());
    let mut done = 0;
    for range in ranges {
        text.push_str(&template.text()[done..range.start]);
        text.extend(["\"", VEIL, "\""]);
        done = range.end;
    }
    text + &template.text()[done..]
}

// --- where secrets are

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
fn computed_defaults(template: &Json) -> Vec<String> {
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
fn longer(expression: &str) -> String {
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

fn members(value: &Json) -> impl Iterator<Item = (&String, &Json)> {
    value.as_object().into_iter().flatten()
}

fn escaped(name: &str) -> String {
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

// --- what depends on them

fn expanded(file: &str, body: &Json, context: &Context) -> Option<Expansion> {
    let template = Template::parse(file, &body["template"].to_string()).ok()?;
    let given = |(name, entry): (&String, &Json)| {
        let secret = || entry.get("reference").cloned().map(ParameterValue::KeyVault);
        let given = entry.get("value").cloned().map(ParameterValue::Value).or_else(secret)?;
        Some((name.clone(), given))
    };
    let parameters = members(&body["parameters"]).filter_map(given).collect();
    Some(expand_given(&template, &parameters, context, &NoLinks))
}

fn alike(one: &Expansion, other: &Expansion) -> bool {
    one.is_clean() == other.is_clean()
        && one.resources.len() == other.resources.len()
        && one.resources.iter().zip(&other.resources).all(|(one, other)| one.kind == other.kind)
}

fn compare(expansion: &mut Expansion, plain: &Expansion, varied: &Expansion) {
    let pairs = plain.resources.iter().zip(&varied.resources);
    for (resource, (plain, varied)) in expansion.resources.iter_mut().zip(pairs) {
        cover(&mut resource.body, &mut resource.deferred, &plain.body, &varied.body);
        resource.unsettled.retain(|rest| varied.unsettled.contains(rest) || !plain.unsettled.contains(rest));
        if let (Some(own), Some(plain), Some(varied)) =
            (&mut resource.deployment, &plain.deployment, &varied.deployment)
        {
            outputs(&mut own.outputs, &plain.outputs, &varied.outputs);
        }
    }
    outputs(&mut expansion.outputs, &plain.outputs, &varied.outputs);
}

type Outputs = BTreeMap<String, super::Output>;

fn outputs(own: &mut Outputs, plain: &Outputs, varied: &Outputs) {
    for (name, output) in own {
        if let (Some(plain), Some(varied)) = (plain.get(name), varied.get(name)) {
            cover(&mut output.value, &mut output.deferred, &plain.value, &varied.value);
        }
    }
}

fn cover(value: &mut Json, deferred: &mut Vec<Deferred>, plain: &Json, varied: &Json) {
    let mut covered = Vec::new();
    differences(plain, varied, String::new(), &mut covered);
    for at in &covered {
        if let Some(value) = value.pointer_mut(at) {
            *value = VEIL.into();
        }
    }
    deferred.retain(|deferred| {
        !covered.iter().any(|at| {
            deferred.pointer.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    });
}

fn differences(one: &Json, other: &Json, at: String, found: &mut Vec<String>) {
    match (one, other) {
        (Json::Object(one), Json::Object(other)) if one.keys().eq(other.keys()) => {
            for (key, value) in one {
                differences(value, &other[key], format!("{at}/{}", escaped(key)), found);
            }
        }
        (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(one, other, format!("{at}/{index}"), found);
            }
        }
        (one, other) if one != other => found.push(at),
        _ => {}
    }
}

fn search(expansion: &mut Expansion, secrets: &BTreeSet<String>) {
    for resource in &mut expansion.resources {
        resource
            .unsettled
            .retain(|rest| !secrets.iter().any(|secret| rest.expression.contains(secret.as_str())));
    }
    let all = expansion.resources.iter_mut().flat_map(|resource| {
        let inner = resource.deployment.iter_mut().flat_map(|nested| nested.outputs.values_mut());
        let inner = inner.map(|output| (&mut output.value, &mut output.deferred));
        std::iter::once((&mut resource.body, &mut resource.deferred)).chain(inner)
    });
    let outputs = expansion.outputs.values_mut().map(|output| (&mut output.value, &mut output.deferred));
    for (value, deferred) in all.chain(outputs) {
        deferred
            .retain(|deferred| !secrets.iter().any(|secret| deferred.expression.contains(secret.as_str())));
        hide(value, secrets);
    }
}

fn hide(value: &mut Json, secrets: &BTreeSet<String>) {
    match value {
        Json::String(text) if secrets.iter().any(|secret| text.contains(secret.as_str())) => {
            VEIL.clone_into(text);
        }
        Json::Array(items) => items.iter_mut().for_each(|item| hide(item, secrets)),
        Json::Object(members) => members.values_mut().for_each(|member| hide(member, secrets)),
        _ => {}
    }
}

fn texts(value: &Json, into: &mut BTreeSet<String>) {
    match value {
        Json::String(text) if !text.is_empty() => {
            into.insert(text.clone());
        }
        Json::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Json::Object(members) => members.values().for_each(|member| texts(member, into)),
        _ => {}
    }
}

/// Another value of the same length and of the same kinds of characters: what a template demands of it still holds.
fn vary(value: &mut Json) {
    match value {
        Json::String(text) => {
            let other: String = text.chars().map(another).collect();
            *text = if other == *text { text.replacen(|_| true, "#", 1) } else { other };
        }
        Json::Number(number) => {
            if let Some(other) = number.as_i64().and_then(|number| number.checked_add(1)) {
                *value = other.into();
            }
        }
        Json::Array(items) => items.iter_mut().for_each(vary),
        Json::Object(members) => members.values_mut().for_each(vary),
        Json::Null | Json::Bool(_) => {}
    }
}

fn another(c: char) -> char {
    let next = |first: u8, last: u8, c: u8| char::from(if c == last { first } else { c + 1 });
    match u8::try_from(c) {
        Ok(c @ b'a'..=b'z') => next(b'a', b'z', c),
        Ok(c @ b'A'..=b'Z') => next(b'A', b'Z', c),
        Ok(c @ b'0'..=b'9') => next(b'0', b'9', c),
        _ => c,
    }
}

#[cfg(test)]
mod tests;
