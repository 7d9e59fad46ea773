//! Values that must not be shown, and what an expansion makes of them.
//!
//! [`veil()`] covers an expansion for whoever deploys, [`veil_given`] for whoever reads, and [`Secrets::cover`] a text;
//! [`secure_places`] tells where a deployment holds such values. A secret seldom stays as it was typed: it becomes a part of a
//! connection string, a base64 text, a seed of a name. So nobody searches for it. The template is expanded once more with other
//! secrets, and whatever differs depends on them. Only where others make another template it is searched for.

// `places` tells where a deployment holds them, `vary` expands with others, `names` covers names that are made of them, `said` what
// is said of them, `spelled` searches.

mod names;
mod places;
mod queries;
mod said;
mod spelled;
mod vary;

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value as Json, json};

use super::expand::expand_given;
use super::expand::expansion::{Context, Expansion, NoLinks};
use super::{Deferred, ParameterValue, Template};
use names::{How, cover_names};
use places::{computed_defaults, escaped, longer, members};
use said::cover_messages;
use vary::{Much, Stands, vary};

pub use places::{SecurePlace, secure_places};
pub use queries::cover_queries;
pub use spelled::Secrets;

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

/// The same for what [`expand_given`] made and somebody will read: names and ids are covered, too, and
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

/// The same for an expansion with mistakes, of which only what is said matters.
pub fn veil_mistakes(
    expansion: &mut Expansion,
    file: &str,
    template: &Json,
    parameters: &BTreeMap<String, Json>,
    context: &Context,
) {
    let given = parameters.iter().map(|(name, value)| (name.clone(), json!({ "value": value })));
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
    let secrets = Secrets::at(&places, &body);
    let plain = expanded(file, &body, context).filter(|plain| alike(expansion, plain));
    let varied =
        plain.as_ref().and_then(|_| with_others(expansion, file, &body, &places, &computed, context));
    let (Some(plain), Some((varied, much))) = (plain, varied) else {
        // Other secrets make another template: then what holds one as it was typed is all that can be told.
        search(expansion, &secrets, names);
        return;
    };
    compare(expansion, &plain, &varied);
    cover_messages(expansion, &plain, &varied, &secrets);
    if names == Names::Covered {
        cover_names(expansion, How::Compared(&plain, &varied));
    }
    if much == Much::Texts {
        // Numbers had to stay as they are, so that nothing differs by them.
        search(expansion, &secrets.numbers(), names);
    }
}

fn search(expansion: &mut Expansion, secrets: &Secrets, names: Names) {
    secrets.hide_in(expansion);
    if names == Names::Covered {
        cover_names(expansion, How::Searched(secrets));
    }
}

/// Where the text of a template spells out a secret, in order.
pub fn secret_ranges(template: &Template) -> Vec<Range<usize>> {
    let places = secure_places(&template.json(), &Json::Null);
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

/// The expansion with other secrets, as much of them as leaves the template the one that it is, and how much that is.
fn with_others(
    expansion: &Expansion,
    file: &str,
    body: &Json,
    places: &[SecurePlace],
    computed: &[String],
    context: &Context,
) -> Option<(Expansion, Much)> {
    let mut tried = Json::Null;
    for much in Much::EACH {
        let mut others = body.clone();
        for place in places {
            if let Some(value) = others.pointer_mut(&place.at) {
                vary(value, Stands::of(&place.at), much);
            }
        }
        if others == tried {
            continue;
        }
        // A computed secret becomes another one, too, unless that makes another template.
        let drawn = (!computed.is_empty()).then(|| with_longer(&others, computed));
        for body in drawn.iter().chain([&others]) {
            if let Some(varied) = expanded(file, body, context).filter(|varied| alike(expansion, varied)) {
                return Some((varied, much));
            }
        }
        tried = others;
    }
    None
}

fn with_longer(body: &Json, computed: &[String]) -> Json {
    let mut body = body.clone();
    for at in computed {
        if let Some(Json::String(text)) = body.pointer_mut(at) {
            *text = longer(text);
        }
    }
    body
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

#[cfg(test)]
mod tests;
