//! Two executors at once: somebody takes over a run whose executor lives on (F14).

use std::collections::BTreeMap;

use lifeboat_engine::{Engine, RecoverError, RunEnd, RunId, Settings, decode, join};
use lifeboat_plan::Repeat;

use super::executor::{End, Executor, Fencing, How, Kind, records};
use super::picture::{Picture, acts};
use super::story::{Chapter, story};

fn race(chapter: &Chapter, point: usize, fencing: Fencing) -> End {
    let mut executor = Executor::new(chapter);
    executor.strikes = vec![(point, How::Overtaken)];
    executor.fencing = fencing;
    executor.run()
}

/// Proves: F13, F14. Wherever a second executor takes over, the first one's records are refused, the alias moves once
/// and the world ends the same: whether the journal stops the first one or nobody does.
#[test]
fn an_executor_that_was_overtaken_does_no_harm() {
    for chapter in story() {
        let calm = Executor::new(chapter).run();
        let (wanted, _) = Picture::of(&calm.lab, calm.now);
        let once = acts(&calm.lab);
        // Before its first record a run has no journal that anybody could take over.
        for point in 1..calm.points.len() {
            for fencing in [Fencing::Refused, Fencing::Unaware] {
                let name =
                    format!("{}: overtaken at {point} of {}, {fencing:?}", chapter.name, calm.points.len());
                let end = race(chapter, point, fencing);
                assert_eq!(end.struck, 1, "{name}");
                assert_eq!(end.summary.end, RunEnd::Done, "{name}: {:#?}", end.summary);
                assert_eq!(Picture::of(&end.lab, end.now).0, wanted, "{name}");
                for (act, times) in acts(&end.lab) {
                    // A request of the first one may be on its way: what is harmless may happen twice, a failover not.
                    let harmless = !act.contains("/failover?");
                    let most = once.get(&act).copied().unwrap_or(0) + usize::from(harmless);
                    assert!(times <= most, "{name}: {act} took effect {times} times");
                }
                the_journal_is_the_newer_ones(chapter, &end, fencing, &name);
            }
        }
    }
}

fn the_journal_is_the_newer_ones(chapter: &Chapter, end: &End, fencing: Fencing, name: &str) {
    let files: Vec<&str> = end.files.iter().map(String::as_str).collect();
    let joined = join(&files).unwrap();
    assert_eq!(joined.records, records(&end.journals[1]), "{name}");
    assert!(joined.late.iter().all(|record| record.epoch == 1), "{name}");
    if fencing == Fencing::Refused {
        assert!(joined.late.is_empty(), "{name}");
    }
    // In one file, what the older one wrote late is no journal at all.
    if let Some(late) = end.journals[0].last().filter(|_| !joined.late.is_empty()) {
        assert!(decode(&(end.journals[1].concat() + late)).is_err(), "{name}");
        let mut mixed = joined.records.clone();
        let mut record = joined.late.last().unwrap().clone();
        record.seq = mixed.len() as u64 + 1;
        mixed.push(record);
        let settings = Settings {
            run: RunId::new("run-1"),
            executor: "third".to_owned(),
            epoch: 3,
            facts: BTreeMap::new(),
            jitter_seed: 1,
        };
        let refused =
            Engine::recover(chapter.plan.clone(), &mixed, &BTreeMap::new(), settings, end.now).err();
        assert!(matches!(refused, Some(RecoverError::LateRecord { epoch: 1, newest: 2, .. })), "{name}");
    }
}

/// Proves: F14. Two take over one after the other, while the first one still believes that the run is its own.
#[test]
fn three_executors_move_the_alias_once() {
    for chapter in story().iter().filter(|chapter| chapter.name.contains("fail")) {
        let calm = Executor::new(chapter).run();
        let (wanted, _) = Picture::of(&calm.lab, calm.now);
        let writes: Vec<usize> =
            (1..calm.points.len()).filter(|&point| calm.points[point] == Kind::Write).collect();
        for &point in &writes {
            let mut executor = Executor::new(chapter);
            executor.strikes = vec![(point, How::Overtaken), (point + 2, How::Overtaken)];
            executor.fencing = Fencing::Unaware;
            let end = executor.run();
            assert_eq!(Picture::of(&end.lab, end.now).0, wanted, "{}: {point}", chapter.name);
            let moves: usize = acts(&end.lab)
                .iter()
                .filter(|(act, _)| act.contains("/failover?"))
                .map(|(_, times)| times)
                .sum();
            assert_eq!(moves, 1, "{}: {point}", chapter.name);
        }
    }
}

/// What may happen twice says so: plans of today hold nothing that must not be repeated blindly.
#[test]
fn every_request_of_the_story_may_be_repeated() {
    for step in story().iter().flat_map(|chapter| &chapter.plan.steps) {
        assert_ne!(step.graceful.repeat, Repeat::Ask, "{}: the races above must learn of it", step.id);
    }
}
