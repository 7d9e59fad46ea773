//! How the metadata of a primary reaches its secondary: one entity after another, 50 to 100 a minute, drawn once per
//! pair. What is still waiting is `pendingReplicationOperationsCount`.
//!
//! Replicated: queues, topics, subscriptions, rules, authorization rules with their keys. Not replicated: messages and
//! everything that goes with them (sessions, schedules, history of duplicates, last access), role assignments, network
//! rules, private endpoints, public access, identity, encryption, autoscale, local authentication, event subscriptions.

use std::collections::VecDeque;

use jiff::SignedDuration;

use super::entity::{Entity, Kind};
use super::entity_requests::id_of;
use super::messages::Store;
use super::namespace::schedule;
use super::{Event, Key, NAMESPACE, ServiceBus};
use crate::fault::Effect;
use crate::health::Plane;
use crate::world::Ctx;

/// One change on its way to the secondary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The entity with this folded path is as it is on the primary now.
    Entity(String),
    /// It and everything below it is gone.
    Removed(String),
    /// The authorization rules of this owner are as they are on the primary now.
    Rules(String),
}

/// What a pair still has to copy.
#[derive(Debug, Clone)]
pub(crate) struct Replication {
    pub(crate) pending: VecDeque<Change>,
    per_minute: u64,
}

impl Replication {
    /// The time one entity takes.
    fn step(&self) -> SignedDuration {
        SignedDuration::from_millis(60_000 / i64::try_from(self.per_minute.max(1)).unwrap_or(1))
    }
}

impl ServiceBus {
    /// Everything the primary has, in an order in which it can be created: parents before children.
    pub(super) fn replication_of(&self, primary: Key, alias: &str, ctx: &Ctx<'_>) -> Replication {
        let (least, most) = ctx.world.timing.service_bus.replicated_per_minute;
        let key = format!("{alias}@{}", ctx.now.as_millisecond());
        let per_minute = ctx.world.dice.number(u64::from(least), u64::from(most), "replication-rate", &key);
        let mut pending = VecDeque::new();
        if let Some(namespace) = self.namespaces.get(&primary) {
            pending.push_back(Change::Rules(String::new()));
            let mut paths: Vec<(Kind, &String)> =
                namespace.entities.iter().map(|(path, entity)| (entity.kind, path)).collect();
            paths.sort();
            pending.extend(paths.into_iter().map(|(_, path)| Change::Entity(path.clone())));
            let mut owners: Vec<&String> = namespace.rules.keys().map(|(owner, _)| owner).collect();
            owners.dedup();
            let owners = owners.into_iter().filter(|owner| !owner.is_empty());
            pending.extend(owners.map(|owner| Change::Rules(owner.clone())));
        }
        Replication { pending, per_minute }
    }

    /// A change of the primary that its secondary has to learn.
    pub(super) fn changed(&mut self, primary: Key, change: Change, ctx: &mut Ctx<'_>) {
        let Some(name) = self.namespaces.get(&primary).and_then(|namespace| namespace.alias.clone()) else {
            return;
        };
        let Some(alias) = self.aliases.get_mut(&name) else { return };
        if alias.holder != primary || !alias.replicates() {
            return;
        }
        let generation = alias.generation;
        let Some(replication) = &mut alias.replication else { return };
        let idle = replication.pending.is_empty();
        if replication.pending.back() != Some(&change) {
            replication.pending.push_back(change);
        }
        if idle {
            let step = replication.step();
            schedule(ctx, step, Event::Replicate { alias: name, generation });
        }
    }

    pub(super) fn start_replication(&mut self, name: &str, ctx: &mut Ctx<'_>) {
        let Some(alias) = self.aliases.get(name) else { return };
        if let Some(replication) = &alias.replication {
            let event = Event::Replicate { alias: name.to_owned(), generation: alias.generation };
            schedule(ctx, replication.step(), event);
        }
    }

    /// One entity crosses, if both regions can take part and nothing holds it back.
    pub(super) fn replicate(&mut self, name: &str, generation: u64, ctx: &mut Ctx<'_>) {
        let Some(alias) = self.aliases.get(name) else { return };
        if alias.generation != generation || !alias.replicates() {
            return;
        }
        let (Some(partner), holder) = (alias.partner, alias.holder) else { return };
        let event = Event::Replicate { alias: name.to_owned(), generation };
        if !self.can_talk(holder, partner, ctx) {
            schedule(ctx, SignedDuration::from_secs(10), event);
            return;
        }
        let Some(replication) = self.aliases.get_mut(name).and_then(|alias| alias.replication.as_mut())
        else {
            return;
        };
        let step = replication.step();
        let change = replication.pending.pop_front();
        let more = !replication.pending.is_empty();
        if let Some(change) = change {
            self.copy(holder, partner, &change, ctx);
        }
        if more {
            schedule(ctx, step, event);
        } else {
            self.replicated_all(name, ctx);
        }
    }

    /// Whether the pair's two ends reach each other.
    pub(super) fn can_talk(&self, holder: Key, partner: Key, ctx: &mut Ctx<'_>) -> bool {
        let (Some(from), Some(to)) = (self.namespaces.get(&holder), self.namespaces.get(&partner)) else {
            return false;
        };
        ctx.world.regions.is_up(&from.region, Plane::Control)
            && ctx.world.regions.is_up(&to.region, Plane::Control)
            && ctx
                .standing(&from.region, NAMESPACE, from.id.as_str(), |effect| {
                    *effect == Effect::ReplicationStalled
                })
                .is_none()
    }

    pub(super) fn copy(&mut self, holder: Key, partner: Key, change: &Change, ctx: &mut Ctx<'_>) {
        let Some(from) = self.namespaces.get(&holder) else { return };
        match change {
            Change::Entity(path) => {
                let Some(original) = from.entities.get(path) else { return };
                let copied = Entity {
                    store: Store::default(),
                    accessed: None, // last access is not replicated (D05)
                    created: ctx.now,
                    updated: ctx.now,
                    ..original.shell()
                };
                let Some(to) = self.namespaces.get_mut(&partner) else { return };
                let store = to.entities.remove(path).map(|existing| existing.store).unwrap_or_default();
                let copied = Entity { store, ..copied };
                let id = id_of(&to.id, &copied);
                ctx.world.index.put(ctx.now, &id, &serde_json::Value::Null, "Succeeded");
                to.entities.insert(path.clone(), copied);
            }
            Change::Removed(path) => {
                let Some(to) = self.namespaces.get_mut(&partner) else { return };
                if let Some(entity) = to.entities.get(path) {
                    ctx.world.remove(&id_of(&to.id, entity));
                }
                to.remove_entity(path);
            }
            Change::Rules(owner) => {
                let rules: Vec<_> = from
                    .rules
                    .iter()
                    .filter(|((of, _), _)| of == owner)
                    .map(|(key, rule)| (key.clone(), rule.clone()))
                    .collect();
                let Some(to) = self.namespaces.get_mut(&partner) else { return };
                to.rules.retain(|(of, _), _| of != owner);
                to.rules.extend(rules);
            }
        }
    }
}
