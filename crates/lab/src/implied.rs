//! Children that nobody puts: those that come with their parent, and those that a parent's properties declare.
//!
//! Templates put grandchildren below them (`blobServices/containers`), and Azure takes that.

use std::collections::BTreeSet;

use lifeboat_arm::ResourceId;
use serde_json::Value;

/// Types of which one comes with its parent, and its name; a star stands for any end.
const COME_WITH_PARENT: &[(&str, &str)] = &[
    ("Microsoft.Storage/storageAccounts/blobServices", "default"),
    ("Microsoft.Storage/storageAccounts/fileServices", "default"),
    ("Microsoft.Storage/storageAccounts/queueServices", "default"),
    ("Microsoft.Storage/storageAccounts/tableServices", "default"),
    ("Microsoft.Sql/servers/databases", "master"),
    ("Microsoft.Sql/managedInstances/databases", "master"),
    ("Microsoft.DevTestLab/labs/policySets", "default"),
    ("Microsoft.RecoveryServices/vaults/backupFabrics", "Azure"),
    // A protected machine brings its container along.
    ("Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers", "iaasvmcontainer*"),
    ("Microsoft.RecoveryServices/vaults/replicationFabrics/replicationNetworks", "azureNetwork"),
];

/// Whether a resource of this id is there as soon as its parent is.
pub(crate) fn comes_with_parent(id: &ResourceId) -> bool {
    let Some(kind) = id.kind() else { return false };
    let fits = |name: &str| match name.strip_suffix('*') {
        Some(start) => id.name().get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start)),
        None => id.name().eq_ignore_ascii_case(name),
    };
    COME_WITH_PARENT.iter().any(|(own, name)| kind.is(own) && fits(name))
}

/// What a resource's properties declare below it, as `segment/name` in lower case: lists whose members have names.
pub(crate) fn parts(body: &Value) -> BTreeSet<String> {
    let members = body.get("properties").and_then(Value::as_object).into_iter().flatten();
    let lists = members.filter_map(|(segment, list)| Some((segment, list.as_array()?)));
    let named = lists.flat_map(|(segment, list)| {
        let name = |member: &Value| Some(member.get("name")?.as_str()?.to_lowercase());
        list.iter().filter_map(name).map(move |name| format!("{}/{name}", segment.to_lowercase()))
    });
    named.collect()
}

/// The last segment of a resource's type and its name, as [`parts`] has them.
pub(crate) fn part_of(id: &ResourceId) -> Option<String> {
    let kind = id.kind()?;
    Some(format!("{}/{}", kind.segments().last()?.to_lowercase(), id.name().to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_part_is_found_by_the_segment_of_its_type() {
        let body = json!({ "properties": { "frontendEndpoints": [{ "name": "One" }, 3], "name": "x" } });
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/frontDoors/d/frontendEndpoints/one";
        let id: ResourceId = id.parse().unwrap();
        assert_eq!(parts(&body), [part_of(&id).unwrap()].into());
        assert!(!comes_with_parent(&id));
    }
}
