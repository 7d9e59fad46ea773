//! What a queue, topic or subscription holds, by `countDetails`: one list, for whoever counts, drains or empties.

use lifeboat_plan::{At, Condition, Is, Item, ReadId, Threshold};
use serde_json::{Value, json};

use super::fence::members;
use super::settings::{DeadLetters, choice};
use crate::service::{Answers, Planning};
use crate::topology::Component;

/// The messages that consumers gave up; everything else waits for one.
pub(super) const DEAD_LETTERS: &str = "deadLetterMessageCount";

/// Not due yet: nobody can read them before.
pub(super) const SCHEDULED: &str = "scheduledMessageCount";

/// What could not be forwarded; no consumer has seen it.
pub(super) const UNDELIVERED: &str = "transferDeadLetterMessageCount";

/// Every count, with its word (REST reference, `MessageCountDetails`). What is missing here is missing everywhere.
pub(super) const COUNTS: [(&str, &str); 5] = [
    ("activeMessageCount", "active"),
    (DEAD_LETTERS, "dead-lettered"),
    (SCHEDULED, "scheduled"),
    ("transferMessageCount", "forwarding"),
    (UNDELIVERED, "undeliverable forwarded"),
];

/// The counts of an entity that holds nothing.
pub(super) fn none() -> Value {
    COUNTS.iter().map(|(field, _)| ((*field).to_owned(), json!(0))).collect()
}

/// One count of an entity; none where Azure did not show it.
pub(super) fn count(entity: &Value, field: &str) -> Option<u64> {
    entity.pointer(&pointer(field))?.as_u64()
}

/// Everything an entity holds, in whatever state; none where a count was not shown, for that is not zero (F4).
pub(super) fn held(entity: &Value) -> Option<u64> {
    COUNTS.iter().map(|(field, _)| count(entity, field)).sum()
}

/// That an entity in a list holds nothing at all, and shows it.
pub(super) fn holds_nothing(list: &ReadId, id: &str) -> Condition {
    let none = |(field, _): &(&str, &str)| Condition::Test {
        read: list.clone(),
        item: Some(Item { list: "/value".into(), id: id.into() }),
        at: At::Pointer(pointer(field)),
        is: zero(),
    };
    Condition::All(COUNTS.iter().map(none).collect())
}

/// The same of each member of a list; a list that is gone has none.
pub(super) fn each_holds_nothing(list: &ReadId) -> Condition {
    let each = Condition::Each {
        read: list.clone(),
        list: "/value".into(),
        holds: COUNTS.iter().map(|(field, _)| (pointer(field), zero())).collect(),
        at_least: Threshold::All,
    };
    Condition::Any(vec![Condition::status(list, 404), each])
}

/// What the owner wants to happen to dead letters.
pub(super) fn dead_letters(component: &Component, planning: &Planning<'_>) -> DeadLetters {
    choice(&component.name, planning.workload).map_or(DeadLetters::default(), |choice| choice.dead_letters)
}

/// What a drain brings over.
pub(super) fn to_drain(entity: &Value, dead_letters: DeadLetters) -> u64 {
    drained(dead_letters).filter_map(|field| count(entity, field)).sum()
}

/// That a drain has brought everything over, of one entity in a list.
pub(super) fn is_drained(list: &ReadId, id: &str, dead_letters: DeadLetters) -> Condition {
    let none = |field: &str| Condition::Test {
        read: list.clone(),
        item: Some(Item { list: "/value".into(), id: id.into() }),
        at: At::Pointer(pointer(field)),
        is: zero(),
    };
    Condition::All(drained(dead_letters).map(none).collect())
}

/// The same of each member of a list.
pub(super) fn each_is_drained(dead_letters: DeadLetters) -> Vec<(String, Is)> {
    drained(dead_letters).map(|field| (pointer(field), zero())).collect()
}

/// The members of a list that a stage looked at.
pub(super) fn listed<'a>(seen: &Answers<'a>, list: &ReadId) -> &'a [Value] {
    members(seen.get(list).map(|answer| &answer.body))
}

fn drained(dead_letters: DeadLetters) -> impl Iterator<Item = &'static str> {
    let stays = move |field: &str| field == DEAD_LETTERS && dead_letters == DeadLetters::Leave;
    COUNTS.into_iter().map(|(field, _)| field).filter(move |field| !stays(field))
}

fn pointer(field: &str) -> String {
    format!("/properties/countDetails/{field}")
}

fn zero() -> Is {
    Is::Equal(json!(0).into())
}
