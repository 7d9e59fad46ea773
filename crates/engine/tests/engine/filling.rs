//! Holes: captures, facts and secrets.

use std::collections::BTreeMap;

use lifeboat_arm::Method;
use lifeboat_engine::RunEnd;
use lifeboat_plan::{Action, CallDraft, Capture, CaptureFrom, Draft, Hole, Piece, SecretRef, Text, Way};
use serde_json::json;

use crate::asserts::failed;
use crate::plans::{plan, put_way, read, read_of, step, thing_path};
use crate::shell::Shell;
use crate::world::World;

#[test]
fn captures_fill_holes_and_secrets_never_reach_the_journal() {
    let secret = SecretRef::Listed { path: "/subscriptions/s/keys".to_owned(), pointer: "/key".to_owned() };
    let mut first = put_way("a");
    first.captures = vec![
        Capture { name: "name".to_owned(), from: CaptureFrom::Answer("/name".to_owned()), secret: false },
        Capture {
            name: "count".to_owned(),
            from: CaptureFrom::Read(read("count"), "/count".to_owned()),
            secret: false,
        },
        Capture {
            name: "hidden".to_owned(),
            from: CaptureFrom::Read(read("count"), "/count".to_owned()),
            secret: true,
        },
    ];
    let hole = |name: &str| Draft::Hole(Hole::Captured("a".into(), name.to_owned()));
    let body = Draft::Object(BTreeMap::from([
        ("name".to_owned(), hole("name")),
        (
            "count".to_owned(),
            Draft::Hole(Hole::Add(Box::new(Hole::Captured("a".into(), "count".to_owned())), 100)),
        ),
        ("hidden".to_owned(), hole("hidden")),
        ("fact".to_owned(), Draft::Hole(Hole::Fact("known".to_owned()))),
        ("key".to_owned(), Draft::Text(Text::of([Piece::Hole(Hole::Secret(secret))]))),
    ]));
    let second = Way {
        action: Action::Send(CallDraft::arm(Method::Put, thing_path("b"), Some(body))),
        ..put_way("b")
    };
    let mut plan = plan(vec![step("a", &[], first), step("b", &["a"], second)]);
    plan.reads.insert(read("count"), read_of("count"));
    let mut shell = Shell::new(World::new());
    shell.world.counters.insert("count".to_owned(), 4242);
    shell.facts.insert("known".to_owned(), json!("a fact"));
    let summary = shell.run(&plan);
    assert_eq!(summary.end, RunEnd::Done, "{summary:?}");
    assert_eq!(
        shell.world.things["b"].body,
        json!({"name": "a", "count": 4342, "hidden": 4242, "fact": "a fact", "key": "key of /subscriptions/s/keys"})
    );
    assert!(!shell.lines.contains("key of"), "the secret is not in the journal");
    assert!(!shell.lines.contains("hidden\":4242"), "nor is the private capture");
}

#[test]
fn a_hole_that_nothing_fills_fails_before_anything_is_sent() {
    let body = Draft::Hole(Hole::Fact("nobody-knows".to_owned()));
    let blind = Way {
        action: Action::Send(CallDraft::arm(Method::Put, thing_path("a"), Some(body))),
        ..put_way("a")
    };
    let summary = Shell::new(World::new()).run(&plan(vec![step("a", &[], blind)]));
    assert_eq!(failed(&summary, "a"), "nothing fills the hole ‹fact nobody-knows›");
    assert_eq!(summary.requests, 0);
}
