//! Preparing: pairing from nothing, adopting, refusing, copying what is not replicated.

use lifeboat_arm::Method;
use lifeboat_plan::{Condition, Draft, PlanKind, Truth, WayKind};
use lifeboat_planner::{Inventory, ServiceBusChoice, Side, is_protected};
use serde_json::{Value, json};

use super::outline::moved;
use super::{ids, open, path, sent, step, writes};
use crate::fixtures::answers::Answered;
use crate::fixtures::{ALIASES, ROLES, SUBSCRIPTION, World, alias_record, entity, role};

const PRIMARY: Side = Side::Primary;
const SECONDARY: Side = Side::Secondary;

fn body(world: &World, id: &str) -> Value {
    let plan = world.plan(PlanKind::Prepare);
    sent(step(&plan, id), WayKind::Graceful).unwrap().body.as_ref().map(Draft::sketch).unwrap()
}

/// Proves: P1a, S22, D07
#[test]
fn from_nothing_the_group_the_deployment_the_pair_and_the_wait_follow_each_other() {
    let world = World::from_nothing();
    let plan = world.plan(PlanKind::Prepare);
    let order = ["workload/group", "workload/deploy", "orders-bus/pair", "orders-bus/replicated"];
    let places: Vec<usize> =
        order.iter().map(|id| ids(&plan).iter().position(|found| found == id).unwrap()).collect();
    assert!(places.is_sorted(), "{:?}", ids(&plan));
    // The alias is made on the serving side and names the other one by its id.
    let call = sent(step(&plan, "orders-bus/pair"), WayKind::Graceful).unwrap();
    assert_eq!(call.method, Method::Put);
    assert!(path(call).starts_with(&world.bus_path(PRIMARY, "disasterRecoveryConfigs/orders?")));
    assert_eq!(
        body(&world, "orders-bus/pair")["properties"]["partnerNamespace"],
        world.bus_id(SECONDARY).as_str()
    );
    assert!(open(&world, &plan).contains_key("orders-bus/pair"));
}

/// Proves: P1b (somebody paired them in the portal: nothing acts)
#[test]
fn a_pair_made_by_hand_is_adopted() {
    for leader_shows in ["/subscriptions/…", "orders-bus-neu", "ORDERS-BUS-NEU"] {
        let mut world = World::paired();
        if !leader_shows.starts_with('/') {
            let path = world.bus_path(PRIMARY, &format!("{ALIASES}/orders"));
            let mut record = world.seen.look(&path).value().unwrap().clone();
            record["properties"]["partnerNamespace"] = json!(leader_shows);
            world.see(&path, record.clone());
            world.list(PRIMARY, ALIASES, json!([record]));
        }
        for site in [Side::Primary, Side::Secondary] {
            let group = world.workload.site(site).group.to_string();
            world.see(&group, json!({ "location": "x" }));
        }
        let shared = world.workload.shared.clone().unwrap();
        world.see(shared.group.as_str(), json!({ "location": "northeurope" }));
        for declared in &shared.resources {
            world.see(declared.id.as_str(), declared.body.as_ref().clone());
        }
        let plan = world.plan(PlanKind::Prepare);
        // What templates brought is there, by whomever.
        for (read, draft) in &plan.reads {
            let lifeboat_plan::ReadDraft::Arm(call) = draft else { continue };
            if read.as_str().contains("-record@") {
                world.miss(path(call));
            } else if read.as_str().contains("-resources@") {
                let ids: Vec<Value> =
                    world.workload.declared().map(|declared| json!({ "id": declared.id.as_str() })).collect();
                world.see(path(call), json!({ "value": ids }));
            }
        }
        assert_eq!(open(&world, &plan), [].into(), "partner shown as {leader_shows}");
    }
}

/// Proves: S22 (a pair that still replicates is not ready)
#[test]
fn a_pair_that_replicates_is_not_ready() {
    let mut world = World::paired();
    assert!(is_protected(&world.workload, &world.seen));
    world.edit_member(PRIMARY, ALIASES, "orders", |alias| {
        alias["properties"]["pendingReplicationOperationsCount"] = json!(7);
    });
    assert!(!is_protected(&world.workload, &world.seen));
}

/// An alias of another name than the chosen one is adopted under its own. Proves: P1b
#[test]
fn the_alias_that_exists_keeps_its_name() {
    let mut world = World::paired();
    world.pair(PRIMARY, "made-by-hand");
    let plan = world.plan(PlanKind::Prepare);
    let call = sent(step(&plan, "orders-bus/pair"), WayKind::Graceful).unwrap();
    assert!(path(call).contains("/disasterRecoveryConfigs/made-by-hand?"), "{}", call.path);
}

/// Proves: P1b, S24 (a foreign partner is shown with both names and never broken)
#[test]
fn a_foreign_partner_is_refused_with_both_names() {
    let stranger = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/x/providers/Microsoft.ServiceBus/namespaces/stranger"
    );
    for partner in [stranger.as_str(), "stranger"] {
        let mut world = World::unpaired();
        let record = alias_record(&world.bus_path(PRIMARY, ALIASES), "orders", "Primary", partner);
        world.list(PRIMARY, ALIASES, json!([record]));
        let refusal = world.refused(PlanKind::Prepare);
        assert_eq!(refusal.rule, "SB-PARTNER");
        assert!(
            refusal.why.contains("stranger") && refusal.why.contains("orders-bus-neu"),
            "{}",
            refusal.why
        );
    }
}

/// Somebody may pair the namespace while the plan waits for its turn: the step itself refuses. Proves: P1b
#[test]
fn a_foreign_partner_that_comes_later_refuses_the_step() {
    let world = World::unpaired();
    let plan = world.plan(PlanKind::Prepare);
    let mut later = World::unpaired();
    let record = alias_record(&later.bus_path(PRIMARY, ALIASES), "orders", "Primary", "stranger");
    later.see(&later.bus_path(PRIMARY, "disasterRecoveryConfigs/orders"), record);
    let truth = &open(&later, &plan)["orders-bus/pair"];
    assert!(matches!(truth, Truth::Refused(why) if why.contains("orders-bus-neu")), "{truth:?}");
}

/// Proves: S22 (what has failed in Azure is told at once, with what to do, and not waited for)
#[test]
fn a_pairing_that_failed_is_told_at_once() {
    let plan = World::unpaired().plan(PlanKind::Prepare);
    let mut later = World::paired();
    for state in ["Accepted", "Failed"] {
        let path = later.bus_path(PRIMARY, "disasterRecoveryConfigs/orders");
        let mut record = later.seen.look(&path).value().unwrap().clone();
        record["properties"]["provisioningState"] = json!(state);
        later.see(&path, record);
        let open = open(&later, &plan);
        for id in ["orders-bus/pair", "orders-bus/replicated"] {
            let told = matches!(&open[id], Truth::Refused(why) if why.contains("prepare again"));
            assert_eq!(told, state == "Failed", "{id}, {state}: {:?}", open[id]);
        }
    }
}

/// Proves: F4, S22 (Azure's lists leave the count out; what nobody shows is not zero)
#[test]
fn a_count_that_is_not_shown_is_not_zero() {
    const COUNT: &str = "pendingReplicationOperationsCount";
    let hide = |world: &mut World, list: bool, records: bool| {
        for side in [PRIMARY, SECONDARY] {
            if list {
                world.edit_member(side, ALIASES, "orders", |alias| {
                    alias["properties"].as_object_mut().unwrap().remove(COUNT);
                });
            }
            let path = world.bus_path(side, &format!("{ALIASES}/orders"));
            let mut record = world.seen.look(&path).value().unwrap().clone();
            if records {
                record["properties"].as_object_mut().unwrap().remove(COUNT);
                world.see(&path, record);
            }
        }
    };
    for (list, records, ready) in [(false, false, true), (true, false, true), (true, true, false)] {
        let mut world = World::paired();
        hide(&mut world, list, records);
        assert_eq!(is_protected(&world.workload, &world.seen), ready, "{list}, {records}");
        let plan = world.plan(PlanKind::Prepare);
        let truth = open(&world, &plan).get("orders-bus/replicated").cloned();
        assert_eq!(truth.is_none(), !records, "{list}, {records}: {truth:?}");
    }
}

fn refusals() -> Vec<(&'static str, World)> {
    let with = |mut world: World, change: &dyn Fn(&mut World)| {
        change(&mut world);
        world
    };
    let standard = |side| {
        with(World::unpaired(), &|world| world.edit_bus(side, |bus| bus["sku"]["name"] = json!("Standard")))
    };
    vec![
        ("SB-SKU", standard(PRIMARY)),
        ("SB-SKU", standard(SECONDARY)),
        (
            "SB-REGION",
            with(World::unpaired(), &|world| {
                world.edit_bus(SECONDARY, |bus| bus["location"] = json!("westeurope"));
            }),
        ),
        (
            "SB-PARTITIONS",
            with(World::unpaired(), &|world| {
                world.edit_bus(PRIMARY, |bus| bus["properties"]["premiumMessagingPartitions"] = json!(4));
            }),
        ),
        (
            "SB-ENDPOINT-PARITY",
            with(World::unpaired(), &|world| {
                world.list(PRIMARY, "privateEndpointConnections", json!([{ "name": "e" }]));
            }),
        ),
        (
            "SB-EMPTY",
            with(World::unpaired(), &|world| {
                let queue = entity(&world.bus_path(SECONDARY, "queues"), "somebody-elses");
                world.list(SECONDARY, "queues", json!([queue]));
            }),
        ),
        ("SB-EMPTY", with(World::paired(), &|world| world.failed_over(PRIMARY, "orders"))),
        (
            "SB-ALIAS-NAME",
            with(World::unpaired(), &|world| {
                let choice = ServiceBusChoice {
                    alias: Some("orders-bus-neu".to_owned()),
                    ..ServiceBusChoice::default()
                };
                world.choose(|chosen| *chosen = choice);
            }),
        ),
    ]
}

/// Proves: S23, S24, D02, D04 (no plan, so nothing can be written)
#[test]
fn what_cannot_pair_is_refused_before_any_write() {
    for (rule, world) in refusals() {
        let refusal = world.refused(PlanKind::Prepare);
        assert_eq!((refusal.rule.as_str(), refusal.component.as_str()), (rule, "orders-bus"), "{refusal}");
        assert!(!refusal.why.is_empty() && !refusal.remedy.is_empty(), "{refusal:?}");
        // What was observed has no place in a file; what stands for it has.
        assert!(refusal.why.contains(" is declared in regional.json:"), "{refusal}");
    }
}

/// Proves: D04 (both cases)
#[test]
fn an_alias_that_takes_over_the_name_brings_an_alternate_one() {
    let mut world = World::unpaired();
    assert_eq!(body(&world, "orders-bus/pair")["properties"].get("alternateName"), None);
    let choice = |alternate: Option<&str>| ServiceBusChoice {
        alias: Some("orders-bus-weu".to_owned()),
        alternate_name: alternate.map(str::to_owned),
        ..ServiceBusChoice::default()
    };
    world.choose(|chosen| *chosen = choice(Some("orders-west")));
    assert_eq!(body(&world, "orders-bus/pair")["properties"]["alternateName"], "orders-west");
    world.choose(|chosen| *chosen = choice(None));
    assert_eq!(body(&world, "orders-bus/pair")["properties"]["alternateName"], "orders-bus-weu-weu");
}

fn with_roles(world: &mut World, members: &[Value]) {
    world.list(PRIMARY, ROLES, json!(members));
}

/// Proves: D01 (copied once per grant, under an id that is the same each time, with its condition)
#[test]
fn a_role_is_copied_once_and_under_a_stable_id() {
    for mut world in [World::from_nothing(), World::unpaired(), World::paired()] {
        let id = world.bus_id(PRIMARY);
        let mut inherited = role(&world.workload.primary.group, "two", "worker");
        inherited["properties"]["condition"] = Value::Null;
        let mut conditional = role(&id, "three", "auditor");
        conditional["properties"]["condition"] = json!("@Resource[x] StringEquals 'audit'");
        conditional["properties"]["conditionVersion"] = json!("2.0");
        with_roles(&mut world, &[role(&id, "one", "worker"), inherited, conditional]);
        let copies: Vec<(Method, String)> = writes(&world.plan(PlanKind::Prepare))
            .into_iter()
            .filter(|(_, path)| path.contains("roleAssignments"))
            .collect();
        assert_eq!(copies.len(), 2, "{copies:?}");
        assert!(
            copies.iter().all(|(_, path)| path.starts_with(world.bus_id(SECONDARY).as_str())),
            "{copies:?}"
        );
        assert_eq!(
            copies,
            writes(&world.plan(PlanKind::Prepare))
                .into_iter()
                .filter(|(_, path)| path.contains("roleAssignments"))
                .collect::<Vec<_>>()
        );
        let plan = world.plan(PlanKind::Prepare);
        let bodies: Vec<Value> = plan
            .steps
            .iter()
            .filter(|step| step.id.as_str().contains("copy-role"))
            .map(|step| sent(step, WayKind::Graceful).unwrap().body.as_ref().unwrap().sketch())
            .collect();
        let auditor = bodies.iter().find(|body| body["properties"]["principalId"] == "auditor").unwrap();
        assert_eq!(auditor["properties"]["condition"], "@Resource[x] StringEquals 'audit'");
        assert_eq!(auditor["properties"]["conditionVersion"], "2.0");
        // They stand before the pair, and the pair waits for them.
        let verbs: Vec<&str> = ids(&plan).into_iter().filter(|id| id.contains("copy-role")).collect();
        let pair = step(&plan, "orders-bus/pair");
        assert!(verbs.iter().all(|id| pair.after.contains(&(*id).into())), "{:?}", pair.after);
    }
}

/// Proves: D04 (the side that serves decides whose name the alias may have)
#[test]
fn the_alias_is_held_against_the_name_of_the_side_that_joins() {
    for (active, alias, refused) in [
        (PRIMARY, "orders-bus-neu", true),
        (PRIMARY, "orders-bus-weu", false),
        (SECONDARY, "orders-bus-weu", true),
        (SECONDARY, "orders-bus-neu", false),
    ] {
        let mut world = World { active, ..World::unpaired() };
        for list in ["queues", "topics"] {
            world.list(active.other(), list, json!([]));
        }
        let choice = ServiceBusChoice { alias: Some(alias.to_owned()), ..ServiceBusChoice::default() };
        world.choose(|chosen| *chosen = choice);
        let plan = lifeboat_planner::plan(&world.planning(PlanKind::Prepare));
        let rule = match &plan {
            Err(lifeboat_planner::PlanError::Refused(refusal)) => Some(refusal.rule.as_str()),
            _ => None,
        };
        assert_eq!(rule, refused.then_some("SB-ALIAS-NAME"), "{active:?} {alias}");
    }
}

/// Proves: P1a, F20 (protect again: B leads and A is the partner, after A was emptied)
#[test]
fn after_a_failover_the_pair_is_made_the_other_way_round() {
    let world = moved();
    let plan = world.plan(PlanKind::Prepare);
    let pair = step(&plan, "orders-bus/pair");
    let call = sent(pair, WayKind::Graceful).unwrap();
    assert!(
        path(call).starts_with(&world.bus_path(SECONDARY, "disasterRecoveryConfigs/orders?")),
        "{}",
        call.path
    );
    assert_eq!(
        body(&world, "orders-bus/pair")["properties"]["partnerNamespace"],
        world.bus_id(PRIMARY).as_str()
    );
    assert!(pair.after.contains(&"orders-bus/empty-old-side".into()), "{:?}", pair.after);
    // Somebody else's leftovers are refused instead.
    let stranger = World { returning: false, ..moved() };
    assert_eq!(stranger.refused(PlanKind::Prepare).rule, "SB-EMPTY");
}

/// Ready means replicated: a pending operation or a queue that is not there yet keeps the wait open. Proves: S22, D07
#[test]
fn the_pair_is_ready_when_nothing_is_pending_and_every_entity_is_there() {
    let ready = |change: &dyn Fn(&mut World)| {
        let mut world = World::paired();
        change(&mut world);
        let plan = world.plan(PlanKind::Prepare);
        let condition: &Condition = &step(&plan, "orders-bus/replicated").graceful.done_when;
        Answered::new(&plan.reads, &world.seen).truth(condition)
    };
    assert_eq!(ready(&|_| ()), Truth::Met);
    assert_eq!(
        ready(&|world| {
            let path = world.bus_path(PRIMARY, "disasterRecoveryConfigs/orders");
            let mut record = world.seen.look(&path).value().unwrap().clone();
            record["properties"]["pendingReplicationOperationsCount"] = json!(3);
            world.see(&path, record);
        }),
        Truth::NotMet
    );
    assert_eq!(ready(&|world| world.list(SECONDARY, "queues", json!([]))), Truth::NotMet);
    assert!(matches!(ready(&|world| world.seen = Inventory::default()), Truth::Unknown(_)));
}
