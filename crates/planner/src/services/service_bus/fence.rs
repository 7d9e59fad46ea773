//! Fencing a primary that returned: it must have left the alias, and nobody may send into it any more (F13, F15).

use jiff::SignedDuration;
use lifeboat_arm::Method;
use lifeboat_plan::{
    Action, At, CallDraft, Citation, Condition, Forecast, Is, Item, OnFailure, Stage, Step, StepId,
    Threshold, Way,
};
use serde_json::{Value, json};

use super::durations;
use super::fail_over::leads;
use super::namespace::{API, alias_name};
use super::reads;
use crate::service::{Answers, Part, Planning, needs_in};
use crate::topology::Component;

/// The stage that finds the entities to fence.
pub(super) const STAGE: &str = "service-bus/stop-senders";

/// The workload serves from `planning.active`; the other side has returned.
pub(super) fn fence(component: &Component, planning: &Planning<'_>) -> Part {
    let mut part = Part::default();
    let left = has_left_the_alias(component, planning, &mut part);
    let stop = stop_senders(component, planning, &left.id, &mut part);
    part.steps.extend([left, stop]);
    part
}

/// For a while a returned region still believes that it is the primary.
fn has_left_the_alias(component: &Component, planning: &Planning<'_>, part: &mut Part) -> Step {
    let old = planning.standby();
    let alias = alias_name(component, planning.workload, planning.seen);
    let read = reads::alias(part, component, old, &alias, planning);
    let gone = Condition::Any(vec![
        Condition::status(&read, 404),
        Condition::equal(&read, "/properties/role", "Secondary"),
    ]);
    Step {
        id: StepId::new(&component.name, "old-side-left-alias"),
        component: component.name.clone(),
        title: format!("see {} give up the alias `{alias}`", component.on(old).name()),
        after: [].into(),
        graceful: Way {
            on_failure: OnFailure::Stop,
            deadline: SignedDuration::from_hours(1),
            ..Way::new(
                Action::Wait,
                gone,
                Forecast::assumed(120, 900, "a region that returns learns of the failover within minutes"),
            )
        },
        ungraceful: None,
        because: Citation::new(&["F13", "F15"], "the old primary comes back and must not act as one"),
    }
}

fn stop_senders(component: &Component, planning: &Planning<'_>, left: &StepId, part: &mut Part) -> Step {
    let old = planning.standby();
    let lists = ["queues", "topics"].map(|segment| reads::list(part, component, old, segment, planning));
    let refused =
        ("/properties/status".to_owned(), Is::OneOf(vec![json!("SendDisabled"), json!("Disabled")]));
    // A partner takes no messages and lets nobody change its entities: it is fenced by being one.
    let alias = alias_name(component, planning.workload, planning.seen);
    let record = reads::alias(part, component, old, &alias, planning);
    let is_partner = Condition::equal(&record, "/properties/role", "Secondary");
    // A plan may be run on another day than the one it was made for: senders are stopped nowhere but on the side that
    // was left.
    let elsewhere = Condition::Never {
        seen: Box::new(leads(&record)),
        why: format!("{} holds the alias `{alias}`: the workload lives there", component.on(old).name()),
    };
    // Somebody removed the namespace: nobody can send to it.
    let gone = Condition::All(lists.iter().map(|list| Condition::status(list, 404)).collect());
    let all_refuse = Condition::All(
        lists
            .iter()
            .map(|list| Condition::Each {
                read: list.clone(),
                list: "/value".into(),
                holds: vec![refused.clone()],
                at_least: Threshold::All,
            })
            .collect(),
    );
    Step {
        id: StepId::new(&component.name, "stop-senders"),
        component: component.name.clone(),
        title: format!("refuse new messages on {}", component.on(old).name()),
        after: [left.clone()].into(),
        graceful: Way::new(
            Action::Expand(Stage {
                name: format!("{STAGE} {}", component.name),
                reads: lists.into(),
                needs: needs_in(planning.to()),
            }),
            Condition::All(vec![elsewhere, Condition::Any(vec![all_refuse, is_partner, gone])]),
            durations::entity(),
        ),
        ungraceful: None,
        because: Citation::new(
            &["F13", "F15"],
            "a late producer gets an error instead of a message that nobody reads",
        ),
    }
}

/// One step per queue and topic that still takes messages. Receiving stays allowed: the drain needs it.
pub(super) fn expand(component: &Component, planning: &Planning<'_>, seen: &Answers<'_>) -> Part {
    let mut part = Part::default();
    let old = planning.standby();
    for segment in ["queues", "topics"] {
        let list = reads::list(&mut part, component, old, segment, planning);
        for entity in members(seen.get(&list).map(|answer| &answer.body)) {
            let Some(name) = entity.get("name").and_then(Value::as_str) else { continue };
            let id = component.on(old).child(segment, name);
            let status = |is| Condition::Test {
                read: list.clone(),
                item: Some(Item { list: "/value".into(), id: id.as_str().into() }),
                at: At::Pointer("/properties/status".into()),
                is,
            };
            let call = CallDraft::arm(
                Method::Put,
                format!("{id}?api-version={API}"),
                Some(json!({ "properties": with_status(entity, refusing_senders(entity)) }).into()),
            );
            part.steps.push(Step {
                id: StepId::new(&component.name, &format!("stop-senders-{segment}-{name}")),
                component: component.name.clone(),
                title: format!("refuse new messages in `{name}`"),
                after: [].into(),
                graceful: Way::new(
                    Action::Send(call),
                    status(Is::OneOf(vec![json!("SendDisabled"), json!("Disabled")])),
                    durations::entity(),
                ),
                ungraceful: None,
                because: Citation::new(&["F15"], "the old side must not take messages any more"),
            });
        }
    }
    part
}

/// The status that refuses senders and leaves the rest as it is: what nobody may receive from stays closed for them
/// too.
fn refusing_senders(entity: &Value) -> &'static str {
    match entity.pointer("/properties/status").and_then(Value::as_str) {
        Some("ReceiveDisabled" | "Disabled") => "Disabled",
        _ => "SendDisabled",
    }
}

/// The members of a list answer.
pub(super) fn members(body: Option<&Value>) -> &[Value] {
    body.and_then(|body| body.get("value")?.as_array()).map_or(&[], Vec::as_slice)
}

/// A PUT replaces the whole entity: everything that can be set is sent again, with this status.
pub(super) fn with_status(entity: &Value, status: &str) -> Value {
    let mut properties = entity.get("properties").cloned().unwrap_or_else(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        for read_only in [
            "countDetails",
            "messageCount",
            "sizeInBytes",
            "createdAt",
            "updatedAt",
            "accessedAt",
            "subscriptionCount",
        ] {
            properties.remove(read_only);
        }
        properties.insert("status".into(), status.into());
    }
    properties
}
