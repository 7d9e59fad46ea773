//! Parameters that take certain regions only.

use super::{TieKind, Ties};
use crate::region::Region;
use crate::template::walk::Place;
use crate::tree::Node;

/// A list of allowed values that names regions. One finding for the whole list.
pub(super) fn look(place: &Place<'_, '_>, values: &[Node], ties: &mut Ties<'_>) {
    let regions: Vec<&str> =
        values.iter().filter_map(Node::as_str).filter(|text| Region::known(text).is_some()).collect();
    if regions.is_empty() {
        return;
    }
    let mut names: Vec<String> = regions.iter().take(4).map(|text| format!("`{text}`")).collect();
    if regions.len() > names.len() {
        names.push(format!("{} more", regions.len() - names.len()));
    }
    let parameter = place.keys().nth(1).unwrap_or_default();
    let found = format!("`{parameter}` takes only {}", names.join(", "));
    let change = "add the other region, or drop the list: Azure knows its regions itself".to_owned();
    ties.push(TieKind::AllowedRegions, place.node.range.clone(), place.pointer(), found, change);
}
