//! What clients do on one queue or subscription: send, lock a message while they work on it, complete it afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use lifeboat_lab::{Lab, Lock, Message, MessageId, Session};

use crate::traffic::{Draft, Line, Taken, Work};

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

impl Line for PeekLock {
    fn send(&mut self, lab: &mut Lab, now: Timestamp, host: &str, draft: Draft) -> bool {
        let mut message = Message::new(draft.id);
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
                Taken::Message(match received.message.message_id {
                    Some(MessageId::Number(id)) => Some(id),
                    _ => None,
                })
            }
            Ok(None) => Taken::Nothing,
            Err(_) => Taken::Refused,
        }
    }

    /// Whether the lock still held. One that fails means that the next consumer gets the message.
    fn finish(&mut self, lab: &mut Lab, now: Timestamp, reader: usize, work: Work) -> bool {
        let Some((host, lock)) = self.at_work.remove(&reader) else { return false };
        match work {
            Work::Done => lab.service_bus_mut(now).complete(&host, &self.read_from, lock).is_ok(),
            Work::Unreadable => {
                // Received by nobody; either way it is there.
                let _set_aside =
                    lab.service_bus_mut(now).dead_letter(&host, &self.read_from, lock, "cannot be read");
                false
            }
        }
    }
}
