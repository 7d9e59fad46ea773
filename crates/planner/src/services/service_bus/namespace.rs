//! What is known about one namespace, its entities and its pairing.

use lifeboat_arm::{Region, ResourceId};
use serde_json::Value;

use crate::inventory::{Inventory, Look};
use crate::service::Planning;
use crate::topology::{Component, Declared, Side, Workload};

/// The api-version of every request to Service Bus.
pub(super) const API: &str = "2024-01-01";

/// A namespace as far as it was observed.
#[derive(Clone, Copy)]
pub(super) struct Namespace<'a> {
    pub(super) id: &'a ResourceId,
    seen: &'a Inventory,
    workload: &'a Workload,
}

/// A queue or a topic, as last known.
pub(super) struct Entity<'a> {
    /// `queues` or `topics`.
    pub(super) segment: &'static str,
    pub(super) name: &'a str,
    pub(super) body: &'a Value,
}

impl<'a> Namespace<'a> {
    pub(super) fn on(
        side: Side,
        component: &'a Component,
        workload: &'a Workload,
        seen: &'a Inventory,
    ) -> Self {
        Self { id: component.on(side), seen, workload }
    }

    pub(super) fn planned(side: Side, component: &'a Component, planning: &Planning<'a>) -> Self {
        Self::on(side, component, planning.workload, planning.seen)
    }

    pub(super) fn look(&self) -> Look<'a> {
        self.seen.resource(self.id)
    }

    /// The namespace as the template declares it: what it will be before it exists.
    pub(super) fn declared(&self) -> Option<&'a Declared> {
        self.workload.declared().find(|declared| declared.id == *self.id)
    }

    /// The body as observed, or as declared where nobody could look or it does not exist yet.
    pub(super) fn body(&self) -> Option<&'a Value> {
        self.look().value().or_else(|| self.declared().map(|declared| &declared.body))
    }

    pub(super) fn sku(&self) -> Option<&'a str> {
        self.body()?.pointer("/sku/name")?.as_str()
    }

    pub(super) fn region(&self) -> Option<Region> {
        let observed = self.look().value().and_then(|body| body.get("location")?.as_str());
        observed.map(Region::lenient).or_else(|| self.declared()?.location.clone())
    }

    pub(super) fn partitions(&self) -> u64 {
        self.body()
            .and_then(|body| body.pointer("/properties/premiumMessagingPartitions")?.as_u64())
            .unwrap_or(1)
    }

    /// Queues and topics as last known, in name order of the answer.
    pub(super) fn entities(&self) -> Vec<Entity<'a>> {
        ["queues", "topics"]
            .into_iter()
            .flat_map(|segment| {
                let members = self.seen.last_list(self.id, segment).map_or(&[][..], |(members, _)| members);
                members.iter().filter_map(move |body| {
                    Some(Entity { segment, name: last_segment(body.get("name")?.as_str()?), body })
                })
            })
            .collect()
    }

    /// How many entities replication has to copy: queues, topics, subscriptions and rules count each (D07).
    pub(super) fn entity_count(&self) -> u64 {
        let subscriptions: u64 = self
            .entities()
            .iter()
            .filter(|entity| entity.segment == "topics")
            .map(|topic| self.subscriptions(topic.name).len() as u64 * 2)
            .sum();
        self.entities().len() as u64 + subscriptions
    }

    pub(super) fn subscriptions(&self, topic: &str) -> &'a [Value] {
        self.seen
            .last_list(&self.id.child("topics", topic), "subscriptions")
            .map_or(&[][..], |(members, _)| members)
    }

    /// The alias records it shows, or why nobody knows.
    pub(super) fn aliases(&self) -> Result<&'a [Value], &'a str> {
        self.seen.list(self.id, "disasterRecoveryConfigs")
    }
}

/// The host of a namespace or alias.
pub(super) fn host(name: &str) -> String {
    format!("{}.servicebus.windows.net", name.to_ascii_lowercase())
}

/// ARM gives children's names as `parent/child` in templates and as `child` in lists.
fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// After how long without use an entity deletes itself, if it does. Azure shows "never" as the largest duration it knows.
pub(super) fn deletes_itself(body: &Value) -> Option<&str> {
    let idle = body.pointer("/properties/autoDeleteOnIdle")?.as_str()?;
    (!idle.starts_with("P10675199")).then_some(idle)
}

/// The name of the alias for a component: one that exists between the two namespaces, else one that a template
/// declares, else the owner's choice, else the component's name.
pub(super) fn alias_name(component: &Component, workload: &Workload, seen: &Inventory) -> String {
    for side in [Side::Primary, Side::Secondary] {
        let other = component.on(side.other());
        let aliases = seen
            .last_list(component.on(side), "disasterRecoveryConfigs")
            .map_or(&[][..], |(members, _)| members);
        let paired = aliases.iter().find(|alias| partner(alias).is_some_and(|partner| partner == *other));
        // After a failover the alias has no partner: it is still the alias.
        let lone = aliases.iter().find(|alias| partner(alias).is_none());
        if let Some(name) = paired.or(lone).and_then(|alias| alias.get("name")?.as_str()) {
            return last_segment(name).to_owned();
        }
    }
    workload
        .messaging
        .get(&component.name)
        .and_then(|choice| choice.alias.clone())
        .unwrap_or_else(|| component.name.clone())
}

/// The partner that an alias record names.
pub(super) fn partner(alias: &Value) -> Option<ResourceId> {
    let text = alias.pointer("/properties/partnerNamespace")?.as_str()?;
    // Azure shows the bare name of a partner in the same subscription in some versions; that is no id.
    ResourceId::parse(text).ok()
}

/// A property of an alias record.
pub(super) fn alias_property<'a>(alias: &'a Value, name: &str) -> Option<&'a str> {
    alias.get("properties")?.get(name)?.as_str()
}
