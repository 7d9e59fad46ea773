//! Which side clients are led to, as it was just observed. Computed, never stored: a move may come through late.

use crate::inventory::Inventory;
use crate::service::Lead;
use crate::services::service_for;
use crate::topology::{Side, Workload};

/// The side to which everything leads that leads clients anywhere; none while one component's word is missing, or two
/// of them contradict each other.
pub fn leads(workload: &Workload, seen: &Inventory) -> Option<Side> {
    let workload = &*workload.as_observed(seen);
    let moved = workload.components.iter().filter(|component| component.secondary.is_some());
    let mut words =
        moved.filter_map(|component| service_for(&component.kind).leads(component, workload, seen));
    let Lead::To(first) = words.next()? else { return None };
    words.all(|word| word == Lead::To(first)).then_some(first)
}
