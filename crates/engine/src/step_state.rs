//! Where a step stands, and the one table of what may follow what.
//!
//! ```text
//! Waiting ─► Begun ─► Intended ─► Acting ─► Ended(Done)
//!              │         │ ▲        │
//!              │         │ └ PutOff │ refused for now: the same intent is sent again
//!              │         ├─► Unclear│ answer lost: the conditions decide whether it may be sent again
//!              │         └─► Rejected ─► Begun (the other way) or Ended(Failed) or Asked
//!              ├─► Ended(AlreadyDone)
//!              └─► Acting (found under way)
//! ```

use jiff::Timestamp;
use lifeboat_plan::WayKind;
use serde::{Deserialize, Serialize};

use crate::effect::Decision;
use crate::outcome::Outcome;
use crate::record::{OperationRef, StepEvent};

/// Where a step stands. Only what is on disk decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// Something it waits for is not through.
    Waiting,
    /// It looks before it acts.
    Begun {
        /// The way it takes.
        way: WayKind,
    },
    /// Its intent is recorded; its request may or may not be under way.
    Intended {
        /// The way it takes.
        way: WayKind,
        /// How often it was sent, this time included.
        attempt: u32,
    },
    /// Its request was refused for now. Nothing happened.
    PutOff {
        /// The way it takes.
        way: WayKind,
        /// How often it was sent.
        attempt: u32,
        /// When it may be sent again.
        until: Timestamp,
    },
    /// Its request was sent and the answer is lost.
    Unclear {
        /// The way it takes.
        way: WayKind,
        /// How often it was sent.
        attempt: u32,
    },
    /// Its request was refused for good, or its operation failed. One more look decides.
    Rejected {
        /// The way it takes.
        way: WayKind,
        /// Azure's words.
        why: String,
        /// Whether it was the operation that failed.
        operation: bool,
    },
    /// Its change is under way.
    Acting {
        /// The way it takes.
        way: WayKind,
        /// What is polled besides the conditions.
        operation: Option<OperationRef>,
    },
    /// A person is asked.
    Asked {
        /// The way it takes.
        way: WayKind,
        /// About what.
        about: About,
    },
    /// It is over.
    Ended {
        /// How it ended.
        outcome: Outcome,
        /// Whether what waits for it may start.
        go_on: bool,
    },
}

/// What a person is asked about a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum About {
    /// Nobody knows whether its request arrived: send it again?
    Outcome {
        /// How often it was sent.
        attempt: u32,
    },
    /// It failed: go on without it?
    Failure {
        /// Why.
        why: String,
    },
    /// Its time ran out when it was done in part: go on?
    Degraded {
        /// Of how many.
        have: u64,
        /// Of how many it should.
        want: u64,
    },
}

/// Something happened that cannot happen in this state.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{event:?} cannot follow {state:?}")]
pub struct IllegalTransition {
    /// Where the step stood.
    pub state: StepState,
    /// What happened to it.
    pub event: Box<StepEvent>,
}

impl StepState {
    /// Where the step stands after `event`. Whatever is not listed is an error.
    pub fn after(&self, event: &StepEvent) -> Result<Self, IllegalTransition> {
        use StepEvent as E;
        use StepState as S;
        let over = |outcome, go_on| S::Ended { outcome, go_on };
        Ok(match (self, event) {
            (S::Waiting, E::Began { way }) => S::Begun { way: *way },
            // Whoever switches a step that has not begun says how it will begin.
            (S::Waiting, E::Switched { .. }) => S::Waiting,
            (S::Begun { .. }, E::FoundDone { .. }) => over(Outcome::AlreadyDone, true),
            (S::Begun { way }, E::Intended { .. }) => S::Intended { way: *way, attempt: 1 },
            (S::Intended { way, .. }, E::Accepted { operation, .. }) => {
                S::Acting { way: *way, operation: operation.clone() }
            }
            (S::Intended { way, attempt }, E::PutOff { until, .. }) => {
                S::PutOff { way: *way, attempt: *attempt, until: *until }
            }
            // An operation that was refused because of another one did nothing either.
            (S::Acting { way, operation: Some(_) }, E::PutOff { until, .. }) => {
                S::PutOff { way: *way, attempt: 1, until: *until }
            }
            (S::Intended { way, attempt }, E::AnswerLost { .. }) => {
                S::Unclear { way: *way, attempt: *attempt }
            }
            (S::PutOff { way, attempt, .. } | S::Unclear { way, attempt }, E::Sending { attempt: next })
                if *next > *attempt =>
            {
                S::Intended { way: *way, attempt: *next }
            }
            (S::Intended { way, .. } | S::Acting { way, .. }, E::Rejected { why, operation }) => {
                S::Rejected { way: *way, why: why.clone(), operation: *operation }
            }
            // Somebody else's change, or ours of which we lost track.
            (
                S::Begun { way }
                | S::PutOff { way, .. }
                | S::Unclear { way, .. }
                | S::Rejected { way, .. }
                | S::Asked { way, about: About::Outcome { .. } },
                E::FoundUnderWay { .. },
            )
            // The steps that a stage brought are what is then under way.
            | (S::Intended { way, .. }, E::Expanded { .. }) => S::Acting { way: *way, operation: None },
            (
                S::Acting { .. }
                | S::PutOff { .. }
                | S::Unclear { .. }
                | S::Rejected { .. }
                | S::Asked { .. },
                E::SeenDone { .. },
            ) => over(Outcome::Done, true),
            (S::Acting { .. }, E::Moved { .. }) => self.clone(),
            (
                S::Unclear { way, .. }
                | S::Rejected { way, .. }
                | S::Begun { way }
                | S::Intended { way, .. }
                | S::PutOff { way, .. }
                | S::Acting { way, .. },
                E::Asked { about },
            ) => S::Asked { way: *way, about: about.clone() },
            (_, E::Decided { by, answer, go_on }) => return self.decided(event, by, *answer, *go_on),
            (
                S::Begun { way: WayKind::Graceful }
                | S::Intended { way: WayKind::Graceful, .. }
                | S::PutOff { way: WayKind::Graceful, .. }
                | S::Unclear { way: WayKind::Graceful, .. }
                | S::Rejected { way: WayKind::Graceful, .. }
                | S::Acting { way: WayKind::Graceful, .. }
                | S::Asked { way: WayKind::Graceful, .. },
                E::Switched { .. },
            ) => S::Begun { way: WayKind::Ungraceful },
            (
                S::Begun { .. }
                | S::Intended { .. }
                | S::PutOff { .. }
                | S::Unclear { .. }
                | S::Rejected { .. }
                | S::Acting { .. },
                E::Failed { why, go_on },
            ) => over(Outcome::Failed { why: why.clone() }, *go_on),
            (S::Acting { .. }, E::Degraded { have, want, go_on }) => {
                over(Outcome::Degraded { have: *have, want: *want }, *go_on)
            }
            // A person may leave out whatever has not reached its goal, even what failed.
            (state, E::Skipped { by, why }) if !state.is_good() => {
                over(Outcome::Skipped { by: by.clone(), why: why.clone() }, true)
            }
            (state, E::Deferred { until, .. }) if state.outcome().is_none() => {
                over(Outcome::Deferred { until: *until }, false)
            }
            (state, event) => {
                return Err(IllegalTransition { state: state.clone(), event: Box::new(event.clone()) });
            }
        })
    }

    fn decided(
        &self,
        event: &StepEvent,
        by: &str,
        answer: Decision,
        go_on: bool,
    ) -> Result<Self, IllegalTransition> {
        use Decision::{Approved, Declined};
        let over = |outcome, go_on| Self::Ended { outcome, go_on };
        Ok(match (self, answer) {
            (Self::Intended { way, .. }, Approved) => Self::Acting { way: *way, operation: None },
            (Self::Intended { .. }, Declined) => {
                over(Outcome::Failed { why: format!("declined by {by}") }, go_on)
            }
            (Self::Asked { way, about: About::Outcome { attempt } }, Approved) => {
                Self::PutOff { way: *way, attempt: *attempt, until: Timestamp::MIN }
            }
            (Self::Asked { about: About::Outcome { .. }, .. }, Declined) => {
                over(Outcome::OutcomeUnknown, go_on)
            }
            (Self::Asked { about: About::Failure { why }, .. }, Approved) => {
                over(Outcome::Failed { why: why.clone() }, true)
            }
            (Self::Asked { about: About::Failure { why }, .. }, Declined) => {
                over(Outcome::Stuck { why: why.clone() }, false)
            }
            (Self::Asked { about: About::Degraded { have, want }, .. }, Approved) => {
                over(Outcome::Degraded { have: *have, want: *want }, true)
            }
            (Self::Asked { about: About::Degraded { have, want }, .. }, Declined) => {
                over(Outcome::Stuck { why: format!("{have} of {want}") }, false)
            }
            (state, _) => {
                return Err(IllegalTransition { state: state.clone(), event: Box::new(event.clone()) });
            }
        })
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Ended { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// Whether what waits for it may start.
    pub fn lets_go_on(&self) -> bool {
        matches!(self, Self::Ended { go_on: true, .. })
    }

    /// Whether it is neither waiting nor over.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Ended { .. })
    }

    /// One word for people.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Begun { .. } => "looking",
            Self::Intended { .. } => "sending",
            Self::PutOff { .. } => "put off",
            Self::Unclear { .. } => "answer lost",
            Self::Rejected { .. } => "rejected",
            Self::Acting { .. } => "under way",
            Self::Asked { .. } => "asking",
            Self::Ended { .. } => "ended",
        }
    }

    fn is_good(&self) -> bool {
        self.outcome().is_some_and(Outcome::is_good)
    }
}

#[cfg(test)]
mod tests;
