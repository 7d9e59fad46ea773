//! A template as expressions see it: its parameters, variables, functions and scope.
//!
//! A nested deployment of inner scope has a frame of its own; one of outer scope uses its parent's.

mod given;
mod named;
mod seen;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::engine::Engine;
use crate::template::diagnostic::Document;
use crate::template::language::evaluate::Env;
use crate::template::language::expression::Expression;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::scope::Scope;
use crate::template::language::surroundings::Surroundings;
use crate::template::language::types;
use crate::template::language::value::Value;
use crate::template::limits::DEPLOYMENT_RESOURCES_MAX;
use crate::tree::{Member, Node};

use named::{Declared, Named, lower};

/// Who deploys: what `deployment()` tells.
#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    pub(crate) name: String,
    pub(crate) location: Option<String>,
    pub(crate) mode: String,
    /// Where the template came from.
    pub(crate) uri: Option<String>,
    /// The files on the way here, the root template's first.
    pub(crate) files: Vec<String>,
    /// The pointer of the document's root in the root template, once every linked template is written into it.
    pub(crate) written_at: String,
}

#[derive(Clone, Copy)]
enum Variable<'t> {
    Plain(&'t Node),
    /// An element of `variables.copy`.
    Loop {
        count: &'t Node,
        input: &'t Node,
        name: &'t str,
    },
}

pub(crate) struct Frame<'t> {
    pub(crate) engine: &'t Engine<'t>,
    pub(crate) document: &'t Document,
    pub(crate) template: &'t Node,
    pub(crate) scope: Scope,
    pub(crate) deployment: Deployment,
    /// The deployments on the way to what is looked at: those of outer scope have no frame of their own.
    pub(crate) chain: RefCell<Vec<String>>,
    parameters: Named<'t, &'t Member>,
    /// What was given for parameters without secrets: what `deployment()` tells of them.
    arguments: Vec<(&'t str, Value)>,
    variables: Named<'t, Variable<'t>>,
    functions: BTreeMap<String, &'t Node>,
    /// Expressions already parsed, by where their text begins.
    parsed: RefCell<BTreeMap<usize, Outcome<Rc<Expression>>>>,
}

impl<'t> Frame<'t> {
    /// Sets a template up with its arguments (names in lower case) and reports what is wrong with those.
    pub(crate) fn new(
        engine: &'t Engine<'t>,
        document: &'t Document,
        template: &'t Node,
        scope: Scope,
        deployment: Deployment,
        chain: Vec<String>,
        given: &BTreeMap<String, Value>,
    ) -> Self {
        let members = |key: &str| template.get(key).and_then(Node::members).unwrap_or_default();
        let parameters: Named<'_, &Member> = members("parameters")
            .iter()
            .map(|member| (lower(&member.key), Declared::new(&member.key, member)))
            .collect();
        let mut functions = BTreeMap::new();
        for namespace in template.get("functions").and_then(Node::elements).unwrap_or_default() {
            let name = namespace.get("namespace").and_then(Node::as_str).unwrap_or_default();
            for member in namespace.get("members").and_then(Node::members).unwrap_or_default() {
                functions.insert(format!("{name}.{}", member.key).to_lowercase(), &member.value);
            }
        }
        let frame = Self {
            engine,
            document,
            template,
            scope,
            deployment,
            chain: RefCell::new(chain),
            arguments: told_arguments(template, &parameters, given),
            parameters,
            variables: collect_variables(members("variables")),
            functions,
            parsed: RefCell::default(),
        };
        frame.take_arguments(given);
        frame
    }

    /// An environment that sees this template and nothing more.
    pub(crate) fn env(&self) -> Env<'_> {
        Env {
            meter: &self.engine.meter,
            surroundings: Some(self),
            neighbours: None,
            runtime: None,
            turn: None,
            lambda: None,
            arguments: None,
            used: None,
        }
    }

    /// Tells a mistake where it stands, and stops whoever waits for the value.
    pub(crate) fn report(&self, node: &Node, fault: &Fault) -> Fault {
        self.engine.report(self.document, &self.chain.borrow(), &node.range, fault)
    }

    /// Azure counts the resources of each deployment, with every turn of its loops.
    pub(crate) fn doubt_count(&self, template: &Node, count: usize) {
        if count > DEPLOYMENT_RESOURCES_MAX
            && let Some(resources) = template.member("resources")
        {
            let message = format!(
                "here are {count} resources: Azure takes {DEPLOYMENT_RESOURCES_MAX} in one deployment"
            );
            let hint = "divide them: each nested or linked deployment may have as many of its own".to_owned();
            let doubt = Fault::new("resources-many", message).hint(Some(hint));
            self.engine.warn(self.document, &self.chain.borrow(), &resources.key_range, &doubt);
        }
    }

    /// Looks at something inside of these deployments.
    pub(crate) fn within<T>(&self, chain: &[String], look: impl FnOnce() -> T) -> T {
        let around = self.chain.replace(chain.to_vec());
        let found = look();
        self.chain.replace(around);
        found
    }

    /// Evaluates all variables: one that nothing uses may be wrong, too.
    pub(crate) fn check_variables(&self) {
        for variable in self.variables.values() {
            if let Err(fault) = self.variable(variable.name)
                && !fault.reported
                && let Variable::Plain(node) | Variable::Loop { input: node, .. } = variable.what
            {
                self.report(node, &fault);
            }
        }
    }
}

fn told_arguments<'t>(
    template: &Node,
    parameters: &Named<'t, &'t Member>,
    given: &BTreeMap<String, Value>,
) -> Vec<(&'t str, Value)> {
    let mut told = Vec::new();
    for (key, value) in given {
        if let Some(declared) = parameters.get(&**key)
            && !types::has_secure_parts(template, &declared.what.value)
        {
            told.push((declared.name, value.clone()));
        }
    }
    told
}

fn collect_variables(members: &[Member]) -> Named<'_, Variable<'_>> {
    let mut variables = BTreeMap::new();
    for member in members {
        let loops = member.value.elements().filter(|_| member.key.eq_ignore_ascii_case("copy"));
        let Some(loops) = loops else {
            let variable = Declared::new(&member.key, Variable::Plain(&member.value));
            variables.insert(lower(&member.key), variable);
            continue;
        };
        for entry in loops {
            let parts = (entry.get("name").and_then(Node::as_str), entry.get("count"), entry.get("input"));
            if let (Some(name), Some(count), Some(input)) = parts {
                let variable = Declared::new(name, Variable::Loop { count, input, name });
                variables.insert(lower(name), variable);
            }
        }
    }
    variables
}
