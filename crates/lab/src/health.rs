//! Which regions answer. A region has two planes that fail apart: the control plane may be gone while its members run on,
//! and the reverse.

use std::collections::BTreeMap;

use lifeboat_arm::Region;
use serde::{Deserialize, Serialize};

/// The two halves of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Plane {
    /// The providers' regional endpoints and the metadata of the groups located there.
    Control,
    /// What the members serve.
    Data,
}

/// How a plane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// It answers.
    Up,
    /// It refuses: 503 from a control plane, no connection to a data plane.
    Down,
    /// It takes requests and never answers.
    Silent,
}

/// The health of all regions. A region nobody spoke about is up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Regions {
    states: BTreeMap<Region, BTreeMap<Plane, Health>>,
}

impl Regions {
    /// Changes one plane; tells whether that was a change.
    pub(crate) fn set(&mut self, region: &Region, plane: Plane, health: Health) -> bool {
        let before = self.health(region, plane);
        self.states.entry(region.clone()).or_default().insert(plane, health);
        before != health
    }

    pub(crate) fn health(&self, region: &Region, plane: Plane) -> Health {
        // The data planes ask for every message: no copies here.
        let health = self.states.get(region).and_then(|planes| planes.get(&plane));
        health.copied().unwrap_or(Health::Up)
    }

    pub(crate) fn is_up(&self, region: &Region, plane: Plane) -> bool {
        self.health(region, plane) == Health::Up
    }
}
