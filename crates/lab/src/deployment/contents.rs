//! What links lead to: template specs of this lab, blobs of its storage accounts, and what was published at other addresses.
//!
//! The lab opens no connection. Whoever has files publishes them ([`Lab::publish`]), for example a folder of linked
//! templates at the address that the template links to. A key in a query (a shared access signature) is not looked at.

use std::cell::RefCell;
use std::collections::BTreeMap;

use lifeboat_arm::Method;
use lifeboat_arm::template::links::without_query;
use lifeboat_arm::template::{Link, Linked, LinkedTemplate, ParameterValue, Template, parse_parameters};
use serde_json::Value;

use super::mistakes;
use super::refusals::{INVALID_LINK, INVALID_TEMPLATE};
use crate::health::Health;
use crate::lab::Lab;
use crate::refusal::Refused;

/// Texts by their address, without its query.
pub(crate) type Published = BTreeMap<String, String>;

/// Follows links for the template engine.
pub(super) struct Contents<'a>(RefCell<&'a mut Lab>);

impl<'a> Contents<'a> {
    pub(super) fn new(lab: &'a mut Lab) -> Self {
        Self(RefCell::new(lab))
    }
}

impl Linked for Contents<'_> {
    fn load(&self, link: Link<'_>) -> Option<LinkedTemplate> {
        self.0.borrow_mut().content(link.to)
    }
}

impl Lab {
    /// Puts a text at an address, so that templates can link to it. Queries are no part of an address.
    pub fn publish(&mut self, address: &str, text: impl Into<String>) {
        self.published.insert(without_query(address).to_owned(), text.into());
    }

    /// What lies at an address.
    fn content(&mut self, address: &str) -> Option<LinkedTemplate> {
        if address.starts_with('/') {
            return self.spec(address);
        }
        let address = without_query(address);
        let host = address.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
        // A blob in a region that is lost is as good as none.
        if self.blob_health(host).is_some_and(|health| health != Health::Up) {
            return None;
        }
        let text = self.published.get(address)?.clone();
        Some(LinkedTemplate { file: address.to_owned(), text })
    }

    /// The template of a template spec's version, or a file that it brings along.
    fn spec(&mut self, address: &str) -> Option<LinkedTemplate> {
        let parts: Vec<&str> = address.split('/').collect();
        let version = parts.iter().position(|part| part.eq_ignore_ascii_case("versions"))? + 1;
        parts.get(version)?;
        let (id, file) = (parts[..=version].join("/"), parts[version + 1..].join("/"));
        let answer = self.ask(Method::Get, &id, "2022-02-01", None).ok()?;
        let properties = &answer.body["properties"];
        if file.is_empty() || file == MAIN {
            let text = properties.get("mainTemplate").filter(|main| main.is_object())?.to_string();
            return Some(LinkedTemplate { file: format!("{id}/{MAIN}"), text });
        }
        let is_it = |linked: &&Value| {
            let path = linked["path"].as_str().unwrap_or_default().replace('\\', "/");
            path.trim_start_matches("./") == file
        };
        let found = properties["linkedTemplates"].as_array()?.iter().find(is_it)?;
        Some(LinkedTemplate { file: format!("{id}/{file}"), text: found["template"].to_string() })
    }

    /// The template of a deployment: in its body, or where that links to.
    pub(super) fn template_of(&mut self, name: &str, properties: &Value) -> Result<Template, Refused> {
        let linked = self.template_text(name, properties)?;
        let template =
            Template::parse(&linked.file, &linked.text).map_err(|wrong| mistakes::refusal(&wrong))?;
        let wanted = properties.pointer("/templateLink/contentVersion").and_then(Value::as_str);
        let found = template.tree().get("contentVersion").and_then(|version| version.as_str());
        if let Some(wanted) = wanted.filter(|wanted| Some(*wanted) != found) {
            let why = format!("the link asks for content version '{wanted}', the template has '{found:?}'");
            return Err(INVALID_TEMPLATE.with(&[&why]));
        }
        Ok(template)
    }

    fn template_text(&mut self, name: &str, properties: &Value) -> Result<LinkedTemplate, Refused> {
        let link = &properties["templateLink"];
        let inline = properties.get("template").filter(|template| !template.is_null());
        match (inline, link.is_object()) {
            (Some(_), true) => Err(INVALID_TEMPLATE.with(&["both 'template' and 'templateLink' are given"])),
            (Some(template), false) => {
                Ok(LinkedTemplate { file: name.to_owned(), text: template.to_string() })
            }
            (None, _) => {
                let address = link["uri"].as_str().or_else(|| link["id"].as_str());
                let why = "neither 'template' nor 'templateLink' with 'uri' or 'id' is given";
                let address = address.ok_or_else(|| INVALID_TEMPLATE.with(&[why]))?;
                self.content(address).ok_or_else(|| INVALID_LINK.with(&[without_query(address)]))
            }
        }
    }

    /// The values given to a deployment, in its body or in the file that it links to. Secrets of a key vault are made up
    /// from the seed: the lab keeps none.
    pub(super) fn given_values(
        &mut self,
        name: &str,
        properties: &Value,
    ) -> Result<BTreeMap<String, Value>, Refused> {
        let mut all = BTreeMap::new();
        if let Some(address) = properties.pointer("/parametersLink/uri").and_then(Value::as_str) {
            let linked = self.content(address).ok_or_else(|| INVALID_LINK.with(&[without_query(address)]))?;
            let values =
                parse_parameters(&linked.file, &linked.text).map_err(|wrong| mistakes::refusal(&wrong))?;
            all.extend(values.into_iter().map(|(name, value)| match value {
                ParameterValue::Value(value) => (name, value),
                ParameterValue::KeyVault(reference) => (name, self.made_up_secret(&reference)),
            }));
        }
        for (parameter, given) in properties["parameters"].as_object().into_iter().flatten() {
            let value = match (given.get("value"), given.get("reference")) {
                (Some(value), _) => value.clone(),
                (None, Some(reference)) => self.made_up_secret(reference),
                (None, None) => {
                    let why = format!("the parameter '{parameter}' of '{name}' has no value");
                    return Err(INVALID_TEMPLATE.with(&[&why]));
                }
            };
            all.insert(parameter.clone(), value);
        }
        Ok(all)
    }

    fn made_up_secret(&self, reference: &Value) -> Value {
        Value::String(self.world.dice.guid("secret", &reference.to_string()).simple().to_string())
    }
}

/// How the main template of a spec is called, so that paths in it start beside it.
const MAIN: &str = "mainTemplate.json";
