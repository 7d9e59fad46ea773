//! Moving messages one by one with the REST calls of the data plane: peek-lock, send, complete.
//!
//! A message is completed on the old side only after the new side has taken it. A crash between the two sends it twice,
//! with the same `MessageId`; it never loses one. So does an answer that is lost, where nobody can tell what happened: the
//! pump counts how many messages may have been sent more than once, and only who sees both sides knows how many were.
//! Messages of a queue all stand for themselves, whether they have an id or share one; only copies that a topic made of
//! one message are told by their common number and sent on once.

mod carry;
mod sent_on;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use lifeboat_arm::{Answer, Method};
use lifeboat_engine::{FilledTransfer, Lost, Pumped};

use crate::traffic::{self, Next, to_host};
use carry::{broker_properties, carry};
use sent_on::SentOn;

/// Messages moved before the engine writes a watermark.
const BATCH: u64 = 100;

/// One batch on its way.
pub(super) struct Pump {
    transfer: FilledTransfer,
    /// Which of the paths is being emptied.
    path: usize,
    /// What happens next.
    phase: Phase,
    /// Taken away, each after it, or the message of which it is a copy, was sent on.
    moved: u64,
    /// Sendings after which the same message may be sent once more, or may have been.
    again: u64,
    /// Of the messages with copies, those that were sent on, by this batch and by those before.
    sent_on: SentOn,
}

enum Phase {
    Peeking,
    Sending { lock: String, number: Option<u64> },
    Completing { sent: bool },
}

impl Pump {
    /// Takes up the work at a watermark: the path, and what was sent on. One that cannot be read starts over, which makes
    /// duplicates at worst.
    pub(super) fn new(transfer: FilledTransfer, watermark: Option<&str>) -> Self {
        let (path, sent_on) = watermark.map_or(("0", ""), |text| text.split_once(' ').unwrap_or((text, "")));
        Self {
            transfer,
            path: path.parse().unwrap_or(0),
            phase: Phase::Peeking,
            moved: 0,
            again: 0,
            sent_on: SentOn::parse(sent_on),
        }
    }
}

impl traffic::Pump for Pump {
    fn begin(&mut self) -> Next {
        if self.path >= self.transfer.from_paths.len() {
            return self.stop(true, None);
        }
        if self.moved + self.again >= BATCH {
            return self.stop(false, None);
        }
        self.phase = Phase::Peeking;
        let path = format!("/{}/messages/head?timeout=1", self.transfer.from_paths[self.path]);
        Next::Call(to_host(&self.transfer.from_host, Method::Post, path))
    }

    fn answered(&mut self, now: Timestamp, answer: &Result<Answer, Lost>, left: &mut u64) -> Next {
        let answer = match answer {
            Ok(answer) => answer,
            Err(Lost(why)) => {
                self.again += u64::from(self.may_come_again(None));
                return self.stop(false, Some(why.clone()));
            }
        };
        let refused = || Some(format!("the data plane answers {}", answer.status));
        self.again += u64::from(self.may_come_again(Some(answer)));
        match std::mem::replace(&mut self.phase, Phase::Peeking) {
            Phase::Peeking => match answer.status {
                // 204: nothing there. 404: the entity itself is gone.
                204 | 404 => {
                    self.path += 1;
                    self.begin()
                }
                _ if answer.is_success() => self.peeked(now, answer),
                _ => self.stop(false, refused()),
            },
            Phase::Sending { lock, number } if answer.is_success() => {
                if let Some(number) = number {
                    self.sent_on.insert(number);
                }
                self.phase = Phase::Completing { sent: true };
                Next::Call(to_host(&self.transfer.from_host, Method::Delete, lock))
            }
            Phase::Sending { .. } if answer.status == 404 => {
                self.stop(false, Some(format!("`{}` is not there", self.transfer.to_path)))
            }
            Phase::Sending { .. } => self.stop(false, refused()),
            Phase::Completing { .. } => match answer.status {
                _ if answer.is_success() => {
                    *left += 1;
                    self.moved += 1;
                    self.begin()
                }
                // The lock ran out: the old side will give the message to somebody again, most likely to us.
                404 | 410 => self.begin(),
                _ => self.stop(false, refused()),
            },
        }
    }
}

impl Pump {
    /// Whether the message that is under way may come to the other side once more than it should, by the answer to the last
    /// call; none where it was lost.
    fn may_come_again(&self, answer: Option<&Answer>) -> bool {
        match &self.phase {
            Phase::Peeking => false,
            // Taken, perhaps; it is still on the old side and is sent again. A refusal takes nothing.
            Phase::Sending { .. } => answer.is_none_or(|answer| answer.status >= 500),
            // Sent on, and perhaps not taken away. What has a number is not sent on again.
            Phase::Completing { sent } => {
                *sent && self.transfer.key.is_none() && !answer.is_some_and(Answer::is_success)
            }
        }
    }

    fn stop(&self, finished: bool, error: Option<String>) -> Next {
        // Nothing left means nothing that is free: whoever comes again looks at all of it.
        let path = if finished { 0 } else { self.path };
        Next::Over(Pumped {
            moved: self.moved,
            duplicates: self.again,
            watermark: format!("{path} {}", self.sent_on).trim_end().to_owned(),
            finished,
            error,
        })
    }

    fn peeked(&mut self, now: Timestamp, answer: &Answer) -> Next {
        let properties = broker_properties(answer);
        let number = self.transfer.key.as_ref().and_then(|key| properties.get(key)?.as_u64());
        let lock = answer.header("location").map(path_of).unwrap_or_default();
        if number.is_some_and(|number| self.sent_on.contains(number)) {
            // Another subscription held its copy of the same message: it was sent on already.
            self.phase = Phase::Completing { sent: false };
            return Next::Call(to_host(&self.transfer.from_host, Method::Delete, lock));
        }
        self.phase = Phase::Sending { lock, number };
        let mut send =
            to_host(&self.transfer.to_host, Method::Post, format!("/{}/messages", self.transfer.to_path));
        let is_dead = self.transfer.from_paths[self.path].ends_with("$DeadLetterQueue");
        carry(now, answer, properties, is_dead, &mut send);
        Next::Call(send)
    }
}

/// The path of an absolute URL.
fn path_of(url: &str) -> String {
    match url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned())) {
        Some(path) => path,
        None => url.to_owned(),
    }
}
