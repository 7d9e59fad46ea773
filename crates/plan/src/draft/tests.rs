use super::*;
use serde_json::json;

struct Known;
impl Values for Known {
    fn captured(&self, step: &StepId, name: &str) -> Option<Value> {
        (step.as_str() == "queue/read" && name == "body")
            .then(|| json!({"properties": {"status": "Active", "maxDeliveryCount": 10}}))
    }
    fn fact(&self, key: &str) -> Option<Value> {
        match key {
            "control-number" => Some(json!(41)),
            "control-number-as-text" => Some(json!("000000041")),
            _ => None,
        }
    }
    fn secret(&self, _: &SecretRef) -> Option<Value> {
        None
    }
    fn run_id(&self) -> String {
        "r-1".into()
    }
}

#[test]
fn a_put_that_replaces_everything_is_laid_over_what_was_captured() {
    let body = Draft::MergeOver {
        step: "queue/read".into(),
        name: "body".into(),
        patch: json!({"properties": {"status": "SendDisabled"}}),
    };
    assert_eq!(
        body.fill(&Known).unwrap(),
        json!({"properties": {"status": "SendDisabled", "maxDeliveryCount": 10}})
    );
}

#[test]
fn control_number_and_margin_stay_data() {
    for fact in ["control-number", "control-number-as-text"] {
        let hole = Hole::Add(
            Box::new(Hole::Max(Box::new(Hole::Fact(fact.into())), Box::new(Hole::Number(7)))),
            1000,
        );
        assert_eq!(hole.fill(&Known).unwrap(), json!(1041));
    }
}

#[test]
fn an_unfilled_hole_says_its_name() {
    let text = Text::of([Piece::Literal("/a/".into()), Piece::Hole(Hole::Fact("nobody-knows".into()))]);
    assert_eq!(text.fill(&Known).unwrap_err().to_string(), "nothing fills the hole ‹fact nobody-knows›");
    assert_eq!(text.to_string(), "/a/‹fact nobody-knows›");
}
