//! The lifecycle in words, for `status`, errors and logs.

use std::fmt;

use lifeboat_plan::PlanKind;

use super::{Intention, Lifecycle, Phase, Question, Trouble};
use crate::topology::Side;

pub(super) fn word(state: &Lifecycle, protected: bool) -> &'static str {
    match (&state.phase, protected) {
        (Phase::Serving | Phase::Deciding { question: Question::Failback, .. }, true) => "protected",
        (Phase::Serving | Phase::Deciding { question: Question::Failback, .. }, false) => "unprotected",
        (phase, _) => phase.word(),
    }
}

impl Phase {
    fn word(&self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Preparing => "preparing",
            Self::Suspecting { .. } => "suspecting",
            Self::Deciding { .. } => "deciding",
            Self::FailingOver { .. } => "failing over",
            Self::Returning => "returning",
            Self::Draining => "draining",
            Self::Reprotecting => "re-protecting",
            Self::FailingBack => "failing back",
            Self::Degraded { .. } => "degraded",
        }
    }

    /// The run that is under way, a fence beside a failover left aside.
    pub(super) fn runs(&self) -> Option<PlanKind> {
        match self {
            Self::Preparing | Self::Reprotecting => Some(PlanKind::Prepare),
            Self::FailingOver { .. } => Some(PlanKind::Failover),
            Self::Returning => Some(PlanKind::Fence),
            Self::Draining => Some(PlanKind::Drain),
            Self::FailingBack => Some(PlanKind::Failback),
            Self::Serving | Self::Suspecting { .. } | Self::Deciding { .. } | Self::Degraded { .. } => None,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deciding { question, .. } => write!(f, "deciding \"{question}\""),
            Self::Degraded { why, .. } => write!(f, "degraded ({why})"),
            other => f.write_str(other.word()),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunFailed { kind, why, .. } => write!(f, "the {} failed: {why}", kind.word()),
            Self::NowhereToGo => f.write_str("both regions are lost"),
            Self::Declined { question, .. } => write!(f, "declined \"{question}\""),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failover { to, protected: true } => write!(f, "fail over to the {}?", role(*to)),
            Self::Failover { to, protected: false } => {
                write!(f, "fail over to the {}, which is not ready?", role(*to))
            }
            Self::Failback => f.write_str("go home?"),
            Self::Again { kind } => write!(f, "run the {} again?", kind.word()),
        }
    }
}

impl fmt::Display for Intention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunPlan { kind, from, to, planned } => {
                let how = if *planned { "planned" } else { "unplanned" };
                write!(f, "run {} from {} to {}, {how}", kind.word(), role(*from), role(*to))
            }
            Self::StopRun { kind } => write!(f, "stop the {}", kind.word()),
            Self::WhenAnswers { side, first } => {
                write!(f, "when the {} answers, run {} first", role(*side), first.word())
            }
            Self::Ask(question) => write!(f, "ask \"{question}\""),
            Self::Tell(question) => write!(f, "tell \"{question}\""),
            Self::Withdraw(question) => write!(f, "withdraw \"{question}\""),
            Self::Follow { to } => write!(f, "follow: the {} leads", role(*to)),
            Self::KeepSnapshot => f.write_str("keep the snapshot"),
            Self::Wait { until: Some(until), why } => write!(f, "wait until {until}: {why}"),
            Self::Wait { until: None, why } => write!(f, "wait: {why}"),
        }
    }
}

fn role(side: Side) -> &'static str {
    match side {
        Side::Primary => "primary",
        Side::Secondary => "secondary",
    }
}
