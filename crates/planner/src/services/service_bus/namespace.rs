//! What is known about one namespace, its entities and its pairing.

use lifeboat_arm::{Region, ResourceId};
use serde_json::Value;

use super::settings::choice;
use crate::inventory::{Inventory, Look};
use crate::service::Planning;
use crate::topology::{Component, Declared, Side, Workload};

/// The api-version of every request to Service Bus.
pub(super) const API: &str = "2024-01-01";

/// A namespace as far as it was observed.
#[derive(Clone, Copy)]
pub(super) struct Namespace<'a> {
    pub(super) id: &'a ResourceId,
    /// What the templates call it.
    declared: &'a ResourceId,
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
        Self { id: component.on(side), declared: component.declared(side), seen, workload }
    }

    pub(super) fn planned(side: Side, component: &'a Component, planning: &Planning<'a>) -> Self {
        Self::on(side, component, planning.workload, planning.seen)
    }

    pub(super) fn look(&self) -> Look<'a> {
        self.seen.resource(self.id)
    }

    /// The namespace as the template declares it: what it will be before it exists. A fresh one is made like the one
    /// whose place it takes.
    pub(super) fn declared(&self) -> Option<&'a Declared> {
        self.workload.declared().find(|declared| declared.id == *self.declared)
    }

    /// The body as observed, or as declared where nobody could look or it does not exist yet.
    pub(super) fn body(&self) -> Option<&'a Value> {
        self.look().value().or_else(|| self.declared().map(|declared| &*declared.body))
    }

    /// The body as it stands, or as the template will make it; where somebody looked and got no answer, why. What rules
    /// go by: a declaration is no answer.
    pub(super) fn answer(&self) -> Result<&'a Value, String> {
        let declared = self.declared().map(|declared| &*declared.body);
        match self.look() {
            Look::Is(body) => Ok(body),
            Look::Unknown(why) if self.seen.fact(self.id.as_str()).is_some() => {
                Err(format!("{}: {why}", self.id.name()))
            }
            Look::Unknown(why) => declared.ok_or_else(|| format!("{}: {why}", self.id.name())),
            Look::IsAbsent => declared
                .ok_or_else(|| format!("{} does not exist, and no template declares it", self.id.name())),
        }
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

    /// Whether its queues, topics and all subscriptions could be read, or why not.
    pub(super) fn current_entities(&self) -> Result<(), String> {
        self.seen.list(self.id, "queues").map_err(|why| format!("its queues: {why}"))?;
        let topics = self.seen.list(self.id, "topics").map_err(|why| format!("its topics: {why}"))?;
        for name in topics.iter().filter_map(|topic| topic.get("name")?.as_str()).map(last_segment) {
            let topic = self.id.child("topics", name);
            // A template that declares no subscription of a topic brings none.
            if self.seen.was_observed(topic.as_str()) || self.seen.was_observed(self.id.as_str()) {
                let subscriptions = self.seen.list(&topic, "subscriptions");
                subscriptions.map_err(|why| format!("its subscriptions of `{name}`: {why}"))?;
            }
        }
        Ok(())
    }

    /// Private endpoints that the templates declare for it.
    pub(super) fn declared_endpoints(&self) -> usize {
        let leads_here = |connection: &Value| {
            let target = connection.pointer("/properties/privateLinkServiceId").and_then(Value::as_str);
            target.is_some_and(|target| target.eq_ignore_ascii_case(self.id.as_str()))
        };
        self.workload
            .declared()
            .filter(|declared| declared.kind.is("Microsoft.Network/privateEndpoints"))
            .filter(|declared| {
                ["privateLinkServiceConnections", "manualPrivateLinkServiceConnections"].iter().any(|list| {
                    let connections = declared.body.pointer(&format!("/properties/{list}"));
                    connections.and_then(Value::as_array).is_some_and(|all| all.iter().any(leads_here))
                })
            })
            .count()
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

/// The host that leads to the namespace itself, whoever holds the alias: an alias may have taken over its name (D04).
pub(super) fn own_host(component: &Component, side: Side, workload: &Workload, seen: &Inventory) -> String {
    let alias = alias_name(component, workload, seen);
    let alternate = alternate_name(component, side, workload, seen, &alias);
    host(alternate.as_deref().unwrap_or_else(|| component.on(side).name()))
}

/// An alias that takes over a namespace's own name needs a new name for the namespace (D04).
pub(super) fn alternate_name(
    component: &Component,
    side: Side,
    workload: &Workload,
    seen: &Inventory,
    alias: &str,
) -> Option<String> {
    let id = component.on(side);
    if !id.name().eq_ignore_ascii_case(alias) {
        return None;
    }
    let observed = seen.last_list(id, "disasterRecoveryConfigs").and_then(|(members, _)| {
        members.iter().find_map(|record| alias_property(record, "alternateName")).map(str::to_owned)
    });
    let chosen = || choice(&component.name, workload)?.alternate_name.clone();
    let made_up = || format!("{}-{}", id.name(), workload.site(side).region.abbreviation());
    Some(observed.filter(|name| !name.is_empty()).or_else(chosen).unwrap_or_else(made_up))
}

/// ARM gives children's names as `parent/child` in templates and as `child` in lists.
pub(super) fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// After how long without use an entity deletes itself, if it does. Azure shows "never" as the largest duration it
/// knows.
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
        let paired = aliases.iter().find(|alias| names_partner(alias, other));
        // After a failover the alias has no partner: it is still the alias.
        let lone = aliases.iter().find(|alias| partner(alias).is_none());
        if let Some(name) = paired.or(lone).and_then(|alias| alias.get("name")?.as_str()) {
            return last_segment(name).to_owned();
        }
    }
    choice(&component.name, workload)
        .and_then(|choice| choice.alias.clone())
        .unwrap_or_else(|| component.name.clone())
}

/// The partner that an alias record names, as it names it: by id or, in some versions, by its bare name.
pub(super) fn partner(alias: &Value) -> Option<&str> {
    alias.pointer("/properties/partnerNamespace")?.as_str().filter(|text| !text.is_empty())
}

/// Whether an alias record names this namespace as its partner. Names of namespaces are unique in the whole cloud.
pub(super) fn names_partner(alias: &Value, id: &ResourceId) -> bool {
    partner(alias).is_some_and(|text| match ResourceId::parse(text) {
        Ok(partner) => partner == *id,
        Err(_) => text.eq_ignore_ascii_case(id.name()),
    })
}

/// A property of an alias record.
pub(super) fn alias_property<'a>(alias: &'a Value, name: &str) -> Option<&'a str> {
    alias.get("properties")?.get(name)?.as_str()
}

/// The name of a member of a list.
pub(super) fn name_of(member: &Value) -> Option<&str> {
    member.get("name").and_then(Value::as_str).map(last_segment)
}

/// The record of an alias below one of its namespaces.
pub(super) fn record(namespace: &ResourceId, alias: &str) -> ResourceId {
    namespace.child("disasterRecoveryConfigs", alias)
}

/// How many changes an alias has yet to replicate; none where nobody can tell. Azure shows the count in the alias's own
/// record and leaves it out of lists; a count that is not shown is never taken for zero (F4).
pub(super) fn pending(namespace: &ResourceId, alias: &Value, seen: &Inventory) -> Option<u64> {
    let count = |record: &Value| record.pointer(PENDING)?.as_u64();
    let own = || {
        let path = record(namespace, name_of(alias)?).to_string();
        count(&seen.fact(&path)?.last_known()?.value)
    };
    count(alias).or_else(own)
}

/// Where an alias's record shows how much is pending.
pub(super) const PENDING: &str = "/properties/pendingReplicationOperationsCount";

/// A safe failover across subscriptions is refused by Azure (D03).
pub(super) fn same_subscription(a: &ResourceId, b: &ResourceId) -> bool {
    match (a.subscription(), b.subscription()) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => false,
    }
}
