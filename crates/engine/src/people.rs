//! What people do to a run: answer, pause, resume, skip, defer, switch. All of it is journaled with their name.

use jiff::Timestamp;
use lifeboat_plan::{Action, OnFailure, StepId, WayKind};

use crate::effect::{Decision, Ticket, Which};
use crate::engine::{Engine, Flight};
use crate::record::{Event, StepEvent};
use crate::step_state::StepState;

impl Engine {
    pub(crate) fn decided(&mut self, ticket: Ticket, by: &str, answer: Decision, now: Timestamp) {
        let Some(Flight::Ask { step }) = self.flights.get(&ticket) else { return };
        let index = *step;
        if self.volatile[index].flight != Some(ticket) {
            return; // withdrawn: what was seen meanwhile answered it
        }
        if !self.may_answer(index, by) {
            let who = self.approvers(index).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
            let says = format!("`{by}` answered but is not among the approvers: {}", who.join(", "));
            return self.note(index, says, now);
        }
        self.flights.remove(&ticket);
        self.volatile[index].flight = None;
        let go_on = self.run.steps[index].way().on_failure == OnFailure::Continue;
        self.change(index, StepEvent::Decided { by: by.to_owned(), answer, go_on }, now);
    }

    fn may_answer(&self, index: usize, by: &str) -> bool {
        let approvers = self.approvers(index);
        approvers.is_empty() || approvers.iter().any(|name| name == by)
    }

    /// Who may answer what is asked about a step. A step that asks names its own approvers, also for what becomes of it
    /// afterwards; those of the plan answer whatever else is asked.
    pub(crate) fn approvers(&self, index: usize) -> &[String] {
        let run = &self.run.steps[index];
        match (&run.state, &run.way().action) {
            (StepState::Intended { .. }, Action::Ask(question)) => &question.approvers,
            (_, Action::Ask(question)) if !question.approvers.is_empty() => &question.approvers,
            _ => &self.run.plan.policy.approvers,
        }
    }

    pub(crate) fn pause(&mut self, by: String, now: Timestamp) {
        if self.run.paused.is_none() {
            self.record(Event::Paused { by }, now);
        }
    }

    pub(crate) fn resume(&mut self, by: String, now: Timestamp) {
        if self.run.paused.is_some() {
            self.record(Event::Resumed { by }, now);
            self.dirty.extend(0..self.run.steps.len());
        }
    }

    pub(crate) fn skip(&mut self, step: &StepId, by: String, why: String, now: Timestamp) {
        let Some(&index) = self.run.index.get(step) else {
            return self.note_unknown(step, &by, now);
        };
        if self.run.steps[index].state.lets_go_on() {
            return self.note(index, format!("`{by}` wanted to skip it, but it is through"), now);
        }
        self.change(index, StepEvent::Skipped { by, why }, now);
    }

    pub(crate) fn defer(&mut self, step: &StepId, by: String, until: Timestamp, why: String, now: Timestamp) {
        let Some(&index) = self.run.index.get(step) else {
            return self.note_unknown(step, &by, now);
        };
        if self.run.steps[index].state.outcome().is_some() {
            return self.note(index, format!("`{by}` wanted to defer it, but it is over"), now);
        }
        self.change(index, StepEvent::Deferred { by, until, why }, now);
    }

    pub(crate) fn switch(&mut self, which: Which, by: &str, why: &str, now: Timestamp) {
        let wanted = match which {
            Which::All => (0..self.run.steps.len()).collect(),
            Which::Step(step) => match self.run.index.get(&step) {
                Some(&index) if self.can_switch(index) => vec![index],
                Some(&index) => {
                    let says = format!("`{by}` wanted its other way, but there is none left");
                    return self.note(index, says, now);
                }
                None => return self.note_unknown(&step, by, now),
            },
        };
        for index in wanted {
            if self.can_switch(index) {
                self.switch_over(index, by.to_owned(), why.to_owned(), now);
            }
        }
    }

    fn can_switch(&self, index: usize) -> bool {
        let run = &self.run.steps[index];
        run.step.ungraceful.is_some() && run.way == WayKind::Graceful && run.state.outcome().is_none()
    }

    pub(crate) fn note(&mut self, index: usize, says: String, now: Timestamp) {
        let step = Some(self.run.steps[index].step.id.clone());
        self.record(Event::Noted { step, says }, now);
    }

    fn note_unknown(&mut self, step: &StepId, by: &str, now: Timestamp) {
        self.record(
            Event::Noted { step: None, says: format!("`{by}` named `{step}`, which is no step") },
            now,
        );
    }
}
