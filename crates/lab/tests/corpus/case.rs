//! A template of the corpus with values for its parameters: those beside it, and placeholders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lifeboat_arm::template::placeholder::{fill_markers, placeholders};
use lifeboat_arm::template::{
    Context, DeploymentScope, Expansion, Link, Linked, LinkedTemplate, NoLinks, ParameterValue,
    ResourceGroupInfo, Template, expand, parse_parameters,
};
use serde_json::{Map, Value, json};

/// Where the corpus is published.
const SITE: &str = "https://corpus.example/";
pub(crate) const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
pub(crate) const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
pub(crate) const GROUP: &str = "examplegroup";
pub(crate) const REGION: &str = "westeurope";
pub(crate) const MANAGEMENT_GROUP: &str = "example";

pub(crate) struct Case {
    /// The path in the corpus.
    pub(crate) name: String,
    pub(crate) uri: String,
    pub(crate) text: String,
    pub(crate) scope: DeploymentScope,
    pub(crate) given: BTreeMap<String, Value>,
    pub(crate) expansion: Expansion,
}

impl Case {
    /// The template, if it is one and expands without a mistake.
    pub(crate) fn read(corpus: &Path, path: &Path) -> Option<Self> {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let name = path.strip_prefix(corpus).unwrap().to_string_lossy().into_owned();
        let uri = format!("{SITE}{name}");
        let template = Template::parse(&uri, &text).ok()?;
        let mut given = values(path, &template);
        let scope = template.scope();
        given.extend(drawn(&template, &given));
        let expansion = expand(&template, &given, &context(scope), &Folder(corpus.to_owned()));
        expansion.is_clean().then_some(Self { name, uri, text, scope, given, expansion })
    }

    /// The parameters as a deployment sends them.
    pub(crate) fn parameters(&self) -> Value {
        let entry = |(name, value): (&String, &Value)| (name.clone(), json!({ "value": value }));
        Value::Object(self.given.iter().map(entry).collect())
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-03-01T08:00:00Z".parse().unwrap()
}

fn context(scope: DeploymentScope) -> Context {
    let group = ResourceGroupInfo { name: GROUP.to_owned(), location: REGION.to_owned() };
    let in_group = scope == DeploymentScope::ResourceGroup;
    Context {
        subscription: SUBSCRIPTION.to_owned(),
        tenant: TENANT.to_owned(),
        resource_group: in_group.then_some(group),
        location: (!in_group).then(|| REGION.to_owned()),
        deployment_name: "main".to_owned(),
        management_group: Some(MANAGEMENT_GROUP.to_owned()),
        now: now(),
        new_guid_seed: "corpus".to_owned(),
        groups: BTreeMap::new(),
    }
}

/// What the file beside the template gives, and placeholders for the rest.
fn values(path: &Path, template: &Template) -> BTreeMap<String, Value> {
    let mut given: BTreeMap<String, Value> = beside(path)
        .into_iter()
        .filter(|(name, _)| template.parameters().any(|declared| declared.name.eq_ignore_ascii_case(name)))
        .map(|(name, value)| {
            let value = fill_markers(&value, &name);
            (name, value)
        })
        .collect();
    for (name, placeholder) in placeholders(template, &given.keys().cloned().collect()) {
        let location = name.to_lowercase().ends_with("location") && placeholder.value.is_string();
        let version = name.to_lowercase().contains("apiversion") && placeholder.value.is_string();
        let free = template.parameters().all(|declared| declared.name != name || declared.allowed.is_none());
        let value = match (location && free, version && free) {
            (true, _) => REGION.into(),
            (_, true) => "2024-01-01".into(),
            _ => placed(placeholder.value),
        };
        given.insert(name, value);
    }
    given
}

/// Locations inside of made-up objects are regions, too.
fn placed(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(placed).collect(),
        Value::Object(members) => {
            let is_place =
                |name: &str, value: &Value| name.eq_ignore_ascii_case("location") && value.is_string();
            let one = |(name, value): (String, Value)| {
                let value = if is_place(&name, &value) { REGION.into() } else { placed(value) };
                (name, value)
            };
            members.into_iter().map(one).collect()
        }
        plain => plain,
    }
}

fn beside(path: &Path) -> BTreeMap<String, Value> {
    let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
    let names = [
        format!("{stem}.parameters.json"),
        format!("{stem}.params.json"),
        "azuredeploy.parameters.json".into(),
    ];
    let text = names.iter().find_map(|name| std::fs::read_to_string(path.with_file_name(name)).ok());
    let values = text.and_then(|text| parse_parameters("parameters", &text).ok()).unwrap_or_default();
    let value = |(name, value)| match value {
        ParameterValue::Value(value) => (name, value),
        ParameterValue::KeyVault(_) => (name, Value::from("secret")),
    };
    values.into_iter().map(value).collect()
}

/// What would be drawn anew with each deployment (`newGuid`, `utcNow`) is drawn once and given: else the second one would
/// be another deployment, and Azure would say so, too.
fn drawn(template: &Template, given: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let draws = |text: &str| ["newguid(", "utcnow("].iter().any(|call| text.to_lowercase().contains(call));
    let whole = template.json();
    let declared = &whole["parameters"];
    let names: Vec<&str> = template
        .parameters()
        .filter(|one| !given.keys().any(|name| name.eq_ignore_ascii_case(&one.name)))
        .filter(|one| one.default.as_ref().is_some_and(|default| draws(&default.to_value().to_string())))
        .map(|one| one.name.as_str())
        .collect();
    if names.is_empty() {
        return BTreeMap::new();
    }
    let outputs: Map<String, Value> = names
        .iter()
        .map(|name| {
            let value = format!("[parameters('{name}')]");
            ((*name).to_owned(), json!({ "type": declared[*name]["type"], "value": value }))
        })
        .collect();
    let asks = json!({ "$schema": whole["$schema"], "contentVersion": "1.0.0.0", "parameters": declared,
                       "resources": [], "outputs": outputs });
    let asks = Template::parse("drawn", &asks.to_string()).unwrap();
    let answers = expand(&asks, given, &context(template.scope()), &NoLinks);
    answers.outputs.into_iter().map(|(name, output)| (name, output.value)).collect()
}

/// Linked templates of the corpus lie where the one that links lies.
struct Folder(PathBuf);

impl Linked for Folder {
    fn load(&self, link: Link<'_>) -> Option<LinkedTemplate> {
        let path = link.to.split('?').next()?;
        let text = std::fs::read_to_string(self.0.join(path.strip_prefix(SITE)?)).ok()?;
        Some(LinkedTemplate { file: path.to_owned(), text })
    }
}
