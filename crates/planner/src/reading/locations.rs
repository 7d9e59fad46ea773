//! Locations that are no region of Azure: a slip in a template, a default or a value, found before anything is planned
//! for it. Azure would refuse the deployment on the day, or worse, on the other day.

use std::collections::BTreeSet;
use std::ops::Range;

use lifeboat_arm::Region;
use lifeboat_arm::template::{Diagnostic, ExpandedResource, Expansion, Severity};
use lifeboat_arm::tree::Node;

use super::{SiteTemplate, complaint_at};

/// The mistake's name: whoever knows where a parameter's value was written shows it there.
pub const NOWHERE: &str = "location-unknown";

/// What some services call their place instead of a region: the whole world, or a part of it.
const NO_REGIONS: &[&str] = &[
    "global",
    "unitedstates",
    "europe",
    "asiapacific",
    "asia",
    "australia",
    "africa",
    "brazil",
    "canada",
    "france",
    "germany",
    "india",
    "japan",
    "korea",
    "norway",
    "southafrica",
    "switzerland",
    "uae",
    "uk",
];

/// Every location that is no region, each once where it was written.
pub(super) fn nowhere(site: SiteTemplate<'_>, expansion: &Expansion) -> Vec<Diagnostic> {
    let mut said = BTreeSet::new();
    expansion
        .resources
        .iter()
        .filter(|resource| !resource.existing)
        .filter_map(|resource| {
            let written = resource.location.as_deref().filter(|text| !text.trim().is_empty())?;
            let folded = Region::lenient(written);
            if NO_REGIONS.contains(&folded.as_str()) {
                return None;
            }
            let unknown = Region::parse(written).err()?;
            let hint = unknown.nearest.map_or_else(
                || "`az account list-locations --output table` lists the regions".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("{unknown}: `{}` cannot be placed there", resource.name);
            Some(complaint(site, resource, message, &hint))
        })
        .filter(|found| said.insert((found.file.clone(), found.range.start)))
        .collect()
}

/// At the value itself where it can be followed to its parameter or variable, else at the resource.
fn complaint(site: SiteTemplate<'_>, resource: &ExpandedResource, message: String, hint: &str) -> Diagnostic {
    let (template, origin) = (site.template, &resource.origin);
    let own = (*origin.file == *template.file()).then(|| template.tree().pointer(&origin.pointer)).flatten();
    if let Some(location) = own.and_then(|element| element.get("location")) {
        // The parameters of a nested deployment are its own: only what stands in the file itself can be followed.
        let start = (location.range.clone(), format!("{}/location", origin.pointer));
        let place = if resource.deployment_chain.is_empty() {
            followed(site, location).unwrap_or(start)
        } else {
            start
        };
        return complaint_at(template, NOWHERE, message, place, hint);
    }
    Diagnostic {
        code: NOWHERE,
        severity: Severity::Error,
        message,
        file: origin.file.to_string(),
        range: origin.range.start..origin.range.start + 1,
        position: origin.position,
        pointer: origin.pointer.to_string(),
        hint: Some(hint.to_owned()),
        chain: resource.deployment_chain.clone(),
    }
}

/// From `[parameters('place')]` to the parameter's default, or to its declaration where a value was given; from
/// `[variables('place')]` to the variable; and on from there.
fn followed(site: SiteTemplate<'_>, from: &Node) -> Option<(Range<usize>, String)> {
    const STEPS_MAX: usize = 8;
    let mut node = from;
    let mut place = None;
    for _ in 0..STEPS_MAX {
        let Some((function, name)) = node.as_str().and_then(single_call) else { break };
        let list = match function.to_ascii_lowercase().as_str() {
            "parameters" => "parameters",
            "variables" => "variables",
            _ => break,
        };
        let members = site.template.tree().get(list)?.members()?;
        let member = members.iter().find(|member| member.key.eq_ignore_ascii_case(name))?;
        let value = match list {
            "parameters" if site.parameters.contains_key(&*member.key) => None,
            "parameters" => member.value.get("defaultValue"),
            _ => Some(&member.value),
        };
        let range = value.map_or(&member.key_range, |value| &value.range);
        place = Some((range.clone(), format!("/{list}/{}", member.key)));
        let Some(value) = value else { break };
        node = value;
    }
    place
}

/// The function and the only argument of `[parameters('name')]`.
fn single_call(text: &str) -> Option<(&str, &str)> {
    let (function, rest) = text.strip_prefix('[')?.strip_suffix(")]")?.split_once('(')?;
    let name = rest.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    (!name.contains('\'')).then(|| (function.trim(), name))
}
