//! Who a message goes to: from a host to a namespace, from a path to an entity, from a topic to its subscriptions.
//!
//! This is the path of every message, hence no JSON and no copies of strings here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_arm::Method;

use super::entity::{self, Entities, Entity, Kind, Status};
use super::filter;
use super::messages::Half;
use super::namespace::{State, schedule};
use super::wire::NO_SESSION;
use super::{Event, Key, NAMESPACE, ServiceBus};
use crate::fault::{Effect, Phase, Sight};
use crate::health::{Health, Plane};
use crate::providers::service_bus::data_plane::{
    Counts, DataError, Lock, Message, Received, SendOk, Session, Sums,
};
use crate::world::Ctx;

/// How often a message may be forwarded, as Azure limits it.
const HOPS_MAX: u32 = 4;

/// Below an entity, in the order in which they are looked for: the one ends with the other.
const SUB_QUEUES: [(&str, Half); 2] =
    [("/$transfer/$deadletterqueue", Half::TransferDeadLetters), ("/$deadletterqueue", Half::DeadLetters)];

/// A path in lower case; free when it is already.
fn folded(path: &str) -> Cow<'_, str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(path.to_ascii_lowercase())
    } else {
        Cow::Borrowed(path)
    }
}

/// Splits `queue/$DeadLetterQueue` into the queue and its half.
fn half(path: &str) -> (&str, Half) {
    let found = SUB_QUEUES.iter().find_map(|(suffix, half)| Some((path.strip_suffix(suffix)?, *half)));
    found.unwrap_or((path, Half::Main))
}

impl ServiceBus {
    /// The namespace that answers at a host, if it answers.
    pub(super) fn reach(&self, host: &str, ctx: &Ctx<'_>) -> Result<Key, DataError> {
        let host = folded(host);
        let key = self.key_of_host(&host, ctx.now).ok_or(DataError::UnknownHost)?;
        let namespace = self.namespaces.get(&key).ok_or(DataError::UnknownHost)?;
        match ctx.world.regions.health(&namespace.region, Plane::Data) {
            Health::Up => {}
            Health::Down => return Err(DataError::Unreachable),
            Health::Silent => return Err(DataError::NoAnswer),
        }
        if namespace.state != State::Succeeded {
            return Err(DataError::Unreachable);
        }
        if namespace.alias.is_some() && self.is_secondary(key) {
            return Err(DataError::Secondary);
        }
        Ok(key)
    }

    /// Whether an injected fault hits this call.
    fn strike(
        &self,
        key: Key,
        what: &str,
        path: &str,
        phase: Phase,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), DataError> {
        if ctx.world.faults.none() {
            return Ok(());
        }
        let Some(namespace) = self.namespaces.get(&key) else { return Ok(()) };
        let resource = format!("{}/{path}", namespace.id);
        let sight = Sight {
            region: Some(&namespace.region),
            provider: NAMESPACE,
            method: Some(Method::Post),
            operation: what,
            resource: &resource,
        };
        match (ctx.world.faults.strike(ctx.now, phase, sight, &ctx.world.dice), phase) {
            (None | Some(Effect::Delay(_)), _) => Ok(()),
            (Some(Effect::Status { status, .. }), Phase::Before) => Err(DataError::Status(status)),
            (Some(_), Phase::Before) => Err(DataError::NoAnswer),
            (Some(_), Phase::After) => Err(DataError::AnswerLost),
        }
    }

    pub(crate) fn send(
        &mut self,
        host: &str,
        path: &str,
        message: Message,
        ctx: &mut Ctx<'_>,
    ) -> Result<SendOk, DataError> {
        let key = self.reach(host, ctx)?;
        let path = folded(path);
        self.strike(key, "send", &path, Phase::Before, ctx)?;
        let Some(namespace) = self.namespaces.get_mut(&key) else { return Err(DataError::UnknownHost) };
        let due = message.scheduled.filter(|due| *due > ctx.now);
        let sent = deliver(&mut namespace.entities, &path, message, ctx.now, Way::default())?;
        if due.is_some() && due == namespace.entities.get(path.as_ref()).and_then(|one| one.store.next_due())
        {
            self.await_due(key, &path, ctx); // whatever else is kept there waits for longer
        }
        self.strike(key, "send", &path, Phase::After, ctx)?;
        Ok(sent)
    }

    pub(crate) fn receive(
        &mut self,
        host: &str,
        path: &str,
        session: Session<'_>,
        ctx: &mut Ctx<'_>,
    ) -> Result<Option<Received>, DataError> {
        let key = self.reach(host, ctx)?;
        let path = folded(path);
        self.strike(key, "receive", &path, Phase::Before, ctx)?;
        let (entity, half) = self.receiver(key, &path)?;
        match entity.status {
            Status::Disabled => return Err(DataError::Disabled("Disabled")),
            Status::ReceiveDisabled => return Err(DataError::Disabled("ReceiveDisabled")),
            Status::Active | Status::SendDisabled => {}
        }
        entity.accessed = Some(ctx.now);
        let received = entity.store.receive(ctx.now, &entity.policy, half, session);
        self.strike(key, "receive", &path, Phase::After, ctx)?;
        Ok(received)
    }

    pub(crate) fn complete(
        &mut self,
        host: &str,
        path: &str,
        lock: Lock,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), DataError> {
        self.settle(host, path, "complete", ctx, |entity, now| {
            entity.store.complete(now, &entity.policy, lock)
        })
    }

    pub(crate) fn abandon(
        &mut self,
        host: &str,
        path: &str,
        lock: Lock,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), DataError> {
        self.settle(host, path, "abandon", ctx, |entity, now| entity.store.abandon(now, &entity.policy, lock))
    }

    pub(crate) fn dead_letter(
        &mut self,
        host: &str,
        path: &str,
        lock: Lock,
        reason: &str,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), DataError> {
        self.settle(host, path, "deadLetter", ctx, |entity, now| {
            entity.store.dead_letter(now, &entity.policy, lock, reason)
        })
    }

    pub(crate) fn renew(
        &mut self,
        host: &str,
        path: &str,
        lock: Lock,
        ctx: &mut Ctx<'_>,
    ) -> Result<Timestamp, DataError> {
        self.settle(host, path, "renew", ctx, |entity, now| entity.store.renew(now, &entity.policy, lock))
    }

    fn settle<T>(
        &mut self,
        host: &str,
        path: &str,
        what: &str,
        ctx: &mut Ctx<'_>,
        act: impl FnOnce(&mut Entity, Timestamp) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let key = self.reach(host, ctx)?;
        let path = folded(path);
        self.strike(key, what, &path, Phase::Before, ctx)?;
        let (entity, _) = self.receiver(key, &path)?;
        let done = act(entity, ctx.now)?;
        self.strike(key, what, &path, Phase::After, ctx)?;
        Ok(done)
    }

    /// The queue or subscription at a path, and which half of it.
    fn receiver(&mut self, key: Key, path: &str) -> Result<(&mut Entity, Half), DataError> {
        let (path, half) = half(path);
        let namespace = self.namespaces.get_mut(&key).ok_or(DataError::UnknownHost)?;
        let entity = namespace.entities.get_mut(path).ok_or(DataError::UnknownEntity)?;
        match entity.kind {
            Kind::Queue | Kind::Subscription => Ok((entity, half)),
            Kind::Topic | Kind::Rule => Err(DataError::UnknownEntity),
        }
    }

    // --- for reports

    fn by_name(&self, name: &str) -> Option<&super::Namespace> {
        self.namespaces.values().find(|namespace| namespace.id.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn counts(&self, namespace: &str, path: &str, now: Timestamp) -> Option<Counts> {
        self.by_name(namespace)?.entities.get(folded(path).as_ref()).map(|entity| entity.store.counts(now))
    }

    pub(crate) fn sums(&self, namespace: &str, path: &str) -> Option<Sums> {
        self.by_name(namespace)?.entities.get(folded(path).as_ref()).map(|entity| entity.store.sums())
    }

    pub(crate) fn lets_in(&self, namespace: &str, subscription: &str, message: &Message) -> bool {
        let entities = self.by_name(namespace).map(|namespace| &namespace.entities);
        entities.is_some_and(|entities| filter::admits(entities, &folded(subscription), message))
    }

    pub(crate) fn all_counts(&self, now: Timestamp) -> BTreeMap<String, BTreeMap<String, Counts>> {
        let holds = |entity: &&Entity| entity.kind != Kind::Rule;
        self.namespaces
            .values()
            .map(|namespace| {
                let counts = namespace.entities.values().filter(holds);
                let counts = counts.map(|entity| (entity.path.clone(), entity.store.counts(now))).collect();
                (namespace.id.name().to_owned(), counts)
            })
            .collect()
    }
}

/// How a message came here.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    hops: u32,
    /// Its sequence where it was first sent to.
    origin: Option<u64>,
}

impl Way {
    fn on(self, sequence: u64) -> Self {
        Self { hops: self.hops + 1, origin: self.origin.or(Some(sequence)) }
    }
}

/// Puts a message where it belongs: a queue, the subscriptions of a topic, or where either forwards to.
fn deliver(
    entities: &mut Entities,
    path: &str,
    message: Message,
    now: Timestamp,
    way: Way,
) -> Result<SendOk, DataError> {
    let entity = entities.get_mut(path).ok_or(DataError::UnknownEntity)?;
    match entity.status {
        Status::Disabled => return Err(DataError::Disabled("Disabled")),
        Status::SendDisabled => return Err(DataError::Disabled("SendDisabled")),
        Status::Active | Status::ReceiveDisabled => {}
    }
    match entity.kind {
        Kind::Rule | Kind::Subscription => return Err(DataError::UnknownEntity), // nobody sends to a subscription
        Kind::Queue | Kind::Topic => entity.accessed = Some(now),
    }
    if !entity.passes_on() {
        return entity.store.send(now, &entity.policy, message, way.origin);
    }
    let is_early = message.scheduled.is_some_and(|due| due > now);
    // Before its id is remembered: what is not taken is no duplicate when it comes again.
    if is_early && entity.store.is_full(&entity.policy) {
        return Err(DataError::Full);
    }
    if !entity.store.is_new(now, &entity.policy, message.message_id.as_ref()) {
        return Ok(SendOk { sequence: 0, duplicate: true });
    }
    if is_early {
        return Ok(entity.store.keep_until_due(now, &entity.policy, message));
    }
    Ok(pass_on(entities, path, message, now, way))
}

/// A topic makes copies, a queue forwards. What is not due yet stays in either until it is, so the rules are asked then
/// ("Message sequencing and timestamps"; a topic shows it in `scheduledMessageCount`, its subscriptions never do).
fn pass_on(entities: &mut Entities, path: &str, message: Message, now: Timestamp, way: Way) -> SendOk {
    match entities.get(path).map(|entity| entity.kind) {
        Some(Kind::Topic) => fan_out(entities, path, message, now, way),
        _ => forward(entities, path, message, now, way),
    }
}

/// Nothing was put anywhere.
const NOWHERE: SendOk = SendOk { sequence: 0, duplicate: false };

/// Sends a message on to where an entity forwards to. What the target does not take stays behind as a transfer dead
/// letter; whoever sent it was answered long ago ("Service Bus dead-letter queues", "Dead-lettering in auto-forward
/// scenarios").
fn forward(entities: &mut Entities, path: &str, message: Message, now: Timestamp, way: Way) -> SendOk {
    let Some(entity) = entities.get_mut(path) else { return NOWHERE };
    let Some(target) = entity.forward.clone() else { return NOWHERE };
    let refused = if way.hops < HOPS_MAX {
        let on = way.on(entity.store.pass());
        match deliver(entities, &target, message.clone(), now, on) {
            Ok(sent) => return sent,
            Err(DataError::SessionRequired) => NO_SESSION.to_owned(),
            Err(error) => error.to_string(),
        }
    } else {
        "MaxTransferHopCountExceeded".to_owned()
    };
    let Some(entity) = entities.get_mut(path) else { return NOWHERE };
    let aside = (Half::TransferDeadLetters, refused.as_str());
    entity.store.set_aside(now, &entity.policy, message, way.origin, aside)
}

/// A copy for each subscription that has a rule which lets the message in.
fn fan_out(entities: &mut Entities, topic: &str, mut message: Message, now: Timestamp, way: Way) -> SendOk {
    let Some(entity) = entities.get_mut(topic) else { return NOWHERE };
    // No copy outlives what its topic allows ("Message expiration").
    let lives = [message.time_to_live, entity.policy.time_to_live];
    message.time_to_live = lives.into_iter().flatten().min();
    let on = way.on(entity.store.pass());
    let wanted: Vec<String> = entity::subscriptions_of(entities, topic)
        .into_iter()
        .filter(|path| filter::admits(entities, path, &message))
        .collect();
    let mut sent = NOWHERE;
    for path in wanted {
        sent = copy_to(entities, &path, message.clone(), now, on);
    }
    sent
}

/// A subscription's copy. It takes whatever its topic took: its `status` is about receiving, and a message without the
/// session that it requires becomes a dead letter ("Service Bus dead-letter queues"). Only who receives uses it
/// (`accessedAt` of a subscription).
fn copy_to(entities: &mut Entities, path: &str, message: Message, now: Timestamp, way: Way) -> SendOk {
    let Some(entity) = entities.get_mut(path) else { return NOWHERE };
    if entity.passes_on() {
        return forward(entities, path, message, now, way);
    }
    if entity.policy.sessions && message.session.is_none() {
        let aside = (Half::DeadLetters, NO_SESSION);
        return entity.store.set_aside(now, &entity.policy, message, way.origin, aside);
    }
    entity.store.take(now, &entity.policy, message, way.origin)
}

// --- what is kept until it is due

impl ServiceBus {
    /// Sees to it that a topic, or what forwards, passes on what it keeps as soon as the first of it is due.
    pub(super) fn await_due(&self, key: Key, path: &str, ctx: &mut Ctx<'_>) {
        let entity = self.namespaces.get(&key).and_then(|namespace| namespace.entities.get(path));
        let Some(due) = entity.filter(|entity| entity.passes_on()).and_then(|entity| entity.store.next_due())
        else {
            return;
        };
        let after = due.max(ctx.now).duration_since(ctx.now);
        schedule(ctx, after, Event::Due { key, path: path.to_owned() });
    }

    /// What was kept until now goes its way.
    pub(super) fn due(&mut self, key: Key, path: &str, ctx: &mut Ctx<'_>) {
        let Some(namespace) = self.namespaces.get_mut(&key) else { return };
        let Some(entity) = namespace.entities.get_mut(path).filter(|entity| entity.passes_on()) else {
            return;
        };
        let due = entity.store.take_due(ctx.now);
        if due.is_empty() {
            return; // another look was there before
        }
        for message in due {
            pass_on(&mut namespace.entities, path, message, ctx.now, Way::default());
        }
        self.await_due(key, path, ctx);
    }
}
