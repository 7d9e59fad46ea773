//! Emptying the old side so that it may become the partner again (D02, F20).

use std::collections::BTreeSet;

use lifeboat_arm::Method;
use lifeboat_plan::{
    Action, At, CallDraft, Citation, Condition, Is, Item, ReadId, Stage, Step, StepId, Way, counted,
};
use serde_json::{Value, json};

use super::counts::{DEAD_LETTERS, count, dead_letters, each_holds_nothing, held, holds_nothing, listed};
use super::durations;
use super::fail_over::leads;
use super::namespace::{API, Namespace};
use super::reads;
use super::settings::{DeadLetters, wants_fresh};
use crate::service::{Answers, Part, Planning, Refusal, needs_in};
use crate::topology::Component;

/// The stage that finds what is left.
pub(super) const STAGE: &str = "service-bus/empty";

/// A step that empties the standby side, if the workload lived there before and left entities behind.
///
/// A namespace that never was ours to empty is not touched: the rule `SB-EMPTY` refuses it instead. Nor is one whose
/// owner wants a fresh one beside it.
pub(super) fn empty(
    component: &Component,
    planning: &Planning<'_>,
    alias: &str,
    part: &mut Part,
) -> Option<Step> {
    let old = planning.standby();
    let namespace = Namespace::planned(old, component, planning);
    if !planning.returning
        || wants_fresh(&component.name, planning.workload)
        || namespace.entities().is_empty()
    {
        return None;
    }
    let lists = ["queues", "topics"].map(|segment| reads::list(part, component, old, segment, planning));
    // A topic's messages lie in its subscriptions: they are looked at before the topic goes.
    let below = namespace.entities().into_iter().filter(|entity| entity.segment == "topics").map(|topic| {
        reads::list(part, component, old, &format!("topics/{}/subscriptions", topic.name), planning)
    });
    let looks: BTreeSet<ReadId> = lists.iter().cloned().chain(below).collect();
    let empty = |list: &ReadId| Condition::Test {
        read: list.clone(),
        item: None,
        at: At::Count("/value".into()),
        is: Is::Equal(json!(0).into()),
    };
    let nothing_there = Condition::All(lists.iter().map(empty).collect());
    // What a partner holds was copied to it: it was emptied before, and must not be again.
    let record = reads::alias(part, component, planning.active, alias, planning);
    let is_partner = reads::is_partner(&record, component.on(old));
    Some(Step {
        id: StepId::new(&component.name, "empty-old-side"),
        component: component.name.clone(),
        title: format!("remove the drained queues and topics of {}", component.on(old).name()),
        after: [].into(),
        graceful: Way::new(
            Action::Expand(Stage {
                name: format!("{STAGE} {}", component.name),
                reads: looks,
                needs: needs_in(planning.to()),
            }),
            Condition::All(vec![
                lives_elsewhere(component, planning, alias, part),
                Condition::Any(vec![nothing_there, is_partner]),
            ]),
            durations::entity(),
        ),
        ungraceful: None,
        because: Citation::new(&["D02", "F20"], "only an empty namespace can become the secondary"),
    })
}

/// A plan may be run on another day than the one it was made for: nothing is removed where the workload lives.
fn lives_elsewhere(
    component: &Component,
    planning: &Planning<'_>,
    alias: &str,
    part: &mut Part,
) -> Condition {
    let old = planning.standby();
    let record = reads::alias(part, component, old, alias, planning);
    let name = component.on(old).name();
    Condition::Never {
        seen: Box::new(leads(&record)),
        why: format!(
            "{name} holds the alias `{alias}`: the workload lives there, or it has not been fenced yet"
        ),
    }
}

/// One removal per entity; refused as long as any of them holds a message, or may hold one.
pub(super) fn expand(
    component: &Component,
    planning: &Planning<'_>,
    seen: &Answers<'_>,
) -> Result<Part, Refusal> {
    let mut part = Part::default();
    let old = planning.standby();
    for segment in ["queues", "topics"] {
        let list = reads::list(&mut part, component, old, segment, planning);
        for entity in listed(seen, &list) {
            let Some(name) = entity.get("name").and_then(Value::as_str) else { continue };
            let id = component.on(old).child(segment, name);
            let mut holders = vec![entity];
            let mut nothing = vec![holds_nothing(&list, id.as_str())];
            if segment == "topics" {
                let below =
                    reads::list(&mut part, component, old, &format!("topics/{name}/subscriptions"), planning);
                if !seen.get(&below).is_some_and(|answer| answer.is_success()) {
                    let why = format!("nobody saw what the subscriptions of `{name}` hold");
                    return Err(refusal(component, why, "look again once the region answers"));
                }
                holders.extend(listed(seen, &below));
                nothing.push(each_holds_nothing(&below));
            }
            refuse_what_holds(component, planning, name, &holders)?;
            let gone = Condition::Test {
                read: list.clone(),
                item: Some(Item { list: "/value".into(), id: id.as_str().into() }),
                at: At::Status,
                is: Is::Equal(json!(404).into()),
            };
            // Looked at once more when it goes: since the stage looked, a late producer may have been here.
            let held = Condition::Never {
                seen: Box::new(Condition::Not(Box::new(Condition::All(nothing)))),
                why: format!("`{name}` on {} holds a message, or may hold one", component.on(old).name()),
            };
            part.steps.push(Step {
                id: StepId::new(&component.name, &format!("remove-{segment}-{name}")),
                component: component.name.clone(),
                title: format!("remove the empty `{name}`"),
                after: [].into(),
                graceful: Way::new(
                    Action::Send(CallDraft::arm(Method::Delete, format!("{id}?api-version={API}"), None)),
                    Condition::Any(vec![gone.clone(), Condition::All(vec![held, gone])]),
                    durations::entity(),
                ),
                ungraceful: None,
                because: Citation::new(&["D02"], "only an empty namespace can become the secondary"),
            });
        }
    }
    Ok(part)
}

/// Nothing is deleted with a message in it, whatever its state; a dead letter is a message too.
fn refuse_what_holds(
    component: &Component,
    planning: &Planning<'_>,
    name: &str,
    holders: &[&Value],
) -> Result<(), Refusal> {
    let namespace = component.on(planning.standby()).name();
    let Some(messages) = holders.iter().map(|entity| held(entity)).sum::<Option<u64>>() else {
        let why = format!("nobody knows what `{name}` on {namespace} holds: Azure did not show its counts");
        return Err(refusal(component, why, "look again, or protect again with a fresh namespace"));
    };
    let dead: u64 = holders.iter().filter_map(|entity| count(entity, DEAD_LETTERS)).sum();
    let left = dead_letters(component, planning) == DeadLetters::Leave;
    if messages == 0 {
        Ok(())
    } else if left && messages == dead {
        let (letters, them) = (counted(dead, "dead letter"), if dead == 1 { "it" } else { "them" });
        let why = format!("`{name}` on {namespace} holds {letters}, and `deadLetters: leave` leaves {them}");
        let remedy = "take them out by hand, write `deadLetters: resend` and drain, or protect with `reprotect: fresh`";
        Err(refusal(component, why, remedy))
    } else {
        let why = format!("`{name}` on {namespace} still holds {}", counted(messages, "message"));
        Err(refusal(component, why, "drain it first, or protect again with a fresh namespace"))
    }
}

fn refusal(component: &Component, why: String, remedy: &str) -> Refusal {
    Refusal { rule: "SB-EMPTY".into(), component: component.name.clone(), why, remedy: remedy.to_owned() }
}
