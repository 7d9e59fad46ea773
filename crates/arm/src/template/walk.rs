//! The one walk over a template's text: every string, list, object and resource, each with its role and its path.
//!
//! Nothing is evaluated here. `regions` and `lift` stand on it; `literal` finds the literals inside an expression, `mention` the
//! regions inside a text.

pub(super) mod literal;
pub(super) mod mention;

use std::collections::{BTreeMap, BTreeSet};

use crate::id::ResourceType;
use crate::region::Region;
use crate::template::language::types;
use crate::tree::{Member, Node, NodeKind, push_pointer};
use literal::{Literal, literals};

/// Members that people read and nobody evaluates.
const PROSE: &[&str] = &[
    "$schema",
    "apiversion",
    "comment",
    "comments",
    "contentversion",
    "description",
    "displayname",
    "metadata",
    "summary",
    "title",
];

/// Where something stands.
pub(super) struct Place<'w, 't> {
    /// The node.
    pub(super) node: &'t Node,
    /// What it is for.
    pub(super) role: Role<'t>,
    /// The template (root or nested) that its expressions are evaluated in.
    pub(super) frame: usize,
    /// All of these so far.
    pub(super) frames: &'w [Declarations<'t>],
    path: &'w [Token<'t>],
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role<'t> {
    /// The default of this parameter.
    Default(&'t str),
    /// A part of this variable.
    Variable(&'t str),
    /// A part of a resource.
    Resource,
    /// A value that is handed to a nested template.
    Argument,
    /// A part of an object that has an entry for each region: it belongs to its key.
    Entry,
    /// A part of a function, whose parameters are its own.
    Function,
    /// A part of an output.
    Other,
}

/// What is seen at a place.
pub(super) enum Seen<'s, 't> {
    Text(&'s [Literal]),
    Key(&'t Member),
    Object(&'t [Member]),
    Array(&'t [Node]),
    /// The `allowedValues` of a parameter.
    Allowed(&'t [Node]),
    Resource(&'s Resource<'t>),
}

/// A declared resource.
pub(super) struct Resource<'t> {
    pub(super) node: &'t Node,
    /// The full type.
    pub(super) kind: ResourceType,
    /// It is read, not created.
    pub(super) existing: bool,
}

/// What a template declares: the root, or a nested one with a scope of its own.
pub(super) struct Declarations<'t> {
    pub(super) template: &'t Node,
    /// The deployment that holds it, and the frame which that stands in.
    pub(super) outer: Option<(usize, &'t Node)>,
    parameters: BTreeMap<String, &'t Node>,
    variables: BTreeMap<String, &'t Node>,
    arguments: BTreeMap<String, &'t Node>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Token<'t> {
    Member(&'t str),
    Element(usize),
}

impl<'t> Place<'_, 't> {
    /// The JSON pointer.
    pub(super) fn pointer(&self) -> String {
        self.path.iter().fold(String::new(), |pointer, token| match token {
            Token::Member(name) => push_pointer(&pointer, name),
            Token::Element(index) => push_pointer(&pointer, index),
        })
    }

    /// The names of the members on the way here, the innermost first.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'t str> {
        self.path.iter().rev().filter_map(|token| match token {
            Token::Member(name) => Some(*name),
            Token::Element(_) => None,
        })
    }

    /// The name of the innermost member, in lower case.
    pub(super) fn key(&self) -> String {
        self.keys().next().unwrap_or_default().to_ascii_lowercase()
    }

    /// Whether it is this member (its name in lower case) of a resource itself.
    pub(super) fn is_of_resource(&self, name: &str) -> bool {
        let [.., Token::Member(list), _, Token::Member(key)] = self.path else { return false };
        list.eq_ignore_ascii_case("resources") && key.eq_ignore_ascii_case(name)
    }

    /// Whether the template that it is evaluated in goes into one group, so that `resourceGroup()` answers there.
    pub(super) fn is_in_a_group(&self) -> bool {
        let schema = self.frames[self.frame].template.get("$schema").and_then(Node::as_str);
        schema.is_none_or(|schema| schema.to_ascii_lowercase().contains("/deploymenttemplate.json"))
    }

    /// Whether it is an element of a list.
    pub(super) fn in_list(&self) -> bool {
        matches!(self.path.last(), Some(Token::Element(_)))
    }
}

impl<'t> Declarations<'t> {
    pub(super) fn of(template: &'t Node, outer: Option<(usize, &'t Node)>) -> Self {
        let named = |node: Option<&'t Node>| -> BTreeMap<String, &'t Node> {
            let members = node.and_then(Node::members).unwrap_or_default();
            members.iter().map(|member| (member.key.to_lowercase(), &member.value)).collect()
        };
        let mut variables = named(template.get("variables"));
        // `copy` in variables is a list of named ones.
        let loops = variables.get("copy").and_then(|copy| copy.elements()).unwrap_or_default();
        for entry in loops {
            if let (Some(name), Some(input)) = (entry.get("name").and_then(Node::as_str), entry.get("input"))
            {
                variables.insert(name.to_lowercase(), input);
            }
        }
        let arguments = outer.and_then(|(_, deployment)| deployment.get("properties")?.get("parameters"));
        Self {
            template,
            outer,
            parameters: named(template.get("parameters")),
            variables,
            arguments: named(arguments),
        }
    }

    /// The declaration of a parameter; its name in any case.
    pub(super) fn parameter(&self, name: &str) -> Option<&'t Node> {
        self.parameters.get(&name.to_lowercase()).copied()
    }

    /// The names of the parameters in lower case.
    pub(super) fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.parameters.keys().map(String::as_str)
    }

    pub(super) fn variable(&self, name: &str) -> Option<&'t Node> {
        self.variables.get(&name.to_lowercase()).copied()
    }

    /// What the deployment around gives for a parameter.
    pub(super) fn argument(&self, name: &str) -> Option<&'t Node> {
        self.arguments.get(&name.to_lowercase()).copied()
    }
}

/// Walks over a template, whose text is `source`; gives the templates in it, the root first.
pub(super) fn walk<'t>(
    root: &'t Node,
    source: &'t str,
    visit: &mut dyn FnMut(&Place<'_, 't>, Seen<'_, 't>),
) -> Vec<Declarations<'t>> {
    let frames = vec![Declarations::of(root, None)];
    let mut walk = Walk { source, frames, path: Vec::new(), secrets: BTreeSet::new(), visit };
    walk.template(root, 0);
    walk.frames
}

struct Walk<'t, 'v> {
    source: &'t str,
    frames: Vec<Declarations<'t>>,
    path: Vec<Token<'t>>,
    /// Where values begin that must not be shown.
    secrets: BTreeSet<usize>,
    visit: &'v mut dyn FnMut(&Place<'_, 't>, Seen<'_, 't>),
}

impl<'t> Walk<'t, '_> {
    fn template(&mut self, template: &'t Node, frame: usize) {
        for section in template.members().unwrap_or_default() {
            let name = section.key.to_ascii_lowercase();
            self.inside(section, |walk| match name.as_str() {
                "parameters" => walk.each(&section.value, |walk, member| walk.parameter(member, frame)),
                "variables" => {
                    for member in section.value.members().unwrap_or_default() {
                        walk.member(member, Role::Variable(&member.key), frame);
                    }
                }
                "resources" => walk.resources(&section.value, "", frame),
                "functions" => walk.value(&section.value, Role::Function, frame),
                "outputs" => walk.value(&section.value, Role::Other, frame),
                _ => {}
            });
        }
    }

    fn parameter(&mut self, declaration: &'t Member, frame: usize) {
        let template = self.frames[frame].template;
        let is_secret = types::has_secure_parts(template, &declaration.value);
        for part in declaration.value.members().unwrap_or_default() {
            if part.key.eq_ignore_ascii_case("defaultValue") {
                self.keep_secrets(template, &declaration.value, &part.value);
                self.inside(part, |walk| walk.value(&part.value, Role::Default(&declaration.key), frame));
            } else if let (true, Some(values)) =
                (!is_secret && part.key.eq_ignore_ascii_case("allowedValues"), part.value.elements())
            {
                self.inside(part, |walk| walk.see(&part.value, Role::Other, frame, Seen::Allowed(values)));
            }
        }
    }

    /// What would be shown of a secret is the secret: nobody sees it, nor a list or an object that holds it.
    fn keep_secrets(&mut self, template: &'t Node, declaration: &'t Node, value: &'t Node) {
        for part in types::secure_parts(template, declaration, value) {
            self.secrets.extend(value.pointer(&part.at).map(|node| node.range.start));
        }
    }

    fn is_secret(&self, node: &Node) -> bool {
        self.secrets.contains(&node.range.start)
    }

    fn resources(&mut self, resources: &'t Node, parent: &str, frame: usize) {
        for (index, element) in resources.elements().unwrap_or_default().iter().enumerate() {
            self.path.push(Token::Element(index));
            self.resource(element, parent, frame);
            self.path.pop();
        }
        self.each(resources, |walk, member| walk.resource(&member.value, parent, frame));
    }

    fn resource(&mut self, node: &'t Node, parent: &str, frame: usize) {
        let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default();
        let kind = if parent.is_empty() || text("type").contains('.') {
            text("type").to_owned()
        } else {
            format!("{parent}/{}", text("type"))
        };
        let is_deployment = kind.eq_ignore_ascii_case("Microsoft.Resources/deployments");
        let existing = node.get("existing").is_some_and(|existing| existing.kind == NodeKind::Bool(true));
        let resource = Resource { node, kind: ResourceType::new(kind.clone()), existing };
        self.see(node, Role::Resource, frame, Seen::Resource(&resource));
        for member in node.members().unwrap_or_default() {
            match member.key.to_ascii_lowercase().as_str() {
                "type" => {}
                "resources" => self.inside(member, |walk| walk.resources(&member.value, &kind, frame)),
                "properties" if is_deployment => {
                    self.inside(member, |walk| walk.deployment(node, &member.value, frame));
                }
                _ => self.member(member, Role::Resource, frame),
            }
        }
    }

    /// In the outer scope, which is the default, a nested template's own parameters and variables mean nothing.
    fn deployment(&mut self, deployment: &'t Node, properties: &'t Node, frame: usize) {
        let scope = properties.get("expressionEvaluationOptions").and_then(|options| options.get("scope"));
        let inner = scope.and_then(Node::as_str).is_some_and(|scope| scope.eq_ignore_ascii_case("inner"));
        for member in properties.members().unwrap_or_default() {
            match member.key.to_ascii_lowercase().as_str() {
                "template" if inner => {
                    self.frames.push(Declarations::of(&member.value, Some((frame, deployment))));
                    let own = self.frames.len() - 1;
                    self.inside(member, |walk| walk.template(&member.value, own));
                }
                "template" => self.inside(member, |walk| {
                    for section in member.value.members().unwrap_or_default() {
                        let name = section.key.to_ascii_lowercase();
                        walk.inside(section, |walk| match name.as_str() {
                            "resources" => walk.resources(&section.value, "", frame),
                            "outputs" => walk.value(&section.value, Role::Other, frame),
                            _ => {}
                        });
                    }
                }),
                "parameters" => self.arguments(member, properties.get("template"), frame),
                _ => self.member(member, Role::Resource, frame),
            }
        }
    }

    /// What a nested template is given, but for its secrets.
    fn arguments(&mut self, given: &'t Member, template: Option<&'t Node>, frame: usize) {
        let Some(arguments) = given.value.members() else {
            return self.member(given, Role::Argument, frame);
        };
        let declared = |name: &str| Some((template?, template?.get("parameters")?.get(name)?));
        for argument in arguments {
            if let Some(((template, declaration), value)) =
                declared(&argument.key).zip(argument.value.get("value"))
            {
                self.keep_secrets(template, declaration, value);
            }
        }
        self.inside(given, |walk| {
            for argument in arguments {
                walk.member(argument, Role::Argument, frame);
            }
        });
    }

    fn value(&mut self, node: &'t Node, role: Role<'t>, frame: usize) {
        if self.is_secret(node) {
            return;
        }
        match &node.kind {
            NodeKind::String(text) => {
                let literals = literals(node, text, self.source);
                self.see(node, role, frame, Seen::Text(&literals));
            }
            NodeKind::Array(elements) => {
                if !elements.iter().any(|element| self.is_secret(element)) {
                    self.see(node, role, frame, Seen::Array(elements));
                }
                for (index, element) in elements.iter().enumerate() {
                    self.path.push(Token::Element(index));
                    self.value(element, role, frame);
                    self.path.pop();
                }
            }
            NodeKind::Object(members) => {
                if !members.iter().any(|member| self.is_secret(&member.value)) {
                    self.see(node, role, frame, Seen::Object(members));
                }
                let by_region = members.iter().any(|member| Region::known(&member.key).is_some());
                let role = if by_region { Role::Entry } else { role };
                for member in members {
                    self.member(member, role, frame);
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, member: &'t Member, role: Role<'t>, frame: usize) {
        if PROSE.iter().any(|key| member.key.eq_ignore_ascii_case(key)) {
            return;
        }
        self.inside(member, |walk| {
            if !walk.is_secret(&member.value) {
                walk.see(&member.value, role, frame, Seen::Key(member));
            }
            walk.value(&member.value, role, frame);
        });
    }

    fn each(&mut self, node: &'t Node, mut visit: impl FnMut(&mut Self, &'t Member)) {
        for member in node.members().unwrap_or_default() {
            self.path.push(Token::Member(&member.key));
            visit(self, member);
            self.path.pop();
        }
    }

    fn inside(&mut self, member: &'t Member, visit: impl FnOnce(&mut Self)) {
        self.path.push(Token::Member(&member.key));
        visit(self);
        self.path.pop();
    }

    fn see(&mut self, node: &'t Node, role: Role<'t>, frame: usize, seen: Seen<'_, 't>) {
        let place = Place { node, role, frame, frames: &self.frames, path: &self.path };
        (self.visit)(&place, seen);
    }
}
