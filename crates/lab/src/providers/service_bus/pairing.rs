//! The alias of a pair: `disasterRecoveryConfigs`. One record {name, holder, partner, state}, shown under both namespaces
//! with mirrored roles. Here: what is asked for; `checks.rs`: what a pairing is refused for; `steps.rs`: what happens by itself
//! then.
//!
//! PUT, breakPairing, failover and DELETE answer at once and have no operation URL: `provisioningState` tells when they
//! are over. A namespace whose region could not hear of a failover goes on believing in its old role ([`Stale`]) until its
//! control plane has been back for a while. The refusals are rows of `refusals.rs`. Source: "Service Bus
//! Geo-Disaster Recovery" and its official sample; roles after break and failover are inferred from the published enum.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Method, ResourceId};
use serde_json::{Value, json};

use super::namespace::{SUFFIX, schedule};
use super::replication::Replication;
use super::{Event, HostOf, Key, ServiceBus, refusals};
use crate::names::{self, Holder};
use crate::refusal::{Handled, Refused, common, refuse};
use crate::route::Request;
use crate::world::Ctx;

mod checks;
mod steps;

// --- state

/// One alias.
#[derive(Debug, Clone)]
pub(crate) struct Alias {
    pub(crate) name: String,
    /// Who the alias belongs to.
    pub(crate) holder: Key,
    /// The secondary, while there is one.
    pub(crate) partner: Option<Key>,
    alternate: Option<String>,
    state: State,
    pub(crate) replication: Option<Replication>,
    /// Who DNS leads to, and who it led to until when.
    target: Key,
    before: Option<(Key, Timestamp)>,
    stale: BTreeMap<Key, Stale>,
    /// Counts changes of state: an event of an older one is void.
    pub(crate) generation: u64,
}

/// Where an alias is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has a holder and no partner: never paired, broken or failed over.
    Alone,
    Pairing,
    Paired,
    Breaking,
    /// A safe failover waits until nothing is pending.
    Waiting,
    /// The failover runs; the old primary still holds.
    Switching,
    /// The new holder holds; the rest is tidied up.
    Settling,
    Deleting,
}

/// What a namespace still believes because nobody could tell it otherwise.
#[derive(Debug, Clone)]
struct Stale {
    wire: Value,
    /// When it learns the truth; none while its control plane is down.
    until: Option<Timestamp>,
}

impl Alias {
    pub(crate) fn replicates(&self) -> bool {
        // Once a failover has begun nothing crosses any more: what was pending is lost.
        self.partner.is_some() && matches!(self.state, State::Pairing | State::Paired | State::Waiting)
    }

    fn pending(&self) -> usize {
        self.replication.as_ref().map_or(0, |replication| replication.pending.len())
    }

    fn enter(&mut self, state: State) -> u64 {
        self.state = state;
        self.generation += 1;
        self.generation
    }

    /// Who answers under this name now.
    pub(crate) fn target(&self, now: Timestamp) -> Key {
        match self.before {
            Some((key, until)) if now < until => key,
            _ => self.target,
        }
    }
}

// --- wire

impl ServiceBus {
    /// The alias as one of its namespaces shows it; none when that namespace knows nothing of it.
    fn alias_wire(&self, name: &str, key: Key) -> Option<Value> {
        let alias = self.aliases.get(name)?;
        if let Some(stale) = alias.stale.get(&key) {
            return Some(stale.wire.clone());
        }
        let namespace = self.namespaces.get(&key)?;
        let accepted = !matches!(alias.state, State::Alone | State::Paired);
        let single = matches!(alias.state, State::Alone | State::Breaking | State::Settling)
            || (alias.state == State::Deleting && alias.partner.is_none());
        let (role, partner) = if key == alias.holder {
            (if single { "PrimaryNotReplicating" } else { "Primary" }, alias.partner.filter(|_| !single))
        } else if Some(key) == alias.partner {
            ("Secondary", Some(alias.holder))
        } else {
            return None;
        };
        let partner = partner.and_then(|partner| self.namespaces.get(&partner));
        let mut properties = json!({
            "provisioningState": if accepted { "Accepted" } else { "Succeeded" },
            "role": role,
            "partnerNamespace": partner.map_or("", |partner| partner.id.as_str()),
            "pendingReplicationOperationsCount": alias.pending(),
        });
        if let Some(alternate) = &alias.alternate {
            properties["alternateName"] = json!(alternate);
        }
        Some(json!({
            "id": format!("{}/disasterRecoveryConfigs/{}", namespace.id, alias.name),
            "name": alias.name,
            "type": "Microsoft.ServiceBus/Namespaces/disasterRecoveryConfigs",
            "properties": properties,
        }))
    }
}

// --- rules

impl ServiceBus {
    pub(super) fn alias_list(&self, namespace: &ResourceId, request: &Request) -> Handled {
        let key = self.key_of(namespace, request)?;
        let value: Vec<Value> = self.aliases.keys().filter_map(|name| self.alias_wire(name, key)).collect();
        Ok(Answer::new(200, json!({ "value": value })))
    }

    pub(super) fn alias(&mut self, id: &ResourceId, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
        let parent = id.parent().unwrap_or_else(|| id.clone());
        let key = self.key_of(&parent, request)?;
        let name = id.name().to_ascii_lowercase();
        match request.method {
            Method::Get => self
                .alias_wire(&name, key)
                .map(|wire| Answer::new(200, wire))
                .ok_or_else(|| missing(id, request)),
            Method::Head => {
                Ok(Answer::new(if self.alias_wire(&name, key).is_some() { 204 } else { 404 }, Value::Null))
            }
            Method::Put => self.put_alias(key, id.name(), &request.body, ctx),
            Method::Delete => self.delete_alias(key, &name, ctx),
            Method::Post if name == "checknameavailability" => Ok(Self::check_name(request, 1, ctx)),
            _ => Err(missing(id, request)),
        }
    }

    /// PUT: creates the alias and pairs, or finds that this is how it already is.
    fn put_alias(&mut self, key: Key, name: &str, body: &Value, ctx: &mut Ctx<'_>) -> Handled {
        let folded = name.to_ascii_lowercase();
        let partner = self.partner_in(key, body)?;
        let alternate =
            body.pointer("/properties/alternateName").and_then(Value::as_str).filter(|text| !text.is_empty());
        if let Some(alias) = self.aliases.get(&folded)
            && alias.holder == key
            && matches!(alias.state, State::Pairing | State::Paired)
            && (partner.is_none() || alias.partner == partner)
        {
            return Ok(Answer::new(200, self.alias_wire(&folded, key).unwrap_or_default()));
        }
        self.may_pair(key, partner, name, alternate, ctx)?;
        let known = self.aliases.contains_key(&folded);
        if !known {
            self.new_alias(key, name, alternate, ctx);
        }
        if let Some(partner) = partner {
            self.pair(&folded, key, partner, ctx);
        }
        let wire = self.alias_wire(&folded, key).unwrap_or_default();
        Ok(Answer::new(if known { 200 } else { 201 }, wire))
    }

    fn new_alias(&mut self, key: Key, name: &str, alternate: Option<&str>, ctx: &mut Ctx<'_>) {
        let folded = name.to_ascii_lowercase();
        let Some(namespace) = self.namespaces.get_mut(&key) else { return };
        namespace.alias = Some(folded.clone());
        let id = namespace.id.child("disasterRecoveryConfigs", name);
        if let Some(alternate) = alternate {
            // The alias takes the namespace's name; the namespace goes by its alternate name from now on.
            namespace.label = alternate.to_ascii_lowercase();
            let host = names::host(alternate, SUFFIX);
            ctx.world.names.take(host, Holder::Resource(namespace.id.clone()));
            self.hosts.insert(alternate.to_ascii_lowercase(), HostOf::Namespace(key));
        }
        ctx.world.names.take(names::host(name, SUFFIX), Holder::Resource(id));
        self.hosts.insert(folded.clone(), HostOf::Alias(folded.clone()));
        let alias = Alias {
            name: name.to_owned(),
            holder: key,
            partner: None,
            alternate: alternate.map(str::to_owned),
            state: State::Alone,
            replication: None,
            target: key,
            before: None,
            stale: BTreeMap::new(),
            generation: 0,
        };
        self.aliases.insert(folded, alias);
    }

    fn pair(&mut self, name: &str, key: Key, partner: Key, ctx: &mut Ctx<'_>) {
        let replication = self.replication_of(key, name, ctx);
        if let Some(namespace) = self.namespaces.get_mut(&partner) {
            namespace.alias = Some(name.to_owned());
        }
        let Some(alias) = self.aliases.get_mut(name) else { return };
        alias.partner = Some(partner);
        alias.replication = Some(replication);
        alias.stale.clear();
        let generation = alias.enter(State::Pairing);
        let after = ctx.pick(ctx.world.timing.service_bus.pair_setup, "pair-setup", name);
        schedule(ctx, after, Event::AliasStep { alias: name.to_owned(), generation });
        self.start_replication(name, ctx);
    }

    pub(super) fn alias_action(
        &mut self,
        on: &ResourceId,
        action: &str,
        request: &Request,
        ctx: &mut Ctx<'_>,
    ) -> Handled {
        let parent = on.parent().unwrap_or_else(|| on.clone());
        let key = self.key_of(&parent, request)?;
        let name = on.name().to_ascii_lowercase();
        if self.alias_wire(&name, key).is_none() {
            return Err(missing(on, request));
        }
        match action.to_ascii_lowercase().as_str() {
            "breakpairing" => self.break_pairing(key, &name, ctx),
            "failover" => self.fail_over(key, &name, &request.body, ctx),
            _ => Err(missing(on, request)),
        }
    }

    fn break_pairing(&mut self, key: Key, name: &str, ctx: &mut Ctx<'_>) -> Handled {
        let alias = &self.aliases[name];
        let holder = self.namespaces.get(&alias.holder).map_or("", |holder| holder.id.name());
        refuse(key != alias.holder, &refusals::BREAK_ON_SECONDARY, &[holder])?;
        refuse(alias.partner.is_none(), &refusals::NOTHING_TO_BREAK, &[&alias.name])?;
        let busy = !matches!(alias.state, State::Pairing | State::Paired | State::Waiting);
        refuse(busy, &refusals::IN_TRANSITION, &[&alias.name])?;
        self.begin(name, State::Breaking, ctx.world.timing.service_bus.pair_break, ctx);
        Ok(Answer::new(200, Value::Null))
    }

    /// Always addressed to the secondary: the primary may be gone.
    fn fail_over(&mut self, key: Key, name: &str, body: &Value, ctx: &mut Ctx<'_>) -> Handled {
        let alias = &self.aliases[name];
        refuse(Some(key) != alias.partner, &refusals::FAIL_OVER_ON_PRIMARY, &[])?;
        refuse(alias.state == State::Pairing, &refusals::STILL_REPLICATING, &[])?;
        let busy = !matches!(alias.state, State::Paired | State::Waiting | State::Pairing);
        refuse(busy, &refusals::IN_TRANSITION, &[&alias.name])?;
        let safe = is_safe(body);
        let subscription = |key: Key| {
            let id = self.namespaces.get(&key).map(|namespace| namespace.id.clone());
            id.and_then(|id| id.subscription().map(str::to_ascii_lowercase))
        };
        let across = subscription(alias.holder) != subscription(key);
        refuse(safe && across, &refusals::SAFE_ACROSS_SUBSCRIPTIONS, &[])?;
        if !safe || (alias.pending() == 0 && self.can_talk(alias.holder, key, ctx)) {
            self.begin(name, State::Switching, ctx.world.timing.service_bus.alias_switch, ctx);
        } else if let Some(alias) = self.aliases.get_mut(name)
            && alias.state != State::Waiting
        {
            // A forced failover may still follow; until then nothing but the end of replication ends this.
            alias.state = State::Waiting;
            let event = Event::SafeCheck { alias: name.to_owned(), generation: alias.generation };
            schedule(ctx, SignedDuration::from_secs(5), event);
        }
        Ok(Answer::new(200, Value::Null))
    }

    fn delete_alias(&mut self, key: Key, name: &str, ctx: &mut Ctx<'_>) -> Handled {
        if self.alias_wire(name, key).is_none() {
            return Ok(Answer::new(204, Value::Null));
        }
        let alias = &self.aliases[name];
        refuse(key != alias.holder, &refusals::DELETE_NOT_HOLDER, &[&alias.name])?;
        let paired = matches!(alias.state, State::Pairing | State::Paired | State::Waiting);
        refuse(paired, &refusals::DELETE_ALIAS_PAIRED, &[&alias.name])?;
        if alias.state == State::Deleting {
            return Ok(Answer::new(200, Value::Null));
        }
        let busy = !paired && alias.state != State::Alone;
        refuse(busy, &refusals::IN_TRANSITION, &[&alias.name])?;
        self.begin(name, State::Deleting, ctx.world.timing.service_bus.alias_delete, ctx);
        Ok(Answer::new(200, Value::Null))
    }

    fn begin(&mut self, name: &str, state: State, span: crate::timing::Span, ctx: &mut Ctx<'_>) {
        let Some(alias) = self.aliases.get_mut(name) else { return };
        let generation = alias.enter(state);
        let after = ctx.pick(span, "alias-step", &format!("{name}/{state:?}"));
        schedule(ctx, after, Event::AliasStep { alias: name.to_owned(), generation });
    }
}

fn is_safe(body: &Value) -> bool {
    let Some(properties) = body.get("properties").and_then(Value::as_object) else { return false };
    properties
        .iter()
        .any(|(name, value)| name.eq_ignore_ascii_case("IsSafeFailover") && value == &json!(true))
}

fn missing(id: &ResourceId, request: &Request) -> Refused {
    common::NOT_FOUND.with(&[id.name(), request.group_name()])
}
