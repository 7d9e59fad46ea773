//! What Lifeboat intends because of what happened: runs, questions, waiting. Whoever carries it out reports events.

use jiff::Timestamp;
use lifeboat_plan::PlanKind;
use serde::{Deserialize, Serialize};

use crate::topology::Side;

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
    /// Watch a region; when it answers, and the other one has not been lost by then, this runs before anything else.
    /// The watcher reports [`Happened::Returned`](super::Happened::Returned).
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
