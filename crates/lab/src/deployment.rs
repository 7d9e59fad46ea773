//! Deployments at the scope of a resource group.

use lifeboat_arm::ResourceId;

use crate::lab::Lab;
use crate::refusal::{Handled, Refused};
use crate::route::Request;

/// All deployments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deployments {}

impl Deployments {
    pub(crate) fn forget(&mut self, _group: &ResourceId) {}
}

impl Lab {
    pub(crate) fn handle_deployment(&mut self, _request: &Request) -> Handled {
        Err(Refused::new(501, "NotModelledByLab", "The lab does not model deployments yet."))
    }

    pub(crate) fn run_deployment(&mut self, _serial: u64) {}
}
