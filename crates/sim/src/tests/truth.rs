//! What a drill says must be true, above all when things go wrong.

use jiff::SignedDuration;

use super::example::{mins, play, scenario, setup};
use crate::{Drill, DrillOutcome, DrillSetup, DrillVerdict};

const LOST: &str = "at: 10m, lose: { region: primary }";

/// A setup with few clients, so that hours pass in no time. One event a line.
fn short(hours: u32, events: &[&str]) -> DrillSetup {
    let events = events.iter().map(|event| format!("  - {{ {event} }}\n")).collect::<Vec<_>>().concat();
    let clients = "{ producers: 4, consumers: 4, messagesPerSecond: 1, ignoreTtlPercent: 25 }";
    setup(scenario(&format!("scenario: short\nduration: {hours}h\nclients: {clients}\nevents:\n{events}")), 1)
}

fn run(setup: DrillSetup) -> DrillOutcome {
    play(Drill::new(setup).unwrap())
}

fn reasons(outcome: &DrillOutcome) -> String {
    match &outcome.report.verdict {
        DrillVerdict::Passed => String::new(),
        DrillVerdict::Missed(why) | DrillVerdict::Broken(why) => why.join("\n"),
    }
}

fn told(outcome: &DrillOutcome, words: &str) -> usize {
    outcome.report.timeline.iter().filter(|happening| happening.what.contains(words)).count()
}

/// Proves: F11, F31. Failovers that never end bring nobody back, however many clients have forgotten the old address.
#[test]
fn a_failover_that_fails_recovers_nobody() {
    let hangs = "at: 5m, fault: { region: secondary, provider: Microsoft.ServiceBus, operation: failover, \
                 phase: before, effect: hang }";
    let outcome = run(short(4, &[hangs, LOST]));
    let rto = &outcome.report.rto;
    assert_eq!(rto.actual, None);
    assert_eq!(rto.unrecovered, Some(mins(230)));
    assert!(reasons(&outcome).contains("no failover succeeded"), "{}", reasons(&outcome));
    assert_eq!(told(&outcome, "the last client has left"), 0);
    assert!(outcome.report.clients.longest_send_gap > mins(229), "a gap that is open at the end counts");
    // A person who has seen it fail three times says why it is not tried again.
    assert_eq!(told(&outcome, "answers no, 4m after being asked: it has failed 3 times in a row"), 1);
}

/// A drill that ends before anything could be decided says that it is too short, and blames nobody.
#[test]
fn a_drill_that_is_too_short_says_so() {
    let outcome = run(short(1, &["at: 50m, lose: { region: primary }"]));
    assert!(reasons(&outcome).contains("give the scenario a longer duration"), "{}", reasons(&outcome));
}

/// Proves: S18, S21. What is out of reach when service comes back is measured, and nothing at all means nothing.
#[test]
fn the_recovery_point_is_measured() {
    let back = "at: 2h, restore: { region: primary }";
    let mut strict = short(6, &[LOST, back]);
    strict.workload.objectives.rpo = SignedDuration::ZERO;
    let outcome = run(strict);
    let missing = outcome.report.rpo.missing_at_recovery.unwrap();
    assert!(missing.messages > 0 && missing.reaches_back > SignedDuration::ZERO, "{missing:?}");
    assert_eq!(outcome.report.rpo.never_came_back.messages, 0);
    assert!(reasons(&outcome).contains("were out of reach when service was back"), "{}", reasons(&outcome));
    // Judged by the same number, whatever was asked: a drain that brings it over later does not make up for it.
    for (asked, met) in [(missing.reaches_back - mins(1), false), (missing.reaches_back, true)] {
        let mut setup = short(6, &[LOST, back]);
        setup.workload.objectives.rpo = asked;
        let outcome = run(setup);
        assert_eq!(outcome.report.rpo.is_met(), met, "{asked}");
        assert_eq!(outcome.report.verdict == DrillVerdict::Passed, met, "{:?}", outcome.report.verdict);
    }

    // The region never returns: what was stranded never comes back.
    let mut gone = short(3, &[LOST]);
    gone.workload.objectives.rpo = SignedDuration::from_secs(1);
    let outcome = run(gone);
    assert!(outcome.report.rpo.never_came_back.messages > 0);
    assert!(reasons(&outcome).contains("out of reach"), "{}", reasons(&outcome));
}

/// Proves: S21. Every move says what it leaves behind before a person answers, the way home included.
#[test]
fn both_ways_are_announced_with_the_question() {
    let outcome = run(short(6, &[LOST, "at: 2h, restore: { region: primary }"]));
    assert_eq!(outcome.report.verdict, DrillVerdict::Passed);
    let moves: Vec<&str> = outcome.report.losses.moves.iter().map(|one| one.purpose.as_str()).collect();
    assert_eq!(moves, ["fail over from westeurope to northeurope", "go home to westeurope"]);
    for (question, one) in ["asks: fail over", "asks: go home"].iter().zip(&outcome.report.losses.moves) {
        let at =
            |words: &str| outcome.report.timeline.iter().position(|happening| happening.what.contains(words));
        let asked = at(question).unwrap();
        let says = &outcome.report.timeline[asked].what;
        assert!(says.contains("stay behind") || says.contains("stays behind"), "{says}");
        assert!(asked < at(&format!("{}:", one.purpose)).unwrap());
        assert!(one.drained <= one.stranded);
    }
}

/// Proves: F15. The region that serves dies while the other one is being drained: that run stops, and acts no more.
#[test]
fn a_run_that_is_stopped_acts_no_more() {
    let mut setup =
        short(9, &[LOST, "at: 2h, restore: { region: primary }", "at: 150m, lose: { region: primary }"]);
    setup.policy.hold_down = mins(1);
    let outcome = run(setup);
    let stopped: Vec<_> = outcome.report.runs.iter().filter(|run| run.outcome == "stopped").collect();
    let [run] = stopped.as_slice() else { panic!("{:#?}", outcome.report.timeline) };
    let late = |at: Option<jiff::Timestamp>| at.is_some_and(|at| at > run.ended);
    assert!(!run.steps.iter().any(|step| late(step.acted) || late(step.ended)), "{run:#?}");
    assert!(outcome.journal.iter().any(|line| line.contains("\"paused\"")));
}

/// Proves: F20, F32. Home dies on the way home: nobody is asked while it is away, and somebody is when it answers.
#[test]
fn a_way_home_that_failed_is_asked_for_again_when_home_answers() {
    let events = [
        LOST,
        "at: 2h, restore: { region: primary }",
        "at: 140m, lose: { region: primary }",
        "at: 4h, restore: { region: primary }",
    ];
    let outcome = run(short(9, &events));
    let back = outcome.report.started + mins(240);
    let lines = outcome.report.timeline.iter();
    let asked = lines.filter(|line| line.what.contains("asks: run failback again?") && line.at > back);
    assert_eq!(asked.count(), 1, "{:#?}", outcome.report.timeline);
    assert_eq!(told(&outcome, "not now"), 0, "{:#?}", outcome.report.timeline);
    let last = outcome.report.state_after.first().unwrap();
    assert_eq!((last.state.as_str(), last.says.as_str()), ("protected", "serves from westeurope"));
}

/// Management alone is lost for long: the drill says why nothing happens.
#[test]
fn a_region_that_serves_on_is_said_to_serve_on() {
    let outcome = run(short(2, &["at: 10m, lose: { region: primary, planes: [control] }"]));
    assert_eq!(told(&outcome, "serves on without its management: nothing is moved"), 1);
}

/// A person who does not answer is reminded when the time to decide is over.
#[test]
fn an_open_question_is_asked_again() {
    let outcome = run(short(2, &["at: 0s, operator: { answers: nobody }", LOST]));
    assert!(told(&outcome, "asks: fail over") > 3, "{:#?}", outcome.report.timeline);
}
