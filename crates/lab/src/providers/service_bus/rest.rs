//! The runtime calls over HTTP, as documented under "Service Bus runtime REST": send, peek-lock, unlock, renew, delete.
//!
//! Two extensions of the lab, both query parameters, because the REST API knows no sessions and cannot dead-letter:
//! `?session={id}` on `messages/head` receives from that session, and `?deadLetter={reason}` on DELETE of a locked message
//! moves it to the dead letters instead of completing it.

use lifeboat_arm::{Answer, Call, Method};
use serde_json::{Value, json};

use super::{ServiceBus, wire};
use crate::providers::HostOutcome;
use crate::providers::service_bus::data_plane::{DataError, Lock, Session};
use crate::route::decode;
use crate::world::Ctx;

impl ServiceBus {
    pub(super) fn rest(&mut self, host: &str, call: &Call, ctx: &mut Ctx<'_>) -> HostOutcome {
        // Nobody is there to say that a path is wrong.
        match self.reach(host, ctx) {
            Err(DataError::Unreachable | DataError::UnknownHost) => return HostOutcome::Refused,
            Err(DataError::NoAnswer) => return HostOutcome::Silent,
            _ => {}
        }
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
                let own = own.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
                let broker = one.get("BrokerProperties").cloned().unwrap_or_default();
                let message = wire::message(&broker, None, own.collect(), one.get("Body").cloned());
                self.send(host, entity, message, ctx)?;
            }
        } else {
            let broker = call.headers.get("brokerproperties");
            let broker: Value = broker.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            let kind = call.headers.get("content-type").cloned();
            let message =
                wire::message(&broker, kind, wire::own_properties(&call.headers), call.body.clone());
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
        let location =
            lock.then(|| format!("https://{host}/{entity}/messages/{}/{}", received.sequence, received.lock));
        let answer = wire::answer(&received, location);
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
