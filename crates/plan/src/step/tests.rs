use super::*;

/// Proves: F29 (nobody sends a POST a second time because a planner forgot to say what that does)
#[test]
fn what_a_second_request_does_follows_from_its_verb() {
    for (method, repeat) in [
        (Method::Get, Repeat::Harmless),
        (Method::Put, Repeat::Harmless),
        (Method::Patch, Repeat::Harmless),
        (Method::Delete, Repeat::Harmless),
        (Method::Post, Repeat::Ask),
    ] {
        let action = Action::Send(CallDraft::arm(method, "/subscriptions/s", None));
        let way = Way::new(action, Condition::All(Vec::new()), Forecast::assumed(1, 1, "test"));
        assert_eq!(way.repeat, repeat, "{method}");
    }
}
