//! The second look at a deployment's resources: bodies and dependencies.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::engine::{Draft, Needs};
use super::expansion::{ExpandedResource, NestedDeployment, Origin};
use super::header::{Header, Turns, with_turns};
use super::outputs::OutputType;
use super::stand_in::stand_in;
use super::unit::{Progress, Unit};
use super::written::{Writer, Written, room_of};
use crate::template::diagnostic::did_you_mean;
use crate::template::language::evaluate::Env;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::types;
use crate::template::language::value::{Key, Value};
use crate::tree::{Member, Node, NodeKind, push_pointer};

/// Members that say how to deploy a resource instead of what it is.
const NOT_BODY: [&str; 15] = [
    "name",
    "type",
    "apiVersion",
    "dependsOn",
    "condition",
    "copy",
    "resources",
    "scope",
    "existing",
    "comments",
    "resourceGroup",
    "subscriptionId",
    "import",
    "metadata",
    // how Azure goes about it: `onlyIfNotExists` and the like
    "@options",
];

fn is_not_body(key: &str) -> bool {
    NOT_BODY.iter().any(|name| name.eq_ignore_ascii_case(key))
}

impl Unit<'_> {
    /// Expands everything that is not expanded yet; deployments last, they may need groups made here.
    pub(crate) fn expand_all(&self) {
        self.check_duplicates();
        for deployments in [false, true] {
            for index in 0..self.headers.len() {
                if self.headers[index].is_deployment() == deployments {
                    let result =
                        if deployments { self.expand_deployment(index) } else { self.expand_resource(index) };
                    if let Err(fault) = result {
                        self.frame.report(self.headers[index].node, &fault);
                    }
                }
            }
        }
    }

    /// The service refuses a template that names a resource twice.
    fn check_duplicates(&self) {
        let mut seen: BTreeMap<&str, &Header<'_>> = BTreeMap::new();
        for header in
            self.headers.iter().filter(|header| header.condition && !header.existing && !header.nameless)
        {
            let first = *seen.entry(header.id_key.as_str()).or_insert(header);
            if first.key != header.key {
                let message =
                    format!("`{}` of type `{}` is declared more than once", header.name, header.kind);
                let fault = Fault::new("resource-duplicate", message).hint(Some(self.apart(first, header)));
                self.frame.report(name_of(header), &fault);
            }
        }
    }

    /// How two resources of one name come apart.
    fn apart(&self, first: &Header<'_>, later: &Header<'_>) -> String {
        if std::ptr::eq(first.node, later.node) {
            return "the turns of a loop need different names: put `copyIndex()` into the name".to_owned();
        }
        let line = self.frame.document.position(name_of(first).range.start).line;
        format!("the first one stands in line {line}: give them different names or opposite conditions")
    }

    fn expand_resource(&self, index: usize) -> Outcome<()> {
        let header = &self.headers[index];
        if !header.condition {
            return Ok(());
        }
        let used = RefCell::default();
        let env = self.env(&used);
        let members = header.node.members().unwrap_or_default();
        let body = with_turns(&env, &header.turns, &mut |env| {
            Writer::new(env).members(members, |key| !is_not_body(key))
        });
        if header.kind.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups")
            && let Some(location) = body.known_text("location")
        {
            self.frame.engine.groups.borrow_mut().insert(header.name.to_lowercase(), location.to_owned());
        }
        let depends_on = self.depends_on(&env, index, &used);
        self.push(header, body, depends_on, None)
    }

    /// The members that can be evaluated; what is wrong with others is reported.
    pub(crate) fn members(env: &Env<'_>, node: &Node, skip: &[&str]) -> Vec<(Key, Value)> {
        let mut body = Vec::new();
        for member in node.members().unwrap_or_default() {
            let is_skipped = skip.iter().any(|name| name.eq_ignore_ascii_case(&member.key));
            if is_skipped || is_not_body(&member.key) {
                continue;
            }
            match env.node(&member.value) {
                Ok(Value::Null) | Err(_) => {}
                Ok(value) => body.push((Arc::clone(&member.key), value)),
            }
        }
        body
    }

    pub(crate) fn push(
        &self,
        header: &Header<'_>,
        body: Written,
        needs: Needs,
        deployment: Option<NestedDeployment>,
    ) -> Outcome<()> {
        if header.broken {
            return Ok(());
        }
        let location = body.known_text("location").map(str::to_owned);
        let document = self.frame.document;
        let resource = ExpandedResource {
            id: header.id.clone(),
            kind: header.kind.clone(),
            name: header.name.clone(),
            api_version: header.api_version.clone(),
            location,
            scope: if header.scope_id.is_empty() { "/".to_owned() } else { header.scope_id.clone() },
            depends_on: Vec::new(),
            waits_for: Vec::new(),
            implied: Vec::new(),
            body: body.json.into(),
            deferred: body.deferred,
            unsettled: header.unsettled.clone(),
            existing: header.existing,
            deployment,
            deployment_chain: self.chain.clone(),
            symbol: header.symbol.map(str::to_owned),
            origin: Origin {
                file: Arc::clone(&document.file),
                range: header.node.range.clone(),
                position: document.lines.position(&document.text, header.node.range.start),
                pointer: Arc::clone(&header.pointer),
                written_at: self.written_at(header),
            },
        };
        self.frame.engine.push_resource(Draft { key: header.key, needs, resource })
    }

    fn written_at(&self, header: &Header<'_>) -> Arc<str> {
        match self.frame.deployment.written_at.as_str() {
            "" => Arc::clone(&header.pointer),
            before => format!("{before}{}", header.pointer).into(),
        }
    }

    /// The keys of what a resource waits for: written, implied by `reference`, by batches, by the deployment.
    pub(crate) fn depends_on(&self, env: &Env<'_>, index: usize, used: &RefCell<Vec<usize>>) -> Needs {
        let header = &self.headers[index];
        let mut keys = self.inherited.clone();
        let written = header.node.get("dependsOn");
        if let Some(written) =
            written.filter(|node| !matches!(node.kind, NodeKind::Null | NodeKind::Array(_)))
        {
            let message = format!("`dependsOn` must be an array, is {}", written.kind_name());
            let hint = "put it into square brackets of its own: `[\"…\"]`".to_owned();
            self.frame.report(written, &Fault::new("type", message).hint(Some(hint)));
        }
        with_turns(env, &header.turns, &mut |env| {
            for entry in written.and_then(Node::elements).unwrap_or_default() {
                let found = match env.node(entry) {
                    Ok(Value::Null) | Err(_) => continue,
                    Ok(Value::String(written)) => self.dependency(header, &written),
                    // what has a stand-in is found by it, or stands elsewhere
                    Ok(Value::Deferred(rest)) => {
                        let written = stand_in(env, &rest.expression);
                        Ok(self.dependency(header, &written).unwrap_or_default())
                    }
                    Ok(other) => Err(Fault::new(
                        "type",
                        format!("a dependency must be a string, is {}", other.kind_name()),
                    )),
                };
                let found = found.and_then(|found| not_itself(header, found));
                match found {
                    Ok(found) => keys.extend(found),
                    Err(fault) => {
                        self.frame.report(entry, &fault);
                    }
                }
            }
        });
        if let Some((name, before)) = &header.batch
            && !before.is_empty()
        {
            for (other, earlier) in self.headers.iter().enumerate() {
                let same = earlier.batch.as_ref().is_some_and(|(other, _)| other == name)
                    && std::ptr::eq(earlier.node, header.node);
                if same && earlier.condition && self.turn(other).is_some_and(|turn| before.contains(&turn)) {
                    keys.push(earlier.key);
                }
            }
        }
        Needs { written: keys, implied: used.borrow().clone() }
    }

    fn dependency(&self, header: &Header<'_>, written: &str) -> Outcome<Vec<usize>> {
        let found = match self.find(written) {
            // inside of a resource its own name is the nearest
            Err(fault) if fault.code == "dependency-ambiguous" => {
                vec![self.ancestor(header, written).ok_or(fault)?]
            }
            found => found?,
        };
        if found.is_empty() && !self.is_empty_loop(written) {
            let hint = did_you_mean(written, self.names());
            if hint.is_none() && self.may_be_nameless(written) {
                return Ok(Vec::new());
            }
            let hint = hint.unwrap_or_else(|| absent_dependency(written).to_owned());
            let message = format!("the dependency `{written}` is not a resource of the template");
            return Err(Fault::new("dependency-unknown", message).hint(Some(hint)));
        }
        let made = found.into_iter().filter(|index| self.headers[*index].condition);
        Ok(made.map(|index| self.headers[index].key).collect())
    }

    fn ancestor(&self, header: &Header<'_>, name: &str) -> Option<usize> {
        let own = header.id.to_lowercase();
        self.headers.iter().position(|other| {
            let inside = own.strip_prefix(&other.id.to_lowercase()).is_some_and(|rest| rest.starts_with('/'));
            inside && other.condition && other.name.eq_ignore_ascii_case(name)
        })
    }

    /// Whether what is not found may be a resource whose own name is wrong: that is told already.
    fn may_be_nameless(&self, written: &str) -> bool {
        let written = written.to_lowercase();
        let mut nameless = self.headers.iter().filter(|header| header.nameless && header.condition);
        nameless.any(|header| !written.contains('/') || written.contains(&header.kind.to_lowercase()))
    }

    /// A loop of no turns leaves no resource, but depending on it is no mistake.
    fn is_empty_loop(&self, written: &str) -> bool {
        let resources = self.template.get("resources");
        let entries = resources.and_then(Node::elements).unwrap_or_default().iter();
        let members = resources.and_then(Node::members).unwrap_or_default();
        members.iter().any(|member| member.key.eq_ignore_ascii_case(written))
            || entries.chain(members.iter().map(|member| &member.value)).any(|node| {
                let name = node.get("copy").and_then(|copy| copy.get("name")).and_then(Node::as_str);
                name.is_some_and(|name| name.eq_ignore_ascii_case(written) || name.starts_with('['))
            })
    }

    /// The outputs of a template, evaluated with what this unit sees and in the turns of the loops around it: those of an outer
    /// scope are the deployment's own.
    pub(crate) fn outputs(&self, turns: &Turns) -> (Vec<(Key, OutputType, Value)>, bool) {
        let used = RefCell::default();
        let env = self.env(&used);
        self.check_assertions();
        let mut outputs = Vec::new();
        let mut complete = true;
        for member in self.template.get("outputs").and_then(Node::members).unwrap_or_default() {
            let kind = OutputType::of(self.frame.template, &member.value);
            let output = with_turns(&env, turns, &mut |env| Self::output(env, &member.value));
            // it is held as it is and as JSON
            let fits = |value: &Option<Value>| env.meter.take(2 * value.as_ref().map_or(0, room_of));
            match output.and_then(|value| fits(&value).map(|()| value)) {
                Ok(Some(value)) => {
                    self.check_output(member, &value);
                    outputs.push((Arc::clone(&member.key), kind, value));
                }
                Ok(None) => {}
                Err(fault) => {
                    complete = false;
                    self.frame.report(&member.value, &fault);
                }
            }
        }
        (outputs, complete)
    }

    /// The service refuses an output of another type than its declaration says; null it takes for any.
    fn check_output(&self, member: &Member, value: &Value) {
        let what = format!("output `{}`", member.key);
        if matches!(value, Value::Null) || member.value.get("copy").is_some() {
            return;
        }
        if let Err(mut fault) = types::check(self.frame.template, &member.value, value, &what) {
            if fault.code == "parameter-type" {
                fault.code = "output-type";
                fault.hint = None;
            }
            self.frame.report(member.value.get("value").unwrap_or(&member.value), &fault);
        }
    }

    /// Assertions are checked once everything else is known.
    fn check_assertions(&self) {
        let used = RefCell::default();
        let env = self.env(&used);
        for member in self.template.get("asserts").and_then(Node::members).unwrap_or_default() {
            let message = match env.node(&member.value) {
                Ok(Value::Bool(true) | Value::Deferred(_)) | Err(_) => continue,
                Ok(Value::Bool(false)) => format!("the assertion `{}` does not hold", member.key),
                Ok(other) => {
                    format!("the assertion `{}` must be a bool, is {}", member.key, other.kind_name())
                }
            };
            self.frame.report(&member.value, &Fault::new("assert", message));
        }
    }

    fn output(env: &Env<'_>, node: &Node) -> Outcome<Option<Value>> {
        if node.members().is_none() {
            let message = format!("the output must be an object, is {}", node.kind_name());
            let hint = "write `{ \"type\": …, \"value\": … }`";
            return Err(Fault::new("output", message).hint(Some(hint.to_owned())));
        }
        if let Some(condition) = node.get("condition") {
            match env.node(condition)? {
                Value::Bool(false) => return Ok(None),
                Value::Bool(true) => {}
                other => {
                    let message = format!("the condition must be a bool, is {}", other.kind_name());
                    return Err(Fault::new("type", message));
                }
            }
        }
        // an output that is null stays, unlike a property
        if let Some(value) = node.get("value") {
            return env.node(value).map(Some);
        }
        match node.get("copy").map(|copy| (copy.get("count"), copy.get("input"))) {
            Some((Some(count), Some(input))) => env.loop_values(count, input, "", true).map(Some),
            _ => Err(Fault::new("output", "the output has no `value`")),
        }
    }

    pub(crate) fn mark(&self, index: usize, progress: Progress) {
        self.progress.borrow_mut()[index] = progress;
    }
}

/// The pointer of a template's resources.
pub(crate) fn resources_pointer(template: &str) -> String {
    push_pointer(template, "resources")
}

/// Where a resource is named.
fn name_of<'t>(header: &Header<'t>) -> &'t Node {
    header.node.get("name").unwrap_or(header.node)
}

/// A resource that waits for itself is never made.
fn not_itself(header: &Header<'_>, found: Vec<usize>) -> Outcome<Vec<usize>> {
    if !found.contains(&header.key) {
        return Ok(found);
    }
    let hint = if header.turns.is_empty() {
        "take it out of its own `dependsOn`"
    } else {
        "every turn of a loop has the loop's `dependsOn`, the one that it names too: declare that one apart"
    };
    let message = format!("`{}` waits for itself", header.name);
    Err(Fault::new("dependency-cycle", message).hint(Some(hint.to_owned())))
}

/// What to do about a dependency that nothing in the template resembles.
fn absent_dependency(written: &str) -> &'static str {
    if written.ends_with(")]") {
        return "an expression begins with `[` and ends with `]`";
    }
    "declare it in the template too; if it stands already, take this line out: nobody need wait for it"
}
