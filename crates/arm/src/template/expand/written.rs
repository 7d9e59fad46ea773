//! Resource bodies, from the tree straight to JSON.
//!
//! Most of a body is literal text and is copied as it stands; only expressions go through [`Value`]s. Objects that need
//! more than that (loops of properties, names that are expressions) are evaluated as a whole.

use serde_json::{Map, Value as Json};

use super::deferred::Deferred;
use crate::template::language::evaluate::{Env, Meter};
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::node::property_loops;
use crate::template::language::parser::{Text, classify};
use crate::template::language::value::{Key, NODE_WEIGHT, Value, WEIGHT_MAX};
use crate::tree::{Member, Node, NodeKind, push_pointer};

/// The bytes, about, of one JSON value without what it holds.
const NODE_ROOM: usize = 48;

/// The bytes, about, that a value takes as JSON.
pub(crate) fn room_of(value: &Value) -> usize {
    let inside = match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(array) => array.items.iter().map(room_of).sum(),
        Value::Object(object) => {
            let members = object.entries.iter().map(|(key, value)| key.len() + room_of(value));
            members.sum::<usize>() + members_room(object.entries.len())
        }
        // as a text, in the body and once more beside it
        Value::Deferred(_) => 4 * value.weight() + 4 * NODE_ROOM,
    };
    NODE_ROOM + inside
}

/// What a map of so many members takes beside them: its nodes are large, and half full.
fn members_room(count: usize) -> usize {
    count.div_ceil(6) * 640
}

/// A body as it will be sent.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) json: Map<String, Json>,
    /// The places that only the run can fill.
    pub(crate) deferred: Vec<Deferred>,
}

impl Written {
    /// The body that these members make.
    pub(crate) fn of_values(meter: &Meter, members: Vec<(Key, Value)>) -> Outcome<Self> {
        let body = Value::object(members)?;
        meter.take(room_of(&body))?;
        let mut deferred = Vec::new();
        let json =
            body.to_json("", &mut |pointer, rest, text| deferred.push(Deferred::new(pointer, rest, text)));
        Ok(match json {
            Json::Object(json) => Self { json, deferred },
            _ => Self::default(),
        })
    }

    /// The text of a member, if it is known. The case of its name does not count.
    pub(crate) fn known_text(&self, name: &str) -> Option<&str> {
        let exact = self.json.get_key_value(name);
        let (key, value) =
            exact.or_else(|| self.json.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))?;
        let is_deferred = |rest: &Deferred| rest.pointer.strip_prefix('/') == Some(key);
        value.as_str().filter(|_| !self.deferred.iter().any(is_deferred))
    }
}

/// Writes one body of the template `'t`.
pub(crate) struct Writer<'e, 'a, 't> {
    env: &'e Env<'a>,
    deferred: Vec<Deferred>,
    /// Where it is writing.
    path: Vec<Token<'t>>,
    weight: usize,
}

#[derive(Clone, Copy)]
enum Token<'t> {
    Member(&'t str),
    Element(usize),
}

impl<'e, 'a, 't> Writer<'e, 'a, 't> {
    pub(crate) fn new(env: &'e Env<'a>) -> Self {
        Self { env, deferred: Vec::new(), path: Vec::new(), weight: 0 }
    }

    /// The members that can be evaluated; what is wrong with others is reported. What is null is as if it were not
    /// written.
    pub(crate) fn members(mut self, members: &'t [Member], is_wanted: impl Fn(&str) -> bool) -> Written {
        let mut json = Map::new();
        for member in members.iter().filter(|member| is_wanted(&member.key)) {
            let known = self.deferred.len();
            match self.within(Token::Member(&member.key), |writer| writer.node(&member.value)) {
                Ok(Json::Null) => {}
                Ok(value) => {
                    if json.insert(member.key.to_string(), value).is_some() {
                        self.forget(&member.key, known);
                    }
                }
                Err(fault) => {
                    self.env.fail(&member.value, &fault);
                    self.deferred.truncate(known);
                }
            }
        }
        Written { json, deferred: self.deferred }
    }

    /// Drops what an earlier member of the same name left to be asked.
    fn forget(&mut self, key: &str, known: usize) {
        let prefix = push_pointer(&self.pointer(), key);
        let is_of_it = |rest: &Deferred| {
            rest.pointer.strip_prefix(&prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let later = self.deferred.split_off(known);
        self.deferred.retain(|rest| !is_of_it(rest));
        self.deferred.extend(later);
    }

    fn node(&mut self, node: &'t Node) -> Outcome<Json> {
        match &node.kind {
            NodeKind::Null => self.weigh(node, 0).map(|()| Json::Null),
            NodeKind::Bool(value) => self.weigh(node, 0).map(|()| Json::Bool(*value)),
            NodeKind::String(text) => match classify(text) {
                Text::Literal(literal) => {
                    self.env.doubt_literal(&node.range, text);
                    self.weigh(node, literal.len()).map(|()| Json::String(literal.to_owned()))
                }
                Text::Expression(_) => self.evaluated(node),
            },
            NodeKind::Array(elements) => self.array(node, elements),
            NodeKind::Object(members) if is_plain(members) => self.object(node, members),
            NodeKind::Number(number) => {
                self.weigh(node, 0).map(|()| Value::from_number(number).to_plain_json())
            }
            NodeKind::Object(_) => self.evaluated(node),
        }
    }

    fn evaluated(&mut self, node: &Node) -> Outcome<Json> {
        let value = self.env.node(node)?;
        self.weigh(node, value.weight())?;
        self.env.meter.take(room_of(&value))?;
        if !value.is_deferred() {
            return Ok(value.to_plain_json());
        }
        let pointer = self.pointer();
        let deferred = &mut self.deferred;
        Ok(value
            .to_json(&pointer, &mut |pointer, rest, text| deferred.push(Deferred::new(pointer, rest, text))))
    }

    fn array(&mut self, node: &Node, elements: &'t [Node]) -> Outcome<Json> {
        self.weigh(node, 0)?;
        let mut items = Vec::with_capacity(elements.len());
        let mut failed = None;
        for (index, element) in elements.iter().enumerate() {
            match self.within(Token::Element(index), |writer| writer.node(element)) {
                Ok(item) => items.push(item),
                Err(fault) => failed = Some(fault),
            }
        }
        failed.map_or(Ok(Json::Array(items)), Err)
    }

    fn object(&mut self, node: &Node, members: &'t [Member]) -> Outcome<Json> {
        self.weigh(node, 0)?;
        self.env.meter.take(members_room(members.len()))?;
        let mut json = Map::new();
        let mut failed = None;
        for member in members {
            let known = self.deferred.len();
            match self.within(Token::Member(&member.key), |writer| writer.node(&member.value)) {
                // null from an expression means: as if the property were not written
                Ok(Json::Null) if member.value.as_str().is_some() && self.env.neighbours.is_some() => {}
                Ok(value) => {
                    if json.insert(member.key.to_string(), value).is_some() {
                        self.forget(&member.key, known);
                    }
                }
                Err(fault) => failed = Some(fault),
            }
        }
        failed.map_or(Ok(Json::Object(json)), Err)
    }

    fn within<T>(&mut self, token: Token<'t>, write: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(token);
        let written = write(self);
        self.path.pop();
        written
    }

    fn pointer(&self) -> String {
        self.path.iter().fold(String::new(), |pointer, token| match token {
            Token::Member(name) => push_pointer(&pointer, name),
            Token::Element(index) => push_pointer(&pointer, index),
        })
    }

    fn weigh(&mut self, node: &Node, more: usize) -> Outcome<()> {
        self.env.meter.spend(1 + more / 16)?;
        self.env.meter.take(NODE_ROOM + more)?;
        self.weight = self.weight.saturating_add(NODE_WEIGHT + more);
        if self.weight > WEIGHT_MAX {
            let message = format!("a body grows beyond {} MiB", WEIGHT_MAX >> 20);
            return Err(self.env.fail(node, &Fault::new("limit", message)));
        }
        Ok(())
    }
}

/// Whether the members stand for themselves: no name is an expression, none of them is a loop.
fn is_plain(members: &[Member]) -> bool {
    members.iter().all(|member| !member.key.starts_with('[') && property_loops(member).is_none())
}
