//! What a template is deployed to, and the group that a site's resources are in.
//!
//! Most templates are deployed to a group. One that is deployed to the subscription makes its groups itself, or names
//! them: there the site's group is the one that holds the most of what is made.

use std::collections::BTreeMap;

use lifeboat_arm::template::{DeploymentScope, Diagnostic, Template};
use lifeboat_arm::{Region, ResourceId};

use super::{About, SiteTemplate, complaint, complaint_at, name_of};
use crate::inventory::Source;
use crate::topology::{Declared, GROUPS, Site};

/// The group or the subscription. Above it nothing is covered: a workload has one subscription.
pub(super) fn deployed_to(about: &About, site: SiteTemplate<'_>) -> Result<ResourceId, Vec<Diagnostic>> {
    let scope = match site.template.scope() {
        DeploymentScope::ResourceGroup => return Ok(ResourceId::group(&about.subscription, site.group)),
        DeploymentScope::Subscription => return Ok(ResourceId::of_subscription(&about.subscription)),
        DeploymentScope::ManagementGroup => "a management group",
        DeploymentScope::Tenant => "the tenant",
    };
    let message = format!(
        "the template deploys to {scope}; only templates for a resource group or a subscription are covered yet"
    );
    let hint = "name a template that this one deploys, with the schema `…/deploymentTemplate.json#` or \
        `…/subscriptionDeploymentTemplate.json#`";
    Err(vec![complaint(site.template, "scope", message, "$schema", hint)])
}

/// What the template knows its deployment by. In a subscription the name must tell two templates for one region apart,
/// in which groups of their own do so otherwise.
pub(super) fn deployment_name(about: &About, site: SiteTemplate<'_>) -> String {
    const LENGTH_MAX: usize = 64;
    let name = name_of(&about.name, site.region);
    match site.template.scope() {
        DeploymentScope::Subscription => format!("{name}-{}", site.group).chars().take(LENGTH_MAX).collect(),
        _ => name,
    }
}

/// The group that what is made for a site is in.
pub(super) fn group(
    about: &About,
    site: SiteTemplate<'_>,
    scope: &ResourceId,
    resources: &[Declared],
) -> Result<ResourceId, Vec<Diagnostic>> {
    let nothing = |message: &str, hint: &str| {
        Err(vec![complaint(site.template, "nothing", message.to_owned(), "resources", hint)])
    };
    if resources.is_empty() {
        return nothing(
            "the template creates nothing: there is nothing to protect",
            "with these parameters it has no resource whose condition is true",
        );
    }
    let named = ResourceId::group(&about.subscription, site.group);
    if *scope == named {
        return Ok(named);
    }
    match group_of(resources, &named) {
        Some(group) => Ok(group),
        None => nothing(
            "nothing that the template creates is in a resource group: there is nothing to fail over",
            "groups, policies and role assignments are in no region that a workload is served from: name the \
             template of what runs in the groups",
        ),
    }
}

/// The group of these resources: the wanted one if any is in it, else the one that holds the most. None where nothing is
/// in a group.
pub(super) fn group_of(resources: &[Declared], wanted: &ResourceId) -> Option<ResourceId> {
    let mut held: BTreeMap<ResourceId, usize> = BTreeMap::new();
    let members = resources.iter().filter(|declared| !declared.kind.is(GROUPS));
    for group in members.filter_map(|declared| declared.id.group_id()) {
        *held.entry(group).or_default() += 1;
    }
    if held.contains_key(wanted) {
        return Some(wanted.clone());
    }
    // Of two that hold as many, the first by name.
    held.into_iter().rev().max_by_key(|(_, count)| *count).map(|(group, _)| group)
}

/// Where the group's metadata is: where the template puts the group, else in the site's region.
pub(super) fn region_of(group: &ResourceId, resources: &[Declared], region: &Region) -> Region {
    let made = resources.iter().find(|declared| declared.id == *group);
    made.and_then(|declared| declared.location.clone()).unwrap_or_else(|| region.clone())
}

/// A group that a workload file names must be one that the template deploys to.
pub(super) fn is_in_its_group(asked: SiteTemplate<'_>, site: &Site) -> Result<(), Vec<Diagnostic>> {
    if site.group.name().eq_ignore_ascii_case(asked.group) {
        return Ok(());
    }
    let message = format!(
        "the workload file places {} in the group `{}`; the template deploys to `{}` there",
        site.region,
        asked.group,
        site.group.name()
    );
    let hint = "a template for the subscription makes its groups itself: name that one as `resourceGroup`";
    Err(vec![complaint(asked.template, "group", message, "resources", hint)])
}

/// Two regions in one group that the template makes are no two sites: the second deployment would change the first, or be
/// refused for the group's location.
pub(super) fn are_apart(
    template: &Template,
    primary: &Site,
    secondary: &Site,
) -> Result<(), Vec<Diagnostic>> {
    let twice = |group: &&Declared| {
        let here = primary.resources.find(&group.id);
        group.kind.is(GROUPS) && here.is_some_and(|here| here.location != group.location)
    };
    let own =
        Some(&secondary.group).filter(|own| !secondary.is_deployed_to_its_group() && primary.group == **own);
    let group = own.or_else(|| secondary.resources.iter().find(twice).map(|group| &group.id));
    let Some(group) = group else { return Ok(()) };
    let message = format!("the resources of both regions would be in the group `{}`", group.name());
    let hint = "its name, or a parameter that its name is made of, needs another value in the second region";
    let origin = secondary.resources.find(group).map(|declared| &declared.source);
    let place = origin.and_then(|source| match source {
        Source::Template { file, pointer, .. } if **file == *template.file() => {
            let element = template.tree().pointer(pointer)?;
            let name = element.get("name").unwrap_or(element);
            Some((name.range.clone(), format!("{pointer}/name")))
        }
        _ => None,
    });
    Err(vec![match place {
        Some(place) => complaint_at(template, "one-group", message, place, hint),
        None => complaint(template, "one-group", message, "resources", hint),
    }])
}
