//! What the requirements say of the whole procedure, seen in the lab.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::{Call, Method};
use lifeboat_lab::{Counts, Lab, Trace};
use lifeboat_plan::{Action, Need, PlanKind, Verdict, WayKind};

use super::example::{drill, mins, play, policy, scenario, start, workload};
use super::executor::{End, Executor};
use super::story::{ALIAS, Chapter, chapter, story, the_workload};
use crate::report::DrillReport;
use crate::{Drill, DrillSetup, DrillVerdict, Scenario};

fn live(chapter: &Chapter) -> End {
    Executor::new(chapter).run()
}

fn kinds(report: &DrillReport) -> Vec<&str> {
    report.runs.iter().map(|run| run.kind.as_str()).collect()
}

/// Proves: S01, F15, F20, F32, S21 (prepare, fail over, fence, drain, protect again, fail back; fence before drain before
/// protecting again).
#[test]
fn the_whole_procedure_is_lived_through() {
    use PlanKind::{Drain, Failback, Failover, Fence, Prepare};
    let report = play(drill(Scenario::sudden_loss(), 1)).report;
    assert_eq!(report.verdict, DrillVerdict::Passed, "{:#?}", report.timeline);
    let wanted = [Prepare, Failover, Fence, Drain, Prepare, Failback].map(PlanKind::word);
    assert_eq!(kinds(&report)[..6], wanted);
}

/// Proves: S10. Data planes are touched by a drain alone: everything else asks the platform to do it.
#[test]
fn no_chapter_but_the_drain_touches_a_data_plane() {
    for chapter in story().iter().filter(|chapter| chapter.name != "drain") {
        for step in &chapter.plan.steps {
            for way in [Some(&step.graceful), step.ungraceful.as_ref()].into_iter().flatten() {
                let moves = match &way.action {
                    Action::Pump(_) => true,
                    Action::Expand(stage) => stage.name.contains("drain"),
                    _ => false,
                };
                assert!(!moves, "{}: {}", chapter.name, step.id);
            }
        }
        let lab = live(chapter).lab;
        let touched: Vec<&Trace> = lab.trace().filter(|trace| trace.host.is_some()).collect();
        assert!(touched.is_empty(), "{}: {touched:#?}", chapter.name);
        // What lies in the queues lies there still.
        let (before, after) = (totals(&chapter.lab), totals(&lab));
        for (namespace, total) in before {
            let left = after.get(&namespace).copied().unwrap_or_default();
            assert_eq!(left, total, "{}: {namespace}", chapter.name);
        }
    }
    let before: u64 = held(chapter("failover"));
    assert!(before > 0);
    assert_eq!(held(chapter("drain")), before, "a failover takes no messages along");
}

/// All messages of each namespace.
fn totals(lab: &Lab) -> BTreeMap<String, u64> {
    let counts = lab.service_bus().message_counts().into_iter();
    counts.map(|(namespace, entities)| (namespace, entities.values().map(Counts::total).sum())).collect()
}

/// Messages in the primary's namespace.
fn held(chapter: &Chapter) -> u64 {
    let counts = chapter.lab.service_bus().message_counts();
    let name = the_workload().components[0].primary.name().to_owned();
    let found = counts.iter().find(|(namespace, _)| namespace.to_lowercase().contains(&name.to_lowercase()));
    found.map_or(0, |(_, entities)| entities.values().map(Counts::total).sum())
}

/// Proves: F1, F17. The failover does nothing in the lost region, and asks nothing of it.
#[test]
fn a_failover_asks_nothing_of_the_lost_region() {
    let lost = &the_workload().primary.region;
    let lab = live(chapter("failover")).lab;
    let asked: Vec<&Trace> = lab.trace().filter(|trace| trace.region.as_ref() == Some(lost)).collect();
    assert!(asked.is_empty(), "{asked:#?}");
}

/// Proves: F1, F17. Nor does its proof rest on what nobody knows: whatever its ways need is in the region it moves to.
#[test]
fn the_failover_of_the_example_stands_on_its_own() {
    let plan = &chapter("failover").plan;
    let workload = the_workload();
    let (lost, there) = (&workload.primary.region, &workload.secondary.region);
    for (id, verdict) in lifeboat_plan::independence(plan, lost) {
        assert!(!matches!(verdict, Verdict::Refused(_)), "{id}: {verdict:?}");
    }
    let mut needs = BTreeSet::new();
    for step in &plan.steps {
        let way = step.way(WayKind::Ungraceful);
        for needed in lifeboat_plan::needs_of(way, &plan.reads, &plan.places) {
            needs.insert(needed.need);
        }
    }
    let there = [Need::ControlPlane(there.clone()), Need::GroupMetadata(there.clone())];
    assert_eq!(needs, there.into(), "of the control plane and the group it moves to, and nothing else");
}

/// Proves: S25. A client that knows only the alias and its key is served before and after.
#[test]
fn the_alias_and_its_keys_are_the_same_before_and_after() {
    let failover = chapter("failover");
    let end = live(failover);
    let keys = |lab: &Lab, now, side| {
        let id = the_workload().components[0].on(side).child("disasterRecoveryConfigs", "orders");
        let path =
            format!("{id}/authorizationRules/RootManageSharedAccessKey/listKeys?api-version=2024-01-01");
        lab.clone().handle(now, &Call::arm(Method::Post, path, None)).answer.unwrap().body
    };
    let planned = chapter("planned failover");
    let before = keys(&planned.lab, planned.now, lifeboat_planner::Side::Primary);
    assert!(before["aliasPrimaryConnectionString"].is_string(), "{before:#}");
    let after = keys(&end.lab, end.now + mins(10), lifeboat_planner::Side::Secondary);
    assert_eq!(before["aliasPrimaryConnectionString"], after["aliasPrimaryConnectionString"]);
    let answer = end.lab.clone().resolve(end.now + mins(10), ALIAS);
    assert!(
        format!("{answer:?}")
            .contains(the_workload().components[0].on(lifeboat_planner::Side::Secondary).name())
    );
}

/// Proves: D08, F13. An outage that is over before the hold-down moves nothing and asks nobody.
#[test]
fn an_outage_shorter_than_the_hold_down_moves_nothing() {
    let text = "scenario: short\nduration: 6h\nevents:\n  - { at: 0s, operator: { answers: approve, after: 4m } }\n  - { at: 2h, lose: { region: primary } }\n  - { at: 2h10m, restore: { region: primary } }\n";
    let report = play(drill(scenario(text), 1)).report;
    assert!(!kinds(&report).contains(&PlanKind::Failover.word()), "{:#?}", report.timeline);
}

/// Proves: F30. What forbids a run on the day forbids it in a drill: nothing is prepared, and the drill is not passed.
#[test]
fn a_drill_passes_the_same_gates() {
    let mut workload = workload();
    workload.secondary.group_region = workload.primary.region.clone();
    let setup = DrillSetup {
        workload,
        strategies: BTreeMap::new(),
        policy: policy(),
        scenario: Scenario::sudden_loss(),
        seed: 1,
        start: start(),
        assumptions: Vec::new(),
        accept: Vec::new(),
        today: jiff::civil::date(2026, 1, 1),
    };
    let report = play(Drill::new(setup).unwrap()).report;
    assert_ne!(report.verdict, DrillVerdict::Passed);
    assert!(!kinds(&report).contains(&PlanKind::Prepare.word()), "{:?}", kinds(&report));
}
