//! A workload from an ARM template alone: placeholders for what nobody said, a second set of parameters for the second
//! region, and every assumption listed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lifeboat_arm::template::{
    Diagnostic, Linked, ParameterDeclaration, Template, fill_markers, placeholders,
};
use lifeboat_arm::{Region, ResourceId};
use serde_json::{Value, json};

use super::{About, SiteTemplate, as_json, assemble, errors, expand_site, site};
use crate::topology::{Component, Declared, Resources, Site, Workload, components};
use crate::workload_rules::GLOBALLY_UNIQUE;

/// What the user said besides the template.
#[derive(Debug, Clone, Default)]
pub struct Bare {
    /// Values of parameters, from files and from `--set`, later ones winning.
    pub given: BTreeMap<String, Value>,
    /// `--primary`.
    pub primary: Option<Region>,
    /// `--secondary`.
    pub secondary: Option<Region>,
}

/// Why a template makes no workload.
#[derive(Debug, thiserror::Error)]
pub enum BareError {
    /// The template is wrong, or needs something that is not there.
    #[error("the template has {} mistakes", .0.len())]
    Template(Vec<Diagnostic>),
    /// The template holds another second region than the one asked for.
    #[error("the template pairs {found} with {primary}, and `--secondary` says {asked}")]
    OtherSecondary {
        /// The first region in the template.
        primary: Region,
        /// The second region in the template.
        found: Region,
        /// What was asked for.
        asked: Region,
    },
    /// The two regions are one.
    #[error("the primary and the secondary region are both {0}")]
    OneRegion(Region),
}

/// A workload and what had to be assumed to make it.
pub type Assumed = (Workload, Vec<String>);

/// Reads a template as a workload of its own. `about.name` names groups.
pub fn read_bare(
    about: &About,
    template: &Template,
    bare: &Bare,
    linked: &dyn Linked,
) -> Result<Assumed, BareError> {
    let mut assumptions = Vec::new();
    let primary = bare.primary.clone().unwrap_or_else(|| {
        assumptions.push("the primary region is westeurope: no `--primary` was given".to_owned());
        Region::lenient("westeurope")
    });
    if bare.secondary.as_ref() == Some(&primary) {
        return Err(BareError::OneRegion(primary));
    }
    let fallback = bare.secondary.clone().unwrap_or_else(|| other_region(&primary));
    let values = parameters(template, bare, &primary, &fallback, &mut assumptions);
    let group = format!("{}-{}", about.name, primary.abbreviation());
    let at_home = SiteTemplate { template, parameters: &values, group: &group, region: &primary };
    let expansion = expand_site(about, at_home, linked);
    let wrong = errors(&expansion);
    if !wrong.is_empty() {
        return Err(BareError::Template(wrong));
    }
    let home = site(about, at_home, as_json(template), expansion);
    if let Some((first, second)) = paired_regions(&home) {
        if let Some(asked) = bare.secondary.clone().filter(|asked| *asked != second) {
            return Err(BareError::OtherSecondary { primary: first, found: second, asked });
        }
        return both_regions(about, template, &values, (&first, &second), linked, assumptions);
    }
    if bare.secondary.is_none() {
        assumptions.push(format!("the secondary region is {fallback}: no `--secondary` was given"));
    }
    let away = second_site(about, template, &values, (&primary, &fallback), &home, linked, &mut assumptions)?;
    let all = components(&home.resources, &away.resources);
    Ok((assemble(about, home, away, None, all), assumptions))
}

/// The pair that Azure made, or a neighbour.
fn other_region(primary: &Region) -> Region {
    primary
        .pair()
        .or_else(|| {
            Region::all().find(|region| region != primary && region.geography() == primary.geography())
        })
        .unwrap_or_else(|| {
            Region::lenient(if primary.as_str() == "northeurope" { "westeurope" } else { "northeurope" })
        })
}

/// Values for every parameter that needs one: given, region by name, else a placeholder. Markers such as `GEN-UNIQUE`,
/// which test harnesses fill in, are filled in.
fn parameters(
    template: &Template,
    bare: &Bare,
    primary: &Region,
    secondary: &Region,
    assumptions: &mut Vec<String>,
) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for declaration in template.parameters() {
        if let Some((_, given)) =
            bare.given.iter().find(|(name, _)| name.eq_ignore_ascii_case(&declaration.name))
        {
            let filled = fill_markers(given, &declaration.name);
            if filled != *given {
                assumptions.push(format!(
                    "parameter `{}`: {given} is a marker, {filled} stands for it",
                    declaration.name
                ));
            }
            values.insert(declaration.name.clone(), filled);
        } else if declaration.is_required() && names_a_region(declaration) {
            let region = if declaration.name.to_lowercase().contains("second") { secondary } else { primary };
            assumptions
                .push(format!("parameter `{}` has no value: {region} stands for it", declaration.name));
            values.insert(declaration.name.clone(), json!(region.as_str()));
        }
    }
    let given: BTreeSet<String> = values.keys().cloned().collect();
    for (name, placeholder) in placeholders(template, &given) {
        let secure = template.parameters().any(|declaration| declaration.name == name && declaration.secure);
        let shown = if secure { "a made-up secret".to_owned() } else { placeholder.value.to_string() };
        assumptions
            .push(format!("parameter `{name}` has no value: {shown} stands for it ({})", placeholder.why));
        values.insert(name, placeholder.value);
    }
    values
}

fn names_a_region(declaration: &ParameterDeclaration) -> bool {
    let name = declaration.name.to_lowercase();
    declaration.allowed.is_none()
        && (name.contains("location") || name.contains("region"))
        && !name.contains("artifact")
}

/// The two regions of a pair that the template itself declares.
fn paired_regions(home: &Site) -> Option<(Region, Region)> {
    let (a, b) = declared_pairs(&home.resources).into_iter().next()?;
    let region = |id: &ResourceId| home.resources.find(id)?.location.clone();
    Some((region(&a)?, region(&b)?))
}

/// Namespaces that the template pairs: an alias below the first names the second.
fn declared_pairs(resources: &Resources) -> Vec<(ResourceId, ResourceId)> {
    resources
        .iter()
        .filter(|declared| declared.kind.as_str().to_ascii_lowercase().ends_with("/disasterrecoveryconfigs"))
        .filter_map(|alias| {
            let partner =
                ResourceId::parse(alias.body.pointer("/properties/partnerNamespace")?.as_str()?).ok()?;
            let own = alias.id.parent()?;
            let both = [&own, &partner].iter().all(|id| resources.find(id).is_some());
            both.then_some((own, partner))
        })
        .collect()
}

/// The template holds both regions: it is taken as it is, and its pair is adopted.
fn both_regions(
    about: &About,
    template: &Template,
    values: &BTreeMap<String, Value>,
    (first, second): (&Region, &Region),
    linked: &dyn Linked,
    mut assumptions: Vec<String>,
) -> Result<Assumed, BareError> {
    assumptions.retain(|assumption| !assumption.starts_with("the primary region is"));
    assumptions.push(format!("the template holds both regions: {first} and {second}"));
    // One group for both: its metadata must not be in the region that may be lost. The location that the template took
    // from the group is given instead, where it is a parameter.
    let mut values = values.clone();
    let from_group: Vec<String> = template
        .parameters()
        .filter(|declaration| !values.contains_key(&declaration.name))
        .filter(|declaration| {
            let default = declaration.default.as_ref().and_then(lifeboat_arm::tree::Node::as_str);
            default
                .is_some_and(|text| text.replace(' ', "").eq_ignore_ascii_case("[resourceGroup().location]"))
        })
        .map(|declaration| declaration.name.clone())
        .collect();
    for name in from_group {
        assumptions
            .push(format!("parameter `{name}` is given as {first}, so that the group need not be there"));
        values.insert(name, json!(first.as_str()));
    }
    let group = format!("{}-{}", about.name, second.abbreviation());
    assumptions
        .push(format!("the group {group} is placed in {second}: a group in {first} would be lost with it"));
    let whole = SiteTemplate { template, parameters: &values, group: &group, region: second };
    let expansion = expand_site(about, whole, linked);
    let wrong = errors(&expansion);
    if !wrong.is_empty() {
        return Err(BareError::Template(wrong));
    }
    let mut primary = site(about, whole, as_json(template), expansion);
    let mut secondary = primary.clone();
    let pairs = declared_pairs(&primary.resources);
    let is_second = |id: &ResourceId| pairs.iter().any(|(_, second)| id.is_within(second));
    secondary.resources.retain(|declared| is_second(&declared.id));
    primary.resources.retain(|declared| !is_second(&declared.id));
    let all = primary
        .resources
        .iter()
        .filter(|declared| declared.kind.segments().count() == 1)
        .map(|declared| {
            let twin =
                pairs.iter().find(|(first, _)| *first == declared.id).map(|(_, second)| second.clone());
            Component {
                name: declared.id.name().to_owned(),
                kind: declared.kind.clone(),
                primary: declared.id.clone(),
                secondary: twin,
            }
        })
        .collect();
    // The group stands in the second region; the site that serves is in the first.
    primary.region = first.clone();
    Ok((assemble(about, primary, secondary, None, all), assumptions))
}

/// How often a name is varied at most: one may be made of several parameters, and a literal name never settles.
const VARIATIONS_MAX: usize = 4;

/// The second region's site: regions are exchanged among its parameters, and what made two resources compete for one
/// name is varied.
fn second_site(
    about: &About,
    template: &Template,
    values: &BTreeMap<String, Value>,
    (primary, secondary): (&Region, &Region),
    home: &Site,
    linked: &dyn Linked,
    assumptions: &mut Vec<String>,
) -> Result<Site, BareError> {
    let mut away = values.clone();
    for declaration in template.parameters() {
        let default = declaration.default.as_ref().map(lifeboat_arm::tree::Node::to_value);
        let value = values.get(&declaration.name).or(default.as_ref());
        let is_home = value.and_then(Value::as_str).is_some_and(|text| Region::lenient(text) == *primary);
        if is_home {
            away.insert(declaration.name.clone(), json!(secondary.as_str()));
            assumptions.push(format!("parameter `{}` is {secondary} in the second region", declaration.name));
        }
    }
    let group = format!("{}-{}", about.name, secondary.abbreviation());
    let mut variations = 0;
    loop {
        let site_template = SiteTemplate { template, parameters: &away, group: &group, region: secondary };
        let expansion = expand_site(about, site_template, linked);
        let wrong = errors(&expansion);
        let there = site(about, site_template, Arc::clone(&home.deployment.template), expansion);
        let varied = competing_name(home, &there)
            .filter(|_| variations < VARIATIONS_MAX)
            .and_then(|name| Some((vary(template, &away, &name, secondary)?, name)));
        let Some(((parameter, varied), name)) = varied else {
            return if wrong.is_empty() { Ok(there) } else { Err(BareError::Template(wrong)) };
        };
        assumptions.push(format!(
            "parameter `{parameter}` is \"{varied}\" in the second region: `{name}` can exist once"
        ));
        away.insert(parameter, json!(varied));
        variations += 1;
    }
}

fn competing_name(home: &Site, there: &Site) -> Option<String> {
    let unique = |declared: &&Declared| GLOBALLY_UNIQUE.iter().any(|kind| declared.kind.is(kind));
    let taken: BTreeSet<String> =
        home.resources.iter().filter(unique).map(|declared| declared.id.name().to_lowercase()).collect();
    there
        .resources
        .iter()
        .filter(unique)
        .map(|declared| declared.id.name().to_owned())
        .find(|name| taken.contains(&name.to_lowercase()))
}

/// The parameter that the name is made of, with a value for the other region.
fn vary(
    template: &Template,
    values: &BTreeMap<String, Value>,
    name: &str,
    region: &Region,
) -> Option<(String, String)> {
    let folded = name.to_lowercase();
    template
        .parameters()
        .filter(|declaration| declaration.allowed.is_none())
        .filter_map(|declaration| {
            let default = declaration.default.as_ref().map(lifeboat_arm::tree::Node::to_value);
            let value = values.get(&declaration.name).or(default.as_ref())?.as_str()?.to_owned();
            // An expression in a default cannot be varied as text.
            let usable =
                value.len() >= 2 && !value.starts_with('[') && folded.contains(&value.to_lowercase());
            usable.then_some((declaration, value))
        })
        .max_by_key(|(_, value)| value.len())
        .map(|(declaration, value)| {
            let suffix = region.abbreviation();
            let limit = declaration
                .max_length
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(24)
                .max(suffix.len());
            let keep: String =
                value.chars().take(limit.max(value.len().min(24)).saturating_sub(suffix.len())).collect();
            let keep = if value.len() + suffix.len() <= limit { value.clone() } else { keep };
            (declaration.name.clone(), format!("{keep}{suffix}"))
        })
}
