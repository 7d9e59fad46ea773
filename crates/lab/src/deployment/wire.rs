//! How a deployment looks on the wire. Source: swagger, `DeploymentExtended`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lifeboat_arm::template::ExpandedResource;
use serde_json::{Value, json};

use super::record::{At, Record, State};
use crate::scope::DEPLOYMENTS;

impl Record {
    pub(super) fn to_wire(&self, now: Timestamp) -> Value {
        let mut properties = json!({
            "provisioningState": self.state.word(),
            "mode": self.asked.mode.word(),
            "templateHash": self.asked.hash,
            "parameters": self.asked.parameters,
            "timestamp": self.ended.unwrap_or(now).to_string(),
            "duration": duration(self.started, self.ended.unwrap_or(now)),
            "correlationId": self.correlation,
            "providers": self.providers(),
            "dependencies": self.dependencies(),
        });
        for (name, link) in
            [("templateLink", &self.asked.template_link), ("parametersLink", &self.asked.parameters_link)]
        {
            if !link.is_null() {
                properties[name] = link.clone();
            }
        }
        if !self.asked.debug.eq_ignore_ascii_case("none") {
            properties["debugSetting"] = json!({ "detailLevel": self.asked.debug });
        }
        if self.state == State::Succeeded {
            properties["outputs"] = self.outputs.clone();
            properties["outputResources"] = json!(self.resource_ids(|at| *self.at(at) == At::Succeeded));
        }
        if let Some(error) = &self.error {
            properties["error"] = json!(error);
        }
        self.with_identity(properties)
    }

    /// What `validate` answers: the record that would be, and no more.
    pub(super) fn to_validated(&self) -> Value {
        let properties = json!({
            "provisioningState": "Succeeded",
            "mode": self.asked.mode.word(),
            "templateHash": self.asked.hash,
            "parameters": self.asked.parameters,
            "timestamp": self.started.to_string(),
            "duration": "PT0S",
            "correlationId": self.correlation,
            "providers": self.providers(),
            "dependencies": self.dependencies(),
            "validatedResources": self.resource_ids(|_| true),
        });
        self.with_identity(properties)
    }

    fn with_identity(&self, properties: Value) -> Value {
        let mut wire = json!({ "id": self.id.as_str(), "name": self.id.name(), "type": DEPLOYMENTS });
        wire["properties"] = properties;
        if let Some(region) = &self.asked.location {
            wire["location"] = json!(region.as_str());
        }
        if !self.asked.tags.is_null() {
            wire["tags"] = self.asked.tags.clone();
        }
        wire
    }

    /// The resources that it makes, those of nested deployments too.
    fn resource_ids(&self, wanted: impl Fn(usize) -> bool) -> Vec<Value> {
        let all = self.program.resources.iter().enumerate();
        let made = all.filter(|(_, one)| !one.existing && one.deployment.is_none());
        let mut seen: BTreeSet<Cow<'_, str>> = BTreeSet::new();
        let mut ids = Vec::new();
        for (at, _) in made {
            let id = self.real(at);
            let ours = self.within.is_none() || self.program.is_inside(at, self.within);
            if ours && (wanted(at) || !self.steps.contains_key(&at)) && seen.insert(id.clone()) {
                ids.push(json!({ "id": id }));
            }
        }
        ids
    }

    fn own_resources(&self) -> impl Iterator<Item = (usize, &ExpandedResource)> {
        self.program.own(self.within).map(|at| (at, &self.program.resources[at]))
    }

    /// The providers that its own resources need, with the types and where these go.
    fn providers(&self) -> Value {
        let mut all: BTreeMap<&str, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
        for (_, resource) in self.own_resources() {
            let Some((namespace, kind)) = resource.kind.split_once('/') else { continue };
            let places = all.entry(namespace).or_default().entry(kind).or_default();
            let place = json!(resource.location);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let types = |types: BTreeMap<&str, Vec<Value>>| -> Vec<Value> {
            let one =
                |(kind, places): (&str, Vec<Value>)| json!({ "resourceType": kind, "locations": places });
            types.into_iter().map(one).collect()
        };
        let one = |(namespace, kinds)| json!({ "namespace": namespace, "resourceTypes": types(kinds) });
        all.into_iter().map(one).collect()
    }

    /// What waits for what, among its own resources.
    fn dependencies(&self) -> Value {
        let named = |at: usize| {
            let resource = &self.program.resources[at];
            json!({ "id": self.real(at), "resourceType": resource.kind,
                    "resourceName": self.settled.name(resource) })
        };
        let waiting = self.own_resources().filter_map(|(at, resource)| {
            let own = |before: &&usize| self.program.inside[**before] == self.within;
            let before: Vec<Value> =
                resource.waits_for.iter().filter(own).map(|before| named(*before)).collect();
            let mut entry = named(at);
            entry["dependsOn"] = json!(before);
            (!before.is_empty()).then_some(entry)
        });
        waiting.collect()
    }
}

/// As Azure writes a duration.
pub(super) fn duration(from: Timestamp, until: Timestamp) -> String {
    format!("PT{:.3}S", until.duration_since(from).as_secs_f64())
}
