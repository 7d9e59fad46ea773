//! What a template builds on and does not make: somebody made it before.

use std::collections::BTreeSet;

use lifeboat_arm::ResourceId;
use lifeboat_arm::template::Expansion;

/// The ids that must be there before, outer ones first: groups, management groups, parents, what is only read.
pub(crate) fn presumed(expansion: &Expansion) -> Vec<ResourceId> {
    let id = |text: &str| ResourceId::parse(text).ok();
    let made: BTreeSet<ResourceId> =
        expansion.resources.iter().filter(|one| !one.existing).filter_map(|one| id(&one.id)).collect();
    let mut wanted: BTreeSet<ResourceId> = BTreeSet::new();
    let mut want = |id: ResourceId, asked: bool| {
        let mut chain = vec![id];
        while let Some(parent) = chain.last().and_then(ResourceId::parent) {
            chain.push(parent);
        }
        // What is asked of something that the template makes comes with it, as subnets and root keys do.
        let comes_along = asked && chain.iter().any(|id| made.contains(id) && id.kind().is_some());
        let group = |id: &ResourceId| id.kind().is_none();
        wanted.extend(chain.into_iter().filter(|id| !made.contains(id) && (group(id) || !comes_along)));
    };
    let mut renewed = Vec::new();
    for resource in &expansion.resources {
        let Some(id) = id(&resource.id) else { continue };
        let asks = resource.deferred.iter().flat_map(|deferred| &deferred.references);
        // What asks for itself before it is sent was there before: a subnet that keeps what it has, say.
        let mut asks = asks.filter_map(|text| ResourceId::parse(text).ok());
        if asks.any(|asked| asked == id) {
            renewed.push(id);
        } else if resource.existing {
            want(id, true);
        } else if let Some(parent) = id.parent() {
            want(parent, false);
        }
    }
    let in_bodies = expansion.resources.iter().flat_map(|resource| &resource.deferred);
    let nested = expansion.resources.iter().filter_map(|resource| resource.deployment.as_ref());
    let in_nested = nested.flat_map(|nested| nested.outputs.values()).flat_map(|output| &output.deferred);
    let in_outputs = expansion.outputs.values().flat_map(|output| &output.deferred);
    for text in in_bodies.chain(in_nested).chain(in_outputs).flat_map(|deferred| &deferred.references) {
        if let Some(id) = id(text) {
            want(id, true);
        }
    }
    let is_deployment =
        |id: &ResourceId| id.kind().is_some_and(|kind| kind.is("Microsoft.Resources/deployments"));
    let with_parents = |id: ResourceId| std::iter::successors(Some(id), ResourceId::parent);
    wanted.extend(renewed.into_iter().flat_map(with_parents));
    let mut wanted: Vec<ResourceId> = wanted.into_iter().filter(|id| !is_deployment(id)).collect();
    wanted.sort_by_key(|id| id.as_str().matches('/').count());
    wanted
}
