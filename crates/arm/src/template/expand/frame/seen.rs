//! What expressions see of a template.

use std::ops::Range;
use std::rc::Rc;

use jiff::Timestamp;

use super::named::Declared;
use super::{Frame, Variable};
use crate::template::diagnostic::did_you_mean;
use crate::template::expand::names::folded;
use crate::template::language::evaluate::{Bindings, Env};
use crate::template::language::expression::Expression;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::functions::record;
use crate::template::language::scope::Scope;
use crate::template::language::surroundings::Surroundings;
use crate::template::language::types;
use crate::template::language::value::{Key, Value};
use crate::tree::Node;

impl Surroundings for Frame<'_> {
    fn parameter(&self, name: &str) -> Outcome {
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

    fn known_parameter(&self, name: &str) -> Option<Value> {
        folded(name, |key| self.parameters.get(key)).and_then(Declared::known)
    }

    fn variable(&self, name: &str) -> Outcome {
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

    fn known_variable(&self, name: &str) -> Option<Value> {
        folded(name, |key| self.variables.get(key)).and_then(Declared::known)
    }

    fn call_function(&self, env: &Env<'_>, name: &str, values: &[Value]) -> Outcome {
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
        let inner = Env { arguments: Some(&bindings), neighbours: None, turn: None, lambda: None, ..*env };
        inner.meter.deeper(|| inner.node(output))
    }

    fn parse(&self, node: &Node, inner: &str) -> Outcome<Rc<Expression>> {
        if let Some(known) = self.parsed.borrow().get(&node.range.start) {
            return known.clone();
        }
        let parsed = self.env().parse(inner).map(Rc::new);
        self.parsed.borrow_mut().insert(node.range.start, parsed.clone());
        parsed
    }

    fn template(&self) -> &Node {
        self.template
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn tenant(&self) -> &str {
        &self.engine.context.tenant
    }

    fn management_group(&self) -> Option<&str> {
        self.engine.context.management_group.as_deref()
    }

    fn deployment(&self) -> Outcome {
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

    fn is_version_two(&self) -> bool {
        let version = self.template.get("languageVersion").and_then(Node::as_str);
        version.is_some_and(|version| !version.starts_with("1.0"))
    }

    fn is_in_default(&self) -> bool {
        self.engine.is_in_default()
    }

    fn now(&self) -> Timestamp {
        self.engine.context.now
    }

    fn new_guid(&self) -> String {
        self.engine.next_guid()
    }

    fn report(&self, node: &Node, fault: &Fault) -> Fault {
        Frame::report(self, node, fault)
    }

    fn doubt(&self, range: &Range<usize>, doubt: &Fault) {
        self.engine.warn(self.document, &self.chain.borrow(), range, doubt);
    }
}
