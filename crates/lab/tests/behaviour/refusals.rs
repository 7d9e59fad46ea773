//! Every refusal of the lab has a case here: it is refused with its row's status, code and words. A row without a case
//! fails the last test; that a row is the only one that stops its case is shown by `cargo xtask prove`.

use lifeboat_arm::{Answer, Method};
use lifeboat_lab::{Effect, Fault, FaultMatch, Health, Plane, Quota, refusals};
use serde_json::{Value, json};

use crate::bench::{
    Bench, Look as _, NORTH, OTHER_SUBSCRIPTION, SUBSCRIPTION, WEST, alias, group, namespace, partner,
    settings,
};

type Case = (&'static str, fn(&mut Bench) -> Answer);

fn premium(region: &str) -> Value {
    json!({ "location": region, "sku": { "name": "Premium" } })
}

fn with(region: &str, properties: Value) -> Value {
    json!({ "location": region, "sku": { "name": "Premium" }, "properties": properties })
}

/// Two namespaces that could be paired, made with these bodies.
fn two(bench: &mut Bench, first: Value, second: Value) -> (String, String) {
    let (primary, secondary) = (namespace("weu", "orders-weu"), namespace("neu", "orders-neu"));
    bench.put(&primary, first).expect_status(201);
    bench.put(&secondary, second).expect_status(201);
    bench.wait(200);
    (primary, secondary)
}

fn pair_of(bench: &mut Bench, first: Value, second: Value) -> Answer {
    let (primary, secondary) = two(bench, first, second);
    bench.put(&alias(&primary), partner(&secondary))
}

fn failover(bench: &mut Bench, namespace: &str, safe: bool) -> Answer {
    let body = json!({ "properties": { "IsSafeFailover": safe } });
    bench.send(Method::Post, &format!("{}/failover", alias(namespace)), Some(body))
}

fn deployment(name: &str) -> String {
    format!("{}/providers/Microsoft.Resources/deployments/{name}", group("weu"))
}

fn template(resources: Value) -> Value {
    json!({ "properties": { "mode": "Incremental", "template": {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "resources": resources } } })
}

/// A deployment to the subscription.
fn above(name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/deployments/{name}")
}

fn placed(region: &str, resources: Value) -> Value {
    let mut body = template(resources);
    body["location"] = json!(region);
    body
}

fn nested(name: &str, more: Value) -> Value {
    let mut nested =
        json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": name });
    nested["properties"] = template(json!([]))["properties"].clone();
    for (key, value) in more.as_object().unwrap() {
        nested[key] = value.clone();
    }
    nested
}

fn tenant() -> String {
    settings().subscriptions[0].tenant.clone()
}

fn thing(group_name: &str, name: &str) -> String {
    format!("{}/providers/Microsoft.Things/things/{name}", group(group_name))
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    // --- ARM itself
    ("ARM-api-version-missing", |b| {
        b.lab.handle(b.now, &lifeboat_arm::Call::arm(Method::Get, group("weu"), None)).answer.unwrap()
    }),
    ("ARM-api-version-malformed", |b| b.get(&format!("{}?api-version=latest", group("weu")))),
    ("ARM-subscription-missing", |b| b.get("/subscriptions/none/resourceGroups/weu")),
    ("ARM-group-missing", |b| b.get(&thing("none", "x"))),
    ("ARM-group-being-deleted", |b| {
        b.delete(&group("weu"));
        b.put(&thing("weu", "x"), json!({}))
    }),
    ("ARM-group-elsewhere", |b| b.put(&group("weu"), json!({ "location": NORTH }))),
    ("ARM-group-location-unknown", |b| b.put(&group("new"), json!({ "location": "atlantis" }))),
    ("F1-group-region-down", |b| {
        b.health(WEST, Plane::Control, Health::Down);
        b.put(&thing("weu", "x"), json!({ "location": NORTH }))
    }),
    ("F1-region-down", |b| {
        b.put(&thing("neu", "x"), json!({ "location": WEST }));
        b.health(WEST, Plane::Control, Health::Down);
        b.get(&thing("neu", "x"))
    }),
    ("ARM-resource-elsewhere", |b| {
        b.put(&thing("weu", "x"), json!({ "location": WEST }));
        b.put(&thing("weu", "x"), json!({ "location": NORTH }))
    }),
    ("ARM-location-required", |b| b.put(&namespace("weu", "orders-weu"), json!({}))),
    ("ARM-global-name-taken", |b| {
        b.put(&namespace("weu", "orders-weu"), premium(WEST)).expect_status(201);
        b.put(&namespace("neu", "orders-weu"), premium(NORTH))
    }),
    ("F-quota-exceeded", |b| {
        b.put(&namespace("weu", "orders-one"), premium("uksouth")).expect_status(201);
        b.put(&namespace("weu", "orders-two"), premium("uksouth"))
    }),
    ("F-capacity-exhausted", |b| {
        b.lab.inject(Fault { at: FaultMatch::default(), effect: Effect::NoCapacity, times: None, from: None, until: None, per_mille: None });
        b.put(&thing("weu", "x"), json!({ "location": WEST }))
    }),
    ("ARM-parent-missing", |b| b.put(&format!("{}/parts/y", thing("weu", "x")), json!({}))),
    // --- deployments
    ("LAB-deployment-active", |b| {
        b.put(&deployment("d"), template(json!([]))).expect_status(201);
        b.put(&deployment("d"), template(json!([])))
    }),
    ("ARM-deployment-not-running", |b| {
        b.put(&deployment("d"), template(json!([]))).expect_status(201);
        b.wait(60);
        b.post(&format!("{}/cancel", deployment("d")))
    }),
    ("ARM-deployment-name", |b| b.put(&deployment(&"d".repeat(65)), template(json!([])))),
    ("ARM-deployment-location", |b| {
        let mut body = template(json!([]));
        body["location"] = json!(WEST);
        b.put(&deployment("d"), body)
    }),
    ("ARM-deployment-location-missing", |b| b.put(&above("d"), template(json!([])))),
    ("ARM-deployment-location-fixed", |b| {
        b.put(&above("d"), placed(WEST, json!([]))).expect_status(201);
        b.wait(60);
        b.put(&above("d"), placed(NORTH, json!([])))
    }),
    ("ARM-deployment-mode-scope", |b| {
        let mut body = placed(WEST, json!([]));
        body["properties"]["mode"] = json!("Complete");
        b.put(&above("d"), body)
    }),
    ("ARM-deployment-mode-nested", |b| {
        let mut inner = nested("inner", json!({}));
        inner["properties"]["mode"] = json!("Complete");
        b.put(&deployment("d"), template(json!([inner])))
    }),
    ("ARM-deployment-mode-unknown", |b| {
        let mut body = template(json!([]));
        body["properties"]["mode"] = json!("Partial");
        b.put(&deployment("d"), body)
    }),
    ("ARM-deployment-several", |b| {
        b.put(&above("d"), placed(WEST, json!([nested("one", json!({})), nested("two", json!({}))])))
    }),
    ("ARM-deployment-quota", |b| {
        let root = format!("/providers/Microsoft.Management/managementGroups/{}", tenant());
        let path = |at: usize| format!("{root}/providers/Microsoft.Resources/deployments/d{at}");
        for at in 0..800 {
            b.put(&path(at), placed(WEST, json!([]))).expect_status(201);
            b.wait(5);
        }
        b.put(&path(800), placed(WEST, json!([])))
    }),
    ("ARM-deployment-no-earlier", |b| {
        let mut body = template(json!([]));
        body["properties"]["onErrorDeployment"] = json!({ "type": "LastSuccessful" });
        b.put(&deployment("d"), body)
    }),
    ("ARM-deployment-preflight", |b| {
        b.bus("neu", "orders-taken", NORTH);
        let bus = json!({ "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "2024-01-01", "name": "orders-taken",
                          "location": WEST });
        let body = Some(template(json!([bus])));
        b.send(Method::Post, &format!("{}/validate", deployment("d")), body)
    }),
    ("ARM-management-group-missing", |b| {
        let path = "/providers/Microsoft.Management/managementGroups/nobody/providers/Microsoft.Resources/deployments/d";
        b.put(path, placed(WEST, json!([])))
    }),
    ("ARM-invalid-template", |b| b.put(&deployment("d"), template(json!([{ "name": "[nonsense(]" }])))),
    ("ARM-deployment-template-limit", |b| {
        let mut body = template(json!([]));
        let all = (0..257).map(|at| (format!("v{at}"), json!(at)));
        body["properties"]["template"]["variables"] = Value::Object(all.collect());
        b.put(&deployment("d"), body)
    }),
    ("ARM-deployment-too-large", |b| {
        let mut body = template(json!([]));
        body["properties"]["template"]["metadata"] = json!({ "text": "x".repeat(4 << 20) });
        b.put(&deployment("d"), body)
    }),
    // --- pairing
    ("S23-premium-only", |b| {
        pair_of(b, json!({ "location": WEST, "sku": { "name": "Standard" } }), premium(NORTH))
    }),
    ("S24-same-region", |b| pair_of(b, premium(WEST), premium(WEST))),
    ("S24-partner-not-empty", |b| {
        let (primary, secondary) = two(b, premium(WEST), premium(NORTH));
        b.put(&format!("{secondary}/queues/q"), json!({})).expect_status(200);
        b.put(&alias(&primary), partner(&secondary))
    }),
    ("S24-partner-paired", |b| {
        let (_, secondary) = b.pair(0);
        let third = b.bus("weu", "orders-third", "uksouth");
        b.put(&format!("{third}/disasterRecoveryConfigs/other"), partner(&secondary))
    }),
    ("S24-second-partner", |b| {
        let (primary, _) = b.pair(0);
        let third = b.bus("neu", "orders-third", "uksouth");
        b.put(&alias(&primary), partner(&third))
    }),
    ("S24-partitions", |b| {
        pair_of(b, with(WEST, json!({ "premiumMessagingPartitions": 2 })), premium(NORTH))
    }),
    ("S24-private-endpoints", |b| {
        let (primary, secondary) = two(b, premium(WEST), premium(NORTH));
        b.put(&format!("{primary}/privateEndpointConnections/p"), json!({})).expect_status(201);
        b.put(&alias(&primary), partner(&secondary))
    }),
    ("S24-partner-missing", |b| {
        let primary = b.bus("weu", "orders-weu", WEST);
        b.put(&alias(&primary), partner(&namespace("neu", "nobody")))
    }),
    ("S24-partner-not-ready", |b| {
        let primary = b.bus("weu", "orders-weu", WEST);
        b.put(&namespace("neu", "orders-neu"), premium(NORTH)).expect_status(201);
        b.put(&alias(&primary), partner(&namespace("neu", "orders-neu")))
    }),
    ("S24-partner-unreachable", |b| {
        let (primary, secondary) = two(b, premium(WEST), premium(NORTH));
        b.health(NORTH, Plane::Control, Health::Down);
        b.put(&alias(&primary), partner(&secondary))
    }),
    ("S24-geo-replication", |b| {
        let geo = json!({ "geoDataReplication": { "locations": [{ "locationName": WEST }, { "locationName": NORTH }] } });
        pair_of(b, with(WEST, geo), premium(NORTH))
    }),
    ("S25-alias-taken", |b| {
        let (primary, secondary) = two(b, premium(WEST), premium(NORTH));
        b.put(&format!("{primary}/disasterRecoveryConfigs/orders-neu"), partner(&secondary))
    }),
    ("S25-alias-name", |b| {
        let (primary, secondary) = two(b, premium(WEST), premium(NORTH));
        b.put(&format!("{primary}/disasterRecoveryConfigs/orders_bus"), partner(&secondary))
    }),
    ("D04-alternate-name", |b| {
        let (primary, secondary) = two(b, premium(WEST), premium(NORTH));
        b.put(&alias(&primary), json!({ "properties": { "partnerNamespace": secondary, "alternateName": "orders-old" } }))
    }),
    ("D04-alternate-name-taken", |b| {
        let (primary, secondary) = two(b, premium(WEST), premium(NORTH));
        let body = json!({ "properties": { "partnerNamespace": secondary, "alternateName": "orders-neu" } });
        b.put(&format!("{primary}/disasterRecoveryConfigs/orders-weu"), body)
    }),
    ("D04-migrated-alias", |b| {
        let (_, premium) = crate::pairing::migrated(b);
        let secondary = b.bus("neu", "orders-neu", NORTH);
        b.put(&format!("{premium}/disasterRecoveryConfigs/other"), partner(&secondary))
    }),
    ("D04-migration-tiers", |b| {
        let (primary, secondary) = two(b, premium(WEST), premium(NORTH));
        let body = json!({ "properties": { "targetNamespace": secondary, "postMigrationName": "orders-std" } });
        b.put(&format!("{primary}/migrationConfigurations/$default"), body)
    }),
    // --- while paired
    ("S22-secondary-frozen", |b| {
        let (_, secondary) = b.pair(0);
        b.put(&secondary, premium(NORTH))
    }),
    ("S24-private-endpoint-alone", |b| {
        let (primary, _) = b.pair(0);
        b.put(&format!("{primary}/privateEndpointConnections/p"), json!({}))
    }),
    ("F20-delete-paired", |b| {
        let (primary, _) = b.pair(0);
        b.delete(&primary)
    }),
    // --- breakPairing, failover, DELETE
    ("P1a-break-on-secondary", |b| {
        let (_, secondary) = b.pair(0);
        b.post(&format!("{}/breakPairing", alias(&secondary)))
    }),
    ("F20-nothing-to-break", |b| {
        let (_, secondary) = b.pair(0);
        failover(b, &secondary, false).expect_status(200);
        b.wait(200);
        b.post(&format!("{}/breakPairing", alias(&secondary)))
    }),
    ("P1a-failover-on-primary", |b| {
        let (primary, _) = b.pair(0);
        failover(b, &primary, false)
    }),
    ("D07-still-replicating", |b| {
        let (primary, secondary) = two(b, premium(WEST), premium(NORTH));
        b.put(&alias(&primary), partner(&secondary)).expect_status(201);
        failover(b, &secondary, true)
    }),
    ("D03-safe-across-subscriptions", |b| {
        let other = format!("/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/neu");
        b.put(&other, json!({ "location": NORTH })).expect_status(201);
        let primary = b.bus("weu", "orders-weu", WEST);
        let secondary = format!("{other}/providers/Microsoft.ServiceBus/namespaces/orders-neu");
        b.put(&secondary, premium(NORTH)).expect_status(201);
        b.wait(200);
        b.put(&alias(&primary), partner(&secondary)).expect_status(201);
        b.wait(120);
        failover(b, &secondary, true)
    }),
    ("F20-in-transition", |b| {
        let (primary, secondary) = b.pair(0);
        b.post(&format!("{}/breakPairing", alias(&primary))).expect_status(200);
        failover(b, &secondary, false)
    }),
    ("F20-delete-alias-paired", |b| {
        let (primary, _) = b.pair(0);
        b.delete(&alias(&primary))
    }),
    ("F20-delete-not-holder", |b| {
        let (_, secondary) = b.pair(0);
        b.delete(&alias(&secondary))
    }),
    // --- namespaces and entities
    ("D04-tier-change", |b| {
        let bus = b.bus("weu", "orders-weu", WEST);
        b.put(&bus, json!({ "location": WEST, "sku": { "name": "Standard" } }))
    }),
    ("S24-partitions-fixed", |b| {
        let bus = b.bus("weu", "orders-weu", WEST);
        b.put(&bus, with(WEST, json!({ "premiumMessagingPartitions": 4 })))
    }),
    ("S23-unknown-sku", |b| b.put(&namespace("weu", "orders-weu"), json!({ "location": WEST, "sku": { "name": "Gold" } }))),
    ("S23-capacity", |b| {
        b.put(&namespace("weu", "orders-weu"), json!({ "location": WEST, "sku": { "name": "Premium", "capacity": 3 } }))
    }),
    ("ARM-namespace-name", |b| b.put(&namespace("weu", "a-"), premium(WEST))),
    ("SB-namespace-not-active", |b| {
        b.put(&namespace("weu", "orders-weu"), premium(WEST)).expect_status(201);
        b.put(&format!("{}/queues/q", namespace("weu", "orders-weu")), json!({}))
    }),
    ("SB-namespace-being-deleted", |b| {
        let bus = b.bus("weu", "orders-weu", WEST);
        b.delete(&bus).expect_status(202);
        b.put(&bus, premium(WEST))
    }),
    ("SB-forward-target", |b| {
        let bus = b.bus("weu", "orders-weu", WEST);
        b.put(&format!("{bus}/queues/q"), json!({ "properties": { "forwardTo": "nobody" } }))
    }),
    ("SB-forward-sessions", |b| {
        let bus = b.bus("weu", "orders-weu", WEST);
        b.put(&format!("{bus}/queues/target"), json!({})).expect_status(200);
        b.put(&format!("{bus}/queues/q"), json!({ "properties": { "forwardTo": "target", "requiresSession": true } }))
    }),
    ("SB-basic-no-forward", |b| {
        let bus = namespace("weu", "orders-weu");
        b.put(&bus, json!({ "location": WEST, "sku": { "name": "Basic" } })).expect_status(201);
        b.wait(200);
        b.put(&format!("{bus}/queues/target"), json!({})).expect_status(200);
        b.put(&format!("{bus}/queues/q"), json!({ "properties": { "forwardTo": "target" } }))
    }),
    ("SB-basic-no-topics", |b| {
        b.put(&namespace("weu", "orders-weu"), json!({ "location": WEST, "sku": { "name": "Basic" } })).expect_status(201);
        b.wait(200);
        b.put(&format!("{}/topics/t", namespace("weu", "orders-weu")), json!({}))
    }),
    ("SB-name-is-other-kind", |b| {
        let bus = b.bus("weu", "orders-weu", WEST);
        b.put(&format!("{bus}/queues/q"), json!({})).expect_status(200);
        b.put(&format!("{bus}/topics/q"), json!({}))
    }),
    ("SB-property-fixed", |b| {
        let bus = b.bus("weu", "orders-weu", WEST);
        b.put(&format!("{bus}/queues/q"), json!({})).expect_status(200);
        b.put(&format!("{bus}/queues/q"), json!({ "properties": { "requiresSession": true } }))
    }),
    ("SB-manage-alone", |b| {
        let bus = b.bus("weu", "orders-weu", WEST);
        b.put(&format!("{bus}/authorizationRules/r"), json!({ "properties": { "rights": ["Manage"] } }))
    }),
];

/// Rows that say that something is not there, or not modelled: there is nothing to answer instead.
const ABSENT: &[Case] = &[
    ("LAB-action-not-modelled", |b| b.post(&format!("{}/explode", thing("weu", "x")))),
    ("ARM-not-found", |b| b.get(&thing("weu", "nobody"))),
    ("ARM-deployment-missing", |b| b.get(&deployment("nobody"))),
    ("ARM-deployment-operation-missing", |b| {
        b.put(&deployment("d"), template(json!([]))).expect_status(201);
        b.get(&format!("{}/operations/none", deployment("d")))
    }),
    ("ARM-invalid-content-link", |b| {
        b.put(
            &deployment("d"),
            json!({ "properties": { "templateLink": { "uri": "https://nowhere/a.json" } } }),
        )
    }),
];

fn bench() -> Bench {
    let mut settings = settings();
    settings.quotas.push(Quota {
        region: lifeboat_arm::Region::lenient("uksouth"),
        kind: "Microsoft.ServiceBus/namespaces".into(),
        limit: 1,
    });
    Bench::with(settings)
}

fn is_row(answer: &Answer, id: &str) -> bool {
    let row = refusals().find(|row| row.id == id).unwrap_or_else(|| panic!("no row {id}"));
    let message = answer.message();
    let mut said = message.as_str();
    // Every word between the holes, in order: two rows may begin alike.
    let words = row.message.split(['{', '}']).filter(|piece| piece.parse::<usize>().is_err());
    let says_so = words.into_iter().all(|words| match said.split_once(words) {
        Some((_, rest)) => {
            said = rest;
            true
        }
        None => false,
    });
    answer.status == row.status && answer.code() == row.code && says_so
}

/// Proves: P1a, S22, S23, S24, S25, D03, D04, D07, F1, F20, LAB (each row's id starts with its own; LAB is the rest).
#[test]
fn each_refusal_answers_with_its_own_status_code_and_words() {
    for (id, act) in CASES.iter().chain(ABSENT) {
        let answer = act(&mut bench());
        assert!(is_row(&answer, id), "{id}: {} {:#}", answer.status, answer.body);
    }
}

#[test]
fn each_row_has_a_case_and_an_id_of_its_own() {
    let mut ids: Vec<&str> = refusals().map(|row| row.id).collect();
    ids.sort_unstable();
    let mut cases: Vec<&str> = CASES.iter().chain(ABSENT).map(|(id, _)| *id).collect();
    cases.sort_unstable();
    assert_eq!(ids, cases);
}
