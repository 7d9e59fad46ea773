//! The world as a plan would leave it, built from the conditions of its steps and from nothing else.
//!
//! Offline, a failover is planned for the world as prepare would leave it and a failback for the world as failover
//! would leave it. A drill compares every prediction with the lab: each says which step tells it, and can be held
//! against what was observed (`predict/claim.rs`).

mod claim;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use lifeboat_arm::ResourceId;
use lifeboat_plan::{At, CallDraft, Condition, Draft, Is, Plan, ReadDraft, ReadId, Step};
use serde_json::{Value, json};

use crate::inventory::{Fact, Inventory, Known, Source};
use crate::services::service_of;

pub use claim::{Claim, Found, Prediction};

/// What will be observed after `plan` has been executed in a world where `seen` was observed.
pub fn predict(seen: &Inventory, plan: &Plan) -> Inventory {
    follow(seen, plan).0
}

/// What `plan` changes by its own conditions, each told once: neither what was observed to be so already, nor what a
/// later step undoes.
pub fn predictions(seen: &Inventory, plan: &Plan) -> Vec<Prediction> {
    let (after, told) = follow(seen, plan);
    let mut changes: Vec<Prediction> = Vec::new();
    for one in told {
        let is_known = changes.iter().any(|known| (&known.path, &known.claim) == (&one.path, &one.claim));
        if !is_known && one.holds_in(&after) && !one.held_before(seen) {
            changes.push(one);
        }
    }
    changes
}

/// The world after each step in turn, and what the steps tell of it.
fn follow(seen: &Inventory, plan: &Plan) -> (Inventory, Vec<Prediction>) {
    let (mut world, mut told) = (seen.clone(), Vec::new());
    for step in &plan.steps {
        let done_when = &step.way(plan.policy.prefer).done_when;
        // What is done is found done, whichever of several ends it came to.
        if is_met(&world, plan, step, done_when) {
            continue;
        }
        let before = told.len();
        listen(plan, step, done_when, &mut told);
        for one in &told[before..] {
            apply(&mut world, one);
        }
    }
    (world, told)
}

/// Whether a condition holds for sure, by what was seen or predicted: what a template declares is not there yet.
fn is_met(world: &Inventory, plan: &Plan, step: &Step, condition: &Condition) -> bool {
    match condition {
        Condition::All(inner) => inner.iter().all(|condition| is_met(world, plan, step, condition)),
        Condition::Any(inner) => inner.iter().any(|condition| is_met(world, plan, step, condition)),
        Condition::Test { .. } => prediction(plan, step, condition).is_some_and(|one| one.holds_in(world)),
        // It refuses the step, and says nothing about its end.
        Condition::Never { .. } => true,
        Condition::Not(_) | Condition::Each { .. } | Condition::Held { .. } => false,
    }
}

fn listen(plan: &Plan, step: &Step, condition: &Condition, told: &mut Vec<Prediction>) {
    match condition {
        Condition::All(inner) => inner.iter().for_each(|condition| listen(plan, step, condition, told)),
        // The first alternative is the one that planners prefer.
        Condition::Any(inner) => {
            inner.iter().take(1).for_each(|condition| listen(plan, step, condition, told));
        }
        Condition::Test { .. } => told.extend(prediction(plan, step, condition)),
        // What must not be, and how many of many, tell nothing about one fact; what must have held for a while is a
        // gate before the change and not the change.
        Condition::Not(_) | Condition::Never { .. } | Condition::Each { .. } | Condition::Held { .. } => {}
    }
}

/// What a test predicts; none where its path or what it wants is known only to the run.
fn prediction(plan: &Plan, step: &Step, condition: &Condition) -> Option<Prediction> {
    let Condition::Test { read, item, at, is } = condition else { return None };
    let path = match item {
        None => path(plan, read)?,
        Some(item) => item.id.literal()?.to_owned(),
    };
    Some(Prediction { step: step.id.clone(), path, claim: claim_of(at, is)? })
}

fn path(plan: &Plan, read: &ReadId) -> Option<String> {
    match plan.reads.get(read)? {
        ReadDraft::Arm(CallDraft { path, .. }) => Some(path.literal()?.split('?').next()?.to_owned()),
        ReadDraft::Http(_) | ReadDraft::Dns(_) => None,
    }
}

/// What a test tells of its path; none where it tells nothing about one fact.
fn claim_of(at: &At, is: &Is) -> Option<Claim> {
    match (at, is) {
        (At::Status, Is::Equal(Draft::Value(status))) if status == &json!(404) => Some(Claim::Absent),
        (At::Status, Is::Equal(Draft::Value(status))) if status == &json!(200) => Some(Claim::There),
        (At::Pointer(pointer), is) => {
            let has = |value: Value| Some(Claim::Has { pointer: pointer.clone(), value });
            match is {
                Is::Equal(Draft::Value(value)) => has(value.clone()),
                Is::SameId(id) => {
                    Some(Claim::HasId { pointer: pointer.clone(), id: id.literal()?.to_owned() })
                }
                Is::OneOf(values) => has(values.first()?.clone()),
                Is::Absent => has(Value::Null),
                Is::Present => Some(Claim::There),
                _ => None,
            }
        }
        (
            At::Field(list, field),
            Is::Includes(Draft::Value(Value::Array(values)))
            | Is::SameSet(Draft::Value(Value::Array(values))),
        ) if list == "/value" => Some(Claim::Includes { field: field.clone(), values: values.clone() }),
        (At::Count(_), Is::Equal(Draft::Value(count))) if count == &json!(0) => Some(Claim::Empty),
        _ => None,
    }
}

fn apply(world: &mut Inventory, told: &Prediction) {
    let source = Source::Predicted { step: told.step.to_string() };
    let path = &told.path;
    match &told.claim {
        Claim::There => change(world, path, source, |_| {}),
        Claim::Absent => absent(world, path, source),
        Claim::Has { pointer, value } => {
            change(world, path, source, |body| set(body, pointer, value.clone()));
        }
        Claim::HasId { pointer, id } => change(world, path, source, |body| set(body, pointer, json!(id))),
        Claim::Includes { field, values } => include(world, path, field, values, &source),
        Claim::Empty => put(world, path, json!([]), source),
    }
}

fn put(world: &mut Inventory, path: &str, value: Value, source: Source) {
    // A prediction is as old as what it predicts from: it has no time of its own.
    let at = world.fact(path).and_then(Fact::last_known).and_then(|known| known.at);
    world.insert(path, Fact::Known(Known { value, at: at.or(Some(jiff::Timestamp::UNIX_EPOCH)), source }));
}

/// Changes a resource, and the list that shows it.
fn change(world: &mut Inventory, path: &str, source: Source, with: impl FnOnce(&mut Value)) {
    let mut body = world
        .fact(path)
        .and_then(Fact::last_known)
        .map(|known| known.value.clone())
        .or_else(|| member(world, path))
        .unwrap_or_else(|| json!({}));
    if let Some(object) = body.as_object_mut() {
        object.entry("id").or_insert_with(|| json!(path));
        object.entry("name").or_insert_with(|| json!(path.rsplit('/').next().unwrap_or_default()));
    }
    with(&mut body);
    put(world, path, body.clone(), source.clone());
    let Some(list) = list_of(path) else { return };
    let mut members = members(world, list);
    match members.iter_mut().find(|member| has_id(member, path)) {
        Some(member) => *member = body,
        None => members.push(body),
    }
    put(world, list, Value::Array(members), source);
}

fn absent(world: &mut Inventory, path: &str, source: Source) {
    world.insert(path, Fact::Absent { at: Some(jiff::Timestamp::UNIX_EPOCH) });
    // Of a list that nobody has seen, one member less tells nothing.
    let seen = |list: &&str| world.fact(list).and_then(Fact::last_known).is_some();
    let Some(list) = list_of(path).filter(seen) else { return };
    let mut members = members(world, list);
    members.retain(|member| !has_id(member, path));
    put(world, list, Value::Array(members), source);
}

/// A list that must include members gets those that it has not, each copied from wherever a twin of the same name is
/// known.
fn include(world: &mut Inventory, list: &str, field: &str, values: &[Value], source: &Source) {
    let mut members = members(world, list);
    let folded = |value: &Value| value.as_str().map(str::to_ascii_lowercase);
    let mut there: BTreeSet<String> =
        members.iter().filter_map(|member| member.pointer(field).and_then(folded)).collect();
    let known = members.len();
    for value in values {
        if folded(value).is_none_or(|value| there.insert(value)) {
            members.push(newcomer(world, list, field, value, source));
        }
    }
    if members.len() > known {
        put(world, list, Value::Array(members), source.clone());
    }
}

fn newcomer(world: &mut Inventory, list: &str, field: &str, value: &Value, source: &Source) -> Value {
    let mut member = json!({});
    set(&mut member, field, value.clone());
    let Some(name) = value.as_str() else { return member };
    if field == "/id" {
        set(&mut member, "/name", json!(name.rsplit('/').next().unwrap_or_default()));
        let known = world.fact(name).and_then(Fact::last_known);
        let known = known.map_or_else(|| member.clone(), |known| known.value.clone());
        put(world, name, known, source.clone());
    } else {
        set(&mut member, "/id", json!(format!("{list}/{name}")));
        if let Some(kind) = ResourceId::parse(&format!("{list}/{name}")).ok().and_then(|id| id.kind()) {
            service_of(&kind).say_new(&kind, &mut member);
        }
    }
    member
}

fn list_of(path: &str) -> Option<&str> {
    path.rfind('/').map(|end| &path[..end])
}

fn members(world: &Inventory, list: &str) -> Vec<Value> {
    world
        .fact(list)
        .and_then(Fact::last_known)
        .and_then(|known| known.value.as_array().cloned())
        .unwrap_or_default()
}

fn member(world: &Inventory, path: &str) -> Option<Value> {
    members(world, list_of(path)?).into_iter().find(|member| has_id(member, path))
}

fn has_id(member: &Value, id: &str) -> bool {
    member.get("id").and_then(Value::as_str).is_some_and(|have| have.eq_ignore_ascii_case(id))
}

/// Sets a value at a JSON pointer, making the objects on the way.
fn set(body: &mut Value, pointer: &str, value: Value) {
    let mut at = body;
    for key in pointer.split('/').skip(1) {
        if !at.is_object() {
            *at = json!({});
        }
        let Some(object) = at.as_object_mut() else { return };
        at = object.entry(key.to_owned()).or_insert(Value::Null);
    }
    *at = value;
}
