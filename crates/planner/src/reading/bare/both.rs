//! A template that holds both regions itself: it is taken as it is, and its pair is adopted.

use lifeboat_arm::template::{Linked, ParameterDeclaration, Template};
use lifeboat_arm::{Region, ResourceId};
use serde_json::json;

use super::values::from_group;
use super::{Assumed, Assumption, BareError, Home, presumption};
use crate::reading::{About, SiteTemplate, assemble, read_site, scope};
use crate::services::service_of;
use crate::topology::{Component, GROUPS, Resources, Site};

/// The two regions of a pair that the template itself declares.
pub(super) fn paired_regions(home: &Site) -> Option<(Region, Region)> {
    let [a, b] = declared_pairs(&home.resources).into_iter().next()?;
    let region = |id: &ResourceId| home.resources.find(id)?.location.clone();
    Some((region(&a)?, region(&b)?))
}

/// Resources that the template pairs, as their services tell: both are declared, and a third one joins them.
fn declared_pairs(resources: &Resources) -> Vec<[ResourceId; 2]> {
    let joined = resources.iter().filter_map(|declared| service_of(&declared.kind).joined_by(declared));
    joined.filter(|both| both.iter().all(|id| resources.find(id).is_some())).collect()
}

/// The template holds both regions: it is taken as it is, and its pair is adopted.
pub(super) fn both_regions(
    about: &About,
    template: &Template,
    home: Home,
    (first, second): (&Region, &Region),
    linked: &dyn Linked,
) -> Result<Assumed, BareError> {
    // Where it serves is an assumption only as far as the template took it from the group.
    let by_group = |declaration: &ParameterDeclaration| {
        from_group(declaration) && !home.values.all.contains_key(&declaration.name)
    };
    let group_tells = template.parameters().any(by_group) && *first == home.primary;
    let mut assumptions = if group_tells { home.assumed } else { Vec::new() };
    assumptions.extend(home.values.assumed);
    let mut follows = |says: String| assumptions.push(Assumption::follows(says));
    follows(format!("the template holds both regions: {first} and {second}"));
    // One group for both: its metadata must not be in the region that may be lost. The location that the template took
    // from the group is given instead, where it is a parameter.
    let mut values = home.values.all;
    let from_group: Vec<String> = template
        .parameters()
        .filter(|declaration| !values.contains_key(&declaration.name) && from_group(declaration))
        .map(|declaration| declaration.name.clone())
        .collect();
    for name in from_group {
        follows(format!("parameter `{name}` is given as {first}, so that the group need not be there"));
        values.insert(name, json!(first.as_str()));
    }
    let in_group = |region: &Region| {
        let group = format!("{}-{}", about.name, region.abbreviation());
        let whole = SiteTemplate { template, parameters: &values, group: &group, region };
        read_site(about, whole, linked).map_err(BareError::Template)
    };
    let mut primary = in_group(second)?;
    let pair = (first.clone(), second.clone());
    if !primary.is_deployed_to_its_group() {
        primary = in_group(first)?;
    } else if paired_regions(&primary).as_ref() == Some(&pair) {
        let group = primary.group.name();
        follows(format!("the group {group} is placed in {second}: a group in {first} would be lost with it"));
    } else {
        primary = in_group(first)?;
        let group = primary.group.name();
        follows(format!("the group {group} is placed in {first}: resources take their region from it"));
    }
    assumptions.extend(primary.presumed.iter().map(|presumed| presumption(presumed, false)));
    let mut secondary = primary.clone();
    let pairs = declared_pairs(&primary.resources);
    let is_second = |id: &ResourceId| pairs.iter().any(|[_, second]| id.is_within(second));
    secondary.resources.retain(|declared| is_second(&declared.id));
    primary.resources.retain(|declared| !is_second(&declared.id));
    let all = primary
        .resources
        .iter()
        .filter(|declared| declared.kind.segments().count() == 1 && !declared.kind.is(GROUPS))
        .map(|declared| {
            let twin =
                pairs.iter().find(|[first, _]| *first == declared.id).map(|[_, second]| second.clone());
            Component {
                name: declared.id.name().to_owned(),
                kind: declared.kind.clone(),
                primary: declared.id.clone(),
                secondary: twin,
                replaced: None,
            }
        })
        .collect();
    // Where the template makes the groups, each site has its own if the template says so.
    if !primary.is_deployed_to_its_group() {
        let made = primary.resources.clone();
        for (site, region) in [(&mut primary, first), (&mut secondary, second)] {
            if let Some(group) = scope::group_of(&site.resources, &site.scope) {
                site.group_region = scope::region_of(&group, &made, region);
                site.group = group;
            }
        }
    }
    // The group may stand in either region; the site that serves is in the first, the other in the second.
    primary.region = first.clone();
    secondary.region = second.clone();
    Ok((assemble(about, primary, secondary, None, all), assumptions))
}
