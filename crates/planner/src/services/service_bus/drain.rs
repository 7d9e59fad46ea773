//! Draining: what was stranded on the old side is sent on to where the workload lives now (S21).

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lifeboat_plan::{
    Action, At, Citation, Condition, Is, Item, Need, OnFailure, ReadId, Stage, Step, StepId, Threshold,
    Transfer, Way,
};
use serde_json::{Value, json};

use super::fence::members;
use super::namespace::{Namespace, own_host};
use super::reads;
use crate::durations;
use crate::service::{Answers, Part, Planning};
use crate::topology::Component;

/// The stage that finds what is stranded.
pub(super) const STAGE: &str = "service-bus/drain";

/// The workload serves from `planning.active`; the other side holds what was stranded.
pub(super) fn drain(component: &Component, planning: &Planning<'_>) -> Part {
    let mut part = Part::default();
    let lists = lists(component, planning, &mut part);
    place_hosts(component, planning, &mut part);
    // Topics hold nothing themselves; their subscriptions do. What is not there at all, because it was created on the
    // other side since, holds nothing either.
    let holders = lists.iter().filter(|list| !list.as_str().contains("/topics@"));
    let nothing_held = Condition::All(
        holders
            .map(|list| {
                let empty = Condition::Each {
                    read: list.clone(),
                    list: "/value".into(),
                    holds: HELD
                        .map(|field| {
                            (format!("/properties/countDetails/{field}"), Is::Equal(json!(0).into()))
                        })
                        .into(),
                    at_least: Threshold::All,
                };
                Condition::Any(vec![empty, Condition::status(list, 404)])
            })
            .collect(),
    );
    let old = planning.standby();
    let action = Action::Expand(Stage {
        name: format!("{STAGE} {}", component.name),
        reads: lists.into_iter().collect(),
        needs: [
            Need::ControlPlane(planning.to().region.clone()),
            Need::DataPlane(planning.to().region.clone()),
            Need::DataPlane(planning.from().region.clone()),
        ]
        .into(),
    });
    let way = Way::new(action, nothing_held, durations::entity());
    part.steps.push(Step {
        id: StepId::new(&component.name, "drain"),
        component: component.name.clone(),
        title: format!("bring over what is stranded in {}", component.on(old).name()),
        after: [].into(),
        graceful: if planning.workload.wants_fresh(&component.name) {
            beside_a_fresh_one(way)
        } else {
            Way { deadline: SignedDuration::from_hours(4), ..way }
        },
        ungraceful: None,
        because: Citation::new(
            &["S21"],
            "messages are not replicated; they are drained when the old primary returns",
        ),
    });
    part
}

/// Where a fresh namespace protects next, what cannot be drained may stay, and being unprotected is worse.
fn beside_a_fresh_one(way: Way) -> Way {
    Way { on_failure: OnFailure::Continue, deadline: way.deadline.max(SignedDuration::from_hours(1)), ..way }
}

fn place_hosts(component: &Component, planning: &Planning<'_>, part: &mut Part) {
    for side in [planning.active, planning.standby()] {
        let region = planning.workload.site(side).region.clone();
        part.hosts.insert(own_host(component, side, planning.workload, planning.seen), region);
    }
}

/// Queues, topics, and the subscriptions of every topic that is known.
fn lists(component: &Component, planning: &Planning<'_>, part: &mut Part) -> Vec<ReadId> {
    let old = planning.standby();
    let mut lists: Vec<ReadId> =
        ["queues", "topics"].map(|segment| reads::list(part, component, old, segment, planning)).into();
    let topics: BTreeSet<String> = Namespace::planned(planning.active, component, planning)
        .entities()
        .into_iter()
        .chain(Namespace::planned(old, component, planning).entities())
        .filter(|entity| entity.segment == "topics")
        .map(|entity| entity.name.to_owned())
        .collect();
    for topic in topics {
        lists.push(reads::list(part, component, old, &format!("topics/{topic}/subscriptions"), planning));
    }
    lists
}

/// One transfer per queue or topic that holds anything.
pub(super) fn expand(component: &Component, planning: &Planning<'_>, seen: &Answers<'_>) -> Part {
    let mut part = Part::default();
    place_hosts(component, planning, &mut part);
    let old = planning.standby();
    let queues = reads::list(&mut part, component, old, "queues", planning);
    for queue in members(seen.get(&queues).map(|answer| &answer.body)) {
        let Some(name) = queue.get("name").and_then(Value::as_str) else { continue };
        let held = held(queue);
        if held > 0 {
            let id = component.on(old).child("queues", name);
            let paths = vec![name.to_owned(), format!("{name}/$DeadLetterQueue")];
            part.steps.push(transfer(component, planning, name, paths, held, is_empty(&queues, id.as_str())));
        }
    }
    let topics = reads::list(&mut part, component, old, "topics", planning);
    for topic in members(seen.get(&topics).map(|answer| &answer.body)) {
        let Some(name) = topic.get("name").and_then(Value::as_str) else { continue };
        let list = reads::list(&mut part, component, old, &format!("topics/{name}/subscriptions"), planning);
        let mut paths = Vec::new();
        let mut total = 0;
        let mut conditions = Vec::new();
        for subscription in members(seen.get(&list).map(|answer| &answer.body)) {
            let Some(below) = subscription.get("name").and_then(Value::as_str) else { continue };
            total += held(subscription);
            paths.push(format!("{name}/Subscriptions/{below}"));
            paths.push(format!("{name}/Subscriptions/{below}/$DeadLetterQueue"));
            let id = component.on(old).child("topics", name).child("subscriptions", below);
            conditions.push(is_empty(&list, id.as_str()));
        }
        if total > 0 {
            part.steps.push(transfer(component, planning, name, paths, total, Condition::All(conditions)));
        }
    }
    part
}

/// Counts of what an entity holds.
const HELD: [&str; 3] = ["activeMessageCount", "deadLetterMessageCount", "scheduledMessageCount"];

/// Everything that is held, in whatever state: all of it must be gone before the namespace may be emptied.
pub(super) fn held(entity: &Value) -> u64 {
    HELD.iter()
        .filter_map(|field| entity.pointer(&format!("/properties/countDetails/{field}"))?.as_u64())
        .sum()
}

fn is_empty(list: &ReadId, id: &str) -> Condition {
    let none = |field: &str| Condition::Test {
        read: list.clone(),
        item: Some(Item { list: "/value".into(), id: id.into() }),
        at: At::Pointer(format!("/properties/countDetails/{field}")),
        is: Is::Equal(json!(0).into()),
    };
    Condition::All(HELD.map(none).into())
}

fn transfer(
    component: &Component,
    planning: &Planning<'_>,
    name: &str,
    from_paths: Vec<String>,
    messages: u64,
    done_when: Condition,
) -> Step {
    let host = |side| own_host(component, side, planning.workload, planning.seen);
    let action = Action::Pump(Transfer {
        from_host: host(planning.standby()).into(),
        from_paths,
        to_host: host(planning.active).into(),
        to_path: name.to_owned(),
        key: "MessageId".to_owned(),
    });
    let way = Way::new(action, done_when, durations::drain(messages));
    Step {
        id: StepId::new(&component.name, &format!("drain-{name}")),
        component: component.name.clone(),
        title: format!("send on {messages} messages of `{name}`, at least once, MessageId kept"),
        after: [].into(),
        graceful: if planning.workload.wants_fresh(&component.name) {
            beside_a_fresh_one(way)
        } else {
            Way { deadline: SignedDuration::from_hours(2), on_failure: OnFailure::Continue, ..way }
        },
        ungraceful: None,
        because: Citation::new(&["S21"], "none lost, duplicates only with the same MessageId, and counted"),
    }
}
