//! What is said of mistakes: all of them at once, each where it stands.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lifeboat_arm::template::{Diagnostic, Link, Linked, LinkedTemplate, NoLinks, Template, expand};
use serde_json::{Value, json};

use crate::world::{context, written};

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

/// Proves that a mistake in one part of a resource hides none in another.
#[test]
fn every_part_of_a_resource_is_looked_at() {
    let text = include_str!("parts.json");
    let shown = all_shown(text);
    insta::assert_snapshot!(shown.join("\n\n"));
    assert_eq!(shown.len(), 14);
}

#[test]
fn what_hangs_on_a_wrong_name_is_not_told_again() {
    let text = r#"{ "resources": [
        { "type": "A.B/c", "apiVersion": "2024-01-01", "name": "[concat('a', nothing())]" },
        { "type": "A.B/d", "apiVersion": "[nothing()]", "name": "d" },
        { "type": "A.B/e", "apiVersion": "2024-01-01", "name": "e", "dependsOn": [
            "[resourceId('A.B/c', 'amid')]", "amid", "[resourceId('A.B/d', 'd')]", "[resourceId('A.B/f', 'f')]" ] } ] }"#;
    let shown = all_shown(text);
    assert_eq!(shown.len(), 3, "{}", shown.join("\n"));
    assert!(shown[2].contains("`/subscriptions/") && shown[2].contains("A.B/f/f"), "{}", shown[2]);
}

/// Nested deployments of both scopes, one in the other, and a linked one.
#[test]
fn the_way_to_a_mistake_names_every_deployment() {
    let text = include_str!("nested.json");
    let shown = all_shown(text);
    insta::assert_snapshot!(shown.join("\n\n"));
}

/// One template that others link to.
struct Child(&'static str);

impl Linked for Child {
    fn load(&self, _: Link<'_>) -> Option<LinkedTemplate> {
        Some(LinkedTemplate { file: "child.json".to_owned(), text: self.0.to_owned() })
    }
}

#[test]
fn a_place_that_is_wrong_in_two_ways_has_two_mistakes_and_a_loop_one() {
    let child = Child(
        r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": { "key": { "type": "string" } }, "variables": { "of": { "a": 1 } },
        "resources": [], "outputs": { "o": { "type": "int", "value": "[variables('of')[parameters('key')]]" } } }"#,
    );
    let links = |keys: &[&str]| -> Vec<Value> {
        let link = |key: &&str| {
            json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": key,
                "properties": { "mode": "Incremental", "templateLink": { "uri": "https://a.b/child.json" },
                    "parameters": { "key": { "value": key } } } })
        };
        keys.iter().map(link).collect()
    };
    let lists: [(&[&str], &[&str]); 3] = [
        (&["a", "left", "right"], &["`left`", "`right`"]),
        (&["one1", "one2", "one3"], &["`one1`"]),
        (&["p", "q", "r", "s", "t"], &["`p`", "`q`", "`r`"]),
    ];
    for (keys, named) in lists {
        let text = written(&json!({ "resources": links(keys) }));
        let template = Template::parse("main.json", &text).unwrap();
        let expansion = expand(&template, &BTreeMap::new(), &context(), &child);
        let told: Vec<&str> = expansion.diagnostics.iter().map(|found| &*found.message).collect();
        assert_eq!(told.len(), named.len(), "{told:?}");
        assert!(told.iter().zip(named).all(|(told, name)| told.contains(name)), "{told:?}");
    }
}

#[test]
fn an_expression_that_nothing_ends_is_doubted() {
    let doubted = |text: &str| {
        let text = serde_json::json!({ "variables": { "v": text }, "resources": [
            { "type": "A.B/c", "apiVersion": "2024-01-01", "name": "a", "tags": { "v": text } } ] });
        all_shown(&text.to_string()).iter().filter(|shown| shown.starts_with("[expression-open]")).count()
    };
    for (text, wanted) in [
        ("[concat('a', 'b')", 2),
        ("[ variables ('x').y ", 2),
        ("[parameters('a')]-suffix", 2),
        ("[contoso.name('a')", 2),
        ("[Preview]: a policy", 0),
        ("[a", 0),
        ("[[concat('a')", 0),
        ("[", 0),
        ("[concat('a', 'b')]", 0),
        ("[(1)", 0),
    ] {
        assert_eq!(doubted(text), wanted, "{text}");
    }
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

/// Whatever is wrong, the words say what stands there and what to do next.
#[test]
fn mistakes_say_what_to_do() {
    let thing = |more: &str| format!(r#"{{ "type": "A.B/c", "apiVersion": "1", "name": "x" {more} }}"#);
    let resources = |list: &str| format!(r#"{{ "resources": [{list}] }}"#);
    let output = |output: &str| format!(r#"{{ "resources": [], "outputs": {{ "o": {output} }} }}"#);
    let waits = |written: &str| resources(&thing(&format!(r#", "dependsOn": ["{written}"]"#)));
    let named = |kind: &str, name: &str| {
        resources(&format!(r#"{{ "type": "{kind}", "apiVersion": "1", "name": "{name}" }}"#))
    };
    let reached = |way: &str| {
        let regions = r#"{ "eastus": "a", "custom": "b" }"#;
        format!(
            r#"{{ "variables": {{ "v": {regions} }}, "resources": [], "outputs": {{ "o": {{ "value": "[{way}]" }} }} }}"#
        )
    };
    let many = (0..9).map(|at| format!("'member{at}', 1")).collect::<Vec<_>>().join(", ");
    let cases = [
        (
            output(r#""[parameters('a')]""#),
            "the output must be an object, is a string",
            Some("write `{ \"type\": …, \"value\": … }`"),
        ),
        (output(r#"{ "type": "string" }"#), "the output has no `value`", None),
        (
            resources(r#"{ "type": "A.B/c", "properties": {} }"#),
            "the resource has no `name` and no `apiVersion`",
            None,
        ),
        (
            resources(r#"{ "properties": {} }"#),
            "the resource has no `type`, no `name` and no `apiVersion`",
            None,
        ),
        (
            reached("variables('v')['westeurope']"),
            "the object has no property `westeurope`",
            Some("it has `eastus` and `custom`"),
        ),
        (
            reached("variables('v').eastsu"),
            "the object has no property `eastsu`",
            Some("did you mean `eastus`?"),
        ),
        (reached("createObject().a"), "the object has no property `a`", Some("it is empty")),
        (
            reached(&format!("createObject({many}).other")),
            "the object has no property `other`",
            Some("it has `member0`, `member1`, `member2`, `member3`, `member4`, `member5` and 3 more"),
        ),
        (
            waits("resourceId('A.B/c', 'y')]"),
            "the dependency `resourceId('A.B/c', 'y')]` is not a resource of the template",
            Some("an expression begins with `[` and ends with `]`"),
        ),
        (
            waits("A.B/c/y"),
            "the dependency `A.B/c/y` is not a resource of the template",
            Some(
                "declare it in the template too; if it stands already, take this line out: nobody need wait for it",
            ),
        ),
        (
            resources(&[thing(""), thing("")].join(", ")),
            "`x` of type `A.B/c` is declared more than once",
            Some("the first one stands in line 1: give them different names or opposite conditions"),
        ),
        (
            named("A.B/c", "x/y/z"),
            "type `A.B/c` has 1 segment after its namespace, the name has 3: `x/y/z`",
            Some("a child resource is named `parent/child`, one name for each segment of its type"),
        ),
        (
            named("pipelines", "x"),
            "`pipelines` is no whole type of a resource",
            Some("it begins with the provider's namespace: `Microsoft.…/pipelines`"),
        ),
    ];
    for (text, message, hint) in &cases {
        let template = Template::parse("main.json", text).unwrap();
        let found = expand(&template, &BTreeMap::new(), &context(), &NoLinks).diagnostics;
        let [found] = &found[..] else { panic!("{text} has {} mistakes: {found:?}", found.len()) };
        assert_eq!((found.message.as_str(), found.hint.as_deref()), (*message, *hint), "{text}");
    }
}
