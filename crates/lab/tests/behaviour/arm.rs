//! What ARM does by itself: groups, locations, lists, any resource, operations, throttling, health, unique names.

use lifeboat_arm::{Method, Region};
use lifeboat_lab::{Health, Plane, Silence};
use serde_json::{Value, json};

use crate::bench::{Bench, Look as _, NORTH, OTHER_SUBSCRIPTION, SUBSCRIPTION, WEST, group, namespace};

fn thing(group_name: &str, name: &str) -> String {
    format!("{}/providers/Microsoft.Things/things/{name}", group(group_name))
}

fn names(answer: &lifeboat_arm::Answer) -> Vec<String> {
    let all = answer.body["value"].as_array().unwrap();
    all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

/// PUT, GET, HEAD, PATCH, list, DELETE of a group.
#[test]
fn a_group_is_created_read_patched_listed_and_deleted() {
    let mut bench = Bench::new();
    bench.put(&group("weu"), json!({ "location": "West Europe", "tags": { "a": "1" } })).expect_status(200);
    assert_eq!(bench.send(Method::Head, &group("WEU"), None).status, 204);
    assert_eq!(bench.send(Method::Head, &group("none"), None).status, 404);
    bench.patch(&group("weu"), json!({ "tags": { "b": "2" } })).expect_status(200);
    assert_eq!(bench.get(&group("weu")).body["tags"], json!({ "b": "2" }));
    assert_eq!(names(&bench.get(&format!("/subscriptions/{SUBSCRIPTION}/resourcegroups"))), ["neu", "weu"]);
    bench.put(&thing("weu", "one"), json!({ "location": WEST })).expect_status(201);
    let url = bench.delete(&group("weu")).expect_status(202).header("location").unwrap().to_owned();
    bench.get(&url).expect_status(202);
    bench.wait(120);
    bench.get(&url).expect_status(200);
    bench.get(&group("weu")).expect_status(404);
    bench.put(&group("weu"), json!({ "location": WEST })).expect_status(201);
    bench.get(&thing("weu", "one")).expect_status(404);
}

/// A group with a paired namespace cannot be deleted; the operation says why.
#[test]
fn a_group_with_a_paired_namespace_stays() {
    let mut bench = Bench::new();
    bench.pair(0);
    let url = bench.delete(&group("weu")).expect_status(202).header("location").unwrap().to_owned();
    bench.wait(120);
    let failed = bench.get(&url).expect_status(409);
    assert_eq!(failed.body["error"]["details"][0]["code"], "Conflict");
    bench.get(&group("weu")).expect_status(200);
}

/// Any resource: asynchronous where it has a region, at once where it has none.
#[test]
fn any_resource_lives_and_dies() {
    let mut bench = Bench::new();
    let body =
        json!({ "location": WEST, "tags": { "a": "1", "b": "2" }, "properties": { "size": 3, "mode": "x" } });
    let created = bench.put(&thing("weu", "One"), body).expect_status(201);
    assert_eq!(created.state(), "Creating");
    let url = created.header("azure-asyncoperation").unwrap().to_owned();
    assert!(url.contains("/locations/westeurope/"), "an operation is bound to a region: {url}");
    assert_eq!(bench.get(&url).body["status"], "Creating");
    bench.wait(60);
    assert_eq!(bench.get(&url).expect_status(200).body["status"], "Succeeded");
    let read = bench.get(&thing("weu", "one"));
    assert_eq!(
        (read.state(), &read.body["name"]),
        ("Succeeded".into(), &json!("One")),
        "the casing given is kept"
    );
    let patch = json!({ "tags": { "c": "3" }, "properties": { "size": 4, "mode": null } });
    let patched = bench.patch(&thing("weu", "one"), patch).expect_status(200);
    assert_eq!(patched.body["tags"], json!({ "c": "3" }), "tags are replaced as a whole");
    assert_eq!((patched.property("size"), patched.property("mode")), (json!(4), Value::Null));
    bench.put(&format!("{}/parts/p", thing("weu", "one")), json!({})).expect_status(201);
    assert_eq!(names(&bench.get(&format!("{}/parts", thing("weu", "one")))), ["p"]);
    let gone = bench.delete(&thing("weu", "one")).expect_status(202);
    bench.wait(60);
    bench.get(gone.header("location").unwrap()).expect_status(204);
    bench.get(&thing("weu", "one")).expect_status(404);
    bench.delete(&thing("weu", "one")).expect_status(204);
    bench.get(&format!("{}/parts/p", thing("weu", "one"))).expect_status(404);
}

/// Proves: F1. The strict reading of group metadata, row by row: group in West Europe, member in North Europe or reverse.
#[test]
fn a_write_needs_the_groups_region_and_a_read_the_members() {
    for (down, write_in_weu, read_in_weu, write_in_neu, read_in_neu) in
        [(WEST, 503, 200, 503, 503), (NORTH, 503, 503, 503, 200)]
    {
        let mut bench = Bench::new();
        // One member per group, each in the other's region.
        bench.put(&thing("weu", "far"), json!({ "location": NORTH })).expect_status(201);
        bench.put(&thing("neu", "far"), json!({ "location": WEST })).expect_status(201);
        bench.wait(60);
        bench.health(down, Plane::Control, Health::Down);
        let mut write = |name: &str| bench.patch(&thing(name, "far"), json!({ "tags": {} })).status;
        assert_eq!((write("weu"), write("neu")), (write_in_weu, write_in_neu), "{down} is down");
        assert_eq!(bench.get(&thing("weu", "far")).status, read_in_weu, "{down} is down");
        assert_eq!(bench.get(&thing("neu", "far")).status, read_in_neu, "{down} is down");
        // What needs neither region goes on.
        bench.get(&format!("/subscriptions/{SUBSCRIPTION}/locations")).expect_status(200);
        bench.put(&group("third"), json!({ "location": "uksouth" })).expect_status(201);
        bench.put(&thing("third", "x"), json!({ "location": "uksouth" })).expect_status(201);
    }
}

/// Proves: F1. Global resources sit in a group too: with its region down they cannot be changed.
#[test]
fn a_global_resource_in_a_group_of_a_dead_region_is_frozen() {
    let mut bench = Bench::new();
    bench.put(&thing("weu", "dns"), json!({ "location": "global" })).expect_status(201);
    bench.health(WEST, Plane::Control, Health::Down);
    bench.get(&thing("weu", "dns")).expect_status(200);
    bench.patch(&thing("weu", "dns"), json!({ "tags": {} })).expect_status(503);
}

/// Proves: F1. A silent control plane never answers, and nothing happens.
#[test]
fn a_silent_region_hangs() {
    let mut bench = Bench::new();
    bench.health(WEST, Plane::Control, Health::Silent);
    let reply = bench.reply(Method::Put, &thing("weu", "x"), Some(json!({ "location": WEST })));
    assert_eq!((reply.answer, reply.happened, reply.silence), (None, false, Some(Silence::NoAnswer)));
    bench.health(WEST, Plane::Control, Health::Up);
    bench.get(&thing("weu", "x")).expect_status(404);
}

/// Proves: F1. An operation's URL is bound to its region, and the operation stands still with it.
#[test]
fn operations_are_bound_to_a_region() {
    let mut bench = Bench::new();
    let url =
        bench.put(&namespace("neu", "orders-neu"), json!({ "location": WEST, "sku": { "name": "Premium" } }));
    let url = url.expect_status(201).header("azure-asyncoperation").unwrap().to_owned();
    bench.health(WEST, Plane::Control, Health::Down);
    bench.wait(600);
    bench.get(&url).expect_status(503);
    bench.health(WEST, Plane::Control, Health::Up);
    assert_eq!(bench.get(&url).body["status"], "Created");
    bench.wait(20);
    assert_eq!(bench.get(&url).body["status"], "Succeeded");
}

/// Lists come from ARM's index; those of the subscription leave out what lies in dead regions.
#[test]
fn lists_are_short_in_an_outage() {
    let mut bench = Bench::new();
    bench.put(&thing("weu", "a"), json!({ "location": WEST, "tags": { "t": "1" } })).expect_status(201);
    bench.put(&thing("neu", "b"), json!({ "location": NORTH })).expect_status(201);
    let all = format!("/subscriptions/{SUBSCRIPTION}/resources");
    assert_eq!(names(&bench.get(&all)), ["b", "a"]);
    assert_eq!((bench.lab.resources().count(), bench.lab.groups().count()), (2, 2));
    let filtered = format!(
        "{all}?$filter=resourceGroup%20eq%20'weu'%20and%20resourceType%20eq%20'microsoft.things/THINGS'"
    );
    let found = bench.get(&filtered);
    assert_eq!((names(&found), &found.body["value"][0]["tags"]["t"]), (vec!["a".to_owned()], &json!("1")));
    bench.health(WEST, Plane::Control, Health::Down);
    assert_eq!(names(&bench.get(&all)), ["b"]);
    bench.get(&format!("{}/resources", group("weu"))).expect_status(503);
    assert_eq!(
        names(&bench.get(&format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Things/things"))),
        ["b"]
    );
}

/// Subscriptions, tenants, locations with their pairs, providers.
#[test]
fn the_subscription_tells_what_it_has() {
    let mut bench = Bench::new();
    let all = bench.get("/subscriptions").expect_status(200).body["value"].clone();
    assert_eq!((all.as_array().unwrap().len(), &all[1]["subscriptionId"]), (2, &json!(OTHER_SUBSCRIPTION)));
    assert_eq!(bench.get(&format!("/subscriptions/{SUBSCRIPTION}")).body["state"], "Enabled");
    bench.get("/tenants").expect_status(200);
    let locations = bench.get(&format!("/subscriptions/{SUBSCRIPTION}/locations")).body["value"].clone();
    let west = locations.as_array().unwrap().iter().find(|one| one["name"] == WEST).unwrap();
    assert_eq!(west["metadata"]["pairedRegion"][0]["name"], NORTH);
    bench.put(&thing("weu", "x"), json!({})).expect_status(201);
    let provider = bench.get(&format!("/subscriptions/{SUBSCRIPTION}/providers/microsoft.things"));
    assert_eq!(provider.body["resourceTypes"][0]["resourceType"], "things");
    assert_eq!(
        bench.post(&format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.X/register")).body["registrationState"],
        "Registered"
    );
}

/// ARM's buckets: 200 writes at once, then ten a second, each principal its own.
#[test]
fn writes_are_throttled_per_principal() {
    let mut bench = Bench::new();
    let mut refused = None;
    for at in 0..250 {
        let answer = bench.put(&thing("weu", &format!("t{at}")), json!({}));
        if answer.status == 429 {
            refused = Some((at, answer));
            break;
        }
    }
    let (at, answer) = refused.expect("a bucket of 200 is empty by now");
    assert_eq!(
        (at, answer.code().as_str()),
        (198, "SubscriptionRequestsThrottled"),
        "two groups were written before"
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
    let mut call = lifeboat_arm::Call::arm(
        Method::Put,
        format!("{}?api-version=2024-01-01", thing("weu", "other")),
        Some(json!({})),
    );
    call.headers.insert("x-lab-principal".into(), "somebody-else".into());
    let other = bench.lab.handle(bench.now, &call).answer.unwrap();
    assert_eq!(other.status, 201);
    assert_eq!(other.header("x-ms-ratelimit-remaining-subscription-writes"), Some("199"));
    assert!(other.header("x-ms-ratelimit-remaining-subscription-global-writes").is_some());
    bench.wait(1);
    bench.put(&thing("weu", "later"), json!({})).expect_status(201);
    bench.get(&thing("weu", "later")).expect_status(200);
}

/// Proves: S25. Names that become host names are unique across subscriptions and providers with the same suffix.
#[test]
fn global_names_are_taken_everywhere() {
    let mut bench = Bench::new();
    bench.bus("weu", "orders-weu", WEST);
    let other = format!("{}/providers/Microsoft.EventHub/namespaces/ORDERS-weu", group("neu"));
    let refused = bench.put(&other, json!({ "location": NORTH })).expect_status(409);
    assert_eq!(refused.code(), "NameAlreadyInUse");
    let check =
        format!("/subscriptions/{OTHER_SUBSCRIPTION}/providers/Microsoft.ServiceBus/CheckNameAvailability");
    let reason = |bench: &mut Bench, name: &str| {
        bench.send(Method::Post, &check, Some(json!({ "name": name }))).body["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(reason(&mut bench, "orders-weu"), "NameInUse");
    assert_eq!(reason(&mut bench, "short"), "InvalidName");
    assert_eq!(reason(&mut bench, "orders-new"), "None");
    bench.delete(&namespace("weu", "orders-weu")).expect_status(202);
    bench.wait(90);
    bench.get(&namespace("weu", "orders-weu")).expect_status(404);
    assert_eq!(reason(&mut bench, "orders-weu"), "NameInLockdown");
    bench.wait(200);
    assert_eq!(reason(&mut bench, "orders-weu"), "None");
}

/// Proves: S22. Keys: made once, listed, regenerated one at a time.
#[test]
fn keys_are_listed_and_regenerated() {
    let mut bench = Bench::new();
    let bus = bench.bus("weu", "orders-weu", WEST);
    let rule = format!("{bus}/AuthorizationRules/sender");
    bench.put(&rule, json!({ "properties": { "rights": ["Send"] } })).expect_status(200);
    let first = bench.post(&format!("{rule}/listKeys")).expect_status(200).body;
    assert!(
        first["primaryConnectionString"]
            .as_str()
            .unwrap()
            .starts_with("Endpoint=sb://orders-weu.servicebus.windows.net/;SharedAccessKeyName=sender;")
    );
    assert_eq!(first.get("aliasPrimaryConnectionString"), None, "only while there is an alias");
    let body = json!({ "keyType": "PrimaryKey" });
    let second =
        bench.send(Method::Post, &format!("{rule}/regenerateKeys"), Some(body)).expect_status(200).body;
    assert_ne!(first["primaryKey"], second["primaryKey"]);
    assert_eq!(first["secondaryKey"], second["secondaryKey"]);
    assert_eq!(
        names(&bench.get(&format!("{bus}/authorizationRules"))),
        ["RootManageSharedAccessKey", "sender"]
    );
    bench.delete(&rule).expect_status(200);
    bench.delete(&rule).expect_status(204);
}

/// The same seed and the same requests give the same answers, whatever else was asked between them.
#[test]
fn one_seed_is_one_world() {
    let run = || {
        let mut bench = Bench::new();
        let (_, secondary) = bench.pair(3);
        bench.post(&format!("{}/failover", crate::bench::alias(&secondary))).expect_status(200);
        bench.wait(200);
        let trace: Vec<_> = bench.lab.trace().cloned().collect();
        (bench.get(&secondary).body, format!("{trace:?}"), bench.lab.next_event())
    };
    assert_eq!(run(), run());
    assert!(Region::parse(WEST).is_ok());
}

/// A long list comes in pages, each with the link to the next; half of it is never given for all.
#[test]
fn a_long_list_comes_in_pages() {
    let mut bench = Bench::new();
    let bus = bench.bus("weu", "orders", WEST);
    for queue in 0..250 {
        bench.put(&format!("{bus}/queues/q{queue:03}"), json!({ "properties": {} })).expect_status(200);
        bench.wait(1);
    }
    let mut all = Vec::new();
    let mut sizes = Vec::new();
    let mut path = format!("{bus}/queues");
    loop {
        let page = bench.get(&path).expect_status(200);
        sizes.push(names(&page).len());
        all.extend(names(&page));
        let Some(link) = page.body["nextLink"].as_str() else { break };
        assert!(link.starts_with("https://management.azure.com/subscriptions/"), "{link}");
        link.trim_start_matches("https://management.azure.com").clone_into(&mut path);
    }
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(
        (all.len(), all.first().unwrap().as_str(), all.last().unwrap().as_str()),
        (250, "q000", "q249")
    );
}
