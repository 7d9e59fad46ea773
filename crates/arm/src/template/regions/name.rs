//! Names that only one deployment can have: written out, made of nothing that differs, or other ones than before.

use std::collections::BTreeSet;
use std::ops::Range;

use super::identifier::is_guid;
use super::source::{Source, Sources};
use super::{TieKind, Ties, shown};
use crate::global_name::{collides, other_global_name};
use crate::id::ResourceType;
use crate::template::diagnostic::pointer_at;
use crate::template::language::expression::Expression;
use crate::template::language::parser::{LENGTH_MAX, Text, classify, parse};
use crate::template::language::value::Value;
use crate::template::walk::{Declarations, Place, Resource};
use crate::tree::Node;

/// The name of a declared resource, if a second one of that name is refused.
pub(super) fn look<'t>(place: &Place<'_, 't>, resource: &Resource<'t>, ties: &mut Ties<'_>) {
    if resource.existing {
        return;
    }
    if is_unique_in_tenant(&resource.kind) {
        look_at_guid(place, resource, ties);
    }
    if !collides(&resource.kind) {
        return;
    }
    let other = other_global_name(&resource.kind);
    for at in std::iter::once("/name").chain(other) {
        if let Some(name) = member(resource.node, at) {
            look_at(place, resource, (name, at), ties);
        }
    }
}

/// The member that a pointer of plain names leads to, in any case.
pub(in crate::template) fn member<'t>(node: &'t Node, pointer: &str) -> Option<&'t Node> {
    pointer.split('/').skip(1).try_fold(node, |node, key| node.get(key))
}

/// Assignments and definitions of roles: their names are GUIDs, each one once in the whole tenant, whatever the scope.
fn is_unique_in_tenant(kind: &ResourceType) -> bool {
    let kind = kind.as_str().to_ascii_lowercase();
    ["microsoft.authorization/roleassignments", "microsoft.authorization/roledefinitions"].contains(&&*kind)
        || kind.ends_with("/providers/roleassignments")
}

/// A GUID that is written out cannot be varied: it has to be computed. Names that are computed know why.
fn look_at_guid<'t>(place: &Place<'_, 't>, resource: &Resource<'t>, ties: &mut Ties<'_>) {
    let Some(name) = member(resource.node, "/name") else { return };
    let Some((leaf, text)) = literal(place.frames, place.frame, name) else { return };
    let own = text.rsplit('/').next().unwrap_or(text);
    if !is_guid(own) {
        return;
    }
    let found = format!("{} is the name of a {}, and a tenant takes each once", shown(own), resource.kind);
    // Where no group is deployed to, both regions may have the same subscription: the region itself tells them apart.
    let change = if place.is_in_a_group() {
        "compute it: `guid(resourceGroup().id, …)` with the principal and the role gives each region its own"
    } else {
        "compute it: `guid(subscription().id, deployment().location, …)` with the principal and the role gives each region its own"
    };
    let at = pointer_at(&ties.document.root, leaf.range.start);
    ties.push(TieKind::NameFixed, inside(leaf), at, found, change.to_owned());
}

/// Whether a text only holds the place of a name: no resource is called `{provide-unique-name}` or `<name>`.
pub(in crate::template) fn is_placeholder(name: &str) -> bool {
    [('{', '}'), ('<', '>')]
        .iter()
        .any(|(open, close)| name.split_once(*open).is_some_and(|(_, rest)| rest.contains(*close)))
}

fn look_at<'t>(
    place: &Place<'_, 't>,
    resource: &Resource<'t>,
    (name, at): (&'t Node, &str),
    ties: &mut Ties<'_>,
) {
    let kind = resource.kind.as_str();
    let own = format!("{}{at}", place.pointer());
    if let Some((leaf, text)) = literal(place.frames, place.frame, name) {
        let is = if is_placeholder(text) { "stands for the name" } else { "is the name" };
        let found = format!("{} {is} of a {kind}", shown(text));
        let at =
            if std::ptr::eq(leaf, name) { own } else { pointer_at(&ties.document.root, leaf.range.start) };
        ties.push(TieKind::NameLiteral, inside(leaf), at, found, GIVE.to_owned());
        return;
    }
    if let Some(part) = last_part(name) {
        let found = format!("{} is the name of a {kind}, behind its parent's", shown(&part));
        ties.push(TieKind::NameLiteral, inside(name), own, found, GIVE.to_owned());
        return;
    }
    let sources = Sources::new(place.frames, &mut ties.known).of(place.frame, name);
    let Some((tie, change)) = judge(&sources) else { return };
    let found = format!("the name of a {kind} is {}", shown(name.as_str().unwrap_or_default()));
    ties.push(tie, inside(name), own, found, change);
}

/// What is written out behind the last slash of a child's name: `/alias` in `[concat(parameters('bus'), '/alias')]`.
fn last_part(name: &Node) -> Option<String> {
    let Text::Expression(inner) = classify(name.as_str()?) else { return None };
    let Expression::Call { name, arguments, .. } = parse(inner, 1, LENGTH_MAX).ok()? else { return None };
    let piece = match name.to_ascii_lowercase().as_str() {
        "concat" => arguments.last(),
        "format" => arguments.first(),
        _ => None,
    };
    let Expression::Value(Value::String(text)) = piece? else { return None };
    let (_, part) = text.rsplit_once('/')?;
    (!part.is_empty() && !part.contains('{')).then(|| part.to_owned())
}

const GIVE: &str = "make the name a parameter, with another value in each region's parameter file";

fn judge(sources: &BTreeSet<Source>) -> Option<(TieKind, String)> {
    let has = |source: Source| sources.contains(&source);
    if has(Source::Drawn) {
        let change = "make it of what stays: a redeployment asks for another resource instead of this one";
        return Some((TieKind::NameDrawn, change.to_owned()));
    }
    if has(Source::Differs) {
        return None;
    }
    if has(Source::Group) {
        let change =
            "nothing for a second region; to restore under the old name, give the name as a parameter";
        return Some((TieKind::NameFollowsGroup, change.to_owned()));
    }
    let defaults: Vec<String> = sources
        .iter()
        .filter_map(|source| match source {
            Source::Default(name) => Some(format!("`{name}`")),
            _ => None,
        })
        .collect();
    if defaults.is_empty() {
        return Some((TieKind::NameFixed, GIVE.to_owned()));
    }
    let one = if defaults.len() == 1 { "" } else { "one of " };
    let change = format!("give {one}{} another value in each region's parameter file", defaults.join(", "));
    Some((TieKind::NameDefault, change))
}

/// The string that a name is, followed through variables that are nothing else.
pub(in crate::template) fn literal<'t>(
    frames: &[Declarations<'t>],
    frame: usize,
    name: &'t Node,
) -> Option<(&'t Node, &'t str)> {
    const STEPS_MAX: usize = 16;
    let (mut node, mut frame) = (name, frame);
    for _ in 0..STEPS_MAX {
        let text = node.as_str()?;
        let inner = match classify(text) {
            Text::Literal(literal) => return Some((node, literal)).filter(|_| !literal.is_empty()),
            Text::Expression(inner) => inner,
        };
        (node, frame) = followed(frames, frame, &parse(inner, 1, LENGTH_MAX).ok()?)?;
    }
    None
}

/// What `variables('x')` or `parameters('x')` of a nested template stands for.
fn followed<'t>(
    frames: &[Declarations<'t>],
    frame: usize,
    expression: &Expression,
) -> Option<(&'t Node, usize)> {
    let Expression::Call { name, arguments, .. } = expression else { return None };
    let [Expression::Value(Value::String(named))] = arguments.as_slice() else { return None };
    let own = &frames[frame];
    match name.to_ascii_lowercase().as_str() {
        "variables" => own.variable(named).map(|node| (node, frame)),
        "parameters" => Some((own.argument(named)?.get("value")?, own.outer?.0)),
        _ => None,
    }
}

/// The text between the quotes.
fn inside(node: &Node) -> Range<usize> {
    if node.as_str().is_some() { node.range.start + 1..node.range.end - 1 } else { node.range.clone() }
}
