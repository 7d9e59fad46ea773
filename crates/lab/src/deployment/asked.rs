//! What a deployment's body asks for besides its resources: the half of a record that never changes.

use lifeboat_arm::Region;
use lifeboat_arm::template::links::without_query;
use lifeboat_arm::template::secrets::{VEIL, secure_places};
use lifeboat_arm::template::{ParameterType, Template};
use lifeboat_arm::tree::Node;
use serde_json::{Value, json};

use super::refusals::MODE_UNKNOWN;
use crate::index::location_of;
use crate::refusal::{Refused, refuse};

/// What happens to what is there and not in the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Incremental,
    Complete,
}

/// Which earlier deployment is deployed again when this one fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OnError {
    LastSuccessful,
    Specific(String),
}

/// What a deployment asks for, as its record shows it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) mode: Mode,
    /// Only above groups.
    pub(super) location: Option<Region>,
    pub(super) tags: Value,
    /// Given parameters and literal defaults; of a secure one the type alone.
    pub(super) parameters: Value,
    /// The template without literal secrets: what `exportTemplate` answers.
    pub(super) template: Value,
    /// The links without their queries, which may be keys.
    pub(super) template_link: Value,
    pub(super) parameters_link: Value,
    pub(super) hash: String,
    pub(super) debug: String,
    pub(super) on_error: Option<OnError>,
}

impl Mode {
    /// Incremental unless something else is said.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Refused> {
        let text = text.unwrap_or("Incremental");
        let complete = text.eq_ignore_ascii_case("Complete");
        let known = complete || text.eq_ignore_ascii_case("Incremental");
        refuse(!known, &MODE_UNKNOWN, &[text])?;
        Ok(if complete { Self::Complete } else { Self::Incremental })
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Incremental => "Incremental",
            Self::Complete => "Complete",
        }
    }
}

impl Asked {
    /// Reads the body of a deployment whose template is known.
    pub(super) fn read(body: &Value, template: &Template) -> Result<Self, Refused> {
        let properties = &body["properties"];
        let mode = Mode::parse(properties["mode"].as_str())?;
        Ok(Self {
            mode,
            location: location_of(body),
            tags: body["tags"].clone(),
            parameters: shown_parameters(template, properties),
            template: without_secrets(&template.json()),
            template_link: shown_link(&properties["templateLink"], template),
            parameters_link: shown_link(&properties["parametersLink"], template),
            hash: hash_of(template.tree()),
            debug: properties["debugSetting"]["detailLevel"].as_str().unwrap_or("none").to_owned(),
            on_error: on_error(&properties["onErrorDeployment"])?,
        })
    }

    /// Whether operations keep what was sent.
    pub(super) fn keeps_requests(&self) -> bool {
        self.debug.to_ascii_lowercase().contains("requestcontent")
    }

    /// Whether operations keep what was answered.
    pub(super) fn keeps_responses(&self) -> bool {
        self.debug.to_ascii_lowercase().contains("responsecontent")
    }
}

/// A template's hash. The order of members is lost on the way to the lab, so it equals Azure's only where they are
/// sorted; equal templates have equal hashes all the same.
pub(super) fn hash_of(template: &Node) -> String {
    lifeboat_arm::template::template_hash(template).hash
}

fn on_error(given: &Value) -> Result<Option<OnError>, Refused> {
    let Some(kind) = given["type"].as_str() else { return Ok(None) };
    if kind.eq_ignore_ascii_case("LastSuccessful") {
        return Ok(Some(OnError::LastSuccessful));
    }
    let name = given["deploymentName"].as_str().unwrap_or_default();
    let known = kind.eq_ignore_ascii_case("SpecificDeployment") && !name.is_empty();
    let why = "its type must be 'LastSuccessful', or 'SpecificDeployment' with a 'deploymentName'";
    refuse(!known, &super::refusals::NO_EARLIER, &[name, why])?;
    Ok(Some(OnError::Specific(name.to_owned())))
}

/// A default that nobody computes. `[[text]` is `[text]` written.
fn literal(default: Value) -> Option<Value> {
    match default.as_str() {
        Some(text) if text.starts_with('[') && text.ends_with(']') => {
            text[1..].starts_with('[').then(|| json!(text[1..]))
        }
        _ => Some(default),
    }
}

/// `{name: {type, value}}` as Azure echoes parameters.
fn shown_parameters(template: &Template, properties: &Value) -> Value {
    let mut shown = json!({});
    let given = properties["parameters"].as_object();
    let given = |name: &str| {
        let found = given?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    };
    for declared in template.parameters() {
        let default = declared.default.as_ref().map(Node::to_value);
        let literal = default.and_then(literal);
        let entry = given(&declared.name).or_else(|| literal.map(|value| json!({ "value": value })));
        let Some(mut entry) = entry.filter(Value::is_object) else { continue };
        if declared.secure {
            entry = json!({});
        }
        entry["type"] = json!(type_word(declared.kind));
        shown[&declared.name] = entry;
    }
    shown
}

fn type_word(kind: ParameterType) -> &'static str {
    match kind {
        ParameterType::SecureObject => "SecureObject",
        ParameterType::SecureString => "SecureString",
        ParameterType::Int => "Int",
        ParameterType::Bool => "Bool",
        ParameterType::Array => "Array",
        ParameterType::Object | ParameterType::Any => "Object",
        ParameterType::String => "String",
    }
}

/// Secrets that stand in the template itself are never shown.
pub(super) fn without_secrets(template: &Value) -> Value {
    let mut body = json!({ "template": template });
    for place in secure_places(template, &Value::Null) {
        if let Some(value) = body.pointer_mut(&place.at) {
            *value = VEIL.into();
        }
    }
    body["template"].take()
}

fn shown_link(link: &Value, template: &Template) -> Value {
    if !link.is_object() {
        return Value::Null;
    }
    let mut shown = json!({});
    if let Some(uri) = link["uri"].as_str() {
        shown["uri"] = json!(without_query(uri));
    }
    if let Some(id) = link["id"].as_str() {
        shown["id"] = json!(id);
    }
    if let Some(version) = template.tree().get("contentVersion").and_then(|version| version.as_str()) {
        shown["contentVersion"] = json!(version);
    }
    shown
}
