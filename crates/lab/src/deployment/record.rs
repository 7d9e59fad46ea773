//! Records of deployments: what is kept of each, how many, and how they look on the wire.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_arm::template::{ExpandedResource, Output};
use lifeboat_arm::{ArmError, ResourceId};
use serde_json::{Value, json};

use super::TYPE;

/// More records than this and the oldest are cleaned away …
const HISTORY_MAX: usize = 700;
/// … until this many are left.
const HISTORY_KEPT: usize = 600;

/// All deployments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deployments {
    pub(super) by_id: BTreeMap<ResourceId, u64>,
    pub(super) all: BTreeMap<u64, Record>,
}

/// One deployment.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: ResourceId,
    pub(super) operation: String,
    pub(super) correlation: String,
    pub(super) hash: String,
    pub(super) mode: String,
    pub(super) parameters: Value,
    pub(super) tags: Value,
    pub(super) state: State,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) resources: Vec<ExpandedResource>,
    pub(super) steps: Vec<Step>,
    pub(super) declared: BTreeMap<String, Output>,
    pub(super) outputs: Value,
    pub(super) error: Option<ArmError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Accepted,
    Running,
    Succeeded,
    Failed,
    Canceled,
}

/// One resource of a deployment on its way.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) at: At,
    pub(super) operation: String,
    pub(super) began: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
    pub(super) tries: u32,
    pub(super) status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    Waiting,
    Running,
    Succeeded,
    Failed(ArmError),
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

impl Deployments {
    /// A group is gone and its records with it.
    pub(crate) fn forget(&mut self, group: &ResourceId) {
        self.by_id.retain(|id, _| !id.is_within(group));
        self.all.retain(|_, record| !record.id.is_within(group));
    }

    pub(super) fn find(&self, id: &ResourceId) -> Option<&Record> {
        self.by_id.get(id).and_then(|serial| self.all.get(serial))
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

    /// ARM cleans the history of a group by itself, oldest first.
    pub(super) fn clean(&mut self, group: &ResourceId) {
        let here: Vec<ResourceId> = self
            .all
            .values()
            .filter(|record| record.id.is_within(group) && record.state.is_over())
            .map(|record| record.id.clone())
            .collect();
        if here.len() > HISTORY_MAX {
            for id in &here[..here.len() - HISTORY_KEPT] {
                self.remove(id);
            }
        }
    }
}

impl Record {
    pub(super) fn to_wire(&self, now: Timestamp) -> Value {
        let seconds = self.ended.unwrap_or(now).duration_since(self.started).as_secs_f64();
        let mut properties = json!({
            "provisioningState": self.state.word(),
            "mode": self.mode,
            "templateHash": self.hash,
            "parameters": self.parameters,
            "timestamp": self.ended.unwrap_or(now).to_string(),
            "duration": format!("PT{seconds:.3}S"),
            "correlationId": self.correlation,
            "providers": [],
            "dependencies": [],
        });
        if self.state == State::Succeeded {
            properties["outputs"] = self.outputs.clone();
            let all: Vec<Value> = self
                .resources
                .iter()
                .filter(|resource| !resource.existing && resource.deployment.is_none())
                .map(|resource| json!({ "id": resource.id }))
                .collect();
            properties["outputResources"] = json!(all);
        }
        if let Some(error) = &self.error {
            properties["error"] = json!(error);
        }
        let mut wire =
            json!({ "id": self.id.as_str(), "name": self.id.name(), "type": TYPE, "properties": properties });
        if !self.tags.is_null() {
            wire["tags"] = self.tags.clone();
        }
        wire
    }

    pub(super) fn operations_wire(&self) -> Vec<Value> {
        let begun = self.resources.iter().zip(&self.steps).filter(|(_, step)| step.began.is_some());
        begun.map(|(resource, step)| self.operation_wire(resource, step)).collect()
    }

    pub(super) fn operation_wire(&self, resource: &ExpandedResource, step: &Step) -> Value {
        let state = match &step.at {
            At::Waiting | At::Running => "Running",
            At::Succeeded => "Succeeded",
            At::Failed(_) => "Failed",
        };
        let mut properties = json!({
            "provisioningOperation": if resource.existing { "Read" } else { "Create" },
            "provisioningState": state,
            "timestamp": step.ended.or(step.began).unwrap_or(self.started).to_string(),
            "statusCode": match step.status { 0 => "", 200 => "OK", 201 => "Created", 202 => "Accepted",
                400 => "BadRequest", 404 => "NotFound", 409 => "Conflict", _ => "Error" },
            "targetResource": { "id": resource.id, "resourceType": resource.kind, "resourceName": resource.name },
        });
        if let At::Failed(error) = &step.at {
            properties["statusMessage"] = json!({ "error": error });
        }
        json!({ "id": format!("{}/operations/{}", self.id, step.operation), "operationId": step.operation,
                "properties": properties })
    }
}
