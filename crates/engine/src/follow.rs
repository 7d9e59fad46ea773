//! Following a change that is under way: its operation, its conditions, its deadline.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Method, Operation, Progress, Retry, Target, retry};
use lifeboat_plan::{Action, CallDraft, ReadDraft, ReadId, TargetDraft, Truth};

use crate::backoff;
use crate::engine::{Engine, OperationIs, Polled};
use crate::record::{OperationKind, OperationRef, StepEvent};
use crate::step_state::StepState;

/// How long the look that judges a deadline may take.
const OVERTIME: SignedDuration = SignedDuration::from_secs(30);

impl Engine {
    /// Follows a change that is under way.
    pub(crate) fn follow(&mut self, index: usize, now: Timestamp) {
        match &self.run.steps[index].way().action {
            Action::Expand(_) => match self.children_are_through(index) {
                Some(Ok(())) => {}
                Some(Err(why)) => return self.give_up(index, why, None, now),
                None => return,
            },
            Action::Pump(_) if !self.run.steps[index].emptied || self.volatile[index].flight.is_some() => {
                self.pump(index, now);
                return self.mind_deadline(index, "items are left", now);
            }
            _ => {}
        }
        let is_transfer = matches!(self.run.steps[index].way().action, Action::Pump(_));
        if self.hear_operation(index, now) {
            return; // it failed
        }
        let done_reads = self.done_reads(index);
        let state = &self.volatile[index];
        let deadline = self.deadline(index);
        let is = match (&state.operation, &self.run.steps[index].state) {
            (Some(polled), _) => polled.is,
            // Its URL is lost or was not followed, so only the conditions can tell that it is over.
            (None, StepState::Acting { operation: Some(lost), .. })
                if lost.kind != OperationKind::Resource =>
            {
                if done_reads.is_empty() {
                    OperationIs::Unreadable
                } else {
                    OperationIs::Over
                }
            }
            _ => OperationIs::Over,
        };
        let by_url = state.operation.as_ref().is_some_and(|polled| polled.operation.url().is_some());
        let operation_decides = is == OperationIs::Running && by_url;
        let only_operation_tells = done_reads.is_empty() && is != OperationIs::Over;
        let mut truth = Truth::NotMet;
        if !only_operation_tells && (state.overtime || !operation_decides) {
            truth = self.is_done(index);
            match &truth {
                Truth::Met => return self.seen_done(index, now),
                Truth::Refused(why) => return self.fail(index, why.clone(), now),
                _ => {}
            }
        }
        let mut reads = BTreeSet::new();
        if is != OperationIs::Over {
            reads.extend(self.volatile[index].operation.as_ref().map(|polled| polled.read.clone()));
        }
        if !operation_decides || self.volatile[index].overtime {
            reads.extend(done_reads);
        }
        if now >= deadline && !self.volatile[index].overtime {
            // The deadline is judged by looks taken after it.
            let newest = self.newest();
            let state = &mut self.volatile[index];
            state.overtime = true;
            (state.cursor, state.poll_next, state.rounds) = (newest, now, 0);
            self.dirty.insert(index);
            return;
        }
        let complete = self.poll(index, &reads, now);
        if !self.volatile[index].overtime {
            if complete && is_transfer && matches!(truth, Truth::NotMet | Truth::Partly { .. }) {
                // What was locked, or not due, when the transfer came by may be free now.
                self.pump(index, now);
            }
            return self.wake(index, deadline, now);
        }
        let too_late = now >= deadline + OVERTIME && !self.is_starved(index);
        if complete || self.volatile[index].rounds > 0 || too_late {
            let (why, partly) = match truth {
                Truth::Partly { have, want } => {
                    (format!("{have} of {want} at the deadline"), Some((have, want)))
                }
                Truth::Unknown(why) => (format!("at the deadline nobody can tell: {why}"), None),
                _ => (self.out_of_time(index), None),
            };
            return self.give_up(index, why, partly, now);
        }
        if now < deadline + OVERTIME {
            self.wake(index, deadline + OVERTIME, now);
        }
    }

    /// Hears what the operation's poll says. True if the step is no longer under way.
    fn hear_operation(&mut self, index: usize, now: Timestamp) -> bool {
        let Some(mut polled) = self.volatile[index].operation.take() else { return false };
        let issued = self.reads.issued(&polled.read);
        let news = polled.is != OperationIs::Over && issued > polled.heard.max(self.volatile[index].floor);
        let mut failed = None;
        if news {
            polled.heard = issued;
            let progress = match self.reads.seen(&polled.read).and_then(|seen| seen.answer.as_ref().ok()) {
                Some(answer) => polled.operation.progress(answer),
                None => Progress::Unreadable,
            };
            match progress {
                Progress::Running => polled.is = OperationIs::Running,
                Progress::Unreadable => polled.is = OperationIs::Unreadable,
                Progress::Succeeded => {
                    polled.is = OperationIs::Over;
                    // Its result shows in looks that are taken from now on.
                    let newest = self.newest();
                    let state = &mut self.volatile[index];
                    (state.cursor, state.poll_next, state.rounds) = (newest, now, 0);
                    if polled.operation.url().is_some() {
                        state.floor = newest;
                    }
                }
                Progress::Failed(error) => failed = Some(error),
            }
        }
        self.volatile[index].operation = Some(polled);
        let Some(error) = failed else { return false };
        let inner = error.innermost();
        let why = format!("its operation failed: {inner}");
        if retry(0, &inner.code) == Retry::Later {
            let pause =
                backoff::pause(self.settings.jitter_seed, index as u64, self.run.steps[index].requests);
            self.change(index, StepEvent::PutOff { until: now + pause, why }, now);
        } else {
            self.change(index, StepEvent::Rejected { why, operation: true }, now);
        }
        true
    }

    /// The read that polls an operation; none if its URL was lost, or leads elsewhere: then conditions alone tell.
    pub(crate) fn polled(&mut self, index: usize, operation: &OperationRef) -> Option<Polled> {
        let Action::Send(draft) = &self.run.steps[index].way().action else { return None };
        let url = self.urls.get(&operation.key);
        let poll = |url: &str| self.poll_call(draft, url).ok();
        let (call, known) = match operation.kind {
            OperationKind::Status => (poll(url?)?, Operation::Status(url?.clone())),
            OperationKind::Location => (poll(url?)?, Operation::Location(url?.clone())),
            // What a POST or DELETE leaves behind is not at its own path.
            OperationKind::Resource if matches!(draft.method, Method::Put | Method::Patch) => {
                let call = CallDraft { method: Method::Get, body: None, ..draft.clone() };
                (call, Operation::Resource)
            }
            OperationKind::Resource => return None,
        };
        let read = ReadId::new(&format!("operation {}", operation.key));
        let draft = match call.target {
            TargetDraft::Arm => ReadDraft::Arm(call),
            TargetDraft::Host(_) => ReadDraft::Http(call),
        };
        self.reads.declare(read.clone(), draft);
        Some(Polled { operation: known, read, heard: 0, is: OperationIs::Running })
    }

    /// The call that polls an operation's URL at the endpoint that was called: a credential goes nowhere that an answer
    /// says.
    ///
    /// # Errors
    /// The host that the URL names instead.
    pub(crate) fn poll_call(&self, acted: &CallDraft, url: &str) -> Result<CallDraft, String> {
        let target = match &acted.target {
            TargetDraft::Arm => Target::Arm,
            TargetDraft::Host(host) => {
                Target::Host(host.fill(&self.known()).map_err(|missing| missing.to_string())?)
            }
        };
        let path = target.path_here(url)?;
        Ok(CallDraft { target: acted.target.clone(), method: Method::Get, path: path.into(), body: None })
    }
}
