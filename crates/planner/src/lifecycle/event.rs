//! What happens to a workload: runs that end, regions that go and return, people.

use jiff::Timestamp;
use lifeboat_plan::PlanKind;
use serde::{Deserialize, Serialize};

use super::{Budget, Question};
use crate::topology::Side;

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
    /// To the other side in good order. The wish is its own approval of that, and of nothing else: where the region
    /// that serves does not answer, the failover is asked for.
    Move,
    /// To the other side although the region that serves is lost: whoever was told what it costs starts it by hand.
    Failover,
    /// Home. Asked for again all the same: home must be looked at first.
    Failback,
}
