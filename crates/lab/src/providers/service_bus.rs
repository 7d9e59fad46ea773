//! Service Bus namespaces, their entities and messages, and Geo-Disaster Recovery (`Microsoft.ServiceBus`).
//!
//! Here: which request means what, and the state that the parts below share. The parts: `namespace.rs`, `network.rs` (what of
//! a namespace is not replicated), `entity.rs`, `entity_requests.rs` (queues, topics, subscriptions, rules, keys), `idle.rs`
//! (entities that delete themselves), `pairing.rs` (the alias: states, roles, failover), `replication.rs` (what crosses to the
//! secondary, how fast), `refusals.rs` (every refusal, one row each), `migration.rs` (from Standard to Premium), `messages.rs`
//! (one queue's messages), `delivery.rs` (who a message goes to, and when), `filter.rs` (rules of subscriptions), `rest.rs`
//! (the runtime calls), `wire.rs` (messages on the wire), `data_plane.rs` (the same calls typed), `timing.rs` (how long
//! everything takes).
//!
//! Not here: routing, groups, location, unique names (`gate.rs`). Known gaps: Geo-Replication (`geoDataReplication` is
//! stored, `POST failover` of a namespace is not modelled), SQL filters beyond `1=1` and `1=0`, actions of rules, transactions,
//! `forwardDeadLetteredMessagesTo`, messages that were there before an entity began to forward, tokens are not checked.
//! Reference: REST api-version 2021-11-01 and 2024-01-01.

use std::any::Any;
use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_arm::{Answer, Call, Method, Region, ResourceId};
use serde_json::{Value, json};

use crate::dns::{DnsAnswer, DnsRecord};
use crate::health::{Health, Plane};
use crate::providers::{DNS_TTL, HostOutcome, Provider, Row};
use crate::refusal::{Handled, Refused, common};
use crate::route::{Request, Route};
use crate::world::Ctx;

pub(crate) mod data_plane;
mod delivery;
mod entity;
mod entity_requests;
mod filter;
mod holdings;
mod idle;
mod keys;
mod messages;
mod migration;
mod namespace;
mod network;
mod old_rules;
mod pairing;
mod refusals;
mod replication;
mod rest;
pub(crate) mod timing;
mod wire;

use namespace::{Namespace, SUFFIX};
use pairing::Alias;

/// The provider's namespace.
const NAMESPACE: &str = "Microsoft.ServiceBus";

/// So many entities at a time.
const PAGE: usize = 100;

/// Its row in the table.
pub(super) const ROW: Row = Row {
    namespace: NAMESPACE,
    refusals: refusals::REFUSALS,
    operations: OPERATIONS,
    empty: || Box::<ServiceBus>::default(),
};

/// What can be asked of it.
const OPERATIONS: &[&str] = &[
    "namespaces",
    "namespaces/disasterRecoveryConfigs",
    "namespaces/disasterRecoveryConfigs/failover",
    "namespaces/disasterRecoveryConfigs/breakPairing",
    "namespaces/migrationConfigurations",
    "namespaces/networkRuleSets",
    "namespaces/queues",
    "namespaces/topics",
    "namespaces/topics/subscriptions",
    "namespaces/topics/subscriptions/rules",
    "namespaces/authorizationRules",
    "namespaces/authorizationRules/listKeys",
    "send",
    "receive",
    "complete",
    "abandon",
    "deadLetter",
    "renew",
];

// --- state

/// A namespace inside the lab.
pub(crate) type Key = u32;

/// All of Service Bus.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServiceBus {
    namespaces: BTreeMap<Key, Namespace>,
    by_id: BTreeMap<ResourceId, Key>,
    /// Aliases by their folded name.
    aliases: BTreeMap<String, Alias>,
    migrations: BTreeMap<Key, migration::Migration>,
    /// What a label in DNS stands for.
    hosts: BTreeMap<String, HostOf>,
    next: Key,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostOf {
    Namespace(Key),
    Alias(String),
}

/// What happens by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    NamespaceReady {
        key: Key,
        operation: String,
    },
    NamespaceGone {
        key: Key,
        operation: String,
    },
    /// A step of an alias is over.
    AliasStep {
        alias: String,
        generation: u64,
    },
    /// One entity crosses to the secondary.
    Replicate {
        alias: String,
        generation: u64,
    },
    /// A safe failover looks whether nothing is pending.
    SafeCheck {
        alias: String,
        generation: u64,
    },
    /// A namespace learns what became of its alias.
    Learn {
        alias: String,
        namespace: Key,
    },
    /// A step of a migration to Premium is over.
    Migrate {
        key: Key,
    },
    /// A topic, or what forwards, passes on what it kept until now.
    Due {
        key: Key,
        path: String,
    },
    /// An entity that deletes itself when idle looks whether it was.
    Idle {
        key: Key,
        path: String,
    },
}

// --- rules: which request means what

impl Provider for ServiceBus {
    fn copied(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }

    fn handle(&mut self, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
        match &request.route {
            Route::Resource(id) => {
                let kind = types(id);
                match kind.as_str() {
                    "namespaces" => self.namespace(id, request, ctx),
                    "namespaces/disasterrecoveryconfigs" => self.alias(id, request, ctx),
                    "namespaces/migrationconfigurations" => self.migration(id, request, ctx),
                    "namespaces/networkrulesets" => self.network_rules(id, request, ctx),
                    "namespaces/ipfilterrules" | "namespaces/virtualnetworkrules" => {
                        self.old_network_rule(id, request)
                    }
                    "namespaces/privateendpointconnections" => self.private_endpoint(id, request),
                    "namespaces/disasterrecoveryconfigs/authorizationrules" => self.alias_rule(id, request),
                    _ if kind.ends_with("/authorizationrules") => self.auth_rule(id, request, ctx),
                    "namespaces/queues"
                    | "namespaces/topics"
                    | "namespaces/topics/subscriptions"
                    | "namespaces/topics/subscriptions/rules" => self.entity(id, request, ctx),
                    _ => Err(common::NOT_FOUND.with(&[id.name(), request.group_name()])),
                }
            }
            Route::Collection { within, kind } => {
                let kind = kind.segments().collect::<Vec<_>>().join("/").to_ascii_lowercase();
                self.collection(within, &kind, request, ctx)
            }
            Route::Action { on, name, .. } => self.action(on, name, request, ctx),
            _ => Err(Refused::new(404, "ResourceNotFound", "There is nothing at this path.")),
        }
    }

    fn plane_changed(&mut self, region: &Region, plane: Plane, health: Health, ctx: &mut Ctx<'_>) {
        if plane == Plane::Control {
            self.hearing_changed(region, health == Health::Up, ctx);
        }
    }

    /// What was due happens.
    fn happens(&mut self, event: &dyn Any, ctx: &mut Ctx<'_>) {
        match event.downcast_ref::<Event>().cloned() {
            Some(Event::NamespaceReady { key, operation }) => self.namespace_ready(key, operation, ctx),
            Some(Event::NamespaceGone { key, operation }) => self.namespace_gone(key, operation, ctx),
            Some(Event::AliasStep { alias, generation }) => self.alias_step(&alias, generation, ctx),
            Some(Event::Replicate { alias, generation }) => self.replicate(&alias, generation, ctx),
            Some(Event::SafeCheck { alias, generation }) => self.safe_check(&alias, generation, ctx),
            Some(Event::Learn { alias, namespace }) => self.learn(&alias, namespace, ctx.now),
            Some(Event::Migrate { key }) => self.migrate(key, ctx),
            Some(Event::Due { key, path }) => self.due(key, &path, ctx),
            Some(Event::Idle { key, path }) => self.idle(key, &path, ctx),
            None => {} // nobody else's events come here
        }
    }

    fn page(&self) -> usize {
        PAGE
    }

    fn resolve(&mut self, name: &str, ctx: &mut Ctx<'_>) -> Option<DnsAnswer> {
        let key = self.key_of_host(name, ctx.now)?;
        let namespace = self.namespaces.get(&key)?;
        let cluster = format!("ns-{}-{key}.servicebus.cloudapp.net", namespace.region);
        let mut chain = Vec::new();
        if !name.eq_ignore_ascii_case(&namespace.host()) {
            chain.push(DnsRecord::Cname(namespace.host()));
        }
        chain.push(DnsRecord::Cname(cluster));
        chain.push(DnsRecord::A(format!("10.{}.{}.{}", key >> 16 & 0xff, key >> 8 & 0xff, key & 0xff)));
        Some(DnsAnswer { chain, ttl: DNS_TTL })
    }

    fn host_call(&mut self, host: &str, call: &Call, ctx: &mut Ctx<'_>) -> Option<HostOutcome> {
        // Other services share the suffix: a host that is no namespace and no alias of ours is theirs.
        self.key_of_host(host, ctx.now)?;
        Some(self.rest(host, call, ctx))
    }
}

/// The types of an id, folded: `namespaces/topics/subscriptions`.
fn types(id: &ResourceId) -> String {
    id.kind()
        .map_or_else(String::new, |kind| kind.segments().collect::<Vec<_>>().join("/").to_ascii_lowercase())
}

impl ServiceBus {
    fn collection(&self, within: &ResourceId, kind: &str, request: &Request, ctx: &Ctx<'_>) -> Handled {
        let value = match kind {
            "namespaces" => self
                .by_id
                .iter()
                .filter(|(id, _)| id.is_within(within))
                .filter_map(|(_, key)| self.namespaces.get(key))
                // Lists are gathered from each region; one that does not answer is left out.
                .filter(|namespace| ctx.world.regions.is_up(&namespace.region, Plane::Control))
                .map(Namespace::to_wire)
                .collect(),
            "namespaces/disasterrecoveryconfigs" => return self.alias_list(within, request),
            "namespaces/privateendpointconnections" => {
                self.found(within, request)?.private_endpoints.values().cloned().collect()
            }
            "namespaces/networkrulesets" => vec![json!({
                "id": format!("{within}/networkRuleSets/default"), "name": "default",
                "properties": self.found(within, request)?.network,
            })],
            "namespaces/disasterrecoveryconfigs/authorizationrules" => self.alias_rules(within, request)?,
            _ if kind.ends_with("/authorizationrules") => self.auth_rules(within, request)?,
            _ => self.entities(within, kind, request, ctx.now)?,
        };
        Ok(Answer::new(200, json!({ "value": value })))
    }

    fn action(&mut self, on: &ResourceId, name: &str, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
        let kind = types(on);
        match (kind.as_str(), name.to_ascii_lowercase().as_str()) {
            ("", "checknameavailability") => Ok(Self::check_name(request, 6, ctx)),
            ("namespaces/disasterrecoveryconfigs/authorizationrules", "listkeys") => {
                self.alias_keys(on, request)
            }
            ("namespaces/migrationconfigurations", _) => self.migration_action(on, name, request, ctx),
            ("namespaces/disasterrecoveryconfigs", _) => self.alias_action(on, name, request, ctx),
            (_, "listkeys") if kind.ends_with("/authorizationrules") => self.list_keys(on, request),
            (_, "regeneratekeys") if kind.ends_with("/authorizationrules") => {
                self.regenerate_keys(on, request, ctx)
            }
            _ => Err(Refused::new(501, "NotModelledByLab", format!("The lab does not model '{name}' here."))),
        }
    }

    // --- lookups that all parts use

    fn next_key(&mut self) -> Key {
        self.next += 1;
        self.next
    }

    fn key(&self, id: &ResourceId) -> Option<Key> {
        self.by_id.get(id).copied()
    }

    fn key_of(&self, id: &ResourceId, request: &Request) -> Result<Key, Refused> {
        self.key(id).ok_or_else(|| common::NOT_FOUND.with(&[id.name(), request.group_name()]))
    }

    fn found(&self, id: &ResourceId, request: &Request) -> Result<&Namespace, Refused> {
        self.key(id)
            .and_then(|key| self.namespaces.get(&key))
            .ok_or_else(|| common::NOT_FOUND.with(&[id.name(), request.group_name()]))
    }

    /// Whether a namespace is the frozen half of a pair.
    fn is_secondary(&self, key: Key) -> bool {
        let alias = self.namespaces.get(&key).and_then(|namespace| namespace.alias.as_ref());
        alias.and_then(|alias| self.aliases.get(alias)).is_some_and(|alias| alias.partner == Some(key))
    }

    fn partner_of_primary(&self, key: Key) -> Option<Key> {
        let alias = self.namespaces.get(&key)?.alias.as_ref()?;
        let alias = self.aliases.get(alias)?;
        (alias.holder == key).then_some(alias.partner).flatten()
    }

    /// Which namespace answers at a host now: its own, or the one its alias leads to.
    fn key_of_host(&self, host: &str, now: Timestamp) -> Option<Key> {
        let label = host.strip_suffix(SUFFIX)?.strip_suffix('.')?;
        match self.hosts.get(label)? {
            HostOf::Namespace(key) => Some(*key),
            HostOf::Alias(name) => self.aliases.get(name).map(|alias| alias.target(now)),
        }
    }

    /// The namespace an id lies in.
    fn namespace_id(id: &ResourceId) -> ResourceId {
        let mut at = id.clone();
        while types(&at).contains('/') {
            match at.parent() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }
}

impl Namespace {
    /// Removes an entity and everything below it.
    pub(crate) fn remove_entity(&mut self, path: &str) {
        let prefix = format!("{path}/");
        self.entities.retain(|own, _| own != path && !own.starts_with(&prefix));
        self.rules.retain(|(owner, _), _| owner != path && !owner.starts_with(&prefix));
    }
}

/// A method that this resource does not take.
fn not_allowed(method: Method) -> Refused {
    Refused::new(405, "MethodNotAllowed", format!("{method} is not allowed here."))
}

/// A body's `properties`.
fn properties(body: &Value) -> Value {
    body.get("properties").cloned().unwrap_or_else(|| json!({}))
}
