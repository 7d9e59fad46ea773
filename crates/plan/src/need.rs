//! What must be alive for a way to work, derived from the requests themselves and not from what a planner remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lifeboat_arm::{Region, ResourceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::condition::Condition;
use crate::draft::{CallDraft, ReadDraft, TargetDraft};
use crate::step::{Action, CaptureFrom, ReadId, Way};

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

/// Everything that must be alive for `way`: for its action, its conditions, its captures and its polling.
pub fn needs_of(way: &Way, reads: &BTreeMap<ReadId, ReadDraft>, places: &Places) -> BTreeSet<Needed> {
    let mut finder = Finder { reads, places, found: BTreeSet::new() };
    for need in &way.needs {
        finder.add(need.clone(), "declared".to_owned());
    }
    match &way.action {
        Action::Send(call) => finder.call(call, Use::Acts, "action"),
        Action::Expand(stage) => {
            for need in &stage.needs {
                finder.add(need.clone(), format!("stage `{}`", stage.name));
            }
            for read in &stage.reads {
                finder.read(read, "stage");
            }
        }
        Action::Pump(transfer) => {
            finder.host(transfer.from_host.literal_prefix(), "drain from");
            finder.host(transfer.to_host.literal_prefix(), "drain to");
        }
        Action::Ask(_) | Action::Wait => {}
    }
    finder.condition(&way.done_when, "done when");
    if let Some(started) = &way.started_when {
        finder.condition(started, "started when");
    }
    for capture in &way.captures {
        if let CaptureFrom::Read(read, _) = &capture.from {
            finder.read(read, &format!("capture `{}`", capture.name));
        }
    }
    finder.found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Looks,
    Acts,
}

struct Finder<'a> {
    reads: &'a BTreeMap<ReadId, ReadDraft>,
    places: &'a Places,
    found: BTreeSet<Needed>,
}

impl Finder<'_> {
    fn add(&mut self, need: Need, via: String) {
        self.found.insert(Needed { need, via });
    }

    fn condition(&mut self, condition: &Condition, via: &str) {
        for read in condition.reads() {
            self.read(read, via);
        }
    }

    fn read(&mut self, id: &ReadId, via: &str) {
        let via = format!("{via} → `{id}`");
        match self.reads.get(id) {
            None => self.add(Need::Unplaced(format!("the undeclared read `{id}`")), via),
            Some(ReadDraft::Dns(_)) => {} // public DNS answers from everywhere
            Some(ReadDraft::Arm(call) | ReadDraft::Http(call)) => self.call(call, Use::Looks, &via),
        }
    }

    fn call(&mut self, call: &CallDraft, purpose: Use, via: &str) {
        let via = format!("{via} → {} {}", call.method, call.path);
        match &call.target {
            TargetDraft::Host(host) => self.host(host.literal_prefix(), &via),
            TargetDraft::Arm => self.arm_path(call.path.literal_prefix(), purpose, &via),
        }
        if let Some(body) = &call.body {
            self.body(&body.sketch(), &via);
        }
    }

    fn host(&mut self, host: &str, via: &str) {
        let need = match self.places.hosts.get(&host.to_ascii_lowercase()) {
            Some(region) => Need::DataPlane(region.clone()),
            None => Need::Unplaced(format!("the host `{host}`")),
        };
        self.add(need, via.to_owned());
    }

    fn arm_path(&mut self, path: &str, purpose: Use, via: &str) {
        let Some(id) = enclosing(path) else { return };
        let Some(group) = id.group_id() else { return }; // subscription scope: any healthy instance of ARM answers
        let group_region = self.places.groups.get(&group);
        if purpose == Use::Acts {
            let need = match group_region {
                Some(region) => Need::GroupMetadata(region.clone()),
                None => Need::Unplaced(format!("the group `{}`", group.name())),
            };
            self.add(need, via.to_owned());
        }
        if id.kind().is_none() {
            return;
        }
        match self.places.region_of(&id) {
            Some(Some(region)) => self.add(Need::ControlPlane(region.clone()), via.to_owned()),
            Some(None) => {} // a global resource: only its group binds it to a region
            // Deployments, role assignments and the like live where their group's metadata is.
            None => match group_region {
                Some(region) => self.add(Need::ControlPlane(region.clone()), via.to_owned()),
                None => self.add(Need::Unplaced(format!("`{id}`")), via.to_owned()),
            },
        }
    }

    /// Resource ids and files that a body names must be there too.
    fn body(&mut self, body: &Value, via: &str) {
        match body {
            Value::String(text) => {
                if let Ok(id) = ResourceId::parse(text) {
                    if id.group_name().is_some() && id.kind().is_some() {
                        self.arm_path(text, Use::Looks, &format!("{via} → names {text}"));
                    }
                } else if let Some(rest) = text.strip_prefix("https://") {
                    let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
                    match self.places.hosts.get(&host.to_ascii_lowercase()) {
                        Some(region) => {
                            self.add(Need::DataPlane(region.clone()), format!("{via} → names {text}"));
                        }
                        None if via.contains("templateLink") => {
                            self.add(Need::Artefact(text.clone()), via.to_owned());
                        }
                        None => {}
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.body(item, via)),
            Value::Object(members) => members.iter().for_each(|(key, value)| {
                if key.eq_ignore_ascii_case("templateLink") {
                    self.body(value, &format!("{via} → templateLink"));
                } else {
                    self.body(value, via);
                }
            }),
            _ => {}
        }
    }
}

/// The resource that a path is about: an action's word or a list's type at its end is left off.
fn enclosing(path: &str) -> Option<ResourceId> {
    let mut path = path.split('?').next().unwrap_or_default();
    loop {
        if let Ok(id) = ResourceId::parse(path) {
            return Some(id);
        }
        path = &path[..path.rfind('/')?];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_about_its_nearest_resource() {
        let ns = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ServiceBus/namespaces/b";
        for (path, about) in [
            (format!("{ns}?api-version=2024-01-01"), ns.to_owned()),
            (format!("{ns}/queues?api-version=1"), ns.to_owned()),
            (
                format!("{ns}/disasterRecoveryConfigs/orders/failover"),
                format!("{ns}/disasterRecoveryConfigs/orders"),
            ),
        ] {
            assert_eq!(enclosing(&path).unwrap().as_str(), about);
        }
    }
}
