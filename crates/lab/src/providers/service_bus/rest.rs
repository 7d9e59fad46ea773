//! The runtime calls over HTTP, as documented under "Service Bus runtime REST": send, peek-lock, unlock, renew, delete.
//!
//! Two extensions of the lab, both query parameters, because the REST API knows no sessions and cannot dead-letter:
//! `?session={id}` on `messages/head` receives from that session, and `?deadLetter={reason}` on DELETE of a locked message
//! moves it to the dead letters instead of completing it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call, Method};
use serde_json::{Value, json};

use super::ServiceBus;
use crate::data_plane::{DataError, Lock, Message, MessageId, Received, Session};
use crate::providers::HostOutcome;
use crate::route::decode;
use crate::world::Ctx;

/// Headers of a request that are not the sender's own properties.
const OWN_HEADERS: &[&str] = &[
    "authorization",
    "brokerproperties",
    "content-type",
    "content-length",
    "host",
    "accept",
    "user-agent",
    "date",
];

impl ServiceBus {
    pub(super) fn rest(&mut self, host: &str, call: &Call, ctx: &mut Ctx<'_>) -> HostOutcome {
        let path = decode(call.path_only());
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let Some(at) = parts.iter().rposition(|part| part.eq_ignore_ascii_case("messages")) else {
            return answered(404, "there is nothing at this path");
        };
        let (entity, rest) = (parts[..at].join("/"), &parts[at + 1..]);
        let outcome = match (call.method, rest) {
            (Method::Post, []) => self.rest_send(host, &entity, call, ctx),
            (Method::Post, [head]) if head.eq_ignore_ascii_case("head") => {
                self.rest_receive(host, &entity, call, true, ctx)
            }
            (Method::Delete, [head]) if head.eq_ignore_ascii_case("head") => {
                self.rest_receive(host, &entity, call, false, ctx)
            }
            (method, [_, token]) => self.rest_settle(host, &entity, method, token, call, ctx),
            _ => return answered(405, "this method is not allowed here"),
        };
        match outcome {
            Ok((answer, happened)) => HostOutcome::Answered(answer, happened),
            Err(DataError::Unreachable | DataError::UnknownHost) => HostOutcome::Refused,
            Err(DataError::NoAnswer | DataError::AnswerLost) => HostOutcome::Silent,
            Err(error) => answered(status(&error), &error.to_string()),
        }
    }

    fn rest_send(
        &mut self,
        host: &str,
        entity: &str,
        call: &Call,
        ctx: &mut Ctx<'_>,
    ) -> Result<(Answer, bool), DataError> {
        let batch = call
            .headers
            .get("content-type")
            .is_some_and(|kind| kind.starts_with("application/vnd.microsoft.servicebus.json"));
        if let (true, Some(Value::Array(all))) = (batch, &call.body) {
            for one in all {
                let own = one.get("UserProperties").and_then(Value::as_object);
                let own = own.into_iter().flatten();
                let own = own.map(|(name, value)| (name.clone(), plain(value))).collect();
                let broker = one.get("BrokerProperties").cloned().unwrap_or_else(|| json!({}));
                let message = message(&broker, own, one.get("Body").cloned(), ctx);
                self.send(host, entity, message, ctx)?;
            }
        } else {
            let broker =
                call.headers.get("brokerproperties").and_then(|text| serde_json::from_str(text).ok());
            let own = call
                .headers
                .iter()
                .filter(|(name, _)| !OWN_HEADERS.contains(&name.as_str()) && !name.starts_with("x-ms-"))
                .map(|(name, value)| (name.clone(), value.trim_matches('"').to_owned()))
                .collect();
            let message = message(&broker.unwrap_or_else(|| json!({})), own, call.body.clone(), ctx);
            self.send(host, entity, message, ctx)?;
        }
        Ok((Answer::new(201, Value::Null), true))
    }

    fn rest_receive(
        &mut self,
        host: &str,
        entity: &str,
        call: &Call,
        lock: bool,
        ctx: &mut Ctx<'_>,
    ) -> Result<(Answer, bool), DataError> {
        let session = call.query("session").map(decode).filter(|name| name != "*");
        let session = session.as_deref().map_or(Session::Any, Session::Named);
        let Some(received) = self.receive(host, entity, session, ctx)? else {
            return Ok((Answer::new(204, Value::Null), false));
        };
        if !lock {
            self.complete(host, entity, received.lock, ctx)?;
        }
        let mut answer = Answer::new(if lock { 201 } else { 200 }, body(&received))
            .with_header("brokerproperties", broker(&received, lock).to_string());
        if lock {
            let location =
                format!("https://{host}/{entity}/messages/{}/{}", received.sequence, received.lock);
            answer = answer.with_header("location", location);
        }
        for (name, value) in received.message.properties.as_deref().into_iter().flatten() {
            answer = answer.with_header(name, value.clone());
        }
        Ok((answer, true))
    }

    fn rest_settle(
        &mut self,
        host: &str,
        entity: &str,
        method: Method,
        token: &str,
        call: &Call,
        ctx: &mut Ctx<'_>,
    ) -> Result<(Answer, bool), DataError> {
        let lock = Lock::parse(token).ok_or(DataError::LockLost)?;
        match (method, call.query("deadLetter")) {
            (Method::Delete, Some(reason)) => self.dead_letter(host, entity, lock, &decode(reason), ctx)?,
            (Method::Delete, None) => self.complete(host, entity, lock, ctx)?,
            (Method::Put, _) => self.abandon(host, entity, lock, ctx)?,
            (Method::Post, _) => {
                let until = self.renew(host, entity, lock, ctx)?;
                let broker = json!({ "LockToken": lock.to_string(), "LockedUntilUtc": until.to_string() });
                return Ok((
                    Answer::new(200, Value::Null).with_header("brokerproperties", broker.to_string()),
                    true,
                ));
            }
            _ => return Err(DataError::Status(405)),
        }
        Ok((Answer::new(200, Value::Null), true))
    }
}

fn status(error: &DataError) -> u16 {
    match error {
        DataError::UnknownEntity => 404,
        DataError::LockLost => 410,
        DataError::SessionRequired => 400,
        DataError::Full | DataError::Disabled(_) | DataError::Secondary => 403,
        DataError::Status(status) => *status,
        DataError::UnknownHost | DataError::Unreachable | DataError::NoAnswer | DataError::AnswerLost => 503,
    }
}

fn answered(status: u16, text: &str) -> HostOutcome {
    let body = json!({ "error": { "code": status.to_string(), "message": text } });
    HostOutcome::Answered(Answer::new(status, body), false)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A message from its `BrokerProperties`, its own properties and its body.
fn message(broker: &Value, own: BTreeMap<String, String>, body: Option<Value>, ctx: &mut Ctx<'_>) -> Message {
    let text = |name: &str| broker.get(name).and_then(Value::as_str);
    let shared = |name: &str| text(name).map(Arc::from);
    let message_id = match broker.get("MessageId") {
        Some(Value::String(text)) => MessageId::from(text.as_str()),
        Some(other) => MessageId::from(other.to_string().as_str()),
        None => {
            let serial = ctx.world.next_serial();
            MessageId::Text(ctx.world.dice.guid("message", &serial.to_string()).simple().to_string().into())
        }
    };
    Message {
        message_id,
        session: shared("SessionId"),
        scheduled: text("ScheduledEnqueueTimeUtc").and_then(instant),
        time_to_live: broker
            .get("TimeToLive")
            .and_then(Value::as_f64)
            .and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok()),
        correlation_id: shared("CorrelationId"),
        label: shared("Label"),
        properties: (!own.is_empty()).then(|| Arc::new(own)),
        body: body.filter(|body| !body.is_null()).map(Arc::new),
    }
}

/// RFC 3339, or the date of HTTP headers that the documentation shows.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
}

fn broker(received: &Received, lock: bool) -> Value {
    let message = &received.message;
    let mut broker = json!({
        "MessageId": message.message_id.to_string(),
        "SequenceNumber": received.sequence,
        "DeliveryCount": received.deliveries,
        "EnqueuedTimeUtc": received.enqueued.to_string(),
        "State": "Active",
    });
    if lock {
        broker["LockToken"] = json!(received.lock.to_string());
        broker["LockedUntilUtc"] = json!(received.locked_until.to_string());
    }
    for (name, value) in [
        ("SessionId", &message.session),
        ("CorrelationId", &message.correlation_id),
        ("Label", &message.label),
        ("DeadLetterReason", &received.dead_letter_reason),
    ] {
        if let Some(value) = value {
            broker[name] = json!(value);
        }
    }
    broker
}

fn body(received: &Received) -> Value {
    received.message.body.as_deref().cloned().unwrap_or(Value::Null)
}
