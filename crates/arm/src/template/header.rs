//! The first look at a deployment's resources: loops unrolled, conditions decided, names and ids known.
//!
//! Bodies come later (`body`), because dependencies and `reference` need all names first.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use super::deferred::Deferred;
use super::evaluate::{Env, Turn};
use super::fault::{Fault, Outcome};
use super::frame::Frame;
use super::node::COPY_MAX;
use super::scope::{self, Scope};
use super::stand_in;
use super::value::Value;
use crate::tree::{Node, push_pointer};

mod place;

/// The turns of the loops around a resource, outermost first.
pub(crate) type Turns = Vec<(String, i64)>;

/// What is known of a resource before its body.
pub(crate) struct Header<'t> {
    /// Unlike the id it is unique in the expansion.
    pub(crate) key: usize,
    pub(crate) node: &'t Node,
    pub(crate) pointer: Arc<str>,
    pub(crate) symbol: Option<&'t str>,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) api_version: String,
    pub(crate) id: String,
    /// The id as it is compared.
    pub(crate) id_key: String,
    pub(crate) scope: Scope,
    /// The id of the scope or, for an extension, of the resource that it extends.
    pub(crate) scope_id: String,
    /// What of the name and the place has a stand-in.
    pub(crate) unsettled: Vec<Deferred>,
    pub(crate) condition: bool,
    pub(crate) existing: bool,
    pub(crate) turns: Turns,
    /// The loop that it comes from, and the first turn of the batch before its own, if they are serial.
    pub(crate) batch: Option<(String, std::ops::Range<i64>)>,
}

impl Header<'_> {
    pub(crate) fn is_deployment(&self) -> bool {
        self.kind.eq_ignore_ascii_case("Microsoft.Resources/deployments")
    }
}

/// Runs something inside of loops.
pub(crate) fn with_turns<T>(env: &Env<'_>, turns: &[(String, i64)], run: &mut dyn FnMut(&Env<'_>) -> T) -> T {
    match turns.split_first() {
        None => run(env),
        Some(((name, index), rest)) => {
            let turn = Turn { name, index: *index, anonymous: true, outer: env.turn };
            with_turns(&Env { turn: Some(&turn), ..*env }, rest, run)
        }
    }
}

/// The string of a node that must be one. What only the run knows has a stand-in, and is noted.
fn settled_string<'n>(
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

fn is_existing(node: &Node) -> bool {
    node.get("existing").is_some_and(|node| node.kind == crate::tree::NodeKind::Bool(true))
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

/// Collects the resources of a template.
pub(crate) struct Collector<'f, 't> {
    pub(crate) frame: &'f Frame<'t>,
    pub(crate) scope: &'f Scope,
    pub(crate) headers: Vec<Header<'t>>,
}

struct Parent<'p> {
    kind: &'p str,
    name: &'p str,
}

impl<'t> Collector<'_, 't> {
    /// All resources below `resources`, children after their parents.
    pub(crate) fn collect(&mut self, resources: &'t Node, pointer: &str, turns: &Turns) {
        for (index, node) in resources.elements().unwrap_or_default().iter().enumerate() {
            self.resource(node, &push_pointer(pointer, index), None, turns, None);
        }
        for member in resources.members().unwrap_or_default() {
            let pointer = push_pointer(pointer, &member.key);
            self.resource(&member.value, &pointer, Some(&member.key), turns, None);
        }
    }

    fn resource(
        &mut self,
        node: &'t Node,
        pointer: &str,
        symbol: Option<&'t str>,
        turns: &Turns,
        parent: Option<&Parent<'_>>,
    ) {
        if node.members().is_none() {
            let message = format!("a resource must be an object, is {}", node.kind_name());
            self.frame.report(node, &Fault::new("type", message));
            return;
        }
        let Some(copy) = node.get("copy").filter(|copy| copy.members().is_some()) else {
            self.instance(node, pointer, symbol, turns, parent, None);
            return;
        };
        let frame = self.frame;
        if parent.is_some() {
            let message = "a resource inside of another one cannot have a loop";
            let hint =
                "lift it to the template's `resources`, with its whole type and its name `parent/child`";
            frame.report(copy, &Fault::new("copy-child", message).hint(Some(hint.to_owned())));
            return;
        }
        let env = frame.env();
        let header = with_turns(&env, turns, &mut |env| {
            let name = match copy.get("name") {
                Some(name) => env.node_string(name, "name of the loop")?.into_owned(),
                // with symbolic names the loop needs no other
                None => symbol.unwrap_or_default().to_owned(),
            };
            let count = copy
                .get("count")
                .ok_or_else(|| frame.report(copy, &Fault::new("copy", "the loop needs a `count`")))?;
            let serial = match copy.get("mode") {
                Some(mode) => env.node_string(mode, "mode of the loop")?.eq_ignore_ascii_case("serial"),
                None => false,
            };
            let size = match copy.get("batchSize").filter(|_| serial) {
                Some(size) => env.loop_count(size)?.max(1),
                None => 1,
            };
            Outcome::Ok((name, env.loop_count(count)?.min(COPY_MAX), serial.then_some(size)))
        });
        let Ok((name, count, serial)) = header else { return };
        for index in 0..count {
            let mut turns = turns.clone();
            turns.push((name.clone(), index));
            let before = serial.map_or(0..0, |size| {
                let start = index - index % size;
                (start - size).max(0)..start
            });
            self.instance(node, pointer, symbol, &turns, parent, Some((name.clone(), before)));
        }
    }

    fn instance(
        &mut self,
        node: &'t Node,
        pointer: &str,
        symbol: Option<&'t str>,
        turns: &Turns,
        parent: Option<&Parent<'_>>,
        batch: Option<(String, std::ops::Range<i64>)>,
    ) {
        let frame = self.frame;
        let env = frame.env();
        if frame.engine.meter.spend(4).is_err() || self.headers.len() > 20_000 {
            frame.report(node, &Fault::new("limit", "the template has too many resources"));
            return;
        }
        // resources of other systems than Azure's have neither name nor id
        if node.get("name").is_none() && (node.get("import").is_some() || node.get("extension").is_some()) {
            let message = "a resource of an extension is left out: it is not Azure's".to_owned();
            let range = node.range.start..node.range.start + 1;
            let mut diagnostic = frame.document.diagnostic("extension", message, range);
            diagnostic.severity = super::diagnostic::Severity::Warning;
            frame.engine.push(diagnostic);
            return;
        }
        // with symbolic names a resource that is not made may have a name that cannot be evaluated: compilers
        // write `last(split(…))` of an optional id
        let off =
            symbol.is_some() && with_turns(&env, turns, &mut |env| self.condition(env, node)) == Ok(false);
        let read =
            frame.engine.quietly(off, || with_turns(&env, turns, &mut |env| self.read(env, node, parent)));
        let mut header = match read {
            Ok(header) => header,
            Err(_) if off => self.absent(node),
            Err(_) => return,
        };
        let (kind, name) = (header.kind.clone(), header.name.clone());
        header.pointer = pointer.into();
        header.symbol = symbol;
        header.batch = batch;
        header.turns.clone_from(turns);
        let deployment = header.is_deployment();
        self.headers.push(header);
        if deployment {
            return;
        }
        if let Some(children) = node.get("resources").filter(|children| children.elements().is_some()) {
            let pointer = push_pointer(pointer, "resources");
            let parent = Parent { kind: &kind, name: &name };
            for (index, child) in children.elements().unwrap_or_default().iter().enumerate() {
                self.resource(child, &push_pointer(&pointer, index), None, turns, Some(&parent));
            }
        }
    }

    fn read(&self, env: &Env<'_>, node: &'t Node, parent: Option<&Parent<'_>>) -> Outcome<Header<'t>> {
        let frame = self.frame;
        let unsettled = RefCell::default();
        let text = |key: &str| match node.get(key) {
            Some(value) if key == "name" => settled_string(env, value, key, &unsettled).map(Some),
            Some(value) => env.node_string(value, key).map(Some),
            None => Ok(None),
        };
        let needed = |key: &'static str| {
            text(key)?.ok_or_else(|| {
                let message = format!("the resource has no `{key}`");
                frame.report(node, &Fault::new("resource-incomplete", message))
            })
        };
        // each part is looked at even when another one is wrong
        let condition = self.condition(env, node);
        let (kind, name) = (needed("type"), needed("name"));
        let api_version = match text("apiVersion") {
            Ok(None) => match self.default_api_version(env) {
                Some(found) => Ok(found),
                None => needed("apiVersion"),
            },
            Ok(Some(version)) => Ok(version),
            Err(fault) => Err(fault),
        };
        let (kind, name, api_version, condition) = (kind?, name?, api_version?, condition?);
        if name.trim().is_empty() {
            let message = "the name of the resource is empty";
            let place = node.get("name").unwrap_or(node);
            return Err(frame.report(place, &Fault::new("name-empty", message)));
        }
        let (kind, name) = match parent {
            // a resource of another provider stands inside of one, but is not its child
            Some(parent) if is_foreign(&kind, parent.kind) => (kind.into_owned(), name.into_owned()),
            Some(parent) => {
                // a child may repeat its parent's type and name in full
                let whole = lies_below(&kind, parent.kind);
                let kind = if whole { kind.into_owned() } else { format!("{}/{kind}", parent.kind) };
                let whole = whole && lies_below(&name, parent.name);
                let name = if whole { name.into_owned() } else { format!("{}/{name}", parent.name) };
                (kind, name)
            }
            None => (kind.into_owned(), name.into_owned()),
        };
        let (scope, scope_id) = self.scope_of(env, node, &kind, &unsettled)?;
        let place = node.get("name").unwrap_or(node);
        let id = scope::resource_id(&scope_id, &kind, &name).map_err(|fault| frame.report(place, &fault))?;
        let existing = is_existing(node);
        Ok(Header {
            key: frame.engine.next_key(),
            node,
            pointer: "".into(),
            symbol: None,
            kind,
            name,
            api_version: api_version.into_owned(),
            id_key: scope::key(&id),
            id,
            scope,
            scope_id,
            unsettled: unsettled.into_inner(),
            condition,
            existing,
            turns: Vec::new(),
            batch: None,
        })
    }

    /// A resource that is not made and whose name nobody needs: only its symbolic name counts.
    fn absent(&self, node: &'t Node) -> Header<'t> {
        Header {
            key: self.frame.engine.next_key(),
            node,
            pointer: "".into(),
            symbol: None,
            kind: node.get("type").and_then(Node::as_str).unwrap_or_default().to_owned(),
            name: String::new(),
            api_version: String::new(),
            id: String::new(),
            id_key: String::new(),
            scope: self.scope.clone(),
            scope_id: String::new(),
            unsettled: Vec::new(),
            condition: false,
            existing: false,
            turns: Vec::new(),
            batch: None,
        }
    }

    /// An api profile gives resources without `apiVersion` one; which, is the service's business.
    fn default_api_version(&self, env: &Env<'_>) -> Option<Cow<'t, str>> {
        let profile = self.frame.template.get("apiProfile")?;
        env.node_string(profile, "api profile").ok()
    }

    fn condition(&self, env: &Env<'_>, node: &Node) -> Outcome<bool> {
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
                diagnostic.severity = super::diagnostic::Severity::Warning;
                diagnostic.chain.clone_from(&self.frame.chain);
                self.frame.engine.push(diagnostic);
                return Ok(true);
            }
            other => Fault::new("type", format!("the condition must be a bool, is {}", other.kind_name())),
        };
        Err(self.frame.report(condition, &fault))
    }
}
