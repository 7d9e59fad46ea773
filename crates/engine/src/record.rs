//! The journal's records: what is on disk. Versioned; read by people and by later versions of this crate.
//!
//! Adding a variant or an optional field keeps the version; anything else raises [`VERSION`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_plan::{Digest, Places, ReadDraft, ReadId, Step, StepId, WayKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::effect::{Decision, RunId};
use crate::outcome::Summary;
use crate::step_state::About;

/// The version of the records that this crate writes.
pub(crate) const VERSION: u32 = 1;

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counts from 1 through all epochs, without gaps.
    pub seq: u64,
    /// Which execution wrote it.
    pub epoch: u64,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// The first record.
    Opened {
        /// The run.
        run: RunId,
        /// Who executes.
        executor: String,
        /// The plan that is executed.
        plan: Digest,
        /// The facts that fill holes.
        facts: BTreeMap<String, Value>,
        /// Where jitter comes from.
        jitter_seed: u64,
    },
    /// Another execution goes on.
    TookOver {
        /// Who executes now.
        executor: String,
        /// Everything that was read from the journal. What an older execution writes later does not count.
        former: Pin,
    },
    /// Something happened to a step.
    Step {
        /// Which.
        step: StepId,
        /// What.
        change: StepEvent,
    },
    /// A person paused the run.
    Paused {
        /// Who.
        by: String,
    },
    /// A person resumed it.
    Resumed {
        /// Who.
        by: String,
    },
    /// Something worth keeping that changes nothing: an answer from somebody who may not give one, say.
    Noted {
        /// About which step.
        step: Option<StepId>,
        /// What.
        says: String,
    },
    /// The last record.
    Finished {
        /// How it ended.
        summary: Summary,
    },
}

/// A journal up to a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// How many records.
    pub records: u64,
    /// The hash of the last one's line.
    pub hash: String,
}

/// How an operation is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OperationKind {
    /// By its status URL.
    Status,
    /// By its location.
    Location,
    /// By reading the resource.
    Resource,
}

/// An operation. Its URL may hold a token and is kept elsewhere, under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRef {
    /// How it is polled.
    pub kind: OperationKind,
    /// The key of its URL.
    pub key: String,
}

/// Captured values by name.
pub(crate) type Captured = BTreeMap<String, Value>;

/// What happened to a step. [`crate::StepState::after`] says what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepEvent {
    /// Everything it waits for is through; looking starts.
    Began {
        /// The way it takes.
        way: WayKind,
    },
    /// Looking first, it was found done.
    FoundDone {
        /// Values kept for later steps.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        captured: Captured,
    },
    /// It was found under way, by whomever.
    FoundUnderWay {
        /// Values kept for later steps.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        captured: Captured,
    },
    /// It is about to act. Nothing is sent before this is on disk.
    Intended {
        /// What will be done, holes by name.
        request: String,
        /// Values kept for later steps.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        captured: Captured,
    },
    /// The same intent is about to be sent again.
    Sending {
        /// Counts from 2.
        attempt: u32,
    },
    /// The request was refused for now; nothing happened.
    PutOff {
        /// Until when.
        until: Timestamp,
        /// By whom and why.
        why: String,
    },
    /// No answer, or one that leaves open whether anything happened.
    AnswerLost {
        /// How it was lost.
        why: String,
    },
    /// The request was refused for good, or its operation failed.
    Rejected {
        /// Azure's words.
        why: String,
        /// Whether it was the operation that failed.
        operation: bool,
    },
    /// The request was accepted.
    Accepted {
        /// The HTTP status; none for what is not a request.
        status: Option<u16>,
        /// What is to be polled.
        operation: Option<OperationRef>,
        /// Values kept for later steps.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        captured: Captured,
    },
    /// A batch of items was moved.
    Moved {
        /// Where the next one begins.
        watermark: String,
        /// Items taken away after they were sent on.
        moved: u64,
        /// Items that may have been sent on more than once.
        duplicates: u64,
        /// Whether nothing is left.
        finished: bool,
    },
    /// A stage's steps are known.
    Expanded {
        /// Their digest.
        digest: Digest,
        /// The steps, whole.
        steps: Vec<Step>,
        /// New reads.
        reads: BTreeMap<ReadId, ReadDraft>,
        /// New places.
        places: Places,
    },
    /// Its change was seen to be complete.
    SeenDone {
        /// Values kept for later steps.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        captured: Captured,
    },
    /// A person is asked what to do.
    Asked {
        /// About what.
        about: About,
    },
    /// A person answered.
    Decided {
        /// Who.
        by: String,
        /// What.
        answer: Decision,
        /// Whether what waits for the step goes on if the answer ends it.
        go_on: bool,
    },
    /// The graceful way was given up for the ungraceful one.
    Switched {
        /// Who: a person, or `policy`.
        by: String,
        /// Why.
        why: String,
        /// Steps that the graceful way brought and that did not reach their goal: they are left out with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        abandons: Vec<StepId>,
    },
    /// It failed.
    Failed {
        /// Why.
        why: String,
        /// Whether what waits for it goes on.
        go_on: bool,
    },
    /// Its time ran out when it was done in part.
    Degraded {
        /// Of how many.
        have: u64,
        /// Of how many it should.
        want: u64,
        /// Whether what waits for it goes on.
        go_on: bool,
    },
    /// A person left it out.
    Skipped {
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// A person left it for later.
    Deferred {
        /// Who.
        by: String,
        /// Until when.
        until: Timestamp,
        /// Why.
        why: String,
    },
}
