//! Steps that a stage brings at run time.

use jiff::SignedDuration;
use lifeboat_arm::Region;
use lifeboat_engine::{Event, Expansion, Input, Outcome, RunEnd, StepEvent, Which};
use lifeboat_plan::{Action, Capture, CaptureFrom, Condition, Is, Need, Places, Stage, StepId, Threshold};
use serde_json::Value;

use crate::asserts::{done, failed, fault, outcome};
use crate::plans::{plan, put, put_way, read, read_of, state_is, step, way};
use crate::shell::{Crash, Shell};
use crate::world::{Fault, Thing, World, epoch};

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

/// What forbids a stage forbids each of its steps when it is to act: the world may change while the steps before it run.
#[test]
fn what_forbids_a_stage_forbids_its_steps() {
    let (mut plan, expansion) = staged(&[]);
    let flag =
        Condition::Never { seen: Box::new(state_is("flag", "Ready")), why: "the flag is up".to_owned() };
    let stage = &mut plan.steps[1].graceful;
    stage.done_when = Condition::All(vec![flag, stage.done_when.clone()]);
    plan.reads.insert(read("flag"), read_of("flag"));
    let mut shell = Shell::new(World::new());
    let ready_at = epoch() + SignedDuration::from_secs(60);
    shell.world.things.insert("flag".to_owned(), Thing { ready_at, fails: false, body: Value::Null });
    shell.world.takes.insert("b".to_owned(), SignedDuration::from_secs(300));
    shell.planner = Box::new(move |_, _| Ok(expansion.clone()));
    let summary = shell.run(&plan);
    assert!(done(&summary, "b"), "{summary:?}");
    assert_eq!(failed(&summary, "c"), "the flag is up");
    assert!(!shell.sent.contains(&"c".into()) && !shell.sent.contains(&"z".into()), "{:?}", shell.sent);
}

/// A lost request is not sent again while nobody can see whether its stage has been forbidden meanwhile.
#[test]
fn nothing_is_sent_again_while_what_forbids_it_cannot_be_seen() {
    let (mut plan, expansion) = staged(&[]);
    let flag =
        Condition::Never { seen: Box::new(state_is("flag", "Ready")), why: "the flag is up".to_owned() };
    let stage = &mut plan.steps[1].graceful;
    stage.done_when = Condition::All(vec![flag, stage.done_when.clone()]);
    plan.reads.insert(read("flag"), read_of("flag"));
    let again = |dark: bool| {
        let mut shell = Shell::new(World::new());
        fault(&mut shell.world, "PUT /subscriptions/s/things/b", &[Fault::LostOnTheWay]);
        // Seen once before the stage and once before the step; dark from then on, if it is to be.
        let lit = if dark { 2 } else { 1000 };
        let mut faults = vec![Fault::Refused(404, "NotFound", None); lit];
        faults.extend(vec![Fault::Refused(503, "ServerBusy", None); 1000]);
        fault(&mut shell.world, "GET /subscriptions/s/things/flag", &faults);
        let expansion = expansion.clone();
        shell.planner = Box::new(move |_, _| Ok(expansion.clone()));
        let summary = shell.run(&plan);
        (shell.sent.iter().filter(|step| step.as_str() == "b").count(), done(&summary, "b"))
    };
    assert_eq!(again(false), (2, true));
    assert_eq!(again(true), (1, false));
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
    let hidden = || read("hidden");
    check(
        &|expansion| {
            let from = CaptureFrom::Read(hidden(), "/count".to_owned());
            let capture = Capture { name: "n".to_owned(), from, secret: false };
            expansion.steps[0].graceful.captures.push(capture);
        },
        "`b` looks at `hidden`, which nobody declares",
    );
    check(
        &|expansion| {
            let name = "tiny/more".to_owned();
            let stage = Stage { name, reads: [hidden()].into(), needs: [].into() };
            expansion.steps[0].graceful.action = Action::Expand(stage);
        },
        "`b` looks at `hidden`, which nobody declares",
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

/// A plan whose stage has another way, and brings a stage itself. Each thing takes 10 s.
fn staged_with_another_way() -> (lifeboat_plan::Plan, Shell) {
    let (mut plan, outer) = staged(&[]);
    plan.steps[1].ungraceful = Some(put_way("other"));
    plan.reads.insert(read("other"), read_of("other"));
    let stage = Stage { name: "tiny/inner".to_owned(), reads: [read("things")].into(), needs: [].into() };
    let inner = Expansion {
        steps: vec![put("d", &[]), put("e", &["d"])],
        reads: ["d", "e"].map(|name| (read(name), read_of(name))).into(),
        places: Places::default(),
    };
    let mut shell = Shell::new(World::new());
    for name in ["a", "b", "c", "d", "e", "other"] {
        shell.world.takes.insert(name.to_owned(), SignedDuration::from_secs(10));
    }
    shell.planner = Box::new(move |known, _| {
        let mut steps = outer.clone();
        steps.steps.push(step("inner", &[], way(Action::Expand(stage.clone()), state_is("b", "Ready"))));
        Ok(if known.name == "tiny/all" { steps } else { inner.clone() })
    });
    (plan, shell)
}

const CHILDREN: [&str; 5] = ["b", "c", "inner", "d", "e"];

/// Proves: F31. Whoever gives up a stage's graceful way gives up the steps that it brought: what is done stays done, the
/// rest is left out by name, and nothing of it begins any more.
#[test]
fn a_stage_that_is_switched_abandons_its_steps() {
    // (seconds until the switch, which of the stage's steps are known by then, which of them are done)
    let cases: [(i64, &[&str], &[&str]); 4] =
        [(5, &[], &[]), (18, &CHILDREN, &[]), (30, &CHILDREN, &["b", "d"]), (300, &CHILDREN, &CHILDREN)];
    for (seconds, known, finished) in cases {
        let (plan, mut shell) = staged_with_another_way();
        let (by, why) = ("ann".to_owned(), "no time".to_owned());
        shell.at(seconds, Input::Switch { which: Which::Step("stage".into()), by, why });
        let (engine, summary) = shell.try_run(&plan).unwrap();
        assert!(done(&summary, "z"), "{seconds}: {summary:?}");
        for child in CHILDREN {
            let outcome = engine.state(&child.into()).map(|view| view.outcome().cloned());
            let wanted = known.contains(&child).then(|| {
                let why = "`stage` took its other way: no time".to_owned();
                let skipped = Outcome::Skipped { by: "ann".to_owned(), why };
                Some(if finished.contains(&child) { Outcome::Done } else { skipped })
            });
            assert_eq!(outcome, wanted, "{seconds}: {child}");
        }
        let at = epoch() + SignedDuration::from_secs(seconds);
        let late = shell.world.acts.iter().filter(|(when, _)| *when > at);
        let late: Vec<_> = late.filter(|(_, act)| !act.ends_with("/other") && !act.ends_with("/z")).collect();
        assert!(late.is_empty() || seconds < 10, "{seconds}: {late:?}");
        let whole = known.len() == finished.len();
        assert_eq!(summary.end, if whole { RunEnd::Done } else { RunEnd::Degraded }, "{seconds}");
    }
}

/// The same wherever the process dies: the switch and what it abandons are one record.
#[test]
fn a_crash_never_separates_a_switch_from_what_it_abandons() {
    let switched = |crash| {
        let (plan, mut shell) = staged_with_another_way();
        let (by, why) = ("ann".to_owned(), "no time".to_owned());
        shell.at(18, Input::Switch { which: Which::All, by, why });
        shell.crash = crash;
        let summary = shell.run(&plan);
        (shell, summary)
    };
    let points = switched(None).0.points;
    for point in 1..=points {
        for how in [Crash::Before, Crash::After, Crash::Answered] {
            let name = format!("crash {how:?} effect {point} of {points}");
            let (shell, summary) = switched(Some((point, how)));
            assert_eq!(summary.not_started, [].into(), "{name}");
            let fine = |outcome: &Outcome| {
                outcome.is_good() || matches!(outcome, Outcome::Skipped { by, .. } if by == "ann")
            };
            assert!(summary.outcomes.values().all(fine), "{name}: {summary:?}");
            let after = shell.records().into_iter().skip_while(|record| {
                !matches!(&record.event, Event::Step { change: StepEvent::Switched { .. }, .. })
            });
            for record in after {
                let Event::Step { step, .. } = record.event else { continue };
                assert!(!CHILDREN.contains(&step.as_str()), "{name}: `{step}` went on");
            }
        }
    }
}

/// A stage that fails with one of its steps takes its other way by itself, and the run does not fail because of a step
/// that nobody needs any more.
#[test]
fn a_stage_whose_step_fails_takes_its_other_way() {
    let (plan, mut shell) = staged_with_another_way();
    fault(&mut shell.world, "PUT /subscriptions/s/things/b", &[Fault::Refused(400, "BadRequest", None)]);
    let summary = shell.run(&plan);
    assert_eq!((summary.end, summary.not_started.len()), (RunEnd::Degraded, 0), "{summary:?}");
    assert!(done(&summary, "stage") && done(&summary, "z"));
    let Some(Outcome::Skipped { by, why }) = outcome(&summary, "b") else { panic!("{summary:?}") };
    assert!(by == "policy" && why.contains("`b` failed") && why.contains("BadRequest"), "{by}: {why}");
}
