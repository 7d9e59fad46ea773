//! Complete mode waits for what it takes away, and for nothing else.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, ArmError, Call, Method, ResourceId};
use serde_json::{Value, json};

use super::super::record::{At, Removal, Step};
use crate::fault::{Effect, Fault, FaultMatch};
use crate::lab::Lab;
use crate::operation::Status;
use crate::settings::Settings;

const GROUP: &str = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/weu";

struct Bench {
    lab: Lab,
    now: Timestamp,
}

impl Bench {
    /// A group with one thing in it, that a deployment in complete mode is taking away.
    fn taking_away() -> Self {
        let now = "2026-03-01T08:00:00Z".parse().unwrap();
        let mut bench =
            Self { lab: Lab::new(Settings::new(42, "11111111-1111-1111-1111-111111111111", now)), now };
        bench.send(Method::Put, "", Some(json!({ "location": "westeurope" })));
        bench.send(Method::Put, THING, Some(json!({ "location": "westeurope" })));
        bench.now += SignedDuration::from_secs(600);
        let template = json!({ "resources": [] });
        let body = json!({ "properties": { "mode": "Complete", "template": template } });
        assert!(bench.send(Method::Put, DEPLOYMENT, Some(body)).is_success());
        bench
    }

    fn send(&mut self, method: Method, below: &str, body: Option<Value>) -> Answer {
        let call = Call::arm(method, format!("{GROUP}{below}?api-version=2024-03-01"), body);
        self.lab.handle(self.now, &call).answer.unwrap()
    }

    fn until(&mut self, is_it: impl Fn(&mut Self) -> bool) {
        for _ in 0..1800 {
            if is_it(self) {
                return;
            }
            self.now += SignedDuration::from_secs(1);
        }
        panic!("half an hour was not enough");
    }

    fn is_over(&mut self) -> bool {
        let state = self.send(Method::Get, DEPLOYMENT, None).body["properties"]["provisioningState"].clone();
        ["Succeeded", "Failed"].iter().any(|over| state == *over)
    }

    /// The operation that takes the thing away.
    fn removal(&self) -> Option<String> {
        let record = self.lab.deployments.all.values().next()?;
        record.removals.as_ref()?.first()?.follows.clone()
    }
}

const THING: &str = "/providers/Microsoft.Things/things/one";
const DEPLOYMENT: &str = "/providers/Microsoft.Resources/deployments/d";

/// Something that was accepted and then failed fails the deployment, which says what and why.
#[test]
fn a_removal_that_fails_later_fails_the_deployment() {
    for (status, code) in [
        (Status::Failed(ArmError::new("InUse", "somebody holds it")), "InUse"),
        (Status::Canceled, "OperationCanceled"),
    ] {
        let mut bench = Bench::taking_away();
        let at = FaultMatch { provider: Some("Microsoft.Things".into()), ..FaultMatch::default() };
        let effect = Effect::OperationStuck;
        bench.lab.inject(Fault { at, effect, times: None, from: None, until: None, per_mille: None });
        bench.until(|bench| {
            bench.lab.advance(bench.now);
            bench.removal().is_some()
        });
        let operation = bench.removal().unwrap();
        assert!(!bench.is_over());
        bench.lab.world.operations.end(&operation, bench.now, status);
        bench.until(Bench::is_over);
        let failed = bench.send(Method::Get, DEPLOYMENT, None).body["properties"].clone();
        assert_eq!(failed["provisioningState"], "Failed");
        let detail = &failed["error"]["details"][0];
        assert_eq!((&detail["code"], &detail["target"]), (&json!(code), &json!(format!("{GROUP}{THING}"))));
    }
}

/// Whoever makes it again at once does not keep the deployment waiting.
#[test]
fn what_is_made_again_at_once_was_taken_away_all_the_same() {
    let mut bench = Bench::taking_away();
    bench.until(|bench| bench.send(Method::Get, THING, None).status == 404);
    bench.send(Method::Put, THING, Some(json!({ "location": "westeurope" })));
    assert!(!bench.is_over(), "the deployment has not looked yet");
    bench.until(Bench::is_over);
    let done = bench.send(Method::Get, DEPLOYMENT, None).body["properties"].clone();
    assert_eq!(done["provisioningState"], "Succeeded");
    assert_eq!(bench.send(Method::Get, THING, None).status, 200);
}

/// What cannot be asked for is never waited for: a removal whose path leads nowhere has failed.
#[test]
fn a_removal_that_no_request_can_ask_for_fails() {
    let mut bench = Bench::taking_away();
    let id = ResourceId::parse("/subscriptions/s/nowhere/known").unwrap();
    let mut removal = Removal { id, step: Step::new("operation".to_owned()), follows: None };
    bench.lab.remove(&mut removal);
    let At::Failed(error) = &removal.step.at else { panic!("{:?}", removal.step) };
    assert_eq!((removal.step.status, error.code.as_str()), (404, "InvalidResourcePath"));
}

/// What is named stays, and what it lies in; what is only called alike goes. The last one made goes first.
#[test]
fn parents_are_kept_with_what_is_named() {
    let mut bench = Bench::taking_away();
    let things = "/providers/Microsoft.Things/things";
    for name in ["kept", "kept-2", "parent", "parent/parts/named", "parent-2", "parent-2/parts/not"] {
        bench.now += SignedDuration::from_secs(1);
        let body = json!({ "location": "westeurope" });
        assert!(bench.send(Method::Put, &format!("{things}/{name}"), Some(body)).is_success(), "{name}");
    }
    let named = ["kept", "parent/parts/named"].map(|name| {
        json!({ "type": match name {
            "kept" => "Microsoft.Things/things",
            _ => "Microsoft.Things/things/parts",
        }, "name": name.replace("/parts/", "/"), "apiVersion": "2024-01-01", "location": "westeurope" })
    });
    let body = json!({ "properties": { "mode": "Complete", "template": { "resources": named } } });
    assert!(bench.send(Method::Put, "/providers/Microsoft.Resources/deployments/e", Some(body)).is_success());
    let record = bench.lab.deployments.all.values().last().unwrap().clone();
    let group = ResourceId::parse(GROUP).unwrap();
    let others = bench.lab.others(&group, &record.kept());
    assert_eq!(others.iter().map(ResourceId::name).collect::<Vec<_>>(), ["parent-2", "kept-2", "one"]);
}
