//! Rolling back on error: an earlier deployment is deployed once more, under its own name, as it was and in complete mode.
//!
//! Source: "Rollback on error to successful deployment". That the earlier record shows the second run is inferred.

use std::collections::BTreeMap;

use lifeboat_arm::ResourceId;
use serde_json::{Value, json};

use super::asked::{Asked, Mode, OnError};
use super::record::{Record, State, Step};
use super::refusals::NO_EARLIER;
use crate::agenda::Event;
use crate::lab::Lab;
use crate::refusal::{Refused, refuse};
use crate::scope::Scope;

impl Lab {
    /// The deployment that will be deployed again if this one fails. It must be there beforehand, and be over.
    pub(super) fn fallback(&self, id: &ResourceId, asked: &Asked) -> Result<Option<String>, Refused> {
        let Some(wanted) = &asked.on_error else { return Ok(None) };
        let scope = Scope::of(id);
        refuse(
            scope.group().is_none(),
            &NO_EARLIER,
            &[id.name(), "only deployments into a resource group can"],
        )?;
        // What is cleaned away before this one comes is no way back.
        let gone = self.deployments.too_old(&scope);
        let is_good = |record: &&Record| {
            record.state == State::Succeeded && record.is_outermost() && !gone.contains(&record.id)
        };
        let (found, why) = match wanted {
            OnError::LastSuccessful => (
                self.deployments.of(&scope).filter(is_good).rfind(|record| record.id != *id),
                "no earlier deployment of the group succeeded".to_owned(),
            ),
            OnError::Specific(name) => (
                self.deployments
                    .find(&scope.deployment(name))
                    .filter(is_good)
                    .filter(|record| record.id != *id),
                format!("no successful deployment '{name}' is in the history"),
            ),
        };
        refuse(found.is_none(), &NO_EARLIER, &[id.name(), &why])?;
        Ok(found.map(|record| record.id.name().to_owned()))
    }

    /// Deploys the earlier one again.
    pub(super) fn roll_back(&mut self, failed: &Record) {
        let Some(name) = &failed.fallback else { return };
        let id = Scope::of(&failed.id).deployment(name);
        // Since the failed one began somebody may have deployed it again: what runs goes on, what failed is no way back.
        let earlier = self.deployments.find(&id).filter(|record| record.state == State::Succeeded);
        let Some(earlier) = earlier.cloned() else { return };
        let serial = self.world.next_serial();
        let operation = self.world.operation_id("deployment");
        let steps = self.fresh_steps(&serial.to_string(), earlier.program.resources.len());
        if let Some(group) = self.world.groups.all.get(&id.group_id().unwrap_or(id.clone())) {
            self.world.operations.start(operation.clone(), group.location.clone(), self.now, "Accepted");
        }
        let asked = Asked { mode: Mode::Complete, on_error: None, ..earlier.asked };
        let again = Record::new(earlier.id, asked, earlier.program, self.now);
        let record = Record { operation, correlation: earlier.correlation, steps, ..again };
        self.deployments.insert(serial, record);
        let after = self.world.dice.pick(self.world.timing.deployment_start, "rollback", &serial.to_string());
        self.world.agenda.at(self.now + after, Event::Deployment(serial));
    }

    /// What a record shows of the deployment that it falls back to.
    pub(super) fn shown_fallback(&self, record: &Record) -> Option<Value> {
        let name = record.fallback.as_ref()?;
        let kind = match record.asked.on_error {
            Some(OnError::Specific(_)) => "SpecificDeployment",
            _ => "LastSuccessful",
        };
        let mut shown = json!({ "type": kind, "deploymentName": name });
        let earlier = self.deployments.find(&Scope::of(&record.id).deployment(name));
        if let (State::Failed, Some(earlier)) = (record.state, earlier) {
            shown["provisioningState"] = json!(earlier.state.word());
        }
        Some(shown)
    }

    /// Steps of which none has begun; their ids are drawn by what only their record is called.
    pub(super) fn fresh_steps(&self, record: &str, count: usize) -> BTreeMap<usize, Step> {
        let operation = |at: usize| {
            self.world.dice.guid("deployment-step", &format!("{record}/{at}")).simple().to_string()
        };
        (0..count).map(|at| (at, Step::new(operation(at)))).collect()
    }
}
