//! What a plan needs from a region that may be gone: the proof that an unplanned failover stands on its own (F1, F17).

use std::collections::BTreeMap;

use lifeboat_arm::Region;
use serde::{Deserialize, Serialize};

use crate::draft::Hole;
use crate::need::{Needed, needs_of};
use crate::step::{Action, OnFailure, Plan, Step, StepId};

/// What the loss of a region does to a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It needs nothing from there.
    Independent,
    /// Its graceful way needs something from there; its ungraceful way does not, and takes over at the deadline.
    Contingent(Vec<Needed>),
    /// It cannot be done without the lost region.
    Refused(Vec<Needed>),
}

/// The verdict on every step if `lost` is gone.
pub fn independence(plan: &Plan, lost: &Region) -> BTreeMap<StepId, Verdict> {
    let mut verdicts = BTreeMap::new();
    let by_id: BTreeMap<&StepId, &Step> = plan.steps.iter().map(|step| (&step.id, step)).collect();
    // Steps stand after all that they wait for, so one pass carries a refusal to everything behind it.
    for step in &plan.steps {
        let verdict = own_verdict(plan, step, lost);
        let inherited = inherited(plan, step, &by_id, &verdicts);
        let verdict = match (verdict, inherited) {
            (Verdict::Refused(mut because), mut more) => {
                because.append(&mut more);
                Verdict::Refused(because)
            }
            (verdict, more) if more.is_empty() => verdict,
            (_, more) => Verdict::Refused(more),
        };
        verdicts.insert(step.id.clone(), verdict);
    }
    verdicts
}

fn own_verdict(plan: &Plan, step: &Step, lost: &Region) -> Verdict {
    let lost_needs = |way| -> Vec<Needed> {
        needs_of(way, &plan.reads, &plan.places)
            .into_iter()
            .filter(|needed| needed.need.is_lost_with(lost))
            .collect()
    };
    let graceful = lost_needs(&step.graceful);
    if graceful.is_empty() && step.ungraceful.is_none() {
        return Verdict::Independent;
    }
    match &step.ungraceful {
        None => Verdict::Refused(graceful),
        Some(way) => match lost_needs(way) {
            needs if !needs.is_empty() => Verdict::Refused(needs),
            _ if graceful.is_empty() => Verdict::Independent,
            _ => Verdict::Contingent(graceful),
        },
    }
}

/// Refusals of steps that this one waits for or takes values from, with one path to each thing that is needed: there may
/// be as many paths as there are ways through the graph.
fn inherited(
    plan: &Plan,
    step: &Step,
    by_id: &BTreeMap<&StepId, &Step>,
    verdicts: &BTreeMap<StepId, Verdict>,
) -> Vec<Needed> {
    let captured = holes(plan, step);
    let waits = step.after.iter().filter(|id| !goes_on(by_id, id)).map(|id| (id, "waits for"));
    let takes = captured.iter().map(|id| (id, "takes a value from"));
    let mut found: Vec<Needed> = Vec::new();
    for (id, how) in waits.chain(takes) {
        let Some(Verdict::Refused(because)) = verdicts.get(id) else { continue };
        for needed in because {
            if found.iter().all(|other| other.need != needed.need) {
                let via = format!("{how} {id} → {}", needed.via);
                found.push(Needed { need: needed.need.clone(), via });
            }
        }
    }
    found
}

/// Whether what waits for this step goes on when it fails.
fn goes_on(by_id: &BTreeMap<&StepId, &Step>, id: &StepId) -> bool {
    by_id
        .get(id)
        .is_some_and(|step| step.graceful.on_failure == OnFailure::Continue && step.ungraceful.is_none())
}

fn holes(plan: &Plan, step: &Step) -> Vec<StepId> {
    let mut sources = Vec::new();
    for way in std::iter::once(&step.graceful).chain(&step.ungraceful) {
        let mut holes = match &way.action {
            Action::Send(call) => call.holes(),
            _ => std::collections::BTreeSet::new(),
        };
        for read in way.done_when.reads() {
            holes.extend(plan.reads.get(read).map(crate::draft::ReadDraft::holes).unwrap_or_default());
        }
        for hole in holes {
            collect(&hole, &mut sources);
        }
    }
    sources
}

fn collect(hole: &Hole, into: &mut Vec<StepId>) {
    match hole {
        Hole::Captured(step, _) => into.push(step.clone()),
        Hole::Max(a, b) => {
            collect(a, into);
            collect(b, into);
        }
        Hole::Add(base, _) => collect(base, into),
        Hole::Secret(_) | Hole::Fact(_) | Hole::RunId | Hole::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
