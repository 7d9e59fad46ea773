//! Scenarios: what happens to a world, when, and who is there to answer.
//!
//! Here: the file as values. Not here: how the world plays it. Start with
//! [`Scenario::parse`].

mod built_in;
#[cfg(test)]
mod documentation;
mod read;
mod schema;
mod strangers;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lifeboat_arm::Region;
use lifeboat_planner::{Position, Problem, read_strictly, render_problems};
use serde::Serialize;

/// What happens in one drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it tells, in one sentence. Default: nothing.
    pub story: String,
    /// How long the drill lasts in virtual time. What has not happened by then does not happen.
    pub duration: SignedDuration,
    /// Who uses the workload meanwhile. Default: [`Clients::default`].
    pub clients: Clients,
    /// What is so already when the second region is prepared for the first time, before the drill's clock starts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<ScenarioEvent>,
    /// What happens, in order of time.
    pub events: Vec<ScenarioEvent>,
}

/// Who uses the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Clients {
    /// How many send. Default: 12.
    pub producers: u32,
    /// How many receive. Default: 12.
    pub consumers: u32,
    /// How much all producers send together. Default: 5.
    pub messages_per_second: u32,
    /// How many of 100 clients hold on to the old address after its TTL. Default: 10.
    pub ignore_ttl_percent: u32,
}

impl Default for Clients {
    fn default() -> Self {
        Self { producers: 12, consumers: 12, messages_per_second: 5, ignore_ttl_percent: 10 }
    }
}

/// Something that happens at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioEvent {
    /// When, counted from the start of the drill: the end of the first preparation.
    pub at: SignedDuration,
    /// What.
    pub what: What,
    /// Where its names stand in the file.
    #[serde(skip)]
    pub places: Places,
}

/// Where the names of an event stand in the file; nowhere, for an event that comes from none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places {
    /// The region.
    pub region: Position,
    /// The provider of a fault, the type of a quota.
    pub provider: Position,
    /// The operation of a fault.
    pub operation: Position,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    /// A region stops answering.
    Lose(Outage),
    /// A region answers again.
    Restore(Outage),
    /// A region goes and comes, both planes, the same time each.
    Flap {
        /// Which.
        region: Place,
        /// How often it goes.
        times: u32,
        /// From one going to the next; it comes back half-way.
        every: SignedDuration,
    },
    /// A region is not seen any more by some of those who watch it, and serves on.
    Unseen(Unseen),
    /// Requests of one kind go wrong, or a service of a region does not do what it should.
    Fault(Fault),
    /// From now on, no more than so many resources of a type may exist in a region.
    Quota {
        /// Where.
        region: Place,
        /// The type: `Microsoft.ServiceBus/namespaces`.
        kind: String,
        /// How many.
        limit: u32,
    },
    /// From now on, questions are answered like this.
    Operator {
        /// How.
        answers: Answers,
        /// How long the person takes. Default: 4 minutes. Without meaning when nobody answers.
        after: SignedDuration,
    },
    /// An operator asks for a run.
    Plan(Planned),
}

/// What of a region is lost or comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outage {
    /// Which region.
    pub region: Place,
    /// Which planes of it. Default: both.
    pub planes: BTreeSet<LostPlane>,
}

/// A plane of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LostPlane {
    /// Management: nothing can be read or changed through ARM. Alone, triggers go on firing.
    Control,
    /// Traffic: nothing is served, nothing fires.
    Data,
}

/// A region that is well and looks dead to some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unseen {
    /// Which region.
    pub region: Place,
    /// From where it is not seen.
    pub from: BTreeSet<Vantage>,
    /// Which planes of it. Default: both.
    pub planes: BTreeSet<LostPlane>,
    /// Until when, counted as the event's own time is. Default: to the end of the drill.
    pub until: Option<SignedDuration>,
}

/// A place from which regions are watched: outside of both, each with lines of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Vantage {
    /// In the north.
    North,
    /// In the west.
    West,
    /// On the other side of the world.
    Far,
}

/// A region by role or by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// The workload's home.
    Primary,
    /// Its second region.
    Secondary,
    /// Any region.
    Named(Region),
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// In which region.
    pub region: Place,
    /// Of which provider: `Microsoft.ServiceBus`.
    pub provider: String,
    /// Which operation: a type and a verb, such as `namespaces/write`, or an action's name, such as `failover`. None for
    /// an effect that is about the service and not about a request.
    pub operation: Option<String>,
    /// Before the change took place, or after.
    pub phase: Phase,
    /// What the caller sees.
    pub effect: Effect,
    /// How many requests it hits. Default: every one.
    pub times: Option<u32>,
    /// When it ends, counted as the event's own time is. Default: with the drill.
    pub until: Option<SignedDuration>,
}

/// On which side of the change a fault lies: the difference between "nothing happened" and "it happened, unheard".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Nothing has changed.
    Before,
    /// The change has taken place.
    After,
}

/// What the caller of a faulty request sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// An error.
    Error {
        /// The HTTP status, 400 to 599. Default: 500.
        status: u16,
        /// Azure's code. Default: `InternalServerError`.
        code: String,
    },
    /// An operation that is accepted and never ends.
    Hang,
    /// A connection that breaks before the answer.
    LostAnswer,
    /// An answer that comes late.
    Delay {
        /// How late.
        by: SignedDuration,
    },
    /// A refusal with 429: the caller asks too often.
    Throttled {
        /// After how long the caller may ask again. Default: 10 seconds.
        retry_after: SignedDuration,
    },
    /// Of the service: nothing new can be created.
    NoCapacity,
    /// Of the service: operations that start do not end.
    Stuck,
    /// Of the service: what is changed on the primary of a pair does not reach its secondary.
    NoReplication,
    /// Of the service: name servers learn late where an alias leads now.
    SlowDns {
        /// How late.
        by: SignedDuration,
    },
}

impl Effect {
    /// Whether it is about single requests; else it is about the service in its region.
    pub fn is_of_requests(&self) -> bool {
        !matches!(self, Self::NoCapacity | Self::Stuck | Self::NoReplication | Self::SlowDns { .. })
    }
}

/// How people answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Answers {
    /// Yes.
    Approve,
    /// No.
    Decline,
    /// Not at all.
    Nobody,
}

/// A run that an operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Planned {
    /// A planned move to the other region.
    Move,
    /// Home again.
    Failback,
}

/// What is wrong with a scenario file: everything that could be found in one go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", render_problems(file, problems))]
pub struct ScenarioError {
    /// The file.
    pub file: String,
    /// At least one problem, in the order of the file.
    pub problems: Vec<Problem>,
}

impl Scenario {
    /// Reads a scenario file. `file` is its name, for messages only.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScenarioError> {
        read_strictly(text, "the scenario", read::scenario)
            .map_err(|problems| ScenarioError { file: file.to_owned(), problems })
    }

    /// The JSON Schema of scenario files, for editors.
    pub fn json_schema() -> serde_json::Value {
        schema::json_schema()
    }
}

impl ScenarioEvent {
    /// An event that stands in no file.
    pub fn new(at: SignedDuration, what: What) -> Self {
        Self { at, what, places: Places::default() }
    }
}

impl What {
    /// The region it hits, if it hits one.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Lose(outage) | Self::Restore(outage) => Some(&outage.region),
            Self::Flap { region, .. } | Self::Quota { region, .. } => Some(region),
            Self::Unseen(unseen) => Some(&unseen.region),
            Self::Fault(fault) => Some(&fault.region),
            Self::Operator { .. } | Self::Plan(_) => None,
        }
    }
}

impl What {
    /// When it ends by itself, if it does, and what that is.
    fn until(&self) -> Option<(SignedDuration, &'static str)> {
        match self {
            Self::Fault(fault) => Some((fault.until?, "the fault")),
            Self::Unseen(unseen) => Some((unseen.until?, "it")),
            _ => None,
        }
    }
}

impl Place {
    /// The region that is meant.
    pub fn region<'a>(&'a self, primary: &'a Region, secondary: &'a Region) -> &'a Region {
        match self {
            Self::Primary => primary,
            Self::Secondary => secondary,
            Self::Named(region) => region,
        }
    }
}

impl LostPlane {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Control, Self::Data];
}

impl Vantage {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::North, Self::West, Self::Far];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::North => "north",
            Self::West => "west",
            Self::Far => "far",
        }
    }
}

impl Answers {
    /// How long a person takes unless the scenario says otherwise.
    pub const USUAL_DELAY: SignedDuration = SignedDuration::from_mins(4);
}
