//! What is executed on the day is what was kept, or somebody says why it is not.

use jiff::SignedDuration;
use lifeboat_arm::{Call, Method};
use lifeboat_plan::Digest;

use crate::tests::example::{drill, mins, scenario};
use crate::{Drill, DrillOutcome, DrillVerdict, RunReport};

const LOST: &str = "{ at: 10m, lose: { region: primary } }";

fn begun(hours: u32, events: &[&str]) -> Drill {
    let clients = "{ producers: 4, consumers: 4, messagesPerSecond: 1, ignoreTtlPercent: 25 }";
    let events = events.join(", ");
    let text = format!("scenario: kept\nduration: {hours}h\nclients: {clients}\nevents: [{events}]\n");
    let mut drill = drill(scenario(&text), 1);
    drill.begin();
    drill
}

fn to_its_end(mut drill: Drill) -> DrillOutcome {
    while drill.goes_on() {}
    drill.end()
}

fn played(hours: u32, events: &[&str]) -> DrillOutcome {
    to_its_end(begun(hours, events))
}

fn told<'a>(outcome: &'a DrillOutcome, words: &str) -> Vec<&'a str> {
    let lines = outcome.report.timeline.iter().map(|line| line.what.as_str());
    lines.filter(|what| what.contains(words)).collect()
}

fn failovers(outcome: &DrillOutcome) -> Vec<&RunReport> {
    outcome.report.runs.iter().filter(|run| run.kind == "failover").collect()
}

/// The digests that were said when a plan was kept, in order.
fn kept(outcome: &DrillOutcome) -> Vec<&str> {
    let says = told(outcome, "keeps a snapshot and the failover plan ");
    says.into_iter().filter_map(|says| says.split_whitespace().nth(7)).collect()
}

/// The day needs no compilation: what was kept while all was well is executed, on either side.
#[test]
fn a_sudden_loss_is_answered_with_the_plan_that_was_kept() {
    let outcome = played(
        12,
        &[
            LOST,
            "{ at: 2h, restore: { region: primary } }",
            "{ at: 1h, operator: { answers: decline } }",
            "{ at: 6h, operator: { answers: approve } }",
            "{ at: 6h, lose: { region: secondary } }",
        ],
    );
    let runs = failovers(&outcome);
    assert_eq!(runs.len(), 2, "{:#?}", outcome.report.timeline);
    let said = kept(&outcome);
    assert!(said.len() > 1, "{said:?}");
    assert!(runs[0].digest.starts_with(said[0]), "{} {said:?}", runs[0].digest);
    assert!(runs[1].digest.starts_with(said[1]), "{} {said:?}", runs[1].digest);
    assert_eq!(told(&outcome, "that was kept").len(), 2);
    assert_eq!(told(&outcome, "plans anew"), [""; 0]);
    // Kept long ago; what is announced was seen just before the loss.
    let age = outcome.report.losses.moves[1].seen_ago.unwrap();
    assert!(age < mins(30), "{age}");
}

/// Also where what is seen on the day would make another plan: who approved the kept one gets that one.
#[test]
fn the_kept_plan_is_executed_and_not_one_that_is_made_on_the_day() {
    let mut drill = begun(3, &[LOST]);
    while drill.opened.is_none() {
        assert!(drill.goes_on());
    }
    let kept = drill.kept.as_mut().unwrap();
    kept.plan.steps[0].graceful.deadline += SignedDuration::from_secs(1);
    kept.digest = Digest::of(&kept.plan);
    let digest = kept.digest.clone();
    let outcome = to_its_end(drill);
    let [run] = failovers(&outcome)[..] else { panic!("{:#?}", outcome.report.timeline) };
    assert_eq!(run.digest, digest.as_str());
    assert!(run.succeeded);
    let says = told(&outcome, "executes the failover plan")[0];
    assert!(
        says.contains("as it was kept") && says.contains("what is seen now would make another, "),
        "{says}"
    );
}

#[test]
fn a_second_attempt_is_planned_for_the_world_that_the_first_one_left() {
    let hangs = "{ at: 5m, fault: { region: secondary, provider: Microsoft.ServiceBus, operation: failover, \
                 phase: before, effect: hang, until: 1h } }";
    let outcome = played(4, &[hangs, LOST]);
    let runs = failovers(&outcome);
    assert!(
        runs.len() > 1 && runs[0].digest.starts_with(kept(&outcome)[0]),
        "{:#?}",
        outcome.report.timeline
    );
    let says = told(&outcome, "plans anew: ");
    assert_eq!(says.len(), runs.len() - 1, "{says:?}");
    let why = "plans anew: \"fail over from westeurope to northeurope\" was begun since the failover plan";
    assert!(says.iter().all(|says| says.contains(why)), "{says:?}");
}

/// The alias may be moved half-way by a move by choice that failed: what was kept before knows nothing of that.
#[test]
fn a_move_by_choice_that_failed_is_no_world_for_the_kept_plan() {
    let stalled =
        "{ at: 5m, fault: { region: primary, provider: Microsoft.ServiceBus, effect: no-replication } }";
    let outcome = played(6, &[stalled, "{ at: 10m, plan: move }", "{ at: 3h, lose: { region: primary } }"]);
    let runs = failovers(&outcome);
    let forced = runs.iter().find(|run| run.purpose.starts_with("fail over from")).expect("it is lost later");
    assert!(forced.started > runs[0].started);
    let says = told(&outcome, "plans anew: ");
    assert!(
        !says.is_empty() && says.iter().all(|says| says.contains("\"move to northeurope\" was begun")),
        "{says:?}"
    );
    assert_eq!(told(&outcome, "executes the failover plan"), [""; 0]);
}

#[test]
fn where_no_plan_was_kept_one_is_made_on_the_day() {
    let full = "{ at: before-prepare, fault: { region: secondary, provider: Microsoft.ServiceBus, effect: no-capacity, \
                until: 1h } }";
    let outcome = played(3, &[full, LOST]);
    assert_ne!(outcome.report.verdict, DrillVerdict::Passed);
    assert_eq!(kept(&outcome), [""; 0]);
    let says = told(&outcome, "plans anew: no failover plan was kept for the loss of westeurope");
    assert!(!says.is_empty(), "{:#?}", outcome.report.timeline);
}

/// A pair that somebody broke after the plan had been kept: nothing is sent that Azure would refuse, and it is said why.
#[test]
fn what_is_seen_to_be_gone_is_not_failed_over_to() {
    let mut drill = begun(4, &["{ at: 45m, lose: { region: primary } }"]);
    while drill.opened.is_none() {
        assert!(drill.goes_on());
    }
    let component = drill.world.workload.components[0].clone();
    let alias = component.primary.child("disasterRecoveryConfigs", "orders");
    let now = drill.world.now;
    let call = Call::arm(Method::Post, format!("{alias}/breakPairing?api-version=2021-11-01"), None);
    assert!(drill.world.lab.handle(now, &call).happened);
    let outcome = to_its_end(drill);
    assert_eq!(failovers(&outcome).iter().filter(|run| run.requests > 0).count(), 0);
    let why = "was seen without the alias `orders`: the pair is broken";
    assert!(!told(&outcome, why).is_empty(), "{:#?}", outcome.report.timeline);
}
