//! Parameters that ask where a deployment is to be, and that nobody gave: both regions are known, and so are their values.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Lift;
use crate::region::Region;
use crate::template::ParameterDeclaration;
use crate::template::language::types::ParameterType;

/// Names that ask for the place of the whole deployment. Others may ask for another place than the template's own.
const NAMES: &[&str] = &[
    "azurelocation",
    "azureregion",
    "deploymentlocation",
    "location",
    "primarylocation",
    "primaryregion",
    "region",
    "resourcegrouplocation",
    "resourcelocation",
    "resourceslocation",
    "rglocation",
];

/// What is given today, with the region for each parameter that asks for nothing else.
pub(super) fn with_places(wanted: &Lift<'_>) -> BTreeMap<String, Json> {
    let mut given = wanted.given.clone();
    let is_given = |name: &str| {
        let mut names = wanted.given.keys().chain(wanted.references.keys());
        names.any(|given| given.eq_ignore_ascii_case(name))
    };
    let asked = wanted.template.parameters().filter(|declared| asks_where(declared));
    let asked = asked.filter(|declared| declared.is_required() && !is_given(&declared.name));
    given.extend(
        asked.filter_map(|declared| Some((declared.name.clone(), spelled(declared, wanted.primary)?.into()))),
    );
    given
}

fn asks_where(declared: &ParameterDeclaration) -> bool {
    let letters = declared.name.chars().filter(char::is_ascii_alphabetic);
    let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    declared.kind == ParameterType::String && NAMES.contains(&name.as_str())
}

/// The region as the parameter takes it; none where it is not allowed there.
fn spelled(declared: &ParameterDeclaration, region: &Region) -> Option<String> {
    match &declared.allowed {
        None => Some(region.as_str().to_owned()),
        Some(allowed) => {
            let mut texts = allowed.iter().filter_map(Json::as_str);
            texts.find(|text| Region::lenient(text) == *region).map(str::to_owned)
        }
    }
}
