//! How steps and runs end, and what may be seen of them while they go on.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use lifeboat_plan::{Step, StepId, WayKind};
use serde::{Deserialize, Serialize};

use crate::step_state::StepState;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// This run did it, or saw it through.
    Done,
    /// It was done before this run came to it.
    AlreadyDone,
    /// The deadline came when it was done in part.
    Degraded {
        /// Of how many.
        have: u64,
        /// Of how many it should.
        want: u64,
    },
    /// It was refused, it failed, or its time ran out.
    Failed {
        /// Why.
        why: String,
    },
    /// A request was sent whose answer was lost, and nobody could find out more.
    OutcomeUnknown,
    /// A person left it out.
    Skipped {
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// A person left it for later.
    Deferred {
        /// Until when.
        until: Timestamp,
    },
    /// It failed, and the person who was asked does not want to go on without it.
    Stuck {
        /// Why.
        why: String,
    },
}

impl Outcome {
    /// Whether the step's goal is reached.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Done | Self::AlreadyDone)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::AlreadyDone => f.write_str("already done"),
            Self::Degraded { have, want } => write!(f, "degraded: {have} of {want}"),
            Self::Failed { why } => write!(f, "failed: {why}"),
            Self::OutcomeUnknown => f.write_str("outcome unknown"),
            Self::Skipped { by, why } => write!(f, "skipped by {by}: {why}"),
            Self::Deferred { until } => write!(f, "deferred until {until}"),
            Self::Stuck { why } => write!(f, "stuck: {why}"),
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunEnd {
    /// Every step is done or was done before.
    Done,
    /// Every step that had to be done is; some are degraded, skipped, deferred, or failed where that may be.
    Degraded,
    /// Some step failed and others never started because of it.
    Failed,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// In one word.
    pub end: RunEnd,
    /// Each step's outcome.
    pub outcomes: BTreeMap<StepId, Outcome>,
    /// Steps that never started, with the step to blame.
    pub not_started: BTreeMap<StepId, StepId>,
    /// Acting requests sent, over all executions.
    pub requests: u64,
    /// Looks taken by the execution that ended the run.
    pub looks: u64,
}

/// When things happened to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// Its predecessors were through (or its way was switched).
    pub begun: Option<Timestamp>,
    /// The intent was recorded, or it was found under way.
    pub intended: Option<Timestamp>,
    /// The request was accepted.
    pub acted: Option<Timestamp>,
    /// It ended.
    pub ended: Option<Timestamp>,
}

/// One step of a run, as progress and reports show it.
#[derive(Debug, Clone, PartialEq)]
pub struct StepView<'a> {
    /// Its id.
    pub id: &'a StepId,
    /// The step itself, also one that a stage brought.
    pub step: &'a Step,
    /// Where it stands.
    pub state: &'a StepState,
    /// The way it takes.
    pub way: WayKind,
    /// The stage that brought it, if it was not in the plan.
    pub parent: Option<&'a StepId>,
    /// When things happened.
    pub times: Times,
    /// Acting requests sent.
    pub requests: u32,
    /// Looks that served it, in this execution. A look may serve many.
    pub looks: u32,
    /// Items moved, and how many of them may have been sent on more than once, if it moves items.
    pub moved: (u64, u64),
    /// What it waits for or stumbled over last, for people.
    pub says: Option<&'a str>,
}

impl StepView<'_> {
    /// Its outcome, once it has ended.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.state.outcome()
    }
}
