//! ARM's own index of resources: what lists of a group and of a subscription are made from, and how ARM knows where a
//! resource lives. Providers keep everything else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lifeboat_arm::{Region, ResourceId};
use serde_json::{Value, json};

use crate::implied;

/// What ARM knows about a resource without asking its provider.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: ResourceId,
    /// None for global resources and for children.
    pub(crate) location: Option<Region>,
    pub(crate) tags: Value,
    pub(crate) sku: Value,
    pub(crate) kind: Value,
    /// What its properties declare below it.
    parts: BTreeSet<String>,
    pub(crate) created: Timestamp,
    pub(crate) changed: Timestamp,
    pub(crate) state: &'static str,
}

/// All resources.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    entries: BTreeMap<ResourceId, Entry>,
}

impl Index {
    /// Adds or renews an entry from a resource's body.
    pub(crate) fn put(&mut self, now: Timestamp, id: &ResourceId, body: &Value, state: &'static str) {
        let location = location_of(body);
        let part = |name: &str| body.get(name).cloned().unwrap_or(Value::Null);
        let created = self.entries.get(id).map_or(now, |entry| entry.created);
        self.entries.insert(
            id.clone(),
            Entry {
                id: id.clone(),
                location,
                tags: part("tags"),
                sku: part("sku"),
                kind: part("kind"),
                parts: implied::parts(body),
                created,
                changed: now,
                state,
            },
        );
    }

    pub(crate) fn state(&mut self, id: &ResourceId, state: &'static str) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.state = state;
        }
    }

    /// Removes a resource and everything below it.
    pub(crate) fn remove(&mut self, id: &ResourceId) {
        self.entries.retain(|own, _| !own.is_within(id));
    }

    pub(crate) fn get(&self, id: &ResourceId) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// Whether a resource is there: put by somebody, or there with its parent (which may be there with its own).
    pub(crate) fn is_there(&self, id: &ResourceId) -> bool {
        if self.get(id).is_some() {
            return true;
        }
        let Some(parent) = id.parent() else { return false };
        let declares = |entry: &Entry| implied::part_of(id).is_some_and(|part| entry.parts.contains(&part));
        let comes = implied::comes_with_parent(id) && self.is_there(&parent);
        comes || self.get(&parent).is_some_and(declares)
    }

    /// Where the resource lives: its own location, or that of the nearest ancestor that has one.
    pub(crate) fn region(&self, id: &ResourceId) -> Option<Region> {
        let mut at = Some(id.clone());
        while let Some(id) = at {
            if let Some(location) = self.entries.get(&id).and_then(|entry| entry.location.as_ref()) {
                return Some(location.clone());
            }
            at = id.parent();
        }
        None
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Resources within a group or subscription, in the order of their ids.
    pub(crate) fn within(&self, scope: &ResourceId) -> impl Iterator<Item = &Entry> {
        // Between what lies within may lie what is only called alike: `…/rg-2` stands before `…/rg/providers`.
        let alike = self.entries.range(scope..).map(|(_, entry)| entry);
        let alike = alike.take_while(|entry| entry.id.folded().starts_with(scope.folded()));
        alike.filter(|entry| entry.id.is_within(scope))
    }
}

impl Entry {
    /// As `GET …/resources` lists it.
    pub(crate) fn to_wire(&self, expand: &str) -> Value {
        let mut wire = json!({
            "id": self.id.as_str(),
            "name": self.id.name(),
            "type": self.id.kind().map(|kind| kind.as_str().to_owned()),
            "location": self.location.as_ref().map_or("global", Region::as_str),
        });
        for (name, value) in [("tags", &self.tags), ("sku", &self.sku), ("kind", &self.kind)] {
            if !value.is_null() {
                wire[name] = value.clone();
            }
        }
        for (word, value) in [
            ("createdTime", self.created.to_string()),
            ("changedTime", self.changed.to_string()),
            ("provisioningState", self.state.to_owned()),
        ] {
            if expand.contains(word) {
                wire[word] = json!(value);
            }
        }
        wire
    }
}

/// The region in a body; none when it has none or is `global`.
pub(crate) fn location_of(body: &Value) -> Option<Region> {
    let text = body.get("location").and_then(Value::as_str)?;
    (!text.eq_ignore_ascii_case("global") && !text.is_empty()).then(|| Region::lenient(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_called_alike_does_not_lie_within() {
        let mut index = Index::default();
        let thing = "providers/Microsoft.Things/things/one";
        for place in ["rg/", "RG-2/", "rg-2/", "rg2/", "rf/", ""] {
            let groups = if place.is_empty() { "" } else { "resourceGroups/" };
            let id = ResourceId::parse(&format!("/subscriptions/s/{groups}{place}{thing}")).unwrap();
            index.put(Timestamp::UNIX_EPOCH, &id, &json!({}), "Succeeded");
        }
        for (scope, count) in
            [("/resourceGroups/rg", 1), ("/resourceGroups/rg-2", 1), ("", 5), ("/none/n", 0)]
        {
            let scope = ResourceId::parse(&format!("/subscriptions/S{scope}")).unwrap();
            let found: Vec<&str> = index.within(&scope).map(|entry| entry.id.folded()).collect();
            let by_hand = index.all().filter(|entry| entry.id.is_within(&scope));
            assert_eq!(found, by_hand.map(|entry| entry.id.folded()).collect::<Vec<_>>());
            assert_eq!(found.len(), count, "{scope}");
        }
    }
}
