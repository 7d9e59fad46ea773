//! The typed data plane of Service Bus: messages without JSON and without requests, for worlds with many of them.
//!
//! It does what the REST calls do (`messages.rs` holds the behaviour, once). Another service brings typed calls of its own,
//! where its clients need them to be fast, behind an accessor like `Lab::service_bus`. A host may be a namespace's own
//! or an alias, resolved at the instant of the call. Callers that cache DNS resolve first and pass the canonical name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::ServiceBus;
use crate::lab::Lab;
use crate::world::Ctx;

/// The sender's id of a message: what duplicate detection compares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageId {
    /// A number; costs no allocation.
    Number(u64),
    /// Any text.
    Text(Arc<str>),
}

impl From<u64> for MessageId {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for MessageId {
    fn from(text: &str) -> Self {
        text.parse().map_or_else(
            |_| Self::Text(text.into()),
            |number: u64| {
                // `007` and `7` are different ids.
                if number.to_string() == text { Self::Number(number) } else { Self::Text(text.into()) }
            },
        )
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A message as it is sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// The sender's id, if it gave one: no sender has to.
    pub message_id: Option<MessageId>,
    /// The session it belongs to.
    pub session: Option<Arc<str>>,
    /// Not to be delivered before.
    pub scheduled: Option<Timestamp>,
    /// How long it lives; the entity's own limit holds if that is shorter.
    pub time_to_live: Option<SignedDuration>,
    /// What the broker carries for the application, and most messages do without.
    pub broker: Option<Arc<BrokerProperties>>,
    /// The application's own properties: text, numbers, truth values.
    pub properties: Option<Arc<BTreeMap<String, Value>>>,
    /// The body; none is an empty one.
    pub body: Option<Arc<Value>>,
}

/// Properties that a sender may set and the broker hands on, as the REST reference names them ("Message headers and
/// properties").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BrokerProperties {
    /// `Content-Type`, a header of its own on the wire.
    pub content_type: Option<String>,
    /// `CorrelationId`.
    pub correlation_id: Option<String>,
    /// `Label`, also called subject.
    pub label: Option<String>,
    /// `To`.
    pub to: Option<String>,
    /// `ReplyTo`.
    pub reply_to: Option<String>,
    /// `ReplyToSessionId`.
    pub reply_to_session: Option<String>,
    /// `PartitionKey`.
    pub partition_key: Option<String>,
}

impl Message {
    /// A message with an id and nothing else.
    pub fn new(message_id: impl Into<MessageId>) -> Self {
        Self { message_id: Some(message_id.into()), ..Self::default() }
    }
}

/// A message was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendOk {
    /// Its place in the entity.
    pub sequence: u64,
    /// Whether duplicate detection dropped it.
    pub duplicate: bool,
}

/// The right to settle one message, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lock(pub(crate) u64);

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_u64_pair(0x10c4, self.0).fmt(f)
    }
}

impl Lock {
    /// Reads a lock token as it is on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::parse_str(text).ok().map(|uuid| Self(uuid.as_u64_pair().1))
    }
}

/// A message as it is received.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// What was sent.
    pub message: Message,
    /// Its place in the entity.
    pub sequence: u64,
    /// Its place where it was first sent to: equal in all copies that a topic made of it.
    pub enqueued_sequence: u64,
    /// How often it was delivered, this time included.
    pub deliveries: u32,
    /// When it was accepted.
    pub enqueued: Timestamp,
    /// When its time is up, by its own limit or the entity's.
    pub expires: Option<Timestamp>,
    /// The right to settle it.
    pub lock: Lock,
    /// Until when.
    pub locked_until: Timestamp,
    /// Why it is a dead letter, if it is one.
    pub dead_letter_reason: Option<Arc<str>>,
}

/// Which session to receive from, where an entity requires sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Session<'a> {
    /// The next one that nobody works on. Also right where there are no sessions.
    #[default]
    Any,
    /// This one.
    Named(&'a str),
}

/// One message, where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held<'a> {
    /// The namespace's name.
    pub namespace: &'a str,
    /// The queue, the topic, or `topic/Subscriptions/name`.
    pub entity: &'a str,
    /// The message's id, if it has one.
    pub id: Option<&'a MessageId>,
    /// Its body; none is an empty one.
    pub body: Option<&'a Value>,
    /// Whether it is a dead letter, also one that could not be forwarded.
    pub set_aside: bool,
}

/// What an entity holds now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Waiting or locked.
    pub active: u64,
    /// Of these, locked.
    pub locked: u64,
    /// Dead letters.
    pub dead_letter: u64,
    /// Could not be forwarded: the transfer dead letters.
    pub transfer_dead_letter: u64,
    /// Not due yet.
    pub scheduled: u64,
    /// Sessions that hold messages.
    pub sessions: u64,
}

impl Counts {
    /// All messages that are there.
    pub fn total(&self) -> u64 {
        self.active + self.dead_letter + self.transfer_dead_letter + self.scheduled
    }
}

/// What became of all messages an entity ever accepted: `accepted = completed + expired + passed_on + Counts::total()`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sums {
    /// Accepted and stored.
    pub accepted: u64,
    /// Settled by a receiver.
    pub completed: u64,
    /// Dropped at the end of their time to live.
    pub expired: u64,
    /// Passed on when they became due: by a topic to its subscriptions, or to where it forwards.
    pub passed_on: u64,
    /// Accepted, but not stored, because they had been sent before.
    pub duplicates: u64,
    /// Moved to the dead letters.
    pub dead_lettered: u64,
}

/// Why the data plane refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataError {
    /// Nothing listens: the region's data plane is down.
    Unreachable,
    /// It takes the request and never answers.
    NoAnswer,
    /// It happened, but the answer is lost.
    AnswerLost,
    /// The name does not resolve.
    UnknownHost,
    /// The namespace has no such entity.
    UnknownEntity,
    /// The entity's status forbids it.
    Disabled(&'static str),
    /// The namespace is the secondary of a pair.
    Secondary,
    /// The lock ran out, or never was.
    LockLost,
    /// The entity requires sessions and the message has none.
    SessionRequired,
    /// The entity is full.
    Full,
    /// An injected error.
    Status(u16),
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("nothing listens there"),
            Self::NoAnswer => f.write_str("no answer"),
            Self::AnswerLost => f.write_str("the answer is lost"),
            Self::UnknownHost => f.write_str("the name does not resolve"),
            Self::UnknownEntity => f.write_str("no such entity"),
            Self::Disabled(status) => write!(f, "the entity is `{status}`"),
            Self::Secondary => f.write_str("the namespace is the secondary of a pair"),
            Self::LockLost => f.write_str("the lock is lost"),
            Self::SessionRequired => f.write_str("the entity requires a session"),
            Self::Full => f.write_str("the entity is full"),
            Self::Status(status) => write!(f, "refused with {status}"),
        }
    }
}

impl std::error::Error for DataError {}

impl Lab {
    /// What Service Bus holds, whatever state its regions are in: for reports and checks, never for clients.
    pub fn service_bus(&self) -> ServiceBusView<'_> {
        ServiceBusView { service: self.providers.the(), now: self.now }
    }

    /// The data plane of Service Bus, as its clients call it at an instant. Everything that was due before happens first.
    pub fn service_bus_mut(&mut self, now: Timestamp) -> ServiceBusClient<'_> {
        self.advance(now);
        let ctx = Ctx { now: self.now, world: &mut self.world };
        ServiceBusClient { service: self.providers.the_mut(), ctx }
    }
}

/// The typed calls of a client. See [`Lab::service_bus_mut`].
pub struct ServiceBusClient<'a> {
    service: &'a mut ServiceBus,
    ctx: Ctx<'a>,
}

impl ServiceBusClient<'_> {
    /// Sends one message to a queue or topic.
    pub fn send(&mut self, host: &str, entity: &str, message: Message) -> Result<SendOk, DataError> {
        self.service.send(host, entity, message, &mut self.ctx)
    }

    /// Receives one message and locks it; none when there is none. `…/$DeadLetterQueue` reads the dead
    /// letters, `…/$Transfer/$DeadLetterQueue` what could not be forwarded.
    pub fn receive(
        &mut self,
        host: &str,
        entity: &str,
        session: Session<'_>,
    ) -> Result<Option<Received>, DataError> {
        self.service.receive(host, entity, session, &mut self.ctx)
    }

    /// Settles a locked message: it is gone.
    pub fn complete(&mut self, host: &str, entity: &str, lock: Lock) -> Result<(), DataError> {
        self.service.complete(host, entity, lock, &mut self.ctx)
    }

    /// Gives a locked message back: somebody else gets it.
    pub fn abandon(&mut self, host: &str, entity: &str, lock: Lock) -> Result<(), DataError> {
        self.service.abandon(host, entity, lock, &mut self.ctx)
    }

    /// Moves a locked message to the dead letters.
    pub fn dead_letter(
        &mut self,
        host: &str,
        entity: &str,
        lock: Lock,
        reason: &str,
    ) -> Result<(), DataError> {
        self.service.dead_letter(host, entity, lock, reason, &mut self.ctx)
    }

    /// Keeps a lock for another lock duration; tells until when.
    pub fn renew(&mut self, host: &str, entity: &str, lock: Lock) -> Result<Timestamp, DataError> {
        self.service.renew(host, entity, lock, &mut self.ctx)
    }
}

/// What there is to see for whoever sees everything. See [`Lab::service_bus`].
#[derive(Clone, Copy)]
pub struct ServiceBusView<'a> {
    service: &'a ServiceBus,
    now: Timestamp,
}

impl<'a> ServiceBusView<'a> {
    /// What a queue, topic or subscription holds. `namespace` is the resource's name. A topic holds what is not due yet.
    pub fn counts(self, namespace: &str, entity: &str) -> Option<Counts> {
        self.service.counts(namespace, entity, self.now)
    }

    /// What became of everything a queue, topic or subscription accepted and kept.
    pub fn sums(self, namespace: &str, entity: &str) -> Option<Sums> {
        self.service.sums(namespace, entity)
    }

    /// Every message that is held anywhere.
    pub fn held(self) -> impl Iterator<Item = Held<'a>> {
        self.service.held()
    }

    /// Whether one of a subscription's rules lets a message in.
    pub fn lets_in(self, namespace: &str, subscription: &str, message: &Message) -> bool {
        self.service.lets_in(namespace, subscription, message)
    }

    /// All namespaces and what each of their queues, topics and subscriptions holds, in the order of their names.
    pub fn message_counts(self) -> BTreeMap<String, BTreeMap<String, Counts>> {
        self.service.all_counts(self.now)
    }
}
