//! Resource groups: a name, tags, and a location where the group's *metadata* lives.
//!
//! What that location means when its region is down is decided before every provider, in `gate.rs`.
//! Reference: Microsoft.Resources 2024-03-01. Known gaps: moveResources, exportTemplate, locks.

use std::collections::BTreeMap;

use lifeboat_arm::{Answer, Method, Region, ResourceId};
use serde_json::{Value, json};

use crate::agenda::Event;
use crate::operation::urls;
use crate::refusal::{Handled, Refused, common, refuse};
use crate::route::{Request, Route};
use crate::world::Ctx;

/// A group's id; compares without case.
pub(crate) type GroupKey = ResourceId;

// --- state: what a group is inside the lab

/// One group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: ResourceId,
    /// Where the metadata lives; fixed at creation.
    pub(crate) location: Region,
    tags: Value,
    managed_by: Value,
    /// The operation that deletes it, once somebody asked for that.
    pub(crate) deleting: Option<String>,
}

/// All groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct Groups {
    pub(crate) all: BTreeMap<GroupKey, Group>,
}

impl Groups {
    pub(crate) fn get(&self, subscription: &str, name: &str) -> Option<&Group> {
        self.all.get(&ResourceId::group(subscription, name))
    }
}

// --- wire: as Azure writes it

impl Group {
    fn to_wire(&self) -> Value {
        let state = if self.deleting.is_some() { "Deleting" } else { "Succeeded" };
        let mut wire = json!({
            "id": self.id.as_str(),
            "name": self.id.name(),
            "type": "Microsoft.Resources/resourceGroups",
            "location": self.location.as_str(),
            "properties": { "provisioningState": state },
        });
        for (name, value) in [("tags", &self.tags), ("managedBy", &self.managed_by)] {
            if !value.is_null() {
                wire[name] = value.clone();
            }
        }
        wire
    }
}

// --- rules

/// `…/resourcegroups` and `…/resourcegroups/{name}`.
pub(crate) fn handle(request: &Request, ctx: &mut Ctx<'_>) -> Handled {
    if request.route == Route::Groups {
        let scope = ResourceId::parse(&format!("/subscriptions/{}", request.subscription_name()))
            .map_err(|bad| Refused::new(400, "InvalidResourceId", bad.to_string()))?;
        let groups = ctx.world.groups.all.values().filter(|group| group.id.is_within(&scope));
        return Ok(Answer::new(200, json!({ "value": groups.map(Group::to_wire).collect::<Vec<_>>() })));
    }
    let name = request.group_name();
    let key = ResourceId::group(request.subscription_name(), name);
    match request.method {
        Method::Put => put(key, request, ctx),
        Method::Head => {
            Ok(Answer::new(if ctx.world.groups.all.contains_key(&key) { 204 } else { 404 }, Value::Null))
        }
        Method::Get => found(&key, name, ctx).map(|group| Answer::new(200, group.to_wire())),
        Method::Patch => {
            found(&key, name, ctx)?;
            patch(&key, request, ctx)
        }
        Method::Delete => {
            found(&key, name, ctx)?;
            Ok(delete(&key, request, ctx))
        }
        Method::Post => Err(Refused::new(405, "MethodNotAllowed", "Groups take no such action.")),
    }
}

fn found<'a>(key: &GroupKey, name: &str, ctx: &'a Ctx<'_>) -> Result<&'a Group, Refused> {
    ctx.world.groups.all.get(key).ok_or_else(|| common::NO_GROUP.with(&[name]))
}

fn put(key: GroupKey, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
    let given = request.body.get("location").and_then(Value::as_str);
    refuse(given.is_none(), &common::LOCATION_REQUIRED, &[])?;
    let text = given.unwrap_or_default();
    let location = Region::lenient(text);
    let known = Region::parse(text).is_ok();
    let all = || Region::all().map(|region| region.as_str().to_owned()).collect::<Vec<_>>().join(",");
    refuse(!known, &common::GROUP_LOCATION, &[text, &all()])?;
    let existing = ctx.world.groups.all.get(&key);
    if let Some(group) = existing {
        let there = group.location.as_str();
        refuse(group.location != location, &common::GROUP_ELSEWHERE, &[text, there])?;
        refuse(group.deleting.is_some(), &common::GROUP_BEING_DELETED, &[request.group_name()])?;
    }
    let status = if existing.is_some() { 200 } else { 201 };
    let part = |name: &str| request.body.get(name).cloned().unwrap_or(Value::Null);
    let group = Group {
        id: key.clone(),
        location,
        tags: part("tags"),
        managed_by: part("managedBy"),
        deleting: None,
    };
    let wire = group.to_wire();
    ctx.world.groups.all.insert(key, group);
    Ok(Answer::new(status, wire))
}

fn patch(key: &GroupKey, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
    let Some(group) = ctx.world.groups.all.get_mut(key) else {
        return Err(common::NO_GROUP.with(&[request.group_name()]));
    };
    if let Some(tags) = request.body.get("tags") {
        group.tags = tags.clone();
    }
    if let Some(managed_by) = request.body.get("managedBy") {
        group.managed_by = managed_by.clone();
    }
    Ok(Answer::new(200, group.to_wire()))
}

fn delete(key: &GroupKey, request: &Request, ctx: &mut Ctx<'_>) -> Answer {
    let span = ctx.world.timing.group_delete;
    let ends = ctx.now + ctx.world.dice.pick(span, "group-delete", key.folded());
    let id = ctx.world.operation_id("group-delete");
    let Some(group) = ctx.world.groups.all.get_mut(key) else { return Answer::new(204, Value::Null) };
    if group.deleting.is_none() {
        group.deleting = Some(id.clone());
        let region = group.location.clone();
        ctx.world.operations.start(id.clone(), region, ctx.now, "Deleting");
        ctx.world.agenda.at(ends, Event::GroupDeleted(key.clone()));
    }
    let Some(group) = ctx.world.groups.all.get(key) else { return Answer::new(204, Value::Null) };
    let operation = group.deleting.clone().unwrap_or(id);
    let (_, result) = urls(
        &ctx.world.endpoint,
        request.subscription_name(),
        "Microsoft.Resources",
        &group.location,
        &operation,
    );
    Answer::new(202, Value::Null).with_header("location", result).with_header("retry-after", "15")
}
