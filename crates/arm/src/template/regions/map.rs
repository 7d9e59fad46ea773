//! Objects whose keys are regions: images, sizes, addresses by region.

use super::{TieKind, Ties};
use crate::region::Region;
use crate::template::walk::Place;
use crate::tree::Member;

/// A map by region. One finding for the whole map.
pub(super) fn look(place: &Place<'_, '_>, members: &[Member], ties: &mut Ties<'_>) {
    let keys: Vec<&Member> = members.iter().filter(|member| Region::known(&member.key).is_some()).collect();
    let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return };
    let mut names: Vec<String> = keys.iter().take(4).map(|member| format!("`{}`", member.key)).collect();
    if keys.len() > names.len() {
        names.push(format!("{} more", keys.len() - names.len()));
    }
    let found = format!("has a key for {}", names.join(", "));
    let change = "see that the other region has an entry; better, make the values parameters".to_owned();
    let range = first.key_range.start..last.key_range.end;
    ties.push(TieKind::RegionMap, range, place.pointer(), found, change);
}
