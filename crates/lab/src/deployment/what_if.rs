//! `whatIf`: what a deployment would change, told by a copy of the lab that takes its requests.
//!
//! Unlike Azure's it has no noise: what a server adds by default is the same in both looks, and what an expression asks of
//! something that is there is asked. So deploying twice shows no change. (Azure shows `reference()` as a change, and defaults
//! as deleted.) What asks something that is not there yet shows as it is written. What cannot be read now is
//! `Unsupported`, and what has a name or a place that cannot be told yet.

mod compare;
mod identity;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lifeboat_arm::template::{Deferred, ExpandedResource, Settled, resolve_known};
use lifeboat_arm::{Method, ResourceId};
use serde_json::{Value, json};

use super::asked::Mode;
use super::live::Live;
use super::program::Program;
use super::record::Record;
use crate::lab::Lab;
use crate::refusal::Handled;
use crate::route::Request;
use crate::scope::Scope;

/// What says that something is not there yet, or what it lies in. Any other error leaves that open.
const ABSENT: [&str; 5] = [
    "ResourceNotFound",
    "ParentResourceNotFound",
    "ResourceGroupNotFound",
    "ManagementGroupNotFound",
    "SubscriptionNotFound",
];

/// How much a change tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Full,
    IdsOnly,
}

impl Lab {
    pub(super) fn what_if(&mut self, id: &ResourceId, request: &Request) -> Handled {
        let mut record = self.record_to_look_at(id, request)?;
        let format = request.body.pointer("/properties/whatIfSettings/resultFormat").and_then(Value::as_str);
        let ids_only = format.is_some_and(|format| format.eq_ignore_ascii_case("ResourceIdOnly"));
        let format = if ids_only { Format::IdsOnly } else { Format::Full };
        let mut changes = self.changes(&mut record, format);
        changes.extend(self.rest(&record, format));
        let result = json!({ "status": "Succeeded", "properties": { "changes": changes } });
        // A look draws no number: what is deployed next gets the one that it would have got without.
        let key = format!("{id}@{}\0{}", self.now, request.body);
        let operation = self.world.dice.guid("what-if", &key).to_string();
        Ok(self.done_elsewhere(id, request, &operation, result))
    }

    /// What becomes of the template's own resources, in the order in which they would be sent.
    fn changes(&mut self, record: &mut Record, format: Format) -> Vec<Value> {
        let program = Arc::clone(&record.program);
        let mut ahead = self.clone();
        let mut unknown = BTreeSet::new();
        let mut changes: Vec<Option<Value>> = Vec::new();
        let mut places: BTreeMap<ResourceId, usize> = BTreeMap::new();
        for at in order(&program) {
            let resource = &program.resources[at];
            let Ok(id) = ResourceId::parse(&resource.id) else { continue };
            let is_sent = !resource.existing && resource.deployment.is_none();
            if !is_sent {
                continue;
            }
            let own = self.identify(&mut ahead, record, &program, at, &mut unknown);
            let (id, change) = match own {
                Some(own) => {
                    let id = ResourceId::parse(&own.id).unwrap_or(id);
                    (id, self.change(&mut ahead, &own, (record, at), format))
                }
                None => (id, identity::unidentifiable(resource)),
            };
            // A template may send one id twice; what counts is where that leads.
            if let Some(earlier) = places.insert(id, changes.len()) {
                changes[earlier] = None;
            }
            changes.push(Some(change));
        }
        changes.into_iter().flatten().collect()
    }

    fn change(
        &mut self,
        ahead: &mut Self,
        resource: &ExpandedResource,
        (record, at): (&Record, usize),
        format: Format,
    ) -> Value {
        let change = |kind: &str| json!({ "resourceId": resource.id, "changeType": kind });
        let body = self.known_body(ahead, resource, (record, at));
        let before = self.ask_for(resource);
        let sent = ahead.ask(Method::Put, &resource.id, &resource.api_version, Some(&body));
        let wanted = identified(resource, body.clone());
        let before = match before {
            Seen::Absent => {
                let mut change = change("Create");
                if format == Format::Full {
                    change["after"] = wanted;
                }
                return change;
            }
            Seen::Unknown(why) => {
                let mut change = change("Unsupported");
                change["unsupportedReason"] = json!(why);
                return change;
            }
            Seen::There(before) => before,
        };
        if format == Format::IdsOnly {
            return change("Deploy");
        }
        let after = sent.and_then(|_| ahead.ask(Method::Get, &resource.id, &resource.api_version, None));
        let (after, mut delta) = if let Ok(after) = after {
            let delta = compare::delta(&before, &after.body);
            (after.body, delta)
        } else {
            // It would be refused: then what is asked for is all that can be told.
            let delta = compare::added(&before, &wanted);
            (wanted, delta)
        };
        let kind = if delta.is_empty() { "NoChange" } else { "Modify" };
        delta.extend(compare::without_effect(&body, &after));
        let mut change = change(kind);
        change["before"] = before;
        change["after"] = after;
        change["delta"] = json!(delta);
        change
    }

    /// The body with everything put in that can be known: what is there is asked, as it will be then.
    fn known_body(
        &mut self,
        ahead: &mut Self,
        resource: &ExpandedResource,
        (record, at): (&Record, usize),
    ) -> Value {
        let (settled, program) = (&record.settled, &record.program);
        let known = resource.deferred.iter().filter(|rest| self.can_tell(rest, settled));
        let known: Vec<Deferred> = known.cloned().collect();
        let resource = ExpandedResource { deferred: known, ..resource.clone() };
        let live = Live::new(ahead, &resource.deferred).knowing(settled);
        let mut body = resolve_known(&resource, &live.among(program, program.inside[at]));
        settled.real_within(&mut body);
        body
    }

    fn can_tell(&mut self, deferred: &Deferred, settled: &Settled) -> bool {
        deferred.references.iter().all(|id| {
            let id = settled.real(id);
            self.ask(Method::Get, &id, "2024-01-01", None).is_ok()
                || Live::new(self, []).comes_with_its_parent(&id)
        })
    }

    fn ask_for(&mut self, resource: &ExpandedResource) -> Seen {
        match self.ask(Method::Get, &resource.id, &resource.api_version, None) {
            Ok(answer) => Seen::There(answer.body),
            Err(why) if ABSENT.contains(&why.code.as_str()) => Seen::Absent,
            Err(why) => Seen::Unknown(why.to_string()),
        }
    }

    /// What is in the groups that the template goes to and not in the template: left alone, or taken away.
    fn rest(&mut self, record: &Record, format: Format) -> Vec<Value> {
        let scope = Scope::of(&record.id);
        let kept = record.kept();
        let groups: BTreeSet<ResourceId> =
            kept.iter().filter_map(ResourceId::group_id).chain(scope.group().cloned()).collect();
        let mut rest = Vec::new();
        for group in &groups {
            let goes = scope.group() == Some(group) && record.asked.mode == Mode::Complete;
            let kind = if goes { "Delete" } else { "Ignore" };
            rest.extend(self.others(group, &kept).into_iter().map(|id| (id, kind)));
        }
        if let Scope::Subscription(subscription) = &scope {
            let others = self.world.groups.all.keys();
            let others = others.filter(|group| group.is_within(subscription) && !groups.contains(group));
            rest.extend(others.map(|group| (group.clone(), "Ignore")));
        }
        let change = |(id, kind): (ResourceId, &str)| {
            let mut change = json!({ "resourceId": id.as_str(), "changeType": kind });
            let before = self.ask(Method::Get, id.as_str(), "2024-03-01", None);
            if let (Format::Full, Ok(before)) = (format, before) {
                change["before"] = before.body;
            }
            change
        };
        rest.into_iter().map(change).collect()
    }
}

/// What a look at a resource gave.
enum Seen {
    There(Value),
    Absent,
    Unknown(String),
}

/// What is wanted, as it would be answered.
fn identified(resource: &ExpandedResource, mut body: Value) -> Value {
    body["id"] = json!(resource.id);
    body["name"] = json!(resource.name.rsplit('/').next());
    body["type"] = json!(resource.kind);
    body["apiVersion"] = json!(resource.api_version);
    body
}

/// The places of a program so that each comes after what it waits for.
fn order(program: &Program) -> Vec<usize> {
    let mut order = Vec::with_capacity(program.resources.len());
    let mut seen = vec![false; program.resources.len()];
    for start in 0..program.resources.len() {
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.pop() {
            if seen[at] {
                continue;
            }
            if let Some(before) = program.resources[at].waits_for.get(next) {
                path.push((at, next + 1));
                path.push((*before, 0));
            } else {
                seen[at] = true;
                order.push(at);
            }
        }
    }
    order
}
