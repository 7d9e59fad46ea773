//! Random scenarios: whatever happens, nothing acknowledged is lost unannounced, and every drill has an end.

use std::fmt::Write as _;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::chance::for_each_seed;
use super::example::{drill, play, scenario};
use crate::DrillVerdict;

const OPERATIONS: [&str; 6] = [
    "failover",
    "namespaces/disasterRecoveryConfigs/write",
    "namespaces/disasterRecoveryConfigs/read",
    "namespaces/queues/write",
    "namespaces/queues/read",
    "namespaces/write",
];
const EFFECTS: [&str; 5] = [
    "effect: error, status: 500",
    "effect: error, status: 429, code: TooManyRequests",
    "effect: lost-answer",
    "effect: hang",
    "effect: delay, by: 90s",
];

/// Half a dozen things that go wrong, in a text that can be read and replayed.
fn bad_luck(seed: u64) -> String {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut text = format!(
        "scenario: seed {seed}\nduration: 9h\n\
         clients: {{ producers: 4, consumers: 4, messagesPerSecond: 1, ignoreTtlPercent: 25 }}\nevents:\n"
    );
    let mut dead: Vec<(u32, &str)> = Vec::new();
    for _ in 0..dice.random_range(2..7) {
        let at = dice.random_range(5..300_u32);
        let region = ["primary", "primary", "secondary"][dice.random_range(0..3)];
        match dice.random_range(0..6) {
            0..=2 => {
                // One outage of a region at a time, so that each restore has its loss.
                let until = at + dice.random_range(2..200);
                if dead.iter().any(|(end, other)| *other == region && *end + 300 > at) {
                    continue;
                }
                dead.push((until, region));
                let planes = ["control", "data", "control, data"][dice.random_range(0..3)];
                let outage = format!("{{ region: {region}, planes: [{planes}] }}");
                writeln!(text, "  - {{ at: {at}m, lose: {outage} }}").unwrap();
                writeln!(text, "  - {{ at: {until}m, restore: {outage} }}").unwrap();
            }
            3..=4 => {
                let operation = OPERATIONS[dice.random_range(0..OPERATIONS.len())];
                let effect = EFFECTS[dice.random_range(0..EFFECTS.len())];
                let (phase, times) = (["before", "after"][dice.random_range(0..2)], dice.random_range(1..6));
                // There is an answer to lose only after the change.
                let phase = if effect == "effect: lost-answer" { "after" } else { phase };
                writeln!(
                    text,
                    "  - {{ at: {at}m, fault: {{ region: {region}, provider: Microsoft.ServiceBus, \
                     operation: {operation}, phase: {phase}, {effect}, times: {times} }} }}"
                )
                .unwrap();
            }
            _ => {
                let wish = ["move", "failback"][dice.random_range(0..2)];
                writeln!(text, "  - {{ at: {at}m, plan: {wish} }}").unwrap();
            }
        }
    }
    writeln!(text, "  - {{ at: 8h50m, operator: {{ answers: approve }} }}").unwrap();
    text
}

/// Proves: S21, F13, F29. The invariants of a drill hold under bad luck: every acknowledged message is received or still
/// lies somewhere, everything that was stranded was announced, and every request that acts had its intent on disk.
#[test]
fn whatever_happens_nothing_is_lost_unannounced() {
    for_each_seed("whatever_happens", 30, |seed| {
        let text = bad_luck(seed);
        let outcome = play(drill(scenario(&text), seed));
        if let DrillVerdict::Broken(why) = &outcome.report.verdict {
            for line in &outcome.report.timeline {
                println!("{} {}: {}", line.at, line.who, line.what);
            }
            panic!("{text}\n{why:#?}");
        }
        assert_eq!(outcome.report.losses.lost, 0);
        let states = &outcome.report.state_after;
        assert!(!states.is_empty(), "a drill tells how it ends");
    });
}

/// An undisturbed move comes out as it was predicted, fact by fact.
#[test]
fn predictions_of_undisturbed_runs_agree() {
    for_each_seed("predictions_of_undisturbed_runs_agree", 6, |seed| {
        let event = if seed.is_multiple_of(2) {
            "{ at: 10m, plan: move }"
        } else {
            "{ at: 10m, lose: { region: primary } }\n  - { at: 2h, restore: { region: primary } }"
        };
        let clients = "{ producers: 2, consumers: 2, messagesPerSecond: 1 }";
        let text = format!("scenario: calm\nduration: 6h\nclients: {clients}\nevents:\n  - {event}\n");
        let outcome = play(drill(scenario(&text), seed));
        assert_eq!(outcome.report.verdict, DrillVerdict::Passed);
        let moves = ["prepare", "failover", "failback"];
        for run in outcome.report.runs.iter().filter(|run| moves.contains(&run.kind.as_str())) {
            let told = outcome.report.predictions.iter().filter(|one| one.after == run.purpose);
            assert!(told.count() > 0, "`{}` predicts nothing", run.purpose);
        }
        for prediction in &outcome.report.predictions {
            assert!(prediction.agrees, "{prediction:?}");
        }
        // Not of values alone: also what is there, and what a list holds.
        for claim in ["there", "with "] {
            let told = outcome.report.predictions.iter().filter(|one| one.predicted.starts_with(claim));
            assert!(told.count() > 0, "nothing is predicted to be `{claim}`");
        }
    });
}
