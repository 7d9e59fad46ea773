//! One story per behaviour.

use lifeboat_engine::{Outcome, RunEnd};
use lifeboat_plan::StepId;

use crate::plans::{plan, put};
use crate::world::{Shell, World};

fn outcome(summary: &lifeboat_engine::Summary, step: &str) -> Option<Outcome> {
    summary.outcomes.get(&StepId::from(step)).cloned()
}

/// Proves: F29 (the order of intent, act and outcome).
#[test]
fn a_plan_runs_in_order_and_a_second_run_finds_everything_done() {
    let plan = plan(vec![put("a", &[]), put("b", &["a"]), put("c", &["a"]), put("d", &["b", "c"])]);
    let mut shell = Shell::new(World::new());
    let summary = shell.run(&plan);
    assert_eq!(summary.end, RunEnd::Done, "{summary:?}");
    assert_eq!(summary.requests, 4);
    assert_eq!(outcome(&summary, "d"), Some(Outcome::Done));
    let order: Vec<&str> = shell.sent.iter().map(StepId::as_str).collect();
    assert_eq!(order, ["a", "b", "c", "d"]);

    let mut again = Shell::new(std::mem::replace(&mut shell.world, World::new()));
    again.now = shell.now;
    let summary = again.run(&plan);
    assert_eq!(summary.requests, 0);
    assert!(summary.outcomes.values().all(|outcome| *outcome == Outcome::AlreadyDone), "{summary:?}");
}
