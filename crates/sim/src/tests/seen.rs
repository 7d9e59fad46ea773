//! What probers see, and what is made of it: of the whole world, of a part of it, of what is not there yet.

use lifeboat_planner::Workload;

use super::example::{drill, drill_of, play, scenario, workload_where};
use super::scenarios::{WHOLE, short};
use crate::{Belief, Drill, DrillOutcome, DrillVerdict, Scenario};

/// The example with a second namespace in each region.
pub(crate) fn two_namespaces() -> Workload {
    let first = "\"resources\": [\n";
    let second = "{ \"type\": \"Microsoft.ServiceBus/namespaces\", \"apiVersion\": \"2021-11-01\", \
                  \"name\": \"[concat(parameters('namespaceName'), '-too')]\", \
                  \"location\": \"[parameters('location')]\", \
                  \"sku\": { \"name\": \"Premium\", \"tier\": \"Premium\", \"capacity\": 1 }, \"properties\": {} },";
    let both = |template: String| template.replacen(first, &format!("{first}{second}\n"), 1);
    workload_where(|file| file, both)
}

/// The same, before its drill begins.
pub(crate) fn with_two_namespaces() -> Drill {
    drill_of(two_namespaces(), Scenario::sudden_loss(), 1)
}

fn kinds(outcome: &DrillOutcome) -> Vec<&str> {
    outcome.report.runs.iter().map(|run| run.kind.as_str()).collect()
}

/// What the detector ever took a plane for, besides well.
fn beliefs(outcome: &DrillOutcome) -> Vec<Belief> {
    let planes = outcome.report.planes.iter().flat_map(|plane| &plane.believed);
    planes.map(|stretch| stretch.is).filter(|belief| *belief != Belief::Well).collect()
}

/// Proves: F13. One observer in the dark, for hours and for good: it moves nobody, and nobody is even asked.
#[test]
fn what_one_vantage_point_does_not_see_moves_nobody() {
    for from in ["north", "west", "far"] {
        let outcome = short(6, &[&format!("at: 10m, unseen: {{ region: primary, from: [{from}] }}")]);
        assert_eq!(outcome.report.verdict, DrillVerdict::Passed, "{from}");
        assert_eq!(kinds(&outcome), ["prepare"], "{from}");
        assert_eq!(beliefs(&outcome), [], "{from}");
        assert!(!outcome.report.timeline.iter().any(|line| line.what.contains("asks")), "{from}");
    }
}

/// Proves: F13. Two of three agree: that is what the tool goes by, and it cannot know better. The region that looked dead is
/// fenced before anything else when it is seen again, and nothing that it took is lost.
#[test]
fn what_two_of_three_do_not_see_is_failed_over_and_fenced() {
    let outcome = short(8, &["at: 10m, unseen: { region: primary, from: [north, far], until: 2h }"]);
    assert_eq!(outcome.report.verdict, DrillVerdict::Passed);
    assert_eq!(kinds(&outcome), WHOLE);
    assert!(beliefs(&outcome).contains(&Belief::Down));
    assert_eq!(outcome.report.losses.lost, 0);
}

/// Proves: F13. Two that see nothing of the management and everything of the traffic: the workload serves on.
#[test]
fn management_that_a_quorum_does_not_see_moves_nobody() {
    let outcome = short(3, &["at: 10m, unseen: { region: primary, from: [north, far], planes: [control] }"]);
    assert_eq!(kinds(&outcome), ["prepare"]);
    assert_eq!(outcome.report.verdict, DrillVerdict::Passed);
}

/// Proves: F13. Two observers in the dark one after the other are never two at a time.
#[test]
fn observers_in_the_dark_by_turns_are_no_quorum() {
    let outcome = short(
        6,
        &[
            "at: 10m, unseen: { region: primary, from: [north], until: 2h }",
            "at: 2h, unseen: { region: primary, from: [west], until: 4h }",
        ],
    );
    assert_eq!(beliefs(&outcome), []);
    assert_eq!(kinds(&outcome), ["prepare"]);
}

/// Proves: F13. The second region's resources are being made: nobody expects them to answer, and nothing is suspected.
#[test]
fn what_is_not_there_yet_is_not_suspected() {
    for seed in 1..6 {
        let quiet = scenario("scenario: s\nduration: 2h\nevents:\n  - { at: 1h, plan: failback }\n");
        let outcome = play(drill(quiet, seed));
        let suspected = outcome.report.timeline.iter().find(|line| line.what.contains("suspected"));
        assert!(suspected.is_none(), "seed {seed}: {suspected:?}");
    }
}
