//! Whether two expansions are the same graph.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::region::Region;
use crate::template::diagnostic::Severity;
use crate::template::expand::expansion::{ExpandedResource, Expansion, Output};

/// The first thing that differs between the old template and the new one, in words; places in files do not count.
pub(super) fn difference(old: &Expansion, new: &Expansion) -> Option<String> {
    let wrong = new.diagnostics.iter().find(|found| found.severity == Severity::Error);
    if let Some(wrong) = wrong {
        return Some(format!("it would be refused: {}", wrong.message));
    }
    if old.resources.len() != new.resources.len() {
        let (before, after) = (old.resources.len(), new.resources.len());
        return Some(format!("{before} resources would become {after}"));
    }
    let pairs = || old.resources.iter().zip(&new.resources);
    if let Some((before, after)) = pairs().find(|(before, after)| before.id != after.id) {
        return Some(format!("`{}` would become `{}`", before.id, after.id));
    }
    if let Some((part, id)) = pairs().find_map(|(old, new)| Some((resource(old, new)?, &old.id))) {
        return Some(format!("the {part} of `{id}` would change"));
    }
    outputs(&old.outputs, &new.outputs).map(|name| format!("the output `{name}` would change"))
}

/// The part of a resource that differs.
fn resource(old: &ExpandedResource, new: &ExpandedResource) -> Option<&'static str> {
    let place = |text: &Option<String>| text.as_deref().map(Region::lenient);
    let nested = |of: &ExpandedResource| of.deployment.as_ref().map(|nested| nested.mode.clone());
    let same = [
        ("type", old.kind == new.kind),
        ("name", old.name == new.name),
        ("API version", old.api_version == new.api_version),
        ("location", place(&old.location) == place(&new.location)),
        ("scope", old.scope == new.scope),
        ("dependencies", old.depends_on == new.depends_on && old.waits_for == new.waits_for),
        ("kind of existence", old.existing == new.existing && old.symbol == new.symbol),
        ("deployment", nested(old) == nested(new) && old.deployment_chain == new.deployment_chain),
        ("values that only the run knows", old.deferred == new.deferred),
        ("body", bodies(old, new)),
    ];
    if let Some((part, _)) = same.into_iter().find(|(_, same)| !same) {
        return Some(part);
    }
    match (&old.deployment, &new.deployment) {
        (Some(old), Some(new)) => outputs(&old.outputs, &new.outputs).map(|_| "outputs"),
        _ => None,
    }
}

/// Equal, but for how the location is spelled, and for what is handed into a nested template besides.
fn bodies(old: &ExpandedResource, new: &ExpandedResource) -> bool {
    let folded = |body: &Json| {
        let mut body = body.clone();
        if let Some(place) = body.get_mut("location")
            && let Some(text) = place.as_str()
        {
            *place = Region::lenient(text).as_str().into();
        }
        body
    };
    let (mut before, mut after) = (folded(&old.body), folded(&new.body));
    if old.deployment.is_some() {
        let handed = |body: &mut Json| {
            body.get_mut("properties").and_then(|all| Some(all.as_object_mut()?.remove("parameters")))
        };
        let known = handed(&mut before).flatten().unwrap_or_default();
        let now = handed(&mut after).flatten().unwrap_or_default();
        let kept = known
            .as_object()
            .is_none_or(|known| known.iter().all(|(name, value)| now.get(name) == Some(value)));
        return kept && before == after;
    }
    before == after
}

/// The name of an output that differs.
fn outputs<'a>(old: &'a BTreeMap<String, Output>, new: &'a BTreeMap<String, Output>) -> Option<&'a str> {
    let one_sided = |name: &&String| old.get(*name) != new.get(*name);
    old.keys().chain(new.keys()).find(one_sided).map(String::as_str)
}
