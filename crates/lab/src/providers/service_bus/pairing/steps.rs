//! What an alias does by itself: pairs settle, failovers switch, namespaces learn late what happened to them.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Region;
use serde_json::{Value, json};

use super::{Stale, State};
use crate::fault::Effect;
use crate::health::Plane;
use crate::names::{self, Holder};
use crate::providers::service_bus::namespace::{SUFFIX, release, schedule};
use crate::providers::service_bus::{Event, HostOf, Key, NAMESPACE, ServiceBus};
use crate::world::Ctx;

impl ServiceBus {
    /// A step of an alias is over.
    pub(crate) fn alias_step(&mut self, name: &str, generation: u64, ctx: &mut Ctx<'_>) {
        let Some(alias) = self.aliases.get(name) else { return };
        if alias.generation != generation {
            return;
        }
        // The namespace that carries the change out has to be there.
        let actor = if alias.state == State::Switching {
            alias.partner.unwrap_or(alias.holder)
        } else {
            alias.holder
        };
        let Some(actor) = self.namespaces.get(&actor) else { return };
        let (region, id) = (actor.region.clone(), actor.id.clone());
        let blocked = !ctx.world.regions.is_up(&region, Plane::Control);
        if blocked || ctx.is_stuck(&region, NAMESPACE, id.as_str()) {
            let event = Event::AliasStep { alias: name.to_owned(), generation };
            schedule(ctx, SignedDuration::from_secs(10), event);
            return;
        }
        match alias.state {
            State::Pairing => self.settled(name, State::Paired),
            State::Breaking => self.broken(name),
            State::Switching => self.switch(name, ctx),
            State::Settling => self.settled(name, State::Alone),
            State::Deleting => self.remove_alias(name, ctx),
            State::Alone | State::Paired | State::Waiting => {}
        }
    }

    fn settled(&mut self, name: &str, state: State) {
        if let Some(alias) = self.aliases.get_mut(name) {
            alias.state = state; // same generation: replication of this pair goes on
        }
    }

    /// The old secondary is an ordinary namespace again and keeps what was copied.
    fn broken(&mut self, name: &str) {
        let Some(alias) = self.aliases.get_mut(name) else { return };
        let partner = alias.partner.take();
        alias.replication = None;
        alias.enter(State::Alone);
        if let Some(partner) = partner.and_then(|partner| self.namespaces.get_mut(&partner)) {
            partner.alias = None;
        }
    }

    /// The alias gets its new holder. Whatever was still pending is lost; messages stay where they are.
    fn switch(&mut self, name: &str, ctx: &mut Ctx<'_>) {
        let Some(alias) = self.aliases.get(name) else { return };
        let (old, Some(new)) = (alias.holder, alias.partner) else { return };
        let belief = self.believed(name, old);
        let lag = self.dns_lag(new, name, ctx);
        let hears = self
            .namespaces
            .get(&old)
            .is_some_and(|namespace| ctx.world.regions.is_up(&namespace.region, Plane::Control));
        let forget = ctx.pick(ctx.world.timing.service_bus.alias_forget, "alias-forget", name);
        let now = ctx.now;
        let Some(alias) = self.aliases.get_mut(name) else { return };
        alias.holder = new;
        alias.partner = None;
        alias.replication = None;
        alias.before = Some((alias.target(now), now + lag));
        alias.target = new;
        let until = hears.then(|| now + forget);
        alias.stale.insert(old, Stale { wire: belief, until });
        let generation = alias.enter(State::Settling);
        let folded = name.to_owned();
        if hears {
            schedule(ctx, forget, Event::Learn { alias: folded.clone(), namespace: old });
        }
        let settle = ctx.pick(ctx.world.timing.service_bus.alias_settle, "alias-settle", name);
        schedule(ctx, settle, Event::AliasStep { alias: folded, generation });
        if let Some(namespace) = self.namespaces.get_mut(&old) {
            namespace.alias = None;
        }
        if let Some(namespace) = self.namespaces.get(&new) {
            let id = namespace.id.child("disasterRecoveryConfigs", &self.aliases[name].name);
            ctx.world.names.take(names::host(name, SUFFIX), Holder::Resource(id));
        }
        self.watch_idle(new, ctx);
    }

    /// What the old primary went on believing: that nothing happened.
    fn believed(&self, name: &str, key: Key) -> Value {
        let mut wire = self.alias_wire(name, key).unwrap_or_default();
        wire["properties"]["provisioningState"] = json!("Succeeded");
        wire
    }

    fn dns_lag(&self, key: Key, name: &str, ctx: &mut Ctx<'_>) -> SignedDuration {
        let lag = ctx.pick(ctx.world.timing.service_bus.dns_lag, "dns-lag", name);
        let Some(namespace) = self.namespaces.get(&key) else { return lag };
        let (region, id) = (namespace.region.clone(), namespace.id.clone());
        match ctx.standing(&region, NAMESPACE, id.as_str(), |effect| matches!(effect, Effect::DnsLag(_))) {
            Some(Effect::DnsLag(more)) => lag + more,
            _ => lag,
        }
    }

    /// A safe failover looks whether it can begin.
    pub(crate) fn safe_check(&mut self, name: &str, generation: u64, ctx: &mut Ctx<'_>) {
        let Some(alias) = self.aliases.get(name) else { return };
        if alias.generation != generation || alias.state != State::Waiting {
            return;
        }
        let (holder, Some(partner)) = (alias.holder, alias.partner) else { return };
        if alias.pending() == 0 && self.can_talk(holder, partner, ctx) {
            self.begin(name, State::Switching, ctx.world.timing.service_bus.alias_switch, ctx);
        } else {
            let event = Event::SafeCheck { alias: name.to_owned(), generation };
            schedule(ctx, SignedDuration::from_secs(5), event);
        }
    }

    /// Replication caught up: a waiting failover need not wait for its next look.
    pub(crate) fn replicated_all(&mut self, name: &str, ctx: &mut Ctx<'_>) {
        if let Some(alias) = self.aliases.get(name)
            && alias.state == State::Waiting
        {
            self.safe_check(name, alias.generation, ctx);
        }
    }

    /// A namespace hears what became of its alias, if it can hear now.
    pub(crate) fn learn(&mut self, name: &str, namespace: Key, now: Timestamp) {
        if let Some(alias) = self.aliases.get_mut(name)
            && alias.stale.get(&namespace).is_some_and(|stale| stale.until.is_some_and(|until| until <= now))
        {
            alias.stale.remove(&namespace);
        }
    }

    /// A control plane went: what its namespaces have not learnt yet has to wait. It came back: they learn after a while.
    pub(crate) fn hearing_changed(&mut self, region: &Region, up: bool, ctx: &mut Ctx<'_>) {
        let here: Vec<Key> = self
            .namespaces
            .iter()
            .filter(|(_, namespace)| &namespace.region == region)
            .map(|(key, _)| *key)
            .collect();
        let mut later = Vec::new();
        for (name, alias) in &mut self.aliases {
            for (key, stale) in alias.stale.iter_mut().filter(|(key, _)| here.contains(key)) {
                let after = ctx.pick(ctx.world.timing.catch_up, "catch-up", name);
                stale.until = up.then(|| ctx.now + after);
                later.push((after, Event::Learn { alias: name.clone(), namespace: *key }));
            }
        }
        if up {
            for (after, event) in later {
                schedule(ctx, after, event);
            }
        }
    }

    /// A namespace is gone: it believes nothing any more.
    pub(crate) fn forget_beliefs(&mut self, key: Key) {
        for alias in self.aliases.values_mut() {
            alias.stale.remove(&key);
        }
    }

    /// The alias is gone; its name is free after a while, unless it is the name of a namespace that lives on.
    pub(crate) fn remove_alias(&mut self, name: &str, ctx: &mut Ctx<'_>) {
        let Some(alias) = self.aliases.remove(name) else { return };
        for key in [Some(alias.holder), alias.partner].into_iter().flatten() {
            if let Some(namespace) = self.namespaces.get_mut(&key) {
                namespace.alias = None;
            }
        }
        self.hosts.remove(name);
        let holder = self.namespaces.get(&alias.holder);
        if holder.is_some_and(|holder| holder.migrated_from.as_deref() == Some(name)) {
            self.hosts.insert(name.to_owned(), HostOf::Namespace(alias.holder)); // it goes on answering under the old name
        }
        let owner = self.by_id.iter().find(|(id, _)| id.name().eq_ignore_ascii_case(name));
        match owner {
            Some((id, _)) => ctx.world.names.take(names::host(name, SUFFIX), Holder::Resource(id.clone())),
            None => release(name, ctx),
        }
    }
}
