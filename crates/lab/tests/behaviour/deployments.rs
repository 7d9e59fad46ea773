//! Deployments: asynchronous, in order, through the same providers as everybody's requests.

use lifeboat_arm::Method;
use lifeboat_lab::{Effect, Fault, FaultMatch, Health, Phase, Plane};
use serde_json::{Value, json};

use crate::bench::{Bench, Look as _, NORTH, WEST, alias, group, namespace, partner};

fn path(group_name: &str, name: &str) -> String {
    format!("{}/providers/Microsoft.Resources/deployments/{name}", group(group_name))
}

fn body(resources: Value, outputs: Value) -> Value {
    json!({ "properties": { "mode": "Incremental", "parameters": { "name": { "value": "orders-tpl" } }, "template": {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": { "name": { "type": "string" } },
        "resources": resources, "outputs": outputs } } })
}

fn bus() -> Value {
    json!({ "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "2021-11-01", "name": "[parameters('name')]",
            "location": "[resourceGroup().location]", "sku": { "name": "Premium" } })
}

fn queue() -> Value {
    json!({ "type": "Microsoft.ServiceBus/namespaces/queues", "apiVersion": "2021-11-01",
            "name": "[concat(parameters('name'), '/incoming')]",
            "dependsOn": ["[resourceId('Microsoft.ServiceBus/namespaces', parameters('name'))]"],
            "properties": { "maxDeliveryCount": 5 } })
}

fn poll(bench: &mut Bench, url: &str) -> String {
    bench.get(url).expect_status(200).body["status"].as_str().unwrap().to_owned()
}

/// Proves: S05. Accepted → Running → Succeeded; dependents wait; outputs are resolved by the running deployment.
#[test]
fn a_deployment_runs_in_order_and_answers_its_outputs() {
    let mut bench = Bench::new();
    let outputs = json!({
        "endpoint": { "type": "string", "value": "[reference(parameters('name')).serviceBusEndpoint]" },
        "own": { "type": "string", "value": "[reference(parameters('name'), '2021-11-01', 'Full').resourceId]" },
        "rule": { "type": "string", "value":
            "[listKeys(resourceId('Microsoft.ServiceBus/namespaces/authorizationRules', parameters('name'), \
              'RootManageSharedAccessKey'), '2021-11-01').keyName]" },
    });
    let accepted = bench.put(&path("weu", "d1"), body(json!([queue(), bus()]), outputs)).expect_status(201);
    assert_eq!(accepted.state(), "Accepted");
    let url = accepted.header("azure-asyncoperation").unwrap().to_owned();
    assert_eq!(poll(&mut bench, &url), "Accepted");
    bench.wait(15);
    assert_eq!(poll(&mut bench, &url), "Running");
    let operations = bench.get(&format!("{}/deployments/d1/operations", group("weu"))).body["value"].clone();
    assert_eq!(operations.as_array().unwrap().len(), 1, "the queue waits for the namespace");
    assert_eq!(operations[0]["properties"]["targetResource"]["resourceName"], "orders-tpl");
    bench.wait(300);
    assert_eq!(poll(&mut bench, &url), "Succeeded");
    let done = bench.get(&path("weu", "d1")).expect_status(200);
    assert_eq!(done.state(), "Succeeded");
    let outputs = done.property("outputs");
    assert_eq!(outputs["endpoint"]["value"], "https://orders-tpl.servicebus.windows.net:443/");
    assert_eq!(outputs["own"]["value"], "Microsoft.ServiceBus/namespaces/orders-tpl");
    assert_eq!(outputs["rule"]["value"], "RootManageSharedAccessKey");
    assert_eq!(done.property("outputResources").as_array().unwrap().len(), 2);
    let queue = bench.get(&format!("{}/queues/incoming", namespace("weu", "orders-tpl"))).expect_status(200);
    assert_eq!(queue.property("maxDeliveryCount"), json!(5));
}

/// Proves: S22. Re-running a template that holds the paired secondary fails with Azure's own words; what is done stays.
#[test]
fn a_template_with_the_paired_secondary_fails() {
    let mut bench = Bench::new();
    let primary = bench.bus("weu", "orders-weu", WEST);
    let secondary = bench.bus("neu", "orders-tpl", NORTH);
    bench.put(&alias(&primary), partner(&secondary)).expect_status(201);
    bench.wait(120);
    let other = json!({ "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": "one", "location": NORTH });
    bench.put(&path("neu", "d1"), body(json!([other, bus(), queue()]), json!({}))).expect_status(201);
    bench.wait(300);
    let failed = bench.get(&path("neu", "d1"));
    assert_eq!(failed.state(), "Failed");
    let error = failed.property("error");
    assert_eq!(error["code"], "DeploymentFailed");
    assert_eq!(error["details"][0]["message"], "Cannot update a namespace which is secondary");
    assert_eq!(error["details"][0]["target"], json!(secondary));
    bench.get(&format!("{}/providers/Microsoft.Things/things/one", group("neu"))).expect_status(200);
}

/// The same name while it runs is refused, afterwards it replaces the record.
#[test]
fn a_finished_deployment_may_be_replaced_and_cancelled_ones_stop() {
    let mut bench = Bench::new();
    bench.put(&path("weu", "d1"), body(json!([bus(), queue()]), json!({}))).expect_status(201);
    bench.wait(15);
    bench.post(&format!("{}/cancel", path("weu", "d1"))).expect_status(204);
    assert_eq!(bench.get(&path("weu", "d1")).state(), "Canceled");
    bench.wait(300);
    bench.get(&format!("{}/queues/incoming", namespace("weu", "orders-tpl"))).expect_status(404);
    bench.put(&path("weu", "d1"), body(json!([bus(), queue()]), json!({}))).expect_status(200);
    bench.wait(300);
    assert_eq!(bench.get(&path("weu", "d1")).state(), "Succeeded");
    let listed = bench.get(&format!("{}?$filter=provisioningState eq 'Succeeded'", path("weu", "")));
    assert_eq!(listed.body["value"].as_array().unwrap().len(), 1);
    assert_eq!(bench.send(Method::Head, &path("weu", "d1"), None).status, 204);
    bench.delete(&path("weu", "d1")).expect_status(202);
    assert_eq!(bench.send(Method::Head, &path("weu", "d1"), None).status, 404);
    bench.get(&namespace("weu", "orders-tpl")).expect_status(200);
}

/// Proves: F1. A deployment into a group whose region is down is refused; one that runs stands still until it is back.
#[test]
fn a_deployment_lives_with_its_group() {
    let mut bench = Bench::new();
    bench.put(&path("weu", "d1"), body(json!([bus(), queue()]), json!({}))).expect_status(201);
    bench.health(WEST, Plane::Control, Health::Down);
    bench.put(&path("weu", "d2"), body(json!([]), json!({}))).expect_status(503);
    bench.wait(900);
    bench.health(WEST, Plane::Control, Health::Up);
    assert_ne!(bench.get(&path("weu", "d1")).state(), "Succeeded");
    bench.wait(400);
    assert_eq!(bench.get(&path("weu", "d1")).state(), "Succeeded");
}

/// Looking first: validate finds mistakes, what-if tells what would change, neither changes anything.
#[test]
fn validate_and_what_if_only_look() {
    let mut bench = Bench::new();
    let wrong = body(
        json!([{ "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": "[parameters('no')]" }]),
        json!({}),
    );
    let refused = bench.send(Method::Post, &format!("{}/validate", path("weu", "d")), Some(wrong));
    assert_eq!((refused.status, refused.code().as_str()), (400, "InvalidTemplate"));
    // Whoever wrote it in another file can find a pointer, and no line of what was sent.
    let says = refused.body["error"]["message"].as_str().unwrap();
    assert!(says.contains("'/resources/0/name: "), "{says}");
    let good = body(json!([bus(), queue()]), json!({}));
    bench
        .send(Method::Post, &format!("{}/validate", path("weu", "d")), Some(good.clone()))
        .expect_status(200);
    let changes = |bench: &mut Bench| {
        let what_if = bench.send(Method::Post, &format!("{}/whatIf", path("weu", "d")), Some(good.clone()));
        let url = what_if.expect_status(202).header("location").unwrap().to_owned();
        let changes = bench.get(&url).expect_status(200).property("changes");
        changes
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["changeType"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(changes(&mut bench), ["Create", "Create"]);
    bench.put(&path("weu", "d"), good.clone()).expect_status(201);
    bench.wait(300);
    assert_eq!(changes(&mut bench), ["NoChange", "NoChange"]);
    let queue = format!("{}/queues/incoming", namespace("weu", "orders-tpl"));
    bench.put(&queue, json!({ "properties": { "maxDeliveryCount": 9 } })).expect_status(200);
    assert_eq!(changes(&mut bench), ["NoChange", "Modify"]);
}

/// A provider's error fails the deployment; one that says "later" is tried again.
#[test]
fn a_provider_that_says_later_is_tried_again() {
    for (status, code, end) in [(503, "ServiceUnavailable", "Succeeded"), (400, "BadRequest", "Failed")] {
        let mut bench = Bench::new();
        bench.lab.inject(Fault {
            at: FaultMatch {
                operation: Some("Microsoft.ServiceBus/namespaces".into()),
                method: Some(Method::Put),
                phase: Phase::Before,
                ..FaultMatch::default()
            },
            effect: Effect::Status {
                status,
                code: code.into(),
                message: "injected".into(),
                retry_after_seconds: None,
            },
            times: Some(1),
            from: None,
            until: None,
            per_mille: None,
        });
        bench.put(&path("weu", "d1"), body(json!([bus(), queue()]), json!({}))).expect_status(201);
        bench.wait(400);
        assert_eq!(bench.get(&path("weu", "d1")).state(), end);
    }
}

/// Proves: S05. A nested deployment is a record of its own, and its outputs can be read by its parent.
#[test]
fn a_nested_deployment_has_outputs_of_its_own() {
    let mut bench = Bench::new();
    let nested = json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner",
        "properties": { "mode": "Incremental", "expressionEvaluationOptions": { "scope": "outer" }, "template": {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": [bus()],
            "outputs": { "made": { "type": "string", "value": "[parameters('name')]" } } } } });
    let outputs = json!({ "made": { "type": "string", "value": "[reference('inner').outputs.made.value]" } });
    bench.put(&path("weu", "outer"), body(json!([nested]), outputs)).expect_status(201);
    bench.wait(400);
    let done = bench.get(&path("weu", "outer"));
    assert_eq!((done.state(), done.property("error")), ("Succeeded".into(), Value::Null));
    assert_eq!(done.property("outputs")["made"]["value"], "orders-tpl");
    assert_eq!(bench.get(&path("weu", "inner")).state(), "Succeeded");
}

/// Complete mode removes what the template does not name.
#[test]
fn complete_mode_deletes_the_others() {
    let mut bench = Bench::new();
    let other = format!("{}/providers/Microsoft.Things/things/other", group("weu"));
    bench.put(&other, json!({ "location": WEST })).expect_status(201);
    bench.wait(60);
    let mut complete = body(json!([]), json!({}));
    complete["properties"]["mode"] = json!("Complete");
    bench.put(&path("weu", "d1"), complete).expect_status(201);
    bench.wait(120);
    bench.get(&other).expect_status(404);
}

/// Proves: S05. Azure has a storage account's services as soon as it has the account, and takes what a list in a resource's
/// properties names for a resource.
#[test]
fn grandchildren_stand_below_what_nobody_puts() {
    let thing = |kind: &str, name: &str, after: Value, properties: Value| json!({ "type": kind, "apiVersion": "2024-01-01", "name": name, "dependsOn": after, "properties": properties });
    let account = json!({ "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2024-01-01", "name": "data",
        "location": "westeurope" });
    let door = thing(
        "Microsoft.Network/frontDoors",
        "door",
        json!([]),
        json!({ "frontendEndpoints": [{ "name": "End" }] }),
    );
    let below = |kind: &str, name: &str| thing(kind, name, json!(["data", "door"]), json!({}));
    let blob = "Microsoft.Storage/storageAccounts/blobServices/containers";
    let https = "Microsoft.Network/frontDoors/frontendEndpoints/customHttpsConfiguration";
    let mut bench = Bench::new();
    let good = json!([account, door, below(blob, "data/default/logs"), below(https, "door/end/default")]);
    bench.put(&path("weu", "good"), body(good, json!({}))).expect_status(201);
    bench.wait(900);
    let done = bench.get(&path("weu", "good"));
    assert_eq!(done.state(), "Succeeded", "{}", done.body);

    let bad = json!([account, door, below(blob, "data/other/logs"), below(https, "door/other/default")]);
    bench.put(&path("weu", "bad"), body(bad, json!({}))).expect_status(201);
    bench.wait(900);
    let failed = bench.get(&path("weu", "bad"));
    assert_eq!(failed.state(), "Failed", "{}", failed.body);
}

/// Proves: S05. A record shows the tags it was sent with, and of a secure parameter the type alone.
#[test]
fn a_record_shows_no_secret() {
    let mut sent = body(json!([bus()]), json!({}));
    sent["tags"] = json!({ "content": "1" });
    sent["properties"]["template"]["parameters"]["password"] = json!({ "type": "securestring" });
    sent["properties"]["parameters"]["password"] = json!({ "value": "hunter2" });
    sent["properties"]["template"]["resources"][0]["tags"] = json!({ "seen": "[parameters('password')]" });
    let mut bench = Bench::new();
    bench.put(&path("weu", "d1"), sent).expect_status(201);
    bench.wait(900);
    let record = bench.get(&path("weu", "d1")).body;
    assert_eq!(record["properties"]["parameters"]["password"], json!({ "type": "SecureString" }));
    assert_eq!(record["tags"], json!({ "content": "1" }));
    let bus = bench.get(&namespace("weu", "orders-tpl")).body;
    assert!(!format!("{record}{bus}").contains("hunter2"), "{record} {bus}");
}

/// Keywords may be in any case, and a message quotes what is made of a secret.
#[test]
fn neither_a_kept_template_nor_a_refusal_shows_a_secret() {
    let mut sent = body(json!([bus()]), json!({}));
    let own = json!({ "TYPE": "SecureString", "DEFAULTVALUE": "hunter2" });
    sent["properties"]["template"]["parameters"]["own"] = own;
    let mut bench = Bench::new();
    bench.put(&path("weu", "d1"), sent.clone()).expect_status(201);
    bench.wait(900);
    let kept = bench.post(&format!("{}/exportTemplate", path("weu", "d1"))).expect_status(200).body.clone();
    assert!(kept.to_string().contains("DEFAULTVALUE"), "{kept}");
    assert!(!kept.to_string().contains("hunter2"), "{kept}");
    for made in ["int(parameters('own'))", "int(base64(parameters('own')))"] {
        sent["properties"]["template"]["resources"][0]["tags"] = json!({ "made": format!("[{made}]") });
        let refused = bench.put(&path("weu", "d2"), sent.clone());
        let said = refused.body.to_string();
        assert!(said.contains("`‹secure value›` is no int"), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("aHVudGVyMg"), "{said}");
    }
}
