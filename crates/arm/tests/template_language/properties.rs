//! What holds for every template: it expands to the same twice, and names of parameters do not matter.
//!
//! The templates are the fuzzers' seeds and, where it is at hand, the shared corpus.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lifeboat_arm::template::placeholder::placeholders;
use lifeboat_arm::template::{Expansion, NoLinks, Template, expand};
use lifeboat_arm::tree::{Node, NodeKind};
use lifeboat_testdata::{files, shared};
use serde_json::{Value, json};

use crate::world::context;

fn templates() -> Vec<(PathBuf, String)> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/evaluator");
    let all = std::iter::once(seeds).chain(shared("arm/corpus")).flat_map(|folder| files(&folder));
    let read = |path: PathBuf| {
        Some((path.clone(), String::from_utf8_lossy(&std::fs::read(path).ok()?).into_owned()))
    };
    all.filter_map(read).collect()
}

fn made_up(template: &Template) -> BTreeMap<String, Value> {
    let made = placeholders(template, &BTreeSet::new());
    made.into_iter().map(|(name, made)| (name, made.value)).collect()
}

/// Everything but places in the text.
fn essence(expansion: &Expansion) -> Value {
    let resources: Vec<Value> = expansion
        .resources
        .iter()
        .map(|resource| {
            let rest: Vec<_> = resource.deferred.iter().chain(&resource.unsettled).collect();
            let rest: Vec<_> = rest.iter().map(|rest| (&rest.pointer, &rest.expression)).collect();
            json!([resource.id, resource.api_version, resource.body, resource.waits_for, rest])
        })
        .collect();
    let outputs: Vec<_> =
        expansion.outputs.iter().map(|(name, output)| json!([name, output.value])).collect();
    let codes: BTreeSet<&str> = expansion.diagnostics.iter().map(|found| found.code).collect();
    json!([resources, outputs, codes])
}

#[test]
fn twice_gives_the_same() {
    let mut count = 0;
    for (path, text) in templates().into_iter().step_by(3) {
        let Ok(template) = Template::parse("main.json", &text) else { continue };
        let given = made_up(&template);
        let first = expand(&template, &given, &context(), &NoLinks);
        let again = Template::parse("main.json", &text).unwrap();
        assert_eq!(made_up(&again), given, "{}", path.display());
        let second = expand(&again, &given, &context(), &NoLinks);
        assert_eq!(first.resources, second.resources, "{}", path.display());
        assert_eq!(first.outputs, second.outputs, "{}", path.display());
        assert_eq!(first.diagnostics, second.diagnostics, "{}", path.display());
        count += 1;
    }
    assert!(count > 2, "{count} templates");
}

/// The text with each of these replaced, from the last on.
fn replaced(text: &str, mut changes: Vec<(std::ops::Range<usize>, String)>) -> String {
    changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = text.to_owned();
    for (range, new) in changes {
        text.replace_range(range, &new);
    }
    text
}

/// `parameters('name')` in the strings and names of a tree, by the bytes of the name.
fn uses(node: &Node, text: &str, found: &mut Vec<(std::ops::Range<usize>, String)>) {
    match &node.kind {
        NodeKind::String(_) => uses_in(node.range.clone(), text, found),
        NodeKind::Array(items) => items.iter().for_each(|item| uses(item, text, found)),
        NodeKind::Object(members) => {
            for member in members {
                uses_in(member.key_range.clone(), text, found);
                uses(&member.value, text, found);
            }
        }
        _ => {}
    }
}

fn uses_in(range: std::ops::Range<usize>, text: &str, found: &mut Vec<(std::ops::Range<usize>, String)>) {
    const CALL: &str = "parameters('";
    if !text[range.clone()].starts_with("\"[") {
        return; // literal text
    }
    let lower = text[range.clone()].to_ascii_lowercase();
    for (at, _) in lower.match_indices(CALL) {
        let start = range.start + at + CALL.len();
        if let Some(length) = text[start..range.end].find('\'') {
            found.push((start..start + length, text[start..start + length].to_lowercase()));
        }
    }
}

#[test]
fn names_of_parameters_do_not_matter() {
    let mut count = 0;
    for (path, text) in templates() {
        let Ok(template) = Template::parse("main.json", &text) else { continue };
        let declared = template.tree().get("parameters").and_then(Node::members).unwrap_or_default();
        // templates inside may declare the same names, and functions have their own
        let mixed =
            ["\"template\"", "functions", "newGuid", "parameters( ", "parameters("].iter().any(|word| {
                text.matches(word).count()
                    > text.matches("parameters('").count().max(1) * usize::from(*word == "parameters(")
            });
        if mixed || declared.is_empty() {
            continue;
        }
        let given = made_up(&template);
        // in the opposite order, so that nothing hangs on it
        let new: BTreeMap<String, String> = declared
            .iter()
            .enumerate()
            .map(|(at, member)| (member.key.to_lowercase(), format!("renamed{:04}", 9999 - at)))
            .collect();
        let mut changes: Vec<_> = declared
            .iter()
            .map(|member| (member.key_range.clone(), format!("\"{}\"", new[&member.key.to_lowercase()])))
            .collect();
        let mut used = Vec::new();
        uses(template.tree(), &text, &mut used);
        changes.extend(used.into_iter().filter_map(|(range, name)| Some((range, new.get(&name)?.clone()))));
        let other = Template::parse("main.json", &replaced(&text, changes)).unwrap();
        let renamed =
            given.iter().map(|(name, value)| (new[&name.to_lowercase()].clone(), value.clone())).collect();
        let before = essence(&expand(&template, &given, &context(), &NoLinks));
        let after = essence(&expand(&other, &renamed, &context(), &NoLinks));
        assert_eq!(before, after, "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "no template was renamed");
    println!("{count} templates");
}
