//! Values of parameter files that belong to one region.

use super::host::hosts;
use super::{Tie, TieKind, Ties, shown};
use crate::region::Region;
use crate::template::diagnostic::{Diagnostic, Document};
use crate::template::walk::mention::mentions;
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
    for member in given {
        let pointer = push_pointer("/parameters", &member.key);
        if let Some(value) = member.value.member("value").filter(|_| !is_secret(&member.key)) {
            look(&value.value, &member.key, &push_pointer(&pointer, &value.key), &mut ties);
        }
        // Where a secret is kept is none itself.
        vault(&member.value, &member.key, &pointer, &mut ties);
    }
    Ok(ties.in_order())
}

/// The key vault that a secret is asked of: a deployment that has to wait for the lost region's vault is not made.
fn vault(given: &Node, parameter: &str, pointer: &str, ties: &mut Ties<'_>) {
    let id = given.get("reference").and_then(|reference| reference.get("keyVault")?.get("id"));
    let Some((id, text)) = id.and_then(|id| Some((id, id.as_str()?))) else { return };
    let range = id.range.start + 1..id.range.end - 1;
    let name = text.trim_end_matches('/').rsplit('/').next().unwrap_or(text);
    let found = format!("`{parameter}` is a secret of the key vault {}", shown(name));
    let change = "name a vault that answers while this region is lost, with the same secret in it".to_owned();
    ties.push(TieKind::ValueOfRegion, range, format!("{pointer}/reference/keyVault/id"), found, change);
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
