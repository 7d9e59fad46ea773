//! The workload file: what is protected, where, how fast it must be back, and who decides.
//!
//! Here: the file as values. Not here: what is true in Azure (the inventory) or wrong with it (the rules): a shared
//! group in the primary region is a finding, not an error of the file. Start with [`WorkloadFile::parse`].

#[cfg(test)]
mod documentation;
mod duration;
mod names;
mod read;
mod reader;
mod schema;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Region;

use crate::reading::About;
use crate::settings::Entry;
use crate::topology::Objectives;

pub(crate) use names::check as check_name;
pub(crate) use schema::{text as schema_text, words as schema_words};

pub use duration::{parse_duration, render_duration};
pub use names::{Approver, ComponentName, FilePath, GroupName, RuleId, SubscriptionId, WorkloadName};
pub use reader::{Complaint, Fields, Problem, Reader, read_strictly, render_problems};
pub use source::{Node, Position};

/// A workload file that was read without a problem.
#[derive(Debug, Clone)]
pub struct WorkloadFile {
    /// The workload's name: names its journals, snapshots and deployments. Changing it starts a new history.
    pub workload: WorkloadName,
    /// The subscription that holds all of it. One workload lies in one subscription.
    pub subscription: SubscriptionId,
    /// What the business asked for. `rto`: from the loss of the primary until clients are served again; the shorter,
    /// the more stands by, and costs. `rpo`: how far back, counted from the loss, acknowledged data may reach that
    /// nobody can get when service is back; at `0s` nothing may be missing.
    pub objectives: Objectives,
    /// Where it runs, and comes home to.
    pub primary: SiteEntry,
    /// Where it goes when the primary is lost.
    pub secondary: SiteEntry,
    /// What describes it.
    pub templates: Templates,
    /// Who decides, and how long the detector and the people may take. Default: `manual`.
    pub failover: FailoverPolicy,
    /// What Lifeboat cannot see about components, each in the section of its service. Default: nothing.
    pub settings: Vec<Entry>,
    /// Data stores with promises that the application makes. Default: none.
    pub data: Vec<DataStore>,
    /// Findings that somebody took responsibility for. Default: none.
    pub accept: Vec<Acceptance>,
    /// Where each value stands in the file, by JSON pointer.
    places: BTreeMap<String, Position>,
}

/// One of the two places a workload can run in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteEntry {
    /// The region.
    pub region: Region,
    /// The group that holds the regional template's resources there. No other role may use it.
    pub resource_group: GroupName,
    /// Parameter files for the regional template, a later one overriding an earlier one. Default: none.
    pub parameters: Vec<FilePath>,
}

/// The templates that describe the workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templates {
    /// What is deployed once per region, with that region's parameters.
    pub regional: FilePath,
    /// What exists once, such as Traffic Manager or the alias. Default: nothing does.
    pub shared: Option<SharedTemplate>,
}

/// The template of what exists once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedTemplate {
    /// The template.
    pub file: FilePath,
    /// The group it is deployed to. On the day it must be reachable: a group in the primary region is a finding.
    pub resource_group: GroupName,
    /// The region of that group's metadata.
    pub region: Region,
    /// Its parameter files. Default: none.
    pub parameters: Vec<FilePath>,
}

/// Who decides about a failover, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailoverPolicy {
    /// What happens when the primary is found dead. Default: `manual`.
    pub policy: DecisionPolicy,
    /// How long the primary must be dead before that counts. Default: 15 minutes. Counts into the RTO; shorter than the
    /// usual blip, it moves the workload for nothing.
    pub hold_down: SignedDuration,
    /// How long people may take to decide. Default: 10 minutes. Counts into the RTO unless the policy is `automatic`.
    pub decision: SignedDuration,
    /// Who may answer. Default: anybody who may run Lifeboat.
    pub approvers: Vec<Approver>,
    /// How long the slowest clients go on using an address after DNS has changed: pools of connections, resolvers that
    /// ignore the TTL (F11). Default: 10 minutes. Counts into the RTO.
    pub clients_hold_on: SignedDuration,
}

/// What happens when the primary is found dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DecisionPolicy {
    /// Lifeboat tells; a person starts the failover.
    Manual,
    /// Lifeboat asks after the hold-down and fails over when an approver agrees.
    Propose,
    /// Lifeboat fails over after the hold-down, within its budget; beyond it, it asks.
    Automatic,
}

/// A data store and the promises around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataStore {
    /// The component's name.
    pub store: ComponentName,
    /// That readers accept old data while the primary is lost. Default: they do not.
    pub stale_reads: Option<StaleReads>,
}

/// Readers that accept old data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaleReads {
    /// How old it may be. A replica that lags further counts as unavailable.
    pub max_age: SignedDuration,
}

/// A finding that somebody took responsibility for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The rule.
    pub rule: RuleId,
    /// Why it is all right. Printed with the finding.
    pub reason: String,
    /// The last day on which it holds; afterwards the finding counts again.
    pub until: Date,
    /// The one component it is about. Default: all of them.
    pub component: Option<ComponentName>,
}

/// What is wrong with a workload file: everything that could be found in one go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", render_problems(file, problems))]
pub struct WorkloadError {
    /// The file.
    pub file: String,
    /// At least one problem, in the order of the file.
    pub problems: Vec<Problem>,
}

impl WorkloadFile {
    /// Reads a workload file. `file` is its name, for messages only.
    pub fn parse(file: &str, text: &str) -> Result<Self, WorkloadError> {
        read_strictly(text, "the workload file", read::workload)
            .map_err(|problems| WorkloadError { file: file.to_owned(), problems })
    }

    /// The file's JSON Schema, for editors.
    pub fn json_schema() -> serde_json::Value {
        schema::json_schema()
    }

    /// What it says besides naming templates, for reading these. `now` is what `utcNow` answers in them.
    pub fn about(&self, now: Timestamp) -> About {
        About {
            name: self.workload.to_string(),
            subscription: self.subscription.to_string(),
            objectives: self.objectives.clone(),
            approvers: self.failover.approvers.iter().map(|name| name.as_str().to_owned()).collect(),
            settings: self.settings.clone(),
            now,
        }
    }

    /// Where the value under a JSON pointer stands in the file: `/primary/region`, `/accept/0`.
    pub fn place(&self, pointer: &str) -> Option<Position> {
        self.places.get(pointer).copied()
    }
}

impl Acceptance {
    /// Whether it speaks of findings of `rule` about `component`.
    pub fn is_about(&self, rule: &str, component: &str) -> bool {
        self.rule.as_str() == rule && self.component.as_ref().is_none_or(|name| name.as_str() == component)
    }

    /// Whether it still holds on this day.
    pub fn holds_on(&self, day: Date) -> bool {
        day <= self.until
    }
}
