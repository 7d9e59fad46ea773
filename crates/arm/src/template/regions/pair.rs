//! Pairs: the partner of a namespace, a server or a cache, written out.

use super::identifier::is_guid;
use super::{TieKind, Ties, shown};
use crate::template::walk::literal::Literal;
use crate::template::walk::{Place, Role};

/// Members that name a partner, in lower case.
const PARTNERS: &[&str] = &[
    "partnernamespace",
    "partnerservers",
    "partnerserver",
    "partnerregions",
    "linkedrediscacheid",
    "partnermanagedinstanceid",
    "sourceserverid",
    "geosecondary",
];

/// A name or an id of a partner.
pub(super) fn look(place: &Place<'_, '_>, literal: &Literal, ties: &mut Ties<'_>) -> bool {
    if !is_partner(place, literal) {
        return false;
    }
    let text = literal.text.as_str();
    let found = format!("the partner is {}", shown(text));
    let change = "make the partner a parameter: in the other region it is this one".to_owned();
    ties.push(TieKind::PairName, literal.range.clone(), place.pointer(), found, change);
    true
}

/// Whether a literal names a partner.
pub(in crate::template) fn is_partner(place: &Place<'_, '_>, literal: &Literal) -> bool {
    let by_key = place.keys().take(3).any(|key| PARTNERS.contains(&&*key.to_ascii_lowercase()));
    // The subscription in a partner's id is a tie of its own kind.
    place.role == Role::Resource && by_key && is_name(literal) && !is_guid(&literal.text)
}

/// The whole string, or an argument that is neither a type nor the name of a parameter.
fn is_name(literal: &Literal) -> bool {
    let text = literal.text.as_str();
    if text.is_empty() {
        return false;
    }
    // `resourceId` takes whatever has a slash for the type.
    let is_type = text.contains('/') && !text.starts_with('/');
    // Separators and prefixes of a name that is made of parameters are no name.
    let is_part = literal.in_call(&["concat", "format", "replace", "split", "reference"]);
    literal.within.is_none() || !is_type && !is_part
}
