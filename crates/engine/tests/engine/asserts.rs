//! What tests say of a run, in short.

use lifeboat_engine::{Event, Outcome, StepEvent, Summary};
use lifeboat_plan::{Step, StepId, Way};

use crate::plans::step;
use crate::shell::Shell;
use crate::world::{Fault, World};

pub(crate) fn outcome(summary: &Summary, step: &str) -> Option<Outcome> {
    summary.outcomes.get(&StepId::from(step)).cloned()
}

pub(crate) fn done(summary: &Summary, step: &str) -> bool {
    outcome(summary, step) == Some(Outcome::Done)
}

pub(crate) fn failed(summary: &Summary, step: &str) -> String {
    match outcome(summary, step) {
        Some(Outcome::Failed { why }) => why,
        other => panic!("`{step}`: {other:?}"),
    }
}

pub(crate) fn fault(world: &mut World, request: &str, faults: &[Fault]) {
    world.faults.insert(request.to_owned(), faults.iter().cloned().collect());
}

pub(crate) fn changes(shell: &Shell, step: &str) -> Vec<StepEvent> {
    shell
        .records()
        .into_iter()
        .filter_map(|record| match record.event {
            Event::Step { step: id, change } if id.as_str() == step => Some(change),
            _ => None,
        })
        .collect()
}

pub(crate) fn ungraceful(id: &str, after: &[&str], graceful: Way, other: Way) -> Step {
    Step { ungraceful: Some(other), ..step(id, after, graceful) }
}

pub(crate) const PUT_A: &str = "PUT /subscriptions/s/things/a";
pub(crate) const GET_A: &str = "GET /subscriptions/s/things/a";
