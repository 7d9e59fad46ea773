//! Regions inside names, expressions and other texts, and in the names of members.

use super::{TieKind, Ties, shown};
use crate::region::Region;
use crate::template::walk::literal::Literal;
use crate::template::walk::mention::mentions;
use crate::template::walk::{Place, Role};
use crate::tree::Member;

/// A text that mentions a region. The place is that of the region inside the text.
pub(super) fn look(place: &Place<'_, '_>, literal: &Literal, ties: &mut Ties<'_>) {
    if place.role == Role::Entry || is_prose(&literal.text) {
        return;
    }
    let Some((range, region)) = mentions(&literal.text).into_iter().next() else { return };
    // With escapes in it the place of the whole text has to do.
    let plain = literal.range.len() == literal.text.len();
    let start = literal.range.start;
    let range = if plain { start + range.start..start + range.end } else { literal.range.clone() };
    let change = if Region::known(&literal.text).is_some() {
        "see what it is for: the other region needs its own case, or a parameter".to_owned()
    } else {
        format!("if it names something of {region}, make it from a parameter; as a mere name it may stay")
    };
    ties.push(
        TieKind::RegionText,
        range,
        place.pointer(),
        format!("{} mentions {region}", shown(&literal.text)),
        change,
    );
}

/// A member whose name mentions a region without being one.
pub(super) fn key(place: &Place<'_, '_>, member: &Member, ties: &mut Ties<'_>) {
    // Only where names are looked up: variables, and objects that are values.
    if !matches!(place.role, Role::Variable(_) | Role::Default(_)) || Region::known(&member.key).is_some() {
        return;
    }
    let Some((_, region)) = mentions(&member.key).into_iter().next() else { return };
    let found = format!("the name `{}` mentions {region}", member.key);
    let change = "if it is picked by the region's name, see that the other region has one, too".to_owned();
    ties.push(TieKind::RegionText, member.key_range.clone(), place.pointer(), found, change);
}

/// Sentences, scripts and documents: a region in them is told, not used.
fn is_prose(text: &str) -> bool {
    const WORDS: usize = 8;
    text.split_whitespace().nth(WORDS).is_some()
}
