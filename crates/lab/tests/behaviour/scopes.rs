//! Deployments at every scope, and from one scope into another.

use lifeboat_arm::Method;
use lifeboat_lab::{Health, Plane};
use serde_json::{Value, json};

use crate::bench::{Bench, Look as _, NORTH, OTHER_SUBSCRIPTION, SUBSCRIPTION, WEST, group, settings};

const KINDS: [(&str, &str); 4] = [
    ("group", "2019-04-01/deploymentTemplate.json#"),
    ("subscription", "2018-05-01/subscriptionDeploymentTemplate.json#"),
    ("management group", "2019-08-01/managementGroupDeploymentTemplate.json#"),
    ("tenant", "2019-08-01/tenantDeploymentTemplate.json#"),
];

fn template(kind: &str, resources: Value) -> Value {
    let (_, schema) = KINDS.iter().find(|(name, _)| *name == kind).unwrap();
    json!({ "$schema": format!("https://schema.management.azure.com/schemas/{schema}"),
            "contentVersion": "1.0.0.0", "resources": resources })
}

fn to_subscription(resources: Value) -> Value {
    json!({ "location": WEST, "properties": { "mode": "Incremental",
            "template": template("subscription", resources) } })
}

fn deployment(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Resources/deployments/{name}")
}

fn subscription() -> String {
    format!("/subscriptions/{SUBSCRIPTION}")
}

fn nested(name: &str, kind: &str, more: Value, resources: Value) -> Value {
    let mut nested = json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": name,
        "properties": { "mode": "Incremental", "expressionEvaluationOptions": { "scope": "inner" },
                        "template": template(kind, resources) } });
    for (key, value) in more.as_object().unwrap() {
        nested[key] = value.clone();
    }
    nested
}

fn thing(name: &str) -> Value {
    json!({ "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": name,
            "location": "[resourceGroup().location]", "properties": { "group": "[resourceGroup().id]" } })
}

fn new_group(name: &str, region: &str) -> Value {
    json!({ "type": "Microsoft.Resources/resourceGroups", "apiVersion": "2022-09-01", "name": name,
            "location": region, "properties": {} })
}

/// Sends a deployment, waits for its end and gives its record.
fn deployed(bench: &mut Bench, path: &str, body: Value) -> lifeboat_arm::Answer {
    bench.put(path, body).expect_status(201);
    bench.wait(900);
    bench.get(path).expect_status(200)
}

/// Proves: S05. A subscription deployment makes a group, its nested ones fill it, another group and the subscription again.
#[test]
fn a_subscription_deployment_reaches_its_groups_and_back() {
    let mut bench = Bench::new();
    let back = nested(
        "back",
        "subscription",
        json!({ "subscriptionId": OTHER_SUBSCRIPTION, "location": NORTH }),
        json!([new_group("far", NORTH)]),
    );
    let into_new = nested(
        "fill",
        "group",
        json!({ "resourceGroup": "made", "dependsOn": ["made"] }),
        json!([thing("inside"), back]),
    );
    let into_old = nested("other", "group", json!({ "resourceGroup": "neu" }), json!([thing("beside")]));
    let body = to_subscription(json!([into_new, into_old, new_group("made", WEST)]));
    let done = deployed(&mut bench, &deployment(&subscription(), "main"), body);
    assert_eq!((done.state(), done.property("error")), ("Succeeded".into(), Value::Null), "{}", done.body);
    assert_eq!(done.body["location"], WEST);
    let at = |group: &str, name: &str| format!("{group}/providers/Microsoft.Things/things/{name}");
    let inside = bench.get(&at(&group("made"), "inside")).expect_status(200);
    assert_eq!((&inside.body["location"], inside.property("group")), (&json!(WEST), json!(group("made"))));
    assert_eq!(bench.get(&at(&group("neu"), "beside")).expect_status(200).body["location"], NORTH);
    let far = format!("/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/far");
    assert_eq!(bench.get(&far).expect_status(200).body["location"], NORTH);
    // Each nested one is a record at its own scope, and lists stay at their own.
    let names = |bench: &mut Bench, scope: &str| -> Vec<String> {
        let listed = bench.get(&deployment(scope, "")).expect_status(200);
        let all = listed.body["value"].as_array().unwrap();
        all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&mut bench, &subscription()), ["main"]);
    assert_eq!(names(&mut bench, &group("made")), ["fill"]);
    assert_eq!(names(&mut bench, &group("neu")), ["other"]);
    assert_eq!(names(&mut bench, &format!("/subscriptions/{OTHER_SUBSCRIPTION}")), ["back"]);
    let fill = bench.get(&deployment(&group("made"), "fill"));
    assert_eq!(fill.state(), "Succeeded");
    let made: Vec<&str> = fill.body["properties"]["outputResources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(made, ["inside", "far"]);
    // The outer one's operations are about what is directly in it.
    let operations = bench.get(&format!("{}/operations", deployment(&subscription(), "main")));
    let mut targets: Vec<String> = operations.body["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            one["properties"]["targetResource"]["resourceName"].as_str().unwrap_or("outputs").to_owned()
        })
        .collect();
    targets.sort();
    assert_eq!(targets, ["fill", "made", "other", "outputs"]);
}

/// Proves: S05. Management groups and the tenant take deployments, and these reach down.
#[test]
fn deployments_go_to_management_groups_and_the_tenant() {
    let mut bench = Bench::new();
    let tenant = settings().subscriptions[0].tenant.clone();
    let management = json!({ "type": "Microsoft.Management/managementGroups", "apiVersion": "2021-04-01",
        "name": "platform", "properties": {} });
    let policy = json!({ "type": "Microsoft.Authorization/policyDefinitions", "apiVersion": "2021-06-01",
        "name": "p", "properties": { "group": "[managementGroup().name]" } });
    let down = nested(
        "down",
        "subscription",
        json!({ "subscriptionId": SUBSCRIPTION, "location": WEST, "dependsOn": ["p"] }),
        json!([new_group("made", NORTH)]),
    );
    let inner = nested(
        "inner",
        "management group",
        json!({ "scope": "Microsoft.Management/managementGroups/platform", "location": WEST,
                "dependsOn": ["platform"] }),
        json!([policy, down]),
    );
    let body = json!({ "location": NORTH, "properties": { "mode": "Incremental",
        "template": template("tenant", json!([management, inner])) } });
    let done = deployed(&mut bench, &deployment("", "top"), body.clone());
    assert_eq!((done.state(), done.property("error")), ("Succeeded".into(), Value::Null), "{}", done.body);
    let platform = "/providers/Microsoft.Management/managementGroups/platform";
    let policy = format!("{platform}/providers/Microsoft.Authorization/policyDefinitions/p");
    assert_eq!(bench.get(&policy).expect_status(200).property("group"), "platform");
    assert_eq!(bench.get(&deployment(platform, "inner")).expect_status(200).body["location"], WEST);
    bench.get(&group("made")).expect_status(200);
    assert_eq!(bench.send(Method::Head, &deployment("", "top"), None).status, 204);
    bench.delete(&deployment("", "top")).expect_status(202);
    assert_eq!(bench.send(Method::Head, &deployment("", "top"), None).status, 404);
    // The root group has the tenant's own id; once a record is gone its name may stand elsewhere.
    let root = format!("/providers/Microsoft.Management/managementGroups/{tenant}");
    let mut empty = body;
    empty["location"] = json!(WEST);
    empty["properties"]["template"] = template("management group", json!([]));
    assert_eq!(deployed(&mut bench, &deployment(&root, "top"), empty.clone()).state(), "Succeeded");
    assert_eq!(deployed(&mut bench, &deployment("", "top"), empty).body["location"], WEST);
}

/// Proves: F1. Above groups a record lives where it says: with that region down nobody reads it, and it stands still.
#[test]
fn a_deployment_above_groups_lives_in_its_location() {
    let mut bench = Bench::new();
    let path = deployment(&subscription(), "d");
    bench.put(&path, to_subscription(json!([new_group("made", NORTH)]))).expect_status(201);
    bench.health(WEST, Plane::Control, Health::Down);
    bench.wait(300);
    bench.get(&path).expect_status(503);
    bench.get(&group("made")).expect_status(404);
    bench.health(WEST, Plane::Control, Health::Up);
    bench.wait(60);
    assert_eq!(bench.get(&path).state(), "Succeeded");
}

/// Proves: S05. An extension of a resource is deployed to its id; `scope: '/'` leads from anywhere to the tenant.
#[test]
fn extensions_and_the_tenant_are_reached_by_scope() {
    let mut bench = Bench::new();
    let lock = json!({ "type": "Microsoft.Authorization/locks", "apiVersion": "2020-05-01", "name": "keep",
        "scope": "Microsoft.Things/things/one", "dependsOn": ["one"], "properties": { "level": "CanNotDelete" } });
    let top = nested(
        "top",
        "tenant",
        json!({ "scope": "/", "location": WEST }),
        json!([{ "type": "Microsoft.Management/managementGroups", "apiVersion": "2021-04-01", "name": "m" }]),
    );
    let body = json!({ "properties": { "mode": "Incremental", "template": template("group", json!([thing("one"), lock, top])) } });
    let done = deployed(&mut bench, &deployment(&group("weu"), "d"), body);
    assert_eq!((done.state(), done.property("error")), ("Succeeded".into(), Value::Null), "{}", done.body);
    let lock = "providers/Microsoft.Things/things/one/providers/Microsoft.Authorization/locks/keep";
    bench.get(&format!("{}/{lock}", group("weu"))).expect_status(200);
    bench.get("/providers/Microsoft.Management/managementGroups/m").expect_status(200);
    assert_eq!(bench.get(&deployment("", "top")).state(), "Succeeded");
}

/// A nested deployment that Azure would refuse fails the one around it, with its own words inside.
#[test]
fn what_is_refused_of_a_nested_deployment_fails_the_outer_one() {
    let mut bench = Bench::new();
    let inner = |region: &str| {
        nested(
            "inner",
            "subscription",
            json!({ "subscriptionId": SUBSCRIPTION, "location": region }),
            json!([new_group("made", NORTH)]),
        )
    };
    let body = |region: &str| json!({ "properties": { "mode": "Incremental", "template": template("group", json!([inner(region)])) } });
    assert_eq!(deployed(&mut bench, &deployment(&group("weu"), "first"), body(WEST)).state(), "Succeeded");
    let failed = deployed(&mut bench, &deployment(&group("weu"), "second"), body(NORTH));
    assert_eq!(failed.state(), "Failed");
    let error = failed.property("error");
    assert_eq!(error["details"][0]["code"], "InvalidDeploymentLocation", "{error}");
    let bad =
        json!({ "type": "Microsoft.Things/things/parts", "apiVersion": "2024-01-01", "name": "no/part" });
    let failing = nested("failing", "group", json!({ "resourceGroup": "neu" }), json!([bad]));
    let body =
        json!({ "properties": { "mode": "Incremental", "template": template("group", json!([failing])) } });
    let failed = deployed(&mut bench, &deployment(&group("weu"), "third"), body);
    let error = failed.property("error");
    assert_eq!(error["details"][0]["details"][0]["code"], "ParentResourceNotFound", "{error}");
    let inner = bench.get(&deployment(&group("neu"), "failing"));
    assert_eq!(
        (inner.state(), &inner.property("error")["code"]),
        ("Failed".into(), &json!("DeploymentFailed"))
    );
}
