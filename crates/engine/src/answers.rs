//! What answers mean.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Operation, Retry, retry};
use lifeboat_plan::{Action, CaptureFrom};

use crate::backoff;
use crate::budget::Token;
use crate::effect::{Effect, Lost, Secret, Ticket};
use crate::engine::{Engine, Flight};
use crate::record::{Captured, OperationKind, OperationRef, StepEvent};

impl Engine {
    pub(crate) fn answered(&mut self, ticket: Ticket, answer: Result<Answer, Lost>, now: Timestamp) {
        match self.flights.remove(&ticket) {
            Some(Flight::Look { id, at, token }) => {
                self.learn(token.as_ref(), &answer, now);
                let served = self.reads.answered(&id, ticket.0, at, now, answer.map_err(|Lost(why)| why));
                for &index in &served {
                    self.volatile[index].looks += 1;
                }
                self.dirty.extend(served);
            }
            Some(Flight::Send { step, token }) => {
                self.learn(token.as_ref(), &answer, now);
                // A step that was skipped or switched meanwhile does not wait for this answer any more.
                if self.volatile[step].flight == Some(ticket) {
                    self.volatile[step].flight = None;
                    self.acted(step, answer, now);
                }
            }
            // The shell answers every ticket once; what is neither was answered by another kind of input.
            Some(other) => {
                self.flights.insert(ticket, other);
            }
            None => {}
        }
    }

    fn learn(&mut self, token: Option<&Token>, answer: &Result<Answer, Lost>, now: Timestamp) {
        if let (Some(token), Ok(answer)) = (token, answer) {
            self.budget.learn(token, answer, now);
        }
    }

    fn acted(&mut self, index: usize, answer: Result<Answer, Lost>, now: Timestamp) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(Lost(why)) => return self.change(index, StepEvent::AnswerLost { why }, now),
        };
        let Some(error) = answer.error() else { return self.accepted(index, &answer, now) };
        let why = format!("{} {}", answer.status, error.innermost());
        let attempt = self.run.steps[index].requests;
        let change = match retry(answer.status, &error.code) {
            Retry::Later => {
                let (seed, salt) = (self.settings.jitter_seed, index as u64);
                let pause = match answer.retry_after() {
                    Some(asked) => backoff::after(asked, seed, salt, attempt),
                    None => backoff::pause(seed, salt, attempt),
                };
                StepEvent::PutOff { until: now + pause, why }
            }
            Retry::Unclear => StepEvent::AnswerLost { why },
            Retry::Pointless => StepEvent::Rejected { why, operation: false },
        };
        self.change(index, change, now);
    }

    fn accepted(&mut self, index: usize, answer: &Answer, now: Timestamp) {
        let mut captured = Captured::new();
        let run = &self.run.steps[index];
        for capture in &run.way().captures {
            let CaptureFrom::Answer(pointer) = &capture.from else { continue };
            let Some(value) = answer.body.pointer(pointer).cloned() else { continue };
            if capture.secret {
                self.private.insert((run.step.id.clone(), capture.name.clone()), Secret::new(value));
            } else {
                captured.insert(capture.name.clone(), value);
            }
        }
        let operation = Operation::of(answer).map(|operation| self.keep_url(index, &operation, now));
        let is_final = operation.is_none() && self.done_reads(index).is_empty();
        let change = StepEvent::Accepted { status: Some(answer.status), operation, captured };
        self.change(index, change, now);
        if !is_final {
            let typical = self.run.steps[index].way().forecast.typical;
            let asked = answer.retry_after().unwrap_or(SignedDuration::ZERO);
            self.volatile[index].poll_next = now + typical.max(asked);
        }
    }

    /// Keeps the URL of an operation for polling; one that leads elsewhere is named and not followed.
    fn keep_url(&mut self, index: usize, operation: &Operation, now: Timestamp) -> OperationRef {
        let foreign = match (&self.run.steps[index].way().action, operation.url()) {
            (Action::Send(draft), Some(url)) => self.poll_call(draft, url).err(),
            _ => None,
        };
        if let Some(host) = &foreign {
            let says =
                format!("its operation is said to be at `{host}`, which was not called: it is not polled");
            self.note(index, says, now);
        }
        let kind = match operation {
            Operation::Status(_) => OperationKind::Status,
            Operation::Location(_) => OperationKind::Location,
            Operation::Resource => OperationKind::Resource,
        };
        // The number of the record that will refer to it, and who writes it: another executor of the same run may be about
        // to write one of the same number.
        let key = format!("{}-{}", self.settings.epoch, self.run.seq + 1);
        if let Some(url) = operation.url().filter(|_| foreign.is_none()) {
            self.urls.insert(key.clone(), url.to_owned());
            self.effects.push(Effect::KeepUrl { key: key.clone(), url: url.to_owned() });
        }
        OperationRef { kind, key }
    }

    pub(crate) fn secret(&mut self, ticket: Ticket, result: Result<Secret, Lost>, now: Timestamp) {
        let Some(Flight::Secret { secret }) = self.flights.remove(&ticket) else { return };
        let wishes = self.secret_wishes.remove(&secret).unwrap_or_default();
        match result {
            Ok(value) => {
                self.secrets.insert(secret, value);
                self.dirty.extend(wishes);
            }
            Err(Lost(why)) => {
                for index in wishes {
                    self.volatile[index].failures += 1;
                    self.run.steps[index].says = Some(why.clone());
                    let failures = self.volatile[index].failures;
                    let pause = backoff::pause(self.settings.jitter_seed, index as u64, failures);
                    self.wake(index, now + pause, now);
                }
            }
        }
    }
}
