//! Every rule about Service Bus and about the workload: green in a good world, red with its fault.

use jiff::SignedDuration;
use lifeboat_arm::{Region, ResourceType};
use lifeboat_planner::{Answer, MessagingChoice, assess, rules};
use serde_json::{Value, json};

use crate::world::{SUBSCRIPTION, World, bus, namespace, queue};

/// A rule and the fault that turns it red.
type Case = (&'static str, fn(&mut World));

const THIRD: &str = "third";

fn component(world: &mut World) -> &mut lifeboat_planner::Component {
    &mut world.workload.components[0]
}

fn set(world: &mut World, properties: Value) {
    world.namespace_is("weu", "westeurope", "Premium", properties);
}

fn unpair(world: &mut World) {
    world.list("weu", "disasterRecoveryConfigs", json!([]));
    world.list("neu", "disasterRecoveryConfigs", json!([]));
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("WL-GROUP-REGION", |w| w.workload.secondary.group_region = Region::lenient("westeurope")),
    ("WL-NAME", |w| component(w).secondary = Some(namespace(SUBSCRIPTION, "neu", "orders-bus-weu"))),
    ("WL-LOCATION", |w| w.workload.secondary.resources[0].location = Some(Region::lenient("westeurope"))),
    ("WL-ONE-SITE", |w| component(w).secondary = None),
    ("ANY-NO-RULES", |w| component(w).kind = ResourceType::new("Microsoft.Things/things")),
    ("SB-SKU", |w| w.namespace_is("weu", "westeurope", "Standard", json!({}))),
    ("SB-REGION", |w| w.namespace_is("neu", "westeurope", "Premium", json!({}))),
    ("SB-PARTITIONS", |w| set(w, json!({ "premiumMessagingPartitions": 2 }))),
    ("SB-ENDPOINT-PARITY", |w| w.list("weu", "privateEndpointConnections", json!([{ "name": "p" }]))),
    ("SB-PARTNER", |w| w.alias("weu", "Primary", Some(&bus(THIRD)), Some(0))),
    ("SB-EMPTY", unpair),
    ("SB-ALIAS-NAME", |w| {
        unpair(w);
        let choice = MessagingChoice { alias: Some("orders-bus-neu".into()), alternate_name: None };
        w.workload.messaging.insert("orders-bus".into(), choice);
    }),
    ("SB-PAIRED", |w| w.alias("weu", "Primary", Some(&bus("neu")), Some(3))),
    ("SB-CROSS-SUBSCRIPTION", |w| {
        component(w).secondary = Some(namespace("11111111-1111-1111-1111-111111111111", "neu", "orders-bus-neu"));
    }),
    ("SB-REPLICATION-TIME", |w| {
        w.list("weu", "queues", (0..1000).map(|n| queue(&format!("q{n}"), json!({}))).collect());
        w.workload.objectives.rto = SignedDuration::from_mins(10);
    }),
    ("SB-NOT-REPLICATED-RBAC", |w| {
        let role = json!({ "properties": { "roleDefinitionId": "/x/owner", "principalId": "somebody" } });
        w.list("weu", "providers/Microsoft.Authorization/roleAssignments", json!([role]));
    }),
    ("SB-NOT-REPLICATED-NETWORK", |w| {
        w.list("weu", "networkRuleSets", json!([{ "name": "default", "properties": { "defaultAction": "Deny" } }]));
    }),
    ("SB-NOT-REPLICATED-PRIVATE-ENDPOINTS", |w| {
        w.list("weu", "privateEndpointConnections", json!([{ "name": "p" }]));
    }),
    ("SB-NOT-REPLICATED-PUBLIC-ACCESS", |w| set(w, json!({ "publicNetworkAccess": "Disabled" }))),
    ("SB-NOT-REPLICATED-LOCAL-AUTH", |w| set(w, json!({ "disableLocalAuth": true }))),
    ("SB-NOT-REPLICATED-IDENTITY", |w| {
        let body = json!({ "location": "westeurope", "sku": { "name": "Premium" }, "identity": { "type": "SystemAssigned" } });
        w.see(bus("weu").as_str(), body);
    }),
    ("SB-NOT-REPLICATED-ENCRYPTION", |w| set(w, json!({ "encryption": { "keySource": "Microsoft.KeyVault" } }))),
    ("SB-NOT-REPLICATED-AUTOSCALE", |w| {
        w.list("weu", "providers/Microsoft.Insights/autoscaleSettings", json!([{ "name": "a" }]));
    }),
    ("SB-NOT-REPLICATED-EVENTS", |w| {
        w.list("weu", "providers/Microsoft.EventGrid/eventSubscriptions", json!([{ "name": "e" }]));
    }),
    ("SB-AUTO-DELETE", |w| w.list("weu", "queues", json!([queue("orders", json!({ "autoDeleteOnIdle": "PT1H" }))]))),
    ("SB-STATE", |w| w.list("weu", "queues", json!([queue("orders", json!({ "requiresSession": true }))]))),
    ("SB-BYPASS-ALIAS", |w| {
        let site = format!("{}/providers/Microsoft.Web/sites/shop", bus("weu").group_id().unwrap());
        w.see(&site, json!({ "properties": { "bus": "Endpoint=sb://orders-bus-weu.servicebus.windows.net/" } }));
    }),
];

/// What a rule answers, the worst first.
fn answer(world: &World, rule: &str) -> Option<Answer> {
    assess(&world.workload, &world.seen).into_iter().find(|finding| finding.rule == rule).map(|it| it.answer)
}

/// Proves: S04, S05, S06, S22, S23, S24, S25, S26, P1b, D01, D02, D03, D04, D05, D06, D07, F1, F20 (each rule finds its
/// fault, and nothing in a good world).
#[test]
fn each_rule_finds_its_fault_and_nothing_else() {
    for (rule, fault) in CASES {
        let mut world = World::paired();
        assert_ne!(answer(&world, rule), Some(Answer::Fail), "{rule} in a good world");
        fault(&mut world);
        assert_eq!(answer(&world, rule), Some(Answer::Fail), "{rule}");
    }
}

/// Each state that does not travel is named for itself.
/// Proves: D06.
#[test]
fn sessions_histories_and_schedules_are_found() {
    let scheduled = json!({ "countDetails": { "scheduledMessageCount": 4 } });
    for (properties, word) in [
        (json!({ "requiresSession": true }), "session state"),
        (json!({ "requiresDuplicateDetection": true }), "duplicate history"),
        (scheduled, "4 scheduled messages"),
    ] {
        let mut world = World::paired();
        world.list("weu", "queues", json!([queue("orders", properties)]));
        let findings = assess(&world.workload, &world.seen);
        let finding = findings.iter().find(|it| it.rule == "SB-STATE" && it.answer == Answer::Fail);
        let says = finding.map(|it| it.evidence[0].says.clone()).unwrap_or_default();
        assert!(says.contains(word), "{word}: {says}");
    }
}

#[test]
fn each_rule_has_a_case() {
    let mut known: Vec<&str> = rules().map(|(_, rule)| rule.id).collect();
    known.sort_unstable();
    let mut cases: Vec<&str> = CASES.iter().map(|(rule, _)| *rule).collect();
    cases.sort_unstable();
    assert_eq!(known, cases);
}
