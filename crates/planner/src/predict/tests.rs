//! What is predicted, and when it counts as come true.

use jiff::Timestamp;
use lifeboat_arm::{Answer, ArmError};
use lifeboat_plan::StepId;
use serde_json::{Value, json};

use super::*;

const BUS: &str = "/subscriptions/s/resourceGroups/g/providers/A.B/buses/one";
const QUEUES: &str = "/subscriptions/s/resourceGroups/g/providers/A.B/buses/one/queues";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn observed(path: &str, when: i64, status: u16, body: Value) -> Inventory {
    let mut seen = Inventory::default();
    let answer = if status < 400 {
        Answer::new(status, body)
    } else {
        Answer::refusal(status, &ArmError::new("Gone", "away"))
    };
    seen.observe(path, at(when), Ok(&answer));
    seen
}

fn prediction(path: &str, claim: Claim) -> Prediction {
    Prediction { step: StepId::new("bus", "change"), path: path.to_owned(), claim }
}

fn has(pointer: &str, value: Value) -> Claim {
    Claim::Has { pointer: pointer.to_owned(), value }
}

fn includes(names: &[&str]) -> Claim {
    Claim::Includes { field: "/name".to_owned(), values: names.iter().map(|name| json!(name)).collect() }
}

#[test]
fn each_claim_comes_true_or_does_not() {
    let there = observed(BUS, 10, 200, json!({ "tags": { "a": "x" }, "partner": "/A/B" }));
    let gone = observed(BUS, 10, 404, Value::Null);
    let three =
        observed(QUEUES, 10, 200, json!({ "value": [{ "name": "a" }, { "name": "B" }, { "name": "c" }] }));
    let none = observed(QUEUES, 10, 200, json!({ "value": [] }));
    let id = |id: &str| Claim::HasId { pointer: "/partner".to_owned(), id: id.to_owned() };
    for (path, claim, seen, agrees, says) in [
        (BUS, Claim::There, &there, true, "there"),
        (BUS, Claim::There, &gone, false, "not there"),
        (BUS, Claim::Absent, &gone, true, "not there"),
        (BUS, Claim::Absent, &there, false, "there"),
        (BUS, has("/tags/a", json!("x")), &there, true, "x"),
        (BUS, has("/tags/a", json!("X")), &there, false, "x"),
        (BUS, has("/tags/b", Value::Null), &there, true, "nothing"),
        (BUS, has("/tags/a", json!("x")), &gone, false, "not there"),
        (BUS, id("/a/b"), &there, true, "/A/B"),
        (BUS, id("/a/c"), &there, false, "/A/B"),
        (QUEUES, includes(&["A", "b"]), &three, true, "with A, b"),
        (QUEUES, includes(&["a", "d", "e"]), &three, false, "without d, e"),
        (QUEUES, Claim::Empty, &none, true, "empty"),
        (QUEUES, Claim::Empty, &three, false, "3 members"),
    ] {
        let one = prediction(path, claim);
        assert_eq!(one.found(seen, at(10)), Some(Found { agrees, says: says.to_owned() }), "{one:?}");
    }
}

#[test]
fn what_nobody_looked_at_since_is_not_compared_and_what_cannot_be_read_is_unknown() {
    let one = prediction(BUS, Claim::There);
    let seen = observed(BUS, 10, 200, json!({}));
    assert!(one.found(&seen, at(10)).is_some());
    assert_eq!(one.found(&seen, at(11)), None, "it was seen before the plan was over");
    assert_eq!(one.found(&Inventory::default(), at(0)), None);
    let found = one.found(&observed(BUS, 10, 503, Value::Null), at(10)).unwrap();
    assert_eq!((found.agrees, found.says.as_str()), (false, "unknown: the read answers 503 Gone"));
}

#[test]
fn a_member_is_seen_in_its_list() {
    let list =
        observed(QUEUES, 10, 200, json!({ "value": [{ "id": format!("{QUEUES}/A"), "status": "Active" }] }));
    let found = |name: &str, claim| {
        prediction(&format!("{QUEUES}/{name}"), claim).found(&list, at(10)).unwrap().agrees
    };
    assert!(found("a", has("/status", json!("Active"))) && found("b", Claim::Absent));
    assert!(!found("a", Claim::Absent) && !found("b", Claim::There));
}
