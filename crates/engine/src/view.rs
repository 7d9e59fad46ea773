//! What may be seen of a run, for progress and reports. Nothing here changes anything.

use std::collections::BTreeMap;

use lifeboat_plan::{Plan, StepId};

use crate::effect::RunId;
use crate::engine::Engine;
use crate::outcome::{Outcome, RunEnd, StepView, Summary};
use crate::step_state::StepState;

impl Engine {
    /// What a report says at the end; meanwhile, what it would say now.
    pub fn summary(&self) -> Summary {
        let outcomes = self.outcomes();
        let not_started: BTreeMap<StepId, StepId> = (0..self.run.steps.len())
            .filter(|&index| self.run.steps[index].state == StepState::Waiting)
            .filter_map(|index| Some((self.run.steps[index].step.id.clone(), self.run.blamed(index)?)))
            .collect();
        let stopped = |run: &crate::run::StepRun| {
            matches!(&run.state, StepState::Ended { outcome, go_on: false }
                if !matches!(outcome, Outcome::Deferred { .. }))
        };
        let end = if self.run.steps.iter().any(stopped) {
            RunEnd::Failed
        } else if not_started.is_empty() && outcomes.values().all(Outcome::is_good) {
            RunEnd::Done
        } else {
            RunEnd::Degraded
        };
        Summary { end, outcomes, not_started, requests: self.run.requests, looks: self.looks_taken }
    }

    /// Each step's outcome, of those that have one.
    pub fn outcomes(&self) -> BTreeMap<StepId, Outcome> {
        self.run
            .steps
            .iter()
            .filter_map(|run| Some((run.step.id.clone(), run.state.outcome()?.clone())))
            .collect()
    }

    /// One step.
    pub fn state(&self, step: &StepId) -> Option<StepView<'_>> {
        self.run.index.get(step).map(|&index| self.view(index))
    }

    /// All steps: those of the plan in its order, then those that stages brought.
    pub fn steps(&self) -> impl Iterator<Item = StepView<'_>> {
        (0..self.run.steps.len()).map(|index| self.view(index))
    }

    /// The plan as it was given.
    pub fn plan(&self) -> &Plan {
        &self.run.plan
    }

    /// The run's name.
    pub fn run_id(&self) -> &RunId {
        &self.run.id
    }

    /// Whether a person has paused the run.
    pub fn is_paused(&self) -> bool {
        self.run.paused.is_some()
    }

    /// Whether the run is over.
    pub fn is_finished(&self) -> bool {
        self.run.finished
    }

    /// Looks taken by this execution.
    pub fn looks_taken(&self) -> u64 {
        self.looks_taken
    }

    /// Acting requests sent, over all executions.
    pub fn requests_sent(&self) -> u64 {
        self.run.requests
    }

    fn view(&self, index: usize) -> StepView<'_> {
        let run = &self.run.steps[index];
        StepView {
            id: &run.step.id,
            step: &run.step,
            state: &run.state,
            way: run.way,
            parent: run.parent.map(|parent| &self.run.steps[parent].step.id),
            times: run.times,
            requests: run.requests,
            looks: self.volatile[index].looks,
            moved: run.moved,
            says: run.says.as_deref(),
        }
    }
}
