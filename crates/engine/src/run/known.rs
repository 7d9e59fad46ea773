//! What is known while a run goes on, for the holes of its requests.

use std::collections::BTreeMap;

use lifeboat_plan::{Hole, MissingValue, SecretRef, StepId, Values};
use serde_json::Value;

use super::Run;
use crate::effect::Secret;

/// What fills holes: captures and facts from the journal, secrets from memory.
pub(crate) struct Known<'a> {
    pub(crate) run: &'a Run,
    pub(crate) secrets: &'a BTreeMap<SecretRef, Secret>,
    pub(crate) private: &'a BTreeMap<(StepId, String), Secret>,
}

impl Values for Known<'_> {
    fn captured(&self, step: &StepId, name: &str) -> Option<Value> {
        let key = (step.clone(), name.to_owned());
        let private = || self.private.get(&key).map(|secret| secret.reveal().clone());
        self.run.captured.get(&key).cloned().or_else(private)
    }
    fn fact(&self, key: &str) -> Option<Value> {
        self.run.facts.get(key).cloned()
    }
    fn secret(&self, secret: &SecretRef) -> Option<Value> {
        self.secrets.get(secret).map(|secret| secret.reveal().clone())
    }
    fn run_id(&self) -> String {
        self.run.id.as_str().to_owned()
    }
}

/// The capture that a hole which nothing fills would need, if it is one.
pub(crate) fn missing_capture(missing: &MissingValue) -> Option<(&StepId, &str)> {
    match &missing.0 {
        Hole::Captured(step, name) => Some((step, name)),
        _ => None,
    }
}
