//! Evaluating the JSON of a template: strings that are expressions, names that are, loops of properties.

use std::borrow::Cow;
use std::ops::Range;

use super::evaluate::{Env, Turn};
use super::fault::{Fault, Outcome};
use super::parser::{self, Text};
use super::value::{Key, Value};
use crate::tree::{Member, Node, NodeKind};

/// Azure's limit for a loop.
pub(crate) const COPY_MAX: i64 = 800;

impl Env<'_> {
    /// The value of a node. What is wrong inside is reported where it stands; the rest is still looked at.
    pub(crate) fn node(&self, node: &Node) -> Outcome {
        self.meter.spend(1)?;
        match &node.kind {
            NodeKind::Null => Ok(Value::Null),
            NodeKind::Bool(value) => Ok(Value::Bool(*value)),
            NodeKind::Number(number) => Ok(Value::from_number(number)),
            NodeKind::String(text) => self.text(node, text),
            NodeKind::Array(elements) => {
                let mut items = Vec::with_capacity(elements.len());
                let mut failed = None;
                for element in elements {
                    match self.node(element) {
                        Ok(value) => items.push(value),
                        Err(fault) => failed = Some(fault),
                    }
                }
                failed.map_or_else(|| self.reported(node, Value::array(items)), Err)
            }
            NodeKind::Object(members) => self.object(node, members),
        }
    }

    /// The string of a node that is one without an expression.
    pub(crate) fn literal<'n>(&self, node: &'n Node) -> Outcome<Option<&'n str>> {
        self.meter.spend(1)?;
        Ok(node.as_str().and_then(|text| match parser::classify(text) {
            Text::Literal(literal) => {
                self.doubt_literal(&node.range, text);
                Some(literal)
            }
            Text::Expression(_) => None,
        }))
    }

    /// The string of a node that must be one.
    pub(crate) fn node_string<'n>(&self, node: &'n Node, what: &str) -> Outcome<Cow<'n, str>> {
        if let Some(text) = self.literal(node)? {
            return Ok(Cow::Borrowed(text));
        }
        match self.node(node)? {
            Value::String(text) => Ok(Cow::Owned(text.to_string())),
            Value::Deferred(_) => {
                let message = format!("the {what} is known only at run time");
                Err(self.fail(node, &Fault::new("runtime-name", message)))
            }
            other => {
                let message = format!("the {what} must be a string, is {}", other.kind_name());
                Err(self.fail(node, &Fault::new("type", message)))
            }
        }
    }

    /// A text that begins as a call does is hardly ever meant as text, which it is without `]` as its end.
    pub(crate) fn doubt_literal(&self, range: &Range<usize>, text: &str) {
        if let Some(around) = self.surroundings.filter(|_| text.starts_with('[') && begins_call(text)) {
            let message = "this begins like an expression and does not end with `]`: Azure takes it as text";
            let hint = "let `]` be its last character, or leave it, if it is meant as text".to_owned();
            let doubt = Fault::new("expression-open", message).hint(Some(hint));
            around.doubt(range, &doubt);
        }
    }

    pub(crate) fn fail(&self, node: &Node, fault: &Fault) -> Fault {
        match self.surroundings {
            Some(around) => around.report(node, fault),
            None => fault.clone(),
        }
    }

    fn reported<T>(&self, node: &Node, result: Outcome<T>) -> Outcome<T> {
        result.map_err(|fault| self.fail(node, &fault))
    }

    fn text(&self, node: &Node, text: &str) -> Outcome {
        match parser::classify(text) {
            Text::Literal(literal) => {
                self.doubt_literal(&node.range, text);
                Ok(Value::string(literal))
            }
            Text::Expression(inner) => {
                if let Some(value) = self.known(inner) {
                    return Ok(value);
                }
                let result = match self.surroundings {
                    // What stands in a loop or a function is evaluated again, with other values.
                    Some(around) if self.turn.is_some() || self.arguments.is_some() => {
                        around.parse(node, inner).and_then(|expression| self.evaluate(&expression))
                    }
                    Some(_) => self.parse(inner).and_then(|expression| self.evaluate(&expression)),
                    None => Err(Fault::new("scope", "there is no template around")),
                };
                self.reported(node, result)
            }
        }
    }

    /// `parameters('…')` and `variables('…')`, which half of all expressions are, need no tree once their value is
    /// known.
    fn known(&self, expression: &str) -> Option<Value> {
        let (function, name) = expression.strip_suffix("')")?.split_once("('")?;
        let around = self.surroundings.filter(|_| self.arguments.is_none() && !name.contains('\''))?;
        if function.eq_ignore_ascii_case("parameters") {
            around.known_parameter(name)
        } else if function.eq_ignore_ascii_case("variables") {
            around.known_variable(name)
        } else {
            None
        }
    }

    fn object(&self, node: &Node, members: &[Member]) -> Outcome {
        let mut entries = Vec::with_capacity(members.len());
        let mut failed = None;
        for member in members {
            if let Some(loops) = property_loops(member) {
                for entry in loops {
                    match self.property_loop(entry) {
                        Ok(entry) => entries.push(entry),
                        Err(fault) => failed = Some(fault),
                    }
                }
                continue;
            }
            match self.member(member) {
                // null from an expression means: as if the property were not written
                Ok((_, Value::Null)) if member.value.as_str().is_some() && self.neighbours.is_some() => {}
                Ok(entry) => entries.push(entry),
                Err(fault) => failed = Some(fault),
            }
        }
        failed.map_or_else(|| self.reported(node, Value::object(entries)), Err)
    }

    fn member(&self, member: &Member) -> Outcome<(Key, Value)> {
        let key = match parser::classify(&member.key) {
            Text::Literal(key) if key.len() == member.key.len() => {
                self.doubt_literal(&member.key_range, key);
                Key::clone(&member.key)
            }
            Text::Literal(key) => Key::from(key),
            Text::Expression(_) => {
                let name =
                    Node { kind: NodeKind::String((*member.key).into()), range: member.key_range.clone() };
                Key::from(&*self.node_string(&name, "name of the property")?)
            }
        };
        Ok((key, self.node(&member.value)?))
    }

    fn property_loop(&self, entry: &Node) -> Outcome<(Key, Value)> {
        let (Some(name), Some(count), Some(input)) =
            (entry.get("name"), entry.get("count"), entry.get("input"))
        else {
            return Err(self.fail(entry, &Fault::new("copy", "a loop needs `name`, `count` and `input`")));
        };
        let name = self.node_string(name, "name of the loop")?;
        let values = self.loop_values(count, input, &name, false)?;
        Ok((Key::from(&*name), values))
    }

    /// The array that a loop of a property, a variable or an output makes.
    pub(crate) fn loop_values(&self, count: &Node, input: &Node, name: &str, anonymous: bool) -> Outcome {
        let count = self.loop_count(count)?;
        let mut values = Vec::new();
        for index in 0..count {
            let turn = Turn { name, index, anonymous, outer: self.turn };
            let inner = Env { turn: Some(&turn), ..*self };
            values.push(inner.node(input)?);
        }
        self.reported(input, Value::array(values))
    }

    /// How often a loop turns: an int, or a string of one.
    pub(crate) fn loop_count(&self, node: &Node) -> Outcome<i64> {
        let count = match self.node(node)? {
            Value::Int(count) => Some(count),
            #[expect(clippy::cast_possible_truncation, reason = "whole and small by the test before")]
            Value::Float(count) if count.fract() == 0.0 && count.abs() < 1e6 => Some(count as i64),
            Value::String(text) => text.trim().parse().ok(),
            Value::Deferred(_) => {
                let fault = Fault::new("runtime-name", "the count of the loop is known only at run time");
                return Err(self.fail(node, &fault));
            }
            _ => None,
        };
        match count {
            Some(count @ 0..=COPY_MAX) => Ok(count),
            Some(count) => {
                let message = format!("a loop turns 0 to {COPY_MAX} times, not {count}");
                Err(self.fail(node, &Fault::new("copy-count", message)))
            }
            None => Err(self.fail(node, &Fault::new("copy-count", "the count of a loop must be an int"))),
        }
    }
}

/// Whether a literal text begins as `[concat(` does, and not as `[[` or `[Preview]`.
fn begins_call(literal: &str) -> bool {
    let Some(rest) = literal.strip_prefix('[') else { return false };
    let rest = rest.trim_start();
    let name = rest.split(|c: char| !c.is_alphanumeric() && !"._".contains(c)).next().unwrap_or_default();
    name.starts_with(char::is_alphabetic) && rest[name.len()..].trim_start().starts_with('(')
}

/// The loops of `"copy": [{name, count, input}, …]`; any other property of that name is an ordinary one.
pub(crate) fn property_loops(member: &Member) -> Option<&[Node]> {
    let loops = member.value.elements().filter(|_| member.key.eq_ignore_ascii_case("copy"))?;
    let is_loop = |entry: &Node| entry.get("name").is_some() && entry.get("count").is_some();
    (!loops.is_empty() && loops.iter().all(is_loop)).then_some(loops)
}
