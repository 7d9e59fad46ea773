//! The world as a plan would leave it: good enough to plan the next one, offline.

mod properties;

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_plan::{Digest, Graph, Plan, PlanKind, WayKind};
use lifeboat_planner::{Claim, Look, Side, is_protected, predict, predictions};

use crate::fixtures::answers::truths;
use crate::fixtures::{ALIASES, World};

/// Each step stands after all that it waits for, and the steps make a graph.
fn assert_in_order(plan: &Plan) {
    Graph::new(&plan.steps).unwrap();
    let mut done = BTreeSet::new();
    for step in &plan.steps {
        for before in &step.after {
            assert!(done.contains(before), "{}: {} stands before {before}", plan.kind.word(), step.id);
        }
        done.insert(&step.id);
    }
}

/// The plan of this kind, and the world as it would leave it.
fn go(world: &mut World, kind: PlanKind) -> Plan {
    let plan = world.plan(kind);
    assert_in_order(&plan);
    world.seen = predict(&world.seen, &plan);
    plan
}

fn role(world: &World, side: Side) -> Option<&str> {
    let path = world.bus_path(side, &format!("{ALIASES}/orders"));
    match world.seen.look(&path) {
        Look::Is(alias) => alias.pointer("/properties/role")?.as_str(),
        _ => None,
    }
}

/// Proves: P1a (offline, a failover is planned for the world as preparing would leave it)
#[test]
fn a_failover_is_planned_for_the_world_that_preparing_would_leave() {
    for mut world in [World::declared(), World::from_nothing()] {
        go(&mut world, PlanKind::Prepare);
        assert_eq!(
            (role(&world, Side::Primary), is_protected(&world.workload, &world.seen)),
            (Some("Primary"), true)
        );
        let plan = go(&mut world, PlanKind::Failover);
        assert_eq!(plan.policy.prefer, WayKind::Ungraceful);
        assert_eq!(role(&world, Side::Secondary), Some("PrimaryNotReplicating"));
        assert!(!is_protected(&world.workload, &world.seen));
    }
}

/// What was predicted satisfies the plan it was predicted from: a second run of it finds its work done. Proves: P1b
#[test]
fn a_prediction_satisfies_its_own_plan() {
    let mut world = World::from_nothing();
    let plan = go(&mut world, PlanKind::Prepare);
    let open: Vec<String> = truths(&plan, &world.seen)
        .into_iter()
        .filter(|(id, truth)| !truth.is_met() && id.starts_with("orders-bus/"))
        .map(|(id, truth)| format!("{id}: {truth:?}"))
        .collect();
    assert_eq!(open, Vec::<String>::new());
}

/// What a plan finds as it wants it is no prediction; what a failover changes is, and no two of them say different things.
#[test]
fn predictions_are_what_a_plan_changes() {
    let world = World::paired();
    let told = predictions(&world.seen, &world.plan(PlanKind::Prepare));
    assert!(told.iter().all(|one| one.step.as_str().starts_with("workload/")), "the pair stands: {told:?}");
    let plan = world.plan(PlanKind::Failover);
    let told = predictions(&world.seen, &plan);
    let of_the_bus = told.iter().filter(|one| one.step.as_str().starts_with("orders-bus/"));
    let told: Vec<String> =
        of_the_bus.map(|one| format!("{} {}: {}", one.step, one.about(), one.claim)).collect();
    let alias = "Microsoft.ServiceBus/namespaces/orders-bus-neu/disasterRecoveryConfigs/orders";
    let step = "orders-bus/fail-over-alias";
    let wanted = [
        format!("{step} {alias} /properties/role: PrimaryNotReplicating"),
        format!("{step} {alias} /properties/partnerNamespace: \"\""),
    ];
    assert_eq!(told, wanted);
    // Emptied and paired again: what is taken away and made anew is predicted as it is in the end.
    let mut world = World::from_nothing();
    go(&mut world, PlanKind::Prepare);
    go(&mut world, PlanKind::Failover);
    (world.active, world.returning) = (Side::Secondary, true);
    let plan = world.plan(PlanKind::Prepare);
    let mut said: BTreeMap<String, Claim> = BTreeMap::new();
    for one in predictions(&world.seen, &plan) {
        let other = said.insert(one.about(), one.claim.clone());
        assert!(other.is_none_or(|other| matches!(other, Claim::There | Claim::Includes { .. })), "{one:?}");
    }
    assert!(said.len() > 3, "{said:?}");
}

/// Proves: P1a, F32, F20, D02 (there, protected again, home, protected again)
#[test]
fn the_whole_way_there_and_back_can_be_planned_offline() {
    for mut world in [World::declared(), World::from_nothing(), World::paired()] {
        go(&mut world, PlanKind::Prepare);
        go(&mut world, PlanKind::Failover);
        world.active = Side::Secondary;
        world.returning = true;
        go(&mut world, PlanKind::Fence);
        assert_eq!(role(&world, Side::Primary), None, "the old side has left the alias");
        go(&mut world, PlanKind::Drain);
        let again = go(&mut world, PlanKind::Prepare);
        assert!(again.steps.iter().any(|step| step.id.as_str() == "orders-bus/empty-old-side"));
        assert_eq!(role(&world, Side::Secondary), Some("Primary"));
        assert!(is_protected(&world.workload, &world.seen));
        world.planned = true;
        go(&mut world, PlanKind::Failback);
        assert_eq!(role(&world, Side::Primary), Some("PrimaryNotReplicating"));
        // Home again: the other side is fenced, emptied and paired like any side that was left.
        world.active = Side::Primary;
        go(&mut world, PlanKind::Fence);
        go(&mut world, PlanKind::Drain);
        go(&mut world, PlanKind::Prepare);
        assert_eq!(role(&world, Side::Primary), Some("Primary"));
        assert!(is_protected(&world.workload, &world.seen));
    }
}

/// Proves: P1a, D02 (the same, with a fresh namespace wherever one was left)
#[test]
fn the_whole_way_with_fresh_namespaces_can_be_planned_offline() {
    let mut world = World::declared();
    world.choose(|choice| choice.reprotect = lifeboat_planner::Reprotect::Fresh);
    go(&mut world, PlanKind::Prepare);
    go(&mut world, PlanKind::Failover);
    (world.active, world.returning) = (Side::Secondary, true);
    for (home, away, kind) in [("weu", "neu", PlanKind::Failback), ("weu-2", "neu", PlanKind::Prepare)] {
        let standing = |side| world.standing(side)[0].trim_start_matches("orders-bus-").to_owned();
        assert_eq!((standing(Side::Primary), standing(Side::Secondary)), (home.to_owned(), away.to_owned()));
        go(&mut world, PlanKind::Fence);
        go(&mut world, PlanKind::Drain);
        let again = go(&mut world, PlanKind::Prepare);
        assert!(again.steps.iter().any(|step| step.id.as_str() == "orders-bus/create-fresh"));
        assert!(is_protected(&world.workload, &world.seen));
        if kind == PlanKind::Failback {
            world.planned = true;
            let home = go(&mut world, kind);
            assert!(home.steps.iter().any(|step| step.title.ends_with("to orders-bus-weu-2")));
            world.active = Side::Primary;
        }
    }
    assert_eq!(world.standing(Side::Primary), ["orders-bus-weu-2"; 2]);
    assert_eq!(world.standing(Side::Secondary), ["orders-bus-neu-2"; 2]);
}

/// Proves: P1b (twice equals once, and a minute later is the same plan)
#[test]
fn a_plan_does_not_depend_on_when_it_is_made() {
    for kind in [PlanKind::Prepare, PlanKind::Failover, PlanKind::Fence, PlanKind::Drain, PlanKind::Failback]
    {
        let mut world = World::paired();
        let first = Digest::of(&world.plan(kind));
        assert_eq!(first, Digest::of(&world.plan(kind)));
        world.observed_at("2026-03-02T09:30:00Z".parse().unwrap());
        assert_eq!(first, Digest::of(&world.plan(kind)), "{}", kind.word());
    }
}
