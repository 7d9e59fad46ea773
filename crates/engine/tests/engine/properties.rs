//! Random plans in random worlds.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use lifeboat_engine::{Decision, Event, Input, Outcome, StepEvent, Which};
use lifeboat_plan::{OnFailure, Plan, Repeat, Step, StepId, Way};
use proptest::prelude::*;

use crate::plans::{bump_way, plan, put_way, step};
use crate::shell::{Crash, Shell};
use crate::world::{Fault, World};

/// One random step: its edges, what it does, what happens to its requests and looks.
#[derive(Debug, Clone)]
struct Draw {
    after: Vec<prop::sample::Index>,
    counts: bool,
    takes: i64,
    on_failure: u8,
    other_way: bool,
    faults: Vec<u8>,
    look_faults: Vec<u8>,
}

fn draw() -> impl Strategy<Value = Draw> {
    (
        prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        prop::bool::weighted(0.3),
        0_i64..90,
        0_u8..3,
        any::<bool>(),
        prop::collection::vec(0_u8..7, 0..4),
        prop::collection::vec(0_u8..4, 0..4),
    )
        .prop_map(|(after, counts, takes, on_failure, other_way, faults, look_faults)| Draw {
            after,
            counts,
            takes,
            on_failure,
            other_way,
            faults,
            look_faults,
        })
}

fn fault(number: u8) -> Option<Fault> {
    Some(match number {
        0 => Fault::LostOnTheWay,
        1 => Fault::AnswerLost,
        2 => Fault::Refused(429, "TooManyRequests", Some(11)),
        3 => Fault::Refused(503, "Busy", None),
        4 => Fault::Refused(500, "Internal", None),
        5 => Fault::Refused(400, "BadRequest", None),
        _ => return None,
    })
}

fn build(draws: &[Draw], faulty: bool) -> (Plan, World) {
    let mut world = World::new();
    let name = |nth: usize| {
        if draws[nth].counts { format!("count{nth:02}") } else { format!("t{nth:02}") }
    };
    let steps: Vec<Step> = draws
        .iter()
        .enumerate()
        .map(|(nth, draw)| {
            let id = name(nth);
            let after: Vec<String> =
                draw.after.iter().filter(|_| nth > 0).map(|index| name(index.index(nth))).collect();
            let after: Vec<&str> = after.iter().map(String::as_str).collect();
            let on_failure =
                [OnFailure::Stop, OnFailure::Continue, OnFailure::Ask][usize::from(draw.on_failure)];
            let way = if draw.counts { bump_way(&id) } else { put_way(&id) };
            world.takes.insert(id.clone(), SignedDuration::from_secs(draw.takes));
            if faulty {
                let request = if draw.counts {
                    format!("POST /subscriptions/s/counters/{id}/bump")
                } else {
                    format!("PUT /subscriptions/s/things/{id}")
                };
                let kind = if draw.counts { "counters" } else { "things" };
                world
                    .faults
                    .insert(request, draw.faults.iter().filter_map(|&number| fault(number)).collect());
                let look = format!("GET /subscriptions/s/{kind}/{id}");
                let looks =
                    draw.look_faults.iter().filter_map(|&number| fault([0, 2, 3, 9][usize::from(number)]));
                world.faults.insert(look, looks.collect());
            }
            let way = Way { on_failure, ..way };
            let other =
                (draw.other_way && !draw.counts).then(|| Way { repeat: Repeat::Keyed, ..way.clone() });
            Step { ungraceful: other, ..step(&id, &after, way) }
        })
        .collect();
    (plan(steps), world)
}

fn shell(world: World, seed: u64) -> Shell {
    let mut shell = Shell::new(world);
    shell.seed = seed;
    shell.person = Box::new(|world, _, step, text| {
        let bumped = world.counters.get(step.as_str()).is_some_and(|count| *count > 0);
        let answer = if text.contains("lost") && bumped { Decision::Declined } else { Decision::Approved };
        Some((SignedDuration::from_secs(20), answer))
    });
    shell
}

/// No step begins before everything it waits for is over and lets it go on; an intent precedes each act.
fn check_order(plan: &Plan, shell: &Shell) {
    let mut over: BTreeMap<StepId, bool> = BTreeMap::new();
    let mut intents: BTreeMap<StepId, u32> = BTreeMap::new();
    for record in shell.records() {
        let Event::Step { step, change } = record.event else { continue };
        match change {
            StepEvent::Began { .. } => {
                let after = &plan.steps.iter().find(|known| known.id == step).unwrap().after;
                for before in after {
                    assert_eq!(over.get(before), Some(&true), "`{step}` before `{before}`");
                }
            }
            StepEvent::FoundDone { .. }
            | StepEvent::SeenDone { .. }
            | StepEvent::Skipped { .. }
            | StepEvent::Decided { answer: Decision::Approved, .. } => {
                over.insert(step, true);
            }
            StepEvent::Failed { go_on, .. }
            | StepEvent::Degraded { go_on, .. }
            | StepEvent::Decided { go_on, .. } => {
                over.insert(step, go_on);
            }
            StepEvent::Intended { .. } | StepEvent::Sending { .. } => *intents.entry(step).or_default() += 1,
            _ => {}
        }
    }
    let mut sent: BTreeMap<StepId, u32> = BTreeMap::new();
    for step in &shell.sent {
        *sent.entry(step.clone()).or_default() += 1;
    }
    for (step, times) in sent {
        assert!(times <= intents[&step], "`{step}` was sent {times} times");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Proves: F14, F27, F29. Every run ends, in order, and nothing that may not be repeated happens twice, whatever is
    /// lost or refused and wherever the process dies.
    #[test]
    fn every_run_ends(
        draws in prop::collection::vec(draw(), 1..14),
        seed in any::<u64>(),
        crash in prop::option::of((1_u64..120, 0_u8..3)),
        by_operation in any::<bool>(),
        people in prop::collection::vec((0_i64..200, 0_u8..4, any::<prop::sample::Index>()), 0..5),
    ) {
        let (plan, mut world) = build(&draws, true);
        world.by_operation = by_operation;
        let mut shell = shell(world, seed);
        for (at, what, which) in &people {
            let step = plan.steps[which.index(plan.steps.len())].id.clone();
            let (by, why) = ("bob".to_owned(), "the test wants it".to_owned());
            shell.at(*at, match what {
                0 => Input::Pause { by },
                1 => Input::Skip { step, by, why },
                2 => Input::Switch { which: Which::Step(step), by, why },
                _ => Input::Switch { which: Which::All, by, why },
            });
        }
        // Whoever pauses resumes.
        shell.at(400, Input::Resume { by: "bob".to_owned() });
        shell.crash = crash.map(|(point, how)| {
            (point, [Crash::Before, Crash::After, Crash::Answered][usize::from(how)])
        });
        let summary = shell.run(&plan);
        check_order(&plan, &shell);
        prop_assert!(shell.world.counters.values().all(|count| *count <= 1), "{:?}", shell.world.counters);
        for step in &plan.steps {
            let known = summary.outcomes.contains_key(&step.id) != summary.not_started.contains_key(&step.id);
            prop_assert!(known, "{}", step.id);
        }
    }

    /// A run in a calm world, run again, finds everything done and sends nothing.
    #[test]
    fn twice_equals_once(draws in prop::collection::vec(draw(), 1..14), seed in any::<u64>()) {
        let (plan, world) = build(&draws, false);
        let mut first = shell(world, seed);
        let summary = first.run(&plan);
        prop_assert!(summary.outcomes.values().all(|outcome| *outcome == Outcome::Done));
        prop_assert_eq!(summary.requests, plan.steps.len() as u64);
        let mut second = shell(std::mem::replace(&mut first.world, World::new()), seed);
        second.now = first.now;
        let summary = second.run(&plan);
        prop_assert!(summary.outcomes.values().all(|outcome| *outcome == Outcome::AlreadyDone));
        prop_assert_eq!(summary.requests, 0);
        prop_assert!(second.sent.is_empty());
    }

    /// The same inputs give the same journal, byte for byte.
    #[test]
    fn a_seed_repeats_its_run(draws in prop::collection::vec(draw(), 1..14), seed in any::<u64>()) {
        let journals = [(); 2].map(|()| {
            let (plan, world) = build(&draws, true);
            let mut shell = shell(world, seed);
            shell.run(&plan);
            shell.lines
        });
        prop_assert_eq!(&journals[0], &journals[1]);
    }
}
