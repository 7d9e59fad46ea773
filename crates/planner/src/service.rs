//! What every Azure service tells the planner: the outline that each file of `services/` follows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call, Region, ResourceId, ResourceType};
use lifeboat_plan::{Endpoint, FactUsed, Forecast, Need, PlanKind, ReadDraft, ReadId, Stage, Step, StepId};
use serde_json::Value;

use crate::inventory::Inventory;
use crate::rule::Rule;
use crate::settings::Section;
use crate::topology::{Component, Declared, Side, Site, Standby, Workload};

/// One Azure service inside the planner.
pub trait Service: Sync {
    // --- what every service must say, in the order in which data flows

    /// Its name for people: `Service Bus`.
    fn name(&self) -> &'static str;

    /// Whether it plans for resources of this type.
    fn plans_for(&self, kind: &ResourceType) -> bool;

    /// What it wants to see of a component: reads, each with the api-version that its type has. Asked again until it
    /// wants nothing new. The inventory keeps the answers by path, without the query.
    fn observes(&self, component: &Component, workload: &Workload, seen: &Inventory) -> Vec<Call>;

    /// The host of a component's data plane on one side, in lower case and whoever holds an alias; none for what has no
    /// data plane. Probers ask it, and clients that still believe in it have not moved.
    fn host(
        &self,
        component: &Component,
        side: Side,
        workload: &Workload,
        seen: &Inventory,
    ) -> Option<String>;

    /// Its rules.
    fn rules(&self) -> &'static [Rule];

    /// Ways to keep a component recoverable, with what each costs and takes.
    fn strategies(&self, component: &Component, workload: &Workload, seen: &Inventory) -> Vec<Strategy>;

    /// Declared resources that a deployment to `side` must leave out, because Azure would refuse them or because
    /// something else brings them.
    fn left_out<'a>(&self, component: &Component, side: Side, planning: &Planning<'a>) -> Vec<&'a Declared>;

    /// Steps that make the standby side ready while the other one serves.
    fn prepare(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal>;

    /// Steps that move the component from the active side to the other one.
    fn fail_over(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal>;

    /// Steps that bring it home. Never the steps of `fail_over` backwards: home must prove itself fit first.
    fn fail_back(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal>;

    /// Steps that keep the component's old side, back from the dead, from doing harm.
    fn fence(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal>;

    /// Steps that bring over what was stranded on the old side.
    fn drain(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal>;

    /// Steps that can be known only at run time; none for a stage that is not this service's.
    fn expand(
        &self,
        stage: &Stage,
        planning: &Planning<'_>,
        seen: &Answers<'_>,
    ) -> Result<Option<Part>, Refusal>;

    /// Whether the component could be moved now, by the latest that is known. Unknown is no.
    fn is_protected(&self, component: &Component, workload: &Workload, seen: &Inventory) -> bool;

    // --- what some must say, and most need not

    /// The side that clients of a component are led to, by what was just observed; none for what leads nobody anywhere.
    fn leads(&self, _component: &Component, _workload: &Workload, _seen: &Inventory) -> Option<Lead> {
        None
    }

    /// Its section of the workload file, where the owner says what cannot be seen.
    fn section(&self) -> Option<&'static Section> {
        None
    }

    /// The ids of its rules that Azure itself enforces: whoever accepts such a finding is refused all the same.
    fn enforced(&self) -> &'static [&'static str] {
        &[]
    }

    /// How long creating a resource of a type of its own takes, as far as a page says so.
    fn creation(&self, _kind: &ResourceType) -> Option<Forecast> {
        None
    }

    /// Puts in what Azure takes where a template says nothing, as far as a rule asks for it: what is sure to come is
    /// known.
    fn say_defaults(&self, _kind: &ResourceType, _body: &mut Value) {}

    /// Puts in what is presumed of a resource that a template builds on and nobody declares.
    fn presume(&self, _kind: &ResourceType, _body: &mut Value) {}

    /// Puts in what Azure shows of a resource that has only just come by replication.
    fn say_new(&self, _kind: &ResourceType, _body: &mut Value) {}

    /// Whether anything is known of its types besides their templates. What has no rules is never called protected.
    fn has_rules(&self) -> bool {
        true
    }

    /// What resources of a type keep that nothing here copies and nobody here looks at: its fate is unknown in every
    /// move.
    fn unknown_data(&self, _kind: &ResourceType) -> Option<&'static str> {
        None
    }

    /// The two resources that a declared one joins, where one template holds both regions.
    fn joined_by(&self, _declared: &Declared) -> Option<[ResourceId; 2]> {
        None
    }

    /// The component as it stands, where fresh resources have taken the place of declared ones, or are to.
    fn standing(
        &self,
        _component: &Component,
        _workload: &Workload,
        _seen: &Inventory,
        _standby: Standby,
    ) -> Option<Component> {
        None
    }

    /// Whether the owner has a component protected again by a fresh resource: what was left may then keep what it
    /// holds.
    fn wants_fresh(&self, _component: &Component, _workload: &Workload) -> bool {
        false
    }
}

/// Where something leads clients that is made to lead them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// To this side.
    To(Side),
    /// Nobody can tell: it was not observed, or two sides claim it.
    Unknown,
}

/// Answers to the reads of a stage.
pub type Answers<'a> = BTreeMap<ReadId, &'a Answer>;

/// What a plan is made for.
#[derive(Clone, Copy)]
pub struct Planning<'a> {
    /// The kind of plan.
    pub kind: PlanKind,
    /// The workload.
    pub workload: &'a Workload,
    /// What was observed, or predicted.
    pub seen: &'a Inventory,
    /// Whose world it is.
    pub endpoint: &'a Endpoint,
    /// The side that serves now, or served until it was lost.
    pub active: Side,
    /// Whether the active side is alive and the move is by choice.
    pub planned: bool,
    /// Whether the workload lived on the standby side before: what stands there is its own leftover.
    pub returning: bool,
    /// The chosen strategy of each component, by name.
    pub strategies: &'a BTreeMap<String, StrategyKind>,
    /// When the plan is made.
    pub now: Timestamp,
}

impl<'a> Planning<'a> {
    /// The side that is to take over.
    pub fn standby(&self) -> Side {
        self.active.other()
    }

    /// The site that serves.
    pub fn from(&self) -> &'a Site {
        self.workload.site(self.active)
    }

    /// The site that is to take over.
    pub fn to(&self) -> &'a Site {
        self.workload.site(self.standby())
    }

    /// Whether somebody looked at a resource and found it. A template that declares it is not enough.
    pub fn observed(&self, id: &ResourceId) -> bool {
        self.seen.was_observed(id.as_str())
    }
}

/// What a service contributes to a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// Steps.
    pub steps: Vec<Step>,
    /// Reads that their conditions use.
    pub reads: BTreeMap<ReadId, ReadDraft>,
    /// Hosts and where they are.
    pub hosts: BTreeMap<String, Region>,
    /// Records of deployments that no group holds, and where they are kept.
    pub records: BTreeMap<ResourceId, Region>,
    /// Facts that the steps rest on.
    pub facts: Vec<FactUsed>,
    /// What was deliberately not planned, and why.
    pub notes: Vec<String>,
    /// Steps that must be through before anything is deployed.
    pub gates: Vec<StepId>,
}

/// Why no plan can be made. Names the rule, the component and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{component}`: {why} ({rule})")]
pub struct Refusal {
    /// The rule that forbids it.
    pub rule: String,
    /// The component.
    pub component: String,
    /// Why.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

/// How a component is kept recoverable, from the cheapest to the fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StrategyKind {
    /// Deployed anew when needed.
    Redeploy,
    /// Brought back from a backup.
    Restore,
    /// Deployed beforehand, passive.
    Standby,
    /// Two of them behind one name, metadata replicated.
    Pair,
    /// Data replicated by the platform.
    Replicate,
}

/// One way to keep a component recoverable.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Strategy {
    /// Which.
    pub kind: StrategyKind,
    /// How long the component is then away, at p95.
    pub recovery: SignedDuration,
    /// What it costs to keep, relative to running the component once: 0 for nothing, 100 for the same again.
    pub standing_cost: u32,
    /// Why it is possible and what it gives up.
    pub why: String,
}

/// The needs of a stage that works on one site's resources through its management plane.
pub(crate) fn needs_in(site: &Site) -> BTreeSet<Need> {
    [Need::ControlPlane(site.region.clone()), Need::GroupMetadata(site.group_region.clone())].into()
}
