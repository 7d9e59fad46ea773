//! Crash sweeps: the process dies before and after every write and every request, and another one takes over.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use lifeboat_engine::{Decision, Engine, Event, Expansion, Outcome, RecoverError, RunEnd, StepEvent, join};
use lifeboat_plan::{Action, Condition, Is, Places, Plan, Stage, Step, Threshold, Way};

use crate::plans::{
    ask_way, blind_bump_way, bump_way, plan, put, put_way, read, read_of, state_is, step, way,
};
use crate::shell::{Crash, Shell};
use crate::world::World;

/// Puts, a request that may not be repeated (seen and unseen), a question, a stage, a transfer's end and two ways.
fn rich() -> Plan {
    let all = Condition::Each {
        read: read("things"),
        list: "/value".to_owned(),
        holds: vec![("/properties/state".to_owned(), Is::Equal("Ready".into()))],
        at_least: Threshold::Count(4),
    };
    let stage = Stage { name: "more".to_owned(), reads: [read("things")].into(), needs: [].into() };
    let dead = Way { deadline: SignedDuration::from_secs(90), ..put_way("dead") };
    plan(vec![
        put("a", &[]),
        step("count", &["a"], bump_way("count")),
        step("count-blind", &["a"], blind_bump_way("count-blind")),
        step("ask", &["count"], ask_way("go on?")),
        step("stage", &["ask"], way(Action::Expand(stage), all)),
        Step { ungraceful: Some(put_way("b")), ..step("b", &["stage"], dead) },
        step("wait", &["b", "count-blind"], way(Action::Wait, state_is("b", "Ready"))),
    ])
}

fn shell(by_operation: bool) -> Shell {
    let mut world = World::new();
    world.by_operation = by_operation;
    world.dead.insert("dead".to_owned());
    let mut shell = Shell::new(world);
    shell.planner = Box::new(|_, _| {
        Ok(Expansion {
            steps: vec![put("x", &[]), put("y", &["x"]), put("z", &[])],
            reads: ["x", "y", "z"].map(|name| (read(name), read_of(name))).into(),
            places: Places::default(),
        })
    });
    // The person looks before answering, which is the whole point of asking.
    shell.person = Box::new(|world, _, step, text| {
        let bumped = world.counters.get(step.as_str()).is_some_and(|count| *count > 0);
        let answer = if text.contains("lost") && bumped { Decision::Declined } else { Decision::Approved };
        Some((SignedDuration::from_secs(30), answer))
    });
    shell
}

type Things = (BTreeMap<String, bool>, BTreeMap<String, u32>);

fn world_of(shell: &Shell) -> Things {
    let things = shell.world.things.keys();
    (
        things.map(|name| (name.clone(), shell.world.is_ready(name, shell.now))).collect(),
        shell.world.counters.clone(),
    )
}

/// Proves: F14, F27, F29. Wherever the process dies, the run goes on to the same end, nothing that may not be repeated
/// happens twice, and nothing starts before what it waits for.
#[test]
fn a_crash_anywhere_changes_nothing_in_the_world() {
    for by_operation in [false, true] {
        let plan = rich();
        let mut calm = shell(by_operation);
        let summary = calm.run(&plan);
        assert_eq!(summary.end, RunEnd::Done, "{summary:?}");
        let wanted = world_of(&calm);
        let points = calm.points;
        assert!(points > 30, "{points}");
        for point in 1..=points {
            for how in [Crash::Before, Crash::After, Crash::Answered] {
                let mut shell = shell(by_operation);
                shell.crash = Some((point, how));
                let summary = shell.run(&plan);
                let name = format!("crash {how:?} effect {point} of {points}");
                assert_eq!(shell.crashes, 1, "{name}");
                assert_eq!(world_of(&shell), wanted, "{name}: {summary:?}");
                assert!(shell.world.counters.values().all(|count| *count <= 1), "{name}");
                let fine = |outcome: &Outcome| outcome.is_good() || *outcome == Outcome::OutcomeUnknown;
                let blind: lifeboat_plan::StepId = "count-blind".into();
                assert!(summary.outcomes.values().all(fine), "{name}: {summary:?}");
                for (step, outcome) in &summary.outcomes {
                    assert!(outcome.is_good() || *step == blind, "{name}: {step} {outcome}");
                }
                let puts = shell.world.acts.iter().filter(|(_, act)| act.starts_with("PUT")).count();
                assert!(puts <= 6, "{name}: a thing was put twice: {:?}", shell.world.acts);
            }
        }
    }
}

/// Proves: F29. However long nobody was there, whoever takes over looks before it judges: what was finished long ago is
/// done, and what was never sent is sent.
#[test]
fn a_takeover_after_every_deadline_looks_first() {
    for by_operation in [false, true] {
        let plan = plan(vec![put("a", &[]), step("count", &["a"], bump_way("count")), put("b", &["count"])]);
        let mut calm = shell(by_operation);
        calm.run(&plan);
        for point in 1..=calm.points {
            for how in [Crash::Before, Crash::After, Crash::Answered] {
                let mut shell = shell(by_operation);
                shell.crash = Some((point, how));
                shell.takeover_after = SignedDuration::from_hours(3);
                let summary = shell.run(&plan);
                let name = format!("crash {how:?} effect {point} of {}", calm.points);
                assert_eq!(shell.crashes, 1, "{name}");
                assert_eq!(summary.end, RunEnd::Done, "{name}: {summary:?}");
                assert_eq!(world_of(&shell), world_of(&calm), "{name}");
            }
        }
    }
}

/// A second crash while the first is being recovered from changes nothing either.
#[test]
fn two_crashes_in_a_row_are_survived() {
    let plan = rich();
    let mut calm = shell(false);
    calm.run(&plan);
    let wanted = world_of(&calm);
    for first in (1..=calm.points).step_by(3) {
        for second in [1, 2, 3, 5] {
            let mut shell = shell(false);
            shell.crash = Some((first, Crash::After));
            shell.crash_again = Some((first + second, Crash::After));
            let summary = shell.run(&plan);
            assert_eq!(world_of(&shell), wanted, "{first} + {second}: {summary:?}");
            assert!(shell.world.counters.values().all(|count| *count <= 1));
        }
    }
}

/// Proves: F29. Items go on from the watermark: at least once, and a repeated batch keeps its keys.
#[test]
fn a_transfer_goes_on_at_its_watermark() {
    let plan = crate::transfers::pumping();
    let mut calm = shell(false);
    calm.world.items = (1..=8).collect();
    calm.run(&plan);
    for point in 1..=calm.points {
        for how in [Crash::Before, Crash::After, Crash::Answered] {
            let mut shell = shell(false);
            shell.world.items = (1..=8).collect();
            shell.crash = Some((point, how));
            let summary = shell.run(&plan);
            assert!(summary.outcomes.values().all(Outcome::is_good), "{point} {how:?} {summary:?}");
            assert_eq!(shell.world.moved, (1..=8).collect::<Vec<_>>());
        }
    }
}

/// Operations whose URL is gone are followed by their conditions.
#[test]
fn without_the_kept_urls_conditions_tell() {
    let plan = plan(vec![put("a", &[])]);
    let mut calm = shell(true);
    calm.run(&plan);
    for point in 1..=calm.points {
        let mut shell = shell(true);
        shell.loses_urls = true;
        shell.crash = Some((point, Crash::After));
        let summary = shell.run(&plan);
        assert_eq!(summary.end, RunEnd::Done);
        assert_eq!(shell.world.acts.len(), 1, "{point}");
    }
}

/// Proves: F14. A takeover pins what it read; what the older executor writes afterwards does not count.
#[test]
fn records_of_an_executor_that_was_taken_over_from_do_not_count() {
    let plan = plan(vec![put("a", &[]), put("b", &["a"])]);
    let mut first = shell(false);
    first.run(&plan);
    let whole = first.records();
    let lines: Vec<&str> = first.lines.split_inclusive('\n').collect();
    let kept = 4;
    let settings = lifeboat_engine::Settings { epoch: 2, ..first.settings() };
    let urls = BTreeMap::new();
    let (_, effects) =
        Engine::recover(plan.clone(), &whole[..kept], &urls, settings.clone(), first.now).unwrap();
    let records = effects
        .iter()
        .find_map(|effect| match effect {
            lifeboat_engine::Effect::Write { records, .. } => Some(records.clone()),
            _ => None,
        })
        .unwrap();
    let Event::TookOver { former, .. } = &records[0].event else { panic!("{records:?}") };
    assert_eq!(former.records, kept as u64);
    assert_eq!(former.hash, lifeboat_engine::hash_of(lines[kept - 1]).unwrap());

    // The older executor goes on writing into its own file.
    let old_file: String = lines[..kept + 2].concat();
    let mut new_file = String::new();
    let mut hash = former.hash.clone();
    for record in &records {
        let line = lifeboat_engine::encode(&hash, record);
        hash = lifeboat_engine::hash_of(&line).unwrap().to_owned();
        new_file.push_str(&line);
    }
    let joined = join(&[&old_file, &new_file]).unwrap();
    assert_eq!(joined.late, whole[kept..kept + 2]);
    assert_eq!(joined.records.len(), kept + records.len());
    assert_eq!(joined.hash, hash);
    let third = lifeboat_engine::Settings { epoch: 3, ..settings.clone() };
    assert!(Engine::recover(plan.clone(), &joined.records, &urls, third.clone(), first.now).is_ok());

    let stale = Engine::recover(plan.clone(), &joined.records, &urls, settings, first.now);
    assert_eq!(stale.err(), Some(RecoverError::Stale { newest: 2, given: 2 }));
    let mut mixed = joined.records.clone();
    let mut late = whole[kept].clone();
    late.seq = mixed.len() as u64 + 1;
    mixed.push(late);
    let error = Engine::recover(plan, &mixed, &urls, third, first.now).err().unwrap();
    assert!(matches!(error, RecoverError::LateRecord { epoch: 1, newest: 2, .. }), "{error}");
}

/// Proves: F26. A run goes on with its own plan only, and under its own name.
#[test]
fn another_plan_is_refused() {
    let mine = plan(vec![put("a", &[])]);
    let other = plan(vec![put("b", &[])]);
    let mut shell = shell(false);
    shell.run(&mine);
    let settings = lifeboat_engine::Settings { epoch: 2, ..shell.settings() };
    let urls = BTreeMap::new();
    let recover = |plan: &Plan, records: &[_], settings: lifeboat_engine::Settings| {
        Engine::recover(plan.clone(), records, &urls, settings, shell.now).err()
    };
    let records = shell.records();
    assert!(matches!(recover(&other, &records, settings.clone()), Some(RecoverError::OtherPlan { .. })));
    let renamed = lifeboat_engine::Settings { run: lifeboat_engine::RunId::new("r-2"), ..settings.clone() };
    assert!(matches!(recover(&mine, &records, renamed), Some(RecoverError::OtherRun { .. })));
    assert_eq!(recover(&mine, &[], settings.clone()), Some(RecoverError::NotOpened));
    assert_eq!(recover(&mine, &records[1..], settings.clone()), Some(RecoverError::NotOpened));
    let mut hole = records.clone();
    hole.remove(2);
    assert!(matches!(recover(&mine, &hole, settings.clone()), Some(RecoverError::Broken { .. })));
    // A step that is done without ever having begun.
    let mut odd = records[..1].to_vec();
    let change = StepEvent::SeenDone { captured: BTreeMap::new() };
    odd.push(lifeboat_engine::Record {
        event: Event::Step { step: "a".into(), change },
        ..records[1].clone()
    });
    assert!(matches!(recover(&mine, &odd, settings.clone()), Some(RecoverError::Broken { .. })));
    // The finished run stays finished.
    let (engine, effects) = Engine::recover(mine, &records, &urls, settings, shell.now).unwrap();
    assert!(engine.is_finished());
    assert!(matches!(effects.as_slice(), [lifeboat_engine::Effect::Finished(_)]));
}
