//! Complete mode: what is in the group and not in the template goes, once everything in the template stands.
//!
//! Children go with their parents and are kept with them: Azure does not delete a child because a template leaves it out.
//! What another service manages (`managedBy`) is spared. What was created last goes first, and what cannot go yet is tried
//! again: that order is the lab's, Azure documents none. Source: "Azure Resource Manager deployment modes".

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use lifeboat_arm::{Answer, ArmError, Call, Method, ResourceId, Retry, retry};
use serde_json::Value;

use super::asked::Mode;
use super::record::{At, Record, Removal, Step};
use super::run::TRIES_MAX;
use crate::lab::{Dispatched, Lab};
use crate::operation::Status;
use crate::route::Request;
use crate::scope::Scope;

impl Lab {
    /// One look at what complete mode takes away: none while something is still there.
    pub(super) fn clean_up(&mut self, record: &mut Record) -> Option<Result<(), ArmError>> {
        if record.asked.mode == Mode::Incremental {
            return Some(Ok(()));
        }
        let mut removals = match record.removals.take() {
            Some(removals) => removals,
            None => self.removals(record),
        };
        for removal in &mut removals {
            match removal.step.at {
                At::Waiting if removal.step.tries_now(self.now) => self.remove(removal),
                At::Running => self.follow(removal),
                _ => {}
            }
        }
        let over = removals.iter().all(|removal| removal.step.is_over());
        let mut outer = ArmError::new(
            "DeploymentFailed",
            "At least one resource that is not in the template could not be deleted.",
        );
        for removal in &removals {
            if let At::Failed(error) = &removal.step.at {
                let target = Some(removal.id.as_str().to_owned());
                outer.details.push(ArmError { target, ..error.clone() });
            }
        }
        record.removals = Some(removals);
        let outcome = if outer.details.is_empty() { Ok(()) } else { Err(outer) };
        over.then_some(outcome)
    }

    fn removals(&mut self, record: &Record) -> Vec<Removal> {
        let Some(group) = Scope::of(&record.id).group().cloned() else { return Vec::new() };
        let others = self.others(&group, &record.kept());
        let step = |id: &ResourceId| {
            let key = format!("{}/{id}", record.operation);
            Step::new(self.world.dice.guid("deployment-removal", &key).simple().to_string())
        };
        others.into_iter().map(|id| Removal { step: step(&id), id, follows: None }).collect()
    }

    /// What lies in a group and is not kept, in the order in which it would go.
    pub(super) fn others(&mut self, group: &ResourceId, kept: &BTreeSet<ResourceId>) -> Vec<ResourceId> {
        let mut others: Vec<_> = self
            .world
            .index
            .within(group)
            .filter(|entry| is_top_level(&entry.id) && !kept.contains(&entry.id))
            .map(|entry| (std::cmp::Reverse(entry.created), entry.id.clone()))
            .collect();
        others.sort();
        let ids: Vec<ResourceId> = others.into_iter().map(|(_, id)| id).collect();
        ids.into_iter().filter(|id| !self.is_managed(id)).collect()
    }

    fn is_managed(&mut self, id: &ResourceId) -> bool {
        let answer = self.ask(Method::Get, id.as_str(), "2024-03-01", None);
        answer.is_ok_and(|answer| answer.body.get("managedBy").is_some_and(Value::is_string))
    }

    fn remove(&mut self, removal: &mut Removal) {
        let step = &mut removal.step;
        step.began.get_or_insert(self.now);
        step.tries += 1;
        let path = format!("{}?api-version=2024-03-01", removal.id);
        let request = match Request::parse(&Call::arm(Method::Delete, path, None)) {
            Ok(request) => request,
            Err(refused) => return step.end(self.now, refused.status, Err(refused.error)),
        };
        let may_try = step.tries < TRIES_MAX;
        match self.dispatch_with_faults(&request) {
            Dispatched::Silent if may_try => step.ended = Some(self.now),
            Dispatched::Silent => {
                let error =
                    ArmError::new("GatewayTimeout", "The gateway did not receive a response in time.");
                step.end(self.now, 504, Err(error));
            }
            Dispatched::Answered(answer) => self.answered(removal, &answer, may_try),
        }
    }

    /// What was accepted is over when its operation is: somebody may have made the resource again since. Where none is known
    /// the resource itself tells.
    fn follow(&self, removal: &mut Removal) {
        let operation = removal.follows.as_ref().and_then(|id| self.world.operations.get(id));
        let outcome = match operation.map(|operation| &operation.status) {
            Some(Status::Running(_)) => return,
            Some(Status::Failed(error)) => Err(error.clone()),
            Some(Status::Canceled) => Err(ArmError::new("OperationCanceled", "The operation was canceled.")),
            None if self.world.index.is_there(&removal.id) => return,
            None | Some(Status::Succeeded) => Ok(()),
        };
        let status = if outcome.is_ok() { 200 } else { 409 };
        removal.step.end(self.now, status, outcome);
    }

    fn answered(&self, removal: &mut Removal, answer: &Answer, may_try: bool) {
        let step = &mut removal.step;
        step.status = answer.status;
        match answer.error() {
            // Something that is to go as well may still hold it.
            Some(error) if may_try && (answer.status == 409 || is_later(answer.status, &error)) => {
                step.ended = Some(self.now);
            }
            Some(error) => step.end(self.now, answer.status, Err(error)),
            None if answer.status == 202 => {
                step.at = At::Running;
                removal.follows = answer.header("azure-asyncoperation").and_then(operation_in);
            }
            None => step.end(self.now, answer.status, Ok(())),
        }
    }
}

/// The id of an operation, in its status URL.
fn operation_in(url: &str) -> Option<String> {
    url.split('?').next()?.rsplit('/').next().map(str::to_owned)
}

fn is_later(status: u16, error: &ArmError) -> bool {
    retry(status, &error.code) != Retry::Pointless
}

/// Neither a child nor an extension: what lists of a group hold.
pub(super) fn is_top_level(id: &ResourceId) -> bool {
    id.kind().is_some_and(|kind| kind.segments().count() == 1)
        && id.folded().matches("/providers/").count() == 1
}
