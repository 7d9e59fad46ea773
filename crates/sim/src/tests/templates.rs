//! What templates bring besides what has rules: its names, its data, and what is said of it.

use std::collections::BTreeMap;

use lifeboat_arm::template::{NoLinks, Template};
use lifeboat_plan::LossKind;
use lifeboat_planner::{About, Bare, Objectives, StrategyKind, Workload, read_bare};

use super::example::{drill_of, mins, play, setup, start, workload_where};
use crate::report::DrillReport;
use crate::{Drill, DrillSetup, DrillVerdict, Scenario};

/// The example with one more resource in its regional template, and one more parameter.
fn with(resource: &str, parameter: &str) -> Workload {
    let first = format!("\"resources\": [ {resource},");
    let parameters = format!("\"parameters\": {{ {parameter}");
    workload_where(
        |file| file,
        |template| {
            template.replacen("\"resources\": [", &first, 1).replacen("\"parameters\": {", &parameters, 1)
        },
    )
}

fn about(name: &str) -> About {
    About {
        name: name.to_owned(),
        subscription: "00000000-0000-0000-0000-000000000000".to_owned(),
        objectives: Objectives { rto: mins(120), rpo: mins(15) },
        approvers: Vec::new(),
        settings: Vec::new(),
        now: start(),
    }
}

fn lost(workload: Workload) -> DrillReport {
    play(drill_of(workload, Scenario::sudden_loss(), 1)).report
}

const DATABASE: &str = r#"{ "type": "Microsoft.DBforPostgreSQL/servers", "apiVersion": "2017-12-01",
    "name": "[concat('db-', resourceGroup().name)]", "location": "[resourceGroup().location]", "properties": {} }"#;

/// Proves: S04, S18. An empty database is no protected one: what becomes of its data is said to be unknown before anybody
/// presses a button, and is in no number afterwards.
#[test]
fn what_becomes_of_data_that_nobody_copies_is_unknown() {
    let report = lost(with(DATABASE, ""));
    assert_eq!(report.verdict, DrillVerdict::Passed, "{:#?}", report.timeline);
    assert_eq!(report.reservations.len(), 1);
    assert!(
        report.reservations[0].starts_with("no rules for 1 of 2 components"),
        "{:?}",
        report.reservations
    );
    let unknown = |report: &DrillReport| -> usize {
        let all = report.losses.moves.iter().flat_map(|one| &one.announced);
        all.filter(|loss| loss.kind == LossKind::Unknown).count()
    };
    assert_eq!(unknown(&report), report.losses.moves.len(), "each move leaves it behind");
    assert_eq!(report.rpo.unmeasured, ["databases of `db-orders`"]);
    let asked = report.timeline.iter().filter(|one| one.what.starts_with("asks: "));
    let asked: Vec<&str> = asked.map(|one| one.what.as_str()).collect();
    assert!(asked[0].contains("the data of 1 resource is unknown"), "{asked:?}");
    let state = |name: &str| report.state_after.iter().find(|line| line.component == name).unwrap();
    assert_eq!(state("db-orders").state, "redeployed");
    assert_eq!(state("workload").state, "protected in part");
    assert_eq!(state("orders-bus").state, "protected");
}

#[test]
fn what_has_rules_or_stands_outside_has_no_reservations() {
    let report = play(super::example::drill(Scenario::sudden_loss(), 1)).report;
    assert!(report.reservations.is_empty() && report.rpo.unmeasured.is_empty(), "{:?}", report.reservations);
    assert_eq!(report.state_after[0].state, "protected");
}

/// Proves: S06, F25. A name that is made of the deployment's own, or drawn by chance, is the one that is waited for.
#[test]
fn names_that_a_deployment_makes_up_are_known_beforehand() {
    let named = r#"{ "type": "Microsoft.Web/serverfarms", "apiVersion": "2024-04-01", "sku": { "name": "B1" },
        "name": "[concat('farm-', uniqueString(deployment().name), '-', take(parameters('drawn'), 8))]",
        "location": "[resourceGroup().location]", "properties": {} }"#;
    let workload = with(named, r#""drawn": { "type": "string", "defaultValue": "[newGuid()]" },"#);
    assert_eq!(workload.drawn().into_iter().collect::<Vec<_>>(), ["drawn"]);
    let farm = |site: &lifeboat_planner::Site| {
        let farm = site.resources.iter().find(|one| one.kind.is("Microsoft.Web/serverfarms"));
        farm.unwrap().id.name().to_owned()
    };
    assert_ne!(farm(&workload.primary), farm(&workload.secondary), "each region draws for itself");
    let report = lost(workload);
    assert_eq!(report.verdict, DrillVerdict::Passed, "{:#?}", report.timeline);
    for run in &report.runs {
        assert!(run.succeeded, "{}: {}", run.purpose, run.outcome);
    }
    // Where nothing else is declared, the second preparation finds everything there, under the name of the first one.
    assert!(report.runs.iter().filter(|run| run.kind == "prepare").count() > 1);
}

/// Proves: S04, F25. What waits for the day leaves nothing to prepare, and the deployment of an earlier day, which goes by
/// the same name, is no reason to wait.
#[test]
fn nothing_is_left_to_deploy_under_a_name_that_stays() {
    let text = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "resources": [ { "type": "Microsoft.Web/serverfarms", "apiVersion": "2024-04-01",
        "name": "[concat('farm-', uniqueString(deployment().name))]", "location": "[resourceGroup().location]" } ] }"#;
    let about = about("farms");
    let template = Template::parse("farms.json", text).unwrap();
    let (workload, _) = read_bare(&about, &template, &Bare::default(), &NoLinks).unwrap();
    let redeployed = workload.components.iter().map(|one| (one.name.clone(), StrategyKind::Redeploy));
    let strategies: BTreeMap<String, StrategyKind> = redeployed.collect();
    let drill = DrillSetup { workload, strategies, ..setup(Scenario::sudden_loss(), 1) };
    let report = play(Drill::new(drill).unwrap()).report;
    assert_eq!(report.verdict, DrillVerdict::Passed, "{:#?}", report.timeline);
}

/// A fault that met nothing is named at the end: whoever wrote it would believe that it was survived.
#[test]
fn a_fault_that_never_strikes_is_named() {
    let text = |operation: &str| {
        format!(
            "scenario: x\nduration: 12h\nevents:\n  - {{ at: 1h, fault: {{ region: primary, provider: \
             Microsoft.ServiceBus, operation: {operation}, phase: before, effect: error }} }}\n"
        )
    };
    let idle = |operation: &str| {
        let report = play(super::example::drill(super::example::scenario(&text(operation)), 1)).report;
        report.timeline.iter().filter(|one| one.what.contains("never struck")).count()
    };
    assert_eq!(idle("namespaces/queues/write"), 1, "all queues are there already");
    assert_eq!(idle("namespaces/read"), 0);
}
