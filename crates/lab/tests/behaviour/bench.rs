//! A lab on the bench: two regions, a clock that only moves when told, requests in one line.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call, Method, Region};
use lifeboat_lab::{Health, Lab, Plane, Reply, Settings};
use serde_json::{Value, json};

pub(crate) const SUBSCRIPTION: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const OTHER_SUBSCRIPTION: &str = "22222222-2222-2222-2222-222222222222";
pub(crate) const WEST: &str = "westeurope";
pub(crate) const NORTH: &str = "northeurope";

pub(crate) struct Bench {
    pub(crate) lab: Lab,
    pub(crate) now: Timestamp,
}

pub(crate) fn settings() -> Settings {
    let start: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
    let mut settings = Settings::new(42, SUBSCRIPTION, start);
    settings.subscriptions.push(lifeboat_lab::Subscription {
        id: OTHER_SUBSCRIPTION.into(),
        tenant: settings.subscriptions[0].tenant.clone(),
        name: "Other".into(),
    });
    settings
}

pub(crate) fn group(name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}")
}

pub(crate) fn namespace(group_name: &str, name: &str) -> String {
    format!("{}/providers/Microsoft.ServiceBus/namespaces/{name}", group(group_name))
}

impl Bench {
    /// Two groups: `weu` in West Europe, `neu` in North Europe.
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let now = settings.start;
        let mut bench = Self { lab: Lab::new(settings), now };
        for (name, region) in [("weu", WEST), ("neu", NORTH)] {
            bench.put(&group(name), json!({ "location": region })).expect_status(201);
        }
        bench
    }

    pub(crate) fn reply(&mut self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = if path.contains("api-version") {
            path.to_owned()
        } else {
            format!("{path}{joint}api-version=2024-01-01")
        };
        self.lab.handle(self.now, &Call::arm(method, path, body))
    }

    pub(crate) fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.reply(method, path, body).answer.expect("an answer")
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send(Method::Get, path, None)
    }

    pub(crate) fn put(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::Put, path, Some(body))
    }

    pub(crate) fn patch(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::Patch, path, Some(body))
    }

    pub(crate) fn post(&mut self, path: &str) -> Answer {
        self.send(Method::Post, path, None)
    }

    pub(crate) fn delete(&mut self, path: &str) -> Answer {
        self.send(Method::Delete, path, None)
    }

    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    pub(crate) fn health(&mut self, region: &str, plane: Plane, health: Health) {
        self.lab.set_health(self.now, &Region::lenient(region), plane, health);
    }

    /// A namespace that is ready.
    pub(crate) fn bus(&mut self, group_name: &str, name: &str, region: &str) -> String {
        let path = namespace(group_name, name);
        self.put(&path, json!({ "location": region, "sku": { "name": "Premium" } })).expect_status(201);
        self.wait(200);
        assert_eq!(self.get(&path).state(), "Succeeded");
        path
    }

    /// Two namespaces with `queues` queues, paired and copied.
    pub(crate) fn pair(&mut self, queues: usize) -> (String, String) {
        let primary = self.bus("weu", "orders-weu", WEST);
        let secondary = self.bus("neu", "orders-neu", NORTH);
        for at in 0..queues {
            self.put(&format!("{primary}/queues/q{at}"), json!({})).expect_status(200);
            self.wait(1);
        }
        self.put(&alias(&primary), partner(&secondary)).expect_status(201);
        self.wait(120 + 2 * i64::try_from(queues).unwrap());
        (primary, secondary)
    }
}

/// The alias of the tests, below a namespace.
pub(crate) fn alias(namespace: &str) -> String {
    format!("{namespace}/disasterRecoveryConfigs/orders-bus")
}

pub(crate) fn partner(namespace: &str) -> Value {
    json!({ "properties": { "partnerNamespace": namespace } })
}

/// What tests read from answers.
pub(crate) trait Look {
    fn expect_status(self, status: u16) -> Self;
    fn state(&self) -> String;
    fn property(&self, name: &str) -> Value;
    fn code(&self) -> String;
    fn message(&self) -> String;
}

impl Look for Answer {
    fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    fn state(&self) -> String {
        self.property("provisioningState").as_str().unwrap_or_default().to_owned()
    }

    fn property(&self, name: &str) -> Value {
        self.body["properties"][name].clone()
    }

    fn code(&self) -> String {
        self.body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    fn message(&self) -> String {
        self.body["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}
