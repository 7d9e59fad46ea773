//! A lab with everything that a template of the corpus builds on.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::template::DeploymentScope;
use lifeboat_arm::{Answer, ArmError, Call, Method, ResourceId, is_terminal};
use lifeboat_lab::{Lab, Settings, Subscription};
use serde_json::{Value, json};

use crate::case::{Case, GROUP, MANAGEMENT_GROUP, REGION, SUBSCRIPTION, TENANT, now};
use crate::presumed::presumed;

/// More looks than this and a deployment is taken for one that never ends.
const LOOKS_MAX: usize = 5_000;

pub(crate) struct World<'c> {
    lab: Lab,
    now: Timestamp,
    case: &'c Case,
}

impl<'c> World<'c> {
    pub(crate) fn around(case: &'c Case) -> Self {
        let wanted = presumed(&case.expansion);
        let mut settings = Settings::new(7, SUBSCRIPTION, now());
        let named = case.expansion.resources.iter().filter_map(|one| ResourceId::parse(&one.id).ok());
        let subscriptions: BTreeSet<String> = named
            .chain(wanted.iter().cloned())
            .filter_map(|id| id.subscription().map(str::to_lowercase))
            .chain([SUBSCRIPTION.to_owned()])
            .collect();
        let known = |id: String| Subscription { id, tenant: TENANT.to_owned(), name: "Corpus".to_owned() };
        settings.subscriptions = subscriptions.into_iter().map(known).collect();
        let mut world = Self { lab: Lab::new(settings), now: now(), case };
        world.lab.publish(&case.uri, case.text.clone());
        for link in &case.expansion.links {
            world.lab.publish(&link.found.file, link.found.text.clone());
        }
        let own = ResourceId::group(SUBSCRIPTION, GROUP);
        for id in [own].iter().chain(&wanted) {
            world.make(id);
        }
        world.make(&ResourceId::parse(&scope_path(DeploymentScope::ManagementGroup)).unwrap());
        world.wait(600);
        world
    }

    /// Deploys, asks what a second deployment would change, and says what went wrong.
    pub(crate) fn deploy_twice(mut self) -> Result<(), String> {
        let path = format!("{}/providers/Microsoft.Resources/deployments/main", scope_path(self.case.scope));
        let mut body = json!({ "properties": { "mode": "Incremental", "parameters": self.case.parameters(),
                                               "templateLink": { "uri": self.case.uri } } });
        if self.case.scope != DeploymentScope::ResourceGroup {
            body["location"] = json!(REGION);
        }
        let accepted = self.send(Method::Put, &path, Some(body.clone()));
        if let Some(error) = accepted.error() {
            return Err(format!("refused: {}", innermost(&error)));
        }
        self.until_over(&path)?;
        let answer = self.send(Method::Post, &format!("{path}/whatIf"), Some(body));
        let Some(url) = answer.header("location").map(str::to_owned) else {
            return Err(format!("what-if: {}", answer.body));
        };
        let changes = self.send(Method::Get, &url, None).body["properties"]["changes"].clone();
        let changes = changes.as_array().cloned().unwrap_or_default();
        let noise: Vec<String> = changes.iter().filter_map(noise).collect();
        if !noise.is_empty() {
            return Err(format!("what-if: {}", noise.join("; ")));
        }
        let told = changes.iter().filter(|change| change["changeType"] == "NoChange").count();
        let sent =
            self.case.expansion.resources.iter().filter(|one| !one.existing && one.deployment.is_none());
        let made: BTreeSet<ResourceId> = sent.filter_map(|one| ResourceId::parse(&one.id).ok()).collect();
        let whole = told == made.len();
        whole.then_some(()).ok_or_else(|| format!("what-if tells of {told} resources, not of {}", made.len()))
    }

    fn until_over(&mut self, path: &str) -> Result<(), String> {
        for _ in 0..LOOKS_MAX {
            let record = self.send(Method::Get, path, None);
            let state =
                record.body["properties"]["provisioningState"].as_str().unwrap_or_default().to_owned();
            match state.as_str() {
                "Succeeded" => return Ok(()),
                state if is_terminal(state) => {
                    let error = ArmError::from_body(200, &record.body["properties"]);
                    return Err(format!("{state}: {}", innermost(&error)));
                }
                _ => {
                    let next = self.lab.next_event();
                    self.now = next.unwrap_or_else(|| self.now + SignedDuration::from_secs(60)).max(self.now);
                }
            }
        }
        Err("it never came to an end".to_owned())
    }

    /// Somebody made this before.
    fn make(&mut self, id: &ResourceId) {
        let Some(kind) = id.kind() else {
            if id.group_name().is_some() {
                self.send(Method::Put, id.as_str(), Some(json!({ "location": REGION })));
            }
            return;
        };
        let mut body = json!({ "properties": {} });
        let is_management = kind.namespace().eq_ignore_ascii_case("Microsoft.Management");
        if kind.segments().count() == 1 && !is_management {
            let same = |text: &str| ResourceId::parse(text).is_ok_and(|own| own == *id);
            let own = self.case.expansion.resources.iter().find(|one| same(&one.id));
            let place = own.and_then(|own| own.location.clone());
            body["location"] = json!(place.unwrap_or_else(|| REGION.to_owned()));
        }
        if kind.is("Microsoft.ServiceBus/namespaces") {
            body["sku"] = json!({ "name": "Premium" });
        }
        if kind.as_str().to_lowercase().ends_with("/authorizationrules") {
            body["properties"]["rights"] = json!(["Listen", "Manage", "Send"]);
        }
        self.send(Method::Put, id.as_str(), Some(body));
        if kind.namespace().eq_ignore_ascii_case("Microsoft.ServiceBus") {
            self.wait(600); // its children are refused before it is there
        }
    }

    fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let joint = if path.contains('?') { '&' } else { '?' };
        let version = if path.contains("api-version=") { "" } else { "api-version=2024-03-01" };
        let call = Call::arm(method, format!("{path}{joint}{version}"), body);
        self.now += SignedDuration::from_millis(200); // as many as the throttle lets through
        self.lab.handle(self.now, &call).answer.unwrap_or_else(|| Answer::new(504, Value::Null))
    }

    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.lab.advance(self.now);
    }
}

fn scope_path(scope: DeploymentScope) -> String {
    match scope {
        DeploymentScope::Tenant => String::new(),
        DeploymentScope::ManagementGroup => {
            format!("/providers/Microsoft.Management/managementGroups/{MANAGEMENT_GROUP}")
        }
        DeploymentScope::Subscription => format!("/subscriptions/{SUBSCRIPTION}"),
        DeploymentScope::ResourceGroup => format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"),
    }
}

fn innermost(error: &ArmError) -> String {
    let target = error.details.first().and_then(|inner| inner.target.clone()).unwrap_or_default();
    let says: String = error.innermost().to_string().chars().take(300).collect();
    format!("{says} ({target})")
}

/// A change that should not be there, with its properties.
fn noise(change: &Value) -> Option<String> {
    let kind = change["changeType"].as_str().unwrap_or_default();
    if matches!(kind, "NoChange" | "Ignore") {
        return None;
    }
    let delta: String = change["delta"].to_string().chars().take(300).collect();
    Some(format!("{kind} {} {delta}", change["resourceId"]))
}
