//! Values of parameter files that belong to one region.

use super::host::hosts;
use super::mention::mentions;
use super::{Tie, TieKind, Ties, shown};
use crate::region::Region;
use crate::template::diagnostic::{Diagnostic, Document};
use crate::tree::{Node, NodeKind, push_pointer};

/// What a parameter file says of one region only: the other region's file needs its own value. `is_secret` tells which
/// parameters are not looked at.
///
/// # Errors
/// When the text is no JSON, or no parameter file.
pub fn value_ties(
    file: &str,
    text: &str,
    is_secret: &dyn Fn(&str) -> bool,
) -> Result<Vec<Tie>, Vec<Diagnostic>> {
    crate::template::parse_parameters(file, text)?;
    let document = Document::parse(file, text).map_err(|diagnostic| vec![*diagnostic])?;
    let mut ties = Ties::of(&document);
    let given = document.root.get("parameters").and_then(Node::members).unwrap_or_default();
    for member in given.iter().filter(|member| !is_secret(&member.key)) {
        if let Some(value) = member.value.member("value") {
            let pointer = push_pointer(&push_pointer("/parameters", &member.key), &value.key);
            look(&value.value, &member.key, &pointer, &mut ties);
        }
    }
    Ok(ties.in_order())
}

fn look(node: &Node, parameter: &str, pointer: &str, ties: &mut Ties<'_>) {
    match &node.kind {
        NodeKind::String(text) => {
            let Some(why) = belongs(text) else { return };
            let range = node.range.start + 1..node.range.end - 1;
            let found = format!("`{parameter}` {} {}", why, shown(text));
            let change = "give the other region's own value in its file".to_owned();
            ties.push(TieKind::ValueOfRegion, range, pointer.to_owned(), found, change);
        }
        NodeKind::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                look(element, parameter, &push_pointer(pointer, index), ties);
            }
        }
        NodeKind::Object(members) => {
            for member in members {
                look(&member.value, parameter, &push_pointer(pointer, &member.key), ties);
            }
        }
        _ => {}
    }
}

/// Whether a value belongs to a region or a deployment, and how it says so.
fn belongs(text: &str) -> Option<&'static str> {
    if Region::known(text).is_some() {
        return Some("is the region");
    }
    if text.to_ascii_lowercase().contains("/subscriptions/") {
        return Some("is the id");
    }
    if hosts(text).any(|host| !host.name.is_empty()) {
        return Some("names the host");
    }
    (!mentions(text).is_empty()).then_some("mentions a region:")
}
