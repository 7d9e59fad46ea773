//! Steps that a stage brings at run time.

use jiff::SignedDuration;
use lifeboat_arm::Region;
use lifeboat_engine::{Expansion, Input, RunEnd};
use lifeboat_plan::{Action, Condition, Is, Need, Places, Stage, StepId, Threshold};

use crate::asserts::{done, failed, fault, outcome};
use crate::plans::{plan, put, read, read_of, step, way};
use crate::shell::Shell;
use crate::world::{Fault, World};

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
