//! Which resource is which, ahead of a deployment: a name that only the run knows is told if what it asks is there already.

use std::borrow::Cow;
use std::collections::BTreeSet;

use lifeboat_arm::ResourceId;
use lifeboat_arm::template::ExpandedResource;
use serde_json::{Value, json};

use crate::deployment::mistakes::as_azure_writes;
use crate::deployment::program::Program;
use crate::deployment::record::Record;
use crate::lab::Lab;

impl Lab {
    /// A resource under its own name and at its own place; none where only the run can tell them. `unknown` gathers the
    /// stand-ins of those: what lies below them cannot be told either.
    pub(super) fn identify<'p>(
        &mut self,
        ahead: &mut Self,
        record: &mut Record,
        program: &'p Program,
        at: usize,
        unknown: &mut BTreeSet<ResourceId>,
    ) -> Option<Cow<'p, ExpandedResource>> {
        // A deployment around it comes after it and tells the place.
        if let Some(around) = program.inside[at] {
            self.identify(ahead, record, program, around, unknown);
        }
        let resource = &program.resources[at];
        let id = ResourceId::parse(&resource.id).ok()?;
        let lost = unknown.iter().any(|upper| id.is_within(upper));
        let told = !lost && resource.unsettled.iter().all(|rest| self.can_tell(rest, &record.settled));
        let own = told.then(|| ahead.settle(record, resource, at).ok()).flatten();
        if own.is_none() {
            let moves = resource.unsettled.iter().any(|rest| rest.pointer != "/name");
            unknown.extend(moves.then(|| ResourceId::parse(&resource.scope).ok()).flatten());
            unknown.insert(id);
        }
        own
    }
}

/// What is told of a resource that has no name yet. Its id holds the expression, so that nobody looks for the stand-in.
pub(super) fn unidentifiable(resource: &ExpandedResource) -> Value {
    let written = |pointers: &[&str], stand_in: &str| {
        let rest = resource.unsettled.iter().find(|rest| pointers.contains(&&*rest.pointer));
        rest.map_or_else(|| stand_in.to_owned(), |rest| rest.expression.clone())
    };
    let scope = written(&["/scope", "/resourceGroup", "/subscriptionId"], &resource.scope);
    let name = written(&["/name"], &resource.name);
    let place = as_azure_writes(&resource.origin.written_at);
    let (line, column) = (resource.origin.position.line, resource.origin.position.column);
    let reason = format!(
        "Changes to the resource declared at '{place}' on line '{line}' and column '{column}' cannot be analyzed because its \
         resource ID or API version cannot be calculated until the deployment is under way. Please see \
         https://aka.ms/WhatIfUnidentifiableResource for more information."
    );
    json!({ "resourceId": format!("{}/providers/{}/{name}", scope.trim_end_matches('/'), resource.kind), "changeType": "Unsupported",
            "unsupportedReason": reason })
}
