use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use lifeboat_arm::{Method, ResourceId, ResourceType};

use super::*;
use crate::condition::Condition;
use crate::draft::{CallDraft, Draft, Piece, ReadDraft, Text};
use crate::forecast::Forecast;
use crate::loss::LossStatement;
use crate::need::{Need, Places};
use crate::step::{Citation, Endpoint, PlanKind, Policy, ReadId, Repeat, Way, WayKind};

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn bus(group: &str, name: &str) -> ResourceId {
    ResourceId::group("s", group).resource(&ResourceType::new("Microsoft.ServiceBus/namespaces"), &[name])
}

/// Namespace `a` in West Europe; `b` in North Europe; `astray` in North Europe in a group of West Europe.
fn places() -> Places {
    Places {
        groups: BTreeMap::from([
            (ResourceId::group("s", "weu"), region("westeurope")),
            (ResourceId::group("s", "neu"), region("northeurope")),
        ]),
        resources: BTreeMap::from([
            (bus("weu", "a"), Some(region("westeurope"))),
            (bus("neu", "b"), Some(region("northeurope"))),
            (bus("weu", "astray"), Some(region("northeurope"))),
        ]),
        hosts: BTreeMap::new(),
    }
}

fn way(action: CallDraft, done: Condition) -> Way {
    Way {
        needs: BTreeSet::new(),
        action: Action::Send(action),
        started_when: None,
        done_when: done,
        repeat: Repeat::Harmless,
        captures: Vec::new(),
        deadline: SignedDuration::from_secs(60),
        on_failure: OnFailure::Stop,
        forecast: Forecast::assumed(1, 1, "test"),
        loses: LossStatement::default(),
    }
}

fn step(id: &str, after: &[&str], graceful: Way, ungraceful: Option<Way>) -> Step {
    Step {
        id: id.into(),
        component: "c".into(),
        title: String::new(),
        after: after.iter().map(|&id| id.into()).collect(),
        graceful,
        ungraceful,
        because: Citation::new(&["F1"], ""),
    }
}

fn put(id: &ResourceId) -> CallDraft {
    CallDraft::arm(Method::Put, id.as_str(), None)
}

fn verdicts(steps: Vec<Step>) -> BTreeMap<StepId, Verdict> {
    let reads = ["weu/a", "neu/b"]
        .map(|place| {
            let (group, name) = place.split_once('/').unwrap();
            (ReadId::new(place), ReadDraft::Arm(CallDraft::get(bus(group, name).as_str())))
        })
        .into();
    let plan = Plan {
        kind: PlanKind::Failover,
        workload: "w".into(),
        endpoint: Endpoint::Lab("t".into()),
        from: region("westeurope"),
        to: region("northeurope"),
        policy: Policy { prefer: WayKind::Ungraceful, may_switch: true },
        steps,
        reads,
        places: places(),
        facts: Vec::new(),
        notes: Vec::new(),
    };
    independence(&plan, &region("westeurope"))
}

fn sees(place: &str) -> Condition {
    Condition::status(&ReadId::new(place), 200)
}

/// Proves: F1, F17
#[test]
fn the_proof_looks_at_groups_conditions_bodies_and_captures() {
    let b = bus("neu", "b");
    let verdicts = verdicts(vec![
        step("independent", &[], way(put(&b), sees("neu/b")), None),
        step("group", &[], way(put(&bus("weu", "astray")), sees("neu/b")), None),
        step("condition", &[], way(put(&b), sees("weu/a")), None),
        step("body", &[], way(CallDraft::arm(Method::Put, b.as_str(), Some(Draft::from(bus("weu", "a").as_str()))), sees("neu/b")), None),
        step("contingent", &[], way(put(&b), sees("weu/a")), Some(way(put(&b), sees("neu/b")))),
        step("behind", &["condition"], way(put(&b), sees("neu/b")), None),
        step("capture", &[], way(CallDraft::arm(Method::Put, b.as_str(), Some(Draft::Hole(Hole::Captured("condition".into(), "x".into())))), sees("neu/b")), None),
        step("link", &[], way(CallDraft::arm(Method::Put, b.as_str(), Some(serde_json::json!({"templateLink": {"uri": "https://x.blob.core.windows.net/t.json"}}).into())), sees("neu/b")), None),
        step("hole", &[], way(CallDraft::arm(Method::Put, Text::of([Piece::Literal("/subscriptions/s/resourceGroups/ghost/providers/".into()), Piece::Hole(Hole::RunId)]), None), sees("neu/b")), None),
    ]);
    let of = |id: &str| &verdicts[&StepId::from(id)];
    assert_eq!(*of("independent"), Verdict::Independent);
    assert!(matches!(of("contingent"), Verdict::Contingent(_)));
    for (id, need) in [
        ("group", Need::GroupMetadata(region("westeurope"))),
        ("condition", Need::ControlPlane(region("westeurope"))),
        ("body", Need::ControlPlane(region("westeurope"))),
        ("behind", Need::ControlPlane(region("westeurope"))),
        ("capture", Need::ControlPlane(region("westeurope"))),
        ("link", Need::Artefact("https://x.blob.core.windows.net/t.json".into())),
        ("hole", Need::Unplaced("the group `ghost`".into())),
    ] {
        let Verdict::Refused(because) = of(id) else { panic!("{id}: {:?}", of(id)) };
        assert!(because.iter().any(|needed| needed.need == need), "{id}: {because:?}");
    }
}
