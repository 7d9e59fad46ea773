//! Links to other templates and parameter files: followed while expanding, and written into the template that links.
//!
//! A linked file may be out of reach on the day, so what is sent must need none: [`self_contained`] makes it so.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::expansion::{Link, LinkedTemplate};
use super::header::Header;
use super::unit::Unit;
use crate::template::key_vault::secret;
use crate::template::language::evaluate::Env;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::uri::combine;
use crate::template::language::value::{Key, Value};
use crate::template::parameters::{ParameterValue, parse_parameters};
use crate::tree::Node;

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// `templateLink`.
    Template,
    /// `parametersLink`.
    Parameters,
}

/// A link that was followed while a template was expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FollowedLink {
    /// The pointer of the deployment that links, in the root template with every outer link written into it.
    pub at: String,
    /// What it leads to.
    pub kind: LinkKind,
    /// How the template names it, without its query: that is where keys to storage stand.
    pub uri: String,
    /// What was found there.
    pub found: LinkedTemplate,
}

/// One deployment of a loop links to several files, so that none of them can be written in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the deployment at `{at}` links to `{first}` in one turn and to `{second}` in another")]
#[non_exhaustive]
pub struct TwoLinks {
    /// The pointer of the deployment.
    pub at: String,
    /// The one.
    pub first: String,
    /// The other.
    pub second: String,
}

/// An address without its query and fragment, which may be a key to what lies there. What is shown of an address is this.
pub fn without_query(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

/// The template with everything that it links to written into it: what is sent needs no other file.
///
/// # Errors
/// When one deployment links to more than one file.
pub fn self_contained(template: &Json, links: &[FollowedLink]) -> Result<Json, TwoLinks> {
    let mut whole = template.clone();
    let mut followed: BTreeMap<(&str, bool), &FollowedLink> = BTreeMap::new();
    for link in links {
        let key = (link.at.as_str(), link.kind == LinkKind::Template);
        if let Some(first) = followed.insert(key, link) {
            if first.found == link.found {
                continue;
            }
            let (first, second) = (first.uri.clone(), link.uri.clone());
            return Err(TwoLinks { at: link.at.clone(), first, second });
        }
        let properties = find(&mut whole, &link.at).and_then(|element| member(element, "properties"));
        if let Some(properties) = properties.and_then(Json::as_object_mut) {
            write(properties, link);
        }
    }
    Ok(whole)
}

fn write(properties: &mut Map<String, Json>, link: &FollowedLink) {
    // It was read once already, so it is a tree.
    let Ok(found) = Node::parse(&link.found.text) else { return };
    let mut found = found.to_value();
    let unwanted = match link.kind {
        LinkKind::Template => ["templateLink", "expressionEvaluationOptions"].as_slice(),
        LinkKind::Parameters => &["parametersLink"],
    };
    properties.retain(|key, _| !unwanted.iter().any(|word| key.eq_ignore_ascii_case(word)));
    match link.kind {
        LinkKind::Template => {
            own_address(&mut found, &link.uri);
            properties.insert("template".to_owned(), found);
            properties.insert("expressionEvaluationOptions".to_owned(), json!({ "scope": "inner" }));
        }
        LinkKind::Parameters => {
            let mut values = member(&mut found, "parameters").map(Json::take).unwrap_or_default();
            escape(&mut values);
            properties.insert("parameters".to_owned(), values);
        }
    }
}

/// A template that is written into another has no address of its own any more, and many ask for theirs.
fn own_address(value: &mut Json, uri: &str) {
    const ASKS: &str = "deployment().properties.templatelink.uri";
    match value {
        Json::String(text) if text.starts_with('[') => {
            let quoted = format!("'{}'", uri.replace('\'', "''"));
            while let Some(at) = text.to_ascii_lowercase().find(ASKS) {
                text.replace_range(at..at + ASKS.len(), &quoted);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| own_address(item, uri)),
        Json::Object(members) => members.values_mut().for_each(|member| own_address(member, uri)),
        _ => {}
    }
}

/// Values of a parameter file are literal; inside of a template the same text would be an expression.
fn escape(value: &mut Json) {
    match value {
        Json::String(text) if text.starts_with('[') && text.ends_with(']') => text.insert(0, '['),
        Json::Array(items) => items.iter_mut().for_each(escape),
        Json::Object(members) => members.values_mut().for_each(escape),
        _ => {}
    }
}

/// What a pointer names; keywords of templates may be written in any case.
fn find<'v>(value: &'v mut Json, pointer: &str) -> Option<&'v mut Json> {
    pointer.split('/').skip(1).try_fold(value, |value, token| {
        let token = token.replace("~1", "/").replace("~0", "~");
        match value {
            Json::Array(items) => items.get_mut(token.parse::<usize>().ok()?),
            other => member(other, &token),
        }
    })
}

fn member<'v>(value: &'v mut Json, name: &str) -> Option<&'v mut Json> {
    let members = value.as_object_mut()?;
    let exact = members.keys().find(|key| *key == name);
    let key = exact.or_else(|| members.keys().find(|key| key.eq_ignore_ascii_case(name)))?.clone();
    members.get_mut(&key)
}

impl Unit<'_> {
    /// What a link leads to; remembered, so that it can be written into the template.
    pub(crate) fn follow(
        &self,
        env: &Env<'_>,
        header: &Header<'_>,
        link: &Node,
        kind: LinkKind,
    ) -> Outcome<LinkedTemplate> {
        let what = match kind {
            LinkKind::Template => "linked template",
            LinkKind::Parameters => "linked parameter file",
        };
        let uri = self.address(env, link, what)?;
        let engine = self.frame.engine;
        let Some(found) = engine.loader.load(Link { to: &uri, from: &self.frame.document.file }) else {
            let hint =
                "put it into the template's folder, under the path that ends the link: nothing is downloaded";
            let fault =
                Fault::new("linked-template", format!("the {what} `{}` is not there", without_query(&uri)));
            return Err(self.frame.report(link, &fault.hint(Some(hint.to_owned()))));
        };
        let at = format!("{}{}", self.frame.deployment.written_at, header.pointer);
        engine.links.borrow_mut().push(FollowedLink {
            at,
            kind,
            uri: without_query(&uri).to_owned(),
            found: found.clone(),
        });
        Ok(found)
    }

    /// The values of a linked parameter file.
    pub(crate) fn linked_arguments(
        &self,
        env: &Env<'_>,
        header: &Header<'_>,
        link: &Node,
    ) -> Outcome<Vec<(Key, Value)>> {
        let linked = self.follow(env, header, link, LinkKind::Parameters)?;
        self.frame.engine.meter.spend(linked.text.len() / 4 + 1000)?;
        let values = match parse_parameters(&linked.file, &linked.text) {
            Ok(values) => values,
            Err(found) => {
                for mut diagnostic in found {
                    diagnostic.chain.clone_from(&self.chain);
                    self.frame.engine.push(diagnostic);
                }
                return Err(Fault::reported());
            }
        };
        let value = |value: ParameterValue| match value {
            ParameterValue::Value(value) => Value::from_json(&value),
            ParameterValue::KeyVault(reference) => secret(&Value::from_json(&reference)?),
        };
        values.into_iter().map(|(name, given)| Ok((Key::from(name.as_str()), value(given)?))).collect()
    }

    /// Where a link leads.
    fn address(&self, env: &Env<'_>, link: &Node, what: &str) -> Outcome<String> {
        let base = &self.frame.document.file;
        if let Some(uri) = link.get("uri") {
            let uri = env.node_string(uri, &format!("uri of the {what}"))?;
            return Ok(if is_local(base, &uri) { uri.to_string() } else { combine(base, &uri) });
        }
        if let Some(path) = link.get("relativePath") {
            let path = env.node_string(path, &format!("path of the {what}"))?;
            // .NET reads a path of Windows as one of the web
            return Ok(combine(base, &path.replace('\\', "/")));
        }
        if let Some(id) = link.get("id") {
            return env.node_string(id, "id of the template spec").map(std::borrow::Cow::into_owned);
        }
        Err(Fault::new("deployment", "the link has neither `uri` nor `relativePath` nor `id`"))
    }
}

/// Whether an address was made from the file's own, as `uri(deployment().properties.templateLink.uri, …)` makes it: then
/// it starts where that one starts. Any other path is meant from the folder of the template that links.
fn is_local(base: &str, address: &str) -> bool {
    let start = |path: &str| path.split_once('/').map(|(first, _)| first.to_owned());
    address.contains("://") || start(base).is_some_and(|first| start(address) == Some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(at: &str, kind: LinkKind, text: &Json) -> FollowedLink {
        let found = LinkedTemplate { file: "x.json".into(), text: text.to_string() };
        FollowedLink { at: at.into(), kind, uri: format!("https://a/{}", text.to_string().len()), found }
    }

    #[test]
    fn everything_that_is_linked_is_written_in_its_place() {
        let root = json!({ "Resources": [{ "properties": {
            "mode": "Incremental",
            "templateLink": { "uri": "…" },
            "parametersLink": { "uri": "…" },
        } }] });
        let inner = json!({ "resources": [{ "properties": { "templateLink": { "relativePath": "deep.json" } } }],
            "variables": { "here": "[uri(deployment().properties.templateLink.uri, 'x')]" } });
        let deep = json!({ "resources": [] });
        let parameters = json!({ "parameters": { "name": { "value": "[literal]" } } });
        let links = [
            link("/resources/0", LinkKind::Parameters, &parameters),
            link("/resources/0", LinkKind::Template, &inner),
            link("/resources/0/properties/template/resources/0", LinkKind::Template, &deep),
        ];
        let whole = self_contained(&root, &links).unwrap();
        let properties = &whole["Resources"][0]["properties"];
        assert_eq!(properties["parameters"], json!({ "name": { "value": "[[literal]" } }));
        assert_eq!(properties["expressionEvaluationOptions"], json!({ "scope": "inner" }));
        assert_eq!(properties["template"]["resources"][0]["properties"]["template"], deep);
        let here = properties["template"]["variables"]["here"].as_str().unwrap();
        assert_eq!(here, format!("[uri('{}', 'x')]", links[1].uri));
        assert!(!whole.to_string().contains("Link\""), "{whole}");
    }

    #[test]
    fn a_loop_over_several_files_cannot_be_written_down() {
        let root = json!({ "resources": [{ "properties": { "templateLink": {} } }] });
        let one = link("/resources/0", LinkKind::Template, &json!({ "resources": [] }));
        let other = link("/resources/0", LinkKind::Template, &json!({ "resources": {} , "a": 1}));
        assert!(self_contained(&root, &[one.clone(), one.clone()]).is_ok());
        assert_eq!(self_contained(&root, &[one, other]).unwrap_err().at, "/resources/0");
    }
}
