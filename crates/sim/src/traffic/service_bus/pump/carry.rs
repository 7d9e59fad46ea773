//! From the message that was received to the message that is sent: all that a sender may set, and its time.
//!
//! Known limits of the REST calls: a property of the application that is called like a header of HTTP cannot be told from
//! that header and stays behind; property types beyond text, numbers and truth values arrive as what they are written as.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call};
use serde_json::{Map, Value, json};

/// Broker properties that the broker sets; a sender's value would be ignored or wrong.
const OF_BROKER: &[&str] = &[
    "DeadLetterSource",
    "DeliveryCount",
    "EnqueuedSequenceNumber",
    "EnqueuedTimeUtc",
    "LockToken",
    "LockedUntilUtc",
    "SequenceNumber",
    "State",
    "TimeToLive",
];

/// Headers of an answer that belong to HTTP and not to the message.
const OF_HTTP: &[&str] = &[
    "brokerproperties",
    "cache-control",
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "location",
    "retry-after",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
];

/// What the broker says of a received message.
pub(super) fn broker_properties(answer: &Answer) -> Map<String, Value> {
    answer.header("brokerproperties").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Fills a request that sends the message which `answer` holds. `content-type` is a property of the message like the
/// application's own; headers keep the case of their names, for names of properties do.
pub(super) fn carry(
    now: Timestamp,
    answer: &Answer,
    properties: Map<String, Value>,
    is_dead: bool,
    send: &mut Call,
) {
    let lives = time_to_live(now, &properties, is_dead);
    let mut kept: Map<String, Value> =
        properties.into_iter().filter(|(name, _)| !OF_BROKER.contains(&name.as_str())).collect();
    if let Some(lives) = lives {
        kept.insert("TimeToLive".to_owned(), json!(lives.as_secs_f64()));
    }
    let own = answer.headers.iter().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        !OF_HTTP.contains(&name.as_str()) && !name.starts_with("x-ms-")
    });
    send.headers.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    send.headers.insert("brokerproperties".to_owned(), Value::Object(kept).to_string());
    send.body = Some(answer.body.clone());
}

/// What is left of a message's time: moving it must not make it live longer. A live message whose time is just up gets a
/// last moment, so that the new side does with it what the entity says of expired messages. A dead letter whose time was
/// up long ago starts anew, as when a person resubmits it: else it would be a dead letter again, or gone, at once.
fn time_to_live(now: Timestamp, properties: &Map<String, Value>, is_dead: bool) -> Option<SignedDuration> {
    let whole = SignedDuration::try_from_secs_f64(properties.get("TimeToLive")?.as_f64()?).ok()?;
    let enqueued: Option<Timestamp> =
        properties.get("EnqueuedTimeUtc").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let Some(enqueued) = enqueued else { return Some(whole) };
    // Azure writes "for ever" as some ten thousand years, which no calendar holds.
    let left = enqueued.checked_add(whole).ok()?.duration_since(now);
    match left.is_positive() {
        true => Some(left),
        false if is_dead => Some(whole),
        false => Some(SignedDuration::from_millis(1)),
    }
}
