//! What comes next: from what happened to what Lifeboat intends. Pure, one transition function for drills and for the day.
//!
//! A workload lives on one side; the other is its standby. After every move the side that was left is *fenced* (kept from
//! doing harm), *drained* (what was stranded is brought over) and *prepared* again, in that order; only then is the
//! workload protected, and only then is it asked home. Coming home is a move like any other, so the same three runs
//! follow it, and the story ends protected at home.
//!
//! Whether the workload is protected is never stored: each event says what the observation behind it saw. So it is with
//! the side that leads: a move whose run failed has succeeded as soon as clients are seen to be led to the other side.
//! Here: states, events, intentions. Not here: how a region is found dead (`detector.rs`), what a plan does.

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

/// Something that happened, with what was seen at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleEvent {
    /// When.
    pub at: Timestamp,
    /// Whether pairs, replication and backups stand, by the latest observation, or by the last good one while a region
    /// cannot be read; unknown is no.
    pub protected: bool,
    /// The side that clients are led to, by the latest observation; none where nobody can tell.
    pub leads: Option<Side>,
    /// What.
    pub what: Happened,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Happened {
    /// A run ended.
    RunFinished {
        /// Which.
        kind: PlanKind,
        /// How.
        outcome: RunOutcome,
    },
    /// A region looks dead.
    Suspected(Side),
    /// A suspicion ended before the hold-down did.
    Flapped(Side),
    /// A region is dead, for longer than the hold-down.
    Down {
        /// Which.
        side: Side,
        /// Whether an automatic failover would be within its budget.
        budget: Budget,
    },
    /// A region that was dead answers, for long enough to believe it.
    Returned(Side),
    /// A person answered.
    Decided {
        /// Which question: an answer to one that was withdrawn counts for nothing.
        question: Question,
        /// How.
        decision: Decision,
        /// Who.
        by: String,
    },
    /// An operator asks for a move.
    OperatorAsks {
        /// For which.
        wish: Wish,
        /// Who.
        by: String,
    },
    /// Time passed.
    Tick,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunOutcome {
    /// All of it.
    Done,
    /// Enough of a move to serve from the other side; too little of any other run.
    Partly(String),
    /// Not.
    Failed(String),
    /// It was never begun: there is no plan, and nothing was sent.
    Refused(String),
    /// Stopped because Lifeboat asked for it.
    Stopped,
}

/// A person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// Yes.
    Approved,
    /// No.
    Declined,
}

/// What an operator may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Wish {
    /// To the other side. The wish is its own approval. Planned while the active region answers.
    Move,
    /// Home. Asked for again all the same: home must be looked at first.
    Failback,
}

/// What Lifeboat wants to be done or known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Intention {
    /// Make this plan and run it.
    RunPlan {
        /// Which kind.
        kind: PlanKind,
        /// The side that serves; for a fence beside a failover, the side that will.
        from: Side,
        /// The side it works on: takes over, is prepared, fenced or drained.
        to: Side,
        /// Whether both regions are well.
        planned: bool,
    },
    /// Stop the run of this kind after the step under way; its end is reported as any other.
    StopRun {
        /// Which.
        kind: PlanKind,
    },
    /// Watch a region; when it answers, this runs before anything else. The watcher reports [`Happened::Returned`].
    WhenAnswers {
        /// Which.
        side: Side,
        /// What then runs first.
        first: PlanKind,
    },
    /// Ask a person.
    Ask(Question),
    /// Tell people; the next step is theirs. Under the policy `manual` this stands in the place of the question.
    Tell(Question),
    /// Take back what was asked or told: its cause has gone.
    Withdraw(Question),
    /// Take note that the other side leads, though no run of ours was seen to bring it there: a move came through late.
    /// From here on it counts as one that succeeded.
    Follow {
        /// The side that leads.
        to: Side,
    },
    /// Keep the inventory as the last good one, outside the active region.
    KeepSnapshot,
    /// Do nothing.
    Wait {
        /// Until when, at the latest.
        until: Option<Timestamp>,
        /// Why.
        why: String,
    },
}

/// What a person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Question {
    /// Shall it fail over?
    Failover {
        /// The side that takes over.
        to: Side,
        /// Whether that side is ready for it. Never done without a person when it is not.
        protected: bool,
    },
    /// Shall it go home?
    Failback,
    /// Shall a run that failed run again?
    Again {
        /// Which.
        kind: PlanKind,
    },
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
