//! Stories and properties of the detector, in seconds.

use proptest::prelude::*;

use super::Condition::{Down, Healthy, Returning, Suspected};
use super::*;

const INTERVAL: i64 = 10;
const HOLD_DOWN: i64 = 300;
const RECOVER: i64 = 120;
const VANTAGES: [&str; 3] = ["amsterdam", "dublin", "london"];

fn settings() -> DetectorSettings {
    DetectorSettings {
        vantage_points: 3,
        quorum: 2,
        suspect_after: 3,
        hold_down: seconds(HOLD_DOWN),
        recover_after: seconds(RECOVER),
        stale_after: seconds(3 * INTERVAL),
    }
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + seconds(second)
}

fn region() -> Region {
    Region::parse("westeurope").unwrap()
}

fn sample(vantage: &str, plane: Plane, health: SampleHealth) -> Sample {
    Sample { vantage: vantage.to_owned(), region: region(), plane, health }
}

/// Plays `until` seconds; every vantage point samples every ten, at its own second. What happened, with its second.
fn play(until: i64, mut health: impl FnMut(usize, i64) -> Option<SampleHealth>) -> Vec<(i64, Condition)> {
    let mut detector = Detector::new(settings()).unwrap();
    let mut changes = Vec::new();
    for second in 0..until {
        for (which, vantage) in VANTAGES.iter().enumerate() {
            let turn = second % INTERVAL == i64::try_from(which).unwrap() * 3;
            let Some(health) = turn.then(|| health(which, second)).flatten() else { continue };
            let verdict = detector.observe(at(second), &sample(vantage, Plane::Data, health));
            changes.extend(verdict.map(|verdict| (second, verdict.now)));
        }
    }
    changes
}

fn bad_between(from: i64, to: i64) -> impl Fn(i64) -> SampleHealth {
    move |second| if (from..to).contains(&second) { SampleHealth::Bad } else { SampleHealth::Good }
}

fn ever_down(changes: &[(i64, Condition)]) -> bool {
    changes.iter().any(|(_, condition)| matches!(condition, Down { .. }))
}

#[test]
fn a_loss_is_suspected_held_down_found_and_the_return_believed_late() {
    let loss = bad_between(100, 1000);
    let changes = play(1500, |_, second| Some(loss(second)));
    assert_eq!(
        changes,
        [
            (123, Suspected { since: at(123) }),
            (423, Down { since: at(123), held: seconds(300) }),
            (1003, Returning { since: at(1003), dead_since: at(123), held: seconds(300) }),
            (1123, Healthy),
        ]
    );
}

/// Proves: F12 (one good probe does not bring it back), F13.
#[test]
fn a_flap_on_the_way_back_is_the_same_death() {
    let changes = play(1500, |_, second| {
        let bad = (100..1000).contains(&second) || (1050..1100).contains(&second);
        Some(if bad { SampleHealth::Bad } else { SampleHealth::Good })
    });
    let words: Vec<&str> = changes
        .iter()
        .map(|(_, condition)| match condition {
            Healthy => "healthy",
            Suspected { .. } => "suspected",
            Down { .. } => "down",
            Returning { .. } => "returning",
        })
        .collect();
    assert_eq!(words, ["suspected", "down", "returning", "down", "returning", "healthy"]);
    // From the last loss on, the whole hold-down.
    assert_eq!(changes.last(), Some(&(1403, Healthy)));
    let one_good = play(1000, |_, second| {
        let bad = second >= 100 && second / INTERVAL != 60;
        Some(if bad { SampleHealth::Bad } else { SampleHealth::Good })
    });
    assert!(!one_good.contains(&(606, Healthy)));
    assert!(matches!(one_good.last(), Some((_, Down { .. }))), "{one_good:?}");
}

#[test]
fn who_goes_again_right_after_the_return_has_not_returned() {
    // It goes just when it would be believed, and a minute and a half after it was.
    for gone in [1117, 1210] {
        let mut detector = Detector::new(settings()).unwrap();
        let mut back = Vec::new();
        for second in 0..2000 {
            let bad = (100..1000).contains(&second) || (gone..gone + 60).contains(&second);
            let health = if bad { SampleHealth::Bad } else { SampleHealth::Good };
            for (which, vantage) in VANTAGES.iter().enumerate() {
                if second % INTERVAL != i64::try_from(which).unwrap() * 3 {
                    continue;
                }
                let verdict = detector.observe(at(second), &sample(vantage, Plane::Data, health));
                if verdict.is_some_and(|verdict| verdict.now == Healthy) {
                    back.push(second);
                }
            }
        }
        let last = *back.last().unwrap();
        assert!(last >= gone + 60 + HOLD_DOWN, "gone at {gone}, back at {back:?}");
        assert!(back.iter().all(|back| !(gone..gone + 60 + HOLD_DOWN).contains(back)), "{back:?}");
        assert_eq!(detector.losses(&region(), Plane::Data, at(0)), 2);
        assert_eq!(detector.losses(&region(), Plane::Data, at(gone)), 1);
    }
}

#[test]
fn a_verdict_is_news_for_the_lifecycle() {
    let verdict = |before, now| Verdict { region: region(), plane: Plane::Data, before, now };
    let news = |before, now| verdict(before, now).news(Side::Primary, Budget::Within);
    let suspected = Suspected { since: at(0) };
    let down = Down { since: at(0), held: seconds(300) };
    let returning = Returning { since: at(900), dead_since: at(0), held: seconds(300) };
    assert_eq!(news(Healthy, suspected), Some(Happened::Suspected(Side::Primary)));
    assert_eq!(news(suspected, Healthy), Some(Happened::Flapped(Side::Primary)));
    assert_eq!(news(suspected, down), Some(Happened::Down { side: Side::Primary, budget: Budget::Within }));
    assert_eq!(news(down, returning), None);
    assert_eq!(news(returning, down), None);
    assert_eq!(news(Healthy, down), Some(Happened::Down { side: Side::Primary, budget: Budget::Within }));
    assert_eq!(news(returning, Healthy), Some(Happened::Returned(Side::Primary)));
}

#[test]
fn the_planes_are_judged_apart() {
    let mut detector = Detector::new(settings()).unwrap();
    for second in 0..600 {
        for vantage in VANTAGES {
            detector.observe(at(second), &sample(vantage, Plane::Control, SampleHealth::Bad));
            detector.observe(at(second), &sample(vantage, Plane::Data, SampleHealth::Good));
        }
    }
    assert!(matches!(detector.condition(&region(), Plane::Control), Down { .. }));
    assert_eq!(detector.condition(&region(), Plane::Data), Healthy);
    assert_eq!(detector.condition(&Region::parse("uksouth").unwrap(), Plane::Data), Healthy);
}

#[test]
fn slow_neither_accuses_nor_acquits() {
    assert_eq!(play(2000, |_, _| Some(SampleHealth::Slow)), []);
    let changes = play(1000, |_, second| {
        Some(match second {
            0..100 => SampleHealth::Good,
            100..200 => SampleHealth::Bad,
            _ => SampleHealth::Slow,
        })
    });
    assert!(ever_down(&changes), "a suspicion is not lifted by a late answer");
}

#[test]
fn settings_that_cannot_judge_are_refused() {
    for (change, message) in [
        (DetectorSettings { quorum: 1, ..settings() }, "a quorum of 1 is no majority of 3 vantage points"),
        (DetectorSettings { quorum: 4, ..settings() }, "a quorum of 4 is no majority of 3 vantage points"),
        (DetectorSettings { suspect_after: 0, ..settings() }, "`suspect_after` must be more than nothing"),
        (DetectorSettings { hold_down: seconds(0), ..settings() }, "`hold_down` must be more than nothing"),
        (
            DetectorSettings { recover_after: seconds(0), ..settings() },
            "`recover_after` must be more than nothing",
        ),
        (
            DetectorSettings { stale_after: seconds(0), ..settings() },
            "`stale_after` must be more than nothing",
        ),
    ] {
        assert_eq!(Detector::new(change).unwrap_err().to_string(), message);
    }
}

/// A sample of any health, or none.
fn anything() -> impl Strategy<Value = Option<SampleHealth>> {
    prop_oneof![
        Just(None),
        Just(Some(SampleHealth::Good)),
        Just(Some(SampleHealth::Slow)),
        Just(Some(SampleHealth::Bad))
    ]
}

proptest! {
    /// Proves: D08, F13 (a blip shorter than the hold-down is never a death, however often it comes).
    #[test]
    fn a_blip_shorter_than_the_hold_down_is_never_a_death(
        from in 0..500_i64,
        length in 1..HOLD_DOWN,
        gap in 2 * INTERVAL..400_i64,
    ) {
        let changes = play(3000, |_, second| {
            let bad = second >= from && (second - from) % (length + gap) < length;
            Some(if bad { SampleHealth::Bad } else { SampleHealth::Good })
        });
        prop_assert!(!ever_down(&changes), "{:?}", changes);
    }

    /// Proves: F13, F33 (a permanent loss is always found: not before the hold-down, and not after the bound).
    #[test]
    fn a_permanent_loss_is_always_found_in_time(from in 0..600_i64) {
        let changes = play(from + 600, |_, second| {
            Some(if second >= from { SampleHealth::Bad } else { SampleHealth::Good })
        });
        let down = changes.iter().find(|(_, condition)| matches!(condition, Down { .. }));
        let after = down.expect("the loss is found").0 - from;
        let bound = Detector::new(settings()).unwrap().bound(seconds(INTERVAL)).as_secs();
        prop_assert!((HOLD_DOWN..=bound).contains(&after), "found after {after} s, bound {bound} s");
    }

    /// One of three that lies, is cut off, or is silent decides nothing: neither that a living region is dead …
    #[test]
    fn one_liar_of_three_never_kills(
        liar in 0..3_usize,
        lies in proptest::collection::vec(anything(), 1..40),
    ) {
        let changes = play(3000, |which, second| {
            let lie = lies[usize::try_from(second / INTERVAL).unwrap() % lies.len()];
            if which == liar { lie } else { Some(SampleHealth::Good) }
        });
        prop_assert_eq!(changes, []);
    }

    /// … nor that a dead one lives, nor does it keep its death from being found.
    #[test]
    fn one_liar_of_three_never_saves(
        liar in 0..3_usize,
        lies in proptest::collection::vec(anything(), 1..40),
        from in 0..600_i64,
    ) {
        let changes = play(from + 900, |which, second| {
            let lie = lies[usize::try_from(second / INTERVAL).unwrap() % lies.len()];
            match second >= from {
                _ if which == liar => lie,
                true => Some(SampleHealth::Bad),
                false => Some(SampleHealth::Good),
            }
        });
        prop_assert!(matches!(changes.last(), Some((_, Down { .. }))), "{:?}", changes);
    }

    /// Silence of all, whenever it begins, adds nothing: what was healthy stays so.
    #[test]
    fn silence_is_no_evidence(from in 0..600_i64) {
        let changes = play(3000, |_, second| (second < from).then_some(SampleHealth::Good));
        prop_assert_eq!(changes, []);
    }

    /// Verdicts follow each other as the four conditions allow, whatever is sampled.
    #[test]
    fn verdicts_follow_each_other(picks in proptest::collection::vec((0..3_usize, anything(), 1..60_i64), 0..300)) {
        let mut detector = Detector::new(settings()).unwrap();
        let mut second = 0;
        for (which, health, later) in picks {
            second += later;
            let Some(health) = health else { continue };
            let verdict = detector.observe(at(second), &sample(VANTAGES[which], Plane::Data, health));
            let Some(Verdict { before, now, .. }) = verdict else { continue };
            prop_assert!(
                matches!(
                    (before, now),
                    (Healthy, Suspected { .. } | Down { .. })
                        | (Suspected { .. } | Returning { .. }, Healthy | Down { .. })
                        | (Down { .. }, Returning { .. })
                ),
                "{before:?} to {now:?}"
            );
            if let Down { held, .. } = now && matches!(before, Suspected { .. }) {
                prop_assert!(held >= seconds(HOLD_DOWN));
            }
        }
    }
}

#[test]
fn who_sees_a_plane_is_told_by_name_while_it_looks() {
    let mut detector = Detector::new(settings()).unwrap();
    let views = |detector: &Detector, now: i64| -> Vec<(String, bool)> {
        let views = detector.views(at(now), &region(), Plane::Data);
        views.into_iter().map(|(vantage, well)| (vantage.to_owned(), well)).collect()
    };
    assert_eq!(views(&detector, 0), []);
    detector.observe(at(0), &sample("amsterdam", Plane::Data, SampleHealth::Good));
    detector.observe(at(1), &sample("dublin", Plane::Data, SampleHealth::Bad));
    detector.observe(at(1), &sample("dublin", Plane::Control, SampleHealth::Good));
    assert_eq!(views(&detector, 2), [("amsterdam".to_owned(), true), ("dublin".to_owned(), false)]);
    // Whoever is silent has no view.
    detector.observe(at(40), &sample("dublin", Plane::Data, SampleHealth::Bad));
    assert_eq!(views(&detector, 40), [("dublin".to_owned(), false)]);
}
