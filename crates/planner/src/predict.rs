//! The world as a plan would leave it, built from the conditions of its steps and from nothing else.
//!
//! Offline, a failover is planned for the world as prepare would leave it and a failback for the world as failover
//! would leave it. A drill compares every prediction with the lab.

use std::collections::BTreeSet;

use lifeboat_arm::ResourceId;
use lifeboat_plan::{At, CallDraft, Condition, Draft, Is, Plan, ReadDraft, ReadId, Step};
use serde_json::{Value, json};

use crate::inventory::{Fact, Inventory, Known, Source};
use crate::services::service_of;

/// What will be observed after `plan` has been executed in a world where `seen` was observed.
pub fn predict(seen: &Inventory, plan: &Plan) -> Inventory {
    let mut world = seen.clone();
    for step in &plan.steps {
        let way = step.way(plan.policy.prefer);
        apply(&mut world, plan, step, &way.done_when);
    }
    world
}

fn apply(world: &mut Inventory, plan: &Plan, step: &Step, condition: &Condition) {
    match condition {
        Condition::All(inner) => inner.iter().for_each(|condition| apply(world, plan, step, condition)),
        // The first alternative is the one that planners prefer.
        Condition::Any(inner) => {
            if let Some(first) = inner.first() {
                apply(world, plan, step, first);
            }
        }
        Condition::Test { read, item: None, at, is } => {
            if let Some(path) = path(plan, read) {
                test(world, step, &path, at, is);
            }
        }
        Condition::Test { item: Some(item), at, is, .. } => {
            if let Some(id) = item.id.literal() {
                test(world, step, id, at, is);
            }
        }
        // What must not be, and how many of many, tell nothing about one fact; what must have held for a while is a gate
        // before the change and not the change.
        Condition::Not(_) | Condition::Never { .. } | Condition::Each { .. } | Condition::Held { .. } => {}
    }
}

fn path(plan: &Plan, read: &ReadId) -> Option<String> {
    match plan.reads.get(read)? {
        ReadDraft::Arm(CallDraft { path, .. }) => Some(path.literal()?.split('?').next()?.to_owned()),
        ReadDraft::Http(_) | ReadDraft::Dns(_) => None,
    }
}

fn test(world: &mut Inventory, step: &Step, path: &str, at: &At, is: &Is) {
    let source = Source::Predicted { step: step.id.to_string() };
    match (at, is) {
        (At::Status, Is::Equal(Draft::Value(status))) if status == &json!(404) => absent(world, path),
        (At::Status, Is::Equal(Draft::Value(status))) if status == &json!(200) => {
            change(world, path, source, |_| {});
        }
        (At::Pointer(pointer), is) => {
            let value = match is {
                Is::Equal(Draft::Value(value)) => Some(value.clone()),
                Is::SameId(id) => id.literal().map(|id| json!(id)),
                Is::OneOf(values) => values.first().cloned(),
                _ => None,
            };
            if let Some(value) = value {
                change(world, path, source, |body| set(body, pointer, value));
            } else if matches!(is, Is::Present) {
                change(world, path, source, |_| {});
            } else if matches!(is, Is::Absent) {
                change(world, path, source, |body| set(body, pointer, Value::Null));
            }
        }
        (
            At::Field(list, field),
            Is::Includes(Draft::Value(Value::Array(values)))
            | Is::SameSet(Draft::Value(Value::Array(values))),
        ) if list == "/value" => {
            include(world, path, field, values, &source);
        }
        (At::Count(_), Is::Equal(Draft::Value(count))) if count == &json!(0) => {
            put(world, path, json!([]), source);
        }
        _ => {}
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

fn absent(world: &mut Inventory, path: &str) {
    world.insert(path, Fact::Absent { at: Some(jiff::Timestamp::UNIX_EPOCH) });
    let Some(list) = list_of(path) else { return };
    let mut members = members(world, list);
    members.retain(|member| !has_id(member, path));
    put(world, list, Value::Array(members), Source::Predicted { step: String::new() });
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
