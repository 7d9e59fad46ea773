//! Looking before deploying: `validate` and `whatIf`. Neither reserves anything.
//!
//! `whatIf` compares what the template says with what is there, path by path; what a server would add by default is not
//! predicted, and expressions that only the run can answer show as they are written, as in Azure.

use std::collections::BTreeSet;

use lifeboat_arm::{Answer, Method, ResourceId};
use serde_json::{Value, json};

use crate::lab::Lab;
use crate::refusal::Handled;
use crate::route::Request;

impl Lab {
    pub(super) fn validate(&mut self, id: &ResourceId, request: &Request) -> Handled {
        let program = self.program(id, request)?;
        let resources: Vec<Value> =
            program.resources.iter().map(|resource| json!({ "id": resource.id })).collect();
        let properties = json!({ "provisioningState": "Succeeded", "mode": program.mode,
            "templateHash": program.hash, "validatedResources": resources });
        let body =
            json!({ "id": id.as_str(), "name": id.name(), "type": super::TYPE, "properties": properties });
        Ok(Answer::new(200, body))
    }

    pub(super) fn what_if(&mut self, id: &ResourceId, request: &Request) -> Handled {
        let program = self.program(id, request)?;
        let ids_only =
            request.body.pointer("/properties/whatIfSettings/resultFormat") == Some(&json!("ResourceIdOnly"));
        let mut changes = Vec::new();
        let mut named = BTreeSet::new();
        for resource in program.resources.iter().filter(|one| !one.existing && one.deployment.is_none()) {
            if let Ok(id) = ResourceId::parse(&resource.id) {
                named.insert(id);
            }
            let mut after = resource.body.clone();
            after["id"] = json!(resource.id);
            after["name"] = json!(resource.name.rsplit('/').next());
            after["type"] = json!(resource.kind);
            let before = self.ask(Method::Get, &resource.id, &resource.api_version, None).ok();
            let mut delta = Vec::new();
            if let Some(before) = &before {
                compare("", &before.body, &resource.body, &mut delta);
            }
            let kind = match &before {
                None => "Create",
                Some(_) if delta.is_empty() => "NoChange",
                Some(_) => "Modify",
            };
            let mut change = json!({ "resourceId": resource.id, "changeType": kind });
            if !ids_only {
                change["after"] = after;
                if let Some(before) = before {
                    change["before"] = before.body;
                    change["delta"] = json!(delta);
                }
            }
            changes.push(change);
        }
        let others = if program.mode.eq_ignore_ascii_case("Complete") { "Delete" } else { "Ignore" };
        if let Some(group) = id.group_id() {
            let top = |id: &ResourceId| id.kind().is_some_and(|kind| kind.segments().count() == 1);
            let rest =
                self.world.index.within(&group).filter(|entry| top(&entry.id) && !named.contains(&entry.id));
            changes
                .extend(rest.map(|entry| json!({ "resourceId": entry.id.as_str(), "changeType": others })));
        }
        let result = json!({ "status": "Succeeded", "properties": { "changes": changes } });
        Ok(self.done_elsewhere(id, request, result))
    }
}

/// What of `after` is not so in `before`. What only `before` has is a default of the server and no difference.
fn compare(path: &str, before: &Value, after: &Value, delta: &mut Vec<Value>) {
    if let (Value::Object(before), Value::Object(after)) = (before, after) {
        for (name, value) in after {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match before.get(name) {
                Some(old) => compare(&path, old, value, delta),
                None => delta.push(json!({ "path": path, "propertyChangeType": "Create", "after": value })),
            }
        }
    } else if before != after && !same_region(path, before, after) {
        delta.push(json!({ "path": path, "propertyChangeType": "Modify", "before": before, "after": after }));
    }
}

fn same_region(path: &str, before: &Value, after: &Value) -> bool {
    let region = |value: &Value| value.as_str().map(lifeboat_arm::Region::lenient);
    path == "location" && region(before) == region(after)
}
