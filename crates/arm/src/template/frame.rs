//! A template as expressions see it: its parameters, variables, functions and scope.
//!
//! A nested deployment of inner scope has a frame of its own; one of outer scope uses its parent's.

mod given;
mod named;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::diagnostic::{Document, did_you_mean};
use super::engine::Engine;
use super::evaluate::{Bindings, Env};
use super::expression::Expression;
use super::fault::{Fault, Outcome};
use super::functions::record;
use super::limits::DEPLOYMENT_RESOURCES_MAX;
use super::names::folded;
use super::parser;
use super::scope::Scope;
use super::types;
use super::value::{Key, Value};
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
    /// What was given for parameters that are no secrets: what `deployment()` tells of them.
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
        let parameters = members("parameters")
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
            frame: Some(self),
            unit: None,
            runtime: None,
            turn: None,
            lambda: None,
            arguments: None,
            used: None,
        }
    }

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

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.context.now
    }

    pub(crate) fn new_guid(&self) -> String {
        self.engine.next_guid()
    }

    /// The expression of a string node that will be asked for again.
    pub(crate) fn parse(&self, node: &Node, inner: &str) -> Outcome<Rc<Expression>> {
        if let Some(known) = self.parsed.borrow().get(&node.range.start) {
            return known.clone();
        }
        let parsed = self.parse_once(inner).map(Rc::new);
        self.parsed.borrow_mut().insert(node.range.start, parsed.clone());
        parsed
    }

    /// The expression of a text.
    pub(crate) fn parse_once(&self, inner: &str) -> Outcome<Expression> {
        self.engine.meter.spend(inner.len() / 16)?;
        parser::parse(inner, 1, parser::LENGTH_MAX)
    }

    /// The value of a parameter, its default evaluated when first asked for.
    pub(crate) fn parameter(&self, name: &str) -> Outcome {
        let Some(parameter) = folded(name, |key| self.parameters.get(key)) else {
            let hint = did_you_mean(name, self.parameters.values().map(|known| known.name));
            let message = format!("the template declares no parameter `{name}`");
            return Err(Fault::new("parameter-undeclared", message).hint(hint));
        };
        let declaration = &parameter.what.value;
        parameter.value("default of parameter", || match declaration.get("defaultValue") {
            Some(default) => {
                let value = self.engine.in_default(|| self.engine.meter.deeper(|| self.env().node(default)));
                value.map(|value| types::converted(self.template, declaration, value))
            }
            None => Err(Fault::reported()),
        })
    }

    /// The value of a parameter that was asked for before.
    pub(crate) fn known_parameter(&self, name: &str) -> Option<Value> {
        folded(name, |key| self.parameters.get(key)).and_then(Declared::known)
    }

    /// The value of a variable that was asked for before.
    pub(crate) fn known_variable(&self, name: &str) -> Option<Value> {
        folded(name, |key| self.variables.get(key)).and_then(Declared::known)
    }

    /// The value of a variable, evaluated when first asked for.
    pub(crate) fn variable(&self, name: &str) -> Outcome {
        let Some(variable) = folded(name, |key| self.variables.get(key)) else {
            let hint = did_you_mean(name, self.variables.values().map(|known| known.name));
            return Err(Fault::new("variable-unknown", format!("there is no variable `{name}`")).hint(hint));
        };
        let env = self.env();
        variable.value("variable", || {
            self.engine.meter.deeper(|| match variable.what {
                Variable::Plain(node) => env.node(node),
                Variable::Loop { count, input, name } => env.loop_values(count, input, name, true),
            })
        })
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

    /// `namespace.name(…)`: sees its arguments, and from version 2.0 of the language on the template's variables.
    pub(crate) fn call_function(&self, env: &Env<'_>, name: &str, values: &[Value]) -> Outcome {
        let Some(function) = self.functions.get(&name.to_lowercase()) else {
            let hint = did_you_mean(name, self.functions.keys().map(String::as_str));
            let message = format!("the template defines no function `{name}`");
            return Err(Fault::new("function-unknown", message).hint(hint));
        };
        if env.arguments.is_some() && !self.is_version_two() {
            let message = format!("a user-defined function cannot call another one, here `{name}`");
            let hint =
                "write `\"languageVersion\": \"2.0\"` into the template, or put its text here".to_owned();
            return Err(Fault::new("function-nested", message).hint(Some(hint)));
        }
        let parameters = function.get("parameters").and_then(Node::elements).unwrap_or_default();
        let names: Vec<Rc<str>> = parameters
            .iter()
            .map(|parameter| Rc::from(parameter.get("name").and_then(Node::as_str).unwrap_or_default()))
            .collect();
        let mut values = values.to_vec();
        for parameter in parameters.iter().skip(values.len()) {
            if !types::is_nullable(self.template, parameter) {
                break;
            }
            values.push(Value::Null);
        }
        if names.len() != values.len() {
            let message = format!("`{name}` takes {} arguments, here are {}", names.len(), values.len());
            return Err(Fault::new("function-arguments", message));
        }
        for (parameter, value) in parameters.iter().zip(&values) {
            let what = format!(
                "argument `{}` of `{name}`",
                parameter.get("name").and_then(Node::as_str).unwrap_or("")
            );
            types::check(self.template, parameter, value, &what)?;
        }
        let Some(output) = function.get("output").and_then(|output| output.get("value")) else {
            return Err(Fault::new("function-unknown", format!("the function `{name}` has no output")));
        };
        let bindings = Bindings { names: &names, values: &values, outer: None };
        // what is asked of Azure has no place in a function, and neither has the loop around
        let inner = Env { arguments: Some(&bindings), unit: None, turn: None, lambda: None, ..*env };
        inner.meter.deeper(|| inner.node(output))
    }

    /// Whether the template says that it is of a later version than the first.
    /// Whether the template is in version 2.0 of the language, or in an experimental one on the way there.
    pub(crate) fn is_version_two(&self) -> bool {
        let version = self.template.get("languageVersion").and_then(Node::as_str);
        version.is_some_and(|version| !version.starts_with("1.0"))
    }

    /// What `deployment()` answers.
    pub(crate) fn deployment_object(&self) -> Outcome {
        let text = |key: &str, default: &str| {
            Value::string(self.template.get(key).and_then(Node::as_str).unwrap_or(default))
        };
        let mut template =
            vec![("$schema", text("$schema", "")), ("contentVersion", text("contentVersion", "1.0.0.0"))];
        if let Some(metadata) = self.template.get("metadata") {
            template.push(("metadata", Value::from_node(metadata)?));
        }
        let arguments = self.arguments.iter();
        let arguments =
            arguments.map(|(name, value)| Ok((Key::from(*name), record([("value", value.clone())])?)));
        let mut properties = vec![
            ("mode", Value::string(self.deployment.mode.as_str())),
            ("provisioningState", Value::string("Accepted")),
            ("template", record(template)?),
            ("parameters", Value::object(arguments.collect::<Outcome<_>>()?)?),
        ];
        if let Some(uri) = &self.deployment.uri {
            properties.push(("templateLink", record([("uri", Value::string(uri.as_str()))])?));
        }
        let mut parts =
            vec![("name", Value::string(self.deployment.name.as_str())), ("properties", record(properties)?)];
        if let Some(location) = &self.deployment.location {
            parts.push(("location", Value::string(location.as_str())));
        }
        record(parts)
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
            && !types::kind(template, &declared.what.value).is_secure()
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
