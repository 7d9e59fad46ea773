//! What a failover of the alias leaves behind, from what an operator could have observed (S21, D06).

use lifeboat_plan::{FactUsed, Loss, LossKind, LossStatement};
use serde_json::{Value, json};

use super::counts::{COUNTS, DEAD_LETTERS, SCHEDULED, count, dead_letters};
use super::namespace::{Namespace, last_segment, name_of, pending};
use super::settings::DeadLetters;
use crate::service::Planning;
use crate::topology::Component;

/// Messages and state that stay with the old primary.
pub(super) fn left_behind(component: &Component, planning: &Planning<'_>) -> LossStatement {
    let namespace = Namespace::planned(planning.active, component, planning);
    let observed_at = planning.seen.last_list(component.on(planning.active), "queues").and_then(|(_, at)| at);
    let left = dead_letters(component, planning) == DeadLetters::Leave;
    let mut losses = Vec::new();
    let mut stranded = |entity: &str, body: &Value, is_read: bool| {
        for (field, word) in COUNTS {
            let count = count(body, field);
            // What was empty a moment ago may fill up until the button is pressed, so active messages are always named
            // where somebody reads them, and in a topic, which holds only what is not due yet, the scheduled ones; and
            // what nobody has counted is not nothing.
            let uncounted = count.is_none() && is_read && [DEAD_LETTERS, SCHEDULED].contains(&field);
            let named = uncounted || field == if is_read { "activeMessageCount" } else { SCHEDULED };
            if named || count.is_some_and(|count| count > 0) {
                let stays = if field == DEAD_LETTERS && left {
                    ", which stay there: `deadLetters: leave`"
                } else {
                    ""
                };
                losses.push(Loss {
                    kind: LossKind::Stranded,
                    what: format!("{word} messages in `{entity}`{stays}"),
                    count,
                    observed_at,
                });
            }
        }
    };
    for entity in namespace.entities() {
        stranded(entity.name, entity.body, entity.segment == "queues");
        if entity.segment == "topics" {
            for subscription in namespace.subscriptions(entity.name) {
                let name = subscription.get("name").and_then(Value::as_str).unwrap_or("?");
                stranded(&format!("{}/{}", entity.name, last_segment(name)), subscription, true);
            }
        }
    }
    let mut reset = |entity: &str, body: &Value| {
        for (property, word) in STATE {
            if body.pointer(&format!("/properties/{property}")).and_then(Value::as_bool) == Some(true) {
                let what = format!("{word} of `{entity}`");
                losses.push(Loss { kind: LossKind::Reset, what, count: None, observed_at });
            }
        }
    };
    for entity in namespace.entities() {
        reset(entity.name, entity.body);
        if entity.segment == "topics" {
            for subscription in namespace.subscriptions(entity.name) {
                let name = subscription.get("name").and_then(Value::as_str).unwrap_or("?");
                reset(&format!("{}/{}", entity.name, last_segment(name)), subscription);
            }
        }
    }
    LossStatement(losses)
}

/// A forced failover also loses metadata that was not replicated yet.
pub(super) fn with_pending_metadata(
    mut losses: LossStatement,
    component: &Component,
    planning: &Planning<'_>,
    alias: &str,
) -> LossStatement {
    let path = format!("{}/disasterRecoveryConfigs", component.on(planning.active));
    let known = planning.seen.fact(&path).and_then(crate::inventory::Fact::last_known);
    let pending = known.and_then(|known| {
        let all = known.value.as_array()?;
        let record =
            all.iter().find(|one| name_of(one).is_some_and(|name| name.eq_ignore_ascii_case(alias)))?;
        pending(component.on(planning.active), record, planning.seen)
    });
    if pending != Some(0) {
        losses.0.push(Loss {
            kind: LossKind::Lost,
            what: format!("changes of queues and topics that `{alias}` had not replicated"),
            count: pending,
            observed_at: known.and_then(|known| known.at),
        });
    }
    losses
}

/// The counts that the plan rests on: of queues and subscriptions, and of topics, which hold what is not due yet.
pub(super) fn facts(component: &Component, planning: &Planning<'_>) -> Vec<FactUsed> {
    let namespace = Namespace::planned(planning.active, component, planning);
    let id = component.on(planning.active);
    let mut facts = Vec::new();
    let mut counts = |entity: &str, body: &Value, list: String| {
        let fact = planning.seen.fact(&list).and_then(crate::inventory::Fact::last_known);
        facts.push(FactUsed {
            key: format!("{}/{entity}/messages", component.name),
            value: body.pointer("/properties/countDetails").cloned().unwrap_or(json!("unknown")),
            observed_at: fact.and_then(|known| known.at),
            source: format!("GET {list}"),
        });
    };
    for entity in namespace.entities() {
        counts(entity.name, entity.body, format!("{id}/{}", entity.segment));
        if entity.segment == "queues" {
            continue;
        }
        for subscription in namespace.subscriptions(entity.name) {
            let list = format!("{id}/topics/{}/subscriptions", entity.name);
            let name = name_of(subscription).unwrap_or("?");
            counts(&format!("{}/{name}", entity.name), subscription, list);
        }
    }
    facts
}

/// Properties whose state does not travel (D06).
const STATE: &[(&str, &str)] =
    &[("requiresSession", "session state"), ("requiresDuplicateDetection", "duplicate-detection history")];
