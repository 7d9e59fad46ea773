use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use lifeboat_arm::{Method, ResourceId, ResourceType};

use super::*;
use crate::condition::{Condition, Is};
use crate::draft::{CallDraft, Draft, Piece, ReadDraft, Text};
use crate::forecast::Forecast;
use crate::loss::LossStatement;
use crate::need::{Need, Places};
use crate::step::{
    Action, Capture, CaptureFrom, Citation, Endpoint, PlanKind, Policy, ReadId, Repeat, Stage, Transfer, Way,
    WayKind,
};

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
    verdicts_by(Policy { prefer: WayKind::Ungraceful, may_switch: true, approvers: Vec::new() }, steps)
}

fn verdicts_by(policy: Policy, steps: Vec<Step>) -> BTreeMap<StepId, Verdict> {
    let mut reads: BTreeMap<ReadId, ReadDraft> = ["weu/a", "neu/b"]
        .map(|place| {
            let (group, name) = place.split_once('/').unwrap();
            (ReadId::new(place), ReadDraft::Arm(CallDraft::get(bus(group, name).as_str())))
        })
        .into();
    let below =
        Text::of([Piece::Literal(format!("{}/queues/", bus("neu", "b"))), Piece::Hole(from_the_lost())]);
    reads.insert(ReadId::new("neu/below"), ReadDraft::Arm(CallDraft::get(below)));
    let plan = Plan {
        kind: PlanKind::Failover,
        workload: "w".into(),
        endpoint: Endpoint::Lab("t".into()),
        from: region("westeurope"),
        to: region("northeurope"),
        policy,
        steps,
        reads,
        places: places(),
        facts: Vec::new(),
        notes: Vec::new(),
    };
    independence(&plan, &region("westeurope"))
}

/// A value that a step captures which cannot be done without the lost region.
fn from_the_lost() -> Hole {
    Hole::Captured("condition".into(), "x".into())
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

/// Proves: F17 (a value that only the lost region can give, wherever it is used)
#[test]
fn a_value_from_the_lost_region_is_missed_wherever_it_is_used() {
    let b = bus("neu", "b");
    let one = || way(put(&b), sees("neu/b"));
    let below = || ReadId::new("neu/below");
    let pump = |host: Text| Transfer {
        from_host: host,
        from_paths: Vec::new(),
        to_host: "b".into(),
        to_path: String::new(),
        key: None,
    };
    let hole = || Draft::Hole(Hole::Add(Box::new(from_the_lost()), 1));
    let test = |is| Condition::test(&ReadId::new("neu/b"), "/n", is);
    let rows: Vec<(&str, Way)> = vec![
        (
            "action",
            Way { action: Action::Send(CallDraft::arm(Method::Put, b.as_str(), Some(hole()))), ..one() },
        ),
        ("pump", Way { action: Action::Pump(pump(Text::of([Piece::Hole(from_the_lost())]))), ..one() }),
        (
            "stage",
            Way {
                action: Action::Expand(Stage {
                    name: "s".into(),
                    reads: [below()].into(),
                    needs: BTreeSet::new(),
                }),
                ..one()
            },
        ),
        ("done, in a read", Way { done_when: Condition::status(&below(), 200), ..one() }),
        ("done, compared", Way { done_when: test(Is::AtLeast(hole())), ..one() }),
        (
            "done, an id",
            Way { done_when: test(Is::SameId(Text::of([Piece::Hole(from_the_lost())]))), ..one() },
        ),
        ("started", Way { started_when: Some(Condition::Not(Box::new(test(Is::Equal(hole()))))), ..one() }),
        (
            "capture",
            Way {
                captures: vec![Capture {
                    name: "c".into(),
                    from: CaptureFrom::Read(below(), String::new()),
                    secret: false,
                }],
                ..one()
            },
        ),
    ];
    for (place, way) in rows {
        let lost = step("condition", &[], self::way(put(&b), sees("weu/a")), None);
        let verdicts = verdicts(vec![lost, step("takes", &[], way, None)]);
        let verdict = &verdicts[&StepId::from("takes")];
        let because = |needed: &Needed| needed.via.starts_with("takes a value from condition");
        assert!(
            matches!(verdict, Verdict::Refused(needs) if needs.iter().any(because)),
            "{place}: {verdict:?}"
        );
    }
}

/// Proves: F1 (another way helps only where it may be taken)
#[test]
fn a_way_counts_if_it_may_be_taken() {
    use WayKind::{Graceful, Ungraceful};
    let (weu, neu) = (sees("weu/a"), sees("neu/b"));
    let refused = "refused";
    let rows = [
        // preferred, may switch, graceful way, ungraceful way
        (Graceful, false, &neu, &weu, "independent"),
        (Graceful, true, &neu, &weu, "independent"),
        (Graceful, true, &weu, &neu, "contingent"),
        (Graceful, false, &weu, &neu, refused),
        (Graceful, true, &weu, &weu, refused),
        (Ungraceful, false, &weu, &neu, "contingent"),
        (Ungraceful, false, &neu, &neu, "independent"),
        (Ungraceful, true, &neu, &weu, refused),
    ];
    for (prefer, may_switch, graceful, ungraceful, expected) in rows {
        let b = bus("neu", "b");
        let other = Some(way(put(&b), ungraceful.clone()));
        let one = step("step", &[], way(put(&b), graceful.clone()), other);
        let found = match &verdicts_by(Policy { prefer, may_switch, approvers: Vec::new() }, vec![one])
            [&StepId::from("step")]
        {
            Verdict::Independent => "independent",
            Verdict::Contingent(_) => "contingent",
            Verdict::Refused(_) => "refused",
        };
        assert_eq!(found, expected, "{prefer:?}, {may_switch}: {graceful:?} or {ungraceful:?}");
    }
}
