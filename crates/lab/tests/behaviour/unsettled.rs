//! Names and places that only the run knows: a nested deployment is given what another resource answers, and makes names of it.

use lifeboat_arm::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, Look as _, group};

fn path() -> String {
    format!("{}/providers/Microsoft.Resources/deployments/d", group("weu"))
}

fn body(resources: Value, outputs: Value) -> Value {
    json!({ "properties": { "mode": "Incremental", "template": {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "resources": resources, "outputs": outputs } } })
}

fn thing(name: &str, properties: Value) -> Value {
    json!({ "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": name,
            "location": "westeurope", "properties": properties })
}

/// A deployment inside that is given what `vm` answers.
fn inside(name: &str, given: Value, resources: Value) -> Value {
    let declared = given.as_object().unwrap().keys().map(|key| (key.clone(), json!({ "type": "string" })));
    json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": name, "properties": {
        "mode": "Incremental", "expressionEvaluationOptions": { "scope": "inner" }, "parameters": given,
        "template": { "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "parameters": Value::Object(declared.collect()), "resources": resources } } })
}

fn told(name: &str) -> Value {
    json!({ "value": format!("[reference('vm').{name}]") })
}

/// A name made of an answer, what lies below that, and what asks it.
fn named() -> Value {
    let made = "guid(parameters('principal'), 'reader')";
    let mut role = thing(&format!("[{made}]"), json!({ "size": 3 }));
    role["resources"] = json!([{ "type": "parts", "apiVersion": "2024-01-01", "name": "one",
        "dependsOn": [format!("[resourceId('Microsoft.Things/things', {made})]")], "properties": {} }]);
    let asks = format!("[reference(resourceId('Microsoft.Things/things', {made}), '2024-01-01').size]");
    let last = json!({ "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": "last",
        "location": "westeurope", "dependsOn": [format!("[resourceId('Microsoft.Things/things', {made})]")],
        "properties": { "size": asks } });
    let nested = inside("n", json!({ "principal": told("principalId") }), json!([role, last]));
    let outputs = json!({ "name": { "type": "string", "value": "[guid('p-1', 'reader')]" } });
    body(json!([thing("vm", json!({ "principalId": "p-1" })), nested]), outputs)
}

fn deploy(bench: &mut Bench, body: &Value) -> Value {
    bench.put(&path(), body.clone()).expect_status(201);
    bench.wait(600);
    let done = bench.get(&path());
    assert_eq!(done.state(), "Succeeded", "{}", done.body);
    done.body
}

fn changes(bench: &mut Bench, body: &Value) -> Vec<Value> {
    let what_if = bench.send(Method::Post, &format!("{}/whatIf", path()), Some(body.clone()));
    let url = what_if.expect_status(202).header("location").unwrap().to_owned();
    bench.get(&url).expect_status(200).property("changes").as_array().unwrap().clone()
}

fn kinds(changes: &[Value]) -> Vec<(&str, &str)> {
    let name = |change: &'_ Value| change["resourceId"].as_str().unwrap().rfind('/').unwrap() + 1;
    changes
        .iter()
        .map(|one| (one["changeType"].as_str().unwrap(), &one["resourceId"].as_str().unwrap()[name(one)..]))
        .collect()
}

/// Proves: S05. The real name is sent and shown, wherever a deployment shows names.
#[test]
fn a_name_that_only_the_run_knows_is_the_one_that_is_made() {
    let mut bench = Bench::new();
    let done = deploy(&mut bench, &named());
    let name = done["properties"]["outputs"]["name"]["value"].as_str().unwrap().to_owned();
    let things = format!("{}/providers/Microsoft.Things/things", group("weu"));
    let ids = ["vm", &name, &format!("{name}/parts/one"), "last"].map(|end| format!("{things}/{end}"));
    for id in &ids {
        bench.get(id).expect_status(200);
    }
    let made: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    let shown = done["properties"]["outputResources"].as_array().unwrap();
    assert!(made.iter().all(|id| shown.contains(id)) && shown.len() == 4, "{shown:?}");
    assert_eq!(bench.get(&ids[3]).property("size"), 3);

    let nested = format!("{}/providers/Microsoft.Resources/deployments/n", group("weu"));
    let own = bench.get(&nested).expect_status(200);
    assert!(own.property("outputResources").as_array().unwrap().contains(&made[1]), "{}", own.body);
    let operations = bench.get(&format!("{}/deployments/n/operations", group("weu"))).body["value"].clone();
    let targets: Vec<Value> = operations
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["properties"]["targetResource"].clone())
        .filter(Value::is_object)
        .map(|target| json!([target["id"], target["resourceName"]]))
        .collect();
    assert!(targets.contains(&json!([ids[1], name])), "{targets:?}");
    assert!(targets.contains(&json!([ids[2], format!("{name}/one")])), "{targets:?}");
    let waits = own.property("dependencies").to_string();
    assert!(waits.contains(&ids[1]), "{waits}");
}

/// Proves: S05. Before, nobody can tell the name; afterwards nothing would change.
#[test]
fn what_if_takes_no_stand_in_for_a_name() {
    let mut bench = Bench::new();
    let before = changes(&mut bench, &named());
    assert_eq!(
        kinds(&before).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
        ["Create", "Unsupported", "Unsupported", "Create"],
    );
    let id = before[1]["resourceId"].as_str().unwrap();
    assert!(id.contains("/things/[guid(reference("), "{id}");
    let why = before[1]["unsupportedReason"].as_str().unwrap();
    assert!(why.contains("resources[1].properties.template.resources[0]'"), "{why}");
    let done = deploy(&mut bench, &named());
    let name = done["properties"]["outputs"]["name"]["value"].as_str().unwrap();
    let after = changes(&mut bench, &named());
    assert_eq!(
        kinds(&after),
        [("NoChange", "vm"), ("NoChange", name), ("NoChange", "one"), ("NoChange", "last")]
    );
}

/// A thing that another answers is extended, and a group that it answers is deployed to.
#[test]
fn a_place_that_only_the_run_knows_is_where_it_goes() {
    let extension = json!({ "type": "Microsoft.Notes/notes", "apiVersion": "2024-01-01", "name": "note",
        "scope": "[format('Microsoft.Things/things/{0}', parameters('thing'))]", "properties": {} });
    let whole = json!({ "type": "Microsoft.Notes/notes", "apiVersion": "2024-01-01", "name": "whole",
        "scope": "[parameters('id')]", "properties": {} });
    let mut far = inside("far", json!({}), json!([thing("guest", json!({}))]));
    far["resourceGroup"] = json!("[parameters('group')]");
    let vm = json!({ "thing": "disk", "group": "neu",
        "id": format!("{}/providers/Microsoft.Things/things/disk", group("weu")) });
    let given = json!({ "thing": told("thing"), "group": told("group"), "id": told("id") });
    let nested = inside("n", given, json!([extension, whole, far]));
    let mut disk = thing("disk", json!({}));
    disk["dependsOn"] = json!([]);
    let mut nested = nested;
    nested["dependsOn"] = json!(["disk"]);
    let sent = body(json!([disk, thing("vm", vm), nested]), json!({}));
    let mut bench = Bench::new();
    let done = deploy(&mut bench, &sent);
    let notes =
        format!("{}/providers/Microsoft.Things/things/disk/providers/Microsoft.Notes/notes", group("weu"));
    let guest = format!("{}/providers/Microsoft.Things/things/guest", group("neu"));
    for id in [format!("{notes}/note"), format!("{notes}/whole"), guest] {
        bench.get(&id).expect_status(200);
        let shown = done["properties"]["outputResources"].as_array().unwrap();
        assert!(shown.contains(&json!({ "id": id })), "{id}: {shown:?}");
    }
    bench.get(&format!("{}/providers/Microsoft.Resources/deployments/far", group("neu"))).expect_status(200);
    let after = changes(&mut bench, &sent);
    let told: Vec<_> = kinds(&after).into_iter().filter(|(kind, _)| *kind != "Ignore").collect();
    assert_eq!(
        told,
        [
            ("NoChange", "disk"),
            ("NoChange", "vm"),
            ("NoChange", "note"),
            ("NoChange", "whole"),
            ("NoChange", "guest")
        ]
    );
}

/// Proves: S05. Complete mode keeps what it has made under its own name.
#[test]
fn complete_mode_spares_what_the_run_named() {
    let mut bench = Bench::new();
    let mut sent = named();
    sent["properties"]["mode"] = json!("Complete");
    let done = deploy(&mut bench, &sent);
    let name = done["properties"]["outputs"]["name"]["value"].as_str().unwrap();
    bench.get(&format!("{}/providers/Microsoft.Things/things/{name}", group("weu"))).expect_status(200);
}

/// What answers no name fails its resource, and says so.
#[test]
fn a_name_that_comes_out_empty_fails() {
    let nested =
        inside("n", json!({ "name": told("none") }), json!([thing("[parameters('name')]", json!({}))]));
    let sent = body(json!([thing("vm", json!({ "none": "" })), nested]), json!({}));
    let mut bench = Bench::new();
    bench.put(&path(), sent).expect_status(201);
    bench.wait(600);
    let failed = bench.get(&path());
    assert_eq!(failed.state(), "Failed", "{}", failed.body);
    let why = failed.body.to_string();
    assert!(why.contains("must give a text that is not empty"), "{why}");
}

/// A subscription that the template makes has an id that only the run knows, and is deployed into.
#[test]
fn a_subscription_is_made_and_deployed_into() {
    let alias = json!({ "type": "Microsoft.Subscription/aliases", "apiVersion": "2021-10-01", "name": "landing",
        "scope": "/", "properties": { "displayName": "Landing", "workload": "Production" } });
    let group = json!({ "type": "Microsoft.Resources/resourceGroups", "apiVersion": "2022-09-01", "name": "first",
        "location": "westeurope" });
    let mut far = inside("far", json!({}), json!([group]));
    far["subscriptionId"] = json!("[parameters('subscription')]");
    far["location"] = json!("westeurope");
    let given = json!({ "subscription": { "value": "[reference('landing').subscriptionId]" } });
    let sent = body(json!([alias, inside("n", given, json!([far]))]), json!({}));
    let mut bench = Bench::new();
    deploy(&mut bench, &sent);
    let made = bench.get("/providers/Microsoft.Subscription/aliases/landing").expect_status(200);
    let id = made.property("subscriptionId").as_str().unwrap().to_owned();
    assert_eq!(bench.get(&format!("/subscriptions/{id}")).expect_status(200).body["displayName"], "Landing");
    bench.get(&format!("/subscriptions/{id}/resourceGroups/first")).expect_status(200);
    assert!(changes(&mut bench, &sent).iter().all(|one| one["changeType"] != "Create"));
}

/// A resource that is asked under a name which is itself an answer: `reference(reference('names').bus)`.
fn asked_by_name(name: &Value) -> Value {
    let mut last = thing("last", json!({ "size": "[reference(reference('names').bus).size]" }));
    last["dependsOn"] = json!(["names", "orders"]);
    let outputs = json!({ "size": { "type": "int", "value": "[reference(reference('names').bus).size]" } });
    let names = thing("names", json!({ "bus": name }));
    body(json!([names, thing("orders", json!({ "size": 7 })), last]), outputs)
}

/// Proves: S05. By name, in any case, or by type and name, in the body of a resource and in an output; and looked at ahead.
#[test]
fn a_name_that_is_an_answer_finds_the_resource_of_the_template() {
    for name in ["orders", "ORDERS", "Microsoft.Things/things/orders"] {
        let mut bench = Bench::new();
        let asked = asked_by_name(&json!(name));
        let done = deploy(&mut bench, &asked);
        assert_eq!(done["properties"]["outputs"]["size"]["value"], 7, "{name}");
        let last = bench.get(&format!("{}/providers/Microsoft.Things/things/last", group("weu")));
        assert_eq!(last.property("size"), 7, "{name}");
        let again = changes(&mut bench, &asked);
        assert!(again.iter().all(|change| change["changeType"] == "NoChange"), "{name}: {again:?}");
    }
}

/// What the template itself says, and names nothing: Azure refuses it, in its own words.
#[test]
fn a_name_that_is_an_answer_and_names_nothing_is_refused() {
    let mut bench = Bench::new();
    bench.put(&path(), asked_by_name(&json!("invoices"))).expect_status(201);
    bench.wait(600);
    let done = bench.get(&path());
    assert_eq!(done.state(), "Failed");
    let says = done.body.to_string();
    assert!(says.contains("the resource 'invoices' is not defined in the template"), "{says}");
}

/// What the lab made up names nothing either, but Azure's answer may: nobody can tell, so this is made up too.
#[test]
fn a_name_that_was_made_up_is_asked_for_what_is_made_up() {
    let mut bench = Bench::new();
    let mut last =
        thing("last", json!({ "key": "[listKeys(reference('names').busName, '2024-01-01').primaryKey]" }));
    last["dependsOn"] = json!(["names"]);
    let asks = "[reference(reference('names').busName).hostName]";
    let outputs = json!({ "host": { "type": "string", "value": asks } });
    let done = deploy(&mut bench, &body(json!([thing("names", json!({})), last]), outputs));
    let host = done["properties"]["outputs"]["host"]["value"].as_str().unwrap();
    assert!(host.ends_with(".lab.invalid"), "{host}");
}
