//! Redeploying: the same template, less what Azure would refuse.

use lifeboat_plan::{Action, PlanKind, WayKind};
use lifeboat_planner::{Side, StrategyKind};
use serde_json::{Value, json};

use super::{sent, step};
use crate::fixtures::World;

fn template(world: &World, kind: PlanKind) -> Option<Value> {
    let plan = world.plan(kind);
    let call = sent(step(&plan, "workload/deploy"), WayKind::Graceful)?;
    Some(call.body.as_ref().unwrap().sketch()["properties"]["template"].clone())
}

/// What differs between two templates: the paths of members that were added, changed or removed.
fn differences(before: &Value, after: &Value, at: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let (one, other) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                differences(one, other, &format!("{at}/{key}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (one, other)) in a.iter().zip(b).enumerate() {
                differences(one, other, &format!("{at}/{index}"), found);
            }
        }
        _ if before == after => {}
        _ => found.push(format!("{at} = {after}")),
    }
}

fn changes(world: &World, kind: PlanKind) -> Vec<String> {
    let whole = &world.workload.secondary.deployment.template;
    let mut found = Vec::new();
    differences(whole, &template(world, kind).unwrap(), "", &mut found);
    found
}

/// Proves: S06, S05 (a redeploy of a paired secondary is refused by Azure: it is left out, and nothing else changes)
#[test]
fn a_paired_namespace_is_left_out_and_nothing_else_changes() {
    let left_out: Vec<String> = (0..4).map(|index| format!("/resources/{index}/condition = false")).collect();
    assert_eq!(changes(&World::paired(), PlanKind::Prepare), left_out);
    // The site is deployed on the day when that was chosen; the namespace is left out then too.
    let mut world = World::from_nothing();
    world.strategies.insert("orders-web".to_owned(), StrategyKind::Redeploy);
    assert_eq!(changes(&world, PlanKind::Failover), left_out);
}

/// Proves: S06, S24 (a new secondary is deployed without the entities that replication brings)
#[test]
fn a_new_namespace_is_deployed_empty() {
    let left_out: Vec<String> = (1..4).map(|index| format!("/resources/{index}/condition = false")).collect();
    assert_eq!(changes(&World::from_nothing(), PlanKind::Prepare), left_out);
}

/// Proves: S06 (a condition of its own gives way to "no")
#[test]
fn an_element_with_a_condition_is_left_out_too() {
    let named = r#""name": "[parameters('busName')]","#;
    let world = World::observed_from(World::declared_by(|text| {
        text.replacen(named, &format!(r#"{named} "condition": "[not(empty(parameters('busName')))]","#), 1)
    }));
    let mut world = world;
    world.stands(Side::Secondary);
    world.pair(Side::Primary, "orders");
    let found = changes(&world, PlanKind::Prepare);
    assert_eq!(found[0], "/resources/0/condition = false");
    assert_eq!(found.len(), 4, "{found:?}");
}

/// Proves: S04 (what is redeployed on the day waits until then; what stands by is deployed now)
#[test]
fn a_component_that_is_redeployed_waits_for_the_day() {
    let mut world = World::from_nothing();
    world.strategies.insert("orders-web".to_owned(), StrategyKind::Redeploy);
    assert!(changes(&world, PlanKind::Prepare).contains(&"/resources/4/condition = false".to_owned()));
    world.strategies.insert("orders-web".to_owned(), StrategyKind::Standby);
    assert!(!changes(&world, PlanKind::Prepare).contains(&"/resources/4/condition = false".to_owned()));
}

/// Proves: S06, S04 (one element for needed and unneeded resources cannot be split, and that is said)
#[test]
fn an_element_that_brings_both_is_refused() {
    let twice =
        r#""name": "[concat(parameters('siteName'), copyIndex())]", "copy": { "name": "s", "count": 2 },"#;
    let changed =
        World::declared_by(|text| text.replacen(r#""name": "[parameters('siteName')]","#, twice, 1));
    let mut world = World::observed_from(changed);
    let name = world.workload.components[1].name.clone();
    world.strategies.insert(name, StrategyKind::Redeploy);
    assert_eq!(world.refused(PlanKind::Prepare).rule, "WL-CANNOT-LEAVE-OUT");
}

/// Proves: S05, S06 (both regions get the same file; parameters differ, and are sent)
#[test]
fn both_regions_are_deployed_from_the_same_template() {
    let world = World::declared();
    let (one, other) = (&world.workload.primary.deployment, &world.workload.secondary.deployment);
    assert_eq!(one.template.to_string(), other.template.to_string());
    assert_ne!(one.parameters, other.parameters);
    let plan = World::from_nothing().plan(PlanKind::Prepare);
    let call = sent(step(&plan, "workload/deploy"), WayKind::Graceful).unwrap();
    let body = call.body.as_ref().map(lifeboat_plan::Draft::sketch).unwrap();
    assert_eq!(body["properties"]["parameters"], other.parameters);
    assert_eq!(other.parameters["busName"], json!({ "value": "orders-bus-neu" }));
}

/// Nothing to deploy is waited for and not sent.
#[test]
fn a_failover_without_anything_to_deploy_sends_no_deployment() {
    let only_bus =
        World::declared_by(|text| text.replace("Microsoft.Web/sites", "Microsoft.ServiceBus/namespaces"));
    let mut world = World::observed_from(only_bus);
    world.stands(Side::Secondary);
    world.pair(Side::Primary, "orders");
    let plan = world.plan(PlanKind::Failover);
    assert!(matches!(step(&plan, "workload/deploy").graceful.action, Action::Wait));
}
