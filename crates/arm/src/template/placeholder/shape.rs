//! What a template does with a parameter tells what its value must look like.
//!
//! `parameters('network').subnets[0].name` needs an object with an array of objects: an empty object would only
//! lead to mistakes that are not the template's.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::template::language::expression::Expression;
use crate::template::language::parser::{self, Text};
use crate::template::language::types::{self, ParameterType};
use crate::template::language::value::Value;
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
    /// A key of the object that the value looks something up in.
    key: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Bool,
    Int,
    List,
    Object,
    /// Taken apart at its slashes, or asked for by `reference`.
    Id,
    /// The name of a resource whose type wants so many.
    Names(usize),
}

enum Step<'e> {
    Member(&'e str),
    Element(usize),
}

/// The shapes of all parameters, names in lower case.
pub(crate) fn shapes(root: &Node) -> BTreeMap<String, Shape> {
    let mut learner = Learner { root, found: BTreeMap::new() };
    learner.node(root, None);
    learner.found
}

struct Learner<'t> {
    root: &'t Node,
    found: BTreeMap<String, Shape>,
}

impl Learner<'_> {
    fn node(&mut self, node: &Node, leaf: Option<Leaf>) {
        match &node.kind {
            NodeKind::String(text) => {
                if let Text::Expression(inner) = parser::classify(text)
                    && let Ok(expression) = parser::parse(inner, 1, parser::LENGTH_MAX)
                {
                    self.walk(&expression, leaf);
                }
            }
            NodeKind::Array(elements) => elements.iter().for_each(|element| self.node(element, None)),
            NodeKind::Object(members) => {
                self.arguments(node);
                self.own_name(node);
                for member in members {
                    let leaf = match &*member.key {
                        "condition" => Some(Leaf::Bool),
                        "count" => Some(Leaf::Int),
                        // objects in every resource's schema
                        "properties" | "tags" if is_resource(node) => Some(Leaf::Object),
                        _ => None,
                    };
                    self.node(&member.value, leaf);
                }
            }
            _ => {}
        }
    }

    /// What a nested template declares, its arguments must be.
    fn arguments(&mut self, node: &Node) {
        let Some(declared) = node.get("template").and_then(|template| template.get("parameters")) else {
            return;
        };
        for member in node.get("parameters").and_then(Node::members).unwrap_or_default() {
            let (Some(value), Some(declaration)) = (member.value.get("value"), declared.get(&member.key))
            else {
                continue;
            };
            let leaf = match types::kind(self.root, declaration) {
                ParameterType::Bool => Some(Leaf::Bool),
                ParameterType::Int => Some(Leaf::Int),
                ParameterType::Array => Some(Leaf::List),
                ParameterType::Object | ParameterType::SecureObject => Some(Leaf::Object),
                _ => None,
            };
            self.node(value, leaf);
            let allowed = declaration.get("allowedValues").and_then(Node::elements);
            let first = allowed.and_then(<[Node]>::first).and_then(Node::as_str);
            if let (Some(first), Some(parameter)) = (first, expression_of(value).as_ref().and_then(parameter))
            {
                let shape = self.found.entry(parameter.to_lowercase()).or_default();
                shape.key.get_or_insert_with(|| first.to_owned());
            }
        }
    }

    /// `A.B/c/d` wants a name of two parts, `A.B/c` one of one.
    fn own_name(&mut self, node: &Node) {
        let kind = node.get("type").and_then(Node::as_str).unwrap_or_default();
        let Some((namespace, kinds)) = kind.split_once('/') else { return };
        let parts = kinds.split('/').count();
        if let (true, Some(name)) = (namespace.contains('.'), node.get("name")) {
            self.node(name, Some(Leaf::Names(parts)));
        }
    }

    /// `leaf` is what the function around wants.
    fn walk(&mut self, expression: &Expression, leaf: Option<Leaf>) {
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
                            self.walk(other, None);
                            self.look_up(base, other);
                            Step::Element(0)
                        }
                    });
                    at = base;
                }
                Expression::Value(_) => return,
                Expression::Call { name, arguments, .. } => {
                    if let Some(parameter) = named(at, "parameters") {
                        steps.reverse();
                        self.found.entry(parameter.to_lowercase()).or_default().learn(&steps, leaf);
                        return;
                    }
                    // what is united is of one kind, and an answer of Azure is an object
                    let leaf = if arguments.iter().any(is_answer) { Some(Leaf::Object) } else { leaf };
                    let whole = steps.is_empty();
                    for (index, argument) in arguments.iter().enumerate() {
                        let passed = leaf.filter(|_| whole && passes(name, index));
                        self.walk(argument, wanted(name, index).or(passed));
                    }
                    return;
                }
            }
        }
    }

    /// `variables('sizes')[parameters('size')]`: the parameter must be a key of the variable.
    fn look_up(&mut self, base: &Expression, index: &Expression) {
        let (Some(variable), Some(parameter)) = (named(base, "variables"), named(index, "parameters")) else {
            return;
        };
        let object = self.root.get("variables").and_then(|variables| variables.get(variable));
        if let Some(first) = object.and_then(Node::members).and_then(<[_]>::first) {
            let shape = self.found.entry(parameter.to_lowercase()).or_default();
            shape.key.get_or_insert_with(|| first.key.to_string());
        }
    }
}

fn is_resource(node: &Node) -> bool {
    let kind = node.get("type").and_then(Node::as_str).unwrap_or_default();
    kind.contains('/') && node.get("apiVersion").is_some()
}

fn is_answer(expression: &Expression) -> bool {
    matches!(expression, Expression::Call { name, .. } if name.eq_ignore_ascii_case("reference"))
}

/// Whether a function gives what this argument of it is.
fn passes(function: &str, index: usize) -> bool {
    match function.to_ascii_lowercase().as_str() {
        "union" | "intersection" | "shallowmerge" | "coalesce" => true,
        "if" => index > 0,
        _ => false,
    }
}

fn expression_of(node: &Node) -> Option<Expression> {
    match parser::classify(node.as_str()?) {
        Text::Expression(inner) => parser::parse(inner, 1, parser::LENGTH_MAX).ok(),
        Text::Literal(_) => None,
    }
}

fn parameter(expression: &Expression) -> Option<&str> {
    named(expression, "parameters")
}

/// The name in `parameters('name')` or `variables('name')`.
fn named<'e>(expression: &'e Expression, function: &str) -> Option<&'e str> {
    match expression {
        Expression::Call { name, arguments, .. } if name.eq_ignore_ascii_case(function) => {
            match arguments.as_slice() {
                [Expression::Value(Value::String(name))] => Some(name),
                _ => None,
            }
        }
        _ => None,
    }
}

fn wanted(function: &str, index: usize) -> Option<Leaf> {
    match (function.to_ascii_lowercase().as_str(), index) {
        ("if", 0) | ("not" | "and" | "or", _) => Some(Leaf::Bool),
        ("int" | "add" | "sub" | "mul" | "div" | "mod" | "range" | "copyindex", _) => Some(Leaf::Int),
        ("length" | "map" | "filter" | "join", 0) => Some(Leaf::List),
        ("items" | "objectkeys", 0) => Some(Leaf::Object),
        ("split" | "reference", 0) => Some(Leaf::Id),
        (list, 0) if list.starts_with("list") => Some(Leaf::Id),
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

    /// A string that does what the template does with it.
    pub(crate) fn text(&self, name: &str) -> String {
        let plain = || super::text_for(name, self.leaf == Some(Leaf::Id));
        match (&self.key, self.leaf) {
            (Some(key), _) => key.clone(),
            (None, Some(Leaf::Int)) => "1".to_owned(),
            (None, Some(Leaf::Names(parts))) => vec![plain(); parts.min(PATH_MAX)].join("/"),
            _ => plain(),
        }
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
            Some(Leaf::Object) => json!({}),
            Some(Leaf::Id | Leaf::Names(_)) | None => self.text(name).into(),
        }
    }
}
