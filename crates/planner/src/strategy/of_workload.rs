//! The strategies of a whole workload, from what its services offer.

use std::collections::BTreeSet;

use super::{Candidate, Choice, StrategyError, choose};
use crate::inventory::Inventory;
use crate::recovery_time::FixedTerms;
use crate::services::service_for;
use crate::topology::{Component, Roots, Workload};
use crate::workload::FailoverPolicy;

/// The cheapest strategies with which the workload is back in time, with the arithmetic (S04, S11).
pub fn choose_for(
    workload: &Workload,
    seen: &Inventory,
    policy: &FailoverPolicy,
) -> Result<Choice, StrategyError> {
    let movable: Vec<&Component> =
        workload.components.iter().filter(|component| component.secondary.is_some()).collect();
    let candidates: Vec<Candidate> = movable
        .iter()
        .zip(waits(&movable, workload))
        .map(|(component, after)| Candidate {
            name: component.name.clone(),
            after,
            options: service_for(&component.kind).strategies(component, workload, seen),
        })
        .collect();
    choose(&candidates, workload.objectives.rto, FixedTerms::of(policy))
}

/// By component, the components that the template makes it wait for, whatever child of theirs it names.
fn waits(movable: &[&Component], workload: &Workload) -> Vec<BTreeSet<String>> {
    let roots = Roots::new(movable.iter().map(|component| &component.primary));
    let mut waits = vec![BTreeSet::new(); movable.len()];
    for declared in &workload.primary.resources {
        let before: BTreeSet<usize> =
            declared.depends_on.iter().filter_map(|id| roots.around(id).min()).collect();
        for component in roots.around(&declared.id) {
            let others = before.iter().map(|&other| &movable[other].name);
            waits[component].extend(others.filter(|name| **name != movable[component].name).cloned());
        }
    }
    waits
}
