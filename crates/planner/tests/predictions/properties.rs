//! Random small workloads: whatever stands in the templates, plans are graphs, complete and always the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lifeboat_arm::template::{NoLinks, Template};
use lifeboat_plan::{Digest, Plan, PlanKind};
use lifeboat_planner::{
    Fact, Inventory, Known, Side, SiteTemplate, Source, StrategyKind, plan, predict, read,
};
use proptest::prelude::{Strategy, TestCaseError, any, prop, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

use super::assert_in_order;
use crate::fixtures::{World, about, region};

/// A namespace or a resource without rules.
#[derive(Debug, Clone)]
struct Part {
    /// Queues, for a namespace; none for anything else.
    queues: Option<usize>,
    /// Earlier parts that it waits for, as fractions of their number.
    after: Vec<f64>,
    redeployed: bool,
}

fn part(namespace: bool) -> impl Strategy<Value = Part> {
    (0_usize..4, prop::collection::vec(0.0_f64..1.0, 0..3), any::<bool>()).prop_map(
        move |(queues, after, redeployed)| Part { queues: namespace.then_some(queues), after, redeployed },
    )
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let namespaces = prop::collection::vec(part(true), 0..5);
    let generic = prop::collection::vec(part(false), 0..5);
    (namespaces, generic).prop_flat_map(|(mut all, generic)| {
        all.extend(generic);
        // A template that creates nothing is no workload.
        if all.is_empty() {
            all.push(Part { queues: Some(1), after: Vec::new(), redeployed: false });
        }
        proptest::strategy::Just(all).prop_shuffle()
    })
}

fn kind(part: &Part) -> &'static str {
    if part.queues.is_some() { "Microsoft.ServiceBus/namespaces" } else { "Microsoft.Logic/workflows" }
}

fn name(index: usize) -> String {
    format!("part{index}-', parameters('region'), '")
}

fn template(parts: &[Part]) -> Template {
    let mut resources: Vec<Value> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a fraction of a few"
        )]
        let earlier: BTreeSet<usize> =
            part.after.iter().filter(|_| index > 0).map(|at| (at * index as f64) as usize).collect();
        let after: Vec<String> = earlier
            .iter()
            .map(|&index| format!("[resourceId('{}', concat('{}'))]", kind(&parts[index]), name(index)))
            .collect();
        resources.push(json!({
            "type": kind(part), "apiVersion": "2024-01-01", "name": format!("[concat('{}')]", name(index)),
            "location": "[resourceGroup().location]", "dependsOn": after,
            "sku": { "name": "Premium" }, "properties": {},
        }));
        for queue in 0..part.queues.unwrap_or_default() {
            resources.push(json!({
                "type": "Microsoft.ServiceBus/namespaces/queues", "apiVersion": "2024-01-01",
                "name": format!("[concat('{}', '/queue{queue}')]", name(index)),
                "dependsOn": [format!("[resourceId('{}', concat('{}'))]", kind(part), name(index))],
                "properties": {},
            }));
        }
    }
    let whole = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": { "region": { "type": "string" } }, "resources": resources,
    });
    Template::parse("random.json", &whole.to_string()).unwrap()
}

fn world(parts: &[Part]) -> World {
    let template = template(parts);
    let values = |end: &str| -> BTreeMap<String, Value> { [("region".to_owned(), json!(end))].into() };
    let (weu, neu) = (values("weu"), values("neu"));
    let (west, north) = (region("westeurope"), region("northeurope"));
    let primary = SiteTemplate { template: &template, parameters: &weu, group: "g-weu", region: &west };
    let secondary = SiteTemplate { template: &template, parameters: &neu, group: "g-neu", region: &north };
    let mut world = World::of(read(&about(), primary, secondary, None, &NoLinks).unwrap());
    for (component, part) in world.workload.components.iter().zip(parts) {
        if part.redeployed && part.queues.is_none() {
            world.strategies.insert(component.name.clone(), StrategyKind::Redeploy);
        }
    }
    world
}

/// The primary region as if somebody had looked at this time.
fn observed(declared: &Inventory, at: Timestamp) -> Inventory {
    let mut seen = declared.clone();
    for (path, fact) in declared.facts().filter(|(path, _)| path.contains("/g-weu/")) {
        if let Fact::Known(known) = fact {
            let known = Known { value: known.value.clone(), at: Some(at), source: Source::Observed };
            seen.insert(path, Fact::Known(known));
        }
    }
    seen
}

/// Every component that stands in both regions is mentioned by a step or a note.
fn complete(world: &World, plan: &Plan) -> Result<(), TestCaseError> {
    for component in &world.workload.components {
        let acts = plan.steps.iter().any(|step| step.component == component.name);
        let said = plan.notes.iter().any(|note| note.contains(&format!("`{}`", component.name)));
        prop_assert!(acts || said, "{} says nothing of {}", plan.kind.word(), component.name);
    }
    Ok(())
}

proptest! {
    /// Proves: S04, S05 (any workload: acyclic, in order, complete, the same twice and whenever it was observed)
    #[test]
    fn plans_are_graphs_complete_and_always_the_same(parts in parts()) {
        let mut world = world(&parts);
        prop_assert_eq!(world.workload.components.len(), parts.len());
        let declared = world.seen.clone();
        for (kind, active) in [
            (PlanKind::Prepare, Side::Primary),
            (PlanKind::Failover, Side::Primary),
            (PlanKind::Fence, Side::Secondary),
            (PlanKind::Drain, Side::Secondary),
            (PlanKind::Prepare, Side::Secondary),
            (PlanKind::Failback, Side::Secondary),
        ] {
            world.active = active;
            world.returning = active == Side::Secondary;
            let made = plan(&world.planning(kind));
            let made = made.map_err(|error| TestCaseError::fail(error.to_string()))?;
            assert_in_order(&made);
            complete(&world, &made)?;
            prop_assert_eq!(&made, &world.plan(kind));
            prop_assert_eq!(Digest::of(&made), Digest::of(&world.plan(kind)));
            world.seen = predict(&world.seen, &made);
        }
        world.active = Side::Primary;
        world.returning = false;
        let digests: BTreeSet<Digest> = ["2026-03-01T08:00:00Z", "2026-04-01T08:00:00Z"]
            .iter()
            .map(|at| {
                world.seen = observed(&declared, at.parse().unwrap());
                Digest::of(&world.plan(PlanKind::Failover))
            })
            .collect();
        prop_assert_eq!(digests.len(), 1);
    }
}
