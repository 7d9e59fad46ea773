//! The requests that deploy a site: a deployment as it is sent, and what a workload's owner sent long ago.

use std::collections::BTreeMap;

use lifeboat_arm::template::secrets::SecurePlace;
use lifeboat_arm::{Call, Method, ResourceId, ResourceType};
use lifeboat_plan::{Draft, Hole, SecretRef, StepId, Values};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::API;
use crate::reading::name_of;
use crate::topology::{Declared, Site, Workload};

/// A deployment as it is sent.
pub(super) struct Request {
    pub(super) record: ResourceId,
    pub(super) path: String,
    pub(super) body: Draft,
    /// What tells its content where the name does not.
    pub(super) tag: Option<String>,
}

/// The tag of a deployment that holds the digest of its content.
pub(super) const CONTENT: &str = "lifeboat-content";

/// Region and content are in the name: the same deployment is recognised, another one never collides with it. Where the
/// template reads its name, that stays what it was read with, and a tag tells the content.
///
/// Takes the template: it may be large, and `json!` would copy it. Values of secure types are holes: a plan is shown,
/// saved and approved, and whoever carries it out has them. They are no part of the digest either: from that they could
/// be guessed.
pub(super) fn request(template: Value, site: &Site, workload: &Workload) -> Request {
    let mut body =
        json!({ "properties": { "mode": "Incremental", "parameters": site.deployment.parameters } });
    if !site.is_deployed_to_its_group() {
        // No group holds the record: it is kept where this says.
        body["location"] = json!(site.region.as_str());
    }
    body["properties"]["template"] = template;
    let of = workload.deployment_of(site);
    let hole = |place: &SecurePlace| {
        let secret = SecretRef::Parameter { deployment: of.to_owned(), name: place.name.clone() };
        (format!("/properties{}", place.at), Hole::Secret(secret))
    };
    let mut body = Draft::with_holes(body, site.deployment.secrets.iter().map(hole));
    let content = short_digest(&body);
    let name = match &site.deployment.name {
        Some(name) => {
            let tags = json!({ CONTENT: content });
            match &mut body {
                Draft::Value(body) => body["tags"] = tags,
                Draft::Object(members) => {
                    members.insert("tags".to_owned(), tags.into());
                }
                _ => {}
            }
            name.clone()
        }
        None => format!("{}-{content}", name_of(&workload.name, &site.region)),
    };
    let record = site.scope.resource(&ResourceType::new("Microsoft.Resources/deployments"), &[&name]);
    let path = format!("{record}?api-version={API}");
    Request { record, path, body, tag: site.deployment.name.is_some().then_some(content) }
}

fn short_digest(body: &Draft) -> String {
    let mut digest = sha2::Sha256::new();
    let written = match body {
        Draft::Value(body) => serde_json::to_writer(&mut digest, body),
        body => serde_json::to_writer(&mut digest, body),
    };
    written.expect("a digest takes whatever is written");
    let digest = digest.finalize();
    format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

/// Requests that create the workload where it lives by choice: what its owner did long ago, and what a drill does
/// first.
pub fn initial_deployments(workload: &Workload) -> Vec<Call> {
    let mut calls = Vec::new();
    let secrets: BTreeMap<SecretRef, &Value> = workload.secure_values().collect();
    let put_group = |site: &Site| {
        let body = json!({ "location": site.group_region.as_str() });
        Call::arm(Method::Put, format!("{}?api-version={API}", site.group), Some(body))
    };
    let put = |declared: &Declared| {
        let path = format!("{}?api-version={}", declared.id, declared.api_version);
        Call::arm(Method::Put, path, Some(Value::clone(&declared.body)))
    };
    for site in workload.shared.iter().chain([&workload.primary]) {
        calls.extend(site.is_deployed_to_its_group().then(|| put_group(site)));
        calls.extend(site.presumed.iter().map(put));
        let Request { path, body, .. } = request(Value::clone(&site.deployment.template), site, workload);
        let body = body.fill(&OwnSecrets(&secrets)).expect("a deployment has no holes but its own secrets");
        calls.push(Call::arm(Method::Put, path, Some(body)));
    }
    let there = &workload.secondary;
    if there.group != workload.primary.group && !there.presumed.is_empty() {
        calls.extend(there.is_deployed_to_its_group().then(|| put_group(there)));
        calls.extend(there.presumed.iter().map(put));
    }
    calls
}

/// What the owner of a workload fills in by himself.
struct OwnSecrets<'a>(&'a BTreeMap<SecretRef, &'a Value>);

impl Values for OwnSecrets<'_> {
    fn captured(&self, _: &StepId, _: &str) -> Option<Value> {
        None
    }
    fn fact(&self, _: &str) -> Option<Value> {
        None
    }
    fn secret(&self, secret: &SecretRef) -> Option<Value> {
        self.0.get(secret).map(|value| Value::clone(value))
    }
    fn run_id(&self) -> String {
        String::new()
    }
}
