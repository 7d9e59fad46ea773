//! Scenarios and the verdict that each of them deserves.

use std::fmt::Write as _;

use lifeboat_planner::Workload;

use super::example::{drill, play, scenario, setup, text, workload, workload_where};
use crate::{Drill, DrillOutcome, DrillSetup, DrillVerdict};

/// A scenario with few clients, so that hours pass in no time. One event a line.
pub(super) fn short(hours: u32, events: &[&str]) -> DrillOutcome {
    short_of(workload(), hours, events)
}

fn short_of(workload: Workload, hours: u32, events: &[&str]) -> DrillOutcome {
    let mut text = format!(
        "scenario: short\nduration: {hours}h\n\
         clients: {{ producers: 4, consumers: 4, messagesPerSecond: 1, ignoreTtlPercent: 25 }}\nevents:\n"
    );
    for event in events {
        writeln!(text, "  - {{ {event} }}").unwrap();
    }
    play(Drill::new(DrillSetup { workload, ..setup(scenario(&text), 1) }).unwrap())
}

/// The kinds of runs, in order.
pub(super) fn runs(outcome: &DrillOutcome) -> Vec<&str> {
    outcome.report.runs.iter().map(|run| run.kind.as_str()).collect()
}

pub(super) fn missed(outcome: &DrillOutcome) -> &[String] {
    match &outcome.report.verdict {
        DrillVerdict::Missed(why) => why,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(super) fn passes(outcome: &DrillOutcome, story: &[&str]) {
    assert_eq!(outcome.report.verdict, DrillVerdict::Passed);
    assert_eq!(runs(outcome), story);
    for prediction in &outcome.report.predictions {
        assert!(prediction.agrees, "{prediction:?}");
    }
}

/// There and back again, with everything that must be done in between.
pub(super) const WHOLE: [&str; 9] =
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

/// More subscriptions of the example's topic.
const READ: [(&str, &str); 2] = [("audit", ""), ("billing", "")];
/// One that nobody reads.
const FORWARDING: (&str, &str) = ("kept", r#""forwardTo": "refunds""#);

/// The example whose topic has more subscriptions, by their names and properties.
fn with_subscriptions(more: &[(&str, &str)]) -> Workload {
    let subscription = |name: &str, properties: &str| {
        format!(
            r#"{{ "type": "Microsoft.ServiceBus/namespaces/topics/subscriptions", "apiVersion": "2021-11-01",
                "name": "[concat(parameters('namespaceName'), '/shipments/{name}')]",
                "dependsOn": ["[resourceId('Microsoft.ServiceBus/namespaces/topics', parameters('namespaceName'), 'shipments')]",
                    "[resourceId('Microsoft.ServiceBus/namespaces/queues', parameters('namespaceName'), 'refunds')]"],
                "properties": {{ {properties} }} }},"#
        )
    };
    let more: Vec<String> = more.iter().map(|(name, properties)| subscription(name, properties)).collect();
    workload_where(
        |file| file,
        |template| template.replacen("\"resources\": [", &format!("\"resources\": [{}", more.concat()), 1),
    )
}

/// Proves: S21. Every subscription of a topic gets every message that its rules let in, here and there; what the drain
/// sends on reaches all of them, so some come twice, and none is missing.
#[test]
fn topics_with_several_subscriptions_lose_nothing() {
    let outcome = short_of(with_subscriptions(&[READ[0], READ[1], FORWARDING]), 6, &[LOST, BACK]);
    passes(&outcome, &WHOLE);
    assert_eq!(outcome.report.losses.lost, 0);
    let moves = &outcome.report.losses.moves;
    assert!(moves.iter().all(|one| one.stranded > 0 && one.drained > 0), "{moves:?}");
    let titles = outcome.report.runs.iter().flat_map(|run| &run.steps).map(|step| step.title.as_str());
    assert!(titles.into_iter().any(|title| title.contains("every subscription gets them")));
}

/// Proves: S21, D06. What is not due yet lies in the topic when the workload moves: it is announced there, found there, and
/// brought over when it has come to the subscriptions.
#[test]
fn what_a_topic_keeps_until_it_is_due_is_announced_and_brought_over() {
    let scheduled = |outcome: &DrillOutcome| {
        let announced = &outcome.report.losses.moves[0].announced;
        let topic = announced.iter().find(|loss| loss.what == "scheduled messages in `shipments`");
        topic.unwrap_or_else(|| panic!("{announced:?}")).count.unwrap()
    };
    for events in [&["at: 19m, plan: move"][..], &["at: 19m, lose: { region: primary }", BACK]] {
        let outcome = short_of(with_subscriptions(&[READ[0], READ[1], FORWARDING]), 6, events);
        assert_eq!(outcome.report.verdict, DrillVerdict::Passed);
        assert!(scheduled(&outcome) > 0);
        let moved = &outcome.report.losses.moves[0];
        assert!(moved.stranded > 0 && moved.drained > 0, "{moved:?}");
        assert_eq!((moved.left, outcome.report.losses.lost), (0, 0), "{moved:?}");
        let drain = outcome.report.runs.iter().find(|run| run.kind == "drain").unwrap();
        assert!(drain.steps.iter().any(|step| step.title.contains("messages of `shipments`")), "{drain:#?}");
    }
    // At the end each copy that is still to be made is there, and the first region was never seen again.
    let outcome = short_of(with_subscriptions(&READ), 2, &["at: 110m, lose: { region: primary }"]);
    let seen = &outcome.report.clients;
    assert!(seen.held.scheduled > 0, "{seen:?}");
    assert_eq!(seen.still_held, seen.held.queued + seen.held.scheduled + seen.held.dead_lettered);
}

/// Proves: S21, D06. What was announced in a topic and comes to its subscriptions and on from there during the loss, was
/// announced. Nobody reads, so every message counts.
#[test]
fn what_comes_due_during_the_loss_was_announced_where_it_lay() {
    let text = "scenario: unread\nduration: 3h\nclients: { producers: 4, consumers: 0, messagesPerSecond: 1 }\n\
                events:\n  - { at: 19m, lose: { region: primary } }\n  - { at: 2h, restore: { region: primary } }";
    let workload = with_subscriptions(&[READ[0], READ[1], FORWARDING]);
    let outcome = play(Drill::new(DrillSetup { workload, ..setup(scenario(text), 1) }).unwrap());
    assert!(!matches!(outcome.report.verdict, DrillVerdict::Broken(_)), "{:?}", outcome.report.verdict);
    assert!(outcome.report.losses.moves[0].stranded > 0);
}

/// Proves: S21, D02. Dead letters that are left keep the old namespace from being emptied: it is said, and nothing is lost.
#[test]
fn dead_letters_that_are_left_keep_the_old_namespace() {
    let workload =
        workload_where(|file| file.replace("deadLetters: resend", "deadLetters: leave"), |template| template);
    let outcome = short_of(workload, 4, &[LOST, BACK]);
    let why = missed(&outcome).join("; ");
    assert!(why.contains("holds 1 dead letter, and `deadLetters: leave` leaves it"), "{why}");
    assert_eq!(outcome.report.losses.lost, 0);
    let notes: Vec<&String> = outcome.report.runs.iter().flat_map(|run| &run.notes).collect();
    assert!(notes.iter().any(|note| note.contains("1 dead letter of `orders` stays in")), "{notes:?}; {why}");
    let mut announced = outcome.report.losses.moves.iter().flat_map(|one| &one.announced);
    assert!(announced.any(|loss| loss.what.ends_with("which stay there: `deadLetters: leave`")));
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
    // Both together are an outage of its own, longer than was asked; all the rest goes its way.
    let [second] = missed(&outcome) else { panic!("{:?}", missed(&outcome)) };
    assert!(second.contains("for 1h 50m of it both regions were lost"), "{second}");
    assert_eq!(runs(&outcome), WHOLE);
    assert!(outcome.report.predictions.iter().all(|prediction| prediction.agrees));
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

/// No room in the second region: nothing can be prepared, and what follows says so.
#[test]
fn a_second_region_without_capacity_cannot_be_prepared() {
    let full = "at: before-prepare, fault: { region: secondary, provider: Microsoft.ServiceBus, effect: no-capacity }";
    let outcome = short(3, &[full, "at: 0s, operator: { answers: nobody }"]);
    let why = missed(&outcome);
    assert!(why[0].starts_with("prepare northeurope: failed"), "{why:?}");
    assert!(why[0].contains("SkuNotAvailable") || why[0].contains("capacity"), "{why:?}");
}

#[test]
fn a_quota_in_the_second_region_stops_the_preparation() {
    let none =
        "at: before-prepare, quota: { region: secondary, type: Microsoft.ServiceBus/namespaces, limit: 0 }";
    let outcome = short(3, &[none, "at: 0s, operator: { answers: nobody }"]);
    let why = missed(&outcome);
    assert!(why[0].contains("quota"), "{why:?}");
}

#[test]
fn who_asks_too_often_waits_and_is_served() {
    let throttled = "at: 5m, fault: { region: secondary, provider: Microsoft.ServiceBus, operation: failover, \
                     effect: throttled, retryAfter: 20s, times: 3 }";
    passes(&short(14, &[throttled, LOST, BACK]), &WHOLE);
}

#[test]
fn what_a_scenario_would_not_hit_is_told() {
    let told = |event: &str| {
        let text = format!("scenario: s\nduration: 12h\nevents:\n  - {{ {event} }}\n");
        let found = scenario(&text).strangers(&workload());
        found
            .iter()
            .map(|problem| format!("{problem}; {}", problem.hint.as_deref().unwrap_or("-")))
            .collect::<Vec<_>>()
    };
    let fault = |provider: &str, operation: &str| {
        format!(
            "at: 1h, fault: {{ region: secondary, provider: {provider}, operation: {operation}, phase: before, effect: hang }}"
        )
    };
    assert_eq!(told("at: 1h, lose: { region: westeurope }"), [""; 0]);
    assert_eq!(
        told("at: 1h, lose: { region: eastus }"),
        [
            "4:31: the workload has nothing in `eastus`; it would hit nothing; there is northeurope, westeurope"
        ]
    );
    assert_eq!(
        told("at: 1h, lose: { region: northcentralus }").len(),
        1,
        "a region of Azure, and none of the workload's"
    );
    for known in ["failover", "namespaces/write", "namespaces/queues/read", "disasterRecoveryConfigs", "send"]
    {
        assert_eq!(told(&fault("Microsoft.ServiceBus", known)), [""; 0], "{known}");
    }
    assert_eq!(told(&fault("Microsoft.Resources", "deployments/write")), [""; 0]);
    assert_eq!(
        told(&fault("Microsoft.ServiceBuss", "failover")),
        ["4:53: the workload has nothing of `Microsoft.ServiceBuss`; did you mean `Microsoft.ServiceBus`?"]
    );
    assert_eq!(
        told(&fault("Microsoft.ServiceBus", "failovr")),
        ["4:86: nothing of the workload is asked to `failovr`; did you mean `failover`?"]
    );
    assert_eq!(
        told(&fault("Microsoft.ServiceBus", "namespace/write")),
        ["4:86: nothing of the workload is asked to `namespace/write`; did you mean `namespaces/write`?"]
    );
    assert_eq!(
        told("at: 1h, quota: { region: secondary, type: Microsoft.ServiceBus/namespace, limit: 1 }"),
        ["4:49: the workload has nothing of the type `Microsoft.ServiceBus/namespace`; did you mean \
          `Microsoft.ServiceBus/namespaces`?"]
    );
}
