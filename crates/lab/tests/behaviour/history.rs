//! What is kept of deployments: records, operations, templates; what complete mode and a failure add; where links lead.

use jiff::Timestamp;
use lifeboat_arm::Method;
use lifeboat_lab::{Health, Plane};
use serde_json::{Value, json};

use crate::bench::{Bench, Look as _, NORTH, SUBSCRIPTION, WEST, alias, group, namespace};

fn path(name: &str) -> String {
    format!("{}/providers/Microsoft.Resources/deployments/{name}", group("weu"))
}

fn template(resources: Value) -> Value {
    json!({ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": resources })
}

fn body(resources: Value) -> Value {
    json!({ "properties": { "mode": "Incremental", "template": template(resources) } })
}

fn complete(resources: Value) -> Value {
    let mut body = body(resources);
    body["properties"]["mode"] = json!("Complete");
    body
}

fn thing(name: &str) -> Value {
    json!({ "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": name, "location": WEST })
}

fn at(name: &str) -> String {
    format!("{}/providers/Microsoft.Things/things/{name}", group("weu"))
}

fn deployed(bench: &mut Bench, name: &str, body: Value) -> lifeboat_arm::Answer {
    assert!(bench.put(&path(name), body).is_success());
    bench.wait(900);
    bench.get(&path(name)).expect_status(200)
}

fn operations(bench: &mut Bench, name: &str) -> Vec<Value> {
    let listed = bench.get(&format!("{}/operations", path(name))).expect_status(200);
    listed.body["value"].as_array().unwrap().iter().map(|one| one["properties"].clone()).collect()
}

/// Proves: S05. Complete mode takes away what is not in the template: also what a false condition leaves out, never a child
/// of what stays, nothing that somebody manages, and what is held by something else once that has gone.
#[test]
fn complete_mode_takes_away_what_is_not_in_the_template() {
    let mut bench = Bench::new();
    for name in ["kept", "child-of", "off", "managed", "other"] {
        let mut body = json!({ "location": WEST });
        if name == "managed" {
            body["managedBy"] = json!(at("kept"));
        }
        bench.put(&at(name), body).expect_status(201);
    }
    bench.wait(60);
    bench.put(&format!("{}/parts/one", at("kept")), json!({})).expect_status(201);
    let mut off = thing("off");
    off["condition"] = json!(false);
    let done = deployed(&mut bench, "d", complete(json!([thing("kept"), off])));
    assert_eq!((done.state(), done.property("error")), ("Succeeded".into(), Value::Null));
    let there = |bench: &mut Bench, name: &str| bench.send(Method::Get, &at(name), None).status;
    for (name, status) in [
        ("kept", 200),
        ("kept/parts/one", 200),
        ("managed", 200),
        ("off", 404),
        ("other", 404),
        ("child-of", 404),
    ] {
        assert_eq!(there(&mut bench, name), status, "{name}");
    }
    let deleted = operations(&mut bench, "d");
    let deleted = deleted.iter().filter(|one| one["provisioningOperation"] == "Delete");
    assert_eq!(deleted.count(), 3);
}

/// A member that cannot go fails the deployment, and says which and why.
#[test]
fn complete_mode_fails_where_something_cannot_go() {
    let mut bench = Bench::new();
    let (primary, _) = bench.pair(0);
    let failed = deployed(&mut bench, "d", complete(json!([])));
    assert_eq!(failed.state(), "Failed");
    let detail = &failed.property("error")["details"][0];
    assert_eq!((&detail["target"], &detail["code"]), (&json!(primary), &json!("Conflict")), "{detail}");
    bench.get(&alias(&primary)).expect_status(200);
}

/// Proves: S05. Incremental mode leaves the rest alone, and sets what it names as a PUT does: what is left out is gone.
#[test]
fn incremental_mode_replaces_what_it_names_and_nothing_else() {
    let mut bench = Bench::new();
    let full = json!({ "location": WEST, "tags": { "a": "b" }, "properties": { "size": 1, "more": 2 } });
    bench.put(&at("one"), full.clone()).expect_status(201);
    bench.put(&at("two"), full).expect_status(201);
    bench.wait(60);
    let mut one = thing("one");
    one["properties"] = json!({ "size": 5 });
    assert_eq!(deployed(&mut bench, "d", body(json!([one]))).state(), "Succeeded");
    let one = bench.get(&at("one"));
    assert_eq!(
        (one.property("size"), one.property("more"), &one.body["tags"]),
        (json!(5), Value::Null, &Value::Null)
    );
    assert_eq!(bench.get(&at("two")).property("more"), 2);
}

/// Proves: S05. A failed deployment brings back the last good one, in complete mode.
#[test]
fn a_failure_rolls_back_to_an_earlier_deployment() {
    let bad =
        json!({ "type": "Microsoft.Things/things/parts", "apiVersion": "2024-01-01", "name": "no/part" });
    for (on_error, back_to) in [
        (json!({ "type": "LastSuccessful" }), "second"),
        (json!({ "type": "SpecificDeployment", "deploymentName": "first" }), "first"),
    ] {
        let mut bench = Bench::new();
        deployed(&mut bench, "first", body(json!([thing("one")])));
        deployed(&mut bench, "second", body(json!([thing("one"), thing("two")])));
        let mut sent = body(json!([bad, thing("three")]));
        sent["properties"]["onErrorDeployment"] = on_error;
        let failed = deployed(&mut bench, "third", sent);
        assert_eq!(failed.state(), "Failed");
        let fallback = failed.property("onErrorDeployment");
        assert_eq!(
            (&fallback["deploymentName"], &fallback["provisioningState"]),
            (&json!(back_to), &json!("Succeeded"))
        );
        assert_eq!(bench.get(&path(back_to)).property("mode"), "Complete");
        let there = |bench: &mut Bench, name: &str| bench.send(Method::Get, &at(name), None).status;
        let all = ["one", "two", "three"].map(|name| there(&mut bench, name));
        assert_eq!(all, if back_to == "first" { [200, 404, 404] } else { [200, 200, 404] });
    }
}

/// Proves: S05. A record echoes what was asked: types and defaults, no secrets; its template can be had again.
#[test]
fn a_record_echoes_what_was_asked() {
    let mut sent = body(json!([thing("one")]));
    sent["properties"]["template"]["parameters"] = json!({
        "size": { "type": "int" }, "name": { "type": "string", "defaultValue": "x" },
        "drawn": { "type": "string", "defaultValue": "[newGuid()]" },
        "password": { "type": "secureString", "defaultValue": "hunter2" } });
    sent["properties"]["template"]["outputs"] = json!({
        "plain": { "type": "int", "value": "[parameters('size')]" },
        "secret": { "type": "secureString", "value": "[parameters('password')]" } });
    sent["properties"]["parameters"] = json!({ "SIZE": { "value": 3 } });
    sent["properties"]["debugSetting"] = json!({ "detailLevel": "requestContent, responseContent" });
    let mut bench = Bench::new();
    let done = deployed(&mut bench, "d", sent.clone());
    let expected = json!({ "size": { "type": "Int", "value": 3 }, "name": { "type": "String", "value": "x" },
        "password": { "type": "SecureString" } });
    assert_eq!(done.property("parameters"), expected);
    let outputs = json!({ "plain": { "type": "int", "value": 3 }, "secret": { "type": "secureString" } });
    assert_eq!(done.property("outputs"), outputs);
    let exported =
        bench.post(&format!("{}/exportTemplate", path("d"))).expect_status(200).body["template"].clone();
    assert_eq!(exported["resources"], sent["properties"]["template"]["resources"]);
    let all = operations(&mut bench, "d");
    assert_eq!((&all[0]["provisioningOperation"], &all[0]["statusCode"]), (&json!("Create"), &json!("OK")));
    assert_eq!(all[0]["request"]["content"]["location"], WEST);
    assert_eq!(all[1]["provisioningOperation"], "EvaluateDeploymentOutput");
    let listed = bench.get(&format!("{}/operations", path("d")));
    let shown = json!([done.body, exported, listed.body]).to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
    let one = listed.body["value"][0]["operationId"].as_str().unwrap().to_owned();
    let found = bench.get(&format!("{}/deployments/d/operations/{one}", group("weu"))).expect_status(200);
    assert_eq!(found.body["operationId"], one);
    // Equal templates have equal hashes, and the same one is calculated for who asks.
    let hash = "/providers/Microsoft.Resources/calculateTemplateHash";
    let template = sent["properties"]["template"].clone();
    let calculated = bench.send(Method::Post, hash, Some(template)).expect_status(200).body;
    assert_eq!(calculated["templateHash"], done.property("templateHash"));
}

/// Proves: S05. A linked template is found where it was published, as a whole folder with its parameter file; its key is shown
/// to nobody.
#[test]
fn links_lead_to_what_was_published() {
    let mut bench = Bench::new();
    let inner = json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner",
        "properties": { "mode": "Incremental", "templateLink": { "relativePath": "nested/inner.json" },
                        "parameters": { "name": { "value": "[parameters('name')]" } } } });
    let mut main = template(json!([inner]));
    main["parameters"] = json!({ "name": { "type": "string" } });
    let mut deep = template(json!([thing("[parameters('name')]")]));
    deep["parameters"] = main["parameters"].clone();
    let address = "https://files.blob.core.windows.net/templates";
    bench.lab.publish(&format!("{address}/main.json?sv=key"), main.to_string());
    bench.lab.publish(&format!("{address}/nested/inner.json"), deep.to_string());
    let values = json!({ "parameters": { "name": { "value": "linked" } } });
    bench.lab.publish(&format!("{address}/values.json"), values.to_string());
    let sent = |version: &str| {
        json!({ "properties": { "mode": "Incremental",
            "templateLink": { "uri": format!("{address}/main.json?sv=key"), "contentVersion": version },
            "parametersLink": { "uri": format!("{address}/values.json") } } })
    };
    let done = deployed(&mut bench, "d", sent("1.0.0.0"));
    assert_eq!(done.state(), "Succeeded", "{}", done.body);
    assert_eq!(done.property("templateLink")["uri"], format!("{address}/main.json"));
    bench.get(&at("linked")).expect_status(200);
    let refused = bench.put(&path("e"), sent("2.0.0.0")).expect_status(400);
    assert!(refused.message().contains("content version '2.0.0.0'"), "{}", refused.message());
}

/// Proves: S05, F1. A template in the lab's own storage is linked to as any other, as long as the region answers that holds it.
#[test]
fn links_lead_to_blobs_of_the_lab() {
    let mut bench = Bench::new();
    let account = format!("{}/providers/Microsoft.Storage/storageAccounts/files", group("weu"));
    bench.put(&account, json!({ "location": NORTH, "properties": {} })).expect_status(201);
    let blob = |method, body| {
        let mut call = lifeboat_arm::Call::arm(method, "/templates/main.json?sig=key", body);
        call.target = lifeboat_arm::Target::Host("files.blob.core.windows.net".to_owned());
        call
    };
    let ask = |bench: &mut Bench, method, body| {
        bench.lab.handle(bench.now, &blob(method, body)).answer.map(|answer| answer.status)
    };
    assert_eq!(ask(&mut bench, Method::Get, None), Some(404));
    assert_eq!(ask(&mut bench, Method::Put, Some(template(json!([thing("one")])))), Some(201));
    assert_eq!(ask(&mut bench, Method::Get, None), Some(200));
    let link = "https://files.blob.core.windows.net/templates/main.json?sig=key";
    let body = json!({ "properties": { "mode": "Incremental", "templateLink": { "uri": link } } });
    assert_eq!(deployed(&mut bench, "d", body.clone()).state(), "Succeeded");
    bench.get(&at("one")).expect_status(200);
    bench.health(NORTH, Plane::Data, Health::Down);
    assert_eq!(bench.put(&path("e"), body.clone()).expect_status(400).code(), "InvalidContentLink");
    assert_eq!(ask(&mut bench, Method::Get, None), None);
    bench.health(NORTH, Plane::Data, Health::Up);
    assert_eq!(ask(&mut bench, Method::Delete, None), Some(202));
    assert_eq!(bench.put(&path("e"), body).expect_status(400).code(), "InvalidContentLink");
}

/// Blobs go with their account, however that goes: a new one of its name is empty, and another one keeps its own.
#[test]
fn blobs_go_with_their_account() {
    let account = |name: &str| format!("{}/providers/Microsoft.Storage/storageAccounts/{name}", group("neu"));
    let blob = |bench: &mut Bench, name: &str, method, body| {
        let mut call = lifeboat_arm::Call::arm(method, "/templates/main.json", body);
        call.target = lifeboat_arm::Target::Host(format!("{name}.blob.core.windows.net"));
        bench.lab.handle(bench.now, &call).answer.map(|answer| answer.status)
    };
    let make = |bench: &mut Bench, name: &str| {
        bench.put(&account(name), json!({ "location": NORTH, "properties": {} })).expect_status(201);
        bench.wait(60);
    };
    let in_neu = |name: &str| path(name).replace("/weu/", "/neu/");
    for how in ["account", "group", "complete"] {
        let mut bench = Bench::new();
        for name in ["files", "kept"] {
            make(&mut bench, name);
            assert_eq!(blob(&mut bench, name, Method::Put, Some(template(json!([])))), Some(201), "{how}");
        }
        match how {
            "account" => bench.delete(&account("files")),
            "group" => bench.delete(&group("neu")),
            _ => {
                let kept = json!({ "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01",
                    "name": "kept", "location": NORTH, "properties": {} });
                bench.put(&in_neu("d"), complete(json!([kept])))
            }
        };
        bench.wait(3600);
        bench.get(&account("files")).expect_status(404);
        assert_eq!(
            blob(&mut bench, "kept", Method::Get, None).is_some_and(|status| status == 200),
            how != "group"
        );
        if how == "group" {
            bench.put(&group("neu"), json!({ "location": NORTH })).expect_status(201);
        }
        make(&mut bench, "files");
        assert_eq!(blob(&mut bench, "files", Method::Get, None), Some(404), "{how}");
        let link = "https://files.blob.core.windows.net/templates/main.json";
        let body = json!({ "properties": { "mode": "Incremental", "templateLink": { "uri": link } } });
        assert_eq!(bench.put(&path("e"), body).expect_status(400).code(), "InvalidContentLink", "{how}");
    }
}

/// Proves: S05. A template spec is a resource, its version is deployed by id, with the files that it brings along.
#[test]
fn a_template_spec_is_deployed_by_its_version() {
    let mut bench = Bench::new();
    let spec = format!("{}/providers/Microsoft.Resources/templateSpecs/shop", group("weu"));
    let inner = json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner",
        "properties": { "mode": "Incremental", "templateLink": { "relativePath": "parts/inner.json" } } });
    bench.put(&spec, json!({ "location": WEST, "properties": {} })).expect_status(201);
    let version = json!({ "location": WEST, "properties": { "mainTemplate": template(json!([inner, thing("own")])),
        "linkedTemplates": [{ "path": "parts\\inner.json", "template": template(json!([thing("brought")])) }] } });
    bench.put(&format!("{spec}/versions/1.0"), version).expect_status(201);
    bench.wait(60);
    let link = |id: &str| json!({ "mode": "Incremental", "templateLink": { "id": id } });
    let done = deployed(&mut bench, "d", json!({ "properties": link(&format!("{spec}/versions/1.0")) }));
    assert_eq!(done.state(), "Succeeded", "{}", done.body);
    bench.get(&at("own")).expect_status(200);
    bench.get(&at("brought")).expect_status(200);
    let missing = bench.put(&path("e"), json!({ "properties": link(&format!("{spec}/versions/2.0")) }));
    assert_eq!((missing.status, missing.code().as_str()), (400, "InvalidContentLink"));
    // From inside of a template, too, and from another scope.
    let nested = json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "by-id",
        "resourceGroup": "neu", "properties": link(&format!("{spec}/versions/1.0")) });
    let mut above = body(json!([nested]));
    above["location"] = json!(NORTH);
    let path = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/deployments/d");
    bench.put(&path, above).expect_status(201);
    bench.wait(900);
    assert_eq!(bench.get(&path).state(), "Succeeded");
    bench.get(&format!("{}/providers/Microsoft.Things/things/brought", group("neu"))).expect_status(200);
}

/// The history of a group is cleaned by itself when it grows too long: above 700 down to 600, oldest first.
#[test]
fn a_long_history_is_cleaned() {
    let mut bench = Bench::new();
    for at in 0..702 {
        bench.put(&path(&format!("d{at}")), body(json!([]))).expect_status(201);
        bench.wait(20);
    }
    let listed = bench.get(&path("")).expect_status(200).body["value"].as_array().unwrap().len();
    assert_eq!(listed, 601);
    bench.get(&path("d0")).expect_status(404);
    bench.get(&path("d701")).expect_status(200);
}

/// A nested deployment that somebody cancels fails the one around it.
#[test]
fn a_nested_deployment_can_be_cancelled() {
    let mut bench = Bench::new();
    let mut inner = template(json!([]));
    inner["resources"] = json!([{ "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "2024-01-01",
        "name": "orders-weu", "location": WEST, "sku": { "name": "Premium" } }]);
    let nested = json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner",
        "properties": { "mode": "Incremental", "template": inner } });
    bench.put(&path("outer"), body(json!([nested]))).expect_status(201);
    bench.wait(20);
    assert_eq!(bench.get(&path("inner")).state(), "Running");
    bench.post(&format!("{}/cancel", path("inner"))).expect_status(204);
    bench.wait(300);
    assert_eq!(bench.get(&path("inner")).state(), "Canceled");
    assert_eq!(bench.get(&path("outer")).state(), "Failed");
    bench.get(&namespace("weu", "orders-weu")).expect_status(200);
}

/// What runs elsewhere for a deployment whose group is deleted stops, and its name is free again.
#[test]
fn a_nested_deployment_does_not_outlive_the_outer_one() {
    let mut bench = Bench::new();
    let mut inner = template(json!([]));
    inner["resources"] = json!([{ "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "2024-01-01",
        "name": "orders-neu", "location": NORTH, "sku": { "name": "Premium" } }, thing("late")]);
    inner["resources"][1]["dependsOn"] = json!(["orders-neu"]);
    let nested = json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner",
        "resourceGroup": "neu", "properties": { "mode": "Incremental", "template": inner } });
    bench.put(&path("outer"), body(json!([nested]))).expect_status(201);
    bench.wait(20);
    let inner = format!("{}/providers/Microsoft.Resources/deployments/inner", group("neu"));
    assert_eq!(bench.get(&inner).state(), "Running");
    let deleted = bench.now;
    bench.delete(&group("weu")).expect_status(202);
    bench.wait(600);
    bench.get(&path("outer")).expect_status(404);
    let stopped = bench.get(&inner);
    assert_eq!(stopped.state(), "Canceled");
    let ended: Timestamp = stopped.property("timestamp").as_str().unwrap().parse().unwrap();
    assert!(deleted <= ended && ended < bench.now, "it stopped at {ended}");
    bench.get(&format!("{}/providers/Microsoft.Things/things/late", group("neu"))).expect_status(404);
    bench.put(&inner, body(json!([]))).expect_status(200);
}

/// A template that deploys one file after the other in a loop is deployed as it is.
#[test]
fn a_loop_may_link_to_another_file_in_each_turn() {
    let mut bench = Bench::new();
    let inner = json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01",
        "name": "[concat('turn', copyIndex())]", "copy": { "name": "turns", "count": 2 },
        "properties": { "mode": "Incremental",
                        "templateLink": { "uri": "[concat('https://files.example/', copyIndex(), '.json')]" } } });
    for at in 0..2 {
        let text = template(json!([thing(&format!("of{at}"))])).to_string();
        bench.lab.publish(&format!("https://files.example/{at}.json"), text);
    }
    let done = deployed(&mut bench, "d", body(json!([inner])));
    assert_eq!(done.state(), "Succeeded", "{}", done.body);
    bench.get(&at("of0")).expect_status(200);
    bench.get(&at("of1")).expect_status(200);
}
