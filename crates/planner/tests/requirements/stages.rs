//! What stages turn out to need at run time.

use lifeboat_arm::Answer;
use lifeboat_plan::{Action, PlanKind, Stage};
use lifeboat_planner::{Answers, Expanded, PlanError, Side, expand};
use serde_json::json;

use crate::world::{World, queue};

/// The stages of a plan for the moved workload, in order, with the steps that have one.
fn stages(kind: PlanKind) -> Vec<(String, Stage)> {
    let plan = World::moved().plan(kind, Side::Secondary, true).unwrap();
    plan.steps
        .iter()
        .filter_map(|step| match &step.graceful.action {
            Action::Expand(stage) => Some((step.id.to_string(), stage.clone())),
            _ => None,
        })
        .collect()
}

/// The steps of the one stage of a plan when the old side holds the queue `orders` with so many messages.
fn expanded(kind: PlanKind, name: &str, messages: u64) -> Result<Expanded, PlanError> {
    let stages = stages(kind);
    let (_, stage) =
        stages.iter().find(|(step, _)| step == name).unwrap_or_else(|| panic!("no {name}: {stages:?}"));
    let counts = json!({ "countDetails": { "activeMessageCount": messages }, "status": "Active" });
    let queue = queue("orders", counts);
    let (queues, none) =
        (Answer::new(200, json!({ "value": [queue] })), Answer::new(200, json!({ "value": [] })));
    let answers: Answers<'_> = stage
        .reads
        .iter()
        .map(|read| (read.clone(), if read.as_str().contains("/queues@") { &queues } else { &none }))
        .collect();
    let world = World::moved();
    expand(&world.planning(kind, Side::Secondary, true), stage, &answers)
}

/// Proves: F13, F15. The old side gives up the alias, then refuses new messages, entity by entity.
#[test]
fn a_fence_waits_for_the_alias_and_stops_senders() {
    let plan = World::moved().plan(PlanKind::Fence, Side::Secondary, true).unwrap();
    let steps: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(steps, ["orders-bus/old-side-left-alias", "orders-bus/stop-senders"]);
    let stopped = expanded(PlanKind::Fence, "orders-bus/stop-senders", 0).unwrap();
    assert_eq!(stopped.steps.len(), 1);
    let Action::Send(call) = &stopped.steps[0].graceful.action else { panic!("it sends nothing") };
    let body = call.body.as_ref().unwrap().sketch().to_string();
    assert!(body.contains("SendDisabled"), "{body}");
}

/// Proves: S21. What is stranded is sent on, queue by queue, under its MessageId; what is empty is left alone.
#[test]
fn a_drain_takes_what_is_stranded() {
    let moved = expanded(PlanKind::Drain, "orders-bus/drain", 100).unwrap();
    assert_eq!(moved.steps.len(), 1);
    let Action::Pump(transfer) = &moved.steps[0].graceful.action else { panic!("it moves nothing") };
    assert_eq!((transfer.to_path.as_str(), transfer.key.as_str()), ("orders", "MessageId"));
    assert!(expanded(PlanKind::Drain, "orders-bus/drain", 0).unwrap().steps.is_empty());
}

/// Proves: D02, F20. Queues of the old side are removed before it becomes the partner, and never with messages in them.
#[test]
fn the_old_side_is_emptied_but_never_of_messages() {
    let removed = expanded(PlanKind::Prepare, "orders-bus/empty-old-side", 0).unwrap();
    assert_eq!(removed.steps.len(), 1);
    let refused = expanded(PlanKind::Prepare, "orders-bus/empty-old-side", 3);
    assert!(
        matches!(&refused, Err(PlanError::Refused(why)) if why.why.contains("3 messages")),
        "{refused:?}"
    );
}
