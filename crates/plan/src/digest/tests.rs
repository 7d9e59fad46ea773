use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::ResourceId;
use serde_json::json;

use super::*;
use crate::condition::Is;
use crate::draft::{Draft, Hole};
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
    later.steps[0].component = "b".into();
    later.steps[0].because = Citation::new(&["F1"], "other words");
    later.notes.push("a note".into());
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
    let mut asking = plan();
    asking.policy.approvers.push("ann".into());
    assert_ne!(Digest::of(&asking), digest);
}

/// The independence proof rests on them: a group elsewhere is another verdict, and another plan.
#[test]
fn a_plan_over_other_places_is_another_plan() {
    let group = ResourceId::group("s", "g");
    let at = |region: &str| {
        let mut plan = plan();
        plan.places.groups.insert(group.clone(), Region::lenient(region));
        Digest::of(&plan)
    };
    assert_eq!(at("westeurope"), at("westeurope"));
    assert_ne!(at("westeurope"), at("northeurope"));
    let mut host = plan();
    host.places.hosts.insert("b.example.net".into(), Region::lenient("northeurope"));
    assert_ne!(Digest::of(&host), Digest::of(&plan()));
    let mut resource = plan();
    resource.places.resources.insert(group.clone(), None);
    assert_ne!(Digest::of(&resource), Digest::of(&plan()));
}

/// A fact that a request or a condition is filled with decides what the plan does; when it was observed does not.
#[test]
fn a_fact_that_is_sent_counts() {
    let with = |value: i64, at: i64| {
        let mut plan = plan();
        let margin =
            Hole::Add(Box::new(Hole::Max(Box::new(Hole::Fact("n".into())), Box::new(Hole::Number(7)))), 1);
        let read = ReadId::new("r");
        plan.steps[0].graceful.done_when = Condition::test(&read, "/n", Is::AtLeast(Draft::Hole(margin)));
        plan.facts.push(FactUsed {
            key: "n".into(),
            value: json!(value),
            observed_at: Some(Timestamp::from_second(at).unwrap()),
            source: "s".into(),
        });
        Digest::of(&plan)
    };
    assert_eq!(with(1, 0), with(1, 60));
    assert_ne!(with(1, 0), with(2, 0));
}

#[test]
fn a_plan_survives_being_written_and_read() {
    let text = serde_json::to_string(&plan()).unwrap();
    let read: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(read, plan());
    assert_eq!(Digest::of(&read), Digest::of(&plan()));
}
