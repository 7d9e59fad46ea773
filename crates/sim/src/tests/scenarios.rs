//! Scenarios and the verdict that each of them deserves.

use std::fmt::Write as _;

use super::example::{drill, play, scenario, text};
use crate::{DrillOutcome, DrillVerdict};

/// A scenario with few clients, so that hours pass in no time. One event a line.
fn short(hours: u32, events: &[&str]) -> DrillOutcome {
    let mut text = format!(
        "scenario: short\nduration: {hours}h\n\
         clients: {{ producers: 4, consumers: 4, messagesPerSecond: 1, ignoreTtlPercent: 25 }}\nevents:\n"
    );
    for event in events {
        writeln!(text, "  - {{ {event} }}").unwrap();
    }
    play(drill(scenario(&text), 1))
}

/// The kinds of runs, in order.
fn runs(outcome: &DrillOutcome) -> Vec<&str> {
    outcome.report.runs.iter().map(|run| run.kind.as_str()).collect()
}

fn missed(outcome: &DrillOutcome) -> &[String] {
    match &outcome.report.verdict {
        DrillVerdict::Missed(why) => why,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn passes(outcome: &DrillOutcome, story: &[&str]) {
    assert_eq!(outcome.report.verdict, DrillVerdict::Passed);
    assert_eq!(runs(outcome), story);
    for prediction in &outcome.report.predictions {
        assert!(prediction.agrees, "{prediction:?}");
    }
}

/// There and back again, with everything that must be done in between.
const WHOLE: [&str; 9] =
    ["prepare", "failover", "fence", "drain", "prepare", "failback", "fence", "drain", "prepare"];

const LOST: &str = "at: 10m, lose: { region: primary }";
const BACK: &str = "at: 2h, restore: { region: primary }";

/// Proves: S21, S25, P1a, F32. The examples that everybody sees first.
#[test]
fn the_examples_pass() {
    for name in ["sudden-loss", "planned-move", "flapping-return"] {
        let outcome = play(drill(scenario(&text(&format!("scenarios/{name}.yaml"))), 1));
        assert_eq!(outcome.report.verdict, DrillVerdict::Passed, "{name}");
    }
}

/// Proves: F13. Management alone is lost: the workload serves on, so nobody is asked and nobody moves.
#[test]
fn a_lost_control_plane_moves_nobody() {
    let outcome = short(
        4,
        &[
            "at: 10m, lose: { region: primary, planes: [control] }",
            "at: 2h, restore: { region: primary, planes: [control] }",
        ],
    );
    passes(&outcome, &["prepare"]);
    assert_eq!(outcome.report.clients.failed_sends, 0);
    assert!(!outcome.report.timeline.iter().any(|line| line.what.contains("asks")));
}

/// Proves: P1a, S21. Traffic alone is lost: the workload moves, and returns when the region does.
#[test]
fn a_lost_data_plane_moves_the_workload() {
    let outcome = short(
        6,
        &[
            "at: 10m, lose: { region: primary, planes: [data] }",
            "at: 2h, restore: { region: primary, planes: [data] }",
        ],
    );
    passes(&outcome, &WHOLE);
}

/// Proves: F29, P1a. The failover acts and nobody hears of it: it is seen, not done again. While it is under way Azure
/// refuses any other.
#[test]
fn a_failover_whose_answer_is_lost_is_seen() {
    let outcome = short(
        6,
        &[
            "at: 5m, fault: { region: secondary, provider: Microsoft.ServiceBus, operation: failover, phase: after, effect: lost-answer, times: 1 }",
            LOST,
            BACK,
        ],
    );
    passes(&outcome, &WHOLE);
    let about = |line: &&String| line.contains("fail-over-alias") && line.contains("T00:3");
    let journal: Vec<&String> = outcome.journal.iter().filter(about).collect();
    let with = |what: &str| journal.iter().filter(|line| line.contains(what)).count();
    assert_eq!((with("answerLost"), with("\"accepted\""), with("seenDone")), (1, 0, 1), "{journal:#?}");
    assert_eq!(with("\"sending\""), with("409 Conflict"), "{journal:#?}");
}

/// Proves: F13. What comes and goes within the hold-down moves nobody.
#[test]
fn flapping_within_the_hold_down_moves_nobody() {
    passes(&short(3, &["at: 10m, flap: { region: primary, times: 3, every: 10m }"]), &["prepare"]);
}

/// Under `propose` nobody moves without an answer; the drill says that the objective was missed.
#[test]
fn without_an_answer_the_workload_stays_and_the_drill_says_so() {
    for answers in ["nobody", "decline"] {
        let operator = format!("at: 0s, operator: {{ answers: {answers} }}");
        let outcome = short(3, &[&operator, LOST]);
        assert!(
            missed(&outcome)[0].contains("no failover was begun"),
            "{answers}: {:?}",
            outcome.report.verdict
        );
        assert_eq!(runs(&outcome), ["prepare"], "{answers}");
    }
}

/// Proves: F15, F20. The standby is lost and returns: it is looked at, found in place, and nothing moves.
#[test]
fn a_standby_that_was_lost_is_taken_back() {
    let outcome =
        short(6, &["at: 10m, lose: { region: secondary }", "at: 2h, restore: { region: secondary }"]);
    passes(&outcome, &["prepare", "fence", "drain", "prepare"]);
    assert_eq!(outcome.report.clients.failed_sends, 0);
    let requests: u64 = outcome.report.runs[1..].iter().map(|run| run.requests).sum();
    assert_eq!(requests, 0, "a pair that stands needs nothing");
}

/// Proves: F13, F32. Both regions are lost one after the other: nowhere to go until one answers, and nothing is lost.
#[test]
fn a_second_loss_while_unprotected_waits_for_the_first_that_answers() {
    let outcome = short(
        8,
        &[
            LOST,
            "at: 70m, lose: { region: secondary }",
            "at: 3h, restore: { region: secondary }",
            "at: 4h, restore: { region: primary }",
        ],
    );
    passes(&outcome, &WHOLE);
    assert_eq!(outcome.report.losses.lost, 0);
}

/// Proves: F31. The planner's reads say "refused" at the one place where it must see: the drill names it.
#[test]
fn a_read_that_the_plan_relies_on_is_named_when_it_is_refused() {
    let blind = "region: secondary, provider: Microsoft.ServiceBus, operation: namespaces/disasterRecoveryConfigs/read, phase: after, effect: error, status: 403, code: AuthorizationFailed";
    let fault = format!("at: 5m, fault: {{ {blind} }}");
    let outcome = short(4, &[&fault, LOST]);
    let why = missed(&outcome).join("; ");
    assert!(why.contains("fail-over-alias"), "{why}");
}

/// Proves: F20. The way back is refused for good: the workload stays where it serves, unprotected, and it is said.
#[test]
fn pairing_that_is_refused_leaves_the_workload_unprotected() {
    let refuse = "region: secondary, provider: Microsoft.ServiceBus, operation: namespaces/disasterRecoveryConfigs/write, phase: before, effect: error, status: 403, code: AuthorizationFailed";
    let fault = format!("at: 5m, fault: {{ {refuse} }}");
    let outcome = short(6, &[&fault, LOST, BACK]);
    let why = missed(&outcome).join("; ");
    assert!(why.contains("protect again") && why.contains("pair"), "{why}");
    assert_eq!(runs(&outcome)[..4], WHOLE[..4]);
    assert!(outcome.report.state_after.iter().any(|line| line.state == "unprotected"));
}
