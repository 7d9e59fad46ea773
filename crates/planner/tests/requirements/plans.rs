//! What the plans for Service Bus hold.

use lifeboat_plan::{Action, LossKind, Plan, PlanKind, Step, WayKind, describe_call};
use lifeboat_planner::{PlanError, Side, is_protected};
use serde_json::json;

use crate::world::{LISTS, World, bus, namespace, queue};

fn steps(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.id.as_str()).collect()
}

fn step<'a>(plan: &'a Plan, id: &str) -> &'a Step {
    plan.steps.iter().find(|step| step.id.as_str() == id).unwrap_or_else(|| panic!("no step {id}"))
}

/// The request of a step, with its body.
fn request(step: &Step, way: WayKind) -> String {
    match &step.way(way).action {
        Action::Send(call) => {
            let body = call.body.as_ref().map(|body| body.sketch().to_string()).unwrap_or_default();
            format!("{} {body}", describe_call(call))
        }
        other => panic!("{other:?} sends nothing"),
    }
}

/// Proves: S04, S05, S06, S22, S25, P1a, P1b, D07, F1 (the group outside the primary, one deployment of the same template,
/// the alias, and waiting until everything is replicated).
#[test]
fn preparing_deploys_pairs_and_waits() {
    let plan = World::unpaired().plan(PlanKind::Prepare, Side::Primary, true).unwrap();
    assert_eq!(
        steps(&plan),
        ["workload/group", "workload/deploy", "orders-bus/pair", "orders-bus/replicated"]
    );
    let group = request(step(&plan, "workload/group"), WayKind::Graceful);
    assert!(group.contains("resourceGroups/orders-neu") && group.contains("northeurope"), "{group}");
    let pair = request(step(&plan, "orders-bus/pair"), WayKind::Graceful);
    assert!(pair.contains(&format!("{}/disasterRecoveryConfigs/orders", bus("weu"))), "{pair}");
    assert!(pair.contains(&format!("\"partnerNamespace\":\"{}\"", bus("neu"))), "{pair}");
}

/// Proves: P1b. A pair that is there is adopted; a foreign one is refused before any write.
#[test]
fn a_pair_that_is_there_is_adopted_and_a_foreign_one_refused() {
    let mut world = World::paired();
    let role = json!({ "properties": { "roleDefinitionId": "/x/owner", "principalId": "somebody" } });
    world.list("weu", LISTS[5], json!([role]));
    let plan = world.plan(PlanKind::Prepare, Side::Primary, true).unwrap();
    // Nothing that Azure would refuse of a paired secondary.
    assert_eq!(
        steps(&plan),
        ["workload/group", "workload/deploy", "orders-bus/pair", "orders-bus/replicated"]
    );
    let sees_foreign = format!("{:?}", step(&plan, "orders-bus/pair").graceful.done_when);
    assert!(sees_foreign.contains("Never") && sees_foreign.contains("another namespace"), "{sees_foreign}");

    world.alias("weu", "Primary", Some(&bus("third")), Some(0));
    let refused = world.plan(PlanKind::Prepare, Side::Primary, true);
    assert!(matches!(&refused, Err(PlanError::Refused(why)) if why.rule == "SB-PARTNER"), "{refused:?}");
}

/// Proves: S23, S24, D02. What cannot be paired is refused before any write.
#[test]
fn what_cannot_be_paired_is_refused_early() {
    let mut standard = World::unpaired();
    standard.namespace_is("weu", "westeurope", "Standard", json!({}));
    let mut same_region = World::unpaired();
    same_region.namespace_is("neu", "westeurope", "Premium", json!({}));
    let mut full = World::unpaired();
    full.list("neu", "queues", json!([queue("other", json!({}))]));
    for (world, rule) in [(standard, "SB-SKU"), (same_region, "SB-REGION"), (full, "SB-EMPTY")] {
        let refused = world.plan(PlanKind::Prepare, Side::Primary, true);
        assert!(matches!(&refused, Err(PlanError::Refused(why)) if why.rule == rule), "{rule}: {refused:?}");
    }
}

/// Proves: D01. Role assignments and network rules are copied, before pairing freezes the secondary.
#[test]
fn what_is_not_replicated_is_copied() {
    let mut world = World::unpaired();
    let role = json!({ "properties": { "roleDefinitionId": "/x/owner", "principalId": "somebody" } });
    world.list("weu", LISTS[5], json!([role]));
    world.list("weu", LISTS[3], json!([{ "name": "default", "properties": { "defaultAction": "Deny" } }]));
    let plan = world.plan(PlanKind::Prepare, Side::Primary, true).unwrap();
    let copies: Vec<&Step> = plan.steps.iter().filter(|step| step.id.as_str().contains("copy-")).collect();
    assert_eq!(copies.len(), 2, "{:?}", steps(&plan));
    for copy in copies {
        assert!(step(&plan, "orders-bus/pair").after.contains(&copy.id));
    }
}

/// Proves: D04. An alias may take over the namespace's own name: then the namespace gets another.
#[test]
fn an_alias_may_take_the_namespaces_own_name() {
    let mut world = World::unpaired();
    world.workload.messaging.get_mut("orders-bus").unwrap().alias = Some("orders-bus-weu".into());
    let plan = world.plan(PlanKind::Prepare, Side::Primary, true).unwrap();
    let pair = request(step(&plan, "orders-bus/pair"), WayKind::Graceful);
    assert!(pair.contains("\"alternateName\":\"orders-bus-weu-"), "{pair}");
}

/// Proves: P1a, S21, S25, D03, D05. Failover is called on the secondary; by choice it is safe and only safe, else forced.
#[test]
fn a_failover_is_called_on_the_secondary_safe_by_choice_and_forced_in_need() {
    let world = World::paired();
    let all = [
        "workload/deploy",
        "orders-bus/fail-over-alias",
        "orders-bus/alias-resolves",
        "orders-bus/entities-present",
    ];
    let planned = world.plan(PlanKind::Failover, Side::Primary, true).unwrap();
    let forced = world.plan(PlanKind::Failover, Side::Primary, false).unwrap();
    for plan in [&planned, &forced] {
        let mut steps = steps(plan);
        steps.sort_by_key(|id| all.iter().position(|known| known == id));
        assert_eq!(steps, all);
        let request = request(step(plan, all[1]), plan.policy.prefer);
        assert!(
            request.contains(&format!("{}/disasterRecoveryConfigs/orders/failover", bus("neu"))),
            "{request}"
        );
    }
    let of = |plan: &Plan| request(step(plan, all[1]), plan.policy.prefer);
    assert!(of(&planned).contains("\"IsSafeFailover\":true"), "{}", of(&planned));
    assert!(!of(&forced).contains("IsSafeFailover"), "{}", of(&forced));
    assert!(step(&planned, all[1]).ungraceful.is_none(), "by choice nothing is forced");
    assert_eq!(forced.policy.prefer, WayKind::Ungraceful);
}

/// Proves: D03. Azure refuses a safe failover across subscriptions, so the forced way stays open there.
#[test]
fn across_subscriptions_the_forced_way_stays_open() {
    let mut world = World::paired();
    world.workload.components[0].secondary =
        Some(namespace("11111111-1111-1111-1111-111111111111", "neu", "orders-bus-neu"));
    let plan = world.plan(PlanKind::Failover, Side::Primary, true).unwrap();
    assert!(step(&plan, "orders-bus/fail-over-alias").ungraceful.is_some());
}

/// Proves: D02, P1a. Done is when the pair is broken: every failover breaks it.
#[test]
fn a_failover_is_done_when_the_alias_stands_alone() {
    let world = World::paired();
    let plan = world.plan(PlanKind::Failover, Side::Primary, false).unwrap();
    let done = format!("{:?}", step(&plan, "orders-bus/fail-over-alias").graceful.done_when);
    assert!(done.contains("partnerNamespace") && done.contains("Absent"), "{done}");
}

/// Proves: D05. What may have deleted itself is not waited for.
#[test]
fn what_deletes_itself_is_not_waited_for() {
    let mut world = World::paired();
    let idle = queue("idle", json!({ "autoDeleteOnIdle": "PT5M" }));
    world.list("weu", "queues", json!([queue("orders", json!({})), idle]));
    let plan = world.plan(PlanKind::Failover, Side::Primary, false).unwrap();
    let waits = format!("{:?}", step(&plan, "orders-bus/entities-present").graceful.done_when);
    assert!(waits.contains("orders") && !waits.contains("idle"), "{waits}");
}

/// Proves: S21, D06. Everything that stays behind is announced beforehand, with its count.
#[test]
fn losses_are_announced_with_their_counts() {
    let mut world = World::paired();
    let counts =
        json!({ "activeMessageCount": 100, "deadLetterMessageCount": 2, "scheduledMessageCount": 7 });
    let state =
        json!({ "countDetails": counts, "requiresSession": true, "requiresDuplicateDetection": true });
    world.list("weu", "queues", json!([queue("orders", state)]));
    let plan = world.plan(PlanKind::Failover, Side::Primary, false).unwrap();
    let losses = &step(&plan, "orders-bus/fail-over-alias").way(plan.policy.prefer).loses.0;
    let said =
        |word: &str| losses.iter().find(|loss| loss.what.contains(word)).map(|loss| (loss.kind, loss.count));
    assert_eq!(said("active messages"), Some((LossKind::Stranded, Some(100))));
    assert_eq!(said("dead-lettered"), Some((LossKind::Stranded, Some(2))));
    assert_eq!(said("scheduled"), Some((LossKind::Stranded, Some(7))));
    assert_eq!(said("session state"), Some((LossKind::Reset, None)));
    assert_eq!(said("duplicate-detection"), Some((LossKind::Reset, None)));
}

/// Proves: F4. What nobody knows to be replicated is announced as lost; what is known to be is not.
#[test]
fn a_lag_that_nobody_knows_is_announced() {
    let said = |pending: Option<u64>| {
        let mut world = World::paired();
        world.alias("weu", "Primary", Some(&bus("neu")), pending);
        let plan = world.plan(PlanKind::Failover, Side::Primary, false).unwrap();
        let losses = &step(&plan, "orders-bus/fail-over-alias").way(WayKind::Ungraceful).loses.0;
        losses.iter().find(|loss| loss.kind == LossKind::Lost).map(|loss| loss.count)
    };
    assert_eq!(said(Some(0)), None);
    assert_eq!(said(Some(12)), Some(Some(12)));
    assert_eq!(said(None), Some(None), "unknown is not zero");
}

/// Proves: F20, S22, P1a. After a failover the workload is unprotected until it is paired and replicated again.
#[test]
fn a_workload_is_protected_only_while_its_pair_stands() {
    let is = |world: &World| is_protected(&world.workload, &world.seen);
    assert!(is(&World::paired()));
    assert!(!is(&World::unpaired()));
    assert!(!is(&World::moved()), "the failover broke the pair");
    let mut pending = World::paired();
    pending.alias("weu", "Primary", Some(&bus("neu")), Some(1));
    assert!(!is(&pending), "not replicated yet");
}

/// Proves: P1a, D02, F20. Protecting again empties the old side first: only an empty namespace can become the partner.
#[test]
fn protecting_again_empties_the_old_side_first() {
    let plan = World::moved().plan(PlanKind::Prepare, Side::Secondary, true).unwrap();
    let pair = step(&plan, "orders-bus/pair");
    let empty = step(&plan, "orders-bus/empty-old-side");
    assert!(pair.after.contains(&empty.id));
    assert!(request(pair, WayKind::Graceful).contains(&format!("{}/disasterRecoveryConfigs", bus("neu"))));
}

/// Proves: P1a, D02, F32. Failing back is no failover backwards: home is paired and quiet first, and only the safe way
/// exists.
#[test]
fn failing_back_has_a_gate_and_is_only_safe() {
    let mut world = World::paired();
    world.alias("neu", "Primary", Some(&bus("weu")), Some(0));
    world.alias("weu", "Secondary", Some(&bus("neu")), Some(0));
    let plan = world.plan(PlanKind::Failback, Side::Secondary, true).unwrap();
    let (gate, home) = (step(&plan, "orders-bus/home-is-fit"), step(&plan, "orders-bus/fail-over-alias"));
    assert!(home.after.contains(&gate.id));
    let held = format!("{:?}", gate.graceful.done_when);
    assert!(held.contains("Held") && held.contains("pendingReplicationOperationsCount"), "{held}");
    assert!(home.ungraceful.is_none(), "nothing is forced on the way home");
    assert!(request(home, WayKind::Graceful).contains("\"IsSafeFailover\":true"));
    assert!(request(home, WayKind::Graceful).contains(bus("weu").as_str()));
}

/// Proves: S10. Nothing but a drain moves data, and a drain moves stranded messages only.
#[test]
fn only_a_drain_moves_data() {
    let (paired, moved) = (World::paired(), World::moved());
    for (world, kind, active) in [
        (&paired, PlanKind::Prepare, Side::Primary),
        (&paired, PlanKind::Failover, Side::Primary),
        (&moved, PlanKind::Fence, Side::Secondary),
        (&moved, PlanKind::Prepare, Side::Secondary),
        (&paired, PlanKind::Failback, Side::Secondary),
    ] {
        let plan = world.plan(kind, active, false).unwrap();
        for step in &plan.steps {
            for way in [Some(&step.graceful), step.ungraceful.as_ref()].into_iter().flatten() {
                assert!(!matches!(way.action, Action::Pump(_)), "{kind:?}: {}", step.id);
                if let Action::Expand(stage) = &way.action {
                    assert!(!stage.name.contains("drain"), "{kind:?}: {}", step.id);
                }
            }
        }
    }
}
