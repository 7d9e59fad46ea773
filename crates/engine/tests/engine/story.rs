//! One story per behaviour.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use lifeboat_arm::{Answer, Method, Region};
use lifeboat_engine::{
    Decision, Event, Expansion, Input, Outcome, RunEnd, StepEvent, StepState, Summary, Which,
};
use lifeboat_plan::{
    Action, CallDraft, Capture, CaptureFrom, Condition, Draft, Hole, Is, Need, OnFailure, Piece, Places,
    Repeat, SecretRef, Stage, Step, StepId, Text, Threshold, Transfer, Way,
};
use serde_json::{Value, json};

use crate::plans::{
    ask_way, blind_bump_way, bump_way, plan, put, put_way, read, read_of, state_is, step, thing_path, way,
};
use crate::world::{Fault, Shell, World, epoch};

fn outcome(summary: &Summary, step: &str) -> Option<Outcome> {
    summary.outcomes.get(&StepId::from(step)).cloned()
}

fn done(summary: &Summary, step: &str) -> bool {
    outcome(summary, step) == Some(Outcome::Done)
}

fn failed(summary: &Summary, step: &str) -> String {
    match outcome(summary, step) {
        Some(Outcome::Failed { why }) => why,
        other => panic!("`{step}`: {other:?}"),
    }
}

fn fault(world: &mut World, request: &str, faults: &[Fault]) {
    world.faults.insert(request.to_owned(), faults.iter().cloned().collect());
}

fn changes(shell: &Shell, step: &str) -> Vec<StepEvent> {
    shell
        .records()
        .into_iter()
        .filter_map(|record| match record.event {
            Event::Step { step: id, change } if id.as_str() == step => Some(change),
            _ => None,
        })
        .collect()
}

fn ungraceful(id: &str, after: &[&str], graceful: Way, other: Way) -> Step {
    Step { ungraceful: Some(other), ..step(id, after, graceful) }
}

const PUT_A: &str = "PUT /subscriptions/s/things/a";
const GET_A: &str = "GET /subscriptions/s/things/a";
const BUMP: &str = "POST /subscriptions/s/counters/count/bump";

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

#[test]
fn an_operation_that_fails_fails_its_step() {
    let plan = plan(vec![put("a", &[]), put("b", &["a"])]);
    let mut shell = Shell::new(World::new());
    shell.world.by_operation = true;
    shell.world.failing.insert("a".to_owned());
    let summary = shell.run(&plan);
    assert!(failed(&summary, "a").contains("Broken"), "{summary:?}");
    assert_eq!(summary.not_started.get(&StepId::from("b")), Some(&StepId::from("a")));
    assert_eq!(summary.end, RunEnd::Failed);
}

/// Proves: F29. A harmless request whose answer was lost is looked for, and sent again only if it shows nowhere.
#[test]
fn a_lost_harmless_request_is_sent_again_only_if_it_shows_nowhere() {
    for (how, requests) in [(Fault::LostOnTheWay, 2), (Fault::AnswerLost, 1)] {
        for repeat in [Repeat::Harmless, Repeat::Keyed] {
            let plan = plan(vec![step("a", &[], Way { repeat, ..put_way("a") })]);
            let mut shell = Shell::new(World::new());
            fault(&mut shell.world, PUT_A, std::slice::from_ref(&how));
            let summary = shell.run(&plan);
            assert!(done(&summary, "a"), "{summary:?}");
            assert_eq!(summary.requests, requests, "{how:?}");
            let intents = changes(&shell, "a")
                .iter()
                .filter(|change| matches!(change, StepEvent::Intended { .. }))
                .count();
            assert_eq!(intents, 1, "one intent, however often it is sent");
        }
    }
}

/// Proves: F29. A request that may not be repeated is left to a person, who is told what nobody knows.
#[test]
fn a_lost_request_that_may_not_be_repeated_is_left_to_a_person() {
    // (how it is lost, what the person says, requests, counter, outcome)
    let cases = [
        (Fault::LostOnTheWay, Decision::Approved, 2, 1, Outcome::Done),
        (Fault::LostOnTheWay, Decision::Declined, 1, 0, Outcome::OutcomeUnknown),
        (Fault::AnswerLost, Decision::Declined, 1, 1, Outcome::OutcomeUnknown),
    ];
    for (how, answer, requests, counter, wanted) in cases {
        let plan = plan(vec![step("count", &[], blind_bump_way("count"))]);
        let mut shell = Shell::new(World::new());
        fault(&mut shell.world, BUMP, std::slice::from_ref(&how));
        shell.person = Box::new(move |_, _, _, _| Some((SignedDuration::from_secs(60), answer)));
        let summary = shell.run(&plan);
        assert_eq!(outcome(&summary, "count"), Some(wanted), "{how:?}");
        assert_eq!(summary.requests, requests);
        assert_eq!(shell.world.counters.get("count").copied().unwrap_or(0), counter);
        assert!(shell.asked[0].contains("the answer to request 1 was lost"), "{:?}", shell.asked);
    }
}

#[test]
fn a_lost_request_that_shows_asks_nobody() {
    let plan = plan(vec![step("count", &[], bump_way("count"))]);
    let mut shell = Shell::new(World::new());
    fault(&mut shell.world, BUMP, &[Fault::AnswerLost]);
    let summary = shell.run(&plan);
    assert!(done(&summary, "count"));
    assert!(shell.asked.is_empty());
    assert_eq!(shell.world.counters["count"], 1);
}

/// Proves: F31. Each wait has a deadline, and the other way was chosen in advance.
#[test]
fn at_the_deadline_the_ungraceful_way_takes_over_if_it_may() {
    let graceful = Way { deadline: SignedDuration::from_mins(2), ..put_way("dead") };
    for may_switch in [true, false] {
        let mut plan = plan(vec![ungraceful("a", &[], graceful.clone(), put_way("a"))]);
        plan.policy.may_switch = may_switch;
        let mut shell = Shell::new(World::new());
        shell.world.dead.insert("dead".to_owned());
        let summary = shell.run(&plan);
        if may_switch {
            assert!(done(&summary, "a"), "{summary:?}");
            assert!(shell.now.duration_since(epoch()) < SignedDuration::from_secs(150));
        } else {
            assert!(failed(&summary, "a").contains("deadline"), "{summary:?}");
        }
        assert_eq!(summary.requests, u64::from(may_switch), "nothing was sent to what does not answer");
    }
}

#[test]
fn what_is_refused_for_good_gives_way_to_the_other_way() {
    let plan = plan(vec![ungraceful("a", &[], put_way("a"), put_way("b"))]);
    let mut shell = Shell::new(World::new());
    fault(&mut shell.world, PUT_A, &[Fault::Refused(400, "BadRequest", None)]);
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"));
    assert!(shell.world.things.contains_key("b") && !shell.world.things.contains_key("a"));
}

/// Somebody puts it while our request travels: the look before it saw nothing, the look after it does.
#[test]
fn what_was_refused_because_somebody_else_did_it_is_done() {
    let plan = plan(vec![put("a", &[])]);
    let mut shell = Shell::new(World::new());
    fault(&mut shell.world, PUT_A, &[Fault::Refused(409, "AlreadyFailedOver", None)]);
    fault(&mut shell.world, GET_A, &[Fault::Refused(404, "NotFound", None)]);
    shell.world.handle(&lifeboat_arm::Call::arm(Method::Put, thing_path("a"), None), epoch());
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"), "{summary:?}");
    assert_eq!(summary.requests, 1);
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

fn half_ready(on_failure: OnFailure) -> lifeboat_plan::Plan {
    let most = Condition::Each {
        read: read("things"),
        list: "/value".to_owned(),
        holds: vec![("/properties/state".to_owned(), Is::Equal("Ready".into()))],
        at_least: Threshold::Count(4),
    };
    let waiting = Way { deadline: SignedDuration::from_mins(3), on_failure, ..way(Action::Wait, most) };
    plan(vec![put("a", &[]), put("b", &[]), step("most", &["a", "b"], waiting), put("c", &["most"])])
}

#[test]
fn what_is_done_in_part_at_the_deadline_is_degraded() {
    for (on_failure, end, goes_on) in
        [(OnFailure::Continue, RunEnd::Degraded, true), (OnFailure::Stop, RunEnd::Failed, false)]
    {
        let mut shell = Shell::new(World::new());
        let summary = shell.run(&half_ready(on_failure));
        assert_eq!(outcome(&summary, "most"), Some(Outcome::Degraded { have: 2, want: 4 }));
        assert_eq!(summary.end, end);
        assert_eq!(outcome(&summary, "c").is_some(), goes_on);
    }
}

#[test]
fn a_person_decides_about_what_is_degraded() {
    for (answer, wanted) in [
        (Decision::Approved, Outcome::Degraded { have: 2, want: 4 }),
        (Decision::Declined, Outcome::Stuck { why: "2 of 4".to_owned() }),
    ] {
        let mut shell = Shell::new(World::new());
        shell.person = Box::new(move |_, _, _, _| Some((SignedDuration::from_secs(5), answer)));
        let summary = shell.run(&half_ready(OnFailure::Ask));
        assert_eq!(outcome(&summary, "most"), Some(wanted));
        assert_eq!(outcome(&summary, "c").is_some(), answer == Decision::Approved);
    }
}

#[test]
fn after_a_failure_independent_branches_finish() {
    for (on_failure, goes_on) in
        [(OnFailure::Stop, false), (OnFailure::Continue, true), (OnFailure::Ask, true)]
    {
        let mut first = put("a", &[]);
        first.graceful.on_failure = on_failure;
        let plan = plan(vec![first, put("b", &["a"]), put("c", &[]), put("d", &["c"])]);
        let mut shell = Shell::new(World::new());
        shell.person = Box::new(|_, _, _, _| Some((SignedDuration::from_secs(5), Decision::Approved)));
        fault(&mut shell.world, PUT_A, &[Fault::Refused(403, "AuthorizationFailed", None)]);
        let summary = shell.run(&plan);
        assert!(failed(&summary, "a").contains("AuthorizationFailed"));
        assert_eq!(done(&summary, "b"), goes_on, "{on_failure:?}");
        assert!(done(&summary, "d"));
        assert_eq!(shell.asked.len(), usize::from(on_failure == OnFailure::Ask));
    }
}

/// Proves: P6. A refusal for now is waited out as long as the server says.
#[test]
fn retry_after_is_obeyed_and_the_intent_stays_one() {
    let plan = plan(vec![put("a", &[])]);
    let mut shell = Shell::new(World::new());
    let later = |code| Fault::Refused(429, code, Some(30));
    fault(
        &mut shell.world,
        PUT_A,
        &[later("TooManyRequests"), Fault::Refused(409, "AnotherOperationInProgress", None)],
    );
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"));
    assert_eq!(summary.requests, 3);
    let records = shell.records();
    let at = |wanted: fn(&StepEvent) -> bool| {
        records
            .iter()
            .find(|record| matches!(&record.event, Event::Step { change, .. } if wanted(change)))
            .unwrap()
            .at
    };
    let put_off = at(|change| matches!(change, StepEvent::PutOff { .. }));
    let again = at(|change| matches!(change, StepEvent::Sending { attempt: 2 }));
    assert!(again.duration_since(put_off) >= SignedDuration::from_secs(30));
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

fn staged(needs: &[Need]) -> (lifeboat_plan::Plan, Expansion) {
    let stage = Stage {
        name: "tiny/all".to_owned(),
        reads: [read("things")].into(),
        needs: needs.iter().cloned().collect(),
    };
    let all = Condition::Each {
        read: read("things"),
        list: "/value".to_owned(),
        holds: vec![("/properties/state".to_owned(), Is::Equal("Ready".into()))],
        at_least: Threshold::Count(3),
    };
    let plan = plan(vec![
        put("a", &[]),
        step("stage", &["a"], way(Action::Expand(stage), all)),
        put("z", &["stage"]),
    ]);
    let expansion = Expansion {
        steps: vec![put("b", &[]), put("c", &["b"])],
        reads: ["b", "c"].map(|name| (read(name), read_of(name))).into(),
        places: Places::default(),
    };
    (plan, expansion)
}

#[test]
fn a_stage_brings_steps_and_what_waits_for_it_waits_for_them() {
    let (plan, expansion) = staged(&[]);
    let mut shell = Shell::new(World::new());
    shell.planner = Box::new(move |stage, seen| {
        assert_eq!(stage.name, "tiny/all");
        assert!(seen[&read("things")].body["value"].is_array());
        Ok(expansion.clone())
    });
    let (engine, summary) = shell.try_run(&plan).unwrap();
    assert_eq!(summary.end, RunEnd::Done, "{summary:?}");
    let order: Vec<&str> = shell.sent.iter().map(StepId::as_str).collect();
    assert_eq!(order, ["a", "b", "c", "z"]);
    assert_eq!(engine.state(&"b".into()).unwrap().parent, Some(&"stage".into()));
}

/// Proves: F1, F17 (at run time). A stage never brings what the plan's reader was not told.
#[test]
fn an_expansion_outside_its_stage_is_refused() {
    let europe = Region::parse("westeurope").unwrap();
    let check = |change: &dyn Fn(&mut Expansion), why: &str| {
        let (plan, mut expansion) = staged(&[]);
        change(&mut expansion);
        let mut shell = Shell::new(World::new());
        shell.planner = Box::new(move |_, _| Ok(expansion.clone()));
        let summary = shell.run(&plan);
        assert!(failed(&summary, "stage").contains(why), "{why}: {summary:?}");
        assert_eq!(summary.requests, 1, "{why}: nothing of it was sent");
    };
    check(
        &|expansion| {
            expansion.steps[0].graceful.needs.insert(Need::ControlPlane(europe.clone()));
        },
        "`b` needs the control plane of westeurope",
    );
    check(&|expansion| expansion.steps[0].id = "a".into(), "gives the id `a` to another step");
    check(&|expansion| expansion.steps[0].after.extend([StepId::from("z")]), "wait for each other");
    check(&|expansion| expansion.steps[0].after.extend([StepId::from("c")]), "wait for each other");
    check(&|expansion| expansion.steps[0].after.extend([StepId::from("nobody")]), "not in the plan");
    check(&|expansion| expansion.reads.clear(), "nobody declares");
    check(&|expansion| drop(expansion.reads.insert(read("a"), read_of("b"))), "declares the read `a` anew");
}

/// What a stage brought and what never began has nobody who could start it once the stage is left out.
#[test]
fn a_stage_may_be_skipped_while_its_steps_run() {
    let (plan, expansion) = staged(&[]);
    let mut shell = Shell::new(World::new());
    shell.world.takes.insert("b".to_owned(), SignedDuration::from_secs(300));
    shell.planner = Box::new(move |_, _| Ok(expansion.clone()));
    let (by, why) = ("ann".to_owned(), "by hand".to_owned());
    shell.at(30, Input::Skip { step: "stage".into(), by, why });
    let summary = shell.run(&plan);
    assert!(done(&summary, "b") && done(&summary, "z"), "{summary:?}");
    assert_eq!(summary.not_started.get(&"c".into()), Some(&"stage".into()));
}

#[test]
fn a_stage_fails_with_its_steps() {
    let (plan, expansion) = staged(&[]);
    let mut shell = Shell::new(World::new());
    shell.planner = Box::new(move |_, _| Ok(expansion.clone()));
    fault(&mut shell.world, "PUT /subscriptions/s/things/b", &[Fault::Refused(400, "BadRequest", None)]);
    let summary = shell.run(&plan);
    assert!(failed(&summary, "stage").contains("`b` failed"), "{summary:?}");
    assert_eq!(outcome(&summary, "z"), None);
}

pub(crate) fn pumping() -> lifeboat_plan::Plan {
    let transfer = Transfer {
        from_host: "old.example".into(),
        from_paths: vec!["orders".to_owned()],
        to_host: "new.example".into(),
        to_path: "orders".to_owned(),
        key: "MessageId".to_owned(),
    };
    let empty = Condition::equal(&read("items"), "/left", Value::from(0));
    plan(vec![step("drain", &[], way(Action::Pump(transfer), empty))])
}

#[test]
fn items_are_moved_in_batches_with_their_watermark_journaled() {
    let mut shell = Shell::new(World::new());
    shell.world.items = (1..=8).collect();
    let (engine, summary) = shell.try_run(&pumping()).unwrap();
    assert!(done(&summary, "drain"), "{summary:?}");
    assert_eq!(shell.world.moved, (1..=8).collect::<Vec<_>>());
    assert_eq!(engine.state(&"drain".into()).unwrap().moved, (8, 0));
    let marks: Vec<String> = changes(&shell, "drain")
        .into_iter()
        .filter_map(|change| match change {
            StepEvent::Moved { watermark, .. } => Some(watermark),
            _ => None,
        })
        .collect();
    assert_eq!(marks, ["3", "6", "8"]);
}

#[test]
fn captures_fill_holes_and_secrets_never_reach_the_journal() {
    let secret = SecretRef { path: "/subscriptions/s/keys".to_owned(), pointer: "/key".to_owned() };
    let mut first = put_way("a");
    first.captures = vec![
        Capture { name: "name".to_owned(), from: CaptureFrom::Answer("/name".to_owned()), secret: false },
        Capture {
            name: "count".to_owned(),
            from: CaptureFrom::Read(read("count"), "/count".to_owned()),
            secret: false,
        },
        Capture {
            name: "hidden".to_owned(),
            from: CaptureFrom::Read(read("count"), "/count".to_owned()),
            secret: true,
        },
    ];
    let hole = |name: &str| Draft::Hole(Hole::Captured("a".into(), name.to_owned()));
    let body = Draft::Object(BTreeMap::from([
        ("name".to_owned(), hole("name")),
        (
            "count".to_owned(),
            Draft::Hole(Hole::Add(Box::new(Hole::Captured("a".into(), "count".to_owned())), 100)),
        ),
        ("hidden".to_owned(), hole("hidden")),
        ("fact".to_owned(), Draft::Hole(Hole::Fact("known".to_owned()))),
        ("key".to_owned(), Draft::Text(Text::of([Piece::Hole(Hole::Secret(secret))]))),
    ]));
    let second = Way {
        action: Action::Send(CallDraft::arm(Method::Put, thing_path("b"), Some(body))),
        ..put_way("b")
    };
    let mut plan = plan(vec![step("a", &[], first), step("b", &["a"], second)]);
    plan.reads.insert(read("count"), read_of("count"));
    let mut shell = Shell::new(World::new());
    shell.world.counters.insert("count".to_owned(), 4242);
    shell.facts.insert("known".to_owned(), json!("a fact"));
    let summary = shell.run(&plan);
    assert_eq!(summary.end, RunEnd::Done, "{summary:?}");
    assert_eq!(
        shell.world.things["b"].body,
        json!({"name": "a", "count": 4342, "hidden": 4242, "fact": "a fact", "key": "key of /subscriptions/s/keys"})
    );
    assert!(!shell.lines.contains("key of"), "the secret is not in the journal");
    assert!(!shell.lines.contains("hidden\":4242"), "nor is the private capture");
}

#[test]
fn a_hole_that_nothing_fills_fails_before_anything_is_sent() {
    let body = Draft::Hole(Hole::Fact("nobody-knows".to_owned()));
    let blind = Way {
        action: Action::Send(CallDraft::arm(Method::Put, thing_path("a"), Some(body))),
        ..put_way("a")
    };
    let summary = Shell::new(World::new()).run(&plan(vec![step("a", &[], blind)]));
    assert_eq!(failed(&summary, "a"), "nothing fills the hole ‹fact nobody-knows›");
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
