//! The small world of these tests: a group, a subscription, and templates made of their parts.

use std::collections::BTreeMap;

use lifeboat_arm::template::{Context, Expansion, NoLinks, ResourceGroupInfo, Template, expand};
use serde_json::{Value, json};

pub(crate) const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/myRg";

pub(crate) fn context() -> Context {
    Context {
        subscription: "00000000-0000-0000-0000-000000000000".into(),
        tenant: "11111111-1111-1111-1111-111111111111".into(),
        resource_group: Some(ResourceGroupInfo { name: "myRg".into(), location: "westeurope".into() }),
        location: None,
        deployment_name: "main".into(),
        management_group: Some("landing".into()),
        now: "2026-01-02T03:04:05Z".parse().unwrap(),
        new_guid_seed: "seed".into(),
        groups: BTreeMap::new(),
    }
}

/// The text of a template with the given members.
pub(crate) fn written(parts: &Value) -> String {
    let mut whole = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [],
    });
    whole.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    serde_json::to_string_pretty(&whole).unwrap()
}

pub(crate) fn expanded(parts: &Value) -> Expansion {
    given(parts, &json!({}))
}

/// Expanded with values for its parameters.
pub(crate) fn given(parts: &Value, values: &Value) -> Expansion {
    let template = Template::parse("main.json", &written(parts)).unwrap();
    let values = values.as_object().unwrap().clone().into_iter().collect();
    expand(&template, &values, &context(), &NoLinks)
}

pub(crate) fn clean(parts: &Value) -> Expansion {
    let expansion = expanded(parts);
    assert!(expansion.is_clean(), "{:#?}", expansion.diagnostics);
    expansion
}

pub(crate) fn codes(expansion: &Expansion) -> Vec<&'static str> {
    expansion.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

pub(crate) fn storage(name: &str, more: &Value) -> Value {
    let mut resource =
        json!({"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": name});
    resource.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    resource
}

pub(crate) fn nested(name: &str, inner: bool, inside: &Value) -> Value {
    let scope = if inner { "inner" } else { "outer" };
    json!({"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": name, "properties": {
        "mode": "Incremental", "expressionEvaluationOptions": {"scope": scope}, "template": inside}})
}

/// The value of an expression, or the code of its first mistake.
pub(crate) fn evaluate(expression: &str) -> Value {
    let parts = json!({
        "variables": {
            "o": {"one": "a", "Two": "b", "deep": {"x": [1, {"y": null}]}},
            "dogs": [
                {"name": "Evie", "age": 5, "interests": ["Ball", "Frisbee"]},
                {"name": "Casper", "age": 3, "interests": ["Other dogs"]},
                {"name": "Indy", "age": 2, "interests": ["Butter"]},
                {"name": "Kira", "age": 8, "interests": ["Rubs"]},
            ],
        },
        "outputs": {"out": {"value": format!("[{expression}]")}},
    });
    let expansion = expanded(&parts);
    match expansion.diagnostics.first() {
        Some(mistake) => format!("!{}", mistake.code).into(),
        None => expansion.outputs["out"].value.clone(),
    }
}

pub(crate) fn check(cases: &[(&str, Value)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(expression, expected)| {
            let found = evaluate(expression);
            (found != *expected).then(|| format!("{expression}\n    is {found}\n    not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
