//! What a text is made of: parameters, the group, the location, chance; or nothing that differs between two deployments.

use std::collections::{BTreeMap, BTreeSet};

use crate::template::language::expression::Expression;
use crate::template::language::parser::{LENGTH_MAX, Text, classify, parse};
use crate::template::language::value::Value;
use crate::template::walk::Declarations;
use crate::tree::{Node, NodeKind};

/// Something that a name may be made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// It differs between the regions: a parameter that must be given, a location, what only the run knows.
    Differs,
    /// The resource group.
    Group,
    /// The deployment's name, a new GUID, the time.
    Drawn,
    /// A parameter of the root template that has a default.
    Default(String),
}

/// Looks up what texts are made of, each variable and parameter once.
pub(super) struct Sources<'f, 't> {
    frames: &'f [Declarations<'t>],
    known: &'f mut Known,
    depth: usize,
}

/// What variables (`true`) and parameters of each frame are made of, by their names in lower case.
pub(super) type Known = BTreeMap<(usize, bool, String), BTreeSet<Source>>;

/// Chains of variables that are longer are not followed: what they are made of counts as unknown.
const DEPTH_MAX: usize = 64;

impl<'f, 't> Sources<'f, 't> {
    pub(super) fn new(frames: &'f [Declarations<'t>], known: &'f mut Known) -> Self {
        Self { frames, known, depth: 0 }
    }

    /// What a node of a frame is made of.
    pub(super) fn of(&mut self, frame: usize, node: &Node) -> BTreeSet<Source> {
        let mut found = BTreeSet::new();
        self.node(frame, node, &mut found);
        found
    }

    fn node(&mut self, frame: usize, node: &Node, found: &mut BTreeSet<Source>) {
        match &node.kind {
            NodeKind::String(text) => {
                let Text::Expression(inner) = classify(text) else { return };
                match parse(inner, 1, LENGTH_MAX) {
                    Ok(expression) => self.expression(frame, &expression, found),
                    Err(_) => drop(found.insert(Source::Differs)),
                }
            }
            NodeKind::Array(elements) => {
                for element in elements {
                    self.node(frame, element, found);
                }
            }
            NodeKind::Object(members) => {
                for member in members {
                    self.node(frame, &member.value, found);
                }
            }
            _ => {}
        }
    }

    fn expression(&mut self, frame: usize, expression: &Expression, found: &mut BTreeSet<Source>) {
        match expression {
            Expression::Value(_) => {}
            Expression::Call { name, arguments, .. } => self.call(frame, name, arguments, found),
            Expression::Property { base, name, .. } if is_call(base, "resourcegroup") => {
                let location = name.eq_ignore_ascii_case("location");
                found.insert(if location { Source::Differs } else { Source::Group });
            }
            Expression::Property { base, name, .. } if is_call(base, "deployment") => {
                let location = name.eq_ignore_ascii_case("location");
                found.insert(if location { Source::Differs } else { Source::Drawn });
            }
            Expression::Property { base, .. } => self.expression(frame, base, found),
            Expression::Index { base, index, .. } => {
                self.expression(frame, base, found);
                self.expression(frame, index, found);
            }
        }
    }

    fn call(&mut self, frame: usize, name: &str, arguments: &[Expression], found: &mut BTreeSet<Source>) {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "parameters" | "variables" => {
                let Some(Expression::Value(Value::String(named))) = arguments.first() else {
                    found.insert(Source::Differs);
                    return;
                };
                found.extend(self.named(frame, name == "variables", named));
            }
            "resourcegroup" => drop(found.insert(Source::Group)),
            "deployment" | "newguid" | "utcnow" => drop(found.insert(Source::Drawn)),
            "reference" | "references" => drop(found.insert(Source::Differs)),
            _ if name.starts_with("list") => drop(found.insert(Source::Differs)),
            // The group is a part of every id in it.
            "resourceid" => {
                found.insert(Source::Group);
                for argument in arguments {
                    self.expression(frame, argument, found);
                }
            }
            _ => {
                for argument in arguments {
                    self.expression(frame, argument, found);
                }
            }
        }
    }

    fn named(&mut self, frame: usize, variable: bool, name: &str) -> BTreeSet<Source> {
        let key = (frame, variable, name.to_lowercase());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.depth == DEPTH_MAX {
            return BTreeSet::from([Source::Differs]);
        }
        // What is asked for again on the way adds nothing.
        self.known.insert(key.clone(), BTreeSet::new());
        self.depth += 1;
        let found = if variable { self.variable(frame, name) } else { self.parameter(frame, name) };
        self.depth -= 1;
        self.known.insert(key, found.clone());
        found
    }

    fn variable(&mut self, frame: usize, name: &str) -> BTreeSet<Source> {
        match self.frames[frame].variable(name) {
            Some(node) => self.of(frame, node),
            None => BTreeSet::from([Source::Differs]),
        }
    }

    fn parameter(&mut self, frame: usize, name: &str) -> BTreeSet<Source> {
        let own = &self.frames[frame];
        if let (Some(argument), Some((outer, _))) = (own.argument(name), own.outer) {
            return match argument.get("value") {
                Some(value) => self.of(outer, value),
                None => BTreeSet::from([Source::Differs]),
            };
        }
        let default = own.parameter(name).and_then(|declaration| declaration.get("defaultValue"));
        let Some(default) = default else { return BTreeSet::from([Source::Differs]) };
        let mut found = self.of(frame, default);
        if own.outer.is_none() {
            found.insert(Source::Default(name.to_owned()));
        }
        found
    }
}

fn is_call(expression: &Expression, wanted: &str) -> bool {
    matches!(expression, Expression::Call { name, .. } if name.eq_ignore_ascii_case(wanted))
}
