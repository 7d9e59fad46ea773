//! What `reference(…, 'Full')` tells besides the resource itself: where it lies and how it was asked.
//!
//! The members are those of Azure's answers. Templates read `subscriptionId`, `resourceGroupName` and `resourceId`; that
//! `scope` ends in the name of the management group is how many learn the one that they are deployed to.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::ResourceId;
use crate::template::language::fault::Outcome;
use crate::template::language::value::{Key, Value};

/// The members that a full answer has around what the resource says of itself.
pub fn full_members(id: &str, api_version: &str) -> Vec<(&'static str, Json)> {
    let known = ResourceId::parse(id).ok();
    let subscription = known.as_ref().and_then(ResourceId::subscription);
    let (base, own) = halves(id);
    let mut members = vec![("apiVersion", json!(api_version))];
    members.extend(subscription.map(|subscription| ("subscriptionId", json!(subscription))));
    members.extend(group_of(base).map(|group| ("resourceGroupName", json!(group))));
    members.extend([
        ("scope", json!(behind_providers(base).unwrap_or_default())),
        ("resourceId", json!(own)),
        ("referenceApiVersion", json!(api_version)),
        ("condition", json!(true)),
        ("isConditionTrue", json!(true)),
        ("isTemplateResource", json!(false)),
        ("isAction", json!(false)),
        ("provisioningOperation", json!("Read")),
    ]);
    members
}

/// A deployment of the template in full: the run need not be asked.
pub(crate) fn full_deployment(
    id: &str,
    api_version: &str,
    location: Option<Value>,
    properties: Value,
) -> Outcome {
    let mut members = vec![(Key::from("id"), Value::string(id)), (Key::from("properties"), properties)];
    members.extend(location.map(|location| (Key::from("location"), location)));
    for (key, value) in full_members(id, api_version) {
        members.push((Arc::from(key), Value::from_json(&value)?));
    }
    Value::object(members)
}

/// Where a resource lies, and its own types and names: `Microsoft.A/b/c`.
fn halves(id: &str) -> (&str, String) {
    if let Some(at) = id.to_ascii_lowercase().rfind(PROVIDERS) {
        return (&id[..at], id[at + PROVIDERS.len()..].to_owned());
    }
    // a group is a resource of its subscription
    match group_of(id) {
        Some(group) => (&id[..id.len() - group.len()], format!("Microsoft.Resources/resourceGroups/{group}")),
        None => (id, String::new()),
    }
}

/// The name of the group that an id has first of all.
fn group_of(id: &str) -> Option<&str> {
    let mut parts = id.split('/').skip(1);
    let is = |part: Option<&str>, word: &str| part.is_some_and(|part| part.eq_ignore_ascii_case(word));
    let lies_in_one = is(parts.next(), "subscriptions") && is(parts.nth(1), "resourceGroups");
    parts.next().filter(|group| lies_in_one && !group.is_empty())
}

/// What an extension extends, or the management group.
fn behind_providers(base: &str) -> Option<&str> {
    let at = base.to_ascii_lowercase().find(PROVIDERS)?;
    Some(&base[at + PROVIDERS.len()..])
}

const PROVIDERS: &str = "/providers/";

#[cfg(test)]
mod tests {
    use crate::template::full_members;

    #[test]
    fn it_says_where_a_resource_lies() {
        let group = "/subscriptions/s/resourceGroups/g";
        for (id, expected) in [
            (format!("{group}/providers/A.B/c/x/d/y"), ["s", "g", "", "A.B/c/x/d/y"]),
            (format!("{group}/providers/A.B/c/x/Providers/D.E/f/y"), ["s", "g", "A.B/c/x", "D.E/f/y"]),
            (group.to_owned(), ["s", "", "", "Microsoft.Resources/resourceGroups/g"]),
            ("/subscriptions/s/providers/A.B/c/x".to_owned(), ["s", "", "", "A.B/c/x"]),
            (
                "/providers/Microsoft.Management/managementGroups/m/providers/A.B/c/x".to_owned(),
                ["", "", "Microsoft.Management/managementGroups/m", "A.B/c/x"],
            ),
            ("/providers/A.B/c/x".to_owned(), ["", "", "", "A.B/c/x"]),
        ] {
            let members = full_members(&id, "2024-01-01");
            let text = |name: &str| {
                let found = members.iter().find(|(key, _)| *key == name);
                found.and_then(|(_, value)| value.as_str()).unwrap_or_default()
            };
            let found = ["subscriptionId", "resourceGroupName", "scope", "resourceId"].map(text);
            assert_eq!(found, expected, "{id}");
            assert_eq!(text("referenceApiVersion"), "2024-01-01", "{id}");
        }
    }
}
