//! What a template does with a parameter tells what its value must look like.
//!
//! `parameters('network').subnets[0].name` needs an object with an array of objects: an empty object would only
//! lead to mistakes that are not the template's.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::expression::Expression;
use super::parser::{self, Text};
use super::value::Value;
use crate::tree::{Node, NodeKind};

/// How deep and how wide a shape may be: a template is not trusted.
const PATH_MAX: usize = 16;
const ELEMENTS_MAX: usize = 16;

/// The members and elements that expressions reach for.
#[derive(Debug, Default, Clone)]
pub(crate) struct Shape {
    members: BTreeMap<String, Shape>,
    element: Option<Box<Shape>>,
    count: usize,
    leaf: Option<Leaf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Bool,
    Int,
    List,
}

enum Step<'e> {
    Member(&'e str),
    Element(usize),
}

/// The shapes of all parameters, names in lower case.
pub(crate) fn shapes(root: &Node) -> BTreeMap<String, Shape> {
    let mut found = BTreeMap::new();
    walk_node(root, &mut found);
    found
}

fn walk_node(node: &Node, found: &mut BTreeMap<String, Shape>) {
    match &node.kind {
        NodeKind::String(text) => {
            if let Text::Expression(inner) = parser::classify(text)
                && let Ok(expression) = parser::parse(inner, 1, parser::LENGTH_MAX)
            {
                walk(&expression, None, found);
            }
        }
        NodeKind::Array(elements) => elements.iter().for_each(|element| walk_node(element, found)),
        NodeKind::Object(members) => members.iter().for_each(|member| walk_node(&member.value, found)),
        _ => {}
    }
}

/// `leaf` is what the function around wants.
fn walk(expression: &Expression, leaf: Option<Leaf>, found: &mut BTreeMap<String, Shape>) {
    let mut steps = Vec::new();
    let mut at = expression;
    loop {
        match at {
            Expression::Property { base, name, .. } => {
                steps.push(Step::Member(name));
                at = base;
            }
            Expression::Index { base, index, .. } => {
                steps.push(match &**index {
                    Expression::Value(Value::String(name)) => Step::Member(name),
                    Expression::Value(Value::Int(index)) => {
                        Step::Element(usize::try_from(*index).unwrap_or(0))
                    }
                    other => {
                        walk(other, None, found);
                        Step::Element(0)
                    }
                });
                at = base;
            }
            Expression::Value(_) => return,
            Expression::Call { name, arguments, .. } => {
                if let ("parameters", [Expression::Value(Value::String(parameter))]) =
                    (name.to_ascii_lowercase().as_str(), arguments.as_slice())
                {
                    steps.reverse();
                    found.entry(parameter.to_lowercase()).or_default().learn(&steps, leaf);
                    return;
                }
                for (index, argument) in arguments.iter().enumerate() {
                    walk(argument, wanted(name, index), found);
                }
                return;
            }
        }
    }
}

fn wanted(function: &str, index: usize) -> Option<Leaf> {
    match (function.to_ascii_lowercase().as_str(), index) {
        ("if", 0) | ("not" | "and" | "or", _) => Some(Leaf::Bool),
        ("add" | "sub" | "mul" | "div" | "mod" | "range" | "copyindex", _) => Some(Leaf::Int),
        ("length" | "map" | "filter" | "join", 0) => Some(Leaf::List),
        _ => None,
    }
}

impl Shape {
    fn learn(&mut self, steps: &[Step<'_>], leaf: Option<Leaf>) {
        if steps.len() > PATH_MAX {
            return;
        }
        match steps.split_first() {
            None => self.leaf = self.leaf.or(leaf),
            Some((Step::Member(name), rest)) => {
                // names ignore case, the first spelling stays
                let known = self.members.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
                let key = known.unwrap_or_else(|| (*name).to_owned());
                self.members.entry(key).or_default().learn(rest, leaf);
            }
            Some((Step::Element(index), rest)) => {
                self.count = self.count.max((index + 1).min(ELEMENTS_MAX));
                self.element.get_or_insert_default().learn(rest, leaf);
            }
        }
    }

    /// Whether it says more than that there is a value.
    pub(crate) fn has_parts(&self) -> bool {
        !self.members.is_empty() || self.element.is_some()
    }

    /// A value of this shape; `name` is where its strings come from.
    pub(crate) fn value(&self, name: &str) -> Json {
        if !self.members.is_empty() {
            let members = self.members.iter().map(|(key, shape)| (key.clone(), shape.value(key)));
            return Json::Object(members.collect());
        }
        if let Some(element) = &self.element {
            return Json::Array(vec![element.value(name); self.count]);
        }
        match self.leaf {
            Some(Leaf::Bool) => json!(false),
            Some(Leaf::Int) => json!(1),
            Some(Leaf::List) => json!([]),
            None => super::placeholder::text_for(name).into(),
        }
    }
}
