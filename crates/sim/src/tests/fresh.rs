//! Drills of a workload whose owner wants a fresh namespace wherever one was left.

use std::fmt::Write as _;

use jiff::Timestamp;
use lifeboat_arm::{Answer, Call, Method, ResourceId};
use lifeboat_engine::RunEnd;
use lifeboat_lab::Lab;
use lifeboat_planner::{Inventory, Side};
use serde_json::json;

use super::chance::for_rare_seeds;
use super::example::{drill_of, mins, play, scenario, text, with_fresh_namespaces};
use super::executor::Executor;
use super::picture::acts;
use super::story::{fleeting_story, fresh_story};
use crate::observe::observe;
use crate::{DrillOutcome, DrillVerdict};

fn of_example(name: &str, seed: u64, change: impl Fn(String) -> String) -> DrillOutcome {
    let scenario = scenario(&text(&format!("scenarios/{name}.yaml")));
    let mut workload = with_fresh_namespaces(change);
    // Readers of sessions fall behind: what waits for them is older than the example's owner would have it.
    workload.objectives.rpo = mins(180);
    play(drill_of(workload, scenario, seed))
}

fn short(hours: u32, events: &[&str]) -> DrillOutcome {
    let mut text = format!(
        "scenario: short\nduration: {hours}h\n\
         clients: {{ producers: 4, consumers: 4, messagesPerSecond: 1, ignoreTtlPercent: 25 }}\nevents:\n"
    );
    for event in events {
        writeln!(text, "  - {{ {event} }}").unwrap();
    }
    play(drill_of(with_fresh_namespaces(|text| text), scenario(&text), 1))
}

#[track_caller]
fn passes(outcome: &DrillOutcome, serves: &str, stands_by: &str, former: &[&str]) {
    if outcome.report.verdict != DrillVerdict::Passed {
        for line in &outcome.report.timeline {
            println!("{} {}: {}", line.at, line.who, line.what);
        }
    }
    assert_eq!(outcome.report.verdict, DrillVerdict::Passed);
    assert_eq!(outcome.report.losses.lost, 0);
    for prediction in &outcome.report.predictions {
        assert!(prediction.agrees, "{prediction:?}");
    }
    let state = outcome.report.state_after.iter().find(|line| line.component == "orders-bus").unwrap();
    let mut says = format!("orders-bus-{serves} serves, orders-bus-{stands_by} stands by");
    for former in former {
        write!(says, "; orders-bus-{former} is out of use, and costs until somebody deletes it").unwrap();
    }
    assert_eq!((state.state.as_str(), state.says.as_str()), ("protected", says.as_str()));
}

/// Proves: D02, S21, S25, P1a, F32. There and home again, each time to a namespace that was never used.
#[test]
fn the_examples_pass() {
    for name in ["sudden-loss", "planned-move", "flapping-return"] {
        passes(&of_example(name, 1, |text| text), "weu-2", "neu-2", &["weu", "neu"]);
    }
}

pub(super) fn with_queues_that(property: &str) -> impl Fn(String) -> String {
    let lock = r#""lockDuration": "PT1M""#;
    let change = move |text: String| text.replace(lock, &format!("{lock}, {property}"));
    assert_ne!(change(text("infra/regional.json")), text("infra/regional.json"));
    change
}

/// Proves: D02, D06. So do queues with sessions.
#[test]
fn sessions_pass() {
    for story in ["sudden-loss", "planned-move"] {
        let change = with_queues_that(r#""requiresSession": true"#);
        passes(&of_example(story, 1, change), "weu-2", "neu-2", &["weu", "neu"]);
    }
}

/// Proves: D02, D05. So do queues that delete themselves: one that nobody used on the new side when the drain begins is kept
/// from going, and nothing goes with the old one. With these seeds that happens: there (7), or on the way home (1, 19).
#[test]
fn queues_that_delete_themselves_pass() {
    let met = for_rare_seeds("queues_that_delete_themselves_pass", &[1, 7, 19], |seed| {
        let change = with_queues_that(r#""autoDeleteOnIdle": "PT10M""#);
        let outcome = of_example("planned-move", seed, change);
        passes(&outcome, "weu-2", "neu-2", &["weu", "neu"]);
        let drains = outcome.report.runs.iter().filter(|run| run.kind == "drain");
        let mut steps = drains.flat_map(|run| &run.steps);
        steps.any(|step| step.id.contains("/keep-") && step.acted.is_some())
    });
    assert_ne!(
        met,
        Some(0),
        "with none of these seeds a drain has a queue to keep any more: find some that have"
    );
}

/// The drain of that story, and the world in which it begins: a queue has just gone on the side that took over.
fn a_queue_is_gone() -> (Executor<'static>, ResourceId) {
    let drain = fleeting_story().iter().find(|chapter| chapter.name == "drain").unwrap();
    let mut executor = Executor::new(drain);
    let queue = drain.workload.components[0].on(Side::Secondary).child("queues", "orders");
    assert_eq!(ask(&mut executor.lab, executor.now, Method::Delete, &queue).status, 200);
    (executor, queue)
}

fn ask(lab: &mut Lab, now: Timestamp, method: Method, id: &ResourceId) -> Answer {
    lab.handle(now, &Call::arm(method, format!("{id}?api-version=2024-01-01"), None)).answer.unwrap()
}

/// Proves: D05, S21. One that has gone already is made again, before anything is taken that is to be sent to it.
#[test]
fn a_queue_that_has_deleted_itself_is_made_again() {
    let (executor, queue) = a_queue_is_gone();
    let mut end = executor.run();
    assert_eq!(end.summary.end, RunEnd::Done, "{:?}", end.summary.outcomes);
    let acts: Vec<&str> = end.sent.iter().map(|(step, _)| step.as_str()).collect();
    assert!(acts.contains(&"orders-bus/keep-orders"), "{acts:?}");
    let there = ask(&mut end.lab, end.now, Method::Get, &queue).body;
    assert_eq!(there["properties"]["countDetails"]["activeMessageCount"], 3, "{there}");
}

/// Proves: D05, S21. Where it cannot be made again, the old one is drained from all the same: that keeps it, with all that it
/// holds, longer than it would be there without use.
#[test]
fn what_has_nowhere_to_go_is_kept_for_as_long_as_it_is_tried() {
    let (mut executor, queue) = a_queue_is_gone();
    let began = executor.now;
    executor.instead = Some(Box::new(|step, _| {
        let refusal = json!({ "error": { "code": "AuthorizationFailed", "message": "not you" } });
        step.filter(|step| step.as_str() == "orders-bus/keep-orders")
            .map(|_| Answer::new(403, refusal.clone()))
    }));
    let mut end = executor.run();
    assert_eq!(end.summary.end, RunEnd::Degraded, "{:?}", end.summary.outcomes);
    assert!(end.now.duration_since(began) >= mins(60), "{}", end.now);
    assert_eq!(ask(&mut end.lab, end.now, Method::Get, &queue).status, 404);
    let old = fleeting_story()[0].workload.components[0].on(Side::Primary).child("queues", "orders");
    let left = ask(&mut end.lab, end.now, Method::Get, &old);
    let counts = &left.body["properties"]["countDetails"];
    let held =
        ["activeMessageCount", "deadLetterMessageCount"].map(|name| counts[name].as_u64().unwrap_or(0));
    assert_eq!(held.iter().sum::<u64>(), 3, "{}", left.body);
}

/// Proves: D02, P1a, F20. The next loss finds a fresh namespace in each place, and leaves it for one more.
#[test]
fn a_second_loss_goes_on_to_the_third() {
    let outcome = short(
        20,
        &[
            "at: 10m, lose: { region: primary }",
            "at: 2h, restore: { region: primary }",
            "at: 10h, lose: { region: primary }",
            "at: 12h, restore: { region: primary }",
        ],
    );
    passes(&outcome, "weu-3", "neu-3", &["weu", "weu-2", "neu", "neu-2"]);
}

/// Proves: D02, S21. Whatever is in the way of draining, the workload is protected again; what was left lies where it lay.
#[test]
fn what_cannot_be_drained_stays_and_stops_nothing() {
    // Nobody can see that the queues are empty: no transfer comes to its end.
    let hidden = "region: primary, provider: Microsoft.ServiceBus, operation: namespaces/queues/read, phase: before, effect: error, status: 503, until: 75m";
    let fault = format!("at: 15m, fault: {{ {hidden} }}");
    let outcome = short(12, &["at: 10m, plan: move", &fault, "at: 5h, plan: failback"]);
    passes(&outcome, "weu-2", "neu-2", &["weu", "neu"]);
    let drain = outcome.report.runs.iter().find(|run| run.kind == "drain").unwrap();
    assert!(drain.outcome.starts_with("degraded"), "{}", drain.outcome);
    assert!(outcome.report.timeline.iter().any(|line| line.what.contains("what is left stays where it is")));
}

/// Proves: D02. Protecting again asks nothing of the namespace that was left but to be looked at.
#[test]
fn what_was_left_is_not_touched() {
    let again = fresh_story().iter().find(|chapter| chapter.name == "protect again").unwrap();
    let end = Executor::new(again).run();
    let touched: Vec<String> =
        acts(&end.lab).into_keys().filter(|act| act.contains("/orders-bus-weu/")).collect();
    assert_eq!(touched, Vec::<String>::new());
    assert!(end.sent.iter().all(|(_, call)| call.method != Method::Delete));
}

/// Proves: D02. Whoever looks with nothing in hand finds the namespaces that stand, even once the declared ones are gone.
#[test]
fn the_pair_is_found_from_nothing() {
    let home = fresh_story().iter().find(|chapter| chapter.name == "failback").unwrap();
    let mut end = Executor::new(home).run();
    let seen = observe(&mut end.lab, end.now, home.workload, &Inventory::default());
    let stands = home.workload.as_observed(&seen);
    let known = observe(&mut end.lab, end.now, home.workload, &home.inventory);
    assert_eq!(stands.components, home.workload.as_observed(&known).components);
    assert_eq!(stands.components[0].primary.name(), "orders-bus-weu-2");
}
