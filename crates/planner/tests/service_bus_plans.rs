//! Plans for Service Bus: what is sent, on which path, in which order, and what is refused.

mod deploying;
mod fail_over;
mod fresh;
mod groups;
mod network;
mod outline;
mod prepare;
mod stages;

use std::collections::BTreeMap;

use lifeboat_arm::Method;
use lifeboat_plan::{Action, CallDraft, Plan, Step, Truth, WayKind};

use crate::fixtures::World;
use crate::fixtures::answers::truths;

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.id.as_str()).collect()
}

fn step<'a>(plan: &'a Plan, id: &str) -> &'a Step {
    plan.steps
        .iter()
        .find(|step| step.id.as_str() == id)
        .unwrap_or_else(|| panic!("no {id} in {:?}", ids(plan)))
}

/// The request of a step, as it is preferred.
fn sent(step: &Step, kind: WayKind) -> Option<&CallDraft> {
    match &step.way(kind).action {
        Action::Send(call) => Some(call),
        _ => None,
    }
}

fn path(call: &CallDraft) -> &str {
    call.path.literal().unwrap()
}

/// Steps whose work is not done in the observed world.
fn open(world: &World, plan: &Plan) -> BTreeMap<String, Truth> {
    truths(plan, &world.seen).into_iter().filter(|(_, truth)| !truth.is_met()).collect()
}

fn writes(plan: &Plan) -> Vec<(Method, String)> {
    let calls = plan.steps.iter().filter_map(|step| sent(step, plan.policy.prefer));
    calls.map(|call| (call.method, path(call).to_owned())).collect()
}
