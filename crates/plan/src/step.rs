//! Plans, steps and ways.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Method, Region};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::condition::Condition;
use crate::draft::{CallDraft, ReadDraft, Text};
use crate::forecast::Forecast;
use crate::loss::LossStatement;
use crate::need::{Need, Places};

/// A step's stable name, `component/verb`, such as `orders-bus/fail-over-alias`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(Arc<str>);

impl StepId {
    /// `component/verb`.
    pub fn new(component: &str, verb: &str) -> Self {
        Self(format!("{component}/{verb}").into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StepId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}
impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a read that the plan declares once and conditions share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReadId(Arc<str>);

impl ReadId {
    /// A read by name, such as `orders-bus/alias@northeurope`.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for ReadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a step comes from: a requirement or failure id, and the page or sentence behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Requirement and failure ids, such as `P1a`, `F1`.
    pub ids: Vec<String>,
    /// The sentence or page, in words.
    pub says: String,
}

impl Citation {
    /// A citation of these ids.
    pub fn new(ids: &[&str], says: &str) -> Self {
        Self { ids: ids.iter().map(|&id| id.to_owned()).collect(), says: says.to_owned() }
    }
}

/// The kinds of plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PlanKind {
    /// Makes the second region ready, or ready again.
    Prepare,
    /// Moves the workload to the second region.
    Failover,
    /// Moves it home, once home is fit again.
    Failback,
    /// Keeps a region that returned from doing harm.
    Fence,
    /// Brings home what was stranded in a region that returned.
    Drain,
}

impl PlanKind {
    /// The word for people and file names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Failover => "failover",
            Self::Failback => "failback",
            Self::Fence => "fence",
            Self::Drain => "drain",
        }
    }
}

/// Whose world the plan is for. Part of the digest: a plan for the lab never runs against Azure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Endpoint {
    /// The lab with this id.
    Lab(String),
    /// A subscription of a tenant.
    Azure {
        /// Tenant GUID.
        tenant: String,
        /// Subscription GUID.
        subscription: String,
    },
}

/// An immutable graph of steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What the plan is for.
    pub kind: PlanKind,
    /// The workload's name.
    pub workload: String,
    /// Whose world it changes.
    pub endpoint: Endpoint,
    /// The region that the workload leaves (or, preparing, serves from).
    pub from: Region,
    /// The region that the workload moves to (or, preparing, will move to).
    pub to: Region,
    /// What the executor may do by itself, and whom it asks.
    pub policy: Policy,
    /// The steps, in an order in which each stands after all that it waits for.
    pub steps: Vec<Step>,
    /// Reads, declared once and shared by conditions and captures.
    pub reads: BTreeMap<ReadId, ReadDraft>,
    /// Where groups, resources and hosts live: from these the independence proof derives needs.
    pub places: Places,
    /// The facts that the plan rests on.
    pub facts: Vec<FactUsed>,
    /// What was deliberately not planned, and why.
    pub notes: Vec<String>,
}

/// What the executor may do by itself, and whom it asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// The way to start with.
    pub prefer: WayKind,
    /// Whether a graceful way that fails or runs out of time gives way to the ungraceful one without asking.
    pub may_switch: bool,
    /// Who may answer what the executor asks by itself: "send it again?", "go on?". Empty means anybody who may run the
    /// tool.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
}

/// A fact that the plan rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FactUsed {
    /// The fact's name, such as `orders-bus/messages/active`.
    pub key: String,
    /// Its value when the plan was made.
    pub value: Value,
    /// When it was observed; none for what a person declared.
    pub observed_at: Option<Timestamp>,
    /// Where it was read.
    pub source: String,
}

/// One intended change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Stable across plans: `component/verb`.
    pub id: StepId,
    /// The component it belongs to.
    pub component: String,
    /// One line for people.
    pub title: String,
    /// The steps it waits for.
    pub after: BTreeSet<StepId>,
    /// How it is done while everything answers.
    pub graceful: Way,
    /// How it is done when that is impossible, if it may be.
    pub ungraceful: Option<Way>,
    /// Why the step exists.
    pub because: Citation,
}

impl Step {
    /// The way of this kind; a step without an ungraceful way has only one.
    pub fn way(&self, kind: WayKind) -> &Way {
        match (kind, &self.ungraceful) {
            (WayKind::Ungraceful, Some(way)) => way,
            _ => &self.graceful,
        }
    }
}

/// Which of a step's two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WayKind {
    /// Everything answers; nothing is given up.
    Graceful,
    /// Something is dead; what is lost is said in [`Way::loses`].
    Ungraceful,
}

/// How a step is carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Way {
    /// What must be alive beyond what the action, conditions and captures show by themselves.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub needs: BTreeSet<Need>,
    /// What it does.
    pub action: Action,
    /// True as soon as the change is under way, by whomever: then nothing is sent a second time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_when: Option<Condition>,
    /// True when the change is complete. Looked at before anything is sent.
    pub done_when: Condition,
    /// What sending again does when nobody knows whether the first request arrived.
    pub repeat: Repeat,
    /// Values kept for later steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<Capture>,
    /// How long after its start the way is given up.
    pub deadline: SignedDuration,
    /// What then happens.
    pub on_failure: OnFailure,
    /// How long it will take.
    pub forecast: Forecast,
    /// What is lost by it.
    #[serde(default, skip_serializing_if = "LossStatement::is_empty")]
    pub loses: LossStatement,
}

impl Way {
    /// A way with the usual care: what is sent twice is judged by its verb, a failure stops what waits for it, and it is
    /// given up after four times its cautious forecast, never in less than ten minutes.
    pub fn new(action: Action, done_when: Condition, forecast: Forecast) -> Self {
        let repeat = action.repeat();
        Self {
            needs: BTreeSet::new(),
            action,
            started_when: None,
            done_when,
            repeat,
            captures: Vec::new(),
            deadline: (forecast.p95 * 4).max(SignedDuration::from_mins(10)),
            on_failure: OnFailure::Stop,
            forecast,
            loses: LossStatement::default(),
        }
    }
}

/// What a way does. A closed set: the engine knows these and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Sends one request.
    Send(CallDraft),
    /// Looks, and lets the planner add steps for what is found only now.
    Expand(Stage),
    /// Moves items from one place to another, at least once, keeping their key.
    Pump(Transfer),
    /// Asks a person.
    Ask(Question),
    /// Does nothing; only waits for `done_when`.
    Wait,
}

impl Action {
    /// What doing it again does, as far as that can be told from outside. PUT, PATCH and DELETE say how things are to be
    /// afterwards, so twice equals once; a POST may do anything, and whoever knows better says so in the way.
    fn repeat(&self) -> Repeat {
        match self {
            Self::Send(call) if call.method == Method::Post => Repeat::Ask,
            Self::Send(_) | Self::Expand(_) | Self::Pump(_) | Self::Ask(_) | Self::Wait => Repeat::Harmless,
        }
    }
}

/// Steps that can be known only at run time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// The planner's name for this stage, such as `service-bus/drain`.
    pub name: String,
    /// What the planner wants to see first.
    pub reads: BTreeSet<ReadId>,
    /// The largest set of needs that the new steps may have; an expansion outside is refused.
    pub needs: BTreeSet<Need>,
}

/// Items moved one after another, at least once, with a watermark in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// The data plane that holds the items.
    pub from_host: Text,
    /// Paths on it that are emptied, in order.
    pub from_paths: Vec<String>,
    /// The data plane that receives them.
    pub to_host: Text,
    /// The path on it.
    pub to_path: String,
    /// Where the paths hold copies of the same items, the number that all copies of one share: the first that is found is
    /// sent on, the others are only taken away. None where every item stands for itself, whatever it is called.
    pub key: Option<String>,
}

/// A question for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// What is asked, with what is at stake.
    pub text: String,
    /// Who may answer; empty means anybody who may run the tool.
    pub approvers: Vec<String>,
}

/// What sending a request again does when its answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Repeat {
    /// Twice equals once.
    Harmless,
    /// The request carries a key that makes twice equal once.
    Keyed,
    /// Nobody knows: a person decides.
    Ask,
}

/// A value kept from an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capture {
    /// The name that holes use.
    pub name: String,
    /// Where it is taken from, when the step's outcome is recorded.
    pub from: CaptureFrom,
    /// Whether the value must not be written down; such a value is fetched when needed.
    pub secret: bool,
}

/// Where a capture is taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CaptureFrom {
    /// A JSON pointer into the answer of the action.
    Answer(String),
    /// A JSON pointer into a read, taken before the action.
    Read(ReadId, String),
}

/// What happens when a way fails or runs out of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// Nothing that waits for it may start.
    Stop,
    /// What waits for it goes on; the run ends degraded.
    Continue,
    /// A person decides.
    Ask,
}

#[cfg(test)]
mod tests;
