//! Values that must not be shown, and what an expansion makes of them. `places.rs` tells where a deployment holds them,
//! `names.rs` covers names that are made of them.
//!
//! A secret seldom stays as it was typed: it becomes a part of a connection string, a base64 text, a seed of a name. So
//! nobody searches for it. The template is expanded once more with other secrets, and whatever differs depends on them.

mod names;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::{Map, Value as Json, json};

use super::expand::expand_given;
use super::expansion::{Context, Expansion, NoLinks};
use super::{Deferred, ParameterValue, Template};
use names::{How, cover_names};
use places::{computed_defaults, escaped, longer, members};

pub use places::{SecurePlace, secure_places};

/// What stands in the place of a value that depends on a secret.
pub const VEIL: &str = "‹secure value›";

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

/// Where in its text a template spells out secrets, however they are escaped; in order.
pub fn secret_ranges(template: &Template) -> Vec<Range<usize>> {
    let places = secure_places(&template.tree().to_value(), &Json::Null);
    let nodes =
        places.iter().filter_map(|place| template.tree().pointer(place.at.strip_prefix("/template")?));
    let mut ranges: Vec<_> = nodes.map(|node| node.range.clone()).collect();
    ranges.sort_by_key(|range| range.start);
    ranges
}

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
