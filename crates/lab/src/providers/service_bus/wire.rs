//! A message as it is on the wire: `BrokerProperties`, the application's own properties as headers, the body.
//!
//! Source: Service Bus REST reference, "Message headers and properties": broker properties in one header as JSON, each
//! property of the application in a header of its own, text in quotation marks. Names of those headers keep their case.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Answer;
use serde_json::{Value, json};

use crate::providers::service_bus::data_plane::{BrokerProperties, Message, MessageId, Received};

/// Headers of a request that are not the application's own properties.
const OF_HTTP: &[&str] = &[
    "authorization",
    "brokerproperties",
    "content-type",
    "content-length",
    "host",
    "accept",
    "user-agent",
    "date",
];

/// Why a subscription that requires sessions sets a message aside that belongs to none.
pub(super) const NO_SESSION: &str = "Session id is null.";

/// A text property of a message, where it is kept.
type Place = fn(&mut BrokerProperties) -> &mut Option<String>;

/// The text properties of a message that the broker carries and does not read, but for filters.
const CARRIED: [(&str, Place); 6] = [
    ("CorrelationId", |broker| &mut broker.correlation_id),
    ("Label", |broker| &mut broker.label),
    ("To", |broker| &mut broker.to),
    ("ReplyTo", |broker| &mut broker.reply_to),
    ("ReplyToSessionId", |broker| &mut broker.reply_to_session),
    ("PartitionKey", |broker| &mut broker.partition_key),
];

// --- in

/// The application's own properties among the headers of a request.
pub(super) fn own_properties(headers: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let is_own = |name: &str| {
        let name = name.to_ascii_lowercase();
        !OF_HTTP.contains(&name.as_str()) && !name.starts_with("x-ms-")
    };
    headers
        .iter()
        .filter(|(name, _)| is_own(name))
        .map(|(name, text)| (name.clone(), serde_json::from_str(text).unwrap_or_else(|_| json!(text))))
        .collect()
}

/// A message from its `BrokerProperties`, its content type, its own properties and its body.
pub(super) fn message(
    broker: &Value,
    content_type: Option<String>,
    own: BTreeMap<String, Value>,
    body: Option<Value>,
) -> Message {
    let text = |name: &str| broker.get(name).and_then(Value::as_str);
    let mut carried = BrokerProperties { content_type, ..BrokerProperties::default() };
    for (name, place) in CARRIED {
        *place(&mut carried) = text(name).map(str::to_owned);
    }
    Message {
        message_id: match broker.get("MessageId") {
            Some(Value::String(text)) => Some(MessageId::from(text.as_str())),
            Some(Value::Null) | None => None,
            Some(other) => Some(MessageId::from(other.to_string().as_str())),
        },
        session: text("SessionId").map(Arc::from),
        scheduled: text("ScheduledEnqueueTimeUtc").and_then(instant),
        time_to_live: broker
            .get("TimeToLive")
            .and_then(Value::as_f64)
            .and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok()),
        broker: (carried != BrokerProperties::default()).then(|| Arc::new(carried)),
        properties: (!own.is_empty()).then(|| Arc::new(own)),
        body: body.filter(|body| !body.is_null()).map(Arc::new),
    }
}

/// RFC 3339, or the date of HTTP headers that the documentation shows.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
}

// --- out

/// A received message as an answer; with the place of its lock, where it is locked.
pub(super) fn answer(received: &Received, location: Option<String>) -> Answer {
    let message = &received.message;
    let body = message.body.as_deref().cloned().unwrap_or(Value::Null);
    let mut answer = Answer::new(if location.is_some() { 201 } else { 200 }, body)
        .with_header("brokerproperties", broker(received, location.is_some()).to_string());
    if let Some(kind) = message.broker.as_deref().and_then(|broker| broker.content_type.as_deref()) {
        answer = answer.with_header("content-type", kind);
    }
    if let Some(location) = location {
        answer = answer.with_header("location", location);
    }
    for (name, value) in message.properties.as_deref().into_iter().flatten() {
        answer.headers.insert(name.clone(), value.to_string());
    }
    // The broker adds the reason to the application's properties, not to its own.
    if let Some(reason) = &received.dead_letter_reason {
        answer.headers.insert("DeadLetterReason".to_owned(), json!(reason).to_string());
        if let Some(description) = description(reason) {
            answer.headers.insert("DeadLetterErrorDescription".to_owned(), json!(description).to_string());
        }
    }
    answer
}

fn broker(received: &Received, lock: bool) -> Value {
    let message = &received.message;
    let mut broker = json!({
        "SequenceNumber": received.sequence,
        "EnqueuedSequenceNumber": received.enqueued_sequence,
        "DeliveryCount": received.deliveries,
        "EnqueuedTimeUtc": received.enqueued.to_string(),
        "State": "Active",
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            broker[name] = value;
        }
    };
    set("MessageId", message.message_id.as_ref().map(|id| json!(id.to_string())));
    set("SessionId", message.session.as_ref().map(|session| json!(session)));
    set("ScheduledEnqueueTimeUtc", message.scheduled.map(|at| json!(at.to_string())));
    let lives = received.expires.map(|at| at.duration_since(received.enqueued));
    set("TimeToLive", lives.map(|lives| json!(lives.as_secs_f64())));
    if lock {
        set("LockToken", Some(json!(received.lock.to_string())));
        set("LockedUntilUtc", Some(json!(received.locked_until.to_string())));
    }
    if let Some(carried) = message.broker.as_deref() {
        let mut carried = carried.clone();
        for (name, place) in CARRIED {
            set(name, place(&mut carried).take().map(Value::String));
        }
    }
    broker
}

/// What the broker says besides its own reasons ("Service Bus dead-letter queues").
fn description(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "MaxDeliveryCountExceeded" => "Message could not be consumed after maximum delivery attempts.",
        NO_SESSION => "Session enabled entity doesn't allow a message whose session identifier is null.",
        "TTLExpiredException" => "The message expired and was dead lettered.",
        "MaxTransferHopCountExceeded" => {
            "The maximum number of allowed hops when forwarding between queues has been exceeded."
        }
        _ => return None,
    })
}
