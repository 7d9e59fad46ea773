//! What is durable about a run: everything that the journal's records say. The live path and recovery fill it through
//! the one function [`Run::apply`].

mod known;
mod step_run;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lifeboat_plan::{Action, Digest, GraphError, Places, Plan, ReadDraft, ReadId, Step, StepId, WayKind};
use serde_json::Value;

use crate::effect::RunId;
use crate::record::{Event, Record, StepEvent};
use crate::schedule::{self, Rank};
use crate::step_state::{IllegalTransition, StepState};

pub(crate) use known::{Known, missing_capture};
pub(crate) use step_run::StepRun;

/// A record that cannot follow the ones before it. From disk: the journal is bad. Live: a bug.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Broken {
    /// It is about a step that nobody knows.
    #[error("`{0}` is no step of this plan")]
    UnknownStep(StepId),
    /// The step's state does not allow it.
    #[error("`{step}`: {illegal}")]
    Illegal {
        /// The step.
        step: StepId,
        /// What cannot follow what.
        illegal: IllegalTransition,
    },
    /// A step began before something it waits for was through.
    #[error("`{step}` began before `{before}` was through")]
    TooEarly {
        /// The step.
        step: StepId,
        /// What it waits for.
        before: StepId,
    },
    /// Steps that were added are not those whose digest was recorded.
    #[error("the steps that `{0}` brought are not those whose digest was recorded")]
    OtherSteps(StepId),
    /// Steps that were added make no graph.
    #[error("the steps that were added make no graph: {0}")]
    NoGraph(GraphError),
    /// A record of the wrong number.
    #[error("record {given} stands where record {wanted} belongs")]
    Gap {
        /// The number that belongs there.
        wanted: u64,
        /// The number found.
        given: u64,
    },
    /// Two first records.
    #[error("a run is opened once")]
    OpenedTwice,
}

/// A run, as far as it is recorded.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) plan: Plan,
    pub(crate) digest: Digest,
    pub(crate) id: RunId,
    pub(crate) facts: BTreeMap<String, Value>,
    pub(crate) steps: Vec<StepRun>,
    pub(crate) index: BTreeMap<StepId, usize>,
    pub(crate) ranks: Vec<Rank>,
    pub(crate) reads: BTreeMap<ReadId, ReadDraft>,
    pub(crate) places: Places,
    pub(crate) captured: BTreeMap<(StepId, String), Value>,
    pub(crate) paused: Option<Timestamp>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) finished: bool,
    /// When the last record was written.
    recorded: Timestamp,
    pub(crate) seq: u64,
    pub(crate) epoch: u64,
    /// How many steps are neither waiting nor over.
    pub(crate) open: usize,
    pub(crate) requests: u64,
}

impl Run {
    pub(crate) fn new(plan: Plan, id: RunId, facts: BTreeMap<String, Value>) -> Result<Self, GraphError> {
        let mut run = Self {
            digest: Digest::of(&plan),
            id,
            facts,
            steps: Vec::new(),
            index: BTreeMap::new(),
            ranks: Vec::new(),
            reads: plan.reads.clone(),
            places: plan.places.clone(),
            captured: BTreeMap::new(),
            paused: None,
            started: None,
            finished: false,
            recorded: Timestamp::MIN,
            seq: 0,
            epoch: 0,
            open: 0,
            requests: 0,
            plan,
        };
        run.add(run.plan.steps.clone(), None)?;
        Ok(run)
    }

    /// Adds steps; nothing is changed if they make no graph.
    fn add(&mut self, steps: Vec<Step>, parent: Option<usize>) -> Result<(), GraphError> {
        let mut all: Vec<Step> = self.steps.iter().map(|run| run.step.clone()).collect();
        let mut parents: Vec<Option<usize>> = self.steps.iter().map(|run| run.parent).collect();
        let first = all.len();
        parents.resize(first + steps.len(), parent);
        all.extend(steps);
        self.ranks = schedule::ranks(&all, &parents, self.plan.policy.prefer)?;
        for (index, step) in all.into_iter().enumerate().skip(first) {
            self.index.insert(step.id.clone(), index);
            self.steps.push(StepRun::new(step, parent));
        }
        for index in first..self.steps.len() {
            let before: Vec<usize> =
                self.steps[index].step.after.iter().filter_map(|id| self.index.get(id).copied()).collect();
            for &source in &before {
                self.steps[source].behind.push(index);
            }
            self.steps[index].before = before;
            if let Some(parent) = parent {
                self.steps[parent].children.push(index);
            }
        }
        Ok(())
    }

    /// What follows from a record. The only way in which a run changes.
    pub(crate) fn apply(&mut self, record: &Record) -> Result<(), Broken> {
        if record.seq != self.seq + 1 {
            return Err(Broken::Gap { wanted: self.seq + 1, given: record.seq });
        }
        match &record.event {
            Event::Opened { .. } if self.seq > 0 => return Err(Broken::OpenedTwice),
            Event::Opened { .. } => self.started = Some(record.at),
            Event::TookOver { .. } => self.take_over(record.at),
            Event::Noted { .. } => {}
            Event::Paused { .. } => self.paused = self.paused.or(Some(record.at)),
            Event::Resumed { .. } => self.resume(record.at),
            Event::Finished { .. } => self.finished = true,
            Event::Step { step, change } => self.change(step, change, record)?,
        }
        self.seq = record.seq;
        self.epoch = record.epoch;
        self.recorded = record.at;
        Ok(())
    }

    /// The pause is taken off the time of the steps that it held up: they could not act on what they saw.
    fn resume(&mut self, at: Timestamp) {
        let Some(since) = self.paused.take() else { return };
        for run in self.steps.iter_mut().filter(|run| run.waits_for_leave()) {
            run.lost(since, at);
        }
    }

    /// The same for the time in which there was no executor: what had not been accepted yet could not be sent again.
    fn take_over(&mut self, at: Timestamp) {
        let since = self.paused.unwrap_or(Timestamp::MIN).max(self.recorded).min(at);
        let was_sending =
            |run: &&mut StepRun| matches!(run.state, StepState::Intended { .. }) || run.waits_for_leave();
        for run in self.steps.iter_mut().filter(was_sending) {
            run.lost(since, at);
        }
        if let Some(paused) = &mut self.paused {
            *paused = at;
        }
    }

    fn change(&mut self, id: &StepId, change: &StepEvent, record: &Record) -> Result<(), Broken> {
        let index = *self.index.get(id).ok_or_else(|| Broken::UnknownStep(id.clone()))?;
        let state = self.steps[index]
            .state
            .after(change)
            .map_err(|illegal| Broken::Illegal { step: id.clone(), illegal })?;
        if matches!(change, StepEvent::Began { .. })
            && let Some(before) = self.waits_for(index)
        {
            return Err(Broken::TooEarly { step: id.clone(), before });
        }
        if let StepEvent::Expanded { digest, steps, reads, places } = change {
            if Digest::of_steps(steps) != *digest {
                return Err(Broken::OtherSteps(id.clone()));
            }
            self.add(steps.clone(), Some(index)).map_err(Broken::NoGraph)?;
            self.reads.extend(reads.iter().map(|(id, read)| (id.clone(), read.clone())));
            self.places = crate::expand::together(&self.places, places);
        }
        if let StepEvent::Switched { by, why, abandons } = change {
            let why = format!("`{id}` took its other way: {why}");
            for child in abandons {
                self.change(child, &StepEvent::Skipped { by: by.clone(), why: why.clone() }, record)?;
            }
        }
        self.keep(id, change);
        let acts = matches!(self.steps[index].way().action, Action::Send(_));
        let run = &mut self.steps[index];
        let was_open = run.state.is_open();
        run.note(change, acts, record.at);
        run.state = state;
        run.last_seq = record.seq;
        if run.state.outcome().is_some() {
            run.times.ended = Some(record.at);
        }
        if acts && matches!(change, StepEvent::Intended { .. } | StepEvent::Sending { .. }) {
            self.requests += 1;
        }
        match (was_open, self.steps[index].state.is_open()) {
            (false, true) => self.open += 1,
            (true, false) => self.open -= 1,
            _ => {}
        }
        Ok(())
    }

    fn keep(&mut self, id: &StepId, change: &StepEvent) {
        if let StepEvent::FoundDone { captured }
        | StepEvent::FoundUnderWay { captured }
        | StepEvent::Intended { captured, .. }
        | StepEvent::Accepted { captured, .. }
        | StepEvent::SeenDone { captured } = change
        {
            self.captured
                .extend(captured.iter().map(|(name, value)| ((id.clone(), name.clone()), value.clone())));
        }
    }

    /// Something that the step at `index` still waits for.
    pub(crate) fn waits_for(&self, index: usize) -> Option<StepId> {
        self.steps[index]
            .before
            .iter()
            .find(|&&source| !self.steps[source].state.lets_go_on())
            .map(|&source| self.steps[source].step.id.clone())
    }

    /// The step that keeps the one at `index` from ever starting, if one does.
    pub(crate) fn blamed(&self, index: usize) -> Option<StepId> {
        let mut seen = BTreeSet::new();
        let mut stack = vec![index];
        while let Some(at) = stack.pop() {
            if !seen.insert(at) {
                continue;
            }
            if let Some(parent) = self.steps[at].parent
                && self.steps[parent].state.outcome().is_some()
            {
                return Some(self.steps[parent].step.id.clone());
            }
            for &source in &self.steps[at].before {
                match &self.steps[source].state {
                    StepState::Ended { go_on: false, .. } => return Some(self.steps[source].step.id.clone()),
                    StepState::Waiting => stack.push(source),
                    _ => {}
                }
            }
        }
        None
    }

    /// The way that a step starts with.
    pub(crate) fn first_way(&self, index: usize) -> WayKind {
        match self.steps[index].step.ungraceful {
            Some(_) => self.plan.policy.prefer.max(self.steps[index].way),
            None => WayKind::Graceful,
        }
    }
}
