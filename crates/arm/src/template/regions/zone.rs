//! Availability zones by number.

use super::{TieKind, Ties};
use crate::template::walk::Place;
use crate::template::walk::literal::Literal;
use crate::tree::{Node, NodeKind};

/// One zone's number.
pub(super) fn one(place: &Place<'_, '_>, literal: &Literal, ties: &mut Ties<'_>) -> bool {
    let key = place.key();
    let is_zone = !place.in_list() && (key == "zone" || key.ends_with("availabilityzone"));
    if !is_zone || literal.within.is_some() || number(place.node).is_none() {
        return false;
    }
    let found = format!("`{}` is {}", place.keys().next().unwrap_or_default(), literal.text);
    ties.push(TieKind::ZoneLiteral, literal.range.clone(), place.pointer(), found, CHANGE.to_owned());
    true
}

const CHANGE: &str = "make it a parameter, empty for a region without zones";

/// A list of zone numbers.
pub(super) fn look(place: &Place<'_, '_>, elements: &[Node], ties: &mut Ties<'_>) {
    let Some(numbers) = numbers(place, elements) else { return };
    let found = format!("`{}` is {}", place.keys().next().unwrap_or_default(), numbers.join(", "));
    ties.push(TieKind::ZoneLiteral, place.node.range.clone(), place.pointer(), found, CHANGE.to_owned());
}

/// The numbers in a list of zones.
pub(in crate::template) fn numbers(place: &Place<'_, '_>, elements: &[Node]) -> Option<Vec<String>> {
    let key = place.key();
    if !(key.ends_with("zones") || key == "zone") || elements.is_empty() {
        return None;
    }
    elements.iter().map(number).collect()
}

fn number(node: &Node) -> Option<String> {
    let text = match &node.kind {
        NodeKind::Number(number) => number.to_string(),
        NodeKind::String(text) => text.to_string(),
        _ => return None,
    };
    matches!(text.as_str(), "1" | "2" | "3").then_some(text)
}
