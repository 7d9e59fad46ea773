//! Plans of the base workload as people read them: steps, titles, requests.

use std::fmt::Write as _;

use insta::assert_snapshot;
use lifeboat_plan::{Action, Plan, PlanKind, WayKind, describe_call};
use lifeboat_planner::Side;

use crate::fixtures::World;

/// Step by step: id, title, what it waits for, both requests. Templates are named, not printed.
pub(crate) fn outline(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        writeln!(text, "{}: {}", step.id, step.title).unwrap();
        if !step.after.is_empty() {
            let after: Vec<&str> = step.after.iter().map(lifeboat_plan::StepId::as_str).collect();
            writeln!(text, "  after {}", after.join(", ")).unwrap();
        }
        for kind in [WayKind::Graceful, WayKind::Ungraceful] {
            if kind == WayKind::Ungraceful && step.ungraceful.is_none() {
                continue;
            }
            let way = step.way(kind);
            let word = if kind == WayKind::Graceful { "graceful" } else { "ungraceful" };
            let action = match &way.action {
                Action::Send(call) => {
                    let body = call.body.as_ref().map(lifeboat_plan::Draft::sketch).map(|body| {
                        if body.pointer("/properties/template").is_some() {
                            "‹template›".to_owned()
                        } else {
                            body.to_string()
                        }
                    });
                    format!("{} {}", describe_call(call), body.unwrap_or_default())
                }
                Action::Expand(stage) => format!("expands {}", stage.name),
                Action::Wait => "waits".to_owned(),
                other => format!("{other:?}"),
            };
            writeln!(text, "  {word}: {}", action.trim_end()).unwrap();
            for loss in &way.loses.0 {
                writeln!(text, "    {loss}").unwrap();
            }
        }
    }
    for note in &plan.notes {
        writeln!(text, "note: {note}").unwrap();
    }
    text.replace("/subscriptions/00000000-0000-0000-0000-000000000001", "")
        .replace("/providers/Microsoft.ServiceBus/namespaces", "/…")
}

/// The workload lives in the second region; the first one has returned.
pub(crate) fn moved() -> World {
    let mut world = World::paired();
    world.failed_over(Side::Secondary, "orders");
    world.active = Side::Secondary;
    world.returning = true;
    world
}

/// The workload lives in the second region, protected by the first one.
pub(crate) fn protected_away() -> World {
    let mut world = World::paired();
    world.pair(Side::Secondary, "orders");
    world.active = Side::Secondary;
    world.returning = true;
    world.planned = true;
    world
}

/// Proves: P1a, S21, S22, S25
#[test]
fn the_plans_of_the_base_workload() {
    assert_snapshot!("prepare_from_nothing", outline(&World::from_nothing().plan(PlanKind::Prepare)));
    assert_snapshot!("failover_unplanned", outline(&World::paired().plan(PlanKind::Failover)));
    assert_snapshot!("failback", outline(&protected_away().plan(PlanKind::Failback)));
    assert_snapshot!("fence", outline(&moved().plan(PlanKind::Fence)));
    assert_snapshot!("drain", outline(&moved().plan(PlanKind::Drain)));
    assert_snapshot!("prepare_again_after_failover", outline(&moved().plan(PlanKind::Prepare)));
}
