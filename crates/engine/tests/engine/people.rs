//! What people do to a run: approve, pause, resume, skip, defer, switch.

use jiff::SignedDuration;
use lifeboat_engine::{Decision, Event, Input, Outcome, Record, RunEnd, StepEvent, Which};
use lifeboat_plan::{Action, OnFailure, Plan, StepId, Way};

use crate::asserts::{PUT_A, done, failed, fault, outcome, ungraceful};
use crate::plans::{ask_way, bump_way, plan, put, put_way, step};
use crate::shell::Shell;
use crate::world::{Fault, World, epoch};

fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

#[test]
fn a_pause_starts_nothing_and_follows_what_runs() {
    let plan = plan(vec![put("a", &[]), put("b", &["a"])]);
    let mut shell = Shell::new(World::new());
    shell.at(1, Input::Pause { by: "ann".to_owned() });
    shell.at(3600, Input::Resume { by: "bob".to_owned() });
    let summary = shell.run(&plan);
    assert!(done(&summary, "a") && done(&summary, "b"));
    let sent_b = shell.world.acts[1].0;
    assert!(sent_b >= epoch() + SignedDuration::from_hours(1));
    let a_done = shell
        .records()
        .into_iter()
        .find(|record| matches!(&record.event, Event::Step { change: StepEvent::SeenDone { .. }, .. }))
        .unwrap();
    assert!(a_done.at < epoch() + SignedDuration::from_mins(1), "what ran was followed");
    assert!(
        shell.lines.contains(r#""paused":{"by":"ann"}"#) && shell.lines.contains(r#""resumed":{"by":"bob"}"#)
    );
}

/// A pause outlives what was seen before it: the step looks again before it sends again.
#[test]
fn what_was_seen_before_a_pause_does_not_count_after_it() {
    let plan = plan(vec![put("a", &[])]);
    let mut shell = Shell::new(World::new());
    fault(&mut shell.world, PUT_A, &[Fault::LostOnTheWay]);
    shell.at(0, Input::Pause { by: "ann".to_owned() });
    shell.at(400, Input::Resume { by: "ann".to_owned() });
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"), "{summary:?}");
    assert_eq!(summary.requests, 2);
    let again = shell.world.acts.last().unwrap().0;
    assert!(shell.looks.iter().any(|(at, _)| *at < again && again.duration_since(*at).as_secs() < 60));
}

/// The time of a pause is nobody's deadline: what it keeps from being sent again is sent when it is over, by the same way.
#[test]
fn a_pause_beyond_the_deadline_gives_nothing_up() {
    for faults in [Fault::LostOnTheWay, Fault::Refused(503, "ServerBusy", Some(30))] {
        let faults = &[faults];
        let step = ungraceful("a", &[], put_way("a"), put_way("other"));
        let mut shell = Shell::new(World::new());
        fault(&mut shell.world, PUT_A, faults);
        shell.at(1, Input::Pause { by: "ann".to_owned() });
        shell.at(7200, Input::Resume { by: "ann".to_owned() });
        let summary = shell.run(&plan(vec![step]));
        assert!(done(&summary, "a"), "{faults:?}: {summary:?}");
        assert!(!shell.world.things.contains_key("other"), "{faults:?}: the pause was taken for a failure");
        let acts: Vec<_> = shell.world.acts.iter().filter(|(at, _)| *at > epoch() + mins(1)).collect();
        assert!(acts.iter().all(|(at, _)| *at >= epoch() + mins(120)), "{faults:?}: {acts:?}");
    }
}

/// No batch is moved while a run is paused; the drain goes on afterwards.
#[test]
fn a_pause_stops_a_transfer_after_its_batch() {
    let mut shell = Shell::new(World::new());
    shell.world.items = (1..=300).collect();
    shell.at(3, Input::Pause { by: "ann".to_owned() });
    shell.at(7200, Input::Resume { by: "ann".to_owned() });
    let summary = shell.run(&crate::transfers::pumping());
    assert!(summary.outcomes.values().all(Outcome::is_good), "{summary:?}");
    let moved = shell.records().into_iter().filter(|record| {
        matches!(&record.event, Event::Step { change: StepEvent::Moved { moved, .. }, .. } if *moved > 0)
    });
    let late: Vec<_> = moved.filter(|record| record.at > epoch() + mins(1)).map(|record| record.at).collect();
    assert!(!late.is_empty() && late.iter().all(|at| *at >= epoch() + mins(120)), "{late:?}");
}

#[test]
fn a_step_is_skipped_before_in_flight_and_after_it_failed() {
    for (second, takes) in [(0, 5), (3, 600)] {
        let plan = plan(vec![put("a", &[]), put("b", &["a"])]);
        let mut shell = Shell::new(World::new());
        shell.world.takes.insert("a".to_owned(), SignedDuration::from_secs(takes));
        let (step, by, why) = (StepId::from("a"), "ann".to_owned(), "done by hand".to_owned());
        shell.at(second, Input::Skip { step, by: by.clone(), why: why.clone() });
        let summary = shell.run(&plan);
        assert_eq!(outcome(&summary, "a"), Some(Outcome::Skipped { by, why }));
        assert!(done(&summary, "b"));
    }
}

#[test]
fn a_failed_step_may_still_be_skipped_while_the_run_goes_on() {
    let plan = plan(vec![put("a", &[]), put("b", &["a"]), put("slow", &[])]);
    let mut shell = Shell::new(World::new());
    shell.world.takes.insert("slow".to_owned(), SignedDuration::from_secs(300));
    fault(&mut shell.world, PUT_A, &[Fault::Refused(403, "AuthorizationFailed", None)]);
    let step = StepId::from("a");
    shell.at(60, Input::Skip { step, by: "ann".to_owned(), why: "not needed".to_owned() });
    let summary = shell.run(&plan);
    assert!(done(&summary, "b"), "{summary:?}");
}

#[test]
fn a_deferred_step_holds_back_what_waits_for_it_without_failing_the_run() {
    let plan = plan(vec![put("a", &[]), put("b", &["a"]), put("c", &[])]);
    let mut shell = Shell::new(World::new());
    let until = epoch() + SignedDuration::from_hours(24);
    let (by, why) = ("ann".to_owned(), "after the weekend".to_owned());
    shell.at(0, Input::Defer { step: "a".into(), by, until, why });
    let summary = shell.run(&plan);
    assert_eq!(outcome(&summary, "a"), Some(Outcome::Deferred { until }));
    assert_eq!(summary.end, RunEnd::Degraded);
    assert!(done(&summary, "c") && outcome(&summary, "b").is_none());
}

/// Proves: F31. A person may give up the graceful way at any time, of one step or of all.
#[test]
fn a_person_switches_to_the_ungraceful_way_in_flight() {
    for which in [Which::Step("a".into()), Which::All] {
        let all = which == Which::All;
        let plan = plan(vec![
            ungraceful("a", &[], put_way("slow"), put_way("a")),
            ungraceful("b", &["a"], put_way("slower"), put_way("b")),
        ]);
        let mut shell = Shell::new(World::new());
        for slow in ["slow", "slower"] {
            shell.world.takes.insert(slow.to_owned(), SignedDuration::from_secs(300));
        }
        shell.at(2, Input::Switch { which, by: "ann".to_owned(), why: "no time".to_owned() });
        let summary = shell.run(&plan);
        assert!(done(&summary, "a") && done(&summary, "b"));
        assert_eq!(shell.world.things.contains_key("slower"), !all);
        assert!(shell.lines.contains(r#""switched":{"by":"ann","why":"no time"}"#));
    }
}

/// Proves: F30. An approval is asked for by name, and only those who may answer are heard.
#[test]
fn an_approval_is_waited_for() {
    let mut asking = ask_way("fail over?");
    if let Action::Ask(question) = &mut asking.action {
        question.approvers = vec!["ann".to_owned()];
    }
    for answer in [Decision::Approved, Decision::Declined] {
        let plan = plan(vec![step("ask", &[], asking.clone()), put("a", &["ask"])]);
        let mut shell = Shell::new(World::new());
        shell.person = Box::new(move |_, _, _, _| Some((SignedDuration::from_secs(90), answer)));
        let summary = shell.run(&plan);
        assert_eq!(shell.asked, ["fail over?"]);
        if answer == Decision::Approved {
            assert!(done(&summary, "ask") && done(&summary, "a"));
            assert!(shell.world.acts[0].0 >= epoch() + SignedDuration::from_secs(90));
        } else {
            assert_eq!(failed(&summary, "ask"), "declined by ann");
            assert_eq!(outcome(&summary, "a"), None);
        }
    }
    if let Action::Ask(question) = &mut asking.action {
        question.approvers = vec!["somebody else".to_owned()];
    }
    let plan = plan(vec![step("ask", &[], asking)]);
    let mut shell = Shell::new(World::new());
    shell.person = Box::new(|_, _, _, _| Some((SignedDuration::from_secs(9), Decision::Approved)));
    let summary = shell.run(&plan);
    assert!(failed(&summary, "ask").contains("nobody answered in time"));
    assert!(shell.lines.contains("is not among the approvers"));
}

/// Proves: F30. What the engine asks by itself is answered by the plan's approvers, and by nobody else.
#[test]
fn only_approvers_answer_what_the_engine_asks() {
    let unclear = || {
        let mut shell = Shell::new(World::new());
        fault(&mut shell.world, "POST /subscriptions/s/counters/count/bump", &[Fault::LostOnTheWay]);
        (plan(vec![step("count", &[], bump_way("count"))]), shell)
    };
    let broken = || {
        let mut shell = Shell::new(World::new());
        fault(&mut shell.world, PUT_A, &[Fault::Refused(403, "AuthorizationFailed", None)]);
        let way = Way { on_failure: OnFailure::Ask, ..put_way("a") };
        (plan(vec![step("a", &[], way), put("b", &["a"])]), shell)
    };
    let questions: [&dyn Fn() -> (Plan, Shell); 2] = [&unclear, &broken];
    for (question, asks) in questions.into_iter().zip(["Send it again?", "Go on without it?"]) {
        for (by, heard) in [("ann", true), ("eve", false)] {
            let (mut plan, mut shell) = question();
            plan.policy.approvers = vec!["ann".to_owned(), "bob".to_owned()];
            shell.by = by;
            shell.person = Box::new(|_, _, _, _| Some((SignedDuration::from_secs(9), Decision::Approved)));
            let ended = shell.try_run(&plan);
            assert_eq!(shell.asked.iter().filter(|text| text.contains(asks)).count(), 1, "{:?}", shell.asked);
            let decided = |record: &Record| matches!(&record.event, Event::Step { change: StepEvent::Decided { by, .. }, .. } if by == "ann");
            assert_eq!(shell.records().iter().any(decided), heard, "{asks} {by}");
            let refused = "`eve` answered but is not among the approvers: `ann`, `bob`";
            assert_eq!(shell.lines.contains(refused), !heard, "{asks} {by}");
            let went_on = ended.is_some_and(|(_, summary)| done(&summary, "count") || done(&summary, "b"));
            assert_eq!(went_on, heard, "{asks} {by}");
        }
    }
}
