//! What a plan needs from a region that may be gone: the proof that an unplanned failover stands on its own (F1, F17).

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::Region;
use serde::{Deserialize, Serialize};

use crate::draft::Hole;
use crate::need::{Needed, needs_of};
use crate::step::{OnFailure, Plan, Step, StepId, WayKind};

/// What the loss of a region does to a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It needs nothing from there.
    Independent,
    /// Its graceful way needs something from there; its ungraceful way does not, and is taken, from the start or as soon
    /// as the other one fails.
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
    let Some(ungraceful) = step.ungraceful.as_ref().map(lost_needs) else {
        return if graceful.is_empty() { Verdict::Independent } else { Verdict::Refused(graceful) };
    };
    let prefers_grace = plan.policy.prefer == WayKind::Graceful;
    if prefers_grace && graceful.is_empty() {
        Verdict::Independent
    } else if prefers_grace && !plan.policy.may_switch {
        Verdict::Refused(graceful)
    } else if !ungraceful.is_empty() {
        Verdict::Refused(ungraceful)
    } else if graceful.is_empty() {
        Verdict::Independent
    } else {
        Verdict::Contingent(graceful)
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
    let captured = sources(plan, step);
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

/// Whether what waits for this step goes on when it fails, whichever way it took.
fn goes_on(by_id: &BTreeMap<&StepId, &Step>, id: &StepId) -> bool {
    by_id.get(id).is_some_and(|step| {
        let mut ways = std::iter::once(&step.graceful).chain(&step.ungraceful);
        ways.all(|way| way.on_failure == OnFailure::Continue)
    })
}

/// The steps that this one takes values from.
fn sources(plan: &Plan, step: &Step) -> BTreeSet<StepId> {
    let mut sources = BTreeSet::new();
    for way in std::iter::once(&step.graceful).chain(&step.ungraceful) {
        for hole in way.holes(&plan.reads) {
            collect(&hole, &mut sources);
        }
    }
    sources
}

fn collect(hole: &Hole, into: &mut BTreeSet<StepId>) {
    match hole {
        Hole::Captured(step, _) => {
            into.insert(step.clone());
        }
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
