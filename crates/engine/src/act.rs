//! Acting: filling the request, taking a token, recording the intent, sending; and giving up.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Call;
use lifeboat_plan::{
    Action, CallDraft, CaptureFrom, Hole, MissingValue, OnFailure, ReadId, Repeat, SecretRef, StepId,
    WayKind, describe_call, duration,
};

use crate::effect::{Effect, Secret};
use crate::engine::{Engine, Flight};
use crate::reads::Want;
use crate::record::{Captured, StepEvent};
use crate::run::missing_capture;
use crate::schedule::Line;
use crate::scope::Scope;
use crate::step_state::{About, StepState};

/// A step acts on nothing older than this: while it waited for a token, somebody else may have acted.
const CHECK_HOLDS: SignedDuration = SignedDuration::from_secs(60);

impl Engine {
    /// Everything is looked at, and the step has to act.
    pub(crate) fn prepare(&mut self, index: usize, captured: Captured, now: Timestamp) {
        let begun = matches!(self.run.steps[index].state, StepState::Begun { .. });
        match &self.run.steps[index].way().action {
            Action::Wait => self.change(index, StepEvent::FoundUnderWay { captured }, now),
            Action::Send(draft) => match draft.fill(&self.known()) {
                Ok(call) => {
                    let reads = self.reads_before_acting(index);
                    let seen = reads.iter().filter_map(|read| Some(self.reads.seen(read)?.at)).min();
                    self.volatile[index].checked_at = seen.unwrap_or(now);
                    self.volatile[index].queued = true;
                    let line = Line { scope: Scope::of_call(&call, &self.run.places), ahead_of: None };
                    self.sends.push(line, self.run.ranks[index], index);
                }
                Err(missing) => self.seek(index, &missing, now),
            },
            action if begun => {
                let request = match action {
                    Action::Expand(stage) => format!("expand `{}`", stage.name),
                    Action::Pump(transfer) => format!("move items to {}", transfer.to_path),
                    Action::Ask(question) => question.text.clone(),
                    Action::Send(_) | Action::Wait => String::new(),
                };
                self.change(index, StepEvent::Intended { request, captured }, now);
            }
            _ => {}
        }
    }

    /// Something is missing that the request needs: a secret is fetched, a private capture read again; nothing else will
    /// come.
    fn seek(&mut self, index: usize, missing: &MissingValue, now: Timestamp) {
        if let Hole::Secret(secret) = &missing.0 {
            let secret = secret.clone();
            self.fetch_secret(&secret, Some(index), now);
            return self.mind_deadline(index, &missing.to_string(), now);
        }
        if let Some((step, name)) = missing_capture(missing)
            && let Some((read, pointer)) = self.private_source(step, name)
        {
            let floor = self.volatile[index].floor;
            let seen = self.reads.seen(&read).filter(|seen| seen.issued > floor);
            let value = seen.and_then(|seen| seen.telling()).and_then(|answer| answer.body.pointer(&pointer));
            if let Some(value) = value.cloned() {
                self.private.insert((step.clone(), name.to_owned()), Secret::new(value));
                self.dirty.insert(index);
                return;
            }
            let after = self.volatile[index].cursor.max(self.reads.issued(&read));
            let want = Want { after, at: now, slack: SignedDuration::ZERO, rank: self.run.ranks[index] };
            self.want(&read, index, want);
            self.volatile[index].wanting.insert(read);
            return self.mind_deadline(index, &missing.to_string(), now);
        }
        self.fail(index, missing.to_string(), now);
    }

    /// Where a capture that may not be written down can be read again.
    fn private_source(&self, step: &StepId, name: &str) -> Option<(ReadId, String)> {
        let run = &self.run.steps[*self.run.index.get(step)?];
        run.way().captures.iter().find_map(|capture| match &capture.from {
            CaptureFrom::Read(read, pointer) if capture.secret && capture.name == name => {
                Some((read.clone(), pointer.clone()))
            }
            _ => None,
        })
    }

    pub(crate) fn fetch_secret(&mut self, secret: &SecretRef, step: Option<usize>, now: Timestamp) {
        if !self.secret_wishes.contains_key(secret) {
            // What whoever deploys has is asked of nobody.
            let scope = match secret {
                SecretRef::Listed { path, .. } => {
                    let call = Call::arm(lifeboat_arm::Method::Post, &**path, None);
                    Scope::of_call(&call, &self.run.places)
                }
                SecretRef::Parameter { .. } => None,
            };
            if let Some(Err(at)) = scope.map(|scope| self.budget.take(&scope, now)) {
                if let Some(index) = step {
                    self.wake(index, at, now);
                }
                return;
            }
            let ticket = self.ticket();
            self.flights.insert(ticket, Flight::Secret { secret: secret.clone() });
            self.effects.push(Effect::FetchSecret { ticket, secret: secret.clone() });
        }
        self.secret_wishes.entry(secret.clone()).or_default().extend(step);
    }

    /// Gives tokens to the steps that wait for one, the most urgent first. The intent is recorded only now, so that a
    /// crash leaves few intents without an answer.
    pub(crate) fn send_what_may(&mut self, now: Timestamp) {
        if self.run.paused.is_some() {
            return;
        }
        loop {
            let mut stale = Vec::new();
            let volatile = &self.volatile;
            let popped = self.sends.pop(&mut self.budget, &BTreeSet::new(), now, |&index| {
                let is_fresh = now.duration_since(volatile[index].checked_at) <= CHECK_HOLDS;
                if volatile[index].queued && !is_fresh {
                    stale.push(index);
                }
                volatile[index].queued && is_fresh
            });
            for index in stale {
                self.look_again(index, now);
            }
            let Some((index, token)) = popped else { return };
            self.volatile[index].queued = false;
            let change = match &self.run.steps[index].state {
                StepState::PutOff { attempt, .. } | StepState::Unclear { attempt, .. } => {
                    StepEvent::Sending { attempt: attempt + 1 }
                }
                _ => {
                    // What was captured when it got into the queue is still what a look issued since it began says.
                    let Ok(captured) = self.capture_from_reads(index) else {
                        // A later look, made for somebody else, told nothing: without its captures nobody could go on.
                        self.look_again(index, now);
                        continue;
                    };
                    let request = match &self.run.steps[index].way().action {
                        Action::Send(draft) => describe_call(draft),
                        _ => String::new(),
                    };
                    StepEvent::Intended { request, captured }
                }
            };
            self.change(index, change, now);
            self.volatile[index].token = token;
        }
    }

    fn look_again(&mut self, index: usize, now: Timestamp) {
        let newest = self.newest();
        let state = &mut self.volatile[index];
        state.queued = false;
        (state.floor, state.cursor, state.poll_next, state.rounds) = (newest, newest, now, 0);
        self.dirty.insert(index);
    }

    /// The intent is recorded; once it is on disk, it is carried out.
    pub(crate) fn perform(&mut self, index: usize, now: Timestamp) {
        if !self.is_durable(index) {
            return;
        }
        if self.volatile[index].flight.is_some() {
            // A request is answered or given up by the shell; a person and a planner may think for too long.
            if !self.sends_a_request(index) {
                self.mind_deadline(index, "nobody answered in time", now);
            }
            return;
        }
        match self.run.steps[index].way().action.clone() {
            Action::Send(draft) => self.send(index, &draft, now),
            Action::Expand(stage) => self.expand(index, stage, now),
            Action::Pump(_) => {
                let change = StepEvent::Accepted { status: None, operation: None, captured: Captured::new() };
                self.change(index, change, now);
            }
            Action::Ask(question) => {
                self.ask(index, question);
                self.dirty.insert(index);
            }
            Action::Wait => {}
        }
    }

    fn send(&mut self, index: usize, draft: &CallDraft, now: Timestamp) {
        match draft.fill(&self.known()) {
            Ok(call) => {
                let ticket = self.ticket();
                let token = self.volatile[index].token.take();
                self.flights.insert(ticket, Flight::Send { step: index, token });
                self.volatile[index].flight = Some(ticket);
                let step = self.run.steps[index].step.id.clone();
                self.forget_secrets(draft);
                self.effects.push(Effect::Send { ticket, step, call });
            }
            // A secret was used up by another step since the request was filled for the first time.
            Err(missing) => {
                let until = now + SignedDuration::from_secs(1);
                self.change(index, StepEvent::PutOff { until, why: missing.to_string() }, now);
            }
        }
    }

    /// Secrets are fetched when needed and kept no longer.
    fn forget_secrets(&mut self, draft: &CallDraft) {
        for hole in draft.holes() {
            if let Hole::Secret(secret) = hole {
                self.secrets.remove(&secret);
            }
        }
    }

    // --- giving up

    /// Gives up if the deadline is over; else wakes up then.
    pub(crate) fn mind_deadline(&mut self, index: usize, why: &str, now: Timestamp) {
        if !self.run.steps[index].state.is_open() {
            return;
        }
        if self.is_held_up(index) {
            return;
        }
        let deadline = self.deadline(index);
        if now < deadline {
            return self.wake(index, deadline, now);
        }
        if !self.is_starved(index) {
            let deadline = duration(self.run.steps[index].way().deadline);
            self.give_up(index, format!("its deadline of {deadline} is over: {why}"), None, now);
        }
    }

    /// When the way is given up; never before whoever took the run over has had the time to look.
    pub(crate) fn deadline(&self, index: usize) -> Timestamp {
        self.run.steps[index].deadline().max(self.judges_from)
    }

    /// Whether only the pause keeps it from going on. The time of the pause is not its own: see [`Run::apply`].
    ///
    /// [`Run::apply`]: crate::run::Run
    fn is_held_up(&self, index: usize) -> bool {
        self.run.paused.is_some() && self.run.steps[index].waits_for_leave()
    }

    /// Whether it waits for a look that waits for a token, or for its first one, which has only just left. That is our
    /// own doing, and no reason to give up. The look's answer brings the step back; no timer is needed.
    pub(crate) fn is_starved(&self, index: usize) -> bool {
        let state = &self.volatile[index];
        let first = state.rounds == 0;
        state
            .wanting
            .iter()
            .filter(|read| self.reads.is_wanted_by(read, index))
            .any(|read| self.ripe.contains_key(read) || first && self.reads.is_busy(read))
    }

    /// The way has failed or run out of time: the other way, a person, or the end.
    pub(crate) fn give_up(&mut self, index: usize, why: String, partly: Option<(u64, u64)>, now: Timestamp) {
        let run = &self.run.steps[index];
        let other_way = run.way == WayKind::Graceful && run.step.ungraceful.is_some();
        if other_way && self.run.plan.policy.may_switch {
            if self.run.paused.is_some() {
                return; // the other way is something new: it waits for whoever paused
            }
            return self.switch_over(index, "policy".to_owned(), why, now);
        }
        match &run.state {
            // The person who is being asked owns it now.
            StepState::Asked { .. } => return,
            StepState::Unclear { attempt, .. } if run.way().repeat == Repeat::Ask => {
                let about = About::Outcome { attempt: *attempt };
                return self.change(index, StepEvent::Asked { about }, now);
            }
            _ => {}
        }
        let change = match (run.way().on_failure, partly) {
            (OnFailure::Ask, Some((have, want))) => {
                StepEvent::Asked { about: About::Degraded { have, want } }
            }
            (OnFailure::Ask, None) => StepEvent::Asked { about: About::Failure { why } },
            (on_failure, Some((have, want))) => {
                StepEvent::Degraded { have, want, go_on: on_failure == OnFailure::Continue }
            }
            (on_failure, None) => StepEvent::Failed { why, go_on: on_failure == OnFailure::Continue },
        };
        self.change(index, change, now);
    }

    /// The step may not be done at all: no other way is tried.
    pub(crate) fn fail(&mut self, index: usize, why: String, now: Timestamp) {
        let change = match self.run.steps[index].way().on_failure {
            OnFailure::Ask => StepEvent::Asked { about: About::Failure { why } },
            on_failure => StepEvent::Failed { why, go_on: on_failure == OnFailure::Continue },
        };
        self.change(index, change, now);
    }
}
