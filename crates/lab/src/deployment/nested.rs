//! Nested deployments while they run: each is a record of its own at its own scope, with its operations and outputs. Its
//! resources run with those of the outermost one, which holds all steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use lifeboat_arm::template::secrets::VEIL;
use lifeboat_arm::{ArmError, ResourceId};
use serde_json::{Value, json};

use super::asked::{Asked, Mode};
use super::record::{At, Record, State, Step};
use super::refusals::{ACTIVE, MISSING};
use crate::index::location_of;
use crate::lab::Lab;
use crate::refusal::refuse;
use crate::scope::Scope;

impl Lab {
    /// Begins the nested deployments around a resource that have not begun, outer ones first. Refused is what Azure would
    /// refuse of that deployment if it were sent.
    pub(super) fn open_around(&mut self, record: &mut Record, at: usize) -> Result<(), (usize, ArmError)> {
        let Some(around) = record.program.inside[at] else { return Ok(()) };
        self.open_around(record, around)?;
        self.open(record, around).map_err(|error| (around, error))
    }

    /// Begins a nested deployment, unless it has begun.
    pub(super) fn open(&mut self, record: &mut Record, at: usize) -> Result<(), ArmError> {
        if record.nested.contains_key(&at) {
            return Ok(());
        }
        let program = Arc::clone(&record.program);
        let resource = &*self.settle(record, &program.resources[at], at)?;
        let id = ResourceId::parse(&resource.id)
            .map_err(|bad| ArmError::new("InvalidTemplate", bad.to_string()))?;
        let asked = nested_asked(&resource.body, program.hash_of(at));
        if let Some(old) = self.deployments.find(&id).filter(|old| !old.state.is_over()) {
            refuse(true, &ACTIVE, &super::active(old)).map_err(|refused| refused.error)?;
        }
        self.clean_history(&Scope::of(&id));
        self.may_stand(&id, asked.location.as_ref()).map_err(|refused| refused.error)?;
        let serial = self.world.next_serial();
        let steps = program.own(Some(at)).filter_map(|own| Some((own, record.steps.get(&own)?.clone())));
        let steps: BTreeMap<usize, Step> = steps.collect();
        record.step(at).began.get_or_insert(self.now);
        record.nested.insert(at, serial);
        self.keep_home(&id, asked.location.as_ref());
        let nested = Record {
            correlation: record.correlation.clone(),
            within: Some(at),
            state: State::Running,
            steps,
            settled: record.settled.clone(),
            ..Record::new(id, asked, program, self.now)
        };
        self.deployments.insert(serial, nested);
        Ok(())
    }

    /// All of a nested deployment's resources are there: its outputs are next, and then it is over.
    pub(super) fn close(&mut self, record: &mut Record, at: usize) -> Result<(), ArmError> {
        self.open(record, at)?;
        let program = Arc::clone(&record.program);
        let Some(nested) = &program.resources[at].deployment else { return Ok(()) };
        let serial = record.nested.get(&at).copied().unwrap_or_default();
        let (step, outputs) = self.evaluate_outputs(
            &format!("{serial}"),
            &nested.outputs,
            &record.settled,
            (&program, Some(at)),
        );
        let Some(own) = self.deployments.all.get_mut(&serial) else {
            // Somebody deleted its group meanwhile.
            return Err(MISSING.with(&[&program.resources[at].name]).error);
        };
        let outcome = match &step.at {
            At::Failed(error) => Err(error.clone()),
            _ => Ok(()),
        };
        own.evaluated = Some(step);
        own.outputs = outputs;
        own.end(self.now, outcome.clone());
        outcome
    }

    /// Shows in the records of nested deployments how far they are.
    pub(super) fn show_nested(&mut self, record: &Record) {
        for (at, serial) in &record.nested {
            let Some(nested) = self.deployments.all.get_mut(serial) else { continue };
            for (place, step) in &mut nested.steps {
                if let Some(now) = record.steps.get(place) {
                    step.clone_from(now);
                }
            }
            if nested.settled != record.settled {
                nested.settled.clone_from(&record.settled);
            }
            if nested.state.is_over() {
                continue;
            }
            if let At::Failed(error) = record.at(*at) {
                nested.end(self.now, Err(error.clone()));
            } else if record.state == State::Canceled {
                nested.state = State::Canceled;
                nested.ended = Some(self.now);
            } else if record.state == State::Failed {
                let message = "Something outside of it that it waits for failed.";
                nested.end(self.now, Err(ArmError::new("DeploymentFailed", message)));
            }
        }
    }

    /// Somebody cancels a nested deployment: what is around it fails.
    pub(super) fn cancel_nested(&mut self, serial: u64) {
        let holder = self.deployments.all.values_mut().find_map(|outer| {
            let at = outer.nested.iter().find(|(_, nested)| **nested == serial).map(|(at, _)| *at)?;
            Some((outer, at))
        });
        if let Some((outer, at)) = holder {
            let error = ArmError::new("DeploymentCanceled", "The nested deployment was canceled.");
            outer.step(at).end(self.now, 409, Err(error));
        }
    }
}

impl Record {
    pub(super) fn end(&mut self, now: jiff::Timestamp, outcome: Result<(), ArmError>) {
        self.ended = Some(now);
        self.state = if outcome.is_ok() { State::Succeeded } else { State::Failed };
        self.error = outcome.err();
    }

    /// Why a deployment failed: itself (none) or a nested one, with the errors of what is in it.
    pub(super) fn failure(&self, within: Option<usize>) -> ArmError {
        let mut outer = ArmError::new(
            "DeploymentFailed",
            "At least one resource deployment operation failed. Please list deployment operations for details.",
        );
        for at in self.program.own(within) {
            if let At::Failed(error) = self.at(at) {
                outer.details.push(ArmError { target: Some(self.real(at).into_owned()), ..error.clone() });
            }
        }
        outer
    }
}

/// What the record of a nested deployment shows of itself. A secret that was handed to it is shown by its type.
fn nested_asked(body: &Value, hash: String) -> Asked {
    let mut parameters = body["properties"]["parameters"].clone();
    for given in parameters.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
        if given["value"] == VEIL {
            *given = json!({ "type": "SecureString" });
        }
    }
    Asked {
        mode: Mode::Incremental,
        location: location_of(body),
        tags: body["tags"].clone(),
        parameters: if parameters.is_object() { parameters } else { json!({}) },
        template: Value::Null,
        template_link: Value::Null,
        parameters_link: Value::Null,
        hash,
        debug: "none".to_owned(),
        on_error: None,
    }
}
