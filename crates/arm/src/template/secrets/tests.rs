//! Tests of secrets.

use super::*;
use serde_json::json;

use crate::template::expand;

const SECRET: &str = "Hunter2-Marker";

fn template() -> Json {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "password": { "type": "securestring", "minLength": 8 },
            "own": { "type": "SecureString", "defaultValue": "Hunter2-Marker-default" },
            "drawn": { "type": "securestring", "defaultValue": "[newGuid()]" },
            "name": { "type": "string", "defaultValue": "a" },
        },
        "resources": [
            { "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": "[parameters('name')]",
              "location": "westeurope",
              "properties": {
                  "user": "ann", "password": "[parameters('password')]", "own": "[parameters('own')]",
                  "encoded": "[base64(concat('x:', parameters('password')))]",
                  "later": "[concat(reference(resourceId('Microsoft.Other/others', 'z'), '2024-01-01').host, parameters('password'))]" } },
            { "type": "Microsoft.Resources/deployments", "apiVersion": "2024-03-01", "name": "inner",
              "properties": {
                  "mode": "Incremental", "expressionEvaluationOptions": { "scope": "inner" },
                  "parameters": { "key": { "value": "Hunter2-Marker-key" }, "plain": { "value": "seen" } },
                  "template": {
                      "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                      "contentVersion": "1.0.0.0",
                      "parameters": { "key": { "type": "secureString" }, "plain": { "type": "string" } },
                      "resources": [ { "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": "b",
                          "location": "westeurope",
                          "properties": { "key": "[parameters('key')]", "plain": "[parameters('plain')]" } } ] } } },
        ],
        "outputs": { "shown": { "type": "string", "value": "[parameters('password')]" } },
    })
}

fn context() -> Context {
    Context {
        subscription: "s".to_owned(),
        tenant: "t".to_owned(),
        resource_group: Some(super::super::ResourceGroupInfo {
            name: "g".to_owned(),
            location: "westeurope".to_owned(),
        }),
        location: None,
        deployment_name: "d".to_owned(),
        management_group: None,
        now: jiff::Timestamp::UNIX_EPOCH,
        new_guid_seed: "seed".to_owned(),
        groups: BTreeMap::new(),
    }
}

#[test]
fn every_place_of_a_secret_is_known() {
    let found =
        secure_places(&template(), &json!({ "PassWord": { "value": SECRET }, "name": { "value": "b" } }));
    let found: Vec<(&str, &str)> = found.iter().map(|place| (&*place.name, &*place.at)).collect();
    assert_eq!(
        found,
        [
            ("PassWord", "/parameters/PassWord/value"),
            ("default of own", "/template/parameters/own/defaultValue"),
            ("1/key", "/template/resources/1/properties/parameters/key/value"),
        ]
    );
}

#[test]
fn what_depends_on_a_secret_is_covered_and_nothing_else() {
    let whole = template();
    let given = BTreeMap::from([("password".to_owned(), json!(SECRET))]);
    let parsed = Template::parse("t.json", &whole.to_string()).unwrap();
    let mut expansion = expand(&parsed, &given, &context(), &NoLinks);
    assert!(expansion.is_clean(), "{:?}", expansion.diagnostics);
    veil(&mut expansion, "t.json", &whole, &given, &context());
    let shown = format!("{expansion:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    let first = &expansion.resources[0].body["properties"];
    assert_eq!(
        first,
        &json!({ "user": "ann", "password": VEIL, "own": VEIL, "encoded": VEIL, "later": VEIL })
    );
    let inner = expansion.resources.iter().find(|resource| resource.name == "b").unwrap();
    assert_eq!(inner.body["properties"], json!({ "key": VEIL, "plain": "seen" }));
    assert_eq!(expansion.outputs["shown"].value, VEIL);
}

#[test]
fn a_secret_that_decides_what_there_is_is_searched_for() {
    let mut whole = template();
    whole["resources"][0]["condition"] = json!("[equals(parameters('password'), 'Hunter2-Marker')]");
    let given = BTreeMap::from([("password".to_owned(), json!(SECRET))]);
    let parsed = Template::parse("t.json", &whole.to_string()).unwrap();
    let mut expansion = expand(&parsed, &given, &context(), &NoLinks);
    veil(&mut expansion, "t.json", &whole, &given, &context());
    let shown = format!("{expansion:?}");
    assert!(!shown.contains(SECRET), "{shown}");
}

#[test]
fn a_complaint_names_no_secret() {
    let parsed = Template::parse("t.json", &template().to_string()).unwrap();
    let given = BTreeMap::from([("password".to_owned(), json!(SECRET))]);
    assert_eq!(
        Secrets::of(&parsed.json(), &given).cover("`Hunter2-Marker` is no place"),
        format!("`{VEIL}` is no place")
    );
}

/// Wherever a name goes: into its id, its children's, those of whom waits for it, a chain, a message.
#[test]
fn names_of_secrets_are_covered_where_they_are_shown() {
    for condition in ["true", "[equals(parameters('password'), 'Hunter2-Marker')]"] {
        let mut whole = template();
        let secret = "[concat('x-', parameters('password'))]";
        let resources = whole["resources"].as_array_mut().unwrap();
        resources[1]["name"] = json!(secret);
        resources[1]["properties"]["template"]["resources"][0]["location"] = json!("[nothing()]");
        resources[1]["properties"]["template"]["resources"][0]["tags"] =
            json!({ "id": "[resourceId('A.B/c')]" });
        resources.push(json!({ "type": "A.B/c", "apiVersion": "2024-01-01", "name": secret, "location": secret,
            "condition": condition,
            "resources": [ { "type": "d", "apiVersion": "2024-01-01", "name": "child", "dependsOn": [secret] } ] }));
        resources.push(json!({ "type": "A.B/e", "apiVersion": "2024-01-01", "name": "e", "scope": "[resourceId('A.B/c', concat('x-', parameters('password')))]",
            "dependsOn": ["[resourceId('A.B/c', concat('x-', parameters('password')))]"] }));
        resources.push(
            json!({ "type": "A.B/f", "apiVersion": "2024-01-01", "name": secret, "dependsOn": [secret] }),
        );
        let given = BTreeMap::from([("password".to_owned(), json!(SECRET))]);
        let values = BTreeMap::from([("password".to_owned(), ParameterValue::Value(json!(SECRET)))]);
        let parsed = Template::parse("t.json", &whole.to_string()).unwrap();
        let plain = expand(&parsed, &given, &context(), &NoLinks);
        assert!(format!("{:?}", plain.diagnostics).contains(SECRET), "the chain has it");
        let mut shown = plain.clone();
        veil_given(&mut shown, "t.json", &whole, &values, &context());
        let all = format!("{shown:?}");
        assert!(!all.contains(SECRET), "{all}");
        let child = shown.resources.iter().find(|resource| resource.kind == "A.B/c/d").unwrap();
        assert_eq!(child.name, format!("{VEIL}/child"));
        assert_eq!(child.id, format!("/subscriptions/s/resourceGroups/g/providers/A.B/c/{VEIL}/d/child"));
        assert_eq!(child.depends_on, [format!("/subscriptions/s/resourceGroups/g/providers/A.B/c/{VEIL}")]);
        // Whoever deploys needs the names.
        let mut kept = plain.clone();
        veil(&mut kept, "t.json", &whole, &given, &context());
        let ids =
            |one: &Expansion| one.resources.iter().map(|resource| resource.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&kept), ids(&plain));
    }
}

/// What a template draws for a password is one, and what else it draws is not.
#[test]
fn a_computed_secret_is_covered_and_nothing_else() {
    let mut template = template();
    template["parameters"]["plain"] = json!({ "type": "string", "defaultValue": "[newGuid()]" });
    template["resources"][0]["properties"]["drawn"] = json!("[concat('x', parameters('drawn'))]");
    template["resources"][0]["properties"]["plain"] = json!("[parameters('plain')]");
    let read = Template::parse("t", &template.to_string()).unwrap();
    let given = BTreeMap::from([("password".to_owned(), json!(SECRET))]);
    let mut expansion = expand(&read, &given, &context(), &NoLinks);
    veil(&mut expansion, "t", &template, &given, &context());
    let properties = &expansion.resources[0].body["properties"];
    assert_eq!(properties["drawn"], VEIL);
    assert_eq!(properties["plain"].as_str().unwrap().len(), 36);
    assert_eq!(properties["user"], "ann");
}

/// Whatever stands in a template as text of a secure type is one, and so is what a template inside of it spells out.
#[test]
fn a_complaint_names_no_secret_that_the_template_spells_out() {
    let template = small(
        &json!({ "pin": { "type": "securestring", "defaultValue": "hunter2" },
                 "odd": { "type": "secureString", "defaultValue": "[[hunter3]" } }),
        &json!([nested(&json!({ "key": { "type": "securestring", "defaultValue": "hunter4" },
                                "number": { "type": "secureObject", "defaultValue": { "pin": 47_110 } } }))]),
    );
    let read = Template::parse("t.json", &template.to_string()).unwrap();
    let given = BTreeMap::from([("pin".to_owned(), json!("given1"))]);
    for text in ["hunter2", "[hunter3]", "hunter4", "47110", "given1"] {
        let said = Secrets::of(&read.json(), &given).cover(&format!("`{text}` is no int"));
        assert_eq!(said, format!("`{VEIL}` is no int"));
    }
}

#[test]
fn places_are_found_in_any_case() {
    let inner = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "PARAMETERS": { "key": { "Type": "SECURESTRING" }, "own": { "TYPE": "secureString", "DefaultValue": "hunter3" } },
        "Resources": [],
    });
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "Definitions": { "secret": { "Type": "SecureString" } },
        "Parameters": {
            "own": { "TYPE": "SecureString", "DEFAULTVALUE": "hunter2" },
            "drawn": { "Type": "SecureString", "DEFAULTVALUE": "[newGuid()]" },
            "defined": { "$REF": "#/definitions/secret", "Defaultvalue": "hunter4" },
        },
        "RESOURCES": [ { "Type": "microsoft.resources/DEPLOYMENTS", "apiVersion": "2024-03-01", "name": "inner",
            "Properties": { "Mode": "Incremental", "Parameters": { "key": { "Value": "hunter5" } }, "Template": inner } } ],
    });
    let found = secure_places(&template, &json!({ "own": { "VALUE": "hunter6" } }));
    let mut found: Vec<&str> = found.iter().map(|place| &*place.at).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "/parameters/own/VALUE",
            "/template/Parameters/defined/Defaultvalue",
            "/template/Parameters/own/DEFAULTVALUE",
            "/template/RESOURCES/0/Properties/Parameters/key/Value",
            "/template/RESOURCES/0/Properties/Template/PARAMETERS/own/DefaultValue",
        ]
    );
    assert_eq!(computed_defaults(&template), ["/template/Parameters/drawn/DEFAULTVALUE"]);
}

/// What a secure object holds is a secret, of whatever kind it is.
#[test]
fn every_scalar_of_a_secure_object_is_covered() {
    let secret = json!({ "on": true, "half": 0.5, "least": i64::MAX, "most": u64::MAX, "pin": 4711, "pw": "x", "sign": "#" });
    let mut template = small(&json!({ "all": { "type": "secureObject" } }), &json!([]));
    for key in secret.as_object().unwrap().keys() {
        let shown =
            json!({ "type": "string", "value": format!("[base64(string(parameters('all').{key}))]") });
        template["outputs"][key] = shown;
    }
    let expansion = shown(&template, &BTreeMap::from([("all".to_owned(), secret)]));
    for (name, output) in &expansion.outputs {
        assert_eq!(output.value, VEIL, "{name}");
    }
    assert_eq!(expansion.outputs.len(), 7);
}

/// A truth that decides what there is stays, and what else the object holds is covered all the same.
#[test]
fn a_truth_that_decides_hides_no_other_secret() {
    let mut template = small(
        &json!({ "all": { "type": "secureObject" }, "pin": { "type": "secureObject" } }),
        &json!([thing()]),
    );
    template["resources"][0]["condition"] = json!("[parameters('all').on]");
    template["resources"][0]["properties"] =
        json!({ "pw": "[base64(parameters('all').pw)]", "pin": "[parameters('pin').pin]", "plain": "seen" });
    let given = BTreeMap::from([
        ("all".to_owned(), json!({ "on": true, "pw": "hunter2" })),
        ("pin".to_owned(), json!({ "pin": 47_110 })),
    ]);
    let expansion = shown(&template, &given);
    let wanted = json!({ "pw": VEIL, "pin": VEIL, "plain": "seen" });
    assert_eq!(expansion.resources[0].body["properties"], wanted);
}

/// Where a number decides what there is, it is searched for, as a number and in texts.
#[test]
fn a_number_that_decides_is_searched_for() {
    let mut template = small(&json!({ "all": { "type": "secureObject" } }), &json!([thing()]));
    template["resources"][0]["condition"] = json!("[equals(parameters('all').pin, 47110)]");
    template["resources"][0]["properties"] = json!({ "pin": "[parameters('all').pin]", "plain": "seen",
        "text": "[concat('x', parameters('all').pin)]", "pw": "[base64(parameters('all').pw)]" });
    let given = BTreeMap::from([("all".to_owned(), json!({ "pin": 47_110, "pw": "hunter2" }))]);
    let expansion = shown(&template, &given);
    let wanted = json!({ "pin": VEIL, "plain": "seen", "text": VEIL, "pw": VEIL });
    assert_eq!(expansion.resources[0].body["properties"], wanted);
}

/// An expression inside of a default stays one, or nothing could be compared.
#[test]
fn a_default_with_an_expression_inside_is_compared() {
    let mut template = small(
        &json!({ "user": { "type": "string", "defaultValue": "ann" },
                 "all": { "type": "secureObject", "defaultValue": { "pw": "hunter2", "user": "[parameters('user')]" } } }),
        &json!([thing()]),
    );
    template["resources"][0]["properties"] =
        json!({ "pw": "[base64(parameters('all').pw)]", "user": "[parameters('all').user]" });
    let expansion = shown(&template, &BTreeMap::new());
    assert_eq!(expansion.resources[0].body["properties"], json!({ "pw": VEIL, "user": "ann" }));
}

/// What Azure takes as text, since no `]` ends it, is a secret like any other.
#[test]
fn a_default_that_only_begins_like_an_expression_is_a_secret() {
    let template =
        small(&json!({ "pw": { "type": "securestring", "defaultValue": "[hunter2" } }), &json!([]));
    assert_eq!(secure_places(&template, &Json::Null).len(), 1);
}

/// What a message quotes may be made of a secret, so that nobody finds it in there.
#[test]
fn a_message_quotes_nothing_that_is_made_of_a_secret() {
    let quoted = |quoted: &str| format!("`int`: `{quoted}` is no int");
    let cases = [
        ("[int(base64(parameters('pw')))]", "[equals('a', 'a')]", quoted(VEIL)),
        ("[int('plain')]", "[equals('a', 'a')]", quoted("plain")),
        // What is there depends on the secret: it is searched for.
        (
            "[int(concat('x ', parameters('pw')))]",
            "[equals(parameters('pw'), 'hunter2')]",
            quoted(&format!("x {VEIL}")),
        ),
    ];
    for (expression, condition, wanted) in cases {
        let mut template = small(
            &json!({ "pw": { "type": "securestring", "defaultValue": "hunter2" } }),
            &json!([thing(), thing()]),
        );
        template["resources"][0]["properties"] = json!({ "n": expression });
        template["resources"][1]["name"] = json!("other");
        template["resources"][1]["condition"] = json!(condition);
        let expansion = shown(&template, &BTreeMap::new());
        let said: Vec<&str> = expansion.diagnostics.iter().map(|found| &*found.message).collect();
        assert_eq!(said, [wanted], "{expression}");
    }
}

fn small(parameters: &Json, resources: &Json) -> Json {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": parameters, "resources": resources,
    })
}

fn thing() -> Json {
    json!({ "type": "Microsoft.Things/things", "apiVersion": "2024-01-01", "name": "a", "location": "westeurope" })
}

fn nested(parameters: &Json) -> Json {
    json!({ "type": "Microsoft.Resources/deployments", "apiVersion": "2024-03-01", "name": "inner",
        "properties": { "mode": "Incremental", "expressionEvaluationOptions": { "scope": "inner" },
            "template": small(parameters, &json!([])) } })
}

/// The expansion as people see it.
fn shown(template: &Json, given: &BTreeMap<String, Json>) -> Expansion {
    let read = Template::parse("t.json", &template.to_string()).unwrap();
    let mut expansion = expand(&read, given, &context(), &NoLinks);
    let given =
        given.iter().map(|(name, value)| (name.clone(), ParameterValue::Value(value.clone()))).collect();
    veil_given(&mut expansion, "t.json", template, &given, &context());
    expansion
}

#[test]
fn secrets_are_found_in_the_text_in_any_writing() {
    let text = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": { "a": { "type": "securestring", "defaultValue": "hun\u0074er2" }, // ours
            "b": { "type": "string", "defaultValue": "plain" },
            "c": { "type": "secureObject", "defaultValue": { "pin": 1 } } },
        "resources": [] }"#;
    let template = Template::parse("main.json", text).unwrap();
    let found: Vec<&str> = secret_ranges(&template).into_iter().map(|range| &text[range]).collect();
    assert_eq!(found, [r#""hun\u0074er2""#, r#"{ "pin": 1 }"#]);
}

/// What a definition says of a property, an element or a variant holds for it wherever it goes, and for nothing beside it.
#[test]
fn secure_parts_of_values_are_secrets() {
    let cat = json!({ "type": "object", "properties": { "is": { "type": "string" }, "pw": { "type": "securestring" } } });
    let login = json!({ "type": "object", "properties": { "user": { "type": "string" }, "pw": { "type": "securestring" } } });
    for (declaration, value, at, path) in [
        (login.clone(), json!({ "user": "ann", "pw": SECRET }), "/pw", ".pw"),
        (json!({ "type": "array", "items": { "type": "securestring" } }), json!([SECRET]), "/0", "[0]"),
        (json!({ "$ref": "#/definitions/login" }), json!({ "user": "ann", "pw": SECRET }), "/pw", ".pw"),
        (
            json!({ "type": "object", "discriminator": { "propertyName": "is", "mapping": { "cat": cat } } }),
            json!({ "is": "cat", "pw": SECRET }),
            "/pw",
            ".pw",
        ),
    ] {
        let mut template = small(
            &json!({ "all": declaration, "plain": { "type": "string" } }),
            &json!({ "thing": thing() }),
        );
        template["languageVersion"] = json!("2.0");
        template["definitions"] = json!({ "login": login });
        template["resources"]["thing"]["properties"] = json!({
            "part": format!("[base64(parameters('all'){path})]"),
            "plain": "[parameters('plain')]",
            "told": "[string(deployment().properties.parameters)]",
        });
        let own = declaration.clone();
        template["outputs"] = json!({ "all": { "value": "[parameters('all')]" } });
        template["outputs"]["all"].as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let given = BTreeMap::from([("all".to_owned(), value.clone()), ("plain".to_owned(), json!("seen"))]);
        let entries = json!({ "all": { "value": value }, "plain": { "value": "seen" } });
        let places = secure_places(&template, &entries);
        assert_eq!(
            places,
            [SecurePlace { name: format!("all#{at}"), at: format!("/parameters/all/value{at}") }]
        );

        let read = Template::parse("t.json", &template.to_string()).unwrap();
        let declared = read.parameters().map(|one| (&*one.name, one.secure));
        assert_eq!(declared.collect::<Vec<_>>(), [("all", true), ("plain", false)]);
        let bare = expand(&read, &given, &context(), &NoLinks);
        assert_eq!(bare.resources[0].body["properties"]["told"], r#"{"plain":{"value":"seen"}}"#);
        assert!(bare.outputs["all"].is_secure());

        let clean = shown(&template, &given);
        assert!(clean.is_clean(), "{:?}", clean.diagnostics);
        let properties = &clean.resources[0].body["properties"];
        assert_eq!((&properties["part"], &properties["plain"]), (&json!(VEIL), &json!("seen")));
        let mut covered = value.clone();
        *covered.pointer_mut(at).unwrap() = json!(VEIL);
        assert_eq!(clean.outputs["all"].value, covered);

        template["resources"]["thing"]["properties"]["n"] =
            json!(format!("[int(concat('x', parameters('all'){path}))]"));
        let wrong = shown(&template, &given);
        let said: Vec<&str> = wrong.diagnostics.iter().map(|found| &*found.message).collect();
        assert_eq!(said, [format!("`int`: `{VEIL}` is no int")]);

        template["parameters"]["all"]["defaultValue"] = value;
        let read = Template::parse("t.json", &template.to_string()).unwrap();
        let ranges = secret_ranges(&read).into_iter().map(|range| read.text()[range].to_owned());
        assert_eq!(ranges.collect::<Vec<_>>(), [format!("\"{SECRET}\"")]);
    }
}
