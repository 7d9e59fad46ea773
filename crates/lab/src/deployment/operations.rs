//! The operations of a deployment: one per resource that has begun, one for its outputs, one per resource that complete
//! mode takes away. Source: swagger, `DeploymentOperation`.

use lifeboat_arm::Answer;
use serde_json::{Value, json};

use super::record::{At, Record, Step};
use super::refusals::OPERATION_MISSING;
use super::wire::duration;
use crate::refusal::Handled;

/// What a step is about.
struct About<'a> {
    operation: &'static str,
    target: Option<[&'a str; 3]>,
}

impl Record {
    /// All operations, or the one that is asked for.
    pub(super) fn operations(&self, one: Option<&str>) -> Handled {
        let all = self.operations_wire();
        let Some(one) = one else { return Ok(Answer::new(200, json!({ "value": all }))) };
        let found = all.into_iter().find(|wire| wire["operationId"] == one);
        found.map(|wire| Answer::new(200, wire)).ok_or_else(|| OPERATION_MISSING.with(&[self.id.name(), one]))
    }

    fn operations_wire(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for at in self.program.own(self.within) {
            let resource = &self.program.resources[at];
            let Some(step) = self.steps.get(&at).filter(|step| step.began.is_some()) else { continue };
            let operation = if resource.existing { "Read" } else { "Create" };
            let (id, name) = (self.real(at), self.settled.name(resource));
            let target = Some([&*id, &*resource.kind, &*name]);
            all.push(self.operation(step, &About { operation, target }));
        }
        for removal in self.removals.iter().flatten().filter(|removal| removal.step.began.is_some()) {
            let kind = removal.id.kind();
            let kind = kind.as_ref().map_or("", |kind| kind.as_str());
            let target = Some([removal.id.as_str(), kind, removal.id.name()]);
            all.push(self.operation(&removal.step, &About { operation: "Delete", target }));
        }
        let evaluated = self.evaluated.iter();
        let about = About { operation: "EvaluateDeploymentOutput", target: None };
        all.extend(evaluated.map(|step| self.operation(step, &about)));
        all
    }

    fn operation(&self, step: &Step, about: &About<'_>) -> Value {
        let state = match &step.at {
            At::Waiting | At::Running => "Running",
            At::Succeeded => "Succeeded",
            At::Failed(_) => "Failed",
        };
        let began = step.began.unwrap_or(self.started);
        let until = step.ended.filter(|_| step.is_over()).unwrap_or(began);
        let mut properties = json!({
            "provisioningOperation": about.operation,
            "provisioningState": state,
            "timestamp": until.to_string(),
            "duration": duration(began, until),
            "trackingId": self.correlation,
            "serviceRequestId": step.operation,
        });
        if step.status != 0 {
            properties["statusCode"] = json!(status_word(step.status));
        }
        if let Some([id, kind, name]) = about.target {
            properties["targetResource"] = json!({ "id": id, "resourceType": kind, "resourceName": name });
        }
        if let At::Failed(error) = &step.at {
            properties["statusMessage"] = json!({ "status": "Failed", "error": error });
        }
        for (name, content) in [("request", &step.request), ("response", &step.response)] {
            if let Some(content) = content {
                properties[name] = json!({ "content": content });
            }
        }
        json!({ "id": format!("{}/operations/{}", self.id, step.operation), "operationId": step.operation,
                "properties": properties })
    }
}

/// .NET's names of statuses, as operations show them.
fn status_word(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "NoContent",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        412 => "PreconditionFailed",
        429 => "TooManyRequests",
        501 => "NotImplemented",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        500.. => "InternalServerError",
        _ => "BadRequest",
    }
}
