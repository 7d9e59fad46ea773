//! What a drain sends to: it must stand before the first message is taken, for Service Bus counts a message that is
//! taken and given back as delivered, and sets it aside when that happened too often.
//!
//! A queue that deletes itself when idle may have done so on the side that took over, because last-access times are not
//! replicated (D05). What is stranded of it would then have nowhere to go, and would be gone with the old queue as soon
//! as nobody looks into that any more: so the queue is made again first.
//!
//! What deletes itself is drained even where that failed, and so are topics, which are not made again, because no list
//! shows a subscription's filters. Left alone, the old entity would go with all that it holds before anybody could
//! help; trying to take from it is use and keeps it there for as long as the drain is tried. That costs deliveries, and
//! in the end sets some messages aside; but whoever makes the entity by hand in the meantime gets all the others.
//! Known gap: when the drain is given up, what is left goes with the old entity.

use jiff::SignedDuration;
use lifeboat_arm::Method;
use lifeboat_plan::{
    Action, At, CallDraft, Citation, Condition, Draft, Is, Item, OnFailure, ReadId, Step, StepId, Way,
};
use serde_json::{Value, json};

use super::super::fence::with_status;
use super::super::namespace::{API, Namespace};
use super::super::{durations, reads};
use crate::service::{Part, Planning};
use crate::topology::Component;

/// What was used or changed so lately does not delete itself under a drain that begins: the least time to be idle is
/// five minutes. Azure's clock and ours may differ.
const LATELY: SignedDuration = SignedDuration::from_mins(2);

/// How long it is tried: for no longer than the least time to be idle, for nobody looks into the old queue meanwhile.
const GIVEN_UP: SignedDuration = SignedDuration::from_mins(5);

/// That the queue or topic is there.
pub(super) fn stands(
    segment: &str,
    name: &str,
    component: &Component,
    planning: &Planning<'_>,
    part: &mut Part,
) -> Condition {
    let list = reads::list(part, component, planning.active, segment, planning);
    Condition::Never {
        seen: Box::new(of(
            &list,
            segment,
            name,
            component,
            planning,
            At::Status,
            Is::Equal(json!(404).into()),
        )),
        why: format!(
            "{} has no `{name}` that its messages could be sent to: none is taken",
            component.on(planning.active).name()
        ),
    }
}

/// A step that makes a queue again where it deleted itself, and keeps it from doing so now: an update is use. One that
/// is used anyway is left alone.
pub(super) fn made_again(
    old: &Value,
    name: &str,
    component: &Component,
    planning: &Planning<'_>,
    part: &mut Part,
) -> Step {
    let namespace = component.on(planning.active);
    let list = reads::list(part, component, planning.active, "queues", planning);
    let lately = Draft::from(json!((planning.now - LATELY).to_string()));
    let since = |field: &str| {
        let at = At::Pointer(format!("/properties/{field}"));
        of(&list, "queues", name, component, planning, at, Is::After(lately.clone()))
    };
    let path = format!("{}?api-version={API}", namespace.child("queues", name));
    let body = json!({ "properties": definition(old, name, component, planning) });
    Step {
        id: StepId::new(&component.name, &format!("keep-{name}")),
        component: component.name.clone(),
        title: format!("make `{name}` on {} again, unless it is in use", namespace.name()),
        after: [].into(),
        graceful: Way {
            deadline: GIVEN_UP,
            on_failure: OnFailure::Continue,
            ..Way::new(
                Action::Send(CallDraft::arm(Method::Put, path, Some(body.into()))),
                Condition::Any(vec![since("updatedAt"), since("accessedAt")]),
                durations::entity(),
            )
        },
        ungraceful: None,
        because: Citation::new(
            &["D05", "S21"],
            "what deletes itself when idle may vanish on the new primary",
        ),
    }
}

/// A queue as it was last seen where it is to stand, else as the old side shows it. There the fence refuses senders:
/// that is taken back.
fn definition(old: &Value, name: &str, component: &Component, planning: &Planning<'_>) -> Value {
    let here = Namespace::planned(planning.active, component, planning);
    let is_it = |one: &&Value| {
        one.get("name").and_then(Value::as_str).is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    let known = planning.seen.last_list(here.id, "queues").and_then(|(queues, _)| queues.iter().find(is_it));
    let status =
        |queue: &Value| queue.pointer("/properties/status").and_then(Value::as_str).map(str::to_owned);
    match known {
        Some(queue) => with_status(queue, status(queue).as_deref().unwrap_or("Active")),
        None => match status(old).as_deref() {
            Some("Disabled" | "ReceiveDisabled") => with_status(old, "ReceiveDisabled"),
            _ => with_status(old, "Active"),
        },
    }
}

fn of(
    list: &ReadId,
    segment: &str,
    name: &str,
    component: &Component,
    planning: &Planning<'_>,
    at: At,
    is: Is,
) -> Condition {
    let id = component.on(planning.active).child(segment, name);
    Condition::Test {
        read: list.clone(),
        item: Some(Item { list: "/value".into(), id: id.as_str().into() }),
        at,
        is,
    }
}
