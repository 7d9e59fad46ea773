//! A deployment runs: it sends each resource once those it waits for are there, looks until it is, and goes on. A
//! resource that fails fails the deployment; what is done stays, and what does not wait for it still gets its turn.

use lifeboat_arm::template::{resolve, resolve_output};
use lifeboat_arm::{ArmError, Call, Method, ResourceId, Retry, is_terminal, retry};
use serde_json::{Value, json};

use super::program::Live;
use super::record::{At, Record, State, Step};
use crate::agenda::Event;
use crate::health::Plane;
use crate::lab::{Dispatched, Lab};
use crate::operation::Status;
use crate::route::Request;

/// How often a resource is tried whose provider answers "later" or not at all.
const TRIES_MAX: u32 = 4;

impl Lab {
    /// One look at a deployment, at the time its agenda says.
    pub(crate) fn run_deployment(&mut self, serial: u64) {
        let Some(mut record) = self.deployments.all.remove(&serial) else { return };
        if !record.state.is_over() && self.can_run(&record) {
            record.state = State::Running;
            self.world.operations.word(&record.operation, "Running");
            self.step_all(&mut record);
            if record.steps.iter().all(|step| matches!(step.at, At::Succeeded | At::Failed(_)))
                || (failed(&record).is_some() && !can_go_on(&record))
            {
                self.finish(&mut record);
            }
        }
        if !record.state.is_over() {
            let key = format!("{serial}@{}", self.now.as_millisecond());
            let after = self.world.dice.pick(self.world.timing.deployment_poll, "deployment-poll", &key);
            self.world.agenda.at(self.now + after, Event::Deployment(serial));
        }
        // Whoever deleted the group meanwhile took the id out as well.
        if self.deployments.by_id.get(&record.id) == Some(&serial) {
            self.deployments.all.insert(serial, record);
        }
    }

    /// The job lives with the group's metadata.
    fn can_run(&mut self, record: &Record) -> bool {
        let group = record.id.group_id().and_then(|group| self.world.groups.all.get(&group));
        let Some(region) = group.map(|group| group.location.clone()) else { return true };
        let mut ctx = crate::world::Ctx { now: self.now, world: &mut self.world };
        ctx.world.regions.is_up(&region, Plane::Control)
            && !ctx.is_stuck(&region, "Microsoft.Resources", record.id.as_str())
    }

    /// Steps until nothing more can begin or end at this instant.
    fn step_all(&mut self, record: &mut Record) {
        loop {
            let mut moved = false;
            for at in 0..record.steps.len() {
                let ready = record.resources[at]
                    .waits_for
                    .iter()
                    .all(|before| record.steps[*before].at == At::Succeeded);
                let before = record.steps[at].at.clone();
                match before {
                    At::Waiting if ready && record.steps[at].tries_now(self.now) => self.begin(record, at),
                    At::Running => self.look(record, at),
                    _ => {}
                }
                let after = &record.steps[at].at;
                moved |= *after != before && matches!(after, At::Succeeded);
            }
            if !moved {
                return;
            }
        }
    }

    fn begin(&mut self, record: &mut Record, at: usize) {
        let now = self.now;
        record.steps[at].began.get_or_insert(now);
        let resource = record.resources[at].clone();
        if resource.deployment.is_some() {
            let outcome = self.nested(record, at);
            record.steps[at].end(now, 200, outcome);
            return;
        }
        if resource.existing {
            let outcome = self.ask(Method::Get, &resource.id, &resource.api_version, None);
            let outcome = match outcome {
                Err(why) if !Live::new(self, []).comes_with_its_parent(&resource.id) => {
                    Err(ArmError::new("ResourceNotFound", why))
                }
                _ => Ok(()),
            };
            record.steps[at].end(now, 200, outcome);
            return;
        }
        let body = resolve(&resource, &Live::new(self, &resource.deferred));
        let body = match body {
            Ok(body) => body,
            Err(wrong) => {
                let error = ArmError::new("InvalidTemplate", wrong.message);
                record.steps[at].end(now, 400, Err(error));
                return;
            }
        };
        let path = format!("{}?api-version={}", resource.id, resource.api_version);
        let request = match Request::parse(&Call::arm(Method::Put, path, Some(body))) {
            Ok(request) => request,
            Err(refused) => {
                record.steps[at].end(now, refused.status, Err(refused.error));
                return;
            }
        };
        let step = &mut record.steps[at];
        step.tries += 1;
        match self.dispatch_with_faults(&request) {
            Dispatched::Silent if step.tries < TRIES_MAX => step.ended = Some(now),
            Dispatched::Silent => {
                let error =
                    ArmError::new("GatewayTimeout", "The gateway did not receive a response in time.");
                step.end(now, 504, Err(error));
            }
            Dispatched::Answered(answer) => {
                step.status = answer.status;
                match answer.error() {
                    Some(error)
                        if step.tries < TRIES_MAX
                            && retry(answer.status, &error.code) != Retry::Pointless =>
                    {
                        step.ended = Some(now);
                    }
                    Some(error) => step.end(now, answer.status, Err(error)),
                    None if is_ready(&answer.body) => step.end(now, answer.status, Ok(())),
                    None => {
                        step.at = At::Running;
                        step.tries = 0;
                    }
                }
            }
        }
    }

    /// Looks at a resource that was accepted and is not ready.
    fn look(&mut self, record: &mut Record, at: usize) {
        let resource = &record.resources[at];
        let (id, version) = (resource.id.clone(), resource.api_version.clone());
        let step = &mut record.steps[at];
        match self.ask(Method::Get, &id, &version, None) {
            Ok(answer) if is_ready(&answer.body) => {
                let state = answer.body.pointer("/properties/provisioningState").and_then(Value::as_str);
                let failed = state.is_some_and(|state| !state.eq_ignore_ascii_case("Succeeded"));
                let error =
                    || ArmError::new("ResourceDeploymentFailure", format!("'{id}' ended as '{state:?}'."));
                step.end(self.now, answer.status, if failed { Err(error()) } else { Ok(()) });
            }
            // A region that does not answer may come back: the deployment goes on looking.
            Ok(_) | Err(_) => {}
        }
    }

    /// A nested deployment ends when its resources are there: it is a record of its own, with its outputs.
    fn nested(&mut self, record: &Record, at: usize) -> Result<(), ArmError> {
        let resource = &record.resources[at];
        let Some(nested) = &resource.deployment else { return Ok(()) };
        let outputs = self.outputs(&nested.outputs)?;
        let id = ResourceId::parse(&resource.id)
            .map_err(|bad| ArmError::new("InvalidTemplate", bad.to_string()))?;
        let own = Record {
            id,
            operation: String::new(),
            state: State::Succeeded,
            mode: nested.mode.clone(),
            parameters: json!({}),
            tags: Value::Null,
            started: record.started,
            ended: Some(self.now),
            resources: Vec::new(),
            steps: Vec::new(),
            declared: nested.outputs.clone(),
            outputs,
            error: None,
            correlation: record.correlation.clone(),
            hash: record.hash.clone(),
        };
        let serial = self.world.next_serial();
        self.deployments.insert(serial, own);
        Ok(())
    }

    fn outputs(
        &mut self,
        declared: &std::collections::BTreeMap<String, lifeboat_arm::template::Output>,
    ) -> Result<Value, ArmError> {
        let mut outputs = json!({});
        for (name, output) in declared {
            let value = resolve_output(name, output, &Live::new(self, &output.deferred))
                .map_err(|wrong| ArmError::new("DeploymentOutputEvaluationFailed", wrong.message))?;
            // A secure output has a type and no value.
            outputs[name] = if output.is_secure() {
                json!({ "type": output.kind })
            } else {
                json!({ "type": output.kind, "value": value })
            };
        }
        Ok(outputs)
    }

    fn finish(&mut self, record: &mut Record) {
        record.ended = Some(self.now);
        if let Some(at) = failed(record) {
            let mut outer = ArmError::new(
                "DeploymentFailed",
                "At least one resource deployment operation failed. Please list deployment operations for details.",
            );
            for (resource, step) in record.resources.iter().zip(&record.steps).skip(at) {
                if let At::Failed(error) = &step.at {
                    outer.details.push(ArmError { target: Some(resource.id.clone()), ..error.clone() });
                }
            }
            self.end(record, State::Failed, Some(outer));
            return;
        }
        match self.outputs(&record.declared.clone()) {
            Ok(outputs) => record.outputs = outputs,
            Err(error) => return self.end(record, State::Failed, Some(error)),
        }
        if record.mode.eq_ignore_ascii_case("Complete") {
            self.delete_others(record);
        }
        self.end(record, State::Succeeded, None);
    }

    fn end(&mut self, record: &mut Record, state: State, error: Option<ArmError>) {
        record.state = state;
        record.error.clone_from(&error);
        let status = error.map_or(Status::Succeeded, Status::Failed);
        self.world.operations.end(&record.operation, self.now, status);
    }

    /// Complete mode: what the template does not name goes.
    fn delete_others(&mut self, record: &Record) {
        let Some(group) = record.id.group_id() else { return };
        let named: Vec<ResourceId> =
            record.resources.iter().filter_map(|resource| ResourceId::parse(&resource.id).ok()).collect();
        let others: Vec<ResourceId> = self
            .world
            .index
            .within(&group)
            .filter(|entry| entry.id.kind().is_some_and(|kind| kind.segments().count() == 1))
            .map(|entry| entry.id.clone())
            .filter(|id| !named.contains(id))
            .collect();
        for id in others {
            let path = format!("{id}?api-version=2024-03-01");
            if let Ok(request) = Request::parse(&Call::arm(Method::Delete, path, None)) {
                self.dispatch(&request);
            }
        }
    }
}

impl Step {
    /// A step that was told "later" waits for the next look, not for the next turn of this one.
    fn tries_now(&self, now: jiff::Timestamp) -> bool {
        self.ended != Some(now)
    }

    fn end(&mut self, now: jiff::Timestamp, status: u16, outcome: Result<(), ArmError>) {
        self.status = status;
        self.ended = Some(now);
        self.at = match outcome {
            Ok(()) => At::Succeeded,
            Err(error) => At::Failed(error),
        };
    }
}

fn is_ready(body: &Value) -> bool {
    let state = body.pointer("/properties/provisioningState").and_then(Value::as_str);
    state.is_none_or(is_terminal)
}

/// The first resource that failed.
fn failed(record: &Record) -> Option<usize> {
    record.steps.iter().position(|step| matches!(step.at, At::Failed(_)))
}

/// Whether some resource still runs, or waits for nothing that failed.
fn can_go_on(record: &Record) -> bool {
    let mut lost = vec![false; record.steps.len()];
    // Dependencies may point forward, hence until nothing changes.
    loop {
        let mut changed = false;
        for (at, resource) in record.resources.iter().enumerate() {
            let hopeless = matches!(record.steps[at].at, At::Failed(_))
                || resource.waits_for.iter().any(|before| lost[*before]);
            changed |= hopeless && !lost[at];
            lost[at] |= hopeless;
        }
        if !changed {
            break;
        }
    }
    record.steps.iter().zip(lost).any(|(step, lost)| !lost && matches!(step.at, At::Waiting | At::Running))
}
