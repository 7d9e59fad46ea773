//! Redeploying: the same template, less what Azure would refuse.

use lifeboat_plan::{Action, PlanKind, ReadDraft, Truth, WayKind};
use lifeboat_planner::{Side, StrategyKind};
use serde_json::{Value, json};

use super::outline::protected_away;
use super::{path, sent, step};
use crate::fixtures::World;
use crate::fixtures::answers::Answered;

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
    let mut world = World::paired();
    world.strategies.insert("orders-web".to_owned(), StrategyKind::Redeploy);
    let site = world.component("orders-web").on(Side::Secondary).to_string();
    world.miss(&site);
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

/// Proves: F1 (a group that is there is taken as it is, unless it is located where the workload could be lost)
#[test]
fn a_group_in_the_region_that_serves_is_not_taken_for_the_standby() {
    let mut world = World::from_nothing();
    let plan = world.plan(PlanKind::Prepare);
    let mut group = |location: &str| {
        world.group_is_in(location);
        Answered::new(&plan.reads, &world.seen).truth(&step(&plan, "workload/group").graceful.done_when)
    };
    assert_eq!(group("northeurope"), Truth::Met);
    assert_eq!(group("uksouth"), Truth::Met);
    for words in ["westeurope", "West Europe"] {
        let Truth::Refused(why) = group(words) else { panic!("{words} is taken") };
        assert!(why.contains("the group orders-neu is located in westeurope"), "{why}");
    }
}

/// Nothing to deploy is waited for and not sent.
#[test]
fn a_failover_without_anything_to_deploy_sends_no_deployment() {
    let premium = r#"Microsoft.ServiceBus/namespaces", "sku": { "name": "Premium" }, "kind": ""#;
    let only_bus = World::declared_by(|text| text.replace("Microsoft.Web/sites", premium));
    let mut world = World::observed_from(only_bus);
    world.stands(Side::Secondary);
    world.pair(Side::Primary, "orders");
    let plan = world.plan(PlanKind::Failover);
    assert!(matches!(step(&plan, "workload/deploy").graceful.action, Action::Wait));
}

/// Whether the standby's deployment counts as done in the world as it is, with this record of just this deployment.
fn deployed(world: &mut World, kind: PlanKind, record: Option<&str>) -> Truth {
    let plan = world.plan(kind);
    for (read, draft) in &plan.reads {
        let ReadDraft::Arm(call) = draft else { continue };
        if read.as_str().contains("-record@") {
            match record {
                None => world.miss(path(call)),
                Some(state) => world.see(path(call), json!({ "properties": { "provisioningState": state } })),
            }
        } else if read.as_str().contains("-resources@") {
            let ids: Vec<Value> =
                world.workload.declared().map(|declared| json!({ "id": declared.id.as_str() })).collect();
            world.see(path(call), json!({ "value": ids }));
        }
    }
    Answered::new(&plan.reads, &world.seen).truth(&step(&plan, "workload/deploy").graceful.done_when)
}

/// Both regions stand as the old template made them; this is what the new one declares.
fn with_another_template(change: impl Fn(String) -> String) -> World {
    World { workload: World::declared_by(change).workload, ..World::paired() }
}

/// Proves: F25, S06 (a change of the template reaches the standby; what has not changed is not sent again)
#[test]
fn a_changed_template_is_deployed_by_the_next_preparation() {
    let setting = r#""value": "orders.servicebus.windows.net""#;
    let changed = || with_another_template(|text| text.replace(setting, r#""value": "elsewhere""#));
    let more = || {
        with_another_template(|text| {
            text.replace(r#""siteConfig": {"#, r#""httpsOnly": true, "siteConfig": {"#)
        })
    };
    for (story, mut world, record, truth) in [
        ("as it was", World::paired(), None, Truth::Met),
        ("as it was, and deployed by us", World::paired(), Some("Succeeded"), Truth::Met),
        ("as it was, while it is deployed", World::paired(), Some("Running"), Truth::NotMet),
        ("nobody looked", World::declared(), None, Truth::NotMet),
    ] {
        assert_eq!(deployed(&mut world, PlanKind::Prepare, record), truth, "{story}");
    }
    for mut world in [changed(), more()] {
        assert_eq!(deployed(&mut world, PlanKind::Prepare, None), Truth::NotMet);
        assert_eq!(deployed(&mut world, PlanKind::Prepare, Some("Succeeded")), Truth::Met);
        let notes = world.plan(PlanKind::Prepare).notes;
        assert!(
            notes.iter().any(|note| note.starts_with("orders-web-neu is not as it is declared")),
            "{notes:?}"
        );
        // On the day, what stands there is what is used.
        assert_eq!(deployed(&mut world, PlanKind::Failover, None), Truth::Met);
    }
}

/// Proves: F32, D02 (nothing is written at home before home has proved itself)
#[test]
fn nothing_is_deployed_at_home_before_it_is_fit() {
    let plan = protected_away().plan(PlanKind::Failback);
    let deploy = step(&plan, "workload/deploy");
    assert!(sent(deploy, WayKind::Graceful).is_some());
    assert!(deploy.after.contains(&"orders-bus/home-is-fit".into()), "{:?}", deploy.after);
    assert!(step(&plan, "orders-bus/home-is-fit").after.is_empty());
}
