//! Failing over and failing back: paths, bodies, ways, losses, and what a dead region cannot stop.

use lifeboat_arm::Method;
use lifeboat_plan::{Condition, Loss, LossKind, PlanKind, Truth, Verdict, WayKind, independence};
use lifeboat_planner::{CrossSubscription, ServiceBusChoice, Settings, Side, StrategyKind, leads, predict};
use serde_json::{Value, json};

use super::outline::protected_away;
use super::{path, sent, step};
use crate::fixtures::answers::Answered;
use crate::fixtures::{ALIASES, SUBSCRIPTION, World, alias_record, region};

const PRIMARY: Side = Side::Primary;
const SECONDARY: Side = Side::Secondary;
const MOVE: &str = "orders-bus/fail-over-alias";

/// Proves: P1a, D03 (called on the secondary, forced, nothing in the body)
#[test]
fn an_unplanned_failover_starts_ungracefully_on_the_secondarys_path() {
    let mut world = World::paired();
    world.lose_side(PRIMARY);
    let plan = world.plan(PlanKind::Failover);
    assert_eq!((plan.policy.prefer, plan.policy.may_switch), (WayKind::Ungraceful, true));
    let call = sent(step(&plan, MOVE), WayKind::Ungraceful).unwrap();
    let wanted = world.bus_path(SECONDARY, "disasterRecoveryConfigs/orders/failover?api-version=2024-01-01");
    assert_eq!((call.method, path(call), &call.body), (Method::Post, wanted.as_str(), &None));
}

/// Proves: P1a, D03 (by choice it is safe or not at all)
#[test]
fn a_planned_failover_is_safe_and_has_no_other_way() {
    let world = World { planned: true, ..World::paired() };
    let plan = world.plan(PlanKind::Failover);
    assert_eq!(plan.policy.prefer, WayKind::Graceful);
    let step = step(&plan, MOVE);
    let call = sent(step, WayKind::Graceful).unwrap();
    assert!(path(call).starts_with(&world.bus_path(SECONDARY, "disasterRecoveryConfigs/orders/failover")));
    assert_eq!(call.body.as_ref().unwrap().sketch(), json!({ "properties": { "IsSafeFailover": true } }));
    assert_eq!(step.ungraceful, None);
}

/// The two namespaces, the second one in another subscription.
fn across_subscriptions(choice: CrossSubscription) -> World {
    let mut world = World { planned: true, ..World::declared() };
    let other = world.bus_id(SECONDARY).as_str().replace("000000000001", "000000000002");
    world.workload.components[0].secondary = Some(other.parse().unwrap());
    world.choose(|bus| bus.cross_subscription = choice);
    world
}

/// Proves: D03 (a safe failover is impossible across subscriptions, and nobody forces one unasked)
#[test]
fn across_subscriptions_a_move_by_choice_is_forced_only_where_that_is_declared() {
    let refused = across_subscriptions(CrossSubscription::Refuse);
    for (kind, active) in [(PlanKind::Failover, PRIMARY), (PlanKind::Failback, SECONDARY)] {
        let refusal = World { active, ..across_subscriptions(CrossSubscription::Refuse) }.refused(kind);
        assert_eq!(refusal.rule, "SB-CROSS-SUBSCRIPTION");
        // The second one was put elsewhere by this test; only the first one stands where a template says.
        assert_eq!(refusal.why.contains(" is declared in regional.json:"), active == SECONDARY, "{refusal}");
        assert!(refusal.remedy.contains("crossSubscription: force"), "{refusal:?}");
        let plan = World { active, ..across_subscriptions(CrossSubscription::Force) }.plan(kind);
        let moved = step(&plan, MOVE);
        assert_eq!(sent(moved, WayKind::Graceful).unwrap().body, None, "forced");
        assert_eq!(moved.ungraceful, None);
        assert!(moved.graceful.loses.0.iter().any(|loss| loss.kind == LossKind::Lost));
        assert!(plan.notes.iter().any(|note| note.contains("it is forced")), "{:?}", plan.notes);
    }
    // Nobody is asked when the region is lost.
    let plan = World { planned: false, ..refused }.plan(PlanKind::Failover);
    assert_eq!(sent(step(&plan, MOVE), WayKind::Ungraceful).unwrap().body, None);
}

/// Proves: D03 (ids fold case: another casing is no other subscription)
#[test]
fn another_casing_is_no_other_subscription() {
    let mut world = World { planned: true, ..World::declared() };
    let bus = &mut world.workload.components[0];
    let cased = |id: &str, subscription: &str| id.replace(SUBSCRIPTION, subscription).parse().unwrap();
    bus.primary = cased(bus.primary.as_str(), "ABCDEF00-0000-0000-0000-000000000001");
    let secondary = bus.secondary.as_ref().unwrap().as_str();
    bus.secondary = Some(cased(secondary, "abcdef00-0000-0000-0000-000000000001"));
    let plan = world.plan(PlanKind::Failover);
    assert!(sent(step(&plan, MOVE), WayKind::Graceful).unwrap().body.is_some(), "safe");
    assert_eq!(step(&plan, MOVE).ungraceful, None);
}

/// Proves: S23 (no plan moves a namespace that can have no alias)
#[test]
fn a_standard_namespace_is_not_moved() {
    for (kind, active) in [(PlanKind::Failover, PRIMARY), (PlanKind::Failback, SECONDARY)] {
        let mut world = World { active, ..World::paired() };
        world.edit_bus(PRIMARY, |bus| bus["sku"]["name"] = json!("Standard"));
        let refusal = world.refused(kind);
        assert_eq!(refusal.rule, "SB-SKU");
        assert!(refusal.remedy.contains("Premium"), "{refusal:?}");
    }
}

fn busy() -> World {
    let mut world = World::paired();
    world.edit_member(PRIMARY, "queues", "incoming", |queue| {
        queue["properties"]["countDetails"] = json!({
            "activeMessageCount": 100, "deadLetterMessageCount": 4, "scheduledMessageCount": 7,
            "transferMessageCount": 0, "transferDeadLetterMessageCount": 1,
        });
        queue["properties"]["requiresSession"] = json!(true);
    });
    world.edit_member(PRIMARY, "topics/events/subscriptions", "billing", |subscription| {
        subscription["properties"]["countDetails"]["activeMessageCount"] = json!(12);
        subscription["properties"]["requiresSession"] = json!(true);
    });
    world.edit_member(PRIMARY, "topics", "events", |topic| {
        topic["properties"]["countDetails"]["scheduledMessageCount"] = json!(5);
    });
    world.edit_member(PRIMARY, ALIASES, "orders", |alias| {
        alias["properties"]["pendingReplicationOperationsCount"] = json!(3);
    });
    world.lose_side(PRIMARY);
    world
}

fn losses(world: &World, kind: WayKind) -> Vec<Loss> {
    step(&world.plan(PlanKind::Failover), MOVE).way(kind).loses.0.clone()
}

/// Proves: S21, D06 (from the last good inventory, while the primary is silent)
#[test]
fn losses_are_announced_with_the_counts_that_were_last_seen() {
    let told: Vec<String> = losses(&busy(), WayKind::Ungraceful).iter().map(Loss::to_string).collect();
    let wanted = [
        "stranded: 100 active messages in `incoming` (seen at 2026-03-01T08:00:00Z)",
        "stranded: 4 dead-lettered messages in `incoming`, which stay there: `deadLetters: leave` (seen at 2026-03-01T08:00:00Z)",
        "stranded: 7 scheduled messages in `incoming` (seen at 2026-03-01T08:00:00Z)",
        "stranded: 1 undeliverable forwarded message in `incoming` (seen at 2026-03-01T08:00:00Z)",
        "stranded: 0 active messages in `audit` (seen at 2026-03-01T08:00:00Z)",
        "stranded: 5 scheduled messages in `events` (seen at 2026-03-01T08:00:00Z)",
        "stranded: 12 active messages in `events/billing` (seen at 2026-03-01T08:00:00Z)",
        "not carried over: session state of `incoming`, count unknown",
        "not carried over: session state of `events/billing`, count unknown",
        "lost: 3 changes of queues and topics that `orders` had not replicated (seen at 2026-03-01T08:00:00Z)",
    ];
    assert_eq!(told, wanted);
    // A safe failover waits for what is pending.
    assert!(losses(&busy(), WayKind::Graceful).iter().all(|loss| loss.kind != LossKind::Lost));
}

/// Proves: S21, F6 (what any way that may be taken gives up, each thing once)
#[test]
fn the_announcement_holds_what_every_way_may_lose() {
    let all = |planned| World { planned, ..busy() }.plan(PlanKind::Failover).possible_losses();
    let forced = losses(&busy(), WayKind::Ungraceful);
    let strands = |losses: &[Loss]| losses.iter().filter(|loss| loss.kind == LossKind::Stranded).count();
    assert_eq!(strands(&all(false)), strands(&forced), "nothing is counted twice");
    assert!(all(false).iter().any(|loss| loss.kind == LossKind::Lost));
    assert!(all(true).iter().all(|loss| loss.kind != LossKind::Lost), "a safe way is the only one");
    // Begun with care, and care may be given up without another question.
    let mut plan = busy().plan(PlanKind::Failover);
    plan.policy.prefer = WayKind::Graceful;
    assert_eq!(plan.possible_losses(), forced);
    plan.policy.may_switch = false;
    assert!(plan.possible_losses().iter().all(|loss| loss.kind != LossKind::Lost));
}

/// Proves: S21, D06 (subscriptions hold what topics do not; an alias is found in any casing)
#[test]
fn a_plan_names_the_counts_it_rests_on() {
    let mut world = busy();
    let facts = world.plan(PlanKind::Failover).facts;
    let of =
        |key: &str| facts.iter().find(|fact| fact.key == key).map(|fact| &fact.value["activeMessageCount"]);
    assert_eq!(of("orders-bus/incoming/messages"), Some(&json!(100)));
    assert_eq!(of("orders-bus/events/billing/messages"), Some(&json!(12)));
    world.workload.settings = Settings::default();
    world.list(PRIMARY, ALIASES, json!([]));
    let partner = world.bus().on(SECONDARY).to_string();
    let mut record = alias_record(&world.bus_path(PRIMARY, ALIASES), "ORDERS-BUS", "Primary", &partner);
    record["properties"]["pendingReplicationOperationsCount"] = json!(5);
    world.list(PRIMARY, ALIASES, json!([record]));
    world.list(SECONDARY, ALIASES, json!([]));
    let lost = losses(&world, WayKind::Ungraceful).into_iter().find(|loss| loss.kind == LossKind::Lost);
    assert_eq!(lost.unwrap().count, Some(5));
}

/// Proves: S21. Where neither side shows the pair any more, Azure would refuse: so does the plan, and it says why.
#[test]
fn a_pair_that_was_broken_is_not_failed_over() {
    let mut world = busy();
    world.list(SECONDARY, ALIASES, json!([]));
    // The primary's record still names it.
    world.plan(PlanKind::Failover);
    world.list(PRIMARY, ALIASES, json!([]));
    let refused = world.refused(PlanKind::Failover);
    assert_eq!(refused.rule, "SB-PAIRED");
    assert!(refused.why.contains("the pair is broken"), "{}", refused.why);
}

/// Nobody ever looked: the counts are unknown, and what may be lost is said all the same. Proves: S21, F4
#[test]
fn unknown_counts_are_said_to_be_unknown() {
    let told = losses(&World::declared(), WayKind::Ungraceful);
    assert!(!told.is_empty());
    assert!(told.iter().all(|loss| loss.count.is_none() && loss.observed_at.is_none()), "{told:?}");
    assert!(told.iter().any(|loss| loss.kind == LossKind::Lost));
    let facts = World::declared().plan(PlanKind::Failover).facts;
    assert!(facts.iter().any(|fact| fact.key == "orders-bus/incoming/messages" && fact.value == "unknown"));
}

/// Proves: F1, F17 (an unplanned failover needs nothing of the lost region)
#[test]
fn an_unplanned_failover_stands_on_its_own() {
    let mut redeploys = World::paired();
    redeploys.strategies.insert("orders-web".to_owned(), StrategyKind::Redeploy);
    let site = redeploys.component("orders-web").on(Side::Secondary).to_string();
    redeploys.miss(&site);
    for mut world in [World::paired(), redeploys, World::declared()] {
        world.lose_side(PRIMARY);
        let plan = world.plan(PlanKind::Failover);
        let verdicts = independence(&plan, &region("westeurope"));
        let refused: Vec<_> =
            verdicts.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Refused(_))).collect();
        assert!(refused.is_empty(), "{refused:?}");
        // The safe way waits for the old primary: without it there is the other way.
        let alias = &verdicts[&MOVE.into()];
        assert!(matches!(alias, Verdict::Contingent(needs) if !needs.is_empty()), "{alias:?}");
    }
}

/// Who leads is told by what was just observed: what was known of a lost region says nothing, and two that claim it cancel
/// each other out.
#[test]
fn who_leads_is_what_the_alias_records_show_now() {
    let seen = |world: &World| leads(&world.workload, &world.seen);
    assert_eq!(seen(&World::declared()), None, "a template is no observation");
    let mut world = World::paired();
    assert_eq!(seen(&world), Some(PRIMARY));
    world.lose_side(PRIMARY);
    assert_eq!(seen(&world), None);
    let mut world = World::paired();
    world.failed_over(SECONDARY, "orders");
    assert_eq!(seen(&world), Some(SECONDARY));
    world.lose_side(PRIMARY);
    assert_eq!(seen(&world), Some(SECONDARY), "the side that leads was read, and that suffices");
    let stale = alias_record(&world.bus_path(PRIMARY, ALIASES), "orders", "Primary", "orders-bus-neu");
    world.list(PRIMARY, ALIASES, json!([stale]));
    assert_eq!(seen(&world), None, "a region back from the dead claims it, too");
}

/// A failover is a request to the partner: where none was ever made, nothing is planned.
#[test]
fn a_standby_that_was_never_prepared_is_not_failed_over_to() {
    for kind in [PlanKind::Failover, PlanKind::Failback] {
        let refusal = World::from_nothing().refused(kind);
        assert_eq!(refusal.rule, "SB-PAIRED");
        assert!(refusal.why.contains("is not there: nothing was prepared in northeurope"), "{refusal}");
    }
}

/// Proves: F17 (what a template asks of the lost region while it is deployed is a need, though no id stands in it)
#[test]
fn a_template_that_asks_the_lost_region_cannot_be_deployed_without_it() {
    let deploying = |asked: &str| {
        let value = format!(r#""value": "[reference({asked}, '2024-01-01').serviceBusEndpoint]""#);
        let mut world = World::observed_from(World::declared_by(|text| {
            text.replacen(r#""value": "orders.servicebus.windows.net""#, &value, 1)
        }));
        world.stands(SECONDARY);
        world.pair(PRIMARY, "orders");
        world.strategies.insert("orders-web".to_owned(), StrategyKind::Redeploy);
        let plan = world.plan(PlanKind::Failover);
        independence(&plan, &region("westeurope"))[&"workload/deploy".into()].clone()
    };
    let world = World::declared();
    let own = "resourceId('Microsoft.ServiceBus/namespaces', parameters('busName'))";
    assert_eq!(deploying(own), Verdict::Independent);
    let lost = world.bus_id(PRIMARY);
    for lost in [format!("'{lost}'"), format!("'{lost}/authorizationRules/RootManageSharedAccessKey'")] {
        let verdict = deploying(&lost);
        let Verdict::Refused(needs) = &verdict else { panic!("{lost}: {verdict:?}") };
        assert_eq!(needs[0].need.to_string(), "the control plane of westeurope", "{lost}");
    }
}

/// Proves: F1 (a standby whose group is kept in the lost region cannot be managed)
#[test]
fn a_standby_group_in_the_primary_region_is_refused() {
    let mut world = World::paired();
    world.group_is_in("westeurope");
    let verdicts = independence(&world.plan(PlanKind::Failover), &region("westeurope"));
    let Verdict::Refused(needs) = &verdicts[&MOVE.into()] else { panic!("{:?}", verdicts[&MOVE.into()]) };
    assert!(
        needs.iter().any(|needed| needed.need.to_string() == "group metadata in westeurope"),
        "{needs:?}"
    );
}

/// Proves: F32, D02, P1a (paired, replicated and quiet first; then the safe way only)
#[test]
fn failing_back_is_no_failover_backwards() {
    let world = protected_away();
    let plan = world.plan(PlanKind::Failback);
    assert_eq!((plan.policy.prefer, plan.policy.may_switch), (WayKind::Graceful, false));
    assert_eq!((plan.from.as_str(), plan.to.as_str()), ("northeurope", "westeurope"));
    let (gate, moved) = (step(&plan, "orders-bus/home-is-fit"), step(&plan, MOVE));
    assert!(moved.after.contains(&gate.id));
    let Condition::Any(gates) = &gate.graceful.done_when else { panic!("{:?}", gate.graceful.done_when) };
    assert!(matches!(gates[0], Condition::Held { n: 3, .. }), "{gates:?}");
    assert_eq!(moved.ungraceful, None);
    let call = sent(moved, WayKind::Graceful).unwrap();
    assert!(path(call).starts_with(&world.bus_path(PRIMARY, "disasterRecoveryConfigs/orders/failover")));
    assert_eq!(call.body.as_ref().unwrap().sketch()["properties"]["IsSafeFailover"], true);
    // The same world backwards would have been a failover with two ways.
    let backwards = World { planned: false, ..protected_away() }.plan(PlanKind::Failover);
    assert!(step(&backwards, MOVE).ungraceful.is_some());
}

/// Proves: S25, S21 (Azure's 200 is no success: role, partner, name and entities must be seen)
#[test]
fn a_failover_is_done_when_it_can_be_seen() {
    let world = World::paired();
    let plan = world.plan(PlanKind::Failover);
    let truth = |id: &str, change: &dyn Fn(&mut World)| {
        let mut after = World::paired();
        after.failed_over(SECONDARY, "orders");
        change(&mut after);
        Answered::new(&plan.reads, &after.seen).truth(&step(&plan, id).way(WayKind::Ungraceful).done_when)
    };
    assert_eq!(truth(MOVE, &|_| ()), Truth::Met);
    assert_eq!(truth(MOVE, &|world| world.pair(PRIMARY, "orders")), Truth::NotMet);
    // Somebody moved it by hand and has paired it again since.
    assert_eq!(truth(MOVE, &|world| world.pair(SECONDARY, "orders")), Truth::Met);
    let becomes = |state: &'static str, partner: &'static str| {
        move |world: &mut World| {
            let list = world.bus_path(SECONDARY, ALIASES);
            let mut record = alias_record(&list, "orders", "PrimaryNotReplicating", partner);
            record["properties"]["provisioningState"] = json!(state);
            world.see(&format!("{list}/orders"), record);
        }
    };
    assert_eq!(truth(MOVE, &becomes("Succeeded", "stranger")), Truth::NotMet);
    let failed = truth(MOVE, &becomes("Failed", ""));
    assert!(matches!(&failed, Truth::Refused(why) if why.contains("has failed")), "{failed:?}");
    let accepted = |world: &mut World| {
        let list = world.bus_path(SECONDARY, ALIASES);
        let mut record = alias_record(&list, "orders", "PrimaryNotReplicating", "");
        record["properties"]["provisioningState"] = json!("Accepted");
        world.see(&format!("{list}/orders"), record);
    };
    assert_eq!(truth(MOVE, &accepted), Truth::NotMet);
    let resolves = |host: &'static str| {
        move |world: &mut World| world.see("dns:orders.servicebus.windows.net", json!({ "chain": [host] }))
    };
    let name = "orders-bus/alias-resolves";
    assert_eq!(truth(name, &resolves("orders-bus-neu.servicebus.windows.net")), Truth::Met);
    assert_eq!(truth(name, &resolves("orders-bus-weu.servicebus.windows.net")), Truth::NotMet);
    // Every entity, although Azure shows of each how long it may idle.
    assert_eq!(truth("orders-bus/entities-present", &|_| ()), Truth::Met);
    assert_eq!(
        truth("orders-bus/entities-present", &|world| world.list(SECONDARY, "queues", json!([]))),
        Truth::NotMet
    );
}

/// Proves: D05 (what deletes itself may be missing afterwards)
#[test]
fn an_entity_that_deletes_itself_is_not_waited_for() {
    let mut world = World::paired();
    world.edit_member(PRIMARY, "queues", "audit", |queue| {
        queue["properties"]["autoDeleteOnIdle"] = json!("P7D");
    });
    let plan = world.plan(PlanKind::Failover);
    let members: Vec<Value> =
        world.seen.look(&world.bus_path(SECONDARY, "queues")).value().unwrap().as_array().unwrap().clone();
    let left: Vec<Value> = members.into_iter().filter(|queue| queue["name"] == "incoming").collect();
    world.list(SECONDARY, "queues", json!(left));
    let done = &step(&plan, "orders-bus/entities-present").graceful.done_when;
    assert_eq!(Answered::new(&plan.reads, &world.seen).truth(done), Truth::Met);
}

/// The alias took over the name of the namespace: going home, it must resolve to the namespace's new name. Proves: D04
#[test]
fn an_alias_with_the_namespaces_name_resolves_to_its_alternate_name() {
    let mut world = protected_away();
    let choice = ServiceBusChoice {
        alias: Some("orders-bus-weu".to_owned()),
        alternate_name: Some("orders-west".to_owned()),
        ..ServiceBusChoice::default()
    };
    world.choose(|chosen| *chosen = choice);
    world.pair(SECONDARY, "orders-bus-weu");
    let plan = world.plan(PlanKind::Failback);
    let title = &step(&plan, "orders-bus/alias-resolves").title;
    assert!(title.ends_with("resolve to orders-west.servicebus.windows.net"), "{title}");
}

/// Proves: S22, F20 (any failover leaves the workload unprotected)
#[test]
fn a_failover_leaves_the_workload_unprotected_until_it_is_paired_again() {
    let world = World::paired();
    let protected = |world: &World| lifeboat_planner::is_protected(&world.workload, &world.seen);
    assert!(protected(&world));
    let after = predict(&world.seen, &world.plan(PlanKind::Failover));
    assert!(!protected(&World { seen: after, ..World::paired() }));
    let mut estranged = World::paired();
    for side in [PRIMARY, SECONDARY] {
        estranged.edit_member(side, ALIASES, "orders", |alias| {
            alias["properties"]["partnerNamespace"] = json!("stranger");
        });
    }
    assert!(!protected(&estranged), "a pair with a stranger protects nobody");
}
