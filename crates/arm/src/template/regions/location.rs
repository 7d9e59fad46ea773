//! Regions as places: of resources, in lists, in variables, as defaults of parameters.

use super::{TieKind, Ties, shown};
use crate::region::Region;
use crate::template::walk::literal::Literal;
use crate::template::walk::{Place, Role};

/// A literal that is a region as a whole, where it says where something is.
pub(super) fn look(place: &Place<'_, '_>, literal: &Literal, ties: &mut Ties<'_>) -> bool {
    let Some(region) = Region::known(&literal.text) else { return false };
    // The map says it all.
    if place.role == Role::Entry {
        return true;
    }
    let Some((kind, change)) = kind(place, literal, &region) else { return false };
    let found = match place.role {
        Role::Default(name) => format!("the default of `{name}` is {}", shown(&literal.text)),
        Role::Variable(name) => format!("the variable `{name}` says {}", shown(&literal.text)),
        _ => format!("`{}` is {}", place.keys().next().unwrap_or_default(), shown(&literal.text)),
    };
    ties.push(kind, literal.range.clone(), place.pointer(), found, change);
    true
}

/// Whether a literal says where something is, so that a parameter can say it instead.
pub(in crate::template) fn says_where(place: &Place<'_, '_>, literal: &Literal) -> Option<Region> {
    let region = Region::known(&literal.text)?;
    let fixed = place.role == Role::Entry || matches!(place.role, Role::Default(_));
    kind(place, literal, &region).filter(|_| !fixed).map(|_| region)
}

/// What says where a deployment is.
fn own_location(place: &Place<'_, '_>) -> &'static str {
    if place.is_in_a_group() { "`[resourceGroup().location]`" } else { "`[deployment().location]`" }
}

fn kind(place: &Place<'_, '_>, literal: &Literal, region: &Region) -> Option<(TieKind, String)> {
    // What is compared, or picks a member, says where nothing is.
    let asks = ["equals", "contains", "startswith", "endswith", "indexof", "not"];
    let picks = literal.within.as_ref().is_some_and(|within| within.picks);
    if picks || literal.in_call(&asks) || in_tags(place) || place.keys().any(rules_out) {
        return None;
    }
    match place.role {
        Role::Default(name) => {
            let own = own_location(place);
            let change = format!(
                "give `{name}` in each region's parameter file, and drop the default or make it {own}"
            );
            Some((TieKind::LocationDefault, change))
        }
        Role::Variable(_) => {
            let change = format!("take it from a parameter, {region} in this region's parameter file");
            Some((TieKind::LocationVariable, change))
        }
        _ if in_list(place) => {
            let change = format!("take the list or {region} in it from a parameter");
            Some((TieKind::LocationList, change))
        }
        _ if is_location(&place.key()) || place.role == Role::Argument => {
            let change = format!("take it from a parameter, or from {}", own_location(place));
            Some((TieKind::LocationLiteral, change))
        }
        _ => None,
    }
}

/// Whether a member of this name (in lower case) says where something is.
pub(in crate::template) fn is_location(key: &str) -> bool {
    ["location", "locationname", "region", "regionname"].iter().any(|end| key.ends_with(end))
}

/// Members that list places.
fn lists_places(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["locations", "regions", "replicas", "replicalocations", "geolocations"]
        .iter()
        .any(|end| key.ends_with(end))
}

/// Whether a name says where something is *not*: `unsupportedLocations`.
fn rules_out(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let negated = ["unsupported", "unavailable", "excluded", "disallowed", "notallowed", "denied", "blocked"];
    (key.ends_with("locations") || key.ends_with("regions")) && negated.iter().any(|word| key.contains(word))
}

/// An element of such a list, or a member of one.
fn in_list(place: &Place<'_, '_>) -> bool {
    let list = place.keys().take(3).find(|key| lists_places(key));
    list.is_some() && (place.in_list() || is_location(&place.key()))
}

/// Tags say what people think.
pub(super) fn in_tags(place: &Place<'_, '_>) -> bool {
    place.keys().take(3).any(|key| key.eq_ignore_ascii_case("tags"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_what_is_left_out_is_no_list_of_places() {
        for (key, expected) in [
            ("unsupportedLocations", true),
            ("excludedRegions", true),
            ("locations", false),
            ("blockedTraffic", false),
        ] {
            assert_eq!(rules_out(key), expected, "{key}");
        }
    }
}
