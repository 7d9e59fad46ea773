//! The strategies of a whole workload, from what its services offer.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{Candidate, Choice, FixedTerms, StrategyError, choose};
use crate::inventory::Inventory;
use crate::service::service_for;
use crate::topology::{Component, Workload};
use crate::workload::{DecisionPolicy, FailoverPolicy};

/// From the loss until it is suspected: three samples in a row, half a minute apart.
const DETECTION: SignedDuration = SignedDuration::from_secs(95);
/// Requests one after another, and polls that come a little late.
const ORCHESTRATION: SignedDuration = SignedDuration::from_secs(60);
/// An alias record lives a minute in resolvers.
const DNS: SignedDuration = SignedDuration::from_secs(60);

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
        .map(|component| Candidate {
            name: component.name.clone(),
            after: waits_for(component, &movable, workload),
            options: service_for(&component.kind).strategies(component, workload, seen),
        })
        .collect();
    let terms = FixedTerms {
        detection: DETECTION,
        hold_down: policy.hold_down,
        decision: match policy.policy {
            DecisionPolicy::Automatic => SignedDuration::ZERO,
            DecisionPolicy::Manual | DecisionPolicy::Propose => policy.decision,
        },
        orchestration: ORCHESTRATION,
        dns: DNS,
    };
    choose(&candidates, workload.objectives.rto, terms)
}

/// Components that the template makes this one wait for, whatever child of theirs it names.
fn waits_for(component: &Component, movable: &[&Component], workload: &Workload) -> BTreeSet<String> {
    workload
        .primary
        .resources
        .iter()
        .filter(|declared| declared.id.is_within(&component.primary))
        .flat_map(|declared| &declared.depends_on)
        .filter_map(|id| movable.iter().find(|other| id.is_within(&other.primary)))
        .filter(|other| other.name != component.name)
        .map(|other| other.name.clone())
        .collect()
}
