//! Secrets of key vaults, in parameter files and in the parameters of nested deployments: named, never known.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use lifeboat_arm::template::secrets::veil_given;
use lifeboat_arm::template::{
    Context, Expansion, NoLinks, ResourceGroupInfo, Runtime, Severity, Template, expand_given,
    parse_parameters, resolve,
};
use serde_json::{Value, json};

const VAULT: &str = "/subscriptions/0/resourceGroups/safe/providers/Microsoft.KeyVault/vaults/shop-kv";

fn context() -> Context {
    Context {
        subscription: "0".into(),
        tenant: "0".into(),
        resource_group: Some(ResourceGroupInfo { name: "shop".into(), location: "westeurope".into() }),
        location: None,
        deployment_name: "main".into(),
        management_group: None,
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
        new_guid_seed: "main".into(),
        groups: std::collections::BTreeMap::new(),
    }
}

/// A server whose password is the parameter `password`, of this type.
fn server(kind: &str) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": {
            "password": { "type": kind },
            "login": { "type": "securestring", "defaultValue": "ann" },
        },
        "resources": [{
            "type": "Microsoft.Sql/servers", "apiVersion": "2021-11-01", "name": "sql", "location": "westeurope",
            "properties": {
                "administratorLoginPassword": "[parameters('password')]",
                "link": "[concat('Password=', parameters('password'))]",
                "login": "[base64(parameters('login'))]",
            },
        }],
    })
}

fn file(reference: &Value) -> String {
    json!({ "parameters": { "password": { "reference": reference } } }).to_string()
}

fn expanded(template: &Value, reference: &Value) -> Expansion {
    let template = Template::parse("main.json", &template.to_string()).unwrap();
    let given = parse_parameters("main.parameters.json", &file(reference)).unwrap();
    let mut expansion = expand_given(&template, &given, &context(), &NoLinks);
    veil_given(&mut expansion, "main.json", &template.json(), &given, &context());
    expansion
}

struct Safe;

impl Runtime for Safe {
    fn reference(&self, id: &str, _: Option<&str>, _: bool) -> Result<Value, String> {
        Err(format!("nobody asks `{id}`"))
    }

    fn list(&self, function: &str, id: &str, _: &str, body: Option<&Value>) -> Result<Value, String> {
        assert_eq!((function, id), ("listKeyVaultSecret", VAULT));
        Ok(format!("of {}", body.unwrap()["secretName"].as_str().unwrap()).into())
    }
}

/// It stays a call in whatever is made of it, beside secrets that are veiled, and the deployment can ask for it.
#[test]
fn a_secret_of_a_parameter_file_is_asked_when_it_is_deployed() {
    let reference = json!({ "keyVault": { "id": VAULT }, "secretName": "sql", "secretVersion": "7" });
    let expansion = expanded(&server("securestring"), &reference);
    assert_eq!(expansion.diagnostics, []);
    let properties = &expansion.resources[0].body["properties"];
    let password = properties["administratorLoginPassword"].as_str().unwrap();
    assert!(password.starts_with(&format!("[listKeyVaultSecret('{VAULT}'")), "{password}");
    assert!(password.contains("'sql'") && password.contains("'7'"), "{password}");
    assert_eq!(properties["login"], "‹secure value›");
    let deferred = &expansion.resources[0].deferred;
    assert_eq!(deferred.len(), 2);
    assert!(deferred.iter().all(|rest| rest.references == [VAULT]), "{deferred:?}");
    let sent = resolve(&expansion.resources[0], &Safe).unwrap();
    assert_eq!(sent["properties"]["link"], "Password=of sql");
}

/// The same of a nested deployment, which only there may make the vault's id of its own parameters.
#[test]
fn a_nested_deployment_may_take_a_secret() {
    let reference = json!({
        "keyVault": { "id": "[resourceId('safe', 'Microsoft.KeyVault/vaults', 'shop-kv')]" },
        "secretName": "[variables('name')]",
    });
    let template = |reference: &Value, kind: &str| {
        json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "variables": { "name": "sql" },
            "resources": [{
                "type": "Microsoft.Resources/deployments", "apiVersion": "2021-04-01", "name": "inner",
                "properties": {
                    "mode": "Incremental",
                    "expressionEvaluationOptions": { "scope": "inner" },
                    "parameters": { "password": { "reference": reference } },
                    "template": server(kind),
                },
            }],
        })
    };
    let expand = |template: &Value| {
        let template = Template::parse("main.json", &template.to_string()).unwrap();
        expand_given(&template, &[].into(), &context(), &NoLinks)
    };
    let expansion = expand(&template(&reference, "secureString"));
    assert_eq!(expansion.diagnostics, []);
    let sent = resolve(&expansion.resources[0], &Safe).unwrap();
    assert_eq!(sent["properties"]["administratorLoginPassword"], "of sql");

    // What is wrong with it is told once, where it stands.
    let wrong = json!({ "keyVault": { "id": "[resourceGroup().name]" }, "secretName": "sql" });
    let expansion = expand(&template(&wrong, "securestring"));
    let [found] = &expansion.diagnostics[..] else { panic!("{:?}", expansion.diagnostics) };
    assert_eq!(found.message, "`shop` is not the id of a key vault");
    assert_eq!(found.pointer, "/resources/0/properties/parameters/password/reference");
    let expansion = expand(&template(&reference, "int"));
    assert_eq!(expansion.diagnostics[0].code, "key-vault-type");
}

#[test]
fn a_secret_needs_a_secure_type() {
    let reference = json!({ "keyVault": { "id": VAULT }, "secretName": "sql" });
    for (kind, wanted) in [
        ("securestring", None),
        ("string", Some((Severity::Warning, "keeps nothing secret"))),
        ("int", Some((Severity::Error, "is of type int, and a secret of a key vault is text"))),
        ("object", Some((Severity::Error, "is of type object"))),
    ] {
        let expansion = expanded(&server(kind), &reference);
        match (wanted, &expansion.diagnostics[..]) {
            (None, []) => {}
            (Some((severity, says)), [found]) => {
                assert_eq!(found.severity, severity, "{found}");
                assert!(found.message.contains(says), "{found}");
            }
            (_, found) => panic!("{kind}: {found:?}"),
        }
    }
}

#[test]
fn every_wrong_shape_is_told_apart() {
    let vault = json!({ "id": VAULT });
    for (reference, says, hint) in [
        (json!("secret"), "must be an object, is a string", "secretName"),
        (json!({ "secretName": "sql" }), "has no `keyVault`", "enabledForTemplateDeployment"),
        (
            json!({ "keyVault": {}, "secretName": "sql" }),
            "`keyVault` to a secret of a key vault has no `id`",
            "id",
        ),
        (json!({ "keyVault": vault }), "has no `secretName`", "secretName"),
        (json!({ "keyVault": vault, "secretName": "" }), "`secretName` is empty", ""),
        (json!({ "keyVault": vault, "secretName": 7 }), "`secretName` must be a string, is an int", ""),
        (
            json!({ "keyVault": vault, "secretNam": "sql" }),
            "no member `secretNam`",
            "did you mean `secretName`?",
        ),
        (json!({ "keyVault": vault, "secretName": "s", "secretVersion": [] }), "`secretVersion` must be", ""),
        (
            json!({ "keyVault": { "id": "https://shop-kv.vault.azure.net" }, "secretName": "s" }),
            "is not the id of a key vault",
            "az keyvault show",
        ),
        (
            json!({ "keyVault": { "id": format!("{VAULT}/secrets/sql") }, "secretName": "s" }),
            "is not the id of a key vault",
            "named by `secretName`",
        ),
    ] {
        let found = parse_parameters("p.json", &file(&reference)).unwrap_err();
        let [found] = &found[..] else { panic!("{found:?}") };
        assert!(found.message.contains(says), "{reference}: {found}");
        assert!(found.hint.as_ref().unwrap().contains(hint), "{reference}: {found}");
        assert_eq!(found.pointer, "/parameters/password/reference");
    }
}
