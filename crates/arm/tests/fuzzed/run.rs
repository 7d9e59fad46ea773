//! What the fuzzers run, and the tests run again with the inputs that were kept.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::Region;
use lifeboat_arm::template::lift::{Lift, home_region, lift};
use lifeboat_arm::template::placeholder::placeholders;
use lifeboat_arm::template::regions::ties;
use lifeboat_arm::template::{
    Context, Diagnostic, Expansion, Link, Linked, LinkedTemplate, ResourceGroupInfo, Runtime, Template,
    expand, parse_parameters, resolve, resolve_output,
};
use lifeboat_arm::tree::Node;
use serde_json::{Value, json};

/// Any text as JSON, as a template, as a file of parameters.
pub(crate) fn parser(text: &str) {
    if let Ok(tree) = Node::parse(text) {
        let again = tree.to_value().to_string();
        let again = Node::parse(&again).expect("what was written is read");
        assert_eq!(again.to_value(), tree.to_value(), "what was read is written");
    }
    if let Err(found) = parse_parameters("main.parameters.json", text) {
        check(&found, text);
    }
    match Template::parse("main.json", text) {
        Ok(template) => drop(placeholders(&template, &BTreeSet::new())),
        Err(found) => check(&found, text),
    }
}

/// Any text as a template that is expanded and deployed.
pub(crate) fn evaluator(text: &str) {
    let Ok(template) = Template::parse("main.json", text) else { return };
    let given = placeholders(&template, &BTreeSet::new());
    let given: BTreeMap<String, Value> = given.into_iter().map(|(name, made)| (name, made.value)).collect();
    let expansion = expand(&template, &given, &context(), &Itself(text));
    check(&expansion.diagnostics, text);
    deploy(&expansion);
    let again = expand(&template, &given, &context(), &Itself(text));
    assert_eq!(again.resources, expansion.resources, "twice the same");
    assert_eq!(again.outputs, expansion.outputs, "twice the same");
}

/// Any text as an expression, wherever expressions stand.
pub(crate) fn expression(text: &str) {
    let expression = format!("[{text}]");
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": {"p": {"type": "object", "defaultValue": {"a": [1, "b", null, {"c": true}], "n": 3}}},
        "variables": {"v": ["x", "y"], "o": {"k": "v", "K2": {"deep": []}}, "s": "Text, with Words"},
        "functions": [{"namespace": "own", "members": {"twice": {
            "parameters": [{"name": "of", "type": "string"}],
            "output": {"type": "string", "value": "[concat(parameters('of'), parameters('of'))]"},
        }}}],
        "resources": [{
            "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "one",
            "copy": {"name": "each", "count": 2},
            "properties": {"it": expression, "copy": [{"name": "many", "count": 2, "input": expression}]},
        }],
        "outputs": {"it": {"value": expression}},
    });
    evaluator(&template.to_string());
}

/// Any text as a template whose ties to its region are found and lifted: proved or refused, and settled at once.
pub(crate) fn lifting(text: &str) {
    let Ok(template) = Template::parse("main.json", text) else { return };
    for tie in ties(&template) {
        assert!(text.get(tie.range.clone()).is_some(), "{tie} lies outside, or inside of a character");
    }
    let given = BTreeMap::new();
    let home = home_region(&template, &given).unwrap_or_else(|| Region::lenient("westeurope"));
    let other =
        ["northeurope", "swedencentral"].map(Region::lenient).into_iter().find(|other| *other != home);
    let other = other.expect("two regions differ");
    let lifted = |template: &Template| {
        let (context, linked) = (context(), Itself(text));
        let context = Context {
            resource_group: Some(ResourceGroupInfo { name: "group".into(), location: home.as_str().into() }),
            location: Some(home.as_str().into()),
            ..context
        };
        lift(&Lift {
            template,
            references: &BTreeMap::new(),
            given: &given,
            primary: &home,
            secondary: &other,
            context: &context,
            linked: &linked,
        })
    };
    let Ok(once) = lifted(&template) else { return };
    let again = Template::parse("main.json", &once.text).expect("what is lifted can be read");
    let twice = lifted(&again).expect("what is lifted expands");
    assert_eq!(twice.text, once.text, "lifting again changes nothing");
}

fn context() -> Context {
    Context {
        subscription: "00000000-0000-0000-0000-000000000000".into(),
        tenant: "11111111-1111-1111-1111-111111111111".into(),
        resource_group: Some(ResourceGroupInfo { name: "group".into(), location: "westeurope".into() }),
        location: Some("westeurope".into()),
        deployment_name: "main".into(),
        management_group: Some("landing".into()),
        now: "2026-01-02T03:04:05Z".parse().expect("a time"),
        new_guid_seed: "seed".into(),
        groups: BTreeMap::new(),
    }
}

/// Every link leads back to the template.
struct Itself<'t>(&'t str);

impl Linked for Itself<'_> {
    fn load(&self, link: Link<'_>) -> Option<LinkedTemplate> {
        link.to
            .len()
            .is_multiple_of(2)
            .then(|| LinkedTemplate { file: "main.json".into(), text: self.0.to_owned() })
    }
}

/// Answers whatever it is asked.
struct Anything;

impl Runtime for Anything {
    fn reference(&self, id: &str, version: Option<&str>, full: bool) -> Result<Value, String> {
        Ok(
            json!({"id": id, "version": version, "full": full, "list": [1, "two", null], "location": "westeurope"}),
        )
    }

    fn list(&self, function: &str, id: &str, _: &str, body: Option<&Value>) -> Result<Value, String> {
        Ok(json!({"keys": [{"value": function}], "id": id, "body": body}))
    }
}

fn deploy(expansion: &Expansion) {
    for resource in expansion.resources.iter().take(50) {
        drop(resolve(resource, &Anything));
    }
    for (name, output) in expansion.outputs.iter().take(50) {
        drop(resolve_output(name, output, &Anything));
    }
}

/// Every mistake is in the text, and can be said.
fn check(found: &[Diagnostic], text: &str) {
    for mistake in found.iter().filter(|mistake| mistake.file == "main.json") {
        assert!(
            text.get(mistake.range.clone()).is_some(),
            "{mistake} lies outside, or inside of a character"
        );
        assert!(!mistake.message.is_empty() && !mistake.to_string().is_empty());
    }
}
