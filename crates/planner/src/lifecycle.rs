//! What comes next: from what happened to what Lifeboat intends. Pure, one transition function for drills and for the
//! day.
//!
//! A workload lives on one side; the other is its standby. After every move the side that was left is *fenced* (kept
//! from doing harm), *drained* (what was stranded is brought over) and *prepared* again, in that order; only then is
//! the workload protected, and only then is it asked home. Coming home is a move like any other, so the same three runs
//! follow it, and the story ends protected at home.
//!
//! Whether the workload is protected is never stored: each event says what the observation behind it saw. So it is with
//! the side that leads: a move whose run failed has succeeded as soon as clients are seen to be led to the other side.
//! Here: states. What can happen to them is in `event.rs`, what follows in `intention.rs`. Not here: how a region is
//! found dead (`detector.rs`), what a plan does.

mod event;
mod intention;
mod overtaken;
mod people;
mod regions;
mod transition;
mod words;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use lifeboat_plan::PlanKind;
use serde::{Deserialize, Serialize};

use crate::topology::Side;
use crate::workload::FailoverPolicy;

pub use event::{Decision, Happened, LifecycleEvent, RunOutcome, Wish};
pub use intention::{Intention, Question};

/// Where a workload is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lifecycle {
    /// The side that serves.
    active: Side,
    /// What it is doing.
    phase: Phase,
    /// Whether the primary region answers.
    primary: Health,
    /// Whether the secondary region answers.
    secondary: Health,
    /// What the standby side needs before it can take over.
    standby: Standby,
    /// Whether somebody wants it to stay away from home: moved it by choice, or said no to the way home since it moved.
    stays_away: bool,
    /// Whether a move to the other side was begun and its end was not seen: the platform may still bring it to one.
    unfinished: bool,
    /// How often somebody has said no to running again what failed, since a run last succeeded.
    declined: u32,
    /// How often the workload has set out for the other side: the older of two orders is stale.
    generation: u32,
}

/// What a workload is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// It serves, and nothing is under way. Protected or unprotected, as observation tells.
    Serving,
    /// It is being made ready for the first time.
    Preparing,
    /// The active region looks dead; the hold-down runs.
    Suspecting {
        /// Since when.
        since: Timestamp,
    },
    /// A person is asked, or told; nothing is done before the answer.
    Deciding {
        /// What is asked.
        question: Question,
        /// When it is asked again; never for a question that can wait.
        until: Option<Timestamp>,
        /// How often it was asked.
        times: u32,
    },
    /// It moves to the other side.
    FailingOver {
        /// Whether both regions were well when it set out.
        planned: bool,
        /// What became of the side it leaves, which may return meanwhile.
        fence: Fence,
    },
    /// The side that was left answers again, and is kept from doing harm before anything else.
    Returning,
    /// What was stranded on the side that was left is brought over.
    Draining,
    /// The side that was left becomes the standby.
    Reprotecting,
    /// It moves home.
    FailingBack,
    /// Something needs a person.
    Degraded {
        /// What.
        why: Trouble,
        /// What became of the side that a failover was to leave.
        fence: Fence,
    },
}

/// What became of the side that a failover leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fence {
    /// Nothing yet.
    Open,
    /// It returned in the middle of the failover; the fence runs beside it.
    Running,
    /// It can do no harm.
    Closed,
}

/// Why a person is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trouble {
    /// A run did not reach its end; the question whether to run it again is open.
    RunFailed {
        /// Which.
        kind: PlanKind,
        /// Why.
        why: String,
    },
    /// Both regions are lost.
    NowhereToGo,
    /// Somebody said no, and the workload stays as it is.
    Declined {
        /// To what.
        question: Question,
        /// Why the run failed that was not to run again; nothing for any other question.
        why: String,
        /// When it is asked again, whatever happens until then; never for what was not begun.
        until: Option<Timestamp>,
    },
}

/// What is known about a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// It answers.
    Answers,
    /// It is down, beyond doubt.
    Lost {
        /// Whether an automatic failover was within its budget when it went.
        budget: Budget,
    },
}

/// Whether an automatic failover may happen without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Budget {
    /// It would lose no more than the recovery point allows, and it is not one too many.
    Within,
    /// A person decides.
    Exceeded,
}

/// What the standby side needs next. The order is the order of the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standby {
    /// It may still act as if it were active.
    ToFence,
    /// It may hold what is missed on the active side.
    ToDrain,
    /// It is empty.
    ToPrepare,
    /// Everything was done. Whether that suffices, observation tells.
    Ready,
}

/// Why an event does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LifecycleError {
    /// The state has no such transition.
    #[error("{event} does not fit while the workload is {phase}")]
    Illegal {
        /// What it is doing.
        phase: String,
        /// What happened.
        event: String,
    },
    /// Somebody who may not decide.
    #[error("`{by}` is not among the approvers")]
    NotAnApprover {
        /// Who.
        by: String,
    },
    /// The move that was asked for cannot start now.
    #[error("the move cannot start: {why}")]
    NotReady {
        /// Why.
        why: &'static str,
    },
}

/// The state after an event, and what Lifeboat intends because of it, in order.
pub fn next(
    state: &Lifecycle,
    event: &LifecycleEvent,
    policy: &FailoverPolicy,
) -> Result<(Lifecycle, Vec<Intention>), LifecycleError> {
    transition::next(state, event, policy)
}

impl Lifecycle {
    /// A workload that was never made ready, and the run that does it.
    pub fn begin() -> (Self, Vec<Intention>) {
        let state =
            Self { phase: Phase::Preparing, standby: Standby::ToPrepare, ..Self::serving(Side::Primary) };
        let prepare = state.run(PlanKind::Prepare);
        (state, vec![prepare])
    }

    /// A workload that was found serving, made ready earlier.
    pub fn serving(active: Side) -> Self {
        Self {
            active,
            phase: Phase::Serving,
            primary: Health::Answers,
            secondary: Health::Answers,
            standby: Standby::Ready,
            stays_away: false,
            unfinished: false,
            declined: 0,
            generation: 0,
        }
    }

    /// The side that serves, or served last.
    pub fn active(&self) -> Side {
        self.active
    }

    /// What it is doing.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// What is known about a region.
    pub fn health(&self, side: Side) -> Health {
        match side {
            Side::Primary => self.primary,
            Side::Secondary => self.secondary,
        }
    }

    /// Whether neither region answers: there is nowhere to go.
    pub fn is_nowhere(&self) -> bool {
        [self.primary, self.secondary].iter().all(|health| *health != Health::Answers)
    }

    /// Whether a move was begun of which no end was seen.
    pub fn is_unfinished(&self) -> bool {
        self.unfinished
    }

    /// Whether a failover that is run again would be a planned one: what serves is never taken away by force.
    pub fn would_be_planned(&self) -> bool {
        self.answers(self.active) && self.fence() == Fence::Open
    }

    /// What the standby side needs next.
    pub fn standby(&self) -> Standby {
        self.standby
    }

    /// How often the workload has set out for the other side.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The state in a word; `protected` is what observation tells.
    pub fn word(&self, protected: bool) -> &'static str {
        words::word(self, protected)
    }
}
