//! A plan's digest: what an approval approves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lifeboat_arm::Region;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Digest as _;

use crate::condition::Condition;
use crate::draft::ReadDraft;
use crate::need::{Need, Places};
use crate::step::{
    Action, Capture, Endpoint, OnFailure, Plan, PlanKind, Policy, ReadId, Repeat, Step, StepId, Way,
};

/// SHA-256 over everything that decides what a plan does, in lower-case hexadecimal: also where everything is, for the
/// verdicts of its independence rest on that, and the facts that a step sends or compares with.
///
/// Left out is what decides nothing: other facts with the times and sources of all, forecasts and losses, both made of
/// them (how often a step is polled and which of two goes first follows from forecasts, what is sent does not), and texts
/// for people: titles, components, citations, notes. So a plan made a minute later in the same world has the same digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of a plan.
    pub fn of(plan: &Plan) -> Self {
        Self::over(&PlanCore {
            kind: plan.kind,
            workload: &plan.workload,
            endpoint: &plan.endpoint,
            from: &plan.from,
            to: &plan.to,
            policy: &plan.policy,
            steps: plan.steps.iter().map(StepCore::of).collect(),
            reads: &plan.reads,
            places: &plan.places,
            facts: facts(plan),
        })
    }

    /// The digest of steps that were added while a plan ran.
    pub fn of_steps(steps: &[Step]) -> Self {
        Self::over(&steps.iter().map(StepCore::of).collect::<Vec<_>>())
    }

    fn over(value: &impl Serialize) -> Self {
        let mut digest = sha2::Sha256::new();
        // Struct fields have one order and maps are sorted, so the JSON is canonical.
        serde_json::to_writer(&mut digest, value).expect("plans are plain data and hashing cannot fail");
        Self(digest.finalize().iter().fold(String::new(), |mut text, byte| {
            use fmt::Write as _;
            write!(text, "{byte:02x}").expect("a String takes everything");
            text
        }))
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits: enough for a person to compare.
    pub fn short(&self) -> &str {
        &self.0[..12.min(self.0.len())]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Serialize)]
struct PlanCore<'a> {
    kind: PlanKind,
    workload: &'a str,
    endpoint: &'a Endpoint,
    from: &'a Region,
    to: &'a Region,
    policy: &'a Policy,
    steps: Vec<StepCore<'a>>,
    reads: &'a BTreeMap<ReadId, ReadDraft>,
    places: &'a Places,
    facts: BTreeMap<&'a str, &'a Value>,
}

/// The values of the facts that fill holes.
fn facts(plan: &Plan) -> BTreeMap<&str, &Value> {
    let ways = plan.steps.iter().flat_map(|step| std::iter::once(&step.graceful).chain(&step.ungraceful));
    let mut wanted = BTreeSet::new();
    for hole in ways.flat_map(|way| way.holes(&plan.reads)) {
        hole.facts(&mut wanted);
    }
    let filling = plan.facts.iter().filter(|fact| wanted.contains(&fact.key));
    filling.map(|fact| (fact.key.as_str(), &fact.value)).collect()
}

#[derive(Serialize)]
struct StepCore<'a> {
    id: &'a StepId,
    after: &'a BTreeSet<StepId>,
    graceful: WayCore<'a>,
    ungraceful: Option<WayCore<'a>>,
}

#[derive(Serialize)]
struct WayCore<'a> {
    needs: &'a BTreeSet<Need>,
    action: &'a Action,
    started_when: &'a Option<Condition>,
    done_when: &'a Condition,
    repeat: Repeat,
    captures: &'a [Capture],
    deadline: jiff::SignedDuration,
    on_failure: OnFailure,
}

impl<'a> StepCore<'a> {
    fn of(step: &'a Step) -> Self {
        Self {
            id: &step.id,
            after: &step.after,
            graceful: WayCore::of(&step.graceful),
            ungraceful: step.ungraceful.as_ref().map(WayCore::of),
        }
    }
}

impl<'a> WayCore<'a> {
    fn of(way: &'a Way) -> Self {
        Self {
            needs: &way.needs,
            action: &way.action,
            started_when: &way.started_when,
            done_when: &way.done_when,
            repeat: way.repeat,
            captures: &way.captures,
            deadline: way.deadline,
            on_failure: way.on_failure,
        }
    }
}

#[cfg(test)]
mod tests;
