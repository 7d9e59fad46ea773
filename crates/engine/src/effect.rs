//! What the engine wants done, and what it is told.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use lifeboat_arm::{Answer, Call, Read};
use lifeboat_plan::{Places, Question, ReadDraft, ReadId, SecretRef, Stage, Step, StepId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::outcome::Summary;
use crate::record::Record;

/// One run's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A run by name.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Connects an effect with the input that answers it. Never used twice, not even after a takeover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ticket(pub(crate) u64);

impl Ticket {
    /// The number behind it.
    pub fn number(self) -> u64 {
        self.0
    }
}
impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What a run is started with, besides its plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The run's name.
    pub run: RunId,
    /// Who executes: a person on a machine, a name in the journal.
    pub executor: String,
    /// The number of this execution: one more than that of the execution it takes over from.
    pub epoch: u64,
    /// The facts that fill holes; pinned in the first record. A recovery takes them from there.
    pub facts: BTreeMap<String, Value>,
    /// Where jitter comes from. The same seed gives the same run.
    pub jitter_seed: u64,
}

/// A value that does not print.
#[derive(Clone, PartialEq)]
pub struct Secret(Value);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<Value>) -> Self {
        Self(value.into())
    }

    pub(crate) fn reveal(&self) -> &Value {
        &self.0
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

/// No answer came: nobody knows whether the request arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost(pub String);

/// A transfer with its holes filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledTransfer {
    /// The data plane that holds the items.
    pub from_host: String,
    /// Paths on it that are emptied, in order.
    pub from_paths: Vec<String>,
    /// The data plane that receives them.
    pub to_host: String,
    /// The path on it.
    pub to_path: String,
    /// The number that all copies of one item share, where there are copies.
    pub key: Option<String>,
}

/// What the shell is to do. Every effect with a ticket is answered by exactly one [`Input`] with that ticket, however
/// long it takes; a shell that gives up on a request answers [`Lost`].
#[derive(Clone, PartialEq)]
pub enum Effect {
    /// Append and sync. One write is outstanding at a time. A write that fails ends the execution.
    Write {
        /// Answered by [`Input::Written`].
        ticket: Ticket,
        /// In order.
        records: Vec<Record>,
    },
    /// Keep an operation's URL in a private store (it may hold a token) before the write that follows.
    KeepUrl {
        /// What the journal calls it.
        key: String,
        /// The URL.
        url: String,
    },
    /// Send a request that acts. Answered by [`Input::Answered`].
    Send {
        /// Answered by [`Input::Answered`].
        ticket: Ticket,
        /// For which step.
        step: StepId,
        /// The request, complete; it may hold secrets.
        call: Call,
    },
    /// Look, at a read of the plan or at an operation. Answered by [`Input::Answered`], with the whole of a list that comes
    /// in pages ([`lifeboat_arm::Pages`]), or with what kept it from being whole.
    Look {
        /// Answered by [`Input::Answered`].
        ticket: Ticket,
        /// Which read.
        id: ReadId,
        /// What to read.
        read: Read,
    },
    /// Give [`Input::Woken`] at this time. Each one replaces the one before.
    WakeAt(Timestamp),
    /// Let the planner say which steps a stage has. Answered by [`Input::Expanded`].
    Expand {
        /// Answered by [`Input::Expanded`].
        ticket: Ticket,
        /// The step that has the stage.
        step: StepId,
        /// The stage.
        stage: Stage,
        /// What its reads answered.
        seen: BTreeMap<ReadId, Answer>,
    },
    /// Move one batch of items. Answered by [`Input::Pumped`].
    Pump {
        /// Answered by [`Input::Pumped`].
        ticket: Ticket,
        /// The step.
        step: StepId,
        /// From where to where.
        transfer: FilledTransfer,
        /// Where the batch before ended, as the shell said it.
        watermark: Option<String>,
    },
    /// Ask a person. Answered by [`Input::Decided`]; may also be withdrawn by what is seen meanwhile.
    Ask {
        /// Answered by [`Input::Decided`].
        ticket: Ticket,
        /// The step.
        step: StepId,
        /// What is asked.
        question: Question,
    },
    /// Fetch a secret. Answered by [`Input::Secret`].
    FetchSecret {
        /// Answered by [`Input::Secret`].
        ticket: Ticket,
        /// Which one.
        secret: SecretRef,
    },
    /// The run is over and its last record is on disk.
    Finished(Summary),
}

/// Requests may hold secrets, so only their first line is printed.
impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { ticket, records } => write!(f, "Write {ticket} {records:?}"),
            Self::KeepUrl { key, .. } => write!(f, "KeepUrl {key}"),
            Self::Send { ticket, step, call } => {
                write!(f, "Send {ticket} {step} {} {}", call.method, call.path_only())
            }
            Self::Look { ticket, id, .. } => write!(f, "Look {ticket} {id}"),
            Self::WakeAt(at) => write!(f, "WakeAt {at}"),
            Self::Expand { ticket, step, stage, .. } => write!(f, "Expand {ticket} {step} {}", stage.name),
            Self::Pump { ticket, step, watermark, .. } => write!(f, "Pump {ticket} {step} {watermark:?}"),
            Self::Ask { ticket, step, question } => write!(f, "Ask {ticket} {step} {}", question.text),
            Self::FetchSecret { ticket, secret } => write!(f, "FetchSecret {ticket} {secret}"),
            Self::Finished(summary) => write!(f, "Finished {summary:?}"),
        }
    }
}

/// Steps that became known at run time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expansion {
    /// The steps. They may wait for each other and for steps that do not wait for the stage.
    pub steps: Vec<Step>,
    /// Reads that their conditions name and the plan does not declare yet.
    pub reads: BTreeMap<ReadId, ReadDraft>,
    /// Places that the plan does not know yet.
    pub places: Places,
}

/// How a batch went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pumped {
    /// Items taken away in this batch, each after it, or what it is a copy of, was sent on.
    pub moved: u64,
    /// Items of this batch that may have been sent on more than once, or will be: their answer was lost, or they were sent
    /// on and perhaps not taken away. As many at most, as far as whoever moves them can know.
    pub duplicates: u64,
    /// Where the next batch begins; when nothing is left, the beginning.
    pub watermark: String,
    /// Whether nothing is left that can be had now. Something may be locked by an executor that died: if the step's
    /// condition says so, the transfer begins once more.
    pub finished: bool,
    /// What went wrong, if something did. The watermark counts nevertheless.
    pub error: Option<String>,
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

/// Which steps a person means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// One.
    Step(StepId),
    /// Every one that has another way and is not through.
    All,
}

/// What the engine is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A write is on disk.
    Written {
        /// Of [`Effect::Write`].
        ticket: Ticket,
    },
    /// A request was answered, or never will be.
    Answered {
        /// Of [`Effect::Send`] or [`Effect::Look`].
        ticket: Ticket,
        /// The answer.
        answer: Result<Answer, Lost>,
    },
    /// The time that was asked for has come. Harmless at any time.
    Woken,
    /// The planner's answer to a stage.
    Expanded {
        /// Of [`Effect::Expand`].
        ticket: Ticket,
        /// The steps, or why there are none.
        result: Result<Expansion, String>,
    },
    /// A batch is over.
    Pumped {
        /// Of [`Effect::Pump`].
        ticket: Ticket,
        /// How it went.
        progress: Pumped,
    },
    /// A person answered.
    Decided {
        /// Of [`Effect::Ask`].
        ticket: Ticket,
        /// Who.
        by: String,
        /// What.
        answer: Decision,
    },
    /// A secret, or why there is none.
    Secret {
        /// Of [`Effect::FetchSecret`].
        ticket: Ticket,
        /// The value.
        result: Result<Secret, Lost>,
    },
    /// Start nothing new; follow what runs.
    Pause {
        /// Who wants it.
        by: String,
    },
    /// Go on.
    Resume {
        /// Who wants it.
        by: String,
    },
    /// Leave a step out; what waits for it goes on.
    Skip {
        /// Which.
        step: StepId,
        /// Who wants it.
        by: String,
        /// Why.
        why: String,
    },
    /// Leave a step for later; what waits for it does not start in this run.
    Defer {
        /// Which.
        step: StepId,
        /// Who wants it.
        by: String,
        /// Until when.
        until: Timestamp,
        /// Why.
        why: String,
    },
    /// Give up the graceful way for the ungraceful one.
    Switch {
        /// Which steps.
        which: Which,
        /// Who wants it.
        by: String,
        /// Why.
        why: String,
    },
}
