//! The order inside a step: look, record the intent, act, follow.

use jiff::SignedDuration;
use lifeboat_arm::{Answer, Method};
use lifeboat_engine::{Input, Outcome, RunEnd, StepEvent, StepState};
use lifeboat_plan::{Action, Condition, StepId, TargetDraft, Way};
use serde_json::Value;

use crate::asserts::{GET_A, changes, done, failed, fault, outcome, ungraceful};
use crate::plans::{plan, put, put_way, read, state_is, step, thing_path};
use crate::shell::Shell;
use crate::world::{Fault, World, epoch};

/// Proves: F29 (the order of intent, act and outcome).
#[test]
fn a_plan_runs_in_order_and_a_second_run_finds_everything_done() {
    let plan = plan(vec![put("a", &[]), put("b", &["a"]), put("c", &["a"]), put("d", &["b", "c"])]);
    let mut shell = Shell::new(World::new());
    let summary = shell.run(&plan);
    assert_eq!(summary.end, RunEnd::Done, "{summary:?}");
    assert_eq!(summary.requests, 4);
    assert!(done(&summary, "d"));
    let order: Vec<&str> = shell.sent.iter().map(StepId::as_str).collect();
    assert_eq!(order, ["a", "b", "c", "d"]);

    let mut again = Shell::new(std::mem::replace(&mut shell.world, World::new()));
    again.now = shell.now;
    let summary = again.run(&plan);
    assert_eq!(summary.requests, 0);
    assert!(summary.outcomes.values().all(|outcome| *outcome == Outcome::AlreadyDone), "{summary:?}");
}

/// Somebody started it by hand: it is followed, not sent again.
#[test]
fn what_is_under_way_is_adopted() {
    let plan = plan(vec![put("a", &[])]);
    let mut shell = Shell::new(World::new());
    shell.world.takes.insert("a".to_owned(), SignedDuration::from_secs(40));
    shell.world.handle(&lifeboat_arm::Call::arm(Method::Put, thing_path("a"), None), epoch());
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"));
    assert_eq!(summary.requests, 0);
    assert!(matches!(changes(&shell, "a")[1], StepEvent::FoundUnderWay { .. }));
}

#[test]
fn an_operation_is_polled_and_its_url_is_not_journaled() {
    let plan = plan(vec![put("a", &[])]);
    let mut shell = Shell::new(World::new());
    shell.world.by_operation = true;
    shell.world.takes.insert("a".to_owned(), SignedDuration::from_secs(20));
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"));
    assert!(!shell.lines.contains("private"), "no token in the journal");
    assert_eq!(shell.urls.len(), 1);
    let polls: Vec<_> = shell.looks.iter().filter(|(_, id)| id.as_str().starts_with("operation")).collect();
    assert!(polls[0].0 >= epoch() + SignedDuration::from_secs(4), "not before the forecast");
    for pair in polls.windows(2) {
        assert!(pair[1].0.duration_since(pair[0].0) >= SignedDuration::from_secs(3), "Retry-After is obeyed");
    }
}

/// What the independence proof rests on: an operation whose region is lost holds up no step that has a condition; one
/// that has none is never called done.
#[test]
fn an_operation_that_cannot_be_polled_leaves_it_to_the_conditions() {
    let blind = Way { done_when: Condition::All(Vec::new()), started_when: None, ..put_way("b") };
    let plan = plan(vec![put("a", &[]), step("b", &[], blind)]);
    let mut shell = Shell::new(World::new());
    shell.world.by_operation = true;
    shell.world.dead.insert("/operations/".to_owned());
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"), "{summary:?}");
    assert!(failed(&summary, "b").contains("10m is over: its operation could not be polled"), "{summary:?}");
}

/// A request carries a credential. What an answer names for polling gets it only if it is who was asked.
#[test]
fn an_operation_elsewhere_is_named_and_not_polled() {
    let blind = Way { done_when: Condition::All(Vec::new()), started_when: None, ..put_way("b") };
    let plan = plan(vec![put("a", &[]), step("b", &[], blind)]);
    for (host, followed) in [("westeurope.management.azure.com", true), ("collector.example", false)] {
        let mut shell = Shell::new(World::new());
        shell.world.by_operation = true;
        shell.world.operations_at = host;
        let summary = shell.run(&plan);
        let polls = shell.looks.iter().filter(|(_, id)| id.as_str().starts_with("operation")).count();
        assert_eq!((polls > 0, shell.urls.len()), (followed, if followed { 2 } else { 0 }), "{host}");
        assert!(done(&summary, "a"), "its condition tells: {summary:?}");
        assert_eq!(done(&summary, "b"), followed, "{summary:?}");
        assert_eq!(shell.lines.contains("is said to be at `collector.example`"), !followed);
    }
}

/// The same of a data plane: its operations are at its own host.
#[test]
fn a_data_plane_is_polled_at_its_own_host_only() {
    let blind = Way { done_when: Condition::All(Vec::new()), started_when: None, ..put_way("a") };
    for (host, followed) in [("Orders.example.net", true), ("management.azure.com", false)] {
        let mut way = blind.clone();
        let Action::Send(call) = &mut way.action else { unreachable!("a put is sent") };
        call.target = TargetDraft::Host("orders.example.net".into());
        let mut shell = Shell::new(World::new());
        shell.world.by_operation = true;
        shell.world.operations_at = host;
        let summary = shell.run(&plan(vec![step("a", &[], way)]));
        assert_eq!(done(&summary, "a"), followed, "{host}: {summary:?}");
        assert_eq!(shell.lines.contains("is said to be at `management.azure.com`"), !followed);
    }
}

/// Something is seen that forbids the step: nothing is sent, and no other way is tried.
#[test]
fn what_must_never_be_seen_refuses_the_step() {
    let never = Condition::Never {
        seen: Box::new(Condition::equal(&read("b"), "/properties/state", "Ready")),
        why: "the partner is foreign".to_owned(),
    };
    let guarded = Way { done_when: Condition::All(vec![never, state_is("a", "Ready")]), ..put_way("a") };
    let plan = plan(vec![ungraceful("a", &[], guarded, put_way("c"))]);
    let mut shell = Shell::new(World::new());
    shell.world.takes.insert("b".to_owned(), SignedDuration::ZERO);
    shell.world.handle(&lifeboat_arm::Call::arm(Method::Put, thing_path("b"), None), epoch());
    let summary = shell.run(&plan);
    assert_eq!(failed(&summary, "a"), "the partner is foreign");
    assert_eq!(summary.requests, 0);
}

/// A condition that must hold for a while is waited out, not acted upon, when it holds already.
#[test]
fn what_holds_already_is_not_done_again_to_see_it_hold() {
    let held =
        Condition::Held { n: 3, over: SignedDuration::from_secs(20), of: Box::new(state_is("a", "Ready")) };
    let plan = plan(vec![step("a", &[], Way { done_when: held, ..put_way("a") })]);
    let mut shell = Shell::new(World::new());
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"));
    let mut again = Shell::new(std::mem::replace(&mut shell.world, World::new()));
    again.now = shell.now;
    let summary = again.run(&plan);
    assert_eq!((outcome(&summary, "a"), summary.requests), (Some(Outcome::AlreadyDone), 0));
}

#[test]
fn an_answer_that_tells_nothing_is_asked_for_again() {
    let plan = plan(vec![put("a", &[])]);
    let mut shell = Shell::new(World::new());
    let refused = |status| Fault::Refused(status, "Busy", None);
    fault(&mut shell.world, GET_A, &[refused(503), refused(500), Fault::LostOnTheWay]);
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"));
    assert!(
        shell.world.acts[0].0 > epoch() + SignedDuration::from_secs(2),
        "it was looked at with growing pauses"
    );
}

#[test]
fn the_view_tells_times_way_requests_and_looks() {
    let plan = plan(vec![put("a", &[])]);
    let mut shell = Shell::new(World::new());
    let (engine, _) = shell.try_run(&plan).unwrap();
    let view = engine.state(&"a".into()).unwrap();
    assert!(matches!(view.state, StepState::Ended { .. }));
    let times = view.times;
    assert!(times.begun <= times.intended && times.intended <= times.acted && times.acted < times.ended);
    assert_eq!((view.requests, view.looks), (1, shell.world.reads));
}

/// Answers nobody waits for change nothing.
#[test]
fn an_answer_with_a_strange_ticket_is_harmless() {
    let plan = plan(vec![put("a", &[])]);
    let shell = Shell::new(World::new());
    let (mut engine, effects) = lifeboat_engine::Engine::start(plan, shell.settings(), epoch()).unwrap();
    let ticket = effects
        .iter()
        .find_map(|effect| match effect {
            lifeboat_engine::Effect::Write { ticket, .. } => Some(*ticket),
            _ => None,
        })
        .unwrap();
    let answer = Ok(Answer::new(200, Value::Null));
    assert_eq!(engine.step(epoch(), Input::Answered { ticket, answer }), []);
}
