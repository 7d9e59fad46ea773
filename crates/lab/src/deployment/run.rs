//! A deployment runs: it sends each resource once those it waits for are there, looks until it is, and goes on. A
//! resource that fails fails the deployment; what is done stays, and what does not wait for it still gets its turn.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use lifeboat_arm::template::{ExpandedResource, Output, Settled, resolve, resolve_output};
use lifeboat_arm::{ArmError, Call, Method, Retry, is_terminal, retry};
use serde_json::{Value, json};

use super::live::Live;
use super::program::Program;
use super::record::{At, Record, State, Step};
use crate::agenda::Event;
use crate::health::Plane;
use crate::lab::{Dispatched, Lab};
use crate::operation::Status;
use crate::route::Request;
use crate::scope::Scope;
use crate::world::Ctx;

/// How often a resource is tried whose provider answers "later" or not at all.
pub(super) const TRIES_MAX: u32 = 4;

impl Lab {
    /// One look at a deployment, at the time its agenda says.
    pub(crate) fn run_deployment(&mut self, serial: u64) {
        let Some(mut record) = self.deployments.all.remove(&serial) else { return };
        if !record.state.is_over() && self.can_run(&record) {
            record.state = State::Running;
            self.world.operations.word(&record.operation, "Running");
            self.step_all(&mut record);
            let all_over = record.steps.values().all(Step::is_over);
            if all_over || (has_failed(&record) && !can_go_on(&record)) {
                self.finish(&mut record);
            }
            self.show_nested(&record);
        }
        if !record.state.is_over() {
            self.look_later(serial);
        }
        // Whoever deleted the group meanwhile took the id out as well.
        if self.deployments.by_id.get(&record.id) == Some(&serial) {
            self.deployments.all.insert(serial, record);
        }
    }

    fn look_later(&mut self, serial: u64) {
        let key = format!("{serial}@{}", self.now.as_millisecond());
        let after = self.world.dice.pick(self.world.timing.deployment_poll, "deployment-poll", &key);
        self.world.agenda.at(self.now + after, Event::Deployment(serial));
    }

    /// The job lives with the group's metadata, above groups where the deployment says.
    fn can_run(&mut self, record: &Record) -> bool {
        let group = Scope::of(&record.id).group().and_then(|group| self.world.groups.all.get(group)).cloned();
        let region = group.map(|group| group.location).or_else(|| record.asked.location.clone());
        let Some(region) = region else { return true };
        let mut ctx = Ctx { now: self.now, world: &mut self.world };
        ctx.world.regions.is_up(&region, Plane::Control)
            && !ctx.is_stuck(&region, "Microsoft.Resources", record.id.as_str())
    }

    /// Steps until nothing more can begin or end at this instant.
    fn step_all(&mut self, record: &mut Record) {
        let program = Arc::clone(&record.program);
        loop {
            let mut moved = false;
            for (at, resource) in program.resources.iter().enumerate() {
                match &record.steps[&at] {
                    step if step.at == At::Running => self.look(record, at, resource),
                    step if step.at == At::Waiting && step.tries_now(self.now) => {
                        let ready =
                            resource.waits_for.iter().all(|before| *record.at(*before) == At::Succeeded);
                        if !ready || is_lost(record, at) {
                            continue;
                        }
                        self.begin(record, at, resource);
                    }
                    _ => continue,
                }
                moved |= *record.at(at) == At::Succeeded;
            }
            if !moved {
                return;
            }
        }
    }

    fn begin(&mut self, record: &mut Record, at: usize, resource: &ExpandedResource) {
        let now = self.now;
        if let Err((around, error)) = self.open_around(record, at) {
            record.step(around).end(now, 409, Err(error));
            return;
        }
        record.step(at).began.get_or_insert(now);
        if resource.deployment.is_some() {
            let outcome = self.close(record, at);
            let status = if outcome.is_ok() { 200 } else { 409 };
            return record.step(at).end(now, status, outcome);
        }
        let resource = match self.settle(record, resource, at) {
            Ok(settled) => settled,
            Err(error) => return record.step(at).end(now, 400, Err(error)),
        };
        if resource.existing {
            let outcome = self.read_existing(&resource);
            let status = if outcome.is_ok() { 200 } else { 404 };
            record.step(at).end(now, status, outcome);
        } else {
            self.send(record, at, &resource);
        }
    }

    /// A resource under its own name and at its own place: whoever tells them has been waited for.
    pub(super) fn settle<'r>(
        &mut self,
        record: &mut Record,
        resource: &'r ExpandedResource,
        at: usize,
    ) -> Result<Cow<'r, ExpandedResource>, ArmError> {
        let known = record.settled.clone();
        let around = record.scope_around(at);
        let program = Arc::clone(&record.program);
        let live = Live::new(self, &resource.unsettled).knowing(&known).among(&program, program.inside[at]);
        let told = record.settled.settle(resource, &around, &live);
        told.map_err(|wrong| ArmError::new("InvalidTemplate", wrong.message))
    }

    /// What is only read must be there.
    fn read_existing(&mut self, resource: &ExpandedResource) -> Result<(), ArmError> {
        match self.ask(Method::Get, &resource.id, &resource.api_version, None) {
            Err(why) if !Live::new(self, []).comes_with_its_parent(&resource.id) => {
                Err(ArmError::new("ResourceNotFound", why.to_string()))
            }
            _ => Ok(()),
        }
    }

    fn send(&mut self, record: &mut Record, at: usize, resource: &ExpandedResource) {
        let now = self.now;
        let program = &record.program;
        let live =
            Live::new(self, &resource.deferred).knowing(&record.settled).among(program, program.inside[at]);
        let body = match resolve(resource, &live) {
            Ok(mut body) => {
                record.settled.real_within(&mut body);
                body
            }
            Err(wrong) => {
                let error = ArmError::new("InvalidTemplate", wrong.message);
                return record.step(at).end(now, 400, Err(error));
            }
        };
        if record.asked.keeps_requests() {
            record.step(at).request = Some(body.clone());
        }
        let path = format!("{}?api-version={}", resource.id, resource.api_version);
        let request = match Request::parse(&Call::arm(Method::Put, path, Some(body))) {
            Ok(request) => request,
            Err(refused) => return record.step(at).end(now, refused.status, Err(refused.error)),
        };
        let keeps = record.asked.keeps_responses();
        let dispatched = self.dispatch_with_faults(&request);
        let step = record.step(at);
        step.tries += 1;
        match dispatched {
            Dispatched::Silent if step.tries < TRIES_MAX => step.ended = Some(now),
            Dispatched::Silent => {
                let error =
                    ArmError::new("GatewayTimeout", "The gateway did not receive a response in time.");
                step.end(now, 504, Err(error));
            }
            Dispatched::Answered(answer) => {
                step.status = answer.status;
                step.response = keeps.then(|| answer.body.clone());
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
    fn look(&mut self, record: &mut Record, at: usize, resource: &ExpandedResource) {
        let id = record.settled.real(&resource.id).into_owned();
        match self.ask(Method::Get, &id, &resource.api_version, None) {
            Ok(answer) if is_ready(&answer.body) => {
                let state = answer.body.pointer("/properties/provisioningState").and_then(Value::as_str);
                let failed = state.filter(|state| !state.eq_ignore_ascii_case("Succeeded"));
                let outcome = failed.map_or(Ok(()), |state| {
                    let message = format!("'{id}' ended as '{state}'.");
                    Err(ArmError::new("ResourceDeploymentFailure", message))
                });
                record.step(at).end(self.now, answer.status, outcome);
            }
            // A region that does not answer may come back: the deployment goes on looking.
            Ok(_) | Err(_) => {}
        }
    }

    /// The values of outputs, and the operation that found them. A secure output has a type and no value.
    pub(super) fn evaluate_outputs(
        &mut self,
        key: &str,
        declared: &BTreeMap<String, Output>,
        settled: &Settled,
        (program, within): (&Program, Option<usize>),
    ) -> (Step, Value) {
        let mut step = Step::new(self.world.dice.guid("deployment-output", key).simple().to_string());
        let mut outputs = json!({});
        for (name, output) in declared {
            let live = Live::new(self, &output.deferred).knowing(settled).among(program, within);
            match resolve_output(name, output, &live) {
                Ok(mut value) if !output.is_secure() => {
                    settled.real_within(&mut value);
                    outputs[name] = json!({ "type": output.kind, "value": value });
                }
                Ok(_) => outputs[name] = json!({ "type": output.kind }),
                Err(wrong) => {
                    let error = ArmError::new("DeploymentOutputEvaluationFailed", wrong.message);
                    step.end(self.now, 400, Err(error));
                    return (step, json!({}));
                }
            }
        }
        step.end(self.now, 200, Ok(()));
        (step, outputs)
    }

    fn finish(&mut self, record: &mut Record) {
        if has_failed(record) {
            self.fail_around(record);
            let error = record.failure(None);
            return self.end(record, Err(error));
        }
        match self.clean_up(record) {
            None => return, // not everything is gone yet
            Some(Err(error)) => return self.end(record, Err(error)),
            Some(Ok(())) => {}
        }
        let program = Arc::clone(&record.program);
        let (step, outputs) =
            self.evaluate_outputs(&record.operation, &program.outputs, &record.settled, (&program, None));
        let outcome = match &step.at {
            At::Failed(error) => Err(error.clone()),
            _ => Ok(()),
        };
        record.evaluated = Some(step);
        record.outputs = outputs;
        self.end(record, outcome);
    }

    /// A nested deployment in which something failed has failed, and what is around it.
    fn fail_around(&mut self, record: &mut Record) {
        let program = Arc::clone(&record.program);
        for (at, _, _) in program.nested() {
            let lost = program.own(Some(at)).any(|own| matches!(record.at(own), At::Failed(_)));
            if lost && !record.steps[&at].is_over() {
                let error = record.failure(Some(at));
                record.step(at).end(self.now, 409, Err(error));
            }
        }
    }

    fn end(&mut self, record: &mut Record, outcome: Result<(), ArmError>) {
        let status = outcome.clone().err().map_or(Status::Succeeded, Status::Failed);
        let failed = outcome.is_err();
        record.end(self.now, outcome);
        self.world.operations.end(&record.operation, self.now, status);
        if failed {
            self.roll_back(record);
        }
    }
}

pub(super) fn is_ready(body: &Value) -> bool {
    let state = body.pointer("/properties/provisioningState").and_then(Value::as_str);
    state.is_none_or(is_terminal)
}

fn has_failed(record: &Record) -> bool {
    record.steps.values().any(|step| matches!(step.at, At::Failed(_)))
}

/// Whether a resource lies in a nested deployment that has failed already.
fn is_lost(record: &Record, at: usize) -> bool {
    let mut around = record.program.inside[at];
    while let Some(outer) = around {
        if matches!(record.at(outer), At::Failed(_)) {
            return true;
        }
        around = record.program.inside[outer];
    }
    false
}

/// Whether some resource still runs, or waits for nothing that failed.
fn can_go_on(record: &Record) -> bool {
    let resources = &record.program.resources;
    let mut lost: Vec<bool> = (0..resources.len())
        .map(|at| matches!(record.at(at), At::Failed(_)) || is_lost(record, at))
        .collect();
    // Dependencies may point forward, hence until nothing changes.
    loop {
        let mut changed = false;
        for (at, resource) in resources.iter().enumerate() {
            if !lost[at] && resource.waits_for.iter().any(|before| lost[*before]) {
                lost[at] = true;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    (0..resources.len()).any(|at| !lost[at] && matches!(record.at(at), At::Waiting | At::Running))
}
