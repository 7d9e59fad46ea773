//! Deployments at the scope of a resource group: records, requests, refusals.
//!
//! The parts: `record.rs` keeps what is known of each, `program.rs` turns a template into resources in full (the only place
//! that speaks to the template engine), `run.rs` sends them through the same providers as everybody's requests,
//! `made_up.rs` fills in what servers would, `what_if.rs` only looks. Known gaps: scopes above the group,
//! `templateLink.uri`, `onErrorDeployment`, export. Reference: Microsoft.Resources 2024-03-01.

use lifeboat_arm::{Answer, Method, ResourceId, ResourceType};
use serde_json::{Value, json};

use crate::agenda::Event;
use crate::lab::Lab;
use crate::operation::{Status, deployment_url, urls};
use crate::refusal::{Handled, Refusal, Refused, refuse};
use crate::route::{Request, Route};

mod made_up;
mod program;
mod record;
mod run;
mod what_if;

pub(crate) use record::Deployments;
use record::{At, Record, State, Step};

pub(crate) const TYPE: &str = "Microsoft.Resources/deployments";

// --- refusals

const ACTIVE: Refusal = Refusal {
    id: "LAB-deployment-active",
    status: 409,
    code: "DeploymentActive",
    message: "Unable to edit or replace deployment '{0}': previous deployment from '{1}' is still active \
              (expiration time is '{2}').",
    source: "Azure Resource Manager, common deployment errors",
};
const MISSING: Refusal = Refusal {
    id: "ARM-deployment-missing",
    status: 404,
    code: "DeploymentNotFound",
    message: "Deployment '{0}' could not be found.",
    source: "swagger: Deployments_Get",
};
const NOT_RUNNING: Refusal = Refusal {
    id: "ARM-deployment-not-running",
    status: 409,
    code: "DeploymentCannotBeCancelled",
    message: "The deployment '{0}' cannot be cancelled: its provisioning state is '{1}'.",
    source: "swagger: Deployments_Cancel, only while Accepted or Running",
};
const BAD_NAME: Refusal = Refusal {
    id: "ARM-deployment-name",
    status: 400,
    code: "InvalidDeploymentName",
    message: "The deployment name '{0}' is not valid: at most 64 letters, digits, '-', '_', '.' and parentheses.",
    source: "swagger: deploymentName",
};
const LOCATION_NOT_ALLOWED: Refusal = Refusal {
    id: "ARM-deployment-location",
    status: 400,
    code: "LocationNotRequired",
    message: "The 'location' property is only allowed for deployments at subscription scope and above.",
    source: "swagger: Deployment.location",
};
const INVALID_TEMPLATE: Refusal = Refusal {
    id: "ARM-invalid-template",
    status: 400,
    code: "InvalidTemplate",
    message: "Deployment template validation failed: '{0}'.",
    source: "Azure Resource Manager, common deployment errors",
};

pub(crate) const REFUSALS: &[Refusal] =
    &[ACTIVE, MISSING, NOT_RUNNING, BAD_NAME, LOCATION_NOT_ALLOWED, INVALID_TEMPLATE];

impl Lab {
    /// `…/deployments`, `…/deployments/{name}` and what lies below.
    pub(crate) fn handle_deployment(&mut self, request: &Request) -> Handled {
        let group = ResourceId::group(request.subscription_name(), request.group_name());
        let id = |name: &str| group.resource(&ResourceType::new(TYPE), &[name]);
        match &request.route {
            Route::Deployments => Ok(self.list_deployments(&group, request)),
            Route::Deployment { name, action: None } => self.one_deployment(&id(name), request),
            Route::Deployment { name, action: Some(action) } => match (request.method, action.as_str()) {
                (Method::Post, "cancel") => self.cancel(&id(name)),
                (Method::Post, "validate") => self.validate(&id(name), request),
                (Method::Post, "whatif") => self.what_if(&id(name), request),
                (Method::Get, "operations") => self.operations(&id(name), None),
                _ => Err(Refused::new(405, "MethodNotAllowed", "Deployments take no such action.")),
            },
            Route::DeploymentOperations { name, operation } => {
                self.operations(&id(name), operation.as_deref())
            }
            Route::DeploymentStatus { name, operation } => self.deployment_status(&id(name), operation),
            _ => Err(Refused::new(404, "ResourceNotFound", "There is nothing at this path.")),
        }
    }

    fn one_deployment(&mut self, id: &ResourceId, request: &Request) -> Handled {
        let found = self.deployments.find(id);
        match request.method {
            Method::Put => self.deploy(id, request),
            Method::Head => Ok(Answer::new(if found.is_some() { 204 } else { 404 }, Value::Null)),
            Method::Get => found
                .map(|record| Answer::new(200, record.to_wire(self.now)))
                .ok_or_else(|| MISSING.with(&[id.name()])),
            Method::Delete => {
                let Some(record) = found else { return Ok(Answer::new(204, Value::Null)) };
                let running = !record.state.is_over();
                refuse(running, &ACTIVE, &active(record))?;
                self.deployments.remove(id);
                Ok(self.done_elsewhere(id, request, Value::Null))
            }
            other => Err(Refused::new(405, "MethodNotAllowed", format!("{other} is not allowed here."))),
        }
    }

    fn list_deployments(&self, group: &ResourceId, request: &Request) -> Answer {
        let filter = request.query("$filter");
        let wanted = filter.split_once(" eq ").map(|(_, value)| value.trim().trim_matches('\'').to_owned());
        let top: usize = request.query("$top").parse().unwrap_or(usize::MAX);
        let all = self.deployments.all.values().rev().filter(|record| record.id.is_within(group));
        let all = all.filter(|record| wanted.as_deref().is_none_or(|word| word == record.state.word()));
        let value: Vec<Value> = all.take(top).map(|record| record.to_wire(self.now)).collect();
        Answer::new(200, json!({ "value": value }))
    }

    fn deploy(&mut self, id: &ResourceId, request: &Request) -> Handled {
        let name = id.name();
        let good = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.()".contains(c));
        refuse(!good, &BAD_NAME, &[name])?;
        let placed = request.body.get("location").is_some();
        refuse(placed, &LOCATION_NOT_ALLOWED, &[])?;
        let old = self.deployments.find(id);
        let known = old.is_some();
        if let Some(old) = old.filter(|old| !old.state.is_over()) {
            refuse(true, &ACTIVE, &active(old))?;
        }
        let program = self.program(id, request)?;
        let serial = self.world.next_serial();
        let operation = self.world.operation_id("deployment");
        let guid = |purpose: &str| self.world.dice.guid(purpose, &serial.to_string()).to_string();
        let steps = program
            .resources
            .iter()
            .enumerate()
            .map(|(at, _)| Step {
                at: At::Waiting,
                operation: self
                    .world
                    .dice
                    .guid("deployment-step", &format!("{serial}/{at}"))
                    .simple()
                    .to_string(),
                began: None,
                ended: None,
                tries: 0,
                status: 0,
            })
            .collect();
        let record = Record {
            id: id.clone(),
            operation: operation.clone(),
            correlation: guid("correlation"),
            hash: program.hash,
            mode: program.mode,
            parameters: program.parameters,
            tags: request.body.get("tags").cloned().unwrap_or(Value::Null),
            state: State::Accepted,
            started: self.now,
            ended: None,
            resources: program.resources,
            steps,
            declared: program.outputs,
            outputs: json!({}),
            error: None,
        };
        let wire = record.to_wire(self.now);
        if let Some(group) = id.group_id() {
            self.deployments.clean(&group);
            if let Some(region) = self.world.groups.all.get(&group).map(|group| group.location.clone()) {
                self.world.operations.start(operation.clone(), region, self.now, "Accepted");
            }
        }
        self.deployments.insert(serial, record);
        let key = format!("{id}@{}", self.now.as_millisecond());
        let after = self.world.dice.pick(self.world.timing.deployment_start, "deployment-start", &key);
        self.world.agenda.at(self.now + after, Event::Deployment(serial));
        let url = deployment_url(&self.world.endpoint, id, &operation);
        Ok(Answer::new(if known { 200 } else { 201 }, wire).with_header("azure-asyncoperation", url))
    }

    fn cancel(&mut self, id: &ResourceId) -> Handled {
        let Some(serial) = self.deployments.by_id.get(id).copied() else {
            return Err(MISSING.with(&[id.name()]));
        };
        let Some(record) = self.deployments.all.get_mut(&serial) else {
            return Err(MISSING.with(&[id.name()]));
        };
        let over = record.state.is_over();
        refuse(over, &NOT_RUNNING, &[id.name(), record.state.word()])?;
        record.state = State::Canceled;
        record.ended = Some(self.now);
        self.world.operations.end(&record.operation, self.now, Status::Canceled);
        Ok(Answer::new(204, Value::Null))
    }

    fn operations(&self, id: &ResourceId, one: Option<&str>) -> Handled {
        let record = self.deployments.find(id).ok_or_else(|| MISSING.with(&[id.name()]))?;
        let all = record.operations_wire();
        match one {
            None => Ok(Answer::new(200, json!({ "value": all }))),
            Some(one) => all
                .into_iter()
                .find(|wire| wire["operationId"] == one)
                .map(|wire| Answer::new(200, wire))
                .ok_or_else(|| {
                    Refused::new(404, "DeploymentOperationNotFound", "There is no such operation.")
                }),
        }
    }

    fn deployment_status(&self, id: &ResourceId, operation: &str) -> Handled {
        let record = self.world.operations.get(operation).ok_or_else(|| {
            Refused::new(404, "OperationNotFound", format!("'{id}' has no such operation."))
        })?;
        Ok(record.status_answer(operation))
    }

    /// 202 with a `Location` whose result is there already.
    fn done_elsewhere(&mut self, id: &ResourceId, request: &Request, result: Value) -> Answer {
        let operation = self.world.operation_id("deployment-side");
        let group = id.group_id().and_then(|group| self.world.groups.all.get(&group));
        let Some(region) = group.map(|group| group.location.clone()) else {
            return Answer::new(204, Value::Null);
        };
        self.world.operations.start(operation.clone(), region.clone(), self.now, "Running");
        self.world.operations.end_with(&operation, self.now, Status::Succeeded, result);
        let subscription = request.subscription_name();
        let (_, url) = urls(&self.world.endpoint, subscription, "Microsoft.Resources", &region, &operation);
        Answer::new(202, Value::Null).with_header("location", url).with_header("retry-after", "5")
    }
}

fn active(record: &Record) -> [&str; 3] {
    // Azure gives seven days after the start as expiration; nobody reads it, and the text needs no second clock.
    [record.id.name(), record.state.word(), "in 7 days"]
}
