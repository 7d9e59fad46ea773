//! Items that are moved in batches.

use lifeboat_engine::StepEvent;
use lifeboat_plan::{Action, Condition, Transfer};
use serde_json::Value;

use crate::asserts::{changes, done};
use crate::plans::{plan, read, step, way};
use crate::shell::Shell;
use crate::world::World;

pub(crate) fn pumping() -> lifeboat_plan::Plan {
    let transfer = Transfer {
        from_host: "old.example".into(),
        from_paths: vec!["orders".to_owned()],
        to_host: "new.example".into(),
        to_path: "orders".to_owned(),
        key: None,
    };
    let empty = Condition::equal(&read("items"), "/left", Value::from(0));
    plan(vec![step("drain", &[], way(Action::Pump(transfer), empty))])
}

#[test]
fn items_are_moved_in_batches_with_their_watermark_journaled() {
    let mut shell = Shell::new(World::new());
    shell.world.items = (1..=8).collect();
    let (engine, summary) = shell.try_run(&pumping()).unwrap();
    assert!(done(&summary, "drain"), "{summary:?}");
    assert_eq!(shell.world.moved, (1..=8).collect::<Vec<_>>());
    assert_eq!(engine.state(&"drain".into()).unwrap().moved, (8, 0));
    let marks: Vec<String> = changes(&shell, "drain")
        .into_iter()
        .filter_map(|change| match change {
            StepEvent::Moved { watermark, .. } => Some(watermark),
            _ => None,
        })
        .collect();
    assert_eq!(marks, ["3", "6", "8"]);
}
