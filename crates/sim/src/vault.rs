//! Values of secure types that whoever deploys the workload has: the engine asks for each when a request needs it.

use std::collections::BTreeMap;

use lifeboat_engine::{Lost, Secret};
use lifeboat_plan::SecretRef;
use lifeboat_planner::Workload;

/// The workload's own secrets. They do not print.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vault(BTreeMap<SecretRef, Secret>);

impl Vault {
    pub(crate) fn of(workload: &Workload) -> Self {
        Self(workload.secure_values().map(|(secret, value)| (secret, Secret::new(value.clone()))).collect())
    }

    pub(crate) fn open(&self, secret: &SecretRef) -> Result<Secret, Lost> {
        let missing = || Lost(format!("the workload has no {secret}: give its parameter a value"));
        self.0.get(secret).cloned().ok_or_else(missing)
    }
}
