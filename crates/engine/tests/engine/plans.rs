//! Plans over the tiny world.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use lifeboat_arm::{Method, Region};
use lifeboat_plan::{
    Action, CallDraft, Citation, Condition, Draft, Endpoint, Forecast, Is, LossStatement, OnFailure, Places,
    Plan, PlanKind, Policy, Question, ReadDraft, ReadId, Repeat, Step, StepId, Way, WayKind,
};
use serde_json::json;

pub(crate) fn read(name: &str) -> ReadId {
    ReadId::new(name)
}

pub(crate) fn thing_path(name: &str) -> String {
    format!("/subscriptions/s/things/{name}")
}

pub(crate) fn state_is(name: &str, state: &str) -> Condition {
    Condition::equal(&read(name), "/properties/state", state)
}

pub(crate) fn way(action: Action, done_when: Condition) -> Way {
    Way {
        needs: BTreeSet::new(),
        action,
        started_when: None,
        done_when,
        repeat: Repeat::Harmless,
        captures: Vec::new(),
        deadline: SignedDuration::from_mins(10),
        on_failure: OnFailure::Stop,
        forecast: Forecast::assumed(4, 8, "the tiny world"),
        loses: LossStatement::default(),
    }
}

/// Puts a thing and waits until it is ready.
pub(crate) fn put_way(name: &str) -> Way {
    let call = CallDraft::arm(Method::Put, thing_path(name), Some(Draft::Value(json!({"name": name}))));
    Way { started_when: Some(state_is(name, "Updating")), ..way(Action::Send(call), state_is(name, "Ready")) }
}

/// Bumps a counter; only the counter shows whether it happened.
pub(crate) fn bump_way(name: &str) -> Way {
    let call = CallDraft::arm(Method::Post, format!("/subscriptions/s/counters/{name}/bump"), None);
    let bumped = Condition::test(&read(name), "/count", Is::AtLeast(Draft::Value(1.into())));
    Way { repeat: Repeat::Ask, ..way(Action::Send(call), bumped) }
}

/// Bumps a counter that nobody can look at.
pub(crate) fn blind_bump_way(name: &str) -> Way {
    Way { done_when: Condition::All(Vec::new()), ..bump_way(name) }
}

pub(crate) fn ask_way(text: &str) -> Way {
    let question = Question { text: text.to_owned(), approvers: Vec::new() };
    way(Action::Ask(question), Condition::All(Vec::new()))
}

pub(crate) fn step(id: &str, after: &[&str], graceful: Way) -> Step {
    Step {
        id: id.into(),
        component: id.to_owned(),
        title: format!("do {id}"),
        after: after.iter().map(|&id| StepId::from(id)).collect(),
        graceful,
        ungraceful: None,
        because: Citation::new(&["T1"], "the test says so"),
    }
}

pub(crate) fn put(id: &str, after: &[&str]) -> Step {
    step(id, after, put_way(id))
}

/// A plan whose reads are derived from the steps: things, or counters for ids that start with `count`.
pub(crate) fn plan(steps: Vec<Step>) -> Plan {
    let mut reads = BTreeMap::new();
    for step in &steps {
        for way in std::iter::once(&step.graceful).chain(&step.ungraceful) {
            let conditions = std::iter::once(&way.done_when).chain(&way.started_when);
            for id in conditions.flat_map(Condition::reads) {
                reads.insert(id.clone(), read_of(id.as_str()));
            }
        }
    }
    let region = |name: &str| Region::parse(name).unwrap();
    Plan {
        kind: PlanKind::Failover,
        workload: "tiny".to_owned(),
        endpoint: Endpoint::Lab("tiny".to_owned()),
        from: region("westeurope"),
        to: region("northeurope"),
        policy: Policy { prefer: WayKind::Graceful, may_switch: true, approvers: Vec::new() },
        steps,
        reads,
        // The tiny world is everywhere.
        places: Places {
            resources: [("/subscriptions/s".parse().unwrap(), None)].into(),
            ..Places::default()
        },
        facts: Vec::new(),
        notes: Vec::new(),
    }
}

pub(crate) fn read_of(name: &str) -> ReadDraft {
    let path = match name {
        "things" | "items" => format!("/subscriptions/s/{name}"),
        name if name.starts_with("count") => format!("/subscriptions/s/counters/{name}"),
        name => thing_path(name),
    };
    ReadDraft::Arm(CallDraft::get(path))
}
