//! The first look at a deployment's resources: loops unrolled, conditions decided, names and ids known.
//!
//! Bodies come later (`body`), because dependencies and `reference` need all names first.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use super::deferred::Deferred;
use super::frame::Frame;
use crate::template::language::evaluate::{Env, Turn};
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::node::COPY_MAX;
use crate::template::language::scope::{self, Scope};
use crate::tree::{Node, push_pointer};

mod place;
mod texts;

use texts::{not_empty, whole};

/// The turns of the loops around a resource, outermost first.
pub(crate) type Turns = Vec<(String, i64)>;

/// What is known of a resource before its body.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is asked on its own, and they come in all combinations"
)]
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
    /// Something of it is wrong, and told: the rest is looked at, and nothing is made.
    pub(crate) broken: bool,
    /// Its type or name is wrong, and what stands there is as it is written: nobody finds it by them.
    pub(crate) nameless: bool,
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

fn is_existing(node: &Node) -> bool {
    node.get("existing").is_some_and(|node| node.kind == crate::tree::NodeKind::Bool(true))
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
    broken: bool,
    nameless: bool,
}

/// What the loop of a resource says.
struct Loop {
    name: String,
    count: i64,
    /// If the turns wait for each other.
    batch_size: Option<i64>,
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
            if let Err(fault) = self.frame.engine.begin_resources(1) {
                self.frame.report(node, &fault);
                return;
            }
            self.instance(node, pointer, symbol, turns, parent, None);
            return;
        };
        match self.read_loop(copy, symbol, turns, parent) {
            Ok(Loop { name, count, batch_size }) => {
                for index in 0..count {
                    let mut turns = turns.clone();
                    turns.push((name.clone(), index));
                    let before = batch_size.map_or(0..0, |size| {
                        let start = index - index % size;
                        (start - size).max(0)..start
                    });
                    self.instance(node, pointer, symbol, &turns, parent, Some((name.clone(), before)));
                }
            }
            Err(Some(name)) => {
                // one turn is looked at for more mistakes
                let before = self.headers.len();
                let mut turns = turns.clone();
                turns.push((name.clone(), 0));
                self.instance(node, pointer, symbol, &turns, parent, Some((name, 0..0)));
                self.headers[before..].iter_mut().for_each(|header| header.broken = true);
            }
            Err(None) => {}
        }
    }

    /// What a loop says, its turns counted before the first is looked at. What is wrong is reported, and then the name is
    /// there, if that is right.
    fn read_loop(
        &self,
        copy: &Node,
        symbol: Option<&str>,
        turns: &Turns,
        parent: Option<&Parent<'_>>,
    ) -> Result<Loop, Option<String>> {
        let frame = self.frame;
        with_turns(&frame.env(), turns, &mut |env| {
            let name = match copy.get("name") {
                Some(name) => env.node_string(name, "name of the loop").ok().ok_or(None)?.into_owned(),
                // with symbolic names the loop needs no other
                None => symbol.unwrap_or_default().to_owned(),
            };
            let read = || {
                if parent.is_some() {
                    let message = "a resource inside of another one cannot have a loop";
                    let hint = "lift it to the template's `resources`, with its whole type and its name `parent/child`";
                    return Err(
                        frame.report(copy, &Fault::new("copy-child", message).hint(Some(hint.to_owned())))
                    );
                }
                let count = copy
                    .get("count")
                    .ok_or_else(|| frame.report(copy, &Fault::new("copy", "the loop needs a `count`")));
                let count = count.and_then(|count| env.loop_count(count));
                let serial = match copy.get("mode") {
                    Some(mode) => env.node_string(mode, "mode of the loop")?.eq_ignore_ascii_case("serial"),
                    None => false,
                };
                let size = match copy.get("batchSize").filter(|_| serial) {
                    Some(size) => env.loop_count(size)?.max(1),
                    None => 1,
                };
                let count = count?.min(COPY_MAX);
                let counted = frame.engine.begin_resources(usize::try_from(count).unwrap_or(0));
                counted.map_err(|fault| frame.report(copy, &fault))?;
                Outcome::Ok((count, serial.then_some(size)))
            };
            match read() {
                Ok((count, batch_size)) => Ok(Loop { name, count, batch_size }),
                Err(_) => Err(Some(name)),
            }
        })
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
        if let Err(fault) = frame.engine.meter.spend(4) {
            frame.report(node, &fault);
            return;
        }
        // resources of other systems than Azure's have neither name nor id
        if node.get("name").is_none() && (node.get("import").is_some() || node.get("extension").is_some()) {
            let message = "a resource of an extension is left out: it is not Azure's".to_owned();
            let range = node.range.start..node.range.start + 1;
            let mut diagnostic = frame.document.diagnostic("extension", message, range);
            diagnostic.severity = crate::template::diagnostic::Severity::Warning;
            diagnostic.chain.clone_from(&frame.chain.borrow());
            frame.engine.push(diagnostic);
            return;
        }
        // with symbolic names a resource that is not made may have a name that cannot be evaluated: compilers
        // write `last(split(…))` of an optional id
        let off =
            symbol.is_some() && with_turns(&env, turns, &mut |env| self.condition(env, node)) == Ok(false);
        let read =
            frame.engine.quietly(off, || with_turns(&env, turns, &mut |env| self.read(env, node, parent)));
        let mut header = if off && read.broken { self.absent(node) } else { read };
        let (kind, name) = (header.kind.clone(), header.name.clone());
        header.pointer = pointer.into();
        header.symbol = symbol;
        header.batch = batch;
        header.turns.clone_from(turns);
        let deployment = header.is_deployment();
        let (broken, nameless) = (header.broken, header.nameless);
        self.headers.push(header);
        if deployment {
            return;
        }
        if let Some(children) = node.get("resources").filter(|children| children.elements().is_some()) {
            let pointer = push_pointer(pointer, "resources");
            let parent = Parent { kind: &kind, name: &name, broken, nameless };
            for (index, child) in children.elements().unwrap_or_default().iter().enumerate() {
                self.resource(child, &push_pointer(&pointer, index), None, turns, Some(&parent));
            }
        }
    }

    /// Each part is looked at even when another one is wrong; what is wrong stands as it is written.
    fn read(&self, env: &Env<'_>, node: &'t Node, parent: Option<&Parent<'_>>) -> Header<'t> {
        let frame = self.frame;
        let unsettled = RefCell::default();
        let condition = self.condition(env, node);
        let kind = self.needed(env, node, "type", &unsettled);
        let name = self.needed(env, node, "name", &unsettled).and_then(|name| not_empty(frame, node, name));
        let profile = if node.get("apiVersion").is_none() { self.default_api_version(env) } else { None };
        let api_version = profile.map_or_else(|| self.needed(env, node, "apiVersion", &unsettled), Ok);
        let own = kind.is_err() || name.is_err();
        let nameless = own || parent.is_some_and(|parent| parent.nameless);
        let mut broken = nameless
            || condition.is_err()
            || api_version.is_err()
            || parent.is_some_and(|parent| parent.broken);
        let as_written = |key: &str| Cow::Borrowed(node.get(key).and_then(Node::as_str).unwrap_or_default());
        let kind = kind.unwrap_or_else(|_| as_written("type"));
        let name = name.unwrap_or_else(|_| as_written("name"));
        let (kind, name) = whole(kind, name, parent);
        let (scope, scope_id) = self.scope_of(env, node, &kind, &unsettled).unwrap_or_else(|_| {
            broken = true;
            (self.scope.clone(), self.scope.id())
        });
        let id = scope::resource_id(&scope_id, &kind, &name).unwrap_or_else(|fault| {
            if !nameless {
                frame.report(node.get("name").unwrap_or(node), &fault);
            }
            broken = true;
            String::new()
        });
        Header {
            key: frame.engine.next_key(),
            node,
            pointer: "".into(),
            symbol: None,
            kind,
            name,
            api_version: api_version.unwrap_or_default().into_owned(),
            id_key: scope::key(&id),
            id,
            scope,
            scope_id,
            unsettled: unsettled.into_inner(),
            condition: condition.unwrap_or(true),
            existing: is_existing(node),
            broken,
            nameless,
            turns: Vec::new(),
            batch: None,
        }
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
            broken: false,
            nameless: true,
            turns: Vec::new(),
            batch: None,
        }
    }
}
