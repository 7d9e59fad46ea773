//! Figures that no noise can move: counts and sizes, never times.

use lifeboat_bench::drill::{EVENTS_MAX, Minimal, events_bytes};
use lifeboat_bench::throttle::{Looks, least_seconds, run};

/// Proves: ARM's throttling costs no more than its own least time, no refusal, and no skipped look, whether one list
/// serves all steps or each needs a read of its own.
#[test]
fn a_thousand_writes_stay_inside_the_buckets() {
    for looks in [Looks::Shared, Looks::Own] {
        let counted = run(1_000, looks).unwrap();
        assert!(counted.good, "{looks:?}: {counted:?}");
        assert_eq!((counted.writes, counted.refused, counted.unchecked), (1_000, 0, 0), "{looks:?}");
        // Virtual seconds: the same on every machine.
        let longest = 1.05 * least_seconds(1_000);
        assert!(counted.last_write.as_secs_f64() <= longest, "{looks:?}: {counted:?}");
    }
}

/// Proves: looks are shared. Where they cannot be, there is one before the act, one at its result, and polls between.
#[test]
fn few_reads_are_enough_for_an_operation() {
    for (looks, most) in [(Looks::Shared, 2_000), (Looks::Own, 3_500)] {
        let counted = run(1_000, looks).unwrap();
        assert!(counted.reads <= most, "{looks:?}: {counted:?}");
    }
}

/// Proves: a day's events stay small enough to be opened.
#[test]
fn the_events_of_a_day_are_small() {
    let outcome = Minimal::read().unwrap().drill(1).unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
    let megabytes = events_bytes(&outcome) as f64 / 1e6;
    assert!(megabytes < EVENTS_MAX, "{megabytes} MB");
}
