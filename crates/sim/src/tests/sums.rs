//! What a drill sums up at its end: each number is what was, each reason is the one that holds.

use jiff::SignedDuration;
use lifeboat_planner::{Finding, Workload};

use super::example::{mins, play, scenario, setup, workload, workload_where};
use crate::{Drill, DrillOutcome, DrillSetup, DrillVerdict};

const LOST: &str = "at: 10m, lose: { region: primary }";
const BACK: &str = "at: 2h, restore: { region: primary }";
const FEW: &str = "{ producers: 4, consumers: 4, messagesPerSecond: 1, ignoreTtlPercent: 25 }";

fn of(workload: Workload, hours: u32, clients: &str, events: &[&str]) -> DrillOutcome {
    let events = events.iter().map(|event| format!("  - {{ {event} }}\n")).collect::<Vec<_>>().concat();
    let text = format!("scenario: sums\nduration: {hours}h\nclients: {clients}\nevents:\n{events}");
    play(Drill::new(DrillSetup { workload, ..setup(scenario(&text), 1) }).unwrap())
}

fn short(hours: u32, events: &[&str]) -> DrillOutcome {
    of(workload(), hours, FEW, events)
}

fn reasons(outcome: &DrillOutcome) -> Vec<String> {
    match &outcome.report.verdict {
        DrillVerdict::Passed => Vec::new(),
        DrillVerdict::Missed(why) | DrillVerdict::Broken(why) => why.clone(),
    }
}

fn told(outcome: &DrillOutcome, words: &str) -> usize {
    outcome.report.timeline.iter().filter(|happening| happening.what.contains(words)).count()
}

const FULL: &str =
    "at: before-prepare, fault: { region: secondary, provider: Microsoft.ServiceBus, effect: no-capacity }";

#[test]
fn a_workload_that_no_run_may_touch_says_that_and_nothing_else() {
    let standard = workload_where(|file| file, |template| template.replace("Premium", "Standard"));
    let outcome = of(standard, 4, FEW, &[LOST, BACK]);
    let report = &outcome.report;
    let why = reasons(&outcome);
    assert!(report.findings.iter().any(Finding::blocks));
    assert!(!why.is_empty() && why.iter().all(|one| one.starts_with("cannot be protected: ")), "{why:?}");
    let rules = report.findings.iter().filter(|finding| finding.blocks());
    assert_eq!((rules.count(), why.len()), (2, 1), "both namespaces, one reason and one remedy: {why:?}");
    assert_eq!(report.rto.unrecovered, None);
    let assumed = report.assumptions.join("\n");
    assert!(!assumed.contains("client") && !assumed.contains("so that there is traffic"), "{assumed}");
}

#[test]
fn clients_of_a_workload_that_was_not_prepared_lose_their_region() {
    let outcome = short(4, &[FULL, "at: 0s, operator: { answers: nobody }", LOST, BACK]);
    let report = &outcome.report;
    assert_eq!(told(&outcome, "work on the primary's own host name"), 1, "{:#?}", report.timeline);
    assert!(
        report.clients.acknowledged > 0 && report.clients.failed_sends > 1_000,
        "{:?}",
        report.clients.held
    );
    assert_eq!(report.clients.send_gaps.len(), 1);
    assert!(report.clients.longest_send_gap > mins(109), "{}", report.clients.longest_send_gap);
    assert!(report.assumptions.iter().all(|one| !one.contains("no client works")));
    assert!(reasons(&outcome).iter().any(|why| why.contains("clients were without service for 1h 50m")));
}

#[test]
fn clients_are_given_the_alias_when_a_later_preparation_brings_it() {
    let full = FULL.replace("no-capacity", "no-capacity, until: 6m");
    let outcome = short(6, &[&full, "at: 1h, lose: { region: primary }", BACK]);
    let report = &outcome.report;
    assert_eq!(told(&outcome, "work on the primary's own host name"), 1, "{:#?}", report.timeline);
    assert_eq!(told(&outcome, "gives them the alias"), 1, "{:#?}", report.timeline);
    assert!(report.rto.actual.is_some() && report.rto.forecast.is_some(), "{:?}", report.verdict);
}

#[test]
fn without_a_plan_there_is_no_forecast() {
    let outcome = short(3, &[FULL, "at: 0s, operator: { answers: nobody }", LOST]);
    assert_eq!(outcome.report.rto.forecast, None);
    assert!(short(3, &[LOST]).report.rto.forecast.is_some());
}

#[test]
fn what_lies_in_a_region_that_does_not_answer_is_out_of_reach() {
    let outcome = short(3, &["at: 1h, lose: { region: primary }", "at: 1h, lose: { region: secondary }"]);
    let report = &outcome.report;
    let gone = report.rpo.never_came_back;
    assert!(gone.messages > 0 && gone.messages == report.clients.out_of_reach, "{gone:?}");
    assert_eq!(report.clients.out_of_reach, report.clients.still_held, "dead letters are as far away");
    // It ends in the middle of an outage: nobody has moved, and nothing can be had.
    let outcome = short(1, &["at: 50m, lose: { region: primary }"]);
    assert!(outcome.report.rpo.never_came_back.messages > 0);
}

#[test]
fn a_failover_without_entities_names_what_is_missing() {
    let stalled = "at: before-prepare, fault: { region: primary, provider: Microsoft.ServiceBus, effect: no-replication }";
    let outcome = short(4, &[stalled, LOST]);
    let why = reasons(&outcome).join("\n");
    assert!(why.contains("the alias moved, and `invoices`, `orders`"), "{why}");
    assert!(why.contains("missing in orders-bus-neu") && why.contains("create them there"), "{why}");
    assert!(!why.contains("had not all followed"), "{why}");
}

#[test]
fn nobody_is_nobody() {
    let counts = |clients: &str| {
        let outcome = of(workload(), 3, clients, &[LOST]);
        let report = outcome.report;
        let unmeasured = report.assumptions.iter().filter(|one| one.contains("not measured")).count();
        assert!(report.rto.actual.is_some(), "{clients}: {:?}", report.verdict);
        (report.clients.producers, report.clients.consumers, unmeasured, report.clients)
    };
    let (producers, consumers, unmeasured, seen) = counts("{ producers: 0, consumers: 0 }");
    assert_eq!((producers, consumers, unmeasured), (0, 0, 1));
    assert_eq!(
        (seen.longest_send_gap, seen.longest_receive_gap),
        (SignedDuration::ZERO, SignedDuration::ZERO)
    );
    let (producers, consumers, unmeasured, seen) = counts("{ producers: 2, consumers: 0 }");
    assert_eq!((producers, consumers, unmeasured, seen.received), (2, 0, 1, 0));
    let (producers, consumers, unmeasured, seen) = counts("{ producers: 0, consumers: 4 }");
    assert_eq!((producers, consumers, unmeasured, seen.acknowledged), (0, 4, 1, 0));
}

#[test]
fn every_gap_counts_and_not_the_first_alone() {
    let outcome = short(3, &["at: 10m, flap: { region: primary, times: 3, every: 20m }"]);
    let gaps = &outcome.report.clients.send_gaps;
    assert_eq!(gaps.len(), 3, "{gaps:?}");
    let lengths = gaps.iter().map(|gap| gap.to.duration_since(gap.from));
    assert!(lengths.clone().all(|length| length > mins(9) && length < mins(12)), "{gaps:?}");
    assert_eq!(lengths.max(), Some(outcome.report.clients.longest_send_gap));
}

#[test]
fn time_in_which_both_regions_are_lost_is_nobodys_work() {
    let events = [LOST, "at: 12m, lose: { region: secondary }", "at: 3h, restore: { region: secondary }"];
    let outcome = short(8, &events);
    let report = &outcome.report;
    if let Some(actual) = &report.rto.actual {
        assert_eq!(actual.nowhere, mins(168));
        assert!(actual.named()[..6].iter().all(|(_, term)| *term < mins(60)), "{actual:?}");
    } else {
        let why = reasons(&outcome).join("\n");
        assert!(why.contains("for 2h 48m of it both regions were lost"), "{why}");
    }
}

#[test]
fn a_region_that_came_back_by_itself_is_no_recovery_of_ours() {
    // The person's yes comes when the region answers again.
    let outcome = short(6, &["at: 0s, operator: { answers: approve, after: 100m }", LOST, BACK]);
    let report = &outcome.report;
    assert!(report.runs.iter().any(|run| run.kind == "failover"), "{:#?}", report.timeline);
    assert_eq!(report.rto.actual, None, "{:#?}", report.timeline);
    assert_eq!(report.rto.unrecovered, Some(mins(110)));
    let why = reasons(&outcome).join("\n");
    assert!(why.contains("clients were back because the region was"), "{why}");
}

#[test]
fn service_that_comes_back_without_a_run_is_measured_when_it_comes() {
    let stuck =
        "at: 5m, fault: { region: secondary, provider: Microsoft.ServiceBus, effect: stuck, until: 2h }";
    let outcome = short(4, &[stuck, LOST, "at: 3h, restore: { region: primary }"]);
    let without = outcome.report.rto.actual.as_ref().map(crate::RtoTerms::total);
    let without = without.or(outcome.report.rto.unrecovered).unwrap();
    assert!(without < mins(135), "sends were acknowledged from 2h on, not from 3h: {without}");
    // What clients send is in reach where they send it, whoever meant them to be there; what was left behind is not.
    let clients = &outcome.report.clients;
    assert!(clients.out_of_reach < clients.still_held, "{} of {}", clients.out_of_reach, clients.still_held);
    let oldest = outcome.report.rpo.never_came_back;
    assert!(oldest.messages == 0 || oldest.reaches_back > SignedDuration::ZERO, "{oldest:?}");
}

#[test]
fn an_attempt_that_moved_nothing_left_nothing_behind() {
    let hangs = "at: 5m, fault: { region: secondary, provider: Microsoft.ServiceBus, operation: failover, \
                 phase: before, effect: hang }";
    let outcome = short(4, &[hangs, LOST]);
    assert!(outcome.report.losses.moves.is_empty(), "{:?}", outcome.report.losses.moves);
    assert!(told(&outcome, "behind") > 0, "what it announced stands on the timeline");
    // Of a move that took place, everything that was stranded is accounted for.
    let outcome = short(6, &[LOST, BACK]);
    let moves = &outcome.report.losses.moves;
    assert_eq!(moves.len(), 2);
    assert!(moves.iter().all(|one| one.drained + one.left <= one.stranded), "{moves:?}");
    let announced: usize = moves.iter().map(|one| one.announced.len()).sum();
    assert_eq!(outcome.report.losses.announced.len(), announced);
}

#[test]
fn more_received_than_acknowledged_has_its_reason() {
    let lost = "at: 10m, fault: { region: primary, provider: Microsoft.ServiceBus, operation: send, phase: after, \
                effect: lost-answer, until: 20m }";
    let seen = short(1, &[lost]).report.clients;
    assert!(seen.received_unacknowledged > 100, "{}", seen.received_unacknowledged);
    let known = seen.acknowledged + seen.received_unacknowledged + seen.received_twice;
    assert_eq!(seen.received + seen.still_held, known);
}

#[test]
fn times_are_written_in_milliseconds() {
    let outcome = short(6, &[LOST, BACK]);
    let report = serde_json::to_string(&outcome.report).unwrap();
    let lines = outcome.events.iter().chain(&outcome.journal).map(String::as_str);
    for text in lines.chain([report.as_str()]) {
        for (at, _) in
            text.match_indices("T0").filter(|(at, _)| text[..*at].ends_with(|c: char| c.is_ascii_digit()))
        {
            let time = text[at..].split(['Z', '"']).next().unwrap();
            let fraction = time.split('.').nth(1).unwrap_or("");
            assert!(fraction.len() <= 3, "{time}");
        }
    }
}
