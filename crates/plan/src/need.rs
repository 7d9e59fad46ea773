//! What must be alive for a way to work, derived from the requests themselves and not from what a planner remembers.
//!
//! Here: what a need is, and where everything lives. How needs are found in requests: `need/finder.rs`.

mod finder;

use std::collections::BTreeMap;
use std::fmt;

use lifeboat_arm::{Region, ResourceId};
use serde::{Deserialize, Serialize};

pub use finder::needs_of;

/// Something that must be alive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Need {
    /// The regional endpoints of providers: reads and writes of resources there.
    ControlPlane(Region),
    /// The region that holds a group's metadata: every write below the group (F1).
    GroupMetadata(Region),
    /// The services themselves, running there.
    DataPlane(Region),
    /// A file that is fetched by URI.
    Artefact(String),
    /// Something whose place nobody declared. Never taken for alive.
    Unplaced(String),
}

impl Need {
    /// Whether the loss of `region` may take this away. What has no known place counts as lost (F17).
    pub fn is_lost_with(&self, region: &Region) -> bool {
        match self {
            Self::ControlPlane(at) | Self::GroupMetadata(at) | Self::DataPlane(at) => at == region,
            Self::Artefact(_) | Self::Unplaced(_) => true,
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlPlane(region) => write!(f, "the control plane of {region}"),
            Self::GroupMetadata(region) => write!(f, "group metadata in {region}"),
            Self::DataPlane(region) => write!(f, "the data plane of {region}"),
            Self::Artefact(uri) => write!(f, "the file {uri}"),
            Self::Unplaced(what) => write!(f, "{what}, whose region nobody declared"),
        }
    }
}

/// A need and the path by which it was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Needed {
    /// What must be alive.
    pub need: Need,
    /// How we know: "condition → reads `alias@westeurope` → GET …".
    pub via: String,
}

/// Where groups, resources and hosts live. A resource without a region of its own (global) maps to none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Places {
    /// Resource groups: where their metadata is.
    pub groups: BTreeMap<ResourceId, Region>,
    /// Resources, with everything below them.
    pub resources: BTreeMap<ResourceId, Option<Region>>,
    /// Data-plane hosts, in lower case.
    pub hosts: BTreeMap<String, Region>,
}

impl Places {
    /// The region of a resource: its own or that of the nearest placed ancestor. The outer none means unknown.
    pub fn region_of(&self, id: &ResourceId) -> Option<Option<&Region>> {
        let mut at = Some(id.clone());
        while let Some(id) = at {
            if let Some(region) = self.resources.get(&id) {
                return Some(region.as_ref());
            }
            at = id.parent();
        }
        None
    }
}

#[cfg(test)]
mod tests;
