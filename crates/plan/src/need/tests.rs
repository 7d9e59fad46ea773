//! What a path, a host or a body needs, row by row: what has no known place counts as lost.

use std::collections::BTreeSet;

use lifeboat_arm::{Method, ResourceType};
use serde_json::{Value, json};

use super::*;
use crate::condition::Condition;
use crate::draft::{CallDraft, Draft, Hole, Piece, ReadDraft, SecretRef, TargetDraft, Text};
use crate::forecast::Forecast;
use crate::step::{Action, Way};

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn in_group(group: &str, kind: &str, name: &str) -> ResourceId {
    ResourceId::group("s", group).resource(&ResourceType::new(kind), &[name])
}

/// The group `weu` in West Europe with a bus; the group `neu` in North Europe with a bus and a global profile.
fn places() -> Places {
    const BUS: &str = "Microsoft.ServiceBus/namespaces";
    Places {
        groups: BTreeMap::from([
            (ResourceId::group("s", "weu"), region("westeurope")),
            (ResourceId::group("s", "neu"), region("northeurope")),
        ]),
        resources: BTreeMap::from([
            (in_group("weu", BUS, "a"), Some(region("westeurope"))),
            (in_group("neu", BUS, "b"), Some(region("northeurope"))),
            (in_group("neu", "Microsoft.Network/trafficManagerProfiles", "tm"), None),
        ]),
        hosts: BTreeMap::from([("b.example.net".to_owned(), region("northeurope"))]),
    }
}

/// Holes are written `{}`.
fn text(path: &str) -> Text {
    let mut pieces = Vec::new();
    for (index, literal) in path.split("{}").enumerate() {
        if index > 0 {
            pieces.push(Piece::Hole(Hole::RunId));
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.to_owned()));
        }
    }
    Text::of(pieces)
}

/// What sending needs where a look that needs nothing (public DNS) tells that it is done.
fn needs(call: CallDraft) -> BTreeSet<String> {
    let read = crate::step::ReadId::new("name");
    let reads = BTreeMap::from([(read.clone(), ReadDraft::Dns("orders.example.net".into()))]);
    let way = Way::new(Action::Send(call), Condition::status(&read, 200), Forecast::assumed(1, 1, "test"));
    needs_of(&way, &reads, &places()).into_iter().map(|needed| needed.need.to_string()).collect()
}

/// What polling its operation needs, where nothing else tells that it is done.
fn polls(call: CallDraft) -> BTreeSet<String> {
    let way = Way::new(Action::Send(call), Condition::All(Vec::new()), Forecast::assumed(1, 1, "test"));
    let needed = needs_of(&way, &BTreeMap::new(), &places()).into_iter();
    needed.filter(|needed| needed.via.starts_with("polling ")).map(|needed| needed.need.to_string()).collect()
}

fn looks(path: &str) -> BTreeSet<String> {
    let read = crate::step::ReadId::new("r");
    let reads = BTreeMap::from([(read.clone(), ReadDraft::Arm(CallDraft::get(text(path))))]);
    let way = Way::new(Action::Wait, Condition::status(&read, 200), Forecast::assumed(1, 1, "test"));
    needs_of(&way, &reads, &places()).into_iter().map(|needed| needed.need.to_string()).collect()
}

fn set(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|&need| need.to_owned()).collect()
}

const WEST: &str = "the control plane of westeurope";
const NORTH: &str = "the control plane of northeurope";
const WEST_GROUP: &str = "group metadata in westeurope";
const NORTH_GROUP: &str = "group metadata in northeurope";

fn nowhere(what: &str) -> String {
    format!("{what}, whose region nobody declared")
}

/// Proves: F1, F17
#[test]
fn a_path_needs_what_it_is_about() {
    const A: &str = "/subscriptions/s/resourceGroups/weu/providers/Microsoft.ServiceBus/namespaces/a";
    const B: &str = "/subscriptions/s/resourceGroups/neu/providers/Microsoft.ServiceBus/namespaces/b";
    let row = |path: &str, looks: &[&str], acts: &[&str]| (path.to_owned(), set(looks), set(acts));
    let lost = |path: &str, looks: &str, acts: &[&str]| {
        let looks = nowhere(looks);
        let acts: BTreeSet<String> =
            acts.iter().map(|&need| need.to_owned()).chain([looks.clone()]).collect();
        (path.to_owned(), BTreeSet::from([looks]), acts)
    };
    let rows = [
        // The nearest resource decides, whatever stands behind it.
        row(&format!("{B}?api-version=1"), &[NORTH], &[NORTH, NORTH_GROUP]),
        row(&format!("{A}/queues"), &[WEST], &[WEST, WEST_GROUP]),
        row(&format!("{B}/disasterRecoveryConfigs/orders/failover"), &[NORTH], &[NORTH, NORTH_GROUP]),
        row(&format!("{B}/queues/{{}}?x={{}}"), &[NORTH], &[NORTH, NORTH_GROUP]),
        row(
            &format!("{B}/providers/Microsoft.Authorization/roleAssignments/x"),
            &[NORTH],
            &[NORTH, NORTH_GROUP],
        ),
        // Global: only its group binds it.
        row(
            "/subscriptions/s/resourceGroups/neu/providers/Microsoft.Network/trafficManagerProfiles/tm",
            &[],
            &[NORTH_GROUP],
        ),
        // A group and its lists come from its metadata.
        row("/subscriptions/s/resourceGroups/weu", &[WEST_GROUP], &[WEST_GROUP]),
        row("/subscriptions/s/resourceGroups/weu/resources?x=1", &[WEST_GROUP], &[WEST_GROUP]),
        row(
            "/subscriptions/s/resourceGroups/weu/providers/Microsoft.ServiceBus/namespaces",
            &[WEST_GROUP],
            &[WEST_GROUP],
        ),
        // Deployments live where their group's metadata is, whatever they are called; other resources need not.
        row(
            "/subscriptions/s/resourceGroups/neu/providers/Microsoft.Resources/deployments/lifeboat-{}",
            &[NORTH],
            &[NORTH, NORTH_GROUP],
        ),
        lost(
            "/subscriptions/s/resourceGroups/neu/providers/Microsoft.Web/sites/stray",
            "`/subscriptions/s/resourceGroups/neu/providers/Microsoft.Web/sites/stray`",
            &[NORTH_GROUP],
        ),
        lost(
            "/subscriptions/s/resourceGroups/neu/providers/Microsoft.ServiceBus/namespaces/{}",
            "`/subscriptions/s/resourceGroups/neu/providers/Microsoft.ServiceBus/namespaces/‹›`",
            &[NORTH_GROUP],
        ),
        lost("/subscriptions/s/resourceGroups/ghost", "the group `ghost`", &[]),
        lost("/subscriptions/s/resourceGroups/{}", "the group `‹›`", &[]),
        lost("{}", "`‹›`", &[]),
        lost("{}/queues?api-version=1", "`‹›/queues`", &[]),
        // Subscriptions: what any instance of ARM knows by itself, and what only a region knows.
        row("/subscriptions", &[], &[]),
        row("/subscriptions/s", &[], &[]),
        row("/subscriptions/s/locations?x=1", &[], &[]),
        row("/subscriptions/s/providers/Microsoft.ServiceBus", &[], &[]),
        row("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/x", &[], &[]),
        row("/subscriptions/s/providers/Microsoft.Compute/locations/westeurope/usages", &[WEST], &[WEST]),
        row("/subscriptions/s/providers/Microsoft.Web/LOCATIONS/West Europe/operations/1", &[WEST], &[WEST]),
        lost("/subscriptions/s/providers/Microsoft.Compute/locations/{}/usages", "the location `‹›`", &[]),
        lost(
            "/subscriptions/s/providers/Microsoft.ServiceBus/namespaces",
            "`/subscriptions/s/providers/Microsoft.ServiceBus/namespaces`",
            &[],
        ),
        lost("/subscriptions/s/resources", "`/subscriptions/s/resources`", &[]),
        lost("/subscriptions/{}", "`/subscriptions/‹›`", &[]),
        lost(
            "/subscriptions/s/providers/Microsoft.Resources/deployments/d",
            "`/subscriptions/s/providers/Microsoft.Resources/deployments/d`",
            &[],
        ),
    ];
    for (path, looking, acting) in rows {
        assert_eq!(looks(&path), looking, "looks at {path}");
        assert_eq!(needs(CallDraft::arm(Method::Put, text(&path), None)), acting, "acts on {path}");
    }
}

/// Proves: F1, F17 (an operation lives with a region too, and is only needed where nothing else tells)
#[test]
fn where_only_the_operation_tells_it_must_be_polled() {
    const TM: &str =
        "/subscriptions/s/resourceGroups/neu/providers/Microsoft.Network/trafficManagerProfiles/tm";
    const STRAY: &str = "/subscriptions/s/resourceGroups/neu/providers/Microsoft.Web/sites/stray";
    const RECORD: &str = "/subscriptions/s/providers/Microsoft.Resources/deployments/d";
    const GROUP: &str = "/subscriptions/s/resourceGroups/weu";
    let bus = |group: &str, name: &str| in_group(group, "Microsoft.ServiceBus/namespaces", name).to_string();
    let put = |path: &str| CallDraft::arm(Method::Put, text(path), None);
    let post = |path: &str| CallDraft::arm(Method::Post, text(path), None);
    let with = |body: Value| CallDraft { body: Some(Draft::Value(body)), ..put(RECORD) };
    let at = |host: &str| CallDraft { target: TargetDraft::Host(text(host)), ..post("/") };
    let of_global = |path: &str| nowhere(&format!("the operation of `{path}`"));
    let endpoint = format!("{TM}/azureEndpoints/x");
    let rows: Vec<(CallDraft, String)> = vec![
        // With the provider, in the region of the resource.
        (put(&bus("weu", "a")), WEST.into()),
        (post(&format!("{}/disasterRecoveryConfigs/x/failover?x=1", bus("neu", "b"))), NORTH.into()),
        (post("/subscriptions/s/providers/Microsoft.Web/locations/westeurope/restart"), WEST.into()),
        // Beside the record of a deployment: with its group, or where it says.
        (put(&format!("{GROUP}/providers/Microsoft.Resources/deployments/d")), WEST.into()),
        (with(json!({ "location": "North Europe" })), NORTH.into()),
        (with(json!({ "location": "nowhere" })), nowhere(&format!("`{RECORD}`"))),
        (put(RECORD), nowhere(&format!("`{RECORD}`"))),
        // A group is with its metadata; of a global resource nobody knows, nor of one that nobody placed.
        (CallDraft { method: Method::Delete, ..put(GROUP) }, WEST_GROUP.into()),
        (put(TM), of_global(TM)),
        (put(&endpoint), of_global(&endpoint)),
        (put(STRAY), nowhere(&format!("`{STRAY}`"))),
        // A data plane answers for itself.
        (at("b.example.net"), "the data plane of northeurope".into()),
    ];
    for (call, expected) in rows {
        assert_eq!(polls(call.clone()), BTreeSet::from([expected]), "{} {}", call.method, call.path);
    }
    assert_eq!(polls(CallDraft::get(bus("weu", "a").as_str())), set(&[]), "who only reads starts nothing");
    // Its condition looks elsewhere: then what was accepted in the lost region need not be polled there.
    assert_eq!(needs(put(&bus("weu", "a"))), set(&[WEST, WEST_GROUP]));
    assert_eq!(needs(put(TM)), set(&[NORTH_GROUP]));
}

/// Proves: F17
#[test]
fn a_body_needs_what_it_names() {
    let unknown = nowhere("the host `files.example.org`");
    let stray = "/subscriptions/s/resourceGroups/neu/providers/Microsoft.Web/sites/stray";
    let rows: [(Value, Vec<String>); 10] = [
        (json!({ "uri": "https://b.example.net/x" }), vec!["the data plane of northeurope".to_owned()]),
        (json!({ "uri": "HTTPS://B.example.net:443/x" }), vec!["the data plane of northeurope".to_owned()]),
        (json!({ "properties": { "hook": "https://files.example.org/x" } }), vec![unknown.clone()]),
        (json!([{ "hook": "http://files.example.org?x" }]), vec![unknown]),
        (
            json!({ "templateLink": { "uri": "https://files.example.org/t.json" } }),
            vec!["the file https://files.example.org/t.json".to_owned()],
        ),
        (
            json!({ "$schema": "https://files.example.org/s", "metadata": { "a": "https://files.example.org" } }),
            vec![],
        ),
        (json!({ "login": "https://login.microsoftonline.com/tenant" }), vec![]),
        (json!({ "id": stray }), vec![nowhere(&format!("`{stray}`"))]),
        (json!({ "id": "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/x" }), vec![]),
        (json!({ "text": "no https:// and no /subscriptions/ at its beginning" }), vec![]),
    ];
    for (body, named) in rows {
        let bare = needs(CallDraft::arm(Method::Put, "/subscriptions/s", Some(Draft::Value(body.clone()))));
        assert_eq!(bare, named.into_iter().collect(), "{body}");
    }
}

/// Proves: F17 (a host that only the run knows, and a secret that only its owner can list)
#[test]
fn hosts_and_secrets_have_places_too() {
    let at = |host: &str| CallDraft {
        target: TargetDraft::Host(text(host)),
        method: Method::Get,
        path: "/".into(),
        body: None,
    };
    assert_eq!(needs(at("B.example.net")), set(&["the data plane of northeurope"]));
    assert_eq!(needs(at("{}.example.net")), set(&[&nowhere("the host `‹run id›.example.net`")]));
    let key = |path: &str| {
        Draft::Object(BTreeMap::from([(
            "key".to_owned(),
            Draft::Hole(Hole::Secret(SecretRef::Listed { path: path.to_owned(), pointer: "/k".to_owned() })),
        )]))
    };
    let a = in_group("weu", "Microsoft.ServiceBus/namespaces", "a");
    let body = key(&format!("{a}/authorizationRules/r/listKeys?api-version=1"));
    assert_eq!(needs(CallDraft::arm(Method::Put, "/subscriptions/s", Some(body))), set(&[WEST]));
}
