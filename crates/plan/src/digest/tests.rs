use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::*;
use crate::forecast::Forecast;
use crate::loss::LossStatement;
use crate::need::Places;
use crate::step::{Citation, FactUsed, WayKind};

fn plan() -> Plan {
    let way = Way {
        needs: BTreeSet::new(),
        action: Action::Wait,
        started_when: None,
        done_when: Condition::All(Vec::new()),
        repeat: Repeat::Harmless,
        captures: Vec::new(),
        deadline: SignedDuration::from_secs(60),
        on_failure: OnFailure::Stop,
        forecast: Forecast::assumed(1, 1, "test"),
        loses: LossStatement::default(),
    };
    Plan {
        kind: PlanKind::Failover,
        workload: "w".into(),
        endpoint: Endpoint::Lab("one".into()),
        from: Region::lenient("westeurope"),
        to: Region::lenient("northeurope"),
        policy: Policy { prefer: WayKind::Graceful, may_switch: true, approvers: Vec::new() },
        steps: vec![Step {
            id: "a/wait".into(),
            component: "a".into(),
            title: "waits".into(),
            after: BTreeSet::new(),
            graceful: way,
            ungraceful: None,
            because: Citation::new(&["F26"], ""),
        }],
        reads: BTreeMap::new(),
        places: Places::default(),
        facts: Vec::new(),
        notes: Vec::new(),
    }
}

#[test]
fn what_decides_nothing_does_not_change_the_digest() {
    let digest = Digest::of(&plan());
    let mut later = plan();
    later.facts.push(FactUsed {
        key: "k".into(),
        value: json!(1),
        observed_at: Some(Timestamp::UNIX_EPOCH),
        source: "s".into(),
    });
    later.steps[0].graceful.forecast = Forecast::assumed(99, 99, "slower");
    later.steps[0].title = "waits longer".into();
    assert_eq!(Digest::of(&later), digest);
}

#[test]
fn what_decides_something_does() {
    let digest = Digest::of(&plan());
    let mut other_world = plan();
    other_world.endpoint = Endpoint::Azure { tenant: "t".into(), subscription: "s".into() };
    assert_ne!(Digest::of(&other_world), digest);
    let mut patient = plan();
    patient.steps[0].graceful.deadline = SignedDuration::from_secs(61);
    assert_ne!(Digest::of(&patient), digest);
}

#[test]
fn a_plan_survives_being_written_and_read() {
    let text = serde_json::to_string(&plan()).unwrap();
    let read: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(read, plan());
    assert_eq!(Digest::of(&read), Digest::of(&plan()));
}
