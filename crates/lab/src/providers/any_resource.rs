//! Any resource that has no file of its own: it can be PUT, read, patched, listed and deleted.
//!
//! Here: bodies as they were sent, a creation that takes a while where the resource has a region. Not here: routing,
//! groups, unique names, locations, health (`gate.rs`). Known gaps: no semantics at all; actions other than `list*` are
//! refused as not modelled, so that nothing seems to work that does not. Reference: the resource provider contract.

use std::any::Any;
use std::collections::BTreeMap;

use lifeboat_arm::{Answer, Method, Region, ResourceId};
use serde_json::{Value, json};

use crate::agenda;
use crate::health::Plane;
use crate::operation::Status;
use crate::providers::{Provider, ProviderEvent};
use crate::refusal::{Handled, Refusal, common};
use crate::route::{Request, Route};
use crate::world::{Ctx, merge};

mod alias;
pub(crate) mod timing;

// --- state: what any resource is inside the lab

/// All resources without a provider of their own.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnyResources {
    all: BTreeMap<ResourceId, Resource>,
}

#[derive(Debug, Clone)]
struct Resource {
    /// As it was sent, with id, name and type.
    body: Value,
    state: &'static str,
}

/// What happens by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Ready { id: ResourceId, operation: String },
    Gone { id: ResourceId, operation: String },
}

const NOT_MODELLED: Refusal = Refusal {
    id: "LAB-action-not-modelled",
    status: 501,
    code: "NotModelledByLab",
    message: "The lab does not model '{0}' of '{1}'.",
    source: "the lab's own limit",
};

const MISSING: Refusal = common::NOT_FOUND;

pub(crate) const REFUSALS: &[Refusal] = &[NOT_MODELLED];

/// In the place of a namespace: it has none of its own.
const EVERYTHING_ELSE: &str = "*";

// --- wire

impl Resource {
    fn to_wire(&self) -> Value {
        let mut wire = self.body.clone();
        if !wire["properties"].is_object() {
            wire["properties"] = json!({});
        }
        wire["properties"]["provisioningState"] = json!(self.state);
        wire
    }
}

/// The name of an id without the part of its parent's type, as Azure writes it: the last name only.
fn identify(body: &Value, id: &ResourceId) -> Value {
    let mut wire = if body.is_object() { body.clone() } else { json!({}) };
    wire["id"] = json!(id.as_str());
    wire["name"] = json!(id.name());
    wire["type"] = json!(id.kind().map(|kind| kind.as_str().to_owned()));
    wire
}

// --- rules

impl Provider for AnyResources {
    fn copied(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }

    fn handle(&mut self, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
        match &request.route {
            Route::Resource(id) => match request.method {
                Method::Get => self.found(id, request).map(|found| Answer::new(200, found.to_wire())),
                Method::Head => {
                    Ok(Answer::new(if self.all.contains_key(id) { 204 } else { 404 }, Value::Null))
                }
                Method::Put => Ok(self.put(id, request, ctx)),
                Method::Patch => self.patch(id, request, ctx),
                Method::Delete => Ok(self.delete(id, ctx)),
                Method::Post => Err(NOT_MODELLED.with(&[id.name(), id.as_str()])),
            },
            Route::Collection { within, kind } => {
                let mut value = Vec::new();
                for (id, resource) in &self.all {
                    let answers = ctx
                        .world
                        .index
                        .region(id)
                        .is_none_or(|region| ctx.world.regions.is_up(&region, Plane::Control));
                    if answers && id.is_within(within) && id.kind().as_ref() == Some(kind) {
                        value.push(resource.to_wire());
                    }
                }
                Ok(Answer::new(200, json!({ "value": value })))
            }
            Route::Action { on, name, .. } if name.to_ascii_lowercase().starts_with("list") => {
                self.found(on, request)?;
                Ok(list(on, ctx))
            }
            Route::Action { on, name, .. } => Err(NOT_MODELLED.with(&[name, on.as_str()])),
            _ => Err(NOT_MODELLED.with(&["this path", request.method.as_str()])),
        }
    }

    fn happens(&mut self, event: &dyn Any, ctx: &mut Ctx<'_>) {
        if let Some(event) = event.downcast_ref::<Event>() {
            self.ends(event.clone(), ctx);
        }
    }

    fn forget(&mut self, id: &ResourceId) {
        self.all.retain(|own, _| !own.is_within(id));
    }
}

impl AnyResources {
    fn found(&self, id: &ResourceId, request: &Request) -> Result<&Resource, crate::refusal::Refused> {
        self.all.get(id).ok_or_else(|| MISSING.with(&[id.name(), request.group_name()]))
    }

    fn put(&mut self, id: &ResourceId, request: &Request, ctx: &mut Ctx<'_>) -> Answer {
        let body = alias::with_subscription(id, identify(&request.body, id), ctx);
        let region = crate::index::location_of(&body);
        if let Some(existing) = self.all.get_mut(id) {
            existing.body = body;
            let wire = existing.to_wire();
            ctx.world.index.put(ctx.now, id, &wire, existing.state);
            return Answer::new(200, wire);
        }
        let state = if region.is_some() { "Creating" } else { "Succeeded" };
        let resource = Resource { body, state };
        let wire = resource.to_wire();
        self.all.insert(id.clone(), resource);
        ctx.world.index.put(ctx.now, id, &wire, state);
        let answer = Answer::new(201, wire);
        match region {
            Some(region) => {
                let span = ctx.world.timing.any_resource.create;
                let started = self.operation(id, &region, "Creating", ctx);
                let event = Event::Ready { id: id.clone(), operation: started.id };
                let after = ctx.pick(span, "resource-create", id.folded());
                ctx.later(after, agenda::Event::Provider(ProviderEvent::new(EVERYTHING_ELSE, event)));
                answer
                    .with_header("azure-asyncoperation", started.status_url)
                    .with_header("retry-after", "10")
            }
            None => answer, // children, extensions and global resources are there at once
        }
    }

    #[expect(clippy::unused_self, reason = "reads as part of the resource's life")]
    fn operation(
        &self,
        id: &ResourceId,
        region: &Region,
        word: &'static str,
        ctx: &mut Ctx<'_>,
    ) -> crate::world::Started {
        let namespace = id.kind().map_or_else(String::new, |kind| kind.namespace().to_owned());
        ctx.operation(&namespace, id, region, word)
    }

    fn patch(&mut self, id: &ResourceId, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
        self.found(id, request)?;
        let Some(existing) = self.all.get_mut(id) else {
            return Err(MISSING.with(&[id.name(), request.group_name()]));
        };
        merge(&mut existing.body, &request.body);
        existing.body = identify(&existing.body, id);
        let wire = existing.to_wire();
        ctx.world.index.put(ctx.now, id, &wire, existing.state);
        Ok(Answer::new(200, wire))
    }

    fn delete(&mut self, id: &ResourceId, ctx: &mut Ctx<'_>) -> Answer {
        let Some(existing) = self.all.get_mut(id) else { return Answer::new(204, Value::Null) };
        let Some(region) = crate::index::location_of(&existing.body) else {
            self.all.remove(id);
            ctx.world.remove(id);
            return Answer::new(200, Value::Null);
        };
        existing.state = "Deleting";
        ctx.world.index.state(id, "Deleting");
        let span = ctx.world.timing.any_resource.delete;
        let started = self.operation(id, &region, "Deleting", ctx);
        let event = Event::Gone { id: id.clone(), operation: started.id };
        let after = ctx.pick(span, "resource-delete", id.folded());
        ctx.later(after, agenda::Event::Provider(ProviderEvent::new(EVERYTHING_ELSE, event)));
        Answer::new(202, Value::Null)
            .with_header("azure-asyncoperation", started.status_url)
            .with_header("location", started.result_url)
            .with_header("retry-after", "10")
    }

    /// What was started comes to its end.
    fn ends(&mut self, event: Event, ctx: &mut Ctx<'_>) {
        let (Event::Ready { id, .. } | Event::Gone { id, .. }) = &event;
        let namespace = id.kind().map_or_else(String::new, |kind| kind.namespace().to_owned());
        if let Some(region) = ctx.world.index.region(id)
            && (ctx.is_stuck(&region, &namespace, id.as_str())
                || !ctx.world.regions.is_up(&region, Plane::Control))
        {
            ctx.look_again(agenda::Event::Provider(ProviderEvent::new(EVERYTHING_ELSE, event)));
            return;
        }
        match event {
            Event::Ready { id, operation } => {
                if let Some(resource) = self.all.get_mut(&id)
                    && resource.state == "Creating"
                {
                    resource.state = "Succeeded";
                    ctx.world.index.state(&id, "Succeeded");
                }
                ctx.world.operations.end(&operation, ctx.now, Status::Succeeded);
            }
            Event::Gone { id, operation } => {
                self.all.remove(&id);
                ctx.world.remove(&id);
                ctx.world.operations.end(&operation, ctx.now, Status::Succeeded);
            }
        }
    }
}

/// Keys in the shapes that templates read: storage's `keys`, and plain fields.
fn list(on: &ResourceId, ctx: &Ctx<'_>) -> Answer {
    let key =
        |which: &str| ctx.world.dice.guid("key", &format!("{}/{which}", on.folded())).simple().to_string();
    Answer::new(
        200,
        json!({
            "keys": [{ "keyName": "key1", "value": key("1"), "permissions": "FULL" },
                     { "keyName": "key2", "value": key("2"), "permissions": "FULL" }],
            "primaryKey": key("1"),
            "secondaryKey": key("2"),
        }),
    )
}
