//! Deployments at the scope of a resource group, a subscription, a management group or the tenant.
//!
//! The parts, in the order in which a deployment meets them: `asked.rs` reads its body, `contents.rs` finds what it
//! links to, `program.rs` turns the template into resources in full (the only place that speaks to the template engine)
//! and `mistakes.rs` says what is wrong with it, `limits.rs` what is too much. `record.rs` keeps what is known of each,
//! `wire.rs` and `operations.rs` show it. `run.rs` sends the resources through the same providers as everybody's
//! requests, with `live.rs` answering what expressions ask and `made_up.rs` filling in what servers would; `nested.rs`
//! keeps the records of nested deployments, `cleanup.rs` is what complete mode adds, `rollback.rs` what follows a
//! failure. `validate.rs` and `what_if.rs` only look.
//!
//! Known gaps: locks do not keep complete mode from deleting; parameters whose defaults are expressions are not echoed;
//! the hash of a template equals Azure's only where members are sorted, because requests carry no order of members; a
//! linked template needs no key. Reference: Microsoft.Resources 2024-03-01.

use std::sync::Arc;

use lifeboat_arm::{Answer, Method, Region, ResourceId};
use serde_json::{Value, json};

use crate::agenda::Event;
use crate::lab::Lab;
use crate::operation::{Status, deployment_url, scope_url};
use crate::refusal::{Handled, Refused, common, refuse};
use crate::route::{DeploymentRoute, Request, Target};
use crate::scope::Scope;

mod asked;
mod cleanup;
mod contents;
mod limits;
mod live;
mod made_up;
mod mistakes;
mod nested;
mod operations;
mod program;
mod record;
pub(crate) mod refusals;
mod rollback;
mod run;
mod validate;
mod what_if;
mod wire;

pub(crate) use contents::Published;
pub(crate) use record::Deployments;
use record::{HISTORY_FULL, Record, State};
use refusals::{
    ACTIVE, BAD_NAME, LOCATION_FIXED, LOCATION_MISSING, LOCATION_NOT_ALLOWED, MISSING, NO_MANAGEMENT_GROUP,
    NOT_RUNNING, TOO_MANY,
};

impl Lab {
    /// `…/deployments`, `…/deployments/{name}` and what lies below.
    pub(crate) fn handle_deployment(&mut self, route: &DeploymentRoute, request: &Request) -> Handled {
        let scope = &route.scope;
        self.scope_is_there(scope)?;
        let id = |name: &str| scope.deployment(name);
        match &route.target {
            Target::All => Ok(self.list_deployments(scope, request)),
            Target::One { name } => self.one_deployment(&id(name), request),
            Target::Action { name, action } if request.method == Method::Post => match action.as_str() {
                "cancel" => self.cancel(&id(name)),
                "validate" => self.validate(&id(name), request),
                "whatif" => self.what_if(&id(name), request),
                "exporttemplate" => self.export(&id(name)),
                _ => Err(Refused::new(405, "MethodNotAllowed", "Deployments take no such action.")),
            },
            Target::Action { .. } => {
                Err(Refused::new(405, "MethodNotAllowed", "Actions of deployments are sent with POST."))
            }
            Target::Operations { name, operation } => self.found(&id(name))?.operations(operation.as_deref()),
            Target::Status { name, operation } => self.deployment_status(&id(name), operation),
        }
    }

    fn found(&self, id: &ResourceId) -> Result<&Record, Refused> {
        self.deployments.find(id).ok_or_else(|| MISSING.with(&[id.name()]))
    }

    /// Groups and subscriptions were looked at by the gate when a request came in; nested deployments go anywhere.
    fn scope_is_there(&self, scope: &Scope) -> Result<(), Refused> {
        match scope {
            Scope::Tenant => Ok(()),
            Scope::ManagementGroup(id) => {
                // The root has the tenant's own id. Others were put.
                let root = self.world.subscriptions.iter().any(|known| known.tenant == id.name());
                let known = root || self.world.index.get(id).is_some();
                refuse(!known, &NO_MANAGEMENT_GROUP, &[id.name()])
            }
            Scope::Subscription(id) => {
                let subscription = id.subscription().unwrap_or_default();
                refuse(!self.world.knows(subscription), &common::NO_SUBSCRIPTION, &[subscription])
            }
            Scope::Group(id) => {
                refuse(!self.world.groups.all.contains_key(id), &common::NO_GROUP, &[id.name()])
            }
        }
    }

    fn one_deployment(&mut self, id: &ResourceId, request: &Request) -> Handled {
        match request.method {
            Method::Put => self.deploy(id, request),
            Method::Head => {
                let found = self.deployments.find(id).is_some();
                Ok(Answer::new(if found { 204 } else { 404 }, Value::Null))
            }
            Method::Get => Ok(Answer::new(200, self.shown(self.found(id)?))),
            Method::Delete => {
                let Some(record) = self.deployments.find(id) else {
                    return Ok(Answer::new(204, Value::Null));
                };
                refuse(!record.state.is_over(), &ACTIVE, &active(record))?;
                let operation = self.world.operation_id("deployment-side");
                let answer = self.done_elsewhere(id, request, &operation, Value::Null);
                self.deployments.remove(id);
                self.world.homes.remove(id);
                Ok(answer)
            }
            other => Err(Refused::new(405, "MethodNotAllowed", format!("{other} is not allowed here."))),
        }
    }

    fn shown(&self, record: &Record) -> Value {
        let mut wire = record.to_wire(self.now);
        if let Some(fallback) = self.shown_fallback(record) {
            wire["properties"]["onErrorDeployment"] = fallback;
        }
        wire
    }

    fn list_deployments(&self, scope: &Scope, request: &Request) -> Answer {
        let filter = request.query("$filter");
        let wanted = filter.split_once(" eq ").map(|(_, value)| value.trim().trim_matches('\'').to_owned());
        let top: usize = request.query("$top").parse().unwrap_or(usize::MAX);
        let all = self.deployments.of(scope).rev();
        let all = all.filter(|record| wanted.as_deref().is_none_or(|word| word == record.state.word()));
        let value: Vec<Value> = all.take(top).map(|record| self.shown(record)).collect();
        Answer::new(200, json!({ "value": value }))
    }

    fn deploy(&mut self, id: &ResourceId, request: &Request) -> Handled {
        let old = self.deployments.find(id);
        let known = old.is_some();
        if let Some(old) = old.filter(|old| !old.state.is_over()) {
            refuse(true, &ACTIVE, &active(old))?;
        }
        let plan = self.planned(id, request)?;
        self.clean_history(&Scope::of(id));
        let (serial, operation) = (self.world.next_serial(), self.world.operation_id("deployment"));
        let correlation = self.world.dice.guid("correlation", &serial.to_string()).to_string();
        let steps = self.fresh_steps(&serial.to_string(), plan.program.resources.len());
        let record = Record { operation, correlation, steps, ..plan };
        let wire = self.shown(&record);
        let operation = record.operation.clone();
        if let Some(region) = self.home_of(id, record.asked.location.as_ref()) {
            self.world.operations.start(operation.clone(), region, self.now, "Accepted");
        }
        self.keep_home(id, record.asked.location.as_ref());
        self.deployments.insert(serial, record);
        let key = format!("{id}@{}", self.now.as_millisecond());
        let after = self.world.dice.pick(self.world.timing.deployment_start, "deployment-start", &key);
        self.world.agenda.at(self.now + after, Event::Deployment(serial));
        let url = deployment_url(&self.world.endpoint, id, &operation);
        Ok(Answer::new(if known { 200 } else { 201 }, wire).with_header("azure-asyncoperation", url))
    }

    /// The record for a look. It has ids, too; as a look takes no number, they come from what is looked at, and when.
    fn record_to_look_at(&mut self, id: &ResourceId, request: &Request) -> Result<Record, Refused> {
        let plan = self.planned(id, request)?;
        let look = format!("{id}@{}", self.now);
        let correlation = self.world.dice.guid("correlation", &look).to_string();
        let steps = self.fresh_steps(&look, plan.program.resources.len());
        Ok(Record { correlation, steps, ..plan })
    }

    /// The record that a request would make, without ids and steps. Nothing has happened, and no number is drawn.
    fn planned(&mut self, id: &ResourceId, request: &Request) -> Result<Record, Refused> {
        let name = id.name();
        let good = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.()".contains(c));
        refuse(!good, &BAD_NAME, &[name])?;
        let scope = Scope::of(id);
        let placed = request.body.get("location").is_some_and(Value::is_string);
        let in_group = scope.group().is_some();
        refuse(in_group && placed, &LOCATION_NOT_ALLOWED, &[name])?;
        refuse(!in_group && !placed, &LOCATION_MISSING, &[name])?;
        self.may_stand(id, crate::index::location_of(&request.body).as_ref())?;
        let (asked, program) = self.program(id, &request.body)?;
        let fallback = self.fallback(id, &asked)?;
        let record = Record::new(id.clone(), asked, Arc::new(program), self.now);
        Ok(Record { fallback, ..record })
    }

    fn clean_history(&mut self, scope: &Scope) {
        for gone in self.deployments.clean(scope) {
            self.world.homes.remove(&gone);
        }
    }

    /// Whether a record of this name may be made: its scope is there, it stays where it is, the history is not full.
    fn may_stand(&self, id: &ResourceId, location: Option<&Region>) -> Result<(), Refused> {
        let scope = Scope::of(id);
        self.scope_is_there(&scope)?;
        // What is cleaned away before the record comes is as good as gone.
        let gone = self.deployments.too_old(&scope);
        let home = self.world.homes.get(id).filter(|_| !gone.contains(id));
        if let (Some(home), Some(location)) = (home, location) {
            let arguments = [location.as_str(), id.name(), home.as_str()];
            refuse(home != location, &LOCATION_FIXED, &arguments)?;
        }
        let count = self.deployments.of(&scope).filter(|record| record.id != *id).count();
        let count = count - gone.iter().filter(|gone| *gone != id).count();
        refuse(count >= HISTORY_FULL, &TOO_MANY, &[id.name(), &count.to_string()])
    }

    /// Where the record of a deployment is kept: with its group, and above groups where it says.
    fn home_of(&self, id: &ResourceId, location: Option<&Region>) -> Option<Region> {
        match Scope::of(id).group() {
            Some(group) => self.world.groups.all.get(group).map(|group| group.location.clone()),
            None => self.world.homes.get(id).or(location).cloned(),
        }
    }

    fn keep_home(&mut self, id: &ResourceId, location: Option<&Region>) {
        if let Some(location) = location {
            self.world.homes.insert(id.clone(), location.clone());
        }
    }

    fn cancel(&mut self, id: &ResourceId) -> Handled {
        let now = self.now;
        let record = self.deployments.find_mut(id).ok_or_else(|| MISSING.with(&[id.name()]))?;
        let over = record.state.is_over();
        refuse(over, &NOT_RUNNING, &[id.name(), record.state.word()])?;
        record.state = State::Canceled;
        record.ended = Some(now);
        let (record, serial) = (record.clone(), self.deployments.by_id.get(id).copied());
        self.show_nested(&record);
        if let Some(serial) = serial.filter(|_| !record.is_outermost()) {
            self.cancel_nested(serial);
        }
        self.world.operations.end(&record.operation, now, Status::Canceled);
        Ok(Answer::new(204, Value::Null))
    }

    fn export(&self, id: &ResourceId) -> Handled {
        let record = self.found(id)?;
        let template = match record.within {
            None => record.asked.template.clone(),
            Some(at) => record.program.template_of(at),
        };
        Ok(Answer::new(200, json!({ "template": template })))
    }

    fn deployment_status(&self, id: &ResourceId, operation: &str) -> Handled {
        let record = self.world.operations.get(operation).ok_or_else(|| {
            Refused::new(404, "OperationNotFound", format!("'{id}' has no such operation."))
        })?;
        Ok(record.status_answer(operation))
    }

    /// 202 with a `Location` whose result is there already.
    fn done_elsewhere(
        &mut self,
        id: &ResourceId,
        request: &Request,
        operation: &str,
        result: Value,
    ) -> Answer {
        let location = crate::index::location_of(&request.body);
        let Some(region) = self.home_of(id, location.as_ref()) else { return Answer::new(204, Value::Null) };
        self.world.operations.start(operation.to_owned(), region.clone(), self.now, "Running");
        self.world.operations.end_with(operation, self.now, Status::Succeeded, result);
        let url = scope_url(&self.world.endpoint, id.subscription(), &region, operation);
        Answer::new(202, Value::Null).with_header("location", url).with_header("retry-after", "5")
    }
}

/// `calculateTemplateHash`.
pub(crate) fn template_hash(template: &Value) -> Answer {
    let tree = lifeboat_arm::tree::Node::parse(&template.to_string());
    let found = tree.map(|tree| lifeboat_arm::template::template_hash(&tree));
    match found {
        Ok(found) => {
            Answer::new(200, json!({ "minifiedTemplate": found.minified, "templateHash": found.hash }))
        }
        Err(wrong) => refusals::INVALID_TEMPLATE.with(&[&wrong.message]).answer(),
    }
}

fn active(record: &Record) -> [&str; 3] {
    // Azure gives seven days after the start as expiration; nobody reads it, and the text needs no second clock.
    [record.id.name(), record.state.word(), "in 7 days"]
}
