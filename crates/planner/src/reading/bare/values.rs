//! Values for the parameters of a template that stands alone.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::Region;
use lifeboat_arm::template::placeholder::{fill_markers, placeholders};
use lifeboat_arm::template::{ParameterDeclaration, Template};
use lifeboat_arm::tree::Node;
use serde_json::{Value, json};

use super::{Assumption, Bare};

/// Words in names of parameters that speak of the other region.
const SECOND: &[&str] = &["second", "failover", "paired", "replica", "disaster"];

/// The values so far, and what was assumed to have them.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    pub(super) all: BTreeMap<String, Value>,
    pub(super) assumed: Vec<Assumption>,
}

/// Values for every parameter that needs one: given, region by name, else a placeholder. Markers such as `GEN-UNIQUE`,
/// which test harnesses fill in, are filled in.
pub(super) fn values(template: &Template, bare: &Bare, here: Here<'_>, secondary: &Region) -> Values {
    let primary = here.region;
    let mut values = Values::default();
    for declaration in template.parameters() {
        let name = &declaration.name;
        let given = bare.given.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        if let Some((_, given)) = given {
            let filled = fill_markers(given, name);
            if filled != *given {
                let says = if declaration.secure {
                    format!("parameter `{name}`: its value is a marker, and something made up stands for it")
                } else {
                    format!("parameter `{name}`: {given} is a marker, {filled} stands for it")
                };
                values.assumed.push(Assumption::missing(says));
            }
            values.all.insert(name.clone(), filled);
            continue;
        }
        if !names_a_region(declaration) {
            continue;
        }
        let second = SECOND.iter().any(|word| name.to_lowercase().contains(word));
        let region = if second { secondary } else { primary };
        let says = if declaration.is_required() {
            Some(format!("parameter `{name}` has no value: {region} stands for it"))
        } else if from_group(declaration) {
            // A group's region is spelled in one word, and Azure compares with the allowed values as text.
            let other = spelled(declaration, region).is_some_and(|text| text != region.as_str());
            other.then(|| format!("parameter `{name}` is {region}, as its allowed values spell it"))
        } else if let (Some(own), Some(_), false) = (literal(declaration), &bare.primary, second) {
            (own != *primary).then(|| format!("parameter `{name}` is {region}, not its default {own}"))
        } else {
            None
        };
        if let (Some(says), Some(value)) = (says, spelled(declaration, region)) {
            values.assumed.push(Assumption { says, missing: declaration.is_required() });
            values.all.insert(name.clone(), json!(value));
        }
    }
    let given: BTreeSet<String> = values.all.keys().cloned().collect();
    for (name, mut placeholder) in placeholders(template, &given) {
        let free = template.parameters().any(|declared| declared.name == name && declared.allowed.is_none());
        if free {
            here.place(&name, &mut placeholder.value);
        }
        let secure = template.parameters().any(|declaration| declaration.name == name && declaration.secure);
        values.assumed.push(match bare.secrets.get(&name) {
            Some(secret) => Assumption::follows(format!(
                "parameter `{name}` is {secret}, not read here: something made up stands for it; a deployment asks the \
                 vault, which must have `enabledForTemplateDeployment`"
            )),
            None if secure => Assumption::missing(format!(
                "parameter `{name}` has no value: a made-up secret stands for it"
            )),
            None => Assumption::missing(format!(
                "parameter `{name}` has no value: {} stands for it ({})",
                placeholder.value, placeholder.why
            )),
        });
        values.all.insert(name, placeholder.value);
    }
    let has_default = |(name, _): &(&String, &String)| !values.all.contains_key(*name);
    let defaulted: Vec<_> = bare.secrets.iter().filter(has_default).collect();
    values.assumed.extend(defaulted.into_iter().map(|(name, secret)| {
        Assumption::follows(format!(
            "parameter `{name}` is {secret}, not read here: its default stands for it"
        ))
    }));
    values
}

/// Where the template is read for.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub(super) region: &'a Region,
    pub(super) group: &'a str,
    pub(super) subscription: &'a str,
}

impl Here<'_> {
    /// Made-up texts that are named like regions, groups and subscriptions are the ones of this place.
    fn place(self, name: &str, value: &mut Value) {
        let folded = name.to_lowercase();
        match value {
            Value::String(text) => {
                let ends = |ends: &[&str]| ends.iter().any(|end| folded.ends_with(end));
                let own = if ends(&["location", "region"]) {
                    self.region.as_str()
                } else if ends(&["resourcegroup", "resourcegroupname"]) {
                    self.group
                } else if ends(&["subscriptionid"]) {
                    self.subscription
                } else {
                    return;
                };
                own.clone_into(text);
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.place(name, item)),
            Value::Object(members) => {
                members.iter_mut().for_each(|(name, member)| self.place(name, member));
            }
            _ => {}
        }
    }
}

/// A region that every parameter for the template's own region allows, the wanted one if it is among them.
pub(super) fn allowed_region(
    template: &Template,
    wanted: &Region,
    besides: Option<&Region>,
) -> Option<Region> {
    let lists: Vec<Vec<Region>> = template
        .parameters()
        .filter(|declaration| names_a_region(declaration))
        .filter_map(|declaration| declaration.allowed.as_ref())
        .map(|allowed| allowed.iter().filter_map(Value::as_str).map(Region::lenient).collect())
        .collect();
    let fits = |region: &Region| {
        Some(region) != besides && lists.iter().all(|list: &Vec<Region>| list.contains(region))
    };
    if fits(wanted) {
        return Some(wanted.clone());
    }
    lists.first()?.iter().find(|region| fits(region)).cloned()
}

/// The spelling of a region that a parameter takes.
pub(super) fn spelled(declaration: &ParameterDeclaration, region: &Region) -> Option<String> {
    match &declaration.allowed {
        None => Some(region.as_str().to_owned()),
        Some(allowed) => allowed
            .iter()
            .filter_map(Value::as_str)
            .find(|text| Region::lenient(text) == *region)
            .map(str::to_owned),
    }
}

/// Whether a parameter's default is the group's region.
pub(super) fn from_group(declaration: &ParameterDeclaration) -> bool {
    let default = declaration.default.as_ref().and_then(Node::as_str);
    default.is_some_and(|text| text.replace(' ', "").eq_ignore_ascii_case("[resourceGroup().location]"))
}

/// The region that a parameter's default spells out.
fn literal(declaration: &ParameterDeclaration) -> Option<Region> {
    Region::parse(declaration.default.as_ref()?.as_str()?).ok()
}

/// Whether a parameter stands for a region. One with allowed values does when all of them are regions.
pub(super) fn names_a_region(declaration: &ParameterDeclaration) -> bool {
    let name = declaration.name.to_lowercase();
    let named = (name.contains("location") || name.contains("region")) && !name.contains("artifact");
    match &declaration.allowed {
        None => named && matches!(declaration.kind, lifeboat_arm::template::ParameterType::String),
        Some(allowed) => {
            let region = |value: &Value| value.as_str().is_some_and(|text| Region::parse(text).is_ok());
            !allowed.is_empty() && allowed.iter().all(region)
        }
    }
}
