//! What a template knows of its own deployment: its name, and what it draws by chance. Both end up in names of
//! resources, and a name that cannot be told beforehand can be neither waited for nor planned with.

use std::borrow::Cow;
use std::collections::BTreeMap;

use lifeboat_arm::Region;
use lifeboat_arm::template::{Context, NoLinks, Template, expand};
use lifeboat_arm::tree::Node;
use serde_json::{Value, json};

/// What the deployment of a workload's template to a region is called, as far as the template can see it.
pub(crate) fn name_of(workload: &str, region: &Region) -> String {
    let workload: String = workload.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    format!("lifeboat-{workload}-{}", region.abbreviation())
}

/// Whether a template reads the name of its deployment.
pub(super) fn is_named_in(template: &Value) -> bool {
    match template {
        Value::String(text) => {
            let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            text.starts_with('[') && text.to_ascii_lowercase().contains("deployment().name")
        }
        Value::Array(items) => items.iter().any(is_named_in),
        Value::Object(members) => members.values().any(is_named_in),
        _ => false,
    }
}

/// Parameters that nobody gave and that every deployment would draw anew with `newGuid()`, each with a value of its
/// own.
pub(super) fn drawn(
    template: &Template,
    given: &BTreeMap<String, Value>,
    context: &Context,
) -> BTreeMap<String, Value> {
    let is_given = |name: &str| given.keys().any(|given| given.eq_ignore_ascii_case(name));
    let names: Vec<&str> = template
        .parameters()
        .filter(|declared| !is_given(&declared.name))
        .filter(|declared| {
            let default = declared.default.as_ref().map(Node::to_value);
            default.is_some_and(|default| default.to_string().to_ascii_lowercase().contains("newguid("))
        })
        .map(|declared| declared.name.as_str())
        .collect();
    if names.is_empty() {
        return BTreeMap::new();
    }
    // The same template that only tells what it drew.
    let mut telling = Value::clone(&template.json());
    telling["resources"] = if telling["resources"].is_object() { json!({}) } else { json!([]) };
    telling["outputs"] = names
        .iter()
        .map(|name| {
            (
                format!("drawn{name}"),
                json!({ "type": "object", "value": { "is": format!("[parameters('{name}')]") } }),
            )
        })
        .collect();
    let Ok(telling) = Template::parse(template.file(), &telling.to_string()) else { return BTreeMap::new() };
    let told = expand(&telling, given, context, &NoLinks);
    let value = |name: &str| {
        let output = told.outputs.get(&format!("drawn{name}")).filter(|output| output.deferred.is_empty())?;
        output.value.get("is").cloned()
    };
    names.into_iter().filter_map(|name| Some((name.to_owned(), value(name)?))).collect()
}

/// What is given, with what was drawn.
pub(super) fn with_drawn<'a>(
    given: &'a BTreeMap<String, Value>,
    drawn: &BTreeMap<String, Value>,
) -> Cow<'a, BTreeMap<String, Value>> {
    if drawn.is_empty() {
        return Cow::Borrowed(given);
    }
    Cow::Owned(given.iter().chain(drawn).map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_that_reads_its_own_name_is_known_by_it() {
        let reads = |text: &str| is_named_in(&json!({ "variables": { "x": text } }));
        assert!(reads("[uniqueString(Deployment( ).name)]"));
        assert!(!reads("[deployment().properties.mode]"));
        assert!(!reads("deployment().name"), "text that nobody computes");
    }
}
