//! Finds needs: in paths, hosts, bodies, conditions, captures, stages and secrets. What has no known place is said to have
//! none, and then counts as lost (F17).

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::{Region, ResourceId};
use serde_json::Value;

use super::{Need, Needed, Places};
use crate::condition::Condition;
use crate::draft::{CallDraft, Hole, ReadDraft, SecretRef, TargetDraft, Text};
use crate::step::{Action, CaptureFrom, ReadId, Way};

/// Everything that must be alive for `way`: for its action, its conditions, its captures and its polling.
pub fn needs_of(way: &Way, reads: &BTreeMap<ReadId, ReadDraft>, places: &Places) -> BTreeSet<Needed> {
    let mut finder = Finder { reads, places, found: BTreeSet::new() };
    for need in &way.needs {
        finder.add(need.clone(), "declared");
    }
    match &way.action {
        Action::Send(call) => {
            finder.call(call, Use::Acts, "action");
            // Whoever follows the change goes by its conditions as soon as the operation cannot be polled. Where there is
            // nothing else to look at, only the operation tells that it is over.
            if way.done_when.reads().is_empty() {
                finder.polling(call);
            }
        }
        Action::Expand(stage) => {
            for need in &stage.needs {
                finder.add(need.clone(), &format!("stage `{}`", stage.name));
            }
            for read in &stage.reads {
                finder.read(read, "stage");
            }
        }
        Action::Pump(transfer) => {
            finder.host(&transfer.from_host, "drain from");
            finder.host(&transfer.to_host, "drain to");
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
    for hole in way.holes(reads) {
        finder.secrets(&hole);
    }
    finder.found
}

/// What stands for a hole in a path or host. No name holds it, so nothing that is known is found by it.
const HOLE: &str = "‹›";

/// Records of deployments: kept with their group's metadata, or where they say themselves.
const DEPLOYMENTS: &str = "Microsoft.Resources/deployments";

/// Endpoints that any region answers.
const EVERYWHERE: [&str; 3] = ["management.azure.com", "login.microsoftonline.com", "graph.microsoft.com"];

/// What is asked of a subscription that any instance of ARM answers by itself. Lists of resources are not among it: they
/// are put together from regions.
const OF_A_SUBSCRIPTION: [&str; 4] = ["", "locations", "resourcegroups", "providers"];

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
    fn add(&mut self, need: Need, via: &str) {
        self.found.insert(Needed { need, via: via.to_owned() });
    }

    fn unplaced(&mut self, what: &str, via: &str) {
        self.add(Need::Unplaced(what.to_owned()), via);
    }

    fn condition(&mut self, condition: &Condition, via: &str) {
        for read in condition.reads() {
            self.read(read, via);
        }
    }

    fn read(&mut self, id: &ReadId, via: &str) {
        let via = format!("{via} → `{id}`");
        match self.reads.get(id) {
            None => self.unplaced(&format!("the undeclared read `{id}`"), &via),
            Some(ReadDraft::Dns(_)) => {} // public DNS answers from everywhere
            Some(ReadDraft::Arm(call) | ReadDraft::Http(call)) => self.call(call, Use::Looks, &via),
        }
    }

    fn call(&mut self, call: &CallDraft, purpose: Use, via: &str) {
        let via = format!("{via} → {} {}", call.method, call.path);
        match &call.target {
            TargetDraft::Host(host) => self.host(host, &via),
            TargetDraft::Arm => self.request(call, &with_holes(&call.path), purpose, &via),
        }
        if let Some(body) = &call.body {
            self.body(&body.sketch(), &via);
        }
    }

    /// Where the operation of a change is polled. Its URL is known only when the change was accepted, but Azure keeps it
    /// with the provider in the region of the resource, that of a deployment with its record, and a data plane answers for
    /// its own. Nothing says which region keeps the operations of a global resource.
    ///
    /// Source: `Azure-AsyncOperation` and `Location` in the resource provider contract; most are
    /// `…/providers/{namespace}/locations/{region}/operationStatuses/{id}`.
    fn polling(&mut self, call: &CallDraft) {
        if call.method.is_read() {
            return;
        }
        let via = format!("polling {} {}", call.method, call.path);
        let path = match &call.target {
            TargetDraft::Host(host) => return self.host(host, &via),
            TargetDraft::Arm => with_holes(&call.path),
        };
        match enclosing(path.split('?').next().unwrap_or_default()) {
            Some(id) if id.kind().is_some() && self.places.region_of(&id) == Some(None) => {
                self.unplaced(&format!("the operation of `{id}`"), &via);
            }
            _ => self.request(call, &path, Use::Looks, &via),
        }
    }

    /// A request to the management plane. A deployment outside groups lives where its body says; every other path tells
    /// its place by itself.
    fn request(&mut self, call: &CallDraft, path: &str, purpose: Use, via: &str) {
        match deployment_location(call, path) {
            Some(region) => self.add(Need::ControlPlane(region), via),
            None => self.arm_path(path, purpose, via),
        }
    }

    /// Whoever lists a secret must be there; the value of a parameter is with whoever deploys.
    fn secrets(&mut self, hole: &Hole) {
        match hole {
            Hole::Secret(SecretRef::Listed { path, .. }) => {
                self.arm_path(path, Use::Looks, &format!("the secret {hole}"));
            }
            Hole::Max(a, b) => {
                self.secrets(a);
                self.secrets(b);
            }
            Hole::Add(base, _) => self.secrets(base),
            Hole::Secret(SecretRef::Parameter { .. })
            | Hole::Captured(..)
            | Hole::Fact(_)
            | Hole::RunId
            | Hole::Number(_) => {}
        }
    }

    fn host(&mut self, host: &Text, via: &str) {
        match self.places.hosts.get(&with_holes(host).to_ascii_lowercase()) {
            Some(region) => self.add(Need::DataPlane(region.clone()), via),
            None => self.unplaced(&format!("the host `{host}`"), via),
        }
    }

    fn arm_path(&mut self, path: &str, purpose: Use, via: &str) {
        let path = path.split('?').next().unwrap_or_default();
        let Some(id) = enclosing(path) else {
            // Tenants and subscriptions are listed by any instance of ARM.
            if !["/subscriptions", "/tenants"].contains(&path.trim_end_matches('/')) {
                self.unplaced(&format!("`{path}`"), via);
            }
            return;
        };
        if let Some(region) = location_in(path) {
            match Region::parse(region) {
                Ok(region) => self.add(Need::ControlPlane(region), via),
                Err(_) => self.unplaced(&format!("the location `{region}`"), via),
            }
        }
        match id.group_id() {
            Some(group) => self.in_group(&id, &group, purpose, via),
            None => self.outside_groups(&id, path, via),
        }
    }

    fn in_group(&mut self, id: &ResourceId, group: &ResourceId, purpose: Use, via: &str) {
        let group_region = self.places.groups.get(group);
        let of_the_group = match group_region {
            Some(region) => Need::GroupMetadata(region.clone()),
            None => Need::Unplaced(format!("the group `{}`", group.name())),
        };
        // Also lists of what the group holds: they come from the metadata.
        if purpose == Use::Acts || id.kind().is_none() {
            self.add(of_the_group.clone(), via);
        }
        let Some(kind) = id.kind() else { return };
        match (self.places.region_of(id), group_region) {
            (Some(Some(region)), _) => self.add(Need::ControlPlane(region.clone()), via),
            (Some(None), _) => {} // a global resource: only its group binds it to a region
            (None, Some(region)) if kind.is(DEPLOYMENTS) => {
                self.add(Need::ControlPlane(region.clone()), via);
            }
            (None, _) if is_authorization(id) => self.add(of_the_group, via),
            (None, _) => self.unplaced(&format!("`{id}`"), via),
        }
    }

    /// Of subscriptions and tenants.
    fn outside_groups(&mut self, id: &ResourceId, path: &str, via: &str) {
        if location_in(path).is_some() || is_authorization(id) {
            return;
        }
        match self.places.region_of(id) {
            Some(Some(region)) => return self.add(Need::ControlPlane(region.clone()), via),
            Some(None) => return,
            None if id.kind().is_some() => return self.unplaced(&format!("`{id}`"), via),
            None => {}
        }
        let asked: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).skip(2).collect();
        let known = match asked[..] {
            [] => true,
            [word] => OF_A_SUBSCRIPTION.iter().any(|known| word.eq_ignore_ascii_case(known)),
            [providers, _] => providers.eq_ignore_ascii_case("providers"),
            _ => false,
        };
        if !known || id.subscription().is_none_or(|name| name.contains(HOLE)) {
            self.unplaced(&format!("`{path}`"), via);
        }
    }

    /// Resource ids and files that a body names must be there too.
    fn body(&mut self, body: &Value, via: &str) {
        match body {
            Value::String(text) => {
                if ResourceId::parse(text).is_ok() {
                    self.arm_path(text, Use::Looks, &format!("{via} → names {text}"));
                } else if let Some(host) = host_of(text) {
                    self.url(text, &host, via);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.body(item, via)),
            Value::Object(members) => members.iter().for_each(|(key, value)| match key.as_str() {
                // Nobody fetches these.
                "$schema" | "metadata" => {}
                key if key.eq_ignore_ascii_case("templateLink") => {
                    self.body(value, &format!("{via} → templateLink"));
                }
                _ => self.body(value, via),
            }),
            _ => {}
        }
    }

    fn url(&mut self, url: &str, host: &str, via: &str) {
        let named = format!("{via} → names {url}");
        match self.places.hosts.get(host) {
            Some(region) => self.add(Need::DataPlane(region.clone()), &named),
            None if via.contains("templateLink") => self.add(Need::Artefact(url.to_owned()), via),
            None if EVERYWHERE.contains(&host) => {}
            None => self.unplaced(&format!("the host `{host}`"), &named),
        }
    }
}

/// The text with a mark for each hole.
fn with_holes(text: &Text) -> String {
    text.pieces().iter().map(|piece| piece.literal().unwrap_or(HOLE)).collect()
}

/// The host that a URL leads to, in lower case.
fn host_of(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then(|| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        host.split(':').next().unwrap_or_default().to_ascii_lowercase()
    })
}

/// The region in `…/providers/{namespace}/locations/{region}/…`: operations, quotas, usages.
fn location_in(path: &str) -> Option<&str> {
    let mut parts = path.split('/').skip_while(|part| !part.eq_ignore_ascii_case("providers")).skip(2);
    parts.next().filter(|part| part.eq_ignore_ascii_case("locations"))?;
    parts.next().filter(|part| !part.is_empty())
}

/// The region that keeps the record of a deployment to a subscription: the body's `location`. A deployment to a group has
/// none; its record is with the group's metadata.
fn deployment_location(call: &CallDraft, path: &str) -> Option<Region> {
    let id = enclosing(path.split('?').next().unwrap_or_default())?;
    let outside = id.group_id().is_none() && id.kind()?.is(DEPLOYMENTS);
    let body = call.body.as_ref().filter(|_| outside)?.sketch();
    Region::parse(body.get("location")?.as_str()?).ok()
}

/// Roles, assignments, locks and policies are kept beside what they are about, and outside groups everywhere.
fn is_authorization(id: &ResourceId) -> bool {
    id.kind().is_some_and(|kind| kind.namespace().eq_ignore_ascii_case("Microsoft.Authorization"))
}

/// The resource that a path is about: an action's word or a list's type at its end is left off.
fn enclosing(path: &str) -> Option<ResourceId> {
    let mut path = path;
    loop {
        if let Ok(id) = ResourceId::parse(path) {
            return Some(id);
        }
        path = &path[..path.rfind('/')?];
    }
}
