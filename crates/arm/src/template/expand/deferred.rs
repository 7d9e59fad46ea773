//! What only a running deployment knows, and finishing it then.

use serde_json::Value as Json;

use super::expansion::{ExpandedResource, Output};
use crate::template::diagnostic::{Diagnostic, Severity};
use crate::template::language::evaluate::{Env, Meter};
use crate::template::language::expression::Expression;
use crate::template::language::parser;
use crate::template::language::surroundings::Runtime;
use crate::template::language::value::Value;
use crate::tree::Position;

/// A place in an expanded body that waits for the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Deferred {
    /// Where in the body (or in the output's value); empty for the whole.
    pub pointer: String,
    /// The rest of the expression, in brackets. It stands in the body at that place, too.
    pub expression: String,
    /// The ids of the resources that it asks.
    pub references: Vec<String>,
}

/// Something that an expression takes out of the answer of a `reference` or `list…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The function as written: `reference`, `listKeys` …
    pub function: String,
    /// The id that it asks; empty where that is itself an answer.
    pub id: String,
    /// The way into the answer: members by name, elements by number.
    pub path: Vec<Step>,
    /// What the function around does with it, if there is one.
    pub inside: Option<String>,
}

/// One step of a [`Reach`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Of an object.
    Member(String),
    /// Of an array.
    Element(usize),
}

impl Deferred {
    /// What the expression takes out of which answers.
    pub fn reaches(&self) -> Vec<Reach> {
        let mut found = Vec::new();
        if let parser::Text::Expression(inner) = parser::classify(&self.expression)
            && let Ok(expression) = parser::parse(inner, 1, usize::MAX)
        {
            reach(&expression, None, &mut found);
        }
        found
    }

    /// `text` is that of the expression.
    pub(crate) fn new(pointer: &str, expression: &Expression, text: &str) -> Self {
        let mut references = Vec::new();
        expression.visit_calls(&mut |name, arguments| {
            if asks(name)
                && let Some(Expression::Value(Value::String(id))) = arguments.first()
            {
                references.push(id.to_string());
            }
        });
        references.sort();
        references.dedup();
        Self { pointer: pointer.to_owned(), expression: text.to_owned(), references }
    }
}

pub(crate) fn asks(name: &str) -> bool {
    name.eq_ignore_ascii_case("reference")
        || name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("list"))
}

fn reach(expression: &Expression, inside: Option<&str>, found: &mut Vec<Reach>) {
    let mut path = Vec::new();
    let mut at = expression;
    loop {
        match at {
            Expression::Property { base, name, .. } => {
                path.push(Step::Member(name.to_string()));
                at = base;
            }
            Expression::Index { base, index, .. } => {
                path.push(match &**index {
                    Expression::Value(Value::String(name)) => Step::Member(name.to_string()),
                    Expression::Value(Value::Int(index)) => {
                        Step::Element(usize::try_from(*index).unwrap_or(0))
                    }
                    other => {
                        reach(other, None, found);
                        Step::Element(0)
                    }
                });
                at = base;
            }
            Expression::Value(_) => return,
            Expression::Call { name, arguments, .. } => {
                if asks(name) {
                    let id = match arguments.first() {
                        Some(Expression::Value(Value::String(id))) => id.to_string(),
                        _ => String::new(),
                    };
                    path.reverse();
                    let function = name.to_string();
                    let inside = inside.map(str::to_owned);
                    found.push(Reach { function, id, path: std::mem::take(&mut path), inside });
                }
                for argument in arguments {
                    reach(argument, Some(name), found);
                }
                return;
            }
        }
    }
}

/// The body of a resource with everything deferred asked and put in.
#[expect(clippy::result_large_err, reason = "one per deployment, and callers want it as it is")]
pub fn resolve(resource: &ExpandedResource, runtime: &dyn Runtime) -> Result<Json, Diagnostic> {
    fill(&resource.body, &resource.deferred, runtime).map_err(|(message, pointer)| Diagnostic {
        code: "deferred",
        severity: Severity::Error,
        message: format!("`{}`: {message}", resource.name),
        file: resource.origin.file.to_string(),
        range: resource.origin.range.clone(),
        position: resource.origin.position,
        pointer: format!("{}{pointer}", resource.origin.pointer),
        hint: None,
        chain: resource.deployment_chain.clone(),
    })
}

/// The body of a resource with what `runtime` can answer put in. What it cannot answer yet stays as it is written: for
/// looking ahead of a deployment.
pub fn resolve_known(resource: &ExpandedResource, runtime: &dyn Runtime) -> Json {
    let known = |rest: &&Deferred| answer(&rest.expression, runtime).is_ok();
    let known: Vec<Deferred> = resource.deferred.iter().filter(known).cloned().collect();
    fill(&resource.body, &known, runtime).unwrap_or_else(|_| resource.body.clone())
}

/// The value of an output with everything deferred asked and put in.
#[expect(clippy::result_large_err, reason = "one per deployment, and callers want it as it is")]
pub fn resolve_output(name: &str, output: &Output, runtime: &dyn Runtime) -> Result<Json, Diagnostic> {
    fill(&output.value, &output.deferred, runtime).map_err(|(message, pointer)| Diagnostic {
        code: "deferred",
        severity: Severity::Error,
        message: format!("output `{name}`: {message}"),
        file: String::new(),
        range: 0..0,
        position: Position::default(),
        pointer: format!("/outputs/{name}/value{pointer}"),
        hint: None,
        chain: Vec::new(),
    })
}

fn fill(body: &Json, deferred: &[Deferred], runtime: &dyn Runtime) -> Result<Json, (String, String)> {
    let mut body = body.clone();
    let mut absent = Vec::new();
    for rest in deferred {
        let value = answer(&rest.expression, runtime).map_err(|message| (message, rest.pointer.clone()))?;
        let place = body.pointer_mut(&rest.pointer).ok_or_else(|| {
            ("nothing stands at the place of the expression".to_owned(), rest.pointer.clone())
        })?;
        if value.is_null() {
            absent.push(rest.pointer.as_str());
        }
        *place = value;
    }
    for pointer in absent {
        // null from an expression means: as if the property were not written
        if let Some((parent, key)) = pointer.rsplit_once('/')
            && let Some(Json::Object(members)) = body.pointer_mut(parent)
        {
            members.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
    }
    Ok(body)
}

/// What an expression gives once everything that it asks is answered.
pub(crate) fn answer(text: &str, runtime: &dyn Runtime) -> Result<Json, String> {
    let parser::Text::Expression(inner) = parser::classify(text) else {
        return Err(format!("`{text}` is not an expression"));
    };
    // the rest of an expression holds values that were put in, so it may be longer than a template's
    let expression = parser::parse(inner, 1, usize::MAX).map_err(|fault| fault.message.clone())?;
    let meter = Meter::new();
    let env = Env {
        meter: &meter,
        surroundings: None,
        neighbours: None,
        runtime: Some(runtime),
        turn: None,
        lambda: None,
        arguments: None,
        used: None,
    };
    Ok(env.evaluate(&expression).map_err(|fault| fault.message.clone())?.to_plain_json())
}
