//! What a drill found out: plain data, from which the command line makes tables, JSON and a page.

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{Citation, Loss, Verdict};
use lifeboat_planner::Finding;
use serde::Serialize;

mod objectives;
mod planes;

pub use objectives::{LaterOutage, Missing, RpoReport, RtoReport, RtoTerms};
pub use planes::{Belief, BelievedStretch, FaultReport, PlaneReport, TrueStretch, Truth};

/// Everything that a drill found out.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DrillReport {
    /// The workload's name.
    pub workload: String,
    /// The version of Lifeboat.
    pub version: String,
    /// The seed: the same seed and version give the same drill, byte for byte.
    pub seed: u64,
    /// The scenario's name and its one-line story.
    pub scenario: ScenarioSummary,
    /// The region that was lost or left.
    pub primary: String,
    /// The region that took over.
    pub secondary: String,
    /// Virtual time at the start.
    pub started: Timestamp,
    /// Virtual time at the end.
    pub ended: Timestamp,
    /// What was assumed because nobody said it: placeholders, regions, names.
    pub assumptions: Vec<String>,
    /// How it ended.
    pub verdict: DrillVerdict,
    /// Recovery time: asked, forecast, measured.
    pub rto: RtoReport,
    /// Recovery point: asked, and what was missing.
    pub rpo: RpoReport,
    /// What producers and consumers saw.
    pub clients: ClientReport,
    /// What was stranded, drained, duplicated, lost.
    pub losses: LossReport,
    /// The runs, in order: prepare, failover, fence, drain, prepare, failback and so on.
    pub runs: Vec<RunReport>,
    /// What the rules found before anything was done.
    pub findings: Vec<Finding>,
    /// Changes of state, in order.
    pub timeline: Vec<Happening>,
    /// Both planes of each region: what they were, and what the detector took them for.
    pub planes: Vec<PlaneReport>,
    /// Requests that were made to go wrong.
    pub faults: Vec<FaultReport>,
    /// What was predicted about the world after each run, against what it became.
    pub predictions: Vec<PredictionReport>,
    /// The state at the end, one line per component.
    pub state_after: Vec<StateLine>,
    /// What a drill that passed says nothing about.
    pub reservations: Vec<String>,
    /// Resource types without rules of their own, redeployed as generic resources.
    pub generic_types: Vec<String>,
}

/// Which scenario was played.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioSummary {
    /// Its name.
    pub name: String,
    /// Its story in one sentence.
    pub story: String,
}

/// How a drill ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "reasons")]
pub enum DrillVerdict {
    /// Objectives met, invariants held.
    Passed,
    /// An objective was missed, for these reasons.
    Missed(Vec<String>),
    /// An invariant broke or a run failed: these.
    Broken(Vec<String>),
}

/// What producers and consumers saw.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientReport {
    /// How many clients there were.
    pub producers: u32,
    /// How many consumers.
    pub consumers: u32,
    /// Messages acknowledged by the service.
    pub acknowledged: u64,
    /// Sends that failed.
    pub failed_sends: u64,
    /// Messages received and completed.
    pub received: u64,
    /// Messages received more than once.
    pub received_twice: u64,
    /// Of the received: messages whose senders were told nothing, because the answer was lost on its way.
    pub received_unacknowledged: u64,
    /// Acknowledged and not received, and there at the end: waiting, scheduled, or set aside as dead letters.
    pub still_held: u64,
    /// Of these: where nobody serves, or in a region that does not answer.
    pub out_of_reach: u64,
    /// Stretches of a minute and more in which sends failed and none was acknowledged.
    pub send_gaps: Vec<Gap>,
    /// The longest time in which no producer got anything acknowledged.
    pub longest_send_gap: SignedDuration,
    /// The longest time in which no consumer got anything.
    pub longest_receive_gap: SignedDuration,
    /// Counts per minute.
    pub minutes: Vec<Minute>,
    /// Where the copies of what is still held lie.
    pub held: Held,
}

/// A stretch in which nobody could send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// When the last send before it was acknowledged.
    pub from: Timestamp,
    /// When the first one after it was, or the drill ended.
    pub to: Timestamp,
}

/// Where messages lie at the end, counted by copies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Copies that wait to be received.
    pub queued: u64,
    /// Copies that are not due yet.
    pub scheduled: u64,
    /// Copies that were set aside.
    pub dead_lettered: u64,
}

/// Counts of one minute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Minute {
    /// Minutes since the start.
    pub minute: u32,
    /// Sends acknowledged.
    pub acknowledged: u32,
    /// Sends failed.
    pub failed: u32,
    /// Messages received.
    pub received: u32,
    /// Of the acknowledged, how many by the primary's region.
    pub at_primary: u32,
}

/// What became of messages.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LossReport {
    /// Each move of the workload, with what it was announced to leave behind and what it did. Attempts that moved nothing
    /// are not among them.
    pub moves: Vec<MoveLosses>,
    /// What all moves announced before the button, from what an operator could have observed.
    pub announced: Vec<Loss>,
    /// The announced number of stranded messages, of all moves.
    pub announced_stranded: u64,
    /// How many really were stranded, of all moves.
    pub stranded: u64,
    /// How many of these the drains brought over.
    pub drained: u64,
    /// Copies beyond the first, each with the `MessageId` of its message: received again, or lying somewhere although
    /// another lies there or was received. What is just being drained at the end lies on both sides.
    pub duplicated: u64,
    /// Acknowledged messages that exist nowhere and were never received.
    pub lost: u64,
}

/// What one move left behind.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MoveLosses {
    /// The move, in words.
    pub purpose: String,
    /// What was announced before it began, from what an operator could have observed.
    pub announced: Vec<Loss>,
    /// The announced number of stranded messages.
    pub announced_stranded: u64,
    /// How old the oldest of these numbers was when it was announced.
    pub seen_ago: Option<SignedDuration>,
    /// How many really lay on the side that was left, when it could be reached again.
    pub stranded: u64,
    /// How many of these the drain brought over.
    pub drained: u64,
    /// How many lay there still after the drain, or at the end where there was none. What is neither was received there.
    pub left: u64,
}

/// One run of a plan.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// `prepare`, `failover`, …
    pub kind: String,
    /// What the run was for, in words: "protect again in westeurope".
    pub purpose: String,
    /// The plan's digest.
    pub digest: String,
    /// The region the workload leaves or serves from.
    pub from: String,
    /// The region it moves to or is prepared in.
    pub to: String,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// `done`, `degraded`, `failed`, …, with the reason.
    pub outcome: String,
    /// Whether every step ended well.
    pub succeeded: bool,
    /// Forecast of the whole run at p95.
    pub forecast: SignedDuration,
    /// The chain of steps that was forecast to decide the duration.
    pub critical_path_forecast: Vec<String>,
    /// The chain that really did.
    pub critical_path: Vec<String>,
    /// Steps, in plan order.
    pub steps: Vec<StepReport>,
    /// Acting requests sent.
    pub requests: u64,
    /// Reads sent, polling included.
    pub reads: u64,
    /// Refused with 429.
    pub throttled: u64,
    /// The facts it rested on: name, value, age when the plan was made.
    pub facts: Vec<FactLine>,
    /// What was deliberately not done, and why.
    pub notes: Vec<String>,
}

/// One step of a run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// `component/verb`.
    pub id: String,
    /// The component.
    pub component: String,
    /// One line for people.
    pub title: String,
    /// The steps it waited for.
    pub after: Vec<String>,
    /// The stage that brought it, if it was not in the plan but found on the way.
    pub stage: Option<String>,
    /// Why it exists.
    pub because: Citation,
    /// `graceful` or `ungraceful`.
    pub way: String,
    /// `done`, `already done`, `degraded 3/5`, `failed`, `skipped`, `not started`.
    pub outcome: String,
    /// The reason, when there is one.
    pub why: Option<String>,
    /// Forecast, typical and p95.
    pub forecast: SignedDuration,
    /// Forecast at p95.
    pub forecast_p95: SignedDuration,
    /// Where the forecast comes from.
    pub forecast_basis: String,
    /// When all it waited for was done and it was first looked at.
    pub ready: Option<Timestamp>,
    /// When the request was sent.
    pub acted: Option<Timestamp>,
    /// When the outcome was recorded.
    pub ended: Option<Timestamp>,
    /// The request as it was sent: `PUT /subscriptions/…` and its body, holes by name where secret.
    pub request: Option<String>,
    /// The body of the request, pretty-printed.
    pub body: Option<String>,
    /// The answer: status and what mattered.
    pub answer: Option<String>,
    /// When it counts as under way.
    pub started_when: Option<String>,
    /// When it counts as done.
    pub done_when: String,
    /// What was seen at the end, read by read.
    pub evidence: Vec<String>,
    /// What the loss of the other region would do to it.
    pub independence: Option<Verdict>,
    /// What it gives up.
    pub loses: Vec<Loss>,
    /// Whether it was on the path that decided the run's duration.
    pub critical: bool,
}

/// A fact that a plan rested on.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FactLine {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Its age when the plan was made.
    pub age: Option<SignedDuration>,
    /// Where it was read.
    pub source: String,
}

/// A change of state.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// Who: `world`, `detector`, `operator`, `lifecycle`, `engine`, `clients`.
    pub who: String,
    /// How it should stand out: `bad`, `good`, `plain`.
    pub tone: String,
    /// What, in one sentence without its full stop.
    pub what: String,
}

/// A prediction against the world.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PredictionReport {
    /// After which run.
    pub after: String,
    /// Which fact.
    pub fact: String,
    /// What was predicted.
    pub predicted: String,
    /// What was found.
    pub found: String,
    /// Whether they agree.
    pub agrees: bool,
}

/// The state of one component at the end.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateLine {
    /// The component.
    pub component: String,
    /// `protected`, `unprotected`, …
    pub state: String,
    /// What was seen, in words.
    pub says: String,
}
