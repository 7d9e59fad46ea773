//! Many writes inside ARM's buckets.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Method;
use lifeboat_engine::{Outcome, RunEnd, Summary};
use lifeboat_plan::{Action, At, CallDraft, Condition, Draft, Forecast, Is, Item, Plan, Step, StepId, Way};
use serde_json::json;

use crate::plans::{plan, put, read, step, thing_path, way};
use crate::shell::Shell;
use crate::world::{World, epoch};

/// A write whose conditions look at one list that all share.
fn listed(name: &str, after: &[&str]) -> Step {
    let item = Item { list: "/value".to_owned(), id: format!("/things/{name}").as_str().into() };
    let state = |is: &str| Condition::Test {
        read: read("things"),
        item: Some(item.clone()),
        at: At::Pointer("/properties/state".to_owned()),
        is: Is::Equal(is.into()),
    };
    let call = CallDraft::arm(Method::Put, thing_path(name), Some(Draft::Value(json!({}))));
    let put = Way {
        started_when: Some(state("Updating")),
        forecast: Forecast::assumed(2, 4, "the tiny world"),
        ..way(Action::Send(call), state("Ready"))
    };
    step(name, after, put)
}

fn many(writes: usize) -> Plan {
    plan((0..writes).map(|nth| listed(&format!("t{nth:04}"), &[])).collect())
}

fn metered() -> World {
    let mut world = World::new();
    world.metered = true;
    world
}

/// The same with a read of its own for each.
fn many_alone(writes: usize) -> Plan {
    plan((0..writes).map(|nth| put(&format!("t{nth:04}"), &[])).collect())
}

/// Proves: P6 (performance §5): 1,000 writes alone stay within 5 % of what the buckets allow, without one 429, with
/// every pre-check made and few reads.
#[test]
fn a_thousand_writes_take_what_the_buckets_allow() {
    let run = takes_what_the_buckets_allow(&many(1000), SignedDuration::from_millis(1500));
    assert!(run.looks <= 200, "{} looks, though all share one list", run.looks);
}

/// Proves: P6. The same where no look serves two steps: reads are short then, and the looks that requests wait for come
/// before the others.
#[test]
fn a_thousand_writes_that_share_no_look_take_what_the_buckets_allow() {
    // Soon done; or polled so often that polls alone would take every token.
    for (takes, most) in [(SignedDuration::from_millis(1500), 2000), (SignedDuration::from_secs(40), 4000)] {
        let run = takes_what_the_buckets_allow(&many_alone(1000), takes);
        assert!(run.looks >= 2000, "{} looks: one before each act and one after", run.looks);
        assert!(run.looks <= most, "{} looks", run.looks);
    }
}

fn takes_what_the_buckets_allow(plan: &Plan, takes: SignedDuration) -> Summary {
    let writes = plan.steps.len();
    let mut world = metered();
    for step in &plan.steps {
        world.takes.insert(step.id.to_string(), takes);
    }
    let mut shell = Shell::new(world);
    let (engine, summary) = shell.try_run(plan).unwrap();
    let last = shell.world.acts.last().unwrap().0.duration_since(epoch());
    assert_eq!(summary.end, RunEnd::Done);
    assert!(summary.outcomes.values().all(|outcome| *outcome == Outcome::Done));
    assert_eq!(shell.world.refused, 0, "no request was refused");
    assert_eq!(summary.requests, writes as u64);
    assert!(last <= SignedDuration::from_secs(84), "the last one left after {last}");
    assert_eq!(u64::from(shell.world.reads), summary.looks, "every read is counted");
    for view in engine.steps() {
        let intended = view.times.intended.unwrap();
        let fresh = shell.looks.iter().any(|(at, _)| *at >= view.times.begun.unwrap() && *at < intended);
        assert!(fresh && view.looks >= 2, "`{}` looked before it acted and after", view.id);
    }
    summary
}

/// Somebody else draws from the same bucket: we are slower, and hardly ever refused.
#[test]
fn a_neighbour_in_the_bucket_is_made_room_for() {
    let mut world = metered();
    for _ in 0..150 {
        world.buckets.get_mut(&lifeboat_arm::Cost::Write).unwrap().take(epoch()).unwrap();
    }
    let mut shell = Shell::new(world);
    let summary = shell.run(&many(300));
    assert_eq!(summary.end, RunEnd::Done);
    println!("refused {} of 300", shell.world.refused);
    // The first burst cannot know; what follows does.
    assert!(shell.world.refused <= 160, "{}", shell.world.refused);
}

/// The longest remaining path goes first when tokens are short.
#[test]
fn the_critical_path_goes_first() {
    let mut steps: Vec<Step> = (0..300).map(|nth| listed(&format!("t{nth:04}"), &[])).collect();
    steps.push(listed("x1", &[]));
    steps.push(listed("x2", &["x1"]));
    let plan = plan(steps);
    let mut shell = Shell::new(metered());
    let (engine, _) = shell.try_run(&plan).unwrap();
    let first: Timestamp = engine.steps().filter_map(|view| view.times.intended).min().unwrap();
    assert_eq!(engine.state(&StepId::from("x1")).unwrap().times.intended, Some(first));
    assert_eq!(shell.sent[0].as_str(), "x1");
}

/// Proves: P6, F29. Whoever takes over remembers what the one before it has sent, and is not refused either.
#[test]
fn a_takeover_stays_inside_the_buckets() {
    let plan = many(450);
    let mut shell = Shell::new(metered());
    shell.crash = Some((250, crate::shell::Crash::After));
    let summary = shell.run(&plan);
    assert_eq!((shell.crashes, summary.end), (1, RunEnd::Done));
    assert_eq!(shell.world.refused, 0);
}

/// Proves: P6, F29. Looks are in no journal, so whoever takes over finds out how many are left.
#[test]
fn a_takeover_does_not_trust_a_bucket_that_others_emptied() {
    let plan = many_alone(600);
    for point in [2, 100, 260, 500, 900] {
        let mut shell = Shell::new(metered());
        shell.crash = Some((point, crate::shell::Crash::After));
        let summary = shell.run(&plan);
        assert_eq!((shell.crashes, summary.end), (1, RunEnd::Done));
        assert_eq!(shell.world.refused, 0, "after a crash at effect {point}");
    }
}

/// The work per input does not grow with the plan.
#[test]
fn ten_thousand_steps_are_no_burden() {
    let writes = 10_000;
    let mut shell = Shell::new(metered());
    shell.inputs_most = 1_000_000;
    let steps = (0..writes).map(|nth| {
        let before = format!("t{:05}", nth % 100);
        let name = format!("t{nth:05}");
        if nth < 100 { put(&name, &[]) } else { put(&name, &[&before]) }
    });
    let summary = shell.run(&plan(steps.collect()));
    let bad: Vec<_> = summary.outcomes.iter().filter(|(_, outcome)| !outcome.is_good()).take(5).collect();
    assert_eq!(bad, []);
    assert_eq!((summary.end, shell.world.refused), (RunEnd::Done, 0));
    let wall = shell.now.duration_since(epoch());
    println!("{writes} writes: {:.1} s, {} looks", wall.as_secs_f64(), summary.looks);
    assert!(wall <= SignedDuration::from_secs(1029), "{wall}");
}
