//! Two looks at a resource, property by property, in the shape of `WhatIfPropertyChange`.

use lifeboat_arm::Region;
use serde_json::{Map, Value, json};

/// What changes by itself and is nobody's change.
const BY_ITSELF: [&str; 6] =
    ["provisioningState", "etag", "systemData", "createdAt", "updatedAt", "accessedAt"];
/// What says which resource it is.
const IDENTITY: [&str; 4] = ["id", "name", "type", "apiVersion"];

/// What differs between two answers about the same resource.
pub(super) fn delta(before: &Value, after: &Value) -> Vec<Value> {
    let mut changes = Vec::new();
    compare("", before, after, Gone::IsDeleted, &mut changes);
    changes
}

/// What of a request is not so in an answer. What only the answer has may be a default and is no difference.
pub(super) fn added(before: &Value, wanted: &Value) -> Vec<Value> {
    let mut changes = Vec::new();
    compare("", before, wanted, Gone::MayBeADefault, &mut changes);
    changes
}

/// What is asked for and will not be so: read-only properties, mostly.
pub(super) fn without_effect(wanted: &Value, after: &Value) -> Vec<Value> {
    let mut missed = Vec::new();
    compare("", after, wanted, Gone::MayBeADefault, &mut missed);
    missed
        .into_iter()
        .filter(|change| change["path"].as_str().is_some_and(|path| !path.is_empty()))
        .map(|change| {
            let mut shown = json!({ "path": change["path"], "propertyChangeType": "NoEffect" });
            if let Some(after) = change.get("after") {
                shown["after"] = after.clone();
            }
            shown
        })
        .collect()
}

/// What it means that something is only in the first look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gone {
    IsDeleted,
    MayBeADefault,
}

fn compare(path: &str, before: &Value, after: &Value, gone: Gone, changes: &mut Vec<Value>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => members(path, before, after, gone, changes),
        (Value::Array(before), Value::Array(after)) => elements(path, before, after, gone, changes),
        (before, after) if is_same(path, before, after) => {}
        (before, after) => changes
            .push(json!({ "path": path, "propertyChangeType": "Modify", "before": before, "after": after })),
    }
}

fn members(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    gone: Gone,
    changes: &mut Vec<Value>,
) {
    let depth = if path.is_empty() { &IDENTITY[..] } else { &[] };
    let counts = |name: &str| !BY_ITSELF.contains(&name) && !depth.contains(&name);
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for (name, after) in after.iter().filter(|(name, after)| counts(name) && !after.is_null()) {
        match before.get(name).filter(|before| !before.is_null()) {
            Some(before) => compare(&below(name), before, after, gone, changes),
            None if is_empty(after) => {}
            None => {
                changes.push(json!({ "path": below(name), "propertyChangeType": "Create", "after": after }));
            }
        }
    }
    if gone == Gone::MayBeADefault {
        return;
    }
    for (name, before) in before.iter().filter(|(name, before)| counts(name) && !is_empty(before)) {
        if after.get(name).is_none_or(Value::is_null) {
            changes.push(json!({ "path": below(name), "propertyChangeType": "Delete", "before": before }));
        }
    }
}

/// A list that differs is one change, with the changes of its elements inside.
fn elements(path: &str, before: &[Value], after: &[Value], gone: Gone, changes: &mut Vec<Value>) {
    let mut children = Vec::new();
    for index in 0..before.len().max(after.len()) {
        let at = index.to_string();
        match (before.get(index), after.get(index)) {
            (Some(Value::Object(before)), Some(Value::Object(after))) => {
                let mut inner = Vec::new();
                members("", before, after, gone, &mut inner);
                // Elements are told apart by what they are called, too.
                for name in IDENTITY {
                    let (before, after) = (before.get(name), after.get(name));
                    if let (Some(before), Some(after)) = (before, after)
                        && !is_same(name, before, after)
                    {
                        let change = json!({ "path": name, "propertyChangeType": "Modify",
                            "before": before, "after": after });
                        inner.push(change);
                    }
                }
                if !inner.is_empty() {
                    children.push(json!({ "path": at, "propertyChangeType": "Modify", "children": inner }));
                }
            }
            (Some(before), Some(after)) => compare(&at, before, after, gone, &mut children),
            (None, Some(after)) => {
                children.push(json!({ "path": at, "propertyChangeType": "Create", "after": after }));
            }
            (Some(before), None) => {
                children.push(json!({ "path": at, "propertyChangeType": "Delete", "before": before }));
            }
            (None, None) => {}
        }
    }
    if !children.is_empty() {
        changes.push(json!({ "path": path, "propertyChangeType": "Array", "before": before, "after": after,
            "children": children }));
    }
}

/// Equal, or two spellings of one region or one id.
fn is_same(path: &str, before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_str(), after.as_str()) else { return before == after };
    let region = path == "location" && Region::lenient(before) == Region::lenient(after);
    let id = before.starts_with('/') && before.eq_ignore_ascii_case(after);
    before == after || region || id
}

/// Nothing said: a server that answers without it means the same.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths and kinds of change, elements of lists in brackets.
    fn told(changes: &[Value]) -> Vec<String> {
        let word = |change: &Value, key: &str| change[key].as_str().unwrap_or_default().to_owned();
        let one = |change: &Value| {
            let children = change["children"].as_array().map(|children| told(children)).unwrap_or_default();
            let inside = if children.is_empty() { String::new() } else { format!(" {children:?}") };
            format!("{} {}{inside}", word(change, "propertyChangeType"), word(change, "path"))
        };
        changes.iter().map(one).collect()
    }

    #[test]
    fn changes_are_told_by_property() {
        for (before, after, expected) in [
            (json!({ "a": 1 }), json!({ "a": 1 }), vec![]),
            (json!({ "p": { "a": 1 } }), json!({ "p": { "a": 2 } }), vec!["Modify p.a"]),
            (json!({}), json!({ "tags": { "x": "y" } }), vec!["Create tags"]),
            (json!({ "tags": { "x": "y" } }), json!({}), vec!["Delete tags"]),
            (json!({ "tags": {}, "n": null }), json!({ "zones": [] }), vec![]),
            (json!({ "l": [1, 2] }), json!({ "l": [1, 3, 4] }), vec![r#"Array l ["Modify 1", "Create 2"]"#]),
            (
                json!({ "l": [{ "name": "a", "v": 1 }] }),
                json!({ "l": [{ "name": "b", "v": 1 }] }),
                vec![r#"Array l ["Modify 0 [\"Modify name\"]"]"#],
            ),
            (json!({ "location": "West Europe" }), json!({ "location": "westeurope" }), vec![]),
            (json!({ "p": { "id": "/A/b" } }), json!({ "p": { "id": "/a/B" } }), vec![]),
            (
                json!({ "id": "1", "properties": { "provisioningState": "Creating" } }),
                json!({ "id": "2", "properties": { "provisioningState": "Succeeded" } }),
                vec![],
            ),
        ] {
            assert_eq!(told(&delta(&before, &after)), expected, "{before} {after}");
        }
    }

    #[test]
    fn what_will_not_be_so_has_no_effect() {
        let wanted = json!({ "properties": { "size": 1, "fqdn": "mine" } });
        let after = json!({ "properties": { "size": 1, "fqdn": "theirs", "state": "on" } });
        assert_eq!(told(&without_effect(&wanted, &after)), ["NoEffect properties.fqdn"]);
    }
}
