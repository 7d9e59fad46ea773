//! Loops, conditions, scopes, deployments inside of deployments.

use serde_json::{Value, json};

use crate::world::{GROUP, clean, codes, expanded, given, nested, storage};

fn names(parts: &Value) -> Vec<String> {
    clean(parts).resources.iter().map(|resource| resource.name.clone()).collect()
}

#[test]
fn loops_of_every_kind() {
    let parts = json!({
        "variables": {
            "copy": [
                {"name": "squares", "count": 3, "input": "[mul(copyIndex('squares'), copyIndex('squares'))]"},
                {"name": "empty", "count": 0, "input": "[fail('never')]"},
            ],
            "inside": {
                "copy": [{"name": "disks", "count": 2, "input": {"lun": "[copyIndex('disks', 1)]"}}],
                "kept": true,
            },
        },
        "resources": [storage("[concat('s', copyIndex(5))]", &json!({
            "copy": {"name": "outer", "count": 2},
            "properties": {"copy": [{
                "name": "inner", "count": "[add(copyIndex(), 1)]",
                "input": {
                    "at": "[concat(copyIndex('outer'), '-', copyIndex('inner'))]",
                    "copy": [{"name": "deep", "count": 1, "input": "[concat(copyIndex(), copyIndex('inner'), copyIndex('deep'))]"}],
                },
            }]},
        }))],
        "outputs": {
            "variables": {"type": "array", "value": "[createArray(variables('squares'), variables('empty'), variables('inside'))]"},
            "loop": {"type": "array", "copy": {"count": 2, "input": "[copyIndex(1)]"}},
            "none": {"type": "string", "condition": "[equals(1, 2)]", "value": "[fail('never')]"},
        },
    });
    let expansion = clean(&parts);
    let outputs = |name: &str| &expansion.outputs[name].value;
    let inside = json!({"disks": [{"lun": 1}, {"lun": 2}], "kept": true});
    assert_eq!(*outputs("variables"), json!([[0, 1, 4], [], inside]));
    assert_eq!(*outputs("loop"), json!([1, 2]));
    assert!(!expansion.outputs.contains_key("none"));
    let [first, second] = &expansion.resources[..] else { panic!("two are made") };
    assert_eq!((first.name.as_str(), second.name.as_str()), ("s5", "s6"));
    assert_eq!(first.body["properties"]["inner"], json!([{"at": "0-0", "deep": ["000"]}]));
    assert_eq!(
        second.body["properties"]["inner"],
        json!([{"at": "1-0", "deep": ["100"]}, {"at": "1-1", "deep": ["110"]}])
    );
}

#[test]
fn counts_are_whole_and_within_the_limit() {
    let looped = |count: Value| json!({"resources": [storage("[concat('s', copyIndex())]", &json!({"copy": {"name": "l", "count": count}}))]});
    for (count, expected) in [(json!(0), 0), (json!("2"), 2), (json!("[add(1, 2)]"), 3), (json!(800), 800)] {
        assert_eq!(names(&looped(count.clone())).len(), expected, "{count}");
    }
    for count in [json!(-1), json!(801), json!("two"), json!(1.5), json!(null), json!([1])] {
        assert_eq!(codes(&expanded(&looped(count.clone()))), ["copy-count"], "{count}");
    }
}

#[test]
fn batches_wait_for_the_one_before() {
    let parts = json!({"resources": [storage("[concat('s', copyIndex())]", &json!({
        "copy": {"name": "l", "count": 5, "mode": "Serial", "batchSize": 2}}))]});
    let waits: Vec<Vec<usize>> =
        clean(&parts).resources.iter().map(|resource| resource.waits_for.clone()).collect();
    assert_eq!(waits, [vec![], vec![], vec![0, 1], vec![0, 1], vec![2, 3]]);
}

#[test]
fn a_child_has_no_loop() {
    let child = json!({"type": "queues", "apiVersion": "1", "name": "q", "copy": {"name": "l", "count": 2}});
    let parts = json!({"resources": [storage("a", &json!({"resources": [child]}))]});
    assert_eq!(codes(&expanded(&parts)), ["copy-child"]);
}

#[test]
fn what_is_not_made_is_waited_for_by_nobody() {
    let parts = json!({"parameters": {"p": {"type": "bool"}}, "resources": [
        storage("off", &json!({"condition": "[parameters('p')]", "properties": {"x": "[reference('/x/y', '1').z]"}})),
        storage("on", &json!({"dependsOn": ["off"], "condition": "[not(parameters('p'))]"})),
        storage("both", &json!({"dependsOn": ["off", "on"]})),
    ]});
    for (p, made) in [(true, ["off", "both"]), (false, ["on", "both"])] {
        let expansion = given(&parts, &json!({"p": p}));
        let names: Vec<&str> = expansion.resources.iter().map(|resource| resource.name.as_str()).collect();
        assert_eq!(names, made);
        assert_eq!(expansion.resources[1].waits_for, [0]);
    }
    let text = json!({"resources": [storage("a", &json!({"condition": "maybe"}))]});
    assert_eq!(codes(&expanded(&text)), ["type"]);
}

#[test]
fn extensions_stand_where_their_scope_says() {
    let lock = |scope: &str| json!({"type": "Microsoft.Authorization/locks", "apiVersion": "1", "name": "keep", "scope": scope});
    let cases = [
        (
            "Microsoft.Storage/storageAccounts/a",
            format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/a"),
        ),
        (
            "[resourceId('Microsoft.Storage/storageAccounts', 'a')]",
            format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/a"),
        ),
        ("/", String::new()),
        ("/subscriptions/s", "/subscriptions/s".to_owned()),
        (
            "Microsoft.Management/managementGroups/mg",
            "/providers/Microsoft.Management/managementGroups/mg".to_owned(),
        ),
    ];
    for (scope, expected) in cases {
        let expansion = clean(&json!({"resources": [lock(scope)]}));
        assert_eq!(
            expansion.resources[0].id,
            format!("{expected}/providers/Microsoft.Authorization/locks/keep")
        );
    }
}

#[test]
fn inner_and_outer_scopes_see_different_things() {
    let inside = json!({
        "parameters": {"p": {"type": "string", "defaultValue": "inside"}},
        "variables": {"v": "inside"},
        "resources": [storage("[concat(variables('v'), parameters('p'), resourceGroup().name)]", &json!({}))],
    });
    for (inner, expected) in [(true, "insideinsideother"), (false, "outsideoutsidemyRg")] {
        let mut deployment = nested("n", inner, &inside);
        deployment["resourceGroup"] = "other".into();
        let parts = json!({
            "parameters": {"p": {"type": "string", "defaultValue": "outside"}},
            "variables": {"v": "outside"},
            "resources": [deployment],
        });
        let expansion = clean(&parts);
        assert_eq!(expansion.resources[0].name, expected);
        assert!(expansion.resources[0].id.contains("/resourceGroups/other/"));
    }
}

#[test]
fn what_a_nested_template_is_given_must_fit() {
    let inside = json!({
        "parameters": {"size": {"type": "int"}, "secret": {"type": "securestring", "defaultValue": "x"}},
        "resources": [],
    });
    let cases = [
        (json!({"size": {"value": 1}}), vec![]),
        (json!({}), vec!["parameter-missing"]),
        (json!({"size": {"value": "1"}}), vec!["parameter-type"]),
        (json!({"siz": {"value": 1}}), vec!["parameter-unknown", "parameter-missing"]),
        (json!({"size": {"value": "[parameters('nope')]"}}), vec!["parameter-undeclared"]),
        (json!({"SIZE": {"value": 1}}), vec![]),
    ];
    for (arguments, expected) in cases {
        let mut deployment = nested("n", true, &inside);
        deployment["properties"]["parameters"] = arguments.clone();
        let mut found = codes(&expanded(&json!({"resources": [deployment]})));
        found.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{arguments}");
    }
}

#[test]
fn names_that_only_the_run_knows_have_stand_ins() {
    let inside = json!({
        "parameters": {"principal": {"type": "string"}, "account": {"type": "string"}},
        "resources": [
            {"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01",
             "name": "[guid(parameters('principal'), 'reader')]",
             "properties": {"principalId": "[parameters('principal')]"}},
            {"type": "Microsoft.Storage/storageAccounts/blobServices", "apiVersion": "2023-01-01",
             "name": "[format('{0}/{1}', parameters('account'), 'default')]"},
        ],
    });
    let mut deployment = nested("n", true, &inside);
    deployment["properties"]["parameters"] = json!({
        "principal": {"value": "[reference('vm', '2023-01-01', 'Full').identity.principalId]"},
        "account": {"value": "[reference('vm').accounts[0]]"},
    });
    let expansion = clean(&json!({"resources": [storage("vm", &json!({})), deployment]}));
    let [_, role, blobs, _] = &expansion.resources[..] else { panic!("four are made") };
    assert_eq!(role.name.len(), 36, "a GUID: {}", role.name);
    assert!(role.id.ends_with(&format!("/roleAssignments/{}", role.name)));
    assert_eq!(role.unsettled[0].pointer, "/name");
    assert!(role.unsettled[0].expression.starts_with("[guid(reference("), "{}", role.unsettled[0].expression);
    assert!(blobs.name.ends_with("/default") && blobs.name.matches('/').count() == 1, "{}", blobs.name);
    assert_eq!(role.waits_for, [0], "what answers comes first");
}

/// A deployment asked in full tells where it lies: templates learn their management group from that.
#[test]
fn a_full_answer_tells_where_a_deployment_lies() {
    let schema = |level: &str| {
        format!("https://schema.management.azure.com/schemas/2019-08-01/{level}DeploymentTemplate.json#")
    };
    let outputs = |members: &[&str]| -> Value {
        let output = |member: &&str| {
            let value = format!("[reference('empty', '2020-10-01', 'Full').{member}]");
            ((*member).to_owned(), json!({"type": "string", "value": value}))
        };
        members.iter().map(output).collect::<serde_json::Map<_, _>>().into()
    };
    let mut empty = nested("empty", true, &json!({"resources": []}));
    let here = clean(&json!({
        "resources": [empty],
        "outputs": outputs(&["subscriptionId", "resourceGroupName", "scope", "resourceId", "apiVersion"]),
    }));
    let value = |name: &str| here.outputs[name].value.clone();
    assert_eq!(value("subscriptionId"), "00000000-0000-0000-0000-000000000000");
    assert_eq!(value("resourceGroupName"), "myRg");
    assert_eq!(value("scope"), "");
    assert_eq!(value("resourceId"), "Microsoft.Resources/deployments/empty");
    assert_eq!(value("apiVersion"), "2020-10-01");

    empty["location"] = "westeurope".into();
    let above = clean(&json!({
        "$schema": schema("managementGroup"),
        "resources": [empty],
        "outputs": outputs(&["scope", "location"]),
    }));
    assert_eq!(above.outputs["scope"].value, "Microsoft.Management/managementGroups/landing");
    assert_eq!(above.outputs["location"].value, "westeurope");
}

#[test]
fn names_are_checked() {
    let named =
        |kind: &str, name: &str| json!({"resources": [{"type": kind, "apiVersion": "1", "name": name}]});
    let cases = [
        ("Microsoft.A/b", "x/y", "name-segments"),
        ("Microsoft.A/b/c", "x", "name-segments"),
        ("Microsoft.A/b", "", "name-empty"),
        ("Microsoft.A/b", "[string(null())]", "name-empty"),
        ("things", "x", "name-segments"),
        ("Microsoft.A/b", "[reference('/x/y', '1').name]", "runtime-call"),
        ("Microsoft.A/b", "[createArray()]", "type"),
    ];
    for (kind, name, code) in cases {
        assert_eq!(codes(&expanded(&named(kind, name))), [code], "{kind} {name}");
    }
}

#[test]
fn scopes_of_deployments() {
    let schema = |level: &str| {
        format!("https://schema.management.azure.com/schemas/2019-08-01/{level}DeploymentTemplate.json#")
    };
    let group = "[resourceGroup().name]";
    let id = "[resourceId('Microsoft.A/b', 'x')]";
    let cases = [
        (
            "subscription",
            id,
            json!("/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.A/b/x"),
        ),
        ("subscription", group, json!("!scope")),
        ("subscription", "[deployment().location]", json!("westeurope")),
        ("managementGroup", id, json!("/providers/Microsoft.A/b/x")),
        (
            "managementGroup",
            "[managementGroup().id]",
            json!("/providers/Microsoft.Management/managementGroups/landing"),
        ),
        ("managementGroup", "[subscription().id]", json!("!scope")),
        ("tenant", id, json!("/providers/Microsoft.A/b/x")),
        ("tenant", "[tenant().id]", json!("/tenants/11111111-1111-1111-1111-111111111111")),
    ];
    for (level, expression, expected) in cases {
        let parts =
            json!({"$schema": schema(level), "outputs": {"out": {"type": "string", "value": expression}}});
        let template =
            lifeboat_arm::template::Template::parse("main.json", &crate::world::written(&parts)).unwrap();
        let context = lifeboat_arm::template::Context {
            location: Some("westeurope".into()),
            ..crate::world::context()
        };
        let expansion = lifeboat_arm::template::expand(
            &template,
            &std::collections::BTreeMap::new(),
            &context,
            &lifeboat_arm::template::NoLinks,
        );
        let found = match expansion.diagnostics.first() {
            Some(mistake) => json!(format!("!{}", mistake.code)),
            None => expansion.outputs["out"].value.clone(),
        };
        assert_eq!(found, expected, "{level} {expression}");
    }
}

#[test]
fn outputs_of_outer_scope_stand_in_the_loop_of_their_deployment() {
    let mut deployment = nested(
        "[concat('n', copyIndex())]",
        false,
        &json!({"resources": [], "outputs": {
            "at": {"type": "int", "value": "[copyIndex('loop', 10)]"},
            "all": {"type": "array", "copy": {"count": 2, "input": "[add(copyIndex(), copyIndex('loop'))]"}},
        }}),
    );
    deployment["copy"] = json!({"name": "loop", "count": 2});
    let parts = json!({"resources": [deployment], "outputs": {
        "at": {"type": "int", "value": "[reference('n1').outputs.at.value]"},
        "all": {"type": "array", "value": "[reference('n1').outputs.all.value]"},
    }});
    let expansion = clean(&parts);
    assert_eq!(expansion.outputs["at"].value, 11);
    assert_eq!(expansion.outputs["all"].value, json!([1, 2]));
}
