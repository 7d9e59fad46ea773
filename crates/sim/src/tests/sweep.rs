//! The crash sweep: whatever dies or gets lost, wherever, the chapter ends as if nothing had happened.

use jiff::SignedDuration;
use lifeboat_engine::{Outcome, RunEnd};

use super::executor::{End, Executor, How};
use super::picture::{Picture, Totals, acts};
use super::story::{Chapter, ENTITIES, chapter, fresh_story, story};

fn play(chapter: &Chapter, strikes: Vec<(usize, How)>, takeover_after: SignedDuration) -> End {
    let mut executor = Executor::new(chapter);
    executor.strikes = strikes;
    executor.takeover_after = takeover_after;
    executor.run()
}

/// Held against the calm run: the same world, nothing twice that was once, nothing lost.
fn same_end(chapter: &Chapter, calm: &End, wanted: &(Picture, Totals), end: &End, name: &str) {
    assert_eq!(end.summary.end, RunEnd::Done, "{name}: {:#?}", end.summary);
    let (picture, totals) = Picture::of(&end.lab, end.now);
    if picture != wanted.0 {
        println!("{:#?}\n{picture:#?}", wanted.0);
        panic!("{name}: another world");
    }
    let mut extra = 0;
    for (place, count) in &wanted.1 {
        let have = totals.get(place).copied().unwrap_or(0);
        assert!(have >= *count, "{name}: {place} holds {have} messages, {count} belong there");
        extra += have - count;
    }
    // One message of each transfer may be sent on and not yet taken away when its executor dies.
    let most = end.struck * ENTITIES.len();
    assert!(extra <= most as u64, "{name}: {extra} messages more than belong there");
    let most = acts(&calm.lab);
    for (act, times) in acts(&end.lab) {
        let expected = most.get(&act).copied().unwrap_or(0);
        assert!(times <= expected, "{name}: {act} took effect {times} times in `{}`", chapter.name);
    }
}

fn sweep(name: &str) -> usize {
    sweep_through(chapter(name))
}

fn sweep_through(chapter: &Chapter) -> usize {
    let name = chapter.name;
    let brief = SignedDuration::from_secs(30);
    let calm = play(chapter, Vec::new(), brief);
    assert_eq!(calm.summary.end, RunEnd::Done);
    let wanted = Picture::of(&calm.lab, calm.now);
    let mut runs = 0;
    for (point, kind) in calm.points.iter().enumerate() {
        for &how in kind.hows() {
            let name = format!("{name}: {how:?} point {point} ({kind:?}) of {}", calm.points.len());
            let end = play(chapter, vec![(point, how)], brief);
            assert_eq!(end.struck, 1, "{name}");
            same_end(chapter, &calm, &wanted, &end, &name);
            runs += 1;
        }
    }
    println!("{name}: {} points, {runs} runs", calm.points.len());
    runs
}

/// Proves: F14, F29, P1a.
#[test]
fn preparing_survives_any_crash() {
    sweep("prepare");
}

/// Proves: F14, F29, P1a, S25. The region is lost and the executor dies as well.
#[test]
fn failing_over_survives_any_crash() {
    sweep("failover");
}

/// Proves: F14, F29, P1a, S25.
#[test]
fn a_planned_failover_survives_any_crash() {
    sweep("planned failover");
}

/// Proves: F14, F15, F29.
#[test]
fn fencing_survives_any_crash() {
    sweep("fence");
}

/// Proves: F29, S21. Messages arrive at least once, a repeated one under its own id.
#[test]
fn draining_survives_any_crash() {
    sweep("drain");
}

/// Proves: F20, F29.
#[test]
fn protecting_again_survives_any_crash() {
    sweep("protect again");
}

/// Proves: D02, F20, F29. No second fresh namespace is made, and no copy of what was left is touched.
#[test]
fn protecting_again_with_a_fresh_namespace_survives_any_crash() {
    let again = fresh_story().iter().find(|chapter| chapter.name == "protect again").unwrap();
    assert!(again.plan.steps.iter().any(|step| step.id.as_str() == "orders-bus/create-fresh"));
    sweep_through(again);
}

/// Proves: F29, F32.
#[test]
fn failing_back_survives_any_crash() {
    sweep("failback");
}

/// Proves: F29. Whoever takes over dies as well, and so does the next one.
#[test]
fn crashes_in_a_row_are_survived() {
    for chapter in story() {
        let brief = SignedDuration::from_secs(5);
        let calm = play(chapter, Vec::new(), brief);
        let wanted = Picture::of(&calm.lab, calm.now);
        for first in (0..calm.points.len()).step_by(7) {
            for gap in [1, 2, 5] {
                let strikes =
                    vec![(first, How::After), (first + gap, How::Before), (first + 2 * gap, How::After)];
                let end = play(chapter, strikes, brief);
                same_end(chapter, &calm, &wanted, &end, &format!("{}: {first} + {gap}", chapter.name));
            }
        }
    }
}

/// "Twice equals once": what is done is found done, and nothing is sent.
#[test]
fn a_second_run_of_a_plan_does_nothing() {
    for chapter in story().iter().chain(fresh_story()) {
        let first = play(chapter, Vec::new(), SignedDuration::ZERO);
        let mut again = Executor::new(chapter);
        (again.lab, again.now, again.run) = (first.lab, first.now, "run-2");
        let end = again.run();
        let name = chapter.name;
        assert_eq!(end.summary.end, RunEnd::Done, "{name}: {:#?}", end.summary);
        assert!(end.sent.is_empty(), "{name}: {:?}", end.sent);
        for (step, outcome) in &end.summary.outcomes {
            assert_eq!(*outcome, Outcome::AlreadyDone, "{name}: {step}");
        }
    }
}
