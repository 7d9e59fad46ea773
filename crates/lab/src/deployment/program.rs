//! From the body of a deployment to resources in full: the only file that speaks to the template engine.

use std::cell::RefCell;
use std::collections::BTreeMap;

use lifeboat_arm::template::{
    Context, Deferred, Diagnostic, ExpandedResource, NoLinks, Output, ParameterType, Reach,
    ResourceGroupInfo, Runtime, Template, expand, veil, without_secrets,
};
use lifeboat_arm::{Answer, Call, Method, ResourceId};
use serde_json::{Value, json};

use super::{INVALID_TEMPLATE, made_up};
use crate::lab::{Dispatched, Lab};
use crate::providers;
use crate::refusal::{Refused, refuse};
use crate::route::Request;

/// What a deployment is going to do.
pub(super) struct Program {
    pub(super) resources: Vec<ExpandedResource>,
    pub(super) outputs: BTreeMap<String, Output>,
    /// As a record shows them.
    pub(super) parameters: Value,
    pub(super) mode: String,
    pub(super) hash: String,
}

impl Lab {
    /// Expands the template of a deployment; every mistake in it is `InvalidTemplate`.
    pub(super) fn program(&mut self, id: &ResourceId, request: &Request) -> Result<Program, Refused> {
        let properties = request.body.get("properties").cloned().unwrap_or(Value::Null);
        let text = self.template_text(&properties)?;
        let parameters = self.parameters(&properties, id)?;
        let name = id.name();
        let template = Template::parse(name, &text).map_err(|wrong| {
            let messages: Vec<String> = wrong.iter().map(in_template).collect();
            INVALID_TEMPLATE.with(&[&messages.join("; ")])
        })?;
        let context = self.context(id);
        let mut expansion = expand(&template, &parameters, &context, &NoLinks);
        if !expansion.is_clean() {
            let messages: Vec<String> = expansion.diagnostics.iter().map(in_template).collect();
            let messages = without_secrets(&messages.join("; "), &template, &parameters);
            refuse(true, &INVALID_TEMPLATE, &[&messages])?;
        }
        let shown = shown(&template, &properties);
        // Azure takes a password and never shows it. What is kept here is shown as it is, so a secret is not kept: nothing
        // in the lab asks for one.
        veil(&mut expansion, name, &template.json(), &parameters, &context);
        let mode = properties.get("mode").and_then(Value::as_str).unwrap_or("Incremental").to_owned();
        let hash = self.world.dice.number(1 << 60, u64::MAX, "template-hash", &text).to_string();
        Ok(Program {
            resources: expansion.resources,
            outputs: expansion.outputs,
            parameters: shown,
            mode,
            hash,
        })
    }

    /// The template in the body, or that of the template spec it links to.
    fn template_text(&mut self, properties: &Value) -> Result<String, Refused> {
        if let Some(template) = properties.get("template").filter(|template| !template.is_null()) {
            return Ok(template.to_string());
        }
        let Some(id) = properties.pointer("/templateLink/id").and_then(Value::as_str) else {
            let why =
                "neither 'template' nor 'templateLink.id' is given; the lab follows no 'templateLink.uri'";
            return Err(INVALID_TEMPLATE.with(&[why]));
        };
        match self.ask(Method::Get, id, "2022-02-01", None) {
            Ok(answer) => Ok(answer.body["properties"]["mainTemplate"].to_string()),
            Err(why) => Err(INVALID_TEMPLATE.with(&[&why])),
        }
    }

    /// `{name: {value}}`. Secrets of a key vault are made up from the seed: the lab keeps none.
    fn parameters(&self, properties: &Value, id: &ResourceId) -> Result<BTreeMap<String, Value>, Refused> {
        let mut all = BTreeMap::new();
        for (name, given) in properties.get("parameters").and_then(Value::as_object).into_iter().flatten() {
            let value = match (given.get("value"), given.get("reference")) {
                (Some(value), _) => value.clone(),
                (None, Some(reference)) => {
                    Value::String(self.world.dice.guid("secret", &reference.to_string()).simple().to_string())
                }
                (None, None) => {
                    let why = format!("the parameter '{name}' of '{}' has no value", id.name());
                    return Err(INVALID_TEMPLATE.with(&[&why]));
                }
            };
            all.insert(name.clone(), value);
        }
        Ok(all)
    }

    fn context(&self, id: &ResourceId) -> Context {
        let subscription = id.subscription().unwrap_or_default();
        let known = self.world.subscriptions.iter().find(|known| known.id.eq_ignore_ascii_case(subscription));
        let group = id.group_id().and_then(|group| self.world.groups.all.get(&group));
        let here =
            self.world.groups.all.values().filter(|group| group.id.subscription() == Some(subscription));
        Context {
            subscription: subscription.to_owned(),
            tenant: known.map_or_else(String::new, |known| known.tenant.clone()),
            resource_group: group.map(|group| ResourceGroupInfo {
                name: group.id.name().to_owned(),
                location: group.location.as_str().to_owned(),
            }),
            location: None,
            deployment_name: id.name().to_owned(),
            management_group: None,
            now: self.now,
            new_guid_seed: self.world.dice.guid("new-guid", &format!("{id}@{}", self.now)).to_string(),
            groups: here
                .map(|group| (group.id.name().to_ascii_lowercase(), group.location.as_str().to_owned()))
                .collect(),
        }
    }

    /// A request as a deployment sends it, for reading: an answer that succeeded, or why not.
    pub(super) fn ask(
        &mut self,
        method: Method,
        path: &str,
        api_version: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let call = Call::arm(method, format!("{path}{joint}api-version={api_version}"), body.cloned());
        let request = Request::parse(&call).map_err(|refused| refused.error.to_string())?;
        match self.dispatch(&request) {
            Dispatched::Silent => Err(format!("'{path}' does not answer")),
            Dispatched::Answered(answer) => match answer.error() {
                Some(error) => Err(error.to_string()),
                None => Ok(answer),
            },
        }
    }
}

/// A mistake with its place: lines and columns of what was sent say nothing to whoever wrote it in another file.
fn in_template(wrong: &Diagnostic) -> String {
    let at = if wrong.pointer.is_empty() { "the template" } else { &wrong.pointer };
    let hint = wrong.hint.as_ref().map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
    format!("{at}: {} [{}]{hint}", wrong.message, wrong.code)
}

/// The parameters as Azure shows them: of a secure one, only the type.
fn shown(template: &Template, properties: &Value) -> Value {
    let mut shown = properties.get("parameters").cloned().unwrap_or_else(|| json!({}));
    for (name, given) in shown.as_object_mut().into_iter().flatten() {
        let declared = template.parameters().find(|declared| declared.name.eq_ignore_ascii_case(name));
        if declared.is_some_and(|declared| declared.secure) {
            let kind = match declared.map(|declared| declared.kind) {
                Some(ParameterType::SecureObject) => "SecureObject",
                _ => "SecureString",
            };
            *given = json!({ "type": kind });
        }
    }
    shown
}

/// `reference` and `list…` of a running deployment, answered by the lab's providers. What they do not model and an
/// expression reaches for is made up.
pub(super) struct Live<'a> {
    lab: RefCell<&'a mut Lab>,
    reaches: Vec<Reach>,
}

impl<'a> Live<'a> {
    pub(super) fn new<'d>(lab: &'a mut Lab, deferred: impl IntoIterator<Item = &'d Deferred>) -> Self {
        Self { lab: RefCell::new(lab), reaches: made_up::reaches(deferred) }
    }

    /// Subnets, host keys, front-end addresses: parts of a resource that the lab does not model are there with it.
    pub(super) fn comes_with_its_parent(&self, id: &str) -> bool {
        let Ok(id) = ResourceId::parse(id) else { return false };
        let modelled = id.kind().is_none_or(|kind| providers::is_modelled(kind.namespace()));
        let mut next = id.parent().filter(|_| !modelled);
        while let Some(parent) = next {
            let kind = parent.kind().filter(|kind| kind.segments().count() > 0);
            if kind.is_none() {
                return false;
            }
            if self.lab.borrow_mut().ask(Method::Get, parent.as_str(), "2024-01-01", None).is_ok() {
                return true;
            }
            next = parent.parent();
        }
        false
    }

    /// Only services of their own know what is absent: of the others the lab just keeps what was sent.
    fn complete(&self, answer: &mut Value, function: &str, id: &str) {
        let kind = ResourceId::parse(id).ok().and_then(|id| id.kind());
        if !kind.is_some_and(|kind| providers::is_modelled(kind.namespace())) {
            made_up::complete(answer, function, id, &self.reaches);
        }
    }
}

impl Runtime for Live<'_> {
    fn reference(&self, id: &str, api_version: Option<&str>, full: bool) -> Result<Value, String> {
        let version = api_version.unwrap_or("2024-01-01");
        let answer = self.lab.borrow_mut().ask(Method::Get, id, version, None);
        let body = match answer {
            Ok(answer) => answer.body,
            Err(_) if self.comes_with_its_parent(id) => json!({ "properties": {} }),
            Err(why) => return Err(why),
        };
        let mut answer = if full { body } else { body["properties"].clone() };
        self.complete(&mut answer, "reference", id);
        Ok(answer)
    }

    fn list(
        &self,
        function: &str,
        id: &str,
        api_version: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let path = format!("{id}/{function}");
        let answer = self.lab.borrow_mut().ask(Method::Post, &path, api_version, body);
        let mut answer = match answer {
            Ok(answer) => answer.body,
            Err(_) if self.comes_with_its_parent(id) => json!({}),
            Err(why) => return Err(why),
        };
        self.complete(&mut answer, function, id);
        Ok(answer)
    }
}
