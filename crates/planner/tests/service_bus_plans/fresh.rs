//! Protecting again with a fresh namespace: which one it is, how it is made, and what is left alone.

use insta::assert_snapshot;
use lifeboat_arm::Method;
use lifeboat_plan::{Draft, OnFailure, PlanKind, WayKind};
use lifeboat_planner::{Side, is_protected};
use serde_json::json;

use super::outline::{moved, outline};
use super::{ids, open, path, sent, step, writes};
use crate::fixtures::{ALIASES, World, alias_record, entity};

const PRIMARY: Side = Side::Primary;
const SECONDARY: Side = Side::Secondary;
const FRESH: &str = "orders-bus-weu-2";

fn left() -> World {
    moved().wanting_fresh()
}

fn after(mut world: World, change: impl FnOnce(&mut World)) -> World {
    change(&mut world);
    world
}

/// Everything of this namespace answers 404.
fn delete(world: &mut World, name: &str) {
    let id = world.namespace(PRIMARY, name);
    for below in ["", "/queues", "/topics", "/topics/events/subscriptions", "/disasterRecoveryConfigs"] {
        world.miss(&format!("{id}{below}"));
    }
}

fn fill(world: &mut World, name: &str) {
    let list = format!("{}/queues", world.namespace(PRIMARY, name));
    world.see(&list, json!({ "value": [entity(&list, "incoming")] }));
}

/// Proves: D02, P1b. Observation alone tells which namespace was left and which is to stand by.
#[test]
fn which_namespace_stands_is_told_by_the_alias_and_the_group() {
    let made = || after(left(), |world| world.stands_as(PRIMARY, FRESH));
    let table: Vec<(&str, World, [&str; 2])> = vec![
        ("a pair as declared", World::paired().wanting_fresh(), ["", ""]),
        ("nobody paired them", World::unpaired().wanting_fresh(), ["", ""]),
        ("nothing was observed", World::declared(), ["", ""]),
        ("the owner has it emptied", moved(), ["", ""]),
        ("left", left(), ["", "-2"]),
        (
            "left, and its region still says that it leads",
            after(left(), |world| {
                let list = world.bus_path(PRIMARY, ALIASES);
                let stale = alias_record(&list, "orders", "Primary", world.bus_id(SECONDARY).as_str());
                world.list(PRIMARY, ALIASES, json!([stale]));
            }),
            ["", "-2"],
        ),
        (
            "left, and emptied by hand",
            after(left(), |world| {
                world.list(PRIMARY, "queues", json!([]));
                world.list(PRIMARY, "topics", json!([]));
            }),
            ["", ""],
        ),
        (
            "left, and deleted by hand",
            after(left(), |world| {
                world.group_holds(PRIMARY, &[]);
                delete(world, "orders-bus-weu");
            }),
            ["", ""],
        ),
        ("the next one is made and not paired yet", made(), ["", "-2"]),
        (
            "the next one was paired, and somebody broke that",
            after(made(), |world| fill(world, FRESH)),
            ["-2", "-3"],
        ),
        (
            "the next one was made, and is gone",
            after(made(), |world| {
                world.group_holds(PRIMARY, &["orders-bus-weu"]);
                delete(world, FRESH);
            }),
            ["", "-2"],
        ),
        (
            "somebody made the ninth by hand",
            after(left(), |world| world.stands_as(PRIMARY, "orders-bus-weu-9")),
            ["", "-9"],
        ),
        ("paired with a fresh one", World::protected_by_fresh(), ["-2", "-2"]),
        (
            "the partner is shown by its bare name",
            after(World::protected_by_fresh(), |world| {
                let list = world.bus_path(SECONDARY, ALIASES);
                world.list(
                    SECONDARY,
                    ALIASES,
                    json!([alias_record(&list, "orders", "Primary", "ORDERS-BUS-WEU-2")]),
                );
            }),
            ["-2", "-2"],
        ),
        (
            "the former one is deleted",
            after(World::protected_by_fresh(), |world| {
                world.group_holds(PRIMARY, &[FRESH]);
                delete(world, "orders-bus-weu");
            }),
            ["-2", "-2"],
        ),
        (
            "the region of the fresh one is lost, and left out of lists",
            after(World::protected_by_fresh(), |world| {
                world.lose_side(PRIMARY);
                world.group_holds(PRIMARY, &[]);
            }),
            ["-2", "-2"],
        ),
        (
            "the region that serves is lost",
            after(World::protected_by_fresh(), |world| world.lose_side(SECONDARY)),
            ["-2", "-2"],
        ),
        (
            "the partner is a stranger",
            after(left(), |world| {
                let list = world.bus_path(SECONDARY, ALIASES);
                world.list(SECONDARY, ALIASES, json!([alias_record(&list, "orders", "Primary", "stranger")]));
            }),
            ["", ""],
        ),
    ];
    for (story, world, ends) in table {
        assert_eq!(world.standing(PRIMARY), ends.map(|end| format!("orders-bus-weu{end}")), "{story}");
        assert_eq!(world.standing(SECONDARY), ["orders-bus-neu"; 2], "{story}");
    }
}

/// What another component is called is no fresh name of this one.
#[test]
fn a_declared_name_is_never_taken() {
    let world = after(left(), |world| {
        let mut twin = world.workload.primary.resources[0].clone();
        twin.id = world.namespace(PRIMARY, FRESH);
        let all: Vec<_> = world.workload.primary.resources.iter().cloned().chain([twin]).collect();
        world.workload.primary.resources = all.into();
        world.stands_as(PRIMARY, FRESH);
    });
    assert_eq!(world.standing(PRIMARY), ["orders-bus-weu", "orders-bus-weu-3"]);
}

/// Proves: P1a, S21, S22, D02
#[test]
fn the_plans_with_a_fresh_namespace() {
    let away = World::protected_by_fresh();
    let lost = after(World::protected_by_fresh(), |world| {
        world.lose_side(SECONDARY);
        world.planned = false;
    });
    assert_snapshot!("prepare_fresh_after_failover", outline(&left().plan(PlanKind::Prepare)));
    assert_snapshot!("failback_to_a_fresh_one", outline(&away.plan(PlanKind::Failback)));
    assert_snapshot!("failover_to_a_fresh_one", outline(&lost.plan(PlanKind::Failover)));
    assert_snapshot!("drain_beside_a_fresh_one", outline(&left().plan(PlanKind::Drain)));
}

/// Proves: D02. The fresh one is made as the template declares that side's, before anything is copied to it or paired.
#[test]
fn the_fresh_one_is_made_as_declared_and_first() {
    let world = left();
    let plan = world.plan(PlanKind::Prepare);
    let create = step(&plan, "orders-bus/create-fresh");
    let call = sent(create, WayKind::Graceful).unwrap();
    assert_eq!(call.method, Method::Put);
    assert!(path(call).starts_with(&format!("{}?", world.namespace(PRIMARY, FRESH))));
    let body = call.body.as_ref().map(Draft::sketch).unwrap();
    let declared = world.workload.primary.resources.find(&world.bus_id(PRIMARY)).unwrap();
    assert_eq!((&body["sku"], &body["location"]), (&declared.body["sku"], &json!("westeurope")));
    for id in ids(&plan) {
        if id.starts_with("orders-bus/") && id != "orders-bus/create-fresh" && id != "orders-bus/replicated" {
            assert!(step(&plan, id).after.contains(&create.id), "{id}");
        }
    }
}

/// Proves: D02. What was left is neither emptied nor deleted nor deployed again.
#[test]
fn what_was_left_stays_as_it_is() {
    let away = World::protected_by_fresh;
    for (world, kind) in
        [(left(), PlanKind::Prepare), (away(), PlanKind::Prepare), (away(), PlanKind::Failback)]
    {
        let plan = world.plan(kind);
        let former = world.bus_id(PRIMARY);
        for (method, path) in writes(&plan) {
            assert_ne!(method, Method::Delete, "{path}");
            assert!(path.split(['?', '/']).all(|part| part != former.name()), "{path}");
        }
        // Something that is deployed depends on it all the same.
        let deploy = sent(step(&plan, "workload/deploy"), WayKind::Graceful).unwrap();
        let template = &deploy.body.as_ref().map(Draft::sketch).unwrap()["properties"]["template"];
        assert_eq!(template["resources"][0]["condition"], json!(false), "{}", kind.word());
    }
    let note = "the former namespace orders-bus-weu still stands, holds 0 messages, and costs until somebody deletes it";
    assert!(left().plan(PlanKind::Prepare).notes.iter().any(|said| said.contains(note)));
}

/// Proves: P1b (twice equals once)
#[test]
fn a_pair_with_a_fresh_one_is_adopted() {
    let world = World::protected_by_fresh();
    assert!(is_protected(&world.workload, &world.seen));
    let plan = world.plan(PlanKind::Prepare);
    assert!(!ids(&plan).contains(&"orders-bus/create-fresh"));
    assert!(!open(&world, &plan).contains_key("orders-bus/pair"));
}

/// Proves: D01, D02. The template's own rules for that side come before those of the other one.
#[test]
fn a_fresh_one_gets_the_network_rules_of_its_side() {
    let rules = |action: &str| json!({ "properties": { "defaultAction": action, "ipRules": [{ "ipMask": "10.0.0.1" }] } });
    let mut world = left();
    world.list(SECONDARY, "networkRuleSets", json!([rules("Deny")]));
    let copied = |world: &World| {
        let plan = world.plan(PlanKind::Prepare);
        let call = sent(step(&plan, "orders-bus/copy-network-rules"), WayKind::Graceful).unwrap();
        assert!(path(call).contains("/orders-bus-weu-2/networkRuleSets/default?"), "{}", path(call));
        call.body.as_ref().map(Draft::sketch).unwrap()["properties"]["ipRules"][0]["ipMask"].clone()
    };
    assert_eq!(copied(&world), "10.0.0.1");
    let mut own = world.workload.primary.resources[0].clone();
    own.id = world.bus_id(PRIMARY).child("networkRuleSets", "default");
    let mut body = rules("Deny");
    body["properties"]["ipRules"][0]["ipMask"] = json!("10.0.0.2");
    own.body = body.into();
    let all: Vec<_> = world.workload.primary.resources.iter().cloned().chain([own]).collect();
    world.workload.primary.resources = all.into();
    assert_eq!(copied(&world), "10.0.0.2");
}

/// Proves: D02, D04. The alias may have the name of the namespace that was left: the fresh one has another.
#[test]
fn an_alias_with_the_name_of_the_former_one_stays() {
    let mut world = left();
    world.failed_over(SECONDARY, "orders-bus-weu");
    world.choose(|choice| {
        choice.alias = Some("orders-bus-weu".to_owned());
        choice.alternate_name = Some("orders-west".to_owned());
    });
    let plan = world.plan(PlanKind::Prepare);
    let call = sent(step(&plan, "orders-bus/pair"), WayKind::Graceful).unwrap();
    assert!(path(call).contains("/disasterRecoveryConfigs/orders-bus-weu?"), "{}", path(call));
    let body = call.body.as_ref().map(Draft::sketch).unwrap();
    assert_eq!(
        body,
        json!({ "properties": { "partnerNamespace": world.namespace(PRIMARY, FRESH).as_str() } })
    );
}

/// Proves: S21, D02. What cannot be drained does not keep the workload unprotected.
#[test]
fn a_drain_beside_a_fresh_one_goes_on() {
    let on_failure =
        |world: &World| step(&world.plan(PlanKind::Drain), "orders-bus/drain").graceful.on_failure;
    assert_eq!((on_failure(&moved()), on_failure(&left())), (OnFailure::Stop, OnFailure::Continue));
}
