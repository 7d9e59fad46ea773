//! Records of deployments: what is kept of each, and how many.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use lifeboat_arm::template::Settled;
use lifeboat_arm::{ArmError, ResourceId};
use serde_json::{Value, json};

use super::asked::Asked;
use super::program::Program;
use crate::scope::Scope;

/// More records than this and the oldest are cleaned away …
const HISTORY_MAX: usize = 700;
/// … until this many are left.
const HISTORY_KEPT: usize = 600;
/// With so many no other is taken.
pub(super) const HISTORY_FULL: usize = 800;

/// All deployments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deployments {
    pub(super) by_id: BTreeMap<ResourceId, u64>,
    pub(super) all: BTreeMap<u64, Record>,
}

/// One deployment: sent by somebody, or nested in one that was.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: ResourceId,
    pub(super) operation: String,
    pub(super) correlation: String,
    pub(super) asked: Asked,
    pub(super) program: Arc<Program>,
    /// The nested deployment of the program that this record is about; none when it was sent.
    pub(super) within: Option<usize>,
    pub(super) state: State,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
    /// By place in the program: of one that was sent all, of a nested one its own.
    pub(super) steps: BTreeMap<usize, Step>,
    /// The evaluation of its outputs, once it was tried.
    pub(super) evaluated: Option<Step>,
    /// Complete mode: what goes, once that is known.
    pub(super) removals: Option<Vec<Removal>>,
    pub(super) outputs: Value,
    pub(super) error: Option<ArmError>,
    /// Records of the nested deployments that have begun, by their places.
    pub(super) nested: BTreeMap<usize, u64>,
    /// Names and places that only the run knew, as far as it knows them now.
    pub(super) settled: Settled,
    /// The earlier deployment that is deployed again if this one fails.
    pub(super) fallback: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Accepted,
    Running,
    Succeeded,
    Failed,
    Canceled,
}

/// One operation of a deployment on its way.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) at: At,
    pub(super) operation: String,
    pub(super) began: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
    pub(super) tries: u32,
    pub(super) status: u16,
    /// What was sent and answered, where the deployment keeps it.
    pub(super) request: Option<Value>,
    pub(super) response: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    Waiting,
    Running,
    Succeeded,
    Failed(ArmError),
}

/// A resource that complete mode takes away.
#[derive(Debug, Clone)]
pub(super) struct Removal {
    pub(super) id: ResourceId,
    pub(super) step: Step,
    /// The operation that takes it away, once that was accepted.
    pub(super) follows: Option<String>,
}

impl Record {
    /// A record of which nothing is known yet but what is to be done.
    pub(super) fn new(id: ResourceId, asked: Asked, program: Arc<Program>, now: Timestamp) -> Self {
        Self {
            id,
            operation: String::new(),
            correlation: String::new(),
            asked,
            program,
            within: None,
            state: State::Accepted,
            started: now,
            ended: None,
            steps: BTreeMap::new(),
            evaluated: None,
            removals: None,
            outputs: json!({}),
            error: None,
            nested: BTreeMap::new(),
            settled: Settled::default(),
            fallback: None,
        }
    }
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }

    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }
}

impl Step {
    pub(super) fn new(operation: String) -> Self {
        Self {
            at: At::Waiting,
            operation,
            began: None,
            ended: None,
            tries: 0,
            status: 0,
            request: None,
            response: None,
        }
    }

    /// A step that was told "later" waits for the next look, not for the next turn of this one.
    pub(super) fn tries_now(&self, now: Timestamp) -> bool {
        self.ended != Some(now)
    }

    pub(super) fn end(&mut self, now: Timestamp, status: u16, outcome: Result<(), ArmError>) {
        self.status = status;
        self.began.get_or_insert(now);
        self.ended = Some(now);
        self.at = match outcome {
            Ok(()) => At::Succeeded,
            Err(error) => At::Failed(error),
        };
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.at, At::Succeeded | At::Failed(_))
    }
}

impl Record {
    /// Whether it was sent, and not nested in another.
    pub(super) fn is_outermost(&self) -> bool {
        self.within.is_none()
    }

    /// The id of a resource, or its stand-in while only the run can tell it.
    pub(super) fn real(&self, place: usize) -> Cow<'_, str> {
        self.settled.real(&self.program.resources[place].id)
    }

    /// The ids of all that the program names, nested deployments too, and of what these lie in: a parent is kept with its
    /// child.
    pub(super) fn kept(&self) -> BTreeSet<ResourceId> {
        let mut kept = BTreeSet::new();
        for resource in &self.program.resources {
            let mut next = ResourceId::parse(&self.settled.real(&resource.id)).ok();
            // Whatever is kept already has its parents beside it.
            while let Some(id) = next.filter(|id| !kept.contains(id)) {
                next = id.parent();
                kept.insert(id);
            }
        }
        kept
    }

    /// The id of the scope that the deployment around a resource goes to.
    pub(super) fn scope_around(&self, place: usize) -> String {
        match self.program.inside[place] {
            Some(around) => self.settled.real(&self.program.resources[around].scope).into_owned(),
            None => Scope::of(&self.id).id().map(|id| id.as_str().to_owned()).unwrap_or_default(),
        }
    }

    pub(super) fn at(&self, place: usize) -> &At {
        self.steps.get(&place).map_or(&At::Waiting, |step| &step.at)
    }

    pub(super) fn step(&mut self, place: usize) -> &mut Step {
        self.steps.get_mut(&place).expect("a record has a step for each resource of its program")
    }
}

impl Deployments {
    /// A group is gone and its records with it. What ran for them elsewhere runs no more.
    pub(crate) fn forget(&mut self, now: Timestamp, group: &ResourceId) {
        self.by_id.retain(|id, _| !id.is_within(group));
        let gone = self.all.values().filter(|record| record.id.is_within(group));
        let stopped: Vec<u64> = gone.flat_map(|record| record.nested.values().copied()).collect();
        self.all.retain(|_, record| !record.id.is_within(group));
        for serial in stopped {
            if let Some(nested) = self.all.get_mut(&serial).filter(|nested| !nested.state.is_over()) {
                nested.state = State::Canceled;
                nested.ended = Some(now);
            }
        }
    }

    pub(super) fn find(&self, id: &ResourceId) -> Option<&Record> {
        self.by_id.get(id).and_then(|serial| self.all.get(serial))
    }

    pub(super) fn find_mut(&mut self, id: &ResourceId) -> Option<&mut Record> {
        self.by_id.get(id).and_then(|serial| self.all.get_mut(serial))
    }

    pub(super) fn insert(&mut self, serial: u64, record: Record) {
        if let Some(old) = self.by_id.insert(record.id.clone(), serial) {
            self.all.remove(&old);
        }
        self.all.insert(serial, record);
    }

    pub(super) fn remove(&mut self, id: &ResourceId) {
        if let Some(serial) = self.by_id.remove(id) {
            self.all.remove(&serial);
        }
    }

    /// The records of a scope itself, oldest first.
    pub(super) fn of(&self, scope: &Scope) -> impl DoubleEndedIterator<Item = &Record> {
        self.all.values().filter(move |record| Scope::of(&record.id) == *scope)
    }

    /// Cleans the history as ARM does, and tells what went.
    pub(super) fn clean(&mut self, scope: &Scope) -> Vec<ResourceId> {
        let gone = self.too_old(scope);
        for id in &gone {
            self.remove(id);
        }
        gone
    }

    /// ARM cleans the history of groups and subscriptions by itself, oldest first. Above those nobody does.
    pub(super) fn too_old(&self, scope: &Scope) -> Vec<ResourceId> {
        if !matches!(scope, Scope::Group(_) | Scope::Subscription(_)) {
            return Vec::new();
        }
        let here: Vec<ResourceId> =
            self.of(scope).filter(|record| record.state.is_over()).map(|record| record.id.clone()).collect();
        if here.len() <= HISTORY_MAX {
            return Vec::new();
        }
        here[..here.len() - HISTORY_KEPT].to_vec()
    }
}
