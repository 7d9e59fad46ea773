//! A look changes nothing: neither what is there, nor what is drawn next.

#![expect(
    clippy::needless_pass_by_value,
    reason = "`json!` makes values, and borrowing each would only add noise"
)]

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call, Method};
use serde_json::{Value, json};

use crate::health::{Health, Plane};
use crate::lab::Lab;
use crate::operation::Operations;
use crate::settings::Settings;
use crate::throttle::Throttle;

const SUBSCRIPTION: &str = "11111111-1111-1111-1111-111111111111";

struct Bench {
    lab: Lab,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        let now = "2026-03-01T08:00:00Z".parse().unwrap();
        let settings = Settings { trace_max: 0, ..Settings::new(42, SUBSCRIPTION, now) };
        let mut bench = Self { lab: Lab::new(settings), now };
        bench.send(Method::Put, &group(), Some(json!({ "location": "westeurope" })));
        bench
    }

    fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let call = Call::arm(method, format!("{path}?api-version=2024-03-01"), body);
        self.lab.handle(self.now, &call).answer.unwrap()
    }

    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// Everything the lab is, but how many requests came and what they left to be fetched.
    fn state(&self) -> String {
        let mut lab = self.lab.clone();
        lab.world.operations = Operations::default();
        lab.world.throttle = Throttle::default();
        lab.world.requests = 0;
        format!("{lab:?}")
    }
}

fn group() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/weu")
}

fn path(name: &str) -> String {
    format!("{}/providers/Microsoft.Resources/deployments/{name}", group())
}

fn thing(name: &str, properties: Value) -> Value {
    json!({ "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": name, "location": "westeurope",
            "properties": properties })
}

fn body(mode: &str, resources: Value) -> Value {
    json!({ "properties": { "mode": mode, "template": {
        "parameters": { "drawn": { "type": "string", "defaultValue": "[newGuid()]" } },
        "resources": resources,
        "outputs": { "drawn": { "type": "string", "value": "[parameters('drawn')]" } } } } })
}

/// Deployments of several kinds: they would deploy, take away, nest, or are refused.
fn kinds() -> Vec<Value> {
    let nested = json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner",
        "properties": { "mode": "Incremental", "template": { "resources": [thing("nested", json!({}))] } } });
    let bus = json!({ "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "2024-01-01", "name": "orders-weu",
        "location": "westeurope", "sku": { "name": "Premium" } });
    vec![
        body("Incremental", json!([thing("made", json!({ "id": "[parameters('drawn')]" }))])),
        body("Complete", json!([bus])),
        body("Incremental", json!([nested, thing("after", json!({ "at": "[reference('inner').outputs]" }))])),
        body("Incremental", json!([thing("[nonsense()]", json!({}))])),
        body("Nonsense", json!([])),
    ]
}

fn look(bench: &mut Bench, body: &Value) {
    for action in ["validate", "whatIf"] {
        bench.send(Method::Post, &format!("{}/{action}", path("d")), Some(body.clone()));
    }
}

#[test]
fn looks_leave_the_lab_as_it_is() {
    let mut bench = Bench::new();
    bench.send(Method::Put, &path("before"), Some(kinds()[0].clone()));
    bench.wait(600);
    bench.send(Method::Get, &path("before"), None);
    for kind in kinds() {
        let before = bench.state();
        look(&mut bench, &kind);
        assert!(bench.state() == before, "a look changed something: {kind}");
    }
    let region = lifeboat_arm::Region::lenient("westeurope");
    bench.lab.set_health(bench.now, &region, Plane::Control, Health::Down);
    let before = bench.state();
    look(&mut bench, &kinds()[0]);
    assert!(bench.state() == before, "a look at what does not answer changed something");
}

/// The history is cleaned when something is deployed, however often somebody looks before.
#[test]
fn a_look_cleans_no_history() {
    let mut bench = Bench::new();
    for at in 0..701 {
        bench.send(Method::Put, &path(&format!("d{at}")), Some(body("Incremental", json!([]))));
        bench.wait(20);
    }
    bench.wait(600);
    bench.send(Method::Get, &path("d0"), None);
    let before = bench.state();
    look(&mut bench, &kinds()[0]);
    assert!(bench.state() == before, "a look changed something");
    assert_eq!(bench.send(Method::Get, &path("d0"), None).status, 200);
    bench.send(Method::Put, &path("d701"), Some(body("Incremental", json!([]))));
    assert_eq!(bench.send(Method::Get, &path("d0"), None).status, 404);
}

/// Whichever looks come first, in all their combinations: the deployment that follows has the same ids and draws the same.
#[test]
fn what_is_deployed_after_a_look_is_what_would_have_been() {
    let after = |looks: usize| {
        let mut bench = Bench::new();
        for (_, kind) in kinds().iter().enumerate().filter(|(at, _)| looks >> at & 1 == 1) {
            look(&mut bench, kind);
        }
        let sent =
            [0, 2].map(|at| bench.send(Method::Put, &path(&format!("d{at}")), Some(kinds()[at].clone())));
        bench.wait(900);
        let names =
            ["deployments/d0", "deployments/d0/operations", "deployments/d2", "deployments/d2/operations"];
        let seen = names.map(|name| {
            bench.send(Method::Get, &format!("{}/providers/Microsoft.Resources/{name}", group()), None).body
        });
        (
            sent.map(|answer| {
                (answer.body.clone(), answer.header("azure-asyncoperation").map(str::to_owned))
            }),
            seen,
        )
    };
    let plain = after(0);
    assert_eq!(plain.1[0]["properties"]["provisioningState"], "Succeeded", "{}", plain.1[0]);
    for looks in 1..1 << kinds().len() {
        assert_eq!(after(looks), plain, "looks {looks:b}");
    }
}
