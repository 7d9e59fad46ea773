//! The texts that every resource has: its type, its name, its apiVersion; and whether it is made.

use std::borrow::Cow;
use std::cell::RefCell;

use super::{Collector, Parent};
use crate::template::diagnostic::Severity;
use crate::template::expand::deferred::Deferred;
use crate::template::expand::frame::Frame;
use crate::template::expand::stand_in;
use crate::template::language::evaluate::Env;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::value::Value;
use crate::tree::Node;

impl<'t> Collector<'_, 't> {
    /// A text that every resource has.
    pub(super) fn needed<'n>(
        &self,
        env: &Env<'_>,
        node: &'n Node,
        key: &'static str,
        unsettled: &RefCell<Vec<Deferred>>,
    ) -> Outcome<Cow<'n, str>> {
        match node.get(key) {
            Some(value) if key == "name" => settled_string(env, value, key, unsettled),
            Some(value) => env.node_string(value, key),
            // all that is missing is told at once: a place has one mistake of a kind
            None => Err(self.frame.report(node, &Fault::new("resource-incomplete", self.missing(node)))),
        }
    }

    fn missing(&self, node: &Node) -> String {
        let has_profile = self.frame.template.get("apiProfile").is_some();
        let needed = ["type", "name", "apiVersion"].into_iter();
        let missing = needed.filter(|key| node.get(key).is_none() && !(has_profile && *key == "apiVersion"));
        let missing: Vec<String> = missing.map(|key| format!("no `{key}`")).collect();
        match missing.split_last() {
            Some((last, [])) => format!("the resource has {last}"),
            Some((last, others)) => format!("the resource has {} and {last}", others.join(", ")),
            None => "the resource is incomplete".to_owned(),
        }
    }

    /// An api profile gives resources without `apiVersion` one; which, is the service's business.
    pub(super) fn default_api_version(&self, env: &Env<'_>) -> Option<Cow<'t, str>> {
        let profile = self.frame.template.get("apiProfile")?;
        env.node_string(profile, "api profile").ok()
    }

    pub(super) fn condition(&self, env: &Env<'_>, node: &Node) -> Outcome<bool> {
        let Some(condition) = node.get("condition") else { return Ok(true) };
        let fault = match env.node(condition)? {
            Value::Bool(value) => return Ok(value),
            Value::String(text) if text.eq_ignore_ascii_case("true") => return Ok(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => return Ok(false),
            Value::Deferred(_) => {
                let message = "whether this is made is known only when the deployment runs: taken as made";
                let mut diagnostic = self.frame.document.diagnostic(
                    "runtime-condition",
                    message.to_owned(),
                    condition.range.clone(),
                );
                diagnostic.severity = Severity::Warning;
                diagnostic.chain.clone_from(&self.frame.chain.borrow());
                self.frame.engine.push(diagnostic);
                return Ok(true);
            }
            other => Fault::new("type", format!("the condition must be a bool, is {}", other.kind_name())),
        };
        Err(self.frame.report(condition, &fault))
    }
}

pub(super) fn not_empty<'n>(frame: &Frame<'_>, node: &Node, name: Cow<'n, str>) -> Outcome<Cow<'n, str>> {
    if !name.trim().is_empty() {
        return Ok(name);
    }
    let place = node.get("name").unwrap_or(node);
    Err(frame.report(place, &Fault::new("name-empty", "the name of the resource is empty")))
}

/// Type and name in full: a child's go on from its parent's.
pub(super) fn whole(kind: Cow<'_, str>, name: Cow<'_, str>, parent: Option<&Parent<'_>>) -> (String, String) {
    // a resource of another provider stands inside of one, but is not its child
    let Some(parent) = parent.filter(|parent| !is_foreign(&kind, parent.kind)) else {
        return (kind.into_owned(), name.into_owned());
    };
    // a child may repeat its parent's type and name in full
    let repeats = lies_below(&kind, parent.kind);
    let kind = if repeats { kind.into_owned() } else { format!("{}/{kind}", parent.kind) };
    let repeats = repeats && lies_below(&name, parent.name);
    let name = if repeats { name.into_owned() } else { format!("{}/{name}", parent.name) };
    (kind, name)
}

/// The string of a node that must be one. What only the run knows has a stand-in, and is noted.
pub(super) fn settled_string<'n>(
    env: &Env<'_>,
    node: &'n Node,
    key: &str,
    unsettled: &RefCell<Vec<Deferred>>,
) -> Outcome<Cow<'n, str>> {
    if let Some(text) = env.literal(node)? {
        return Ok(Cow::Borrowed(text));
    }
    match env.node(node)? {
        Value::String(text) => Ok(Cow::Owned(text.to_string())),
        Value::Deferred(rest) => {
            unsettled.borrow_mut().push(stand_in::unsettled(key, &rest.expression));
            Ok(stand_in::stand_in(env, &rest.expression).into())
        }
        other => {
            let message = format!("the {key} must be a string, is {}", other.kind_name());
            Err(env.fail(node, &Fault::new("type", message)))
        }
    }
}

/// Whether a child's type is a whole one of another provider, instead of a part of its parent's.
fn is_foreign(kind: &str, parent: &str) -> bool {
    let Some((namespace, _)) = kind.split_once('/') else { return false };
    namespace.contains('.') && !lies_below(kind, parent)
}

/// Whether a path goes on from another one, case ignored.
fn lies_below(path: &str, parent: &str) -> bool {
    let start = path.get(..parent.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(parent)) && path[parent.len()..].starts_with('/')
}
