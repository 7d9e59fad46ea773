//! What clients do on one queue or subscription: send, lock a message while they work on it, complete it afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use lifeboat_lab::{DataError, Lab, Lock, Message, MessageId, Session};
use serde_json::{Value, json};

use crate::traffic::{Draft, Line, Taken, Which, Work};

/// How many sessions the messages of an entity that requires them are spread over.
const SESSIONS: usize = 8;

pub(super) struct PeekLock {
    /// A queue or a topic.
    send_to: String,
    /// The queue, or a subscription of the topic.
    read_from: String,
    /// Empty where messages need no session.
    sessions: Vec<Arc<str>>,
    /// What each consumer works on.
    at_work: BTreeMap<usize, (String, Lock)>,
}

impl PeekLock {
    pub(super) fn new(send_to: &str, read_from: String, sessions: bool) -> Self {
        let names = 0..if sessions { SESSIONS } else { 0 };
        Self {
            send_to: send_to.to_owned(),
            read_from,
            sessions: names.map(|number| format!("session-{number}").into()).collect(),
            at_work: BTreeMap::new(),
        }
    }
}

/// What a message is, the body says; its id must say the same.
pub(super) fn which(id: Option<&MessageId>, body: Option<&Value>) -> Which {
    match (id, body.and_then(Value::as_u64)) {
        (_, None) => Which::Unknown,
        (Some(MessageId::Number(id)), Some(draft)) if *id == draft => Which::Draft(draft),
        (_, Some(draft)) => Which::Renamed(draft),
    }
}

impl Line for PeekLock {
    fn send(&mut self, lab: &mut Lab, now: Timestamp, host: &str, draft: Draft) -> bool {
        let mut message = Message { body: Some(Arc::new(json!(draft.id))), ..Message::new(draft.id) };
        message.scheduled = draft.due;
        if !self.sessions.is_empty() {
            message.session = Some(self.sessions[draft.sender % self.sessions.len()].clone());
        }
        lab.service_bus_mut(now).send(host, &self.send_to, message).is_ok()
    }

    fn take(&mut self, lab: &mut Lab, now: Timestamp, host: &str, reader: usize) -> Taken {
        match lab.service_bus_mut(now).receive(host, &self.read_from, Session::Any) {
            Ok(Some(received)) => {
                self.at_work.insert(reader, (host.to_owned(), received.lock));
                let Message { message_id, body, .. } = &received.message;
                Taken::Message(which(message_id.as_ref(), body.as_deref()))
            }
            Ok(None) => Taken::Nothing,
            Err(_) => Taken::Refused,
        }
    }

    /// Whether the service has let the message go: the lock still held. Where the answer is lost it has, and nobody gets
    /// the message again, whatever the consumer must think.
    fn finish(&mut self, lab: &mut Lab, now: Timestamp, reader: usize, work: Work) -> bool {
        let Some((host, lock)) = self.at_work.remove(&reader) else { return false };
        match work {
            Work::Done => {
                let completed = lab.service_bus_mut(now).complete(&host, &self.read_from, lock);
                matches!(completed, Ok(()) | Err(DataError::AnswerLost))
            }
            Work::Unreadable => {
                // Received by nobody; either way it is there.
                let _set_aside =
                    lab.service_bus_mut(now).dead_letter(&host, &self.read_from, lock, "cannot be read");
                false
            }
        }
    }
}
