//! What a template builds on and does not declare: parents, resources that it only reads, groups that it deploys into.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lifeboat_arm::template::Expansion;
use lifeboat_arm::{Region, ResourceId, ResourceType, global_suffix};
use serde_json::{Value, json};

use crate::inventory::Source;
use crate::services::service_of;
use crate::topology::{Declared, GROUPS, Site};

const API: &str = "2024-03-01";

/// Everything that must exist before the template can be deployed, parents first.
pub(super) fn presumed(
    expansion: &Expansion,
    ids: &[Option<ResourceId>],
    scope: &ResourceId,
    region: &Region,
) -> Vec<Declared> {
    let resources = || expansion.resources.iter().zip(ids);
    let made: BTreeSet<ResourceId> =
        resources().filter(|(resource, _)| !resource.existing).filter_map(|(_, id)| id.clone()).collect();
    let mut wanted: BTreeSet<ResourceId> = BTreeSet::new();
    let mut looked_at: BTreeSet<ResourceId> = BTreeSet::new();
    let mut want = |id: ResourceId| {
        if !looked_at.insert(id.clone()) {
            return;
        }
        let mut chain = vec![id];
        while let Some(parent) = chain.last().and_then(ResourceId::parent) {
            chain.push(parent);
        }
        // What is below something that the template makes comes with it, as subnets and root keys do.
        if !chain.iter().any(|id| made.contains(id)) {
            wanted.extend(chain.into_iter().filter(|id| is_resource_of(scope, id)));
        }
    };
    for (resource, id) in resources() {
        let Some(id) = id else { continue };
        if resource.existing {
            want(id.clone());
        } else if let Some(parent) = id.parent() {
            want(parent);
        }
    }
    let in_bodies = expansion.resources.iter().flat_map(|resource| &resource.deferred);
    let in_outputs = expansion.outputs.values().flat_map(|output| &output.deferred);
    for id in in_bodies.chain(in_outputs).flat_map(|deferred| &deferred.references) {
        if let Ok(id) = ResourceId::parse(id) {
            want(id);
        }
    }
    let source = source(expansion);
    let groups: BTreeSet<ResourceId> = made
        .iter()
        .chain(&wanted)
        .filter(|id| is_resource_of(scope, id))
        .filter_map(ResourceId::group_id)
        .filter(|other| other != scope && !made.contains(other))
        .collect();
    let groups = groups.into_iter().map(|id| Declared {
        kind: ResourceType::new(GROUPS),
        api_version: API.to_owned(),
        location: Some(region.clone()),
        body: json!({ "location": region.as_str() }).into(),
        depends_on: Vec::new(),
        source: source.clone(),
        id,
    });
    let mut depth: BTreeMap<usize, Vec<ResourceId>> = BTreeMap::new();
    for id in wanted {
        depth.entry(id.as_str().matches('/').count()).or_default().push(id);
    }
    let resources = depth.into_values().flatten().filter_map(|id| {
        let kind = id.kind()?;
        let top = kind.segments().count() == 1;
        Some(Declared {
            body: body(&kind, top, region).into(),
            kind,
            api_version: API.to_owned(),
            location: top.then(|| region.clone()),
            depends_on: Vec::new(),
            source: source.clone(),
            id,
        })
    });
    groups.chain(resources).collect()
}

/// What one site presumes in the group of another stands with that one, and so does the group itself: a name that both
/// sites build on is no second resource. Of other groups nobody knows, and what is presumed of them stays with the
/// site.
pub(super) fn in_their_groups(primary: &mut Site, secondary: &mut Site, shared: Option<&mut Site>) {
    let mut sites: Vec<&mut Site> = [primary, secondary].into_iter().chain(shared).collect();
    let homes: Vec<(ResourceId, Region)> =
        sites.iter().map(|site| (site.group.clone(), site.group_region.clone())).collect();
    for site in &mut sites {
        let (own, presumed) = (&site.group, &mut site.presumed);
        for presumed in presumed {
            let group = presumed.id.group_id().filter(|group| group != own);
            let Some((_, region)) = homes.iter().find(|(home, _)| Some(home) == group.as_ref()) else {
                continue;
            };
            if presumed.location.is_some() {
                presumed.location = Some(region.clone());
                Arc::make_mut(&mut presumed.body)["location"] = json!(region.as_str());
            }
        }
    }
}

/// What both sites presume is one thing, and unless it stands in the primary's own group, it must outlive the primary
/// region. What can exist once under its name, and is
/// not the same thing, exists in the primary region only: that the other one lacks it is for the drill to find out.
pub(super) fn once(primary: &mut Site, secondary: &mut Site) {
    for presumed in &mut primary.presumed {
        if let Some(at) = secondary.presumed.iter().position(|other| other.id == presumed.id) {
            *presumed = secondary.presumed.remove(at);
        }
    }
    let taken: BTreeSet<String> = primary
        .presumed
        .iter()
        .filter(|presumed| global_suffix(&presumed.kind).is_some())
        .map(|presumed| presumed.id.name().to_lowercase())
        .collect();
    let cannot: Vec<ResourceId> = secondary
        .presumed
        .iter()
        .filter(|presumed| global_suffix(&presumed.kind).is_some())
        .filter(|presumed| taken.contains(&presumed.id.name().to_lowercase()))
        .map(|presumed| presumed.id.clone())
        .collect();
    secondary.presumed.retain(|presumed| !cannot.iter().any(|id| presumed.id.is_within(id)));
}

/// A resource of some group of the same subscription; records of deployments are none.
fn is_resource_of(scope: &ResourceId, id: &ResourceId) -> bool {
    id.group_name().is_some()
        && id.subscription() == scope.subscription()
        && id.kind().is_some_and(|kind| {
            !kind.namespace().eq_ignore_ascii_case("Microsoft.Resources") && kind.segments().count() >= 1
        })
}

/// As good as any: nobody said what it looks like.
fn body(kind: &ResourceType, top: bool, region: &Region) -> Value {
    let mut body = json!({ "properties": {} });
    if top {
        body["location"] = json!(region.as_str());
    }
    if kind.as_str().to_ascii_lowercase().ends_with("/authorizationrules") {
        body["properties"] = json!({ "rights": ["Listen", "Manage", "Send"] });
    }
    service_of(kind).presume(kind, &mut body);
    body
}

fn source(expansion: &Expansion) -> Source {
    let file = expansion.resources.first().map(|resource| Arc::clone(&resource.origin.file));
    Source::Template { file: file.unwrap_or_default(), line: 1, pointer: "".into() }
}
