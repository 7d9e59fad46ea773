//! What is said of mistakes: all of them at once, each where it stands.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lifeboat_arm::template::{Diagnostic, NoLinks, Template, expand};

use crate::world::context;

/// A mistake with its line and a mark below, as people see it.
fn shown(found: &Diagnostic, text: &str) -> String {
    let line = text.lines().nth(found.position.line - 1).unwrap();
    let indent = line.len() - line.trim_start().len();
    let marked = text[found.range.clone()].lines().next().unwrap_or_default().chars().count().max(1);
    let mut shown = format!("[{}] {}", found.code, found.message);
    if !found.chain.is_empty() {
        write!(shown, " (in {})", found.chain.join(" → ")).unwrap();
    }
    write!(
        shown,
        "\n  {}:{} at {}\n  {}\n  {}{}",
        found.position.line,
        found.position.column,
        found.pointer,
        line.trim_start(),
        " ".repeat(found.position.column - 1 - indent),
        "^".repeat(marked)
    )
    .unwrap();
    if let Some(hint) = &found.hint {
        write!(shown, "\n  hint: {hint}").unwrap();
    }
    shown
}

fn all_shown(text: &str) -> Vec<String> {
    match Template::parse("main.json", text) {
        Ok(template) => {
            let expansion = expand(&template, &BTreeMap::new(), &context(), &NoLinks);
            expansion.diagnostics.iter().map(|found| shown(found, text)).collect()
        }
        Err(found) => found.iter().map(|found| shown(found, text)).collect(),
    }
}

#[test]
fn ten_mistakes_are_ten_diagnostics() {
    let text = include_str!("../../../cli/tests/scripts/files/expand/ten.json");
    let shown = all_shown(text);
    insta::assert_snapshot!(shown.join("\n\n"));
    assert_eq!(shown.len(), 10);
}

#[test]
fn faults_in_expressions_are_marked_exactly() {
    let cases = [
        ("[concat('a', parameters('b'))]", "parameters('b')"),
        ("[variables('x')]", "variables('x')"),
        ("[if(equals(1, 2), 3, json('{'))]", "json('{')"),
        ("[resourceGroup().tags.missing]", "resourceGroup().tags.missing"),
        ("[createArray(1, 2)[add(1, 1)]]", "createArray(1, 2)[add(1, 1)]"),
        ("[concat('a' 'b')]", "'b'"),
        ("[add(1, )]", ")"),
        ("[unknown.name(1)]", "unknown.name(1)"),
        ("[substring('abc', 5, 1)]", "substring('abc', 5, 1)"),
        ("[padLeft(format('{0', 1), 3)]", "format('{0', 1)"),
    ];
    for (expression, marked) in cases {
        let text =
            serde_json::json!({"resources": [], "outputs": {"o": {"type": "string", "value": expression}}})
                .to_string();
        let template = Template::parse("main.json", &text).unwrap();
        let found = expand(&template, &BTreeMap::new(), &context(), &NoLinks).diagnostics;
        let shown: Vec<&str> = found.iter().map(|found| &text[found.range.clone()]).collect();
        assert_eq!(shown, [marked], "{expression}");
    }
}

#[test]
fn a_value_that_is_missing_is_marked_at_its_name() {
    let text = "{\n  \"resources\": [],\n  \"parameters\": {\n    \"name\": { \"type\": \"string\", \"metadata\": {} }\n  }\n}";
    let expected = [
        "[parameter-missing] the parameter `name` needs a value",
        "  4:5 at /parameters/name",
        "  \"name\": { \"type\": \"string\", \"metadata\": {} }",
        "  ^^^^^^",
        "  hint: give `name` in the parameter file",
    ];
    assert_eq!(all_shown(text), [expected.join("\n")]);
}
