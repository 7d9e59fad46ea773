//! Looking before deploying: what `validate` and `whatIf` tell, and that neither changes anything.

use lifeboat_arm::{Answer, Method};
use lifeboat_lab::{Health, Plane};
use serde_json::{Value, json};

use crate::bench::{Bench, Look as _, NORTH, WEST, group, namespace};

fn path(name: &str) -> String {
    format!("{}/providers/Microsoft.Resources/deployments/{name}", group("weu"))
}

fn body(resources: Value) -> Value {
    json!({ "properties": { "mode": "Incremental", "template": {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "resources": resources } } })
}

fn thing(name: &str, properties: Value) -> Value {
    json!({ "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": name,
            "location": "[resourceGroup().location]", "properties": properties })
}

fn bus(name: &str) -> Value {
    json!({ "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "2024-01-01", "name": name,
            "location": "[resourceGroup().location]", "sku": { "name": "Premium" } })
}

fn deploy(bench: &mut Bench, body: &Value) {
    bench.put(&path("d"), body.clone()).expect_status(201);
    bench.wait(600);
    let done = bench.get(&path("d"));
    assert_eq!(done.state(), "Succeeded", "{}", done.body);
    bench.delete(&path("d")).expect_status(202);
}

/// The changes that a what-if tells.
fn changes(bench: &mut Bench, body: &Value) -> Vec<Value> {
    let what_if = bench.send(Method::Post, &format!("{}/whatIf", path("d")), Some(body.clone()));
    let url = what_if.expect_status(202).header("location").unwrap().to_owned();
    let changes = bench.get(&url).expect_status(200).property("changes");
    changes.as_array().unwrap().clone()
}

/// Kind and name of each change, and the properties that it is about.
fn told(bench: &mut Bench, body: &Value) -> Vec<String> {
    let one = |change: &Value| {
        let name = change["resourceId"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let delta = change["delta"].as_array().cloned().unwrap_or_default();
        let delta: Vec<String> = delta
            .iter()
            .map(|one| {
                format!("{} {}", one["propertyChangeType"].as_str().unwrap(), one["path"].as_str().unwrap())
            })
            .collect();
        format!("{} {name} {}", change["changeType"].as_str().unwrap(), delta.join(", ")).trim().to_owned()
    };
    changes(bench, body).iter().map(one).collect()
}

fn validate(bench: &mut Bench, body: &Value) -> Answer {
    bench.send(Method::Post, &format!("{}/validate", path("d")), Some(body.clone()))
}

/// Proves: S05. Each kind of change, of a resource and of a property.
#[test]
fn what_if_tells_each_change_by_its_name() {
    let mut bench = Bench::new();
    let before = json!([
        thing("same", json!({ "size": 1 })),
        thing("changed", json!({ "size": 1, "gone": true, "list": ["a", "b"], "provisioningState": "mine" })),
        thing("other", json!({})),
        bus("orders-weu"),
    ]);
    deploy(&mut bench, &body(before));
    let after = json!([
        thing("same", json!({ "size": 1 })),
        thing("changed", json!({ "size": 2, "new": { "a": 1 }, "list": ["a", "c"], "fixed": null })),
        thing("made", json!({})),
        bus("orders-weu"),
    ]);
    let mut sent = body(after);
    assert_eq!(
        told(&mut bench, &sent),
        [
            "NoChange same",
            "Modify changed Array properties.list, Create properties.new, Modify properties.size, Delete properties.gone",
            "Create made",
            "NoChange orders-weu",
            "Ignore other",
        ]
    );
    sent["properties"]["mode"] = json!("Complete");
    assert_eq!(told(&mut bench, &sent).last().unwrap(), "Delete other");
    sent["properties"]["whatIfSettings"] = json!({ "resultFormat": "ResourceIdOnly" });
    let kinds = ["Deploy same", "Deploy changed", "Create made", "Deploy orders-weu", "Delete other"];
    assert_eq!(told(&mut bench, &sent), kinds);
    let change = &changes(&mut bench, &sent)[1];
    assert!(change.get("before").is_none() && change.get("after").is_none(), "{change}");
    // Nothing happened.
    let at = |name: &str| format!("{}/providers/Microsoft.Things/things/{name}", group("weu"));
    bench.get(&at("made")).expect_status(404);
    assert_eq!(bench.get(&at("changed")).property("size"), 1);
    bench.get(&path("d")).expect_status(404);
}

/// Proves: S05. What a service adds by default is no change, what it would reset is one.
#[test]
fn what_if_knows_the_defaults_of_a_service() {
    let mut bench = Bench::new();
    let queue = json!({ "type": "Microsoft.ServiceBus/namespaces/queues", "apiVersion": "2024-01-01",
        "name": "orders-weu/incoming", "dependsOn": ["orders-weu"], "properties": {} });
    let sent = body(json!([bus("orders-weu"), queue]));
    deploy(&mut bench, &sent);
    assert_eq!(told(&mut bench, &sent), ["NoChange orders-weu", "NoChange incoming"]);
    let queue = format!("{}/queues/incoming", namespace("weu", "orders-weu"));
    bench.put(&queue, json!({ "properties": { "maxDeliveryCount": 3 } })).expect_status(200);
    assert_eq!(told(&mut bench, &sent)[1], "Modify incoming Modify properties.maxDeliveryCount");
}

/// Proves: S05. What an expression asks of something that is there is known; of something that is not, it is shown as
/// written. What a template writes and a server decides has no effect.
#[test]
fn what_if_asks_what_is_there() {
    let mut bench = Bench::new();
    let asks = |name: &str| {
        let text = "[reference(resourceId('Microsoft.Things/things', 'first'), '2024-01-01').size]";
        let mut thing = thing(name, json!({ "seen": text }));
        thing["dependsOn"] = json!(["first"]);
        thing
    };
    let sent = |size: i64| body(json!([thing("first", json!({ "size": size })), asks("second")]));
    let new = changes(&mut bench, &sent(1));
    assert!(new[1]["after"]["properties"]["seen"].as_str().unwrap().starts_with("[reference("), "{new:?}");
    deploy(&mut bench, &sent(1));
    assert_eq!(told(&mut bench, &sent(1)), ["NoChange first", "NoChange second"]);
    let changed = told(&mut bench, &sent(2));
    assert_eq!(changed[1], "Modify second Modify properties.seen");
    let mut decided = bus("orders-weu");
    decided["properties"] = json!({ "serviceBusEndpoint": "mine" });
    let sent = body(json!([decided]));
    deploy(&mut bench, &sent);
    assert_eq!(told(&mut bench, &sent)[0], "NoChange orders-weu NoEffect properties.serviceBusEndpoint");
}

/// Proves: F1. What cannot be read now is told so, and not as something new.
#[test]
fn what_if_admits_what_it_cannot_see() {
    let mut bench = Bench::new();
    let mut far = thing("far", json!({}));
    far["location"] = json!(NORTH);
    deploy(&mut bench, &body(json!([far])));
    bench.health(NORTH, Plane::Control, Health::Down);
    let seen = changes(&mut bench, &body(json!([far])));
    assert_eq!(seen[0]["changeType"], "Unsupported");
    assert!(seen[0]["unsupportedReason"].as_str().unwrap().contains(NORTH), "{}", seen[0]);
}

/// Whatever it is called: what does not answer is not taken for something new.
#[test]
fn a_resource_with_an_errors_name_is_not_taken_for_absent() {
    let mut bench = Bench::new();
    let mut far = thing("ResourceNotFound", json!({}));
    far["location"] = json!(NORTH);
    deploy(&mut bench, &body(json!([far])));
    for health in [Health::Down, Health::Silent] {
        bench.health(NORTH, Plane::Control, health);
        assert_eq!(told(&mut bench, &body(json!([far]))), ["Unsupported ResourceNotFound"], "{health:?}");
    }
}

/// Proves: S05. At every scope, with the groups that are left alone.
#[test]
fn what_if_looks_at_every_scope() {
    let mut bench = Bench::new();
    let subscription = format!("/subscriptions/{}", crate::bench::SUBSCRIPTION);
    let made = json!({ "type": "Microsoft.Resources/resourceGroups", "apiVersion": "2022-09-01", "name": "made",
        "location": WEST });
    let mut sent = body(json!([made]));
    sent["location"] = json!(WEST);
    for (scope, expected) in
        [(subscription.as_str(), vec!["Create made", "Ignore neu", "Ignore weu"]), ("", vec![])]
    {
        let path = format!("{scope}/providers/Microsoft.Resources/deployments/d/whatIf");
        let mut sent = sent.clone();
        if scope.is_empty() {
            sent["properties"]["template"]["resources"] = json!([]);
        }
        let what_if = bench.send(Method::Post, &path, Some(sent)).expect_status(202);
        let url = what_if.header("location").unwrap().to_owned();
        let changes = bench.get(&url).expect_status(200).property("changes");
        let told: Vec<String> = changes
            .as_array()
            .unwrap()
            .iter()
            .map(|change| {
                let name = change["resourceId"].as_str().unwrap().rsplit('/').next().unwrap();
                format!("{} {name}", change["changeType"].as_str().unwrap())
            })
            .collect();
        assert_eq!(told, expected, "{scope}");
    }
}

/// Proves: S05. A good template is answered with what would be; of several mistakes each is told with its place.
#[test]
fn validate_tells_everything_at_once() {
    let mut bench = Bench::new();
    let mut second = thing("second", json!({}));
    second["dependsOn"] = json!(["first"]);
    let good = validate(&mut bench, &body(json!([thing("first", json!({})), second]))).expect_status(200);
    assert_eq!(good.property("validatedResources").as_array().unwrap().len(), 2);
    assert_eq!(good.property("dependencies")[0]["dependsOn"][0]["resourceName"], "first");
    assert_eq!(good.property("providers")[0]["namespace"], "Microsoft.Things");
    let wrong = json!([thing("[parameters('no')]", json!({})), thing("a", json!({ "b": "[nonsense()]" }))]);
    let refused = validate(&mut bench, &body(wrong)).expect_status(400);
    assert_eq!(refused.code(), "InvalidTemplate");
    let details = refused.body["error"]["details"].as_array().unwrap().clone();
    let places: Vec<&str> =
        details.iter().map(|one| one["additionalInfo"][0]["info"]["path"].as_str().unwrap()).collect();
    let expected = ["properties.template.resources[0].name", "properties.template.resources[1].properties.b"];
    assert_eq!(places, expected);
    assert_eq!(details[0]["additionalInfo"][0]["info"]["lineNumber"], 1);
    let one = validate(&mut bench, &body(json!([thing("[parameters('no')]", json!({}))]))).expect_status(400);
    assert!(one.body["error"].get("details").is_none(), "{}", one.body);
    bench.get(&path("d")).expect_status(404);
}

/// Proves: S05. As much as Azure takes is taken, one more is refused in its words, whether somebody looks or deploys.
#[test]
fn a_template_that_holds_too_much_is_refused() {
    type Filled<'f> = Box<dyn Fn(usize) -> Value + 'f>;
    let many = |count: usize, member: &dyn Fn(usize) -> Value| -> Value {
        (0..count).map(|at| (format!("m{at}"), member(at))).collect::<serde_json::Map<_, _>>().into()
    };
    let loops = |count: usize| {
        let mut plain = many(count - 2, &|at| json!(at));
        plain["copy"] =
            json!([{ "name": "l0", "count": 2, "input": 1 }, { "name": "l1", "count": 2, "input": 1 }]);
        plain
    };
    let things = |count: usize| {
        let mut one = thing("[format('t{0}', copyIndex())]", json!({}));
        one["copy"] = json!({ "name": "all", "count": count - 1 });
        json!([one, thing("last", json!({}))])
    };
    let rows: [(&str, usize, Filled<'_>); 5] = [
        ("parameters", 256, Box::new(|count| many(count, &|_| json!({ "type": "int", "defaultValue": 1 })))),
        ("variables", 256, Box::new(|count| many(count, &|at| json!(at)))),
        ("variables", 256, Box::new(loops)),
        ("resources", 800, Box::new(things)),
        ("outputs", 64, Box::new(|count| many(count, &|_| json!({ "type": "int", "value": 1 })))),
    ];
    for (what, limit, filled) in rows {
        for is_nested in [false, true] {
            let sent = |count: usize| {
                let mut inner = json!({ "contentVersion": "1.0.0.0", "resources": [],
                    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#" });
                inner[what] = filled(count);
                if is_nested {
                    let properties = json!({ "mode": "Incremental", "template": inner,
                        "expressionEvaluationOptions": { "scope": "inner" } });
                    return body(
                        json!([{ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01",
                        "name": "inner", "properties": properties }]),
                    );
                }
                json!({ "properties": { "mode": "Incremental", "template": inner } })
            };
            let mut bench = Bench::new();
            validate(&mut bench, &sent(limit)).expect_status(200);
            let says = format!(
                "The number of template {what} limit exceeded. Limit: '{limit}' and actual: '{}'. Please see \
                 https://aka.ms/arm-template/#{what} for usage details.",
                limit + 1
            );
            let one_more = sent(limit + 1);
            let looked = ["validate", "whatIf"].map(|action| {
                bench.send(Method::Post, &format!("{}/{action}", path("d")), Some(one_more.clone()))
            });
            for refused in looked.into_iter().chain([bench.put(&path("d"), one_more)]) {
                assert_eq!((refused.status, refused.code().as_str()), (400, "InvalidTemplate"), "{what}");
                assert!(refused.message().contains(&says), "{}", refused.message());
                let target = refused.body["error"]["target"].as_str().map(str::to_owned);
                assert_eq!(target, is_nested.then(|| "inner".to_owned()));
            }
            bench.get(&path("d")).expect_status(404);
        }
    }
    let mut bench = Bench::new();
    for (bytes, status) in [(4_190_000, 200), (4 * 1024 * 1024, 413)] {
        let answer = validate(&mut bench, &body(json!([thing("one", json!({ "text": "x".repeat(bytes) }))])));
        assert_eq!(answer.status, status, "{}", answer.body["error"]);
    }
    let long = format!("[concat('{}')]", "x".repeat(24_576));
    let refused =
        validate(&mut bench, &body(json!([thing("one", json!({ "text": long }))]))).expect_status(400);
    assert!(refused.message().contains("24576"), "{}", refused.message());
}

/// Proves: S05. No secret is in what `whatIf` and `validate` answer.
#[test]
fn looking_shows_no_secret() {
    let mut bench = Bench::new();
    let mut sent =
        body(json!([thing("one", json!({ "password": "[concat('x', parameters('password'))]" }))]));
    sent["properties"]["template"]["parameters"] = json!({ "password": { "type": "secureString" } });
    sent["properties"]["parameters"] = json!({ "password": { "value": "hunter2" } });
    let shown = json!([changes(&mut bench, &sent), validate(&mut bench, &sent).body]).to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
    deploy(&mut bench, &sent);
    assert_eq!(told(&mut bench, &sent), ["NoChange one"]);
}
