//! What is found, what is not, and where.

use crate::template::Template;
use crate::template::regions::{TieKind, ties, value_ties};

/// Codes with the text that each marks, in the order of the text.
fn found(template: &str) -> Vec<String> {
    let template = Template::parse("main.json", template).unwrap();
    let mark = |range: &std::ops::Range<usize>| template.text()[range.clone()].to_owned();
    ties(&template).iter().map(|tie| format!("{} {}", tie.kind.code(), mark(&tie.range))).collect()
}

/// A template with one resource, of the given members.
fn with_resource(members: &str) -> String {
    with(&format!(r#""resources": [{{ "type": "A.B/c", "apiVersion": "1", {members} }}]"#))
}

fn with(sections: &str) -> String {
    let sections = if sections.contains("\"resources\"") {
        sections.to_owned()
    } else {
        format!("{sections}, \"resources\": []")
    };
    format!(r#"{{ "$schema": "deploymentTemplate.json#", {sections} }}"#)
}

fn check(template: &str, expected: &[&str]) {
    assert_eq!(found(template), expected, "{template}");
}

/// Proves: S06 (a place that is written out is found where it stands), F25 (what works in one region only is found before)
#[test]
fn places_are_found_wherever_they_are_written() {
    for (members, expected) in [
        (r#""location": "westeurope""#, "location-literal westeurope"),
        (r#""location": "West Europe""#, "location-literal West Europe"),
        (
            r#""location": "[if(equals(1, 2), 'eastus', resourceGroup().location)]""#,
            "location-literal eastus",
        ),
        (r#""properties": { "primaryRegion": "uksouth" }"#, "location-literal uksouth"),
        (
            r#""properties": { "locations": [{ "locationName": "East US", "failoverPriority": 0 }] }"#,
            "location-list East US",
        ),
        (r#""properties": { "replicas": ["eastus2"] }"#, "location-list eastus2"),
        (r#""properties": { "url": "https://x/[eastus2]" }"#, "region-text eastus2"),
        (r#""properties": { "a": "[concat('sto-eastus-', 'x')]" }"#, "region-text eastus"),
        (r#""properties": { "a": "[if(equals(parameters('l'), 'eastus'), 1, 2)]" }"#, "region-text eastus"),
        (r#""tags": { "where": "westeurope" }"#, "region-text westeurope"),
    ] {
        check(&with_resource(members), &[expected]);
    }
    check(
        &with(
            r#""parameters": { "l": { "type": "string", "defaultValue": "eastus", "allowedValues": ["eastus", "westus"] } }"#,
        ),
        &["location-default eastus", r#"allowed-regions ["eastus", "westus"]"#],
    );
    check(&with(r#""variables": { "l": "eastus" }"#), &["location-variable eastus"]);
    check(
        &with(r#""variables": { "m": { "eastus": { "to": "westus" }, "westus": { "to": "eastus" } } }"#),
        &[r#"region-map "eastus": { "to": "westus" }, "westus""#],
    );
}

/// Proves: S06 (what only looks like a region is left alone)
#[test]
fn false_friends_are_none() {
    for members in [
        r#""location": "global""#,
        r#""location": "[parameters('westus')]""#,
        r#""metadata": { "description": "deploys to westus" }"#,
        r#""comments": "westus""#,
        r#""properties": { "displayName": "East US" }"#,
        r#""properties": { "zone": "Central America Standard Time" }"#,
        r#""properties": { "text": "If the group of it lies in one of those regions then westus is taken." }"#,
        r#""properties": { "roleDefinitionId": "[resourceId('Microsoft.Authorization/roleDefinitions', '090c5cfd-751d-490a-894a-3ce6f1109419')]" }"#,
        r#""properties": { "api": "https://management.azure.com/x", "other": "https://example.com/westward" }"#,
        r#""zones": "[parameters('zones')]""#,
    ] {
        check(&with_resource(members), &[]);
    }
    check(&with(r#""parameters": { "s": { "type": "secureString", "defaultValue": "westeurope" } }"#), &[]);
    let by_definition = r##""definitions": { "key": { "type": "securestring" } },
        "parameters": { "s": { "$ref": "#/definitions/key", "defaultValue": "westeurope" } }"##;
    check(&with(by_definition), &[]);
}

/// Proves: S06 (what a nested template is given is looked at, and no secret of it is shown)
#[test]
fn what_is_handed_to_secure_parameters_is_not_looked_at() {
    let nested = |kind: &str| {
        with(&format!(
            r#""resources": [{{ "type": "Microsoft.Resources/deployments", "apiVersion": "1", "name": "d", "properties": {{
                "expressionEvaluationOptions": {{ "scope": "inner" }}, "parameters": {{ "s": {{ "value": "westeurope" }} }},
                "template": {{ "parameters": {{ "s": {{ "type": "{kind}" }} }}, "resources": [] }} }} }}]"#
        ))
    };
    assert_eq!(found(&nested("string")).len(), 1, "{:?}", found(&nested("string")));
    check(&nested("secureString"), &[]);
}

/// A template with a namespace of this name, and more.
fn named(name: &str, more: &str) -> String {
    with(&format!(
        r#"{more} "resources": [{{ "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "1", "name": "{name}" }}]"#
    ))
}

/// Proves: S06 (names that would collide, and those that would change)
#[test]
fn names_are_judged_by_what_they_are_made_of() {
    for (name, more, expected) in [
        ("orders", "", "name-literal orders"),
        ("[variables('bus')]", r#""variables": { "bus": "orders" },"#, "name-literal orders"),
        ("[concat('a', 'b')]", "", "name-fixed [concat('a', 'b')]"),
        (
            "[concat('a', uniqueString(subscription().id))]",
            "",
            "name-fixed [concat('a', uniqueString(subscription().id))]",
        ),
        (
            "[parameters('n')]",
            r#""parameters": { "n": { "type": "string", "defaultValue": "orders" } },"#,
            "name-default [parameters('n')]",
        ),
        ("[uniqueString(resourceGroup().id)]", "", "name-follows-group [uniqueString(resourceGroup().id)]"),
        ("[concat('a', newGuid())]", "", "name-drawn [concat('a', newGuid())]"),
        ("[uniqueString(deployment().name)]", "", "name-drawn [uniqueString(deployment().name)]"),
    ] {
        check(&named(name, more), &[expected]);
    }
    for (name, more) in [
        ("[parameters('n')]", r#""parameters": { "n": { "type": "string" } },"#),
        ("[concat('a', resourceGroup().location)]", ""),
        ("[variables('a')]", r#""variables": { "a": "[variables('a')]" }, "parameters": {},"#),
    ] {
        let found = found(&named(name, more));
        assert!(found.is_empty() || name.contains("variables"), "{found:?}");
    }
    // Names of other types are unique in their group only.
    check(&with_resource(r#""name": "orders""#), &[]);
}

/// Proves: S06 (hosts, ids, zones, groups and partners that are written out)
#[test]
fn what_belongs_to_one_deployment_is_found() {
    const SUBSCRIPTION: &str = "155c4768-b71c-4e4b-a990-97407f43edda";
    let image =
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Compute/images/i");
    let vault =
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v");
    for (members, expected) in [
        (format!(r#""properties": {{ "id": "{image}" }}"#), format!("image-id {image}")),
        (format!(r#""properties": {{ "id": "{vault}" }}"#), format!("resource-id {vault}")),
        (format!(r#""properties": {{ "subscriptionId": "{SUBSCRIPTION}" }}"#), format!("subscription-id {SUBSCRIPTION}")),
        (format!(r#""properties": {{ "id": "[resourceId('{SUBSCRIPTION}', 'g', 'A/b', 'c')]" }}"#), format!("subscription-id {SUBSCRIPTION}")),
        (r#""resourceGroup": "shop""#.to_owned(), "group-literal shop".to_owned()),
        (r#""zones": ["1", "2"]"#.to_owned(), r#"zone-literal ["1", "2"]"#.to_owned()),
        (r#""properties": { "availabilityZone": "1" }"#.to_owned(), "zone-literal 1".to_owned()),
        (r#""properties": { "u": "https://shop.vault.azure.net/keys" }"#.to_owned(), "host-literal shop.vault.azure.net".to_owned()),
        (r#""properties": { "u": "[concat(parameters('a'), '.blob.core.windows.net')]" }"#.to_owned(), "host-suffix .blob.core.windows.net".to_owned()),
        (r#""properties": { "u": "shop.westeurope.cloudapp.azure.com" }"#.to_owned(), "host-region shop.westeurope.cloudapp.azure.com".to_owned()),
        (r#""properties": { "partnerNamespace": "orders-neu" }"#.to_owned(), "pair-name orders-neu".to_owned()),
        (r#""properties": { "partnerServers": [{ "id": "[resourceId('Microsoft.Sql/servers', 'orders-neu')]" }] }"#.to_owned(), "pair-name orders-neu".to_owned()),
    ] {
        check(&with_resource(&members), &[&expected]);
    }
}

#[test]
fn nested_templates_are_looked_into() {
    let nested = |scope: &str| {
        with(&format!(
            r#""variables": {{ "n": "[uniqueString(resourceGroup().id)]" }}, "resources": [{{ "type": "Microsoft.Resources/deployments", "apiVersion": "1", "name": "d", "properties": {{
                "expressionEvaluationOptions": {{ "scope": "{scope}" }},
                "parameters": {{ "name": {{ "value": "orders" }} }},
                "template": {{ "parameters": {{ "name": {{ "type": "string", "defaultValue": "other" }} }}, "variables": {{ "n": "x" }},
                    "resources": [{{ "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "1", "name": "[variables('n')]" }},
                                  {{ "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "1", "name": "[parameters('name')]" }}] }} }} }}]"#
        ))
    };
    check(&nested("inner"), &["name-literal orders", "name-literal x"]);
    assert_eq!(found(&nested("outer"))[0], "name-follows-group [variables('n')]");
}

#[test]
fn parameter_files_belong_to_one_region() {
    let text = r#"{ "parameters": { "location": { "value": "westeurope" }, "tier": { "value": "Premium" },
        "vault": { "value": { "host": ["shop.vault.azure.net"] } }, "key": { "value": "westeurope" },
        "password": { "reference": { "keyVault": { "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-weu" }, "secretName": "sql" } } } }"#;
    let ties = value_ties("weu.json", text, &|name| name == "key" || name == "password").unwrap();
    let said: Vec<String> = ties.iter().map(|tie| format!("{} {}", tie.pointer, tie.found)).collect();
    assert_eq!(
        said,
        [
            "/parameters/location/value `location` is the region `westeurope`",
            "/parameters/vault/value/host/0 `vault` names the host `shop.vault.azure.net`",
            "/parameters/password/reference/keyVault/id `password` is a secret of the key vault `kv-weu`",
        ]
    );
    assert!(value_ties("weu.json", "[]", &|_| false).is_err());
}

#[test]
fn codes_are_unique_and_every_kind_is_listed() {
    let mut codes: Vec<&str> = TieKind::ALL.iter().map(|kind| kind.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), TieKind::ALL.len());
}

/// The address of a package often brings its own key.
#[test]
fn of_an_address_no_key_is_shown() {
    let address = "https://kept.westeurope.example.com/a.zip?sv=2024&sig=M4RKER";
    let template = with_resource(&format!(
        r#""name": "a", "location": "[resourceGroup().location]", "properties": {{ "package": "{address}" }}"#
    ));
    let template = Template::parse("t.json", &template).unwrap();
    let values = format!(r#"{{ "parameters": {{ "package": {{ "value": "{address}" }} }} }}"#);
    let of_values = value_ties("v.json", &values, &|_| false).unwrap();
    for ties in [ties(&template), of_values] {
        assert!(!ties.is_empty());
        for tie in ties {
            assert!(!format!("{tie} {tie:?}").contains("M4RKER"), "{tie}");
            assert!(tie.found.contains("sig=******"), "{tie}");
        }
    }
}

/// Proves: S06. Assignments and definitions of roles are called by GUIDs that a tenant takes once: one that is written out is
/// refused the second time, one that is computed of the group is not.
#[test]
fn guids_of_roles_are_computed_and_not_written_out() {
    let guid = "3f2a1b4c-1111-2222-3333-444455556666";
    let of = |kind: &str, name: &str| {
        with(&format!(r#""resources": [{{ "type": "{kind}", "apiVersion": "1", "name": "{name}" }}]"#))
    };
    for (kind, name, expected) in [
        ("Microsoft.Authorization/roleAssignments", guid, vec![format!("name-fixed {guid}")]),
        ("microsoft.authorization/ROLEDEFINITIONS", guid, vec![format!("name-fixed {guid}")]),
        (
            "Microsoft.Storage/storageAccounts/providers/roleAssignments",
            &format!("store/Microsoft.Authorization/{guid}"),
            vec![format!("name-fixed store/Microsoft.Authorization/{guid}")],
        ),
        ("Microsoft.Authorization/roleAssignments", "[guid(resourceGroup().id, 'reader')]", vec![]),
        ("Microsoft.Insights/workbooks", guid, vec![]),
    ] {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(&of(kind, name), &expected);
    }
    let read = format!(
        r#""languageVersion": "2.0", "resources": {{ "role": {{ "existing": true,
            "type": "Microsoft.Authorization/roleDefinitions", "apiVersion": "1", "name": "{guid}" }} }}"#
    );
    check(&with(&read), &[]);
}

/// A part of a default that is a secret is not looked at, and what stands beside it is.
#[test]
fn secure_parts_of_defaults_are_not_told() {
    let text = with(
        r#""parameters": { "all": { "type": "object",
            "properties": { "place": { "type": "string" }, "pw": { "type": "securestring" } },
            "defaultValue": { "place": "westeurope", "pw": "https://orders-westeurope.example.org" } } }, "resources": []"#,
    );
    let plain = text.replace("securestring", "string");
    let told = |text: &str| {
        let found = Template::parse("main.json", text).map(|template| ties(&template)).unwrap();
        found.iter().map(|tie| tie.pointer.clone()).collect::<Vec<_>>()
    };
    assert!(told(&text).iter().all(|at| at.ends_with("/place")), "{:?}", told(&text));
    assert!(!told(&text).is_empty());
    assert!(told(&plain).iter().any(|at| at.ends_with("/pw")), "{:?}", told(&plain));
}

/// What a secure part of an argument says is told neither.
#[test]
fn secure_parts_of_arguments_are_not_told() {
    let of = |kind: &str| {
        with(&format!(
            r#""resources": [{{ "type": "Microsoft.Resources/deployments", "apiVersion": "1", "name": "in", "properties": {{
                "mode": "Incremental", "expressionEvaluationOptions": {{ "scope": "inner" }},
                "parameters": {{ "all": {{ "value": [{{ "pw": "westeurope", "place": "northeurope" }}] }} }},
                "template": {{ "$schema": "deploymentTemplate.json#", "resources": [], "parameters": {{ "all": {{ "type": "array",
                    "items": {{ "type": "object", "properties": {{ "pw": {{ "type": "{kind}" }} }} }} }} }} }} }} }}]"#
        ))
    };
    let told = |kind: &str| found(&of(kind)).join(" ");
    assert!(told("string").contains("westeurope") && told("string").contains("northeurope"));
    assert!(!told("securestring").contains("westeurope") && told("securestring").contains("northeurope"));
}

/// `resourceGroup()` answers only where a group is deployed to.
#[test]
fn advice_on_the_name_of_an_assignment_fits_the_level() {
    for (schema, wanted) in [
        ("deploymentTemplate.json#", "resourceGroup().id"),
        ("subscriptionDeploymentTemplate.json#", "subscription().id"),
    ] {
        let text = format!(
            r#"{{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/{schema}", "resources": [
                {{ "type": "Microsoft.Authorization/roleAssignments", "apiVersion": "1", "name": "3f2a1b4c-1111-2222-3333-444455556666" }}] }}"#
        );
        let found = ties(&Template::parse("main.json", &text).unwrap());
        assert_eq!(found.len(), 1, "{schema}");
        assert!(found[0].change.contains(wanted), "{}", found[0].change);
    }
}
