//! What fresh namespaces have left behind.

use super::super::fresh::{NAMESPACES, describe};
use super::super::settings::wants_fresh;
use crate::finding::Evidence;
use crate::inventory::Fact;
use crate::rule::{Checked, Subject};
use crate::topology::Side;

/// Only where the owner wants fresh namespaces: elsewhere there is nothing that could be former.
pub(super) fn stands(subject: &Subject<'_>) -> Vec<Checked> {
    let component = subject.component;
    if component.secondary.is_none() || !wants_fresh(&component.name, subject.workload) {
        return Vec::new();
    }
    let seen = subject.seen;
    let former = component.former().iter();
    let mut answers: Vec<Checked> = former
        .map(|id| Checked::fail(id, seen.evidence(&format!("{id}/queues"), describe(id, seen))))
        .collect();
    for side in [Side::Primary, Side::Secondary] {
        let Some(group) = component.on(side).group_id() else { continue };
        let path = format!("{group}/{NAMESPACES}");
        // What a template declares for a group is not all that stands in it.
        let why = match seen.fact(&path) {
            Some(Fact::Known(known)) if known.at.is_some() => continue,
            Some(Fact::Absent { .. }) => continue,
            Some(Fact::Unknown { why, .. }) => why,
            _ => "it was not observed",
        };
        answers.push(Checked::unknown(component.on(side), format!("namespaces of {}: {why}", group.name())));
    }
    if answers.is_empty() {
        let says = "no former namespace stands in either group";
        answers.push(Checked::pass(&component.primary, Evidence::says(says)));
    }
    answers
}
