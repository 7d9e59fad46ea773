//! Literals with parts of them taken from parameters: a text becomes an expression, a literal in one a call.

use std::collections::BTreeMap;
use std::ops::Range;

use super::choose::Chosen;
use super::edit::Edits;
use super::pass::Passing;
use super::slot::{Slot, Slots};

/// Writes every slot that has a parameter.
pub(super) fn replace<'t>(
    slots: &Slots<'t>,
    chosen: &Chosen,
    passed: &mut Passing<'_, 't>,
    edits: &mut Edits<'_>,
) {
    let mut parts: BTreeMap<usize, Vec<(&Slot<'t>, String)>> = BTreeMap::new();
    for (slot, index) in slots.all.iter().zip(&chosen.of_slot) {
        let Some(index) = *index else { continue };
        let key = slot.literal.as_ref().map_or(slot.node.range.start, |literal| literal.range.start);
        let quoted = slot
            .literal
            .as_ref()
            .is_none_or(|literal| literal.within.is_none() || is_quoted(edits.source(), &literal.range));
        if quoted {
            let name = passed.name_in(slot.frame, index, chosen);
            parts.entry(key).or_default().push((slot, format!("parameters('{name}')")));
        }
    }
    for parts in parts.values_mut() {
        parts.sort_by_key(|(slot, _)| slot.part.start);
        let Some((first, _)) = parts.first() else { continue };
        let Some(literal) = &first.literal else {
            let call = &parts[0].1;
            edits.replace(first.node.range.clone(), format!("\"[{call}]\""));
            continue;
        };
        let pieces: Vec<(Range<usize>, &str)> =
            parts.iter().map(|(slot, call)| (slot.part.clone(), call.as_str())).collect();
        let call = spliced(&literal.text, &pieces);
        if literal.within.is_some() {
            edits.replace(literal.range.start - 1..literal.range.end + 1, call);
        } else {
            edits.replace(first.node.range.clone(), format!("\"[{call}]\""));
        }
    }
}

/// Whether a literal of an expression stands between plain quotes: they may be written as escapes.
fn is_quoted(source: &str, range: &Range<usize>) -> bool {
    source[..range.start].ends_with('\'') && source[range.end..].starts_with('\'')
}

/// The text with its parts replaced, as an expression inside a JSON string.
fn spliced(text: &str, parts: &[(Range<usize>, &str)]) -> String {
    let mut pieces: Vec<String> = Vec::new();
    let mut done = 0;
    for (range, call) in parts {
        if done < range.start {
            pieces.push(literal(&text[done..range.start]));
        }
        pieces.push((*call).to_owned());
        done = range.end;
    }
    if done < text.len() {
        pieces.push(literal(&text[done..]));
    }
    match pieces.as_slice() {
        [one] => one.clone(),
        several => format!("concat({})", several.join(", ")),
    }
}

fn literal(text: &str) -> String {
    let json = quoted(&text.replace('\'', "''"));
    format!("'{}'", &json[1..json.len() - 1])
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
