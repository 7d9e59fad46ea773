use super::*;
use crate::draft::{Hole, SecretRef, Text};
use crate::step::StepId;
use jiff::SignedDuration;
use serde_json::json;

struct World(BTreeMap<ReadId, (Timestamp, Result<Answer, String>)>);

impl Observations for World {
    fn latest(&self, read: &ReadId) -> Option<Observation<'_>> {
        self.0
            .get(read)
            .map(|(at, answer)| Observation { at: *at, answer: answer.as_ref().map_err(String::as_str) })
    }
}

/// An answer, or why there is none.
#[derive(Debug, Clone)]
struct Look(Result<Answer, String>);
impl From<Answer> for Look {
    fn from(answer: Answer) -> Self {
        Self(Ok(answer))
    }
}

struct Nothing;
impl Values for Nothing {
    fn captured(&self, _: &StepId, _: &str) -> Option<Value> {
        None
    }
    fn fact(&self, _: &str) -> Option<Value> {
        None
    }
    fn secret(&self, _: &SecretRef) -> Option<Value> {
        None
    }
    fn run_id(&self) -> String {
        String::new()
    }
}

fn read() -> ReadId {
    ReadId::new("r")
}

fn world(answer: Result<Answer, String>) -> World {
    World(BTreeMap::from([(read(), (Timestamp::UNIX_EPOCH, answer))]))
}

fn check(condition: &Condition, answer: impl Into<Look>) -> Truth {
    evaluate(condition, &world(answer.into().0), &Nothing, &mut Streaks::default())
}

fn ok(body: Value) -> Answer {
    Answer::new(200, body)
}

#[test]
fn what_is_looked_at_decides() {
    let paired = Condition::equal(&read(), "/properties/role", "Primary");
    let rows = [
        (ok(json!({"properties": {"role": "Primary"}})), Truth::Met),
        (ok(json!({"properties": {"role": "Secondary"}})), Truth::NotMet),
        (ok(json!({})), Truth::NotMet),
        (Answer::new(404, json!({"properties": {"role": "Primary"}})), Truth::NotMet),
    ];
    for (answer, truth) in rows {
        assert_eq!(check(&paired, answer.clone()), truth, "{answer:?}");
    }
}

#[test]
fn unknown_is_never_pass_and_never_fail() {
    let gone = Condition::status(&read(), 404);
    for answer in [
        Look(Err("no answer".to_owned())),
        Answer::new(503, Value::Null).into(),
        Answer::new(429, Value::Null).into(),
        Answer::new(401, Value::Null).into(),
    ] {
        assert!(matches!(check(&gone, answer.clone()), Truth::Unknown(_)), "{answer:?}");
        assert!(matches!(check(&Condition::Not(Box::new(gone.clone())), answer), Truth::Unknown(_)));
    }
    assert_eq!(check(&gone, Answer::new(404, Value::Null)), Truth::Met);
}

#[test]
fn a_foreign_partner_refuses_whatever_else_holds() {
    let own = Condition::test(&read(), "/partner", Is::SameId("/A".into()));
    let foreign = Condition::Never {
        seen: Box::new(Condition::All(vec![
            Condition::test(&read(), "/partner", Is::Present),
            Condition::Not(Box::new(own.clone())),
        ])),
        why: "paired with another namespace".into(),
    };
    let condition = Condition::All(vec![own, foreign]);
    assert_eq!(check(&condition, ok(json!({"partner": "/a"}))), Truth::Met);
    assert_eq!(check(&condition, ok(json!({}))), Truth::NotMet);
    assert!(matches!(check(&condition, ok(json!({"partner": "/b"}))), Truth::Refused(_)));
}

#[test]
fn sixty_percent_of_the_instances() {
    let each = Condition::Each {
        read: read(),
        list: "/value".into(),
        holds: vec![("/state".into(), Is::Equal("ok".into()))],
        at_least: Threshold::Percent(60),
    };
    let list = |good: usize| {
        ok(
            json!({"value": (0..5).map(|i| json!({"state": if i < good {"ok"} else {"bad"}})).collect::<Vec<_>>()}),
        )
    };
    assert_eq!(check(&each, list(3)), Truth::Met);
    assert_eq!(check(&each, list(2)), Truth::Partly { have: 2, want: 3 });
    assert_eq!(check(&each, ok(json!({"value": []}))), Truth::Partly { have: 0, want: 1 });
}

#[test]
fn one_member_of_a_list_is_found_by_id() {
    let test = |at, is| Condition::Test {
        read: read(),
        item: Some(Item { list: "/value".into(), id: Text::from("/QUEUES/a") }),
        at,
        is,
    };
    let list = ok(json!({"value": [{"id": "/queues/A", "n": 4}]}));
    assert_eq!(
        check(&test(At::Pointer("/n".into()), Is::AtLeast(json!(4).into())), list.clone()),
        Truth::Met
    );
    assert_eq!(check(&test(At::Status, Is::Equal(json!(200).into())), list), Truth::Met);
    assert_eq!(check(&test(At::Status, Is::Equal(json!(404).into())), ok(json!({"value": []}))), Truth::Met);
}

#[test]
fn sets_ignore_order_and_case() {
    let names =
        |is| Condition::Test { read: read(), item: None, at: At::Field("/value".into(), "/name".into()), is };
    let list = ok(json!({"value": [{"name": "Orders"}, {"name": "billing"}]}));
    assert_eq!(check(&names(Is::SameSet(json!(["BILLING", "orders"]).into())), list.clone()), Truth::Met);
    assert_eq!(check(&names(Is::SameSet(json!(["orders"]).into())), list.clone()), Truth::NotMet);
    assert_eq!(check(&names(Is::Includes(json!(["orders"]).into())), list.clone()), Truth::Met);
    assert_eq!(check(&names(Is::Includes(json!(["other"]).into())), list), Truth::NotMet);
}

#[test]
fn held_needs_looks_and_time_and_starts_anew_after_a_miss() {
    let held = Condition::Held {
        n: 3,
        over: SignedDuration::from_secs(60),
        of: Box::new(Condition::status(&read(), 200)),
    };
    let mut streaks = Streaks::default();
    let mut look = |second: i64, status: u16| {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        let world = World(BTreeMap::from([(read(), (at, Ok(Answer::new(status, Value::Null))))]));
        evaluate(&held, &world, &Nothing, &mut streaks)
    };
    assert_eq!(look(0, 200), Truth::Partly { have: 1, want: 3 });
    assert_eq!(look(0, 200), Truth::Partly { have: 1, want: 3 }, "the same look twice counts once");
    assert_eq!(look(30, 200), Truth::Partly { have: 2, want: 3 });
    assert_eq!(look(40, 404), Truth::NotMet);
    assert_eq!(look(50, 200), Truth::Partly { have: 1, want: 3 });
    assert_eq!(look(80, 200), Truth::Partly { have: 2, want: 3 });
    assert_eq!(look(110, 200), Truth::Met);
}

#[test]
fn a_hole_that_nothing_fills_is_unknown() {
    let condition = Condition::test(&read(), "/n", Is::AtLeast(Draft::Hole(Hole::Fact("missing".into()))));
    assert!(matches!(check(&condition, ok(json!({"n": 1}))), Truth::Unknown(_)));
}

/// A question that was refused shows no parts, which is not the same as their absence. Proves: F4
#[test]
fn a_refused_question_shows_no_absence() {
    let absent = Condition::test(&read(), "/properties/partnerNamespace", Is::Absent);
    assert_eq!(check(&absent, ok(json!({}))), Truth::Met);
    assert_eq!(check(&absent, Answer::new(404, Value::Null)), Truth::Met);
    for status in [400, 409] {
        assert!(matches!(check(&absent, Answer::new(status, Value::Null)), Truth::Unknown(_)), "{status}");
    }
    assert_eq!(check(&Condition::status(&read(), 409), Answer::new(409, Value::Null)), Truth::Met);
}

#[test]
fn numbers_and_times_compare_also_when_they_are_strings_and_nothing_else_does() {
    let is = |is: fn(Draft) -> Is, want: Value| Condition::test(&read(), "/n", is(Draft::Value(want)));
    let met = Some(true);
    let rows = [
        (is(Is::AtLeast, json!(41)), json!(41), met),
        (is(Is::AtLeast, json!(41)), json!(40), Some(false)),
        (is(Is::AtLeast, json!("000000041")), json!("000000042"), met),
        (is(Is::AtLeast, json!("000000041")), json!(40), Some(false)),
        (is(Is::AtLeast, json!(9_007_199_254_740_993_u64)), json!(9_007_199_254_740_992_u64), Some(false)),
        (is(Is::AtLeast, json!(1.5)), json!("1.25"), Some(false)),
        (is(Is::AtLeast, json!("forty")), json!(41), None),
        (is(Is::AtLeast, json!(41)), json!("forty"), None),
        (is(Is::AtLeast, json!(41)), json!("NaN"), None),
        (is(Is::AtLeast, json!([])), json!(true), None),
        (is(Is::AtMost, json!("7")), json!(7), met),
        (is(Is::AtMost, json!(7)), json!("8"), Some(false)),
        (is(Is::AtMost, json!("seven")), json!(7), None),
        (is(Is::After, json!("2026-03-01T08:00:00Z")), json!("2026-03-01T09:00:01+01:00"), met),
        (is(Is::Equal, json!(1)), json!(1.0), met),
        (is(Is::Equal, json!(9_007_199_254_740_993_u64)), json!(9_007_199_254_740_992_u64), Some(false)),
        (is(Is::After, json!("2026-03-01T08:00:00Z")), json!("2026-03-01T08:00:00Z"), Some(false)),
        (is(Is::After, json!("2026-03-01T08:00:00Z")), json!("yesterday"), None),
        (is(Is::After, json!("")), json!("2026-03-01T08:00:00Z"), None),
        // What is not there is not above, below or later, and that is known.
        (is(Is::AtLeast, json!(41)), Value::Null, Some(false)),
    ];
    for (condition, have, expected) in rows {
        let truth = check(&condition, ok(json!({ "n": have })));
        let found = match &truth {
            Truth::Met => Some(true),
            Truth::NotMet => Some(false),
            Truth::Unknown(why) => {
                assert!(why.contains("is not a "), "{why}");
                None
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{condition:?} of {have}: {truth:?}");
    }
}
