//! What names become in the other region.

use std::collections::BTreeSet;

use super::*;

/// Proves: S06 (a name that a parameter's default makes collide gets another value in the other region's file)
#[test]
fn values_that_were_there_are_given_for_both_regions() {
    let site = resource(
        "Microsoft.Web/sites",
        r#""name": "[parameters('site')]", "location": "[parameters('place')]""#,
    );
    let declared = r#""site": { "type": "string", "defaultValue": "contoso" }, "place": { "type": "string" }, "key": { "type": "securestring" }"#;
    let text = with(&format!(r#""parameters": {{ {declared} }}, "resources": [{site}]"#));
    let lifted = lifted_with(&text, &[("place", json!("westeurope")), ("key", json!("hunter2"))]).unwrap();
    assert_eq!(lifted.text, text);
    assert_eq!(
        lifted.secondary,
        BTreeMap::from([("place".into(), json!("northeurope")), ("site".into(), json!("contosoneu"))])
    );
    assert_eq!(lifted.same_names, Vec::<String>::new());
    let file = parameter_file(&lifted.secondary, &BTreeMap::new());
    assert_eq!(parse_parameters("neu.json", &file).unwrap().len(), 2);
    assert!(!parameter_file(&lifted.primary, &BTreeMap::new()).contains("hunter2"));
}

#[test]
fn no_name_of_today_is_given_to_the_other_region() {
    let account = |name: &str| {
        let members = format!(r#""name": "{name}", "location": "westeurope""#);
        resource("Microsoft.Storage/storageAccounts", &members)
    };
    // The third is as long as names of accounts may be, and ends in the number that would be put behind it.
    let longest = "a".repeat(23) + "2";
    let all: Vec<String> = ["shopweu1", "shopneu1", &longest].into_iter().map(account).collect();
    let lifted = lifted(&with(&format!(r#""resources": [{}]"#, all.join(", "))));
    let names = |of: fn(&LiftedParameter) -> Option<Json>| -> BTreeSet<String> {
        lifted.parameters.iter().filter_map(of).map(|name| name.to_string()).collect()
    };
    let (today, there) = (names(|one| Some(one.today.clone())), names(|one| one.there.clone()));
    assert_eq!(there.len(), 4, "three names and a place: {there:?}");
    assert!(today.is_disjoint(&there), "{today:?} {there:?}");
}

/// Proves: S06 (names in the DNS and aliases collide as well as names of resources)
#[test]
fn names_beside_the_name_are_lifted_or_told() {
    let profile = resource(
        "Microsoft.Network/trafficManagerProfiles",
        r#""name": "shop", "location": "global", "properties": { "dnsConfig": { "relativeName": "contoso-shop", "ttl": 30 } }"#,
    );
    let alias = resource(
        "Microsoft.ServiceBus/namespaces/disasterRecoveryConfigs",
        r#""name": "[concat(parameters('bus'), '/orders-alias')]", "properties": {}"#,
    );
    let given = r#""parameters": { "bus": { "type": "string" } }"#;
    let text = with(&format!(r#"{given}, "resources": [{profile}, {alias}]"#));
    let lifted = lifted_with(&text, &[("bus", json!("bus-weu"))]).unwrap();
    let names: Vec<&str> = lifted.parameters.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["trafficManagerProfileName", "relativeName"]);
    let left: Vec<&str> = lifted.left.iter().map(|left| left.tie.found.as_str()).collect();
    assert!(left.iter().any(|found| found.starts_with("`orders-alias` is the name of")), "{left:?}");
    // The bus has no other value, for nobody knows what it names: the alias is the same there.
    assert_eq!(lifted.same_names, ["orders-alias"]);
}

#[test]
fn short_forms_are_replaced_at_the_end_of_a_name_without_dashes() {
    let [primary, secondary] = ["westeurope", "northeurope"].map(Region::lenient);
    for (name, expected) in
        [("ordersweu", "ordersneu"), ("orders-weu-1", "orders-neu-1"), ("weusers", "weusersneu")]
    {
        assert_eq!(crate::template::lift::choose::varied(name, &primary, &secondary, 24), expected);
    }
}

#[test]
fn the_parts_of_a_partners_id_are_called_what_they_are() {
    let partner = "[resourceId('5f1c6a1b-3a52-4e0e-9a4b-0d3f1c2b7a11', 'shop', 'Microsoft.ServiceBus/namespaces', 'bus')]";
    let partner2 = "[resourceId('shop', 'Microsoft.ServiceBus/namespaces', 'bus')]";
    for (partner, names) in [
        (partner, ["subscriptionId", "partnerNamespace", "partnerNamespace2"].as_slice()),
        (partner2, ["otherResourceGroup", "partnerNamespace"].as_slice()),
    ] {
        let members = format!(
            r#""name": "[concat(resourceGroup().name, '/a')]", "properties": {{ "partnerNamespace": "{partner}" }}"#
        );
        let alias = resource("Microsoft.ServiceBus/namespaces/disasterRecoveryConfigs", &members);
        let lifted = lifted(&with(&format!(r#""resources": [{alias}]"#)));
        let got: Vec<&str> = lifted.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(got, names);
    }
}

/// Proves: S06 (a group's name is its subscription's: the other region's group has another one, wherever it is said)
#[test]
fn groups_that_are_declared_get_names_of_their_own() {
    let schema = SCHEMA.replace("deploymentTemplate", "subscriptionDeploymentTemplate");
    let group =
        resource("Microsoft.Resources/resourceGroups", r#""name": "shop-weu", "location": "westeurope""#);
    let nested = r#""name": "inside", "resourceGroup": "shop-weu", "dependsOn": ["[resourceId('Microsoft.Resources/resourceGroups', 'shop-weu')]"],
        "properties": { "mode": "Incremental", "template": { "resources": [] } }"#;
    let nested = resource("Microsoft.Resources/deployments", nested);
    let text = format!("{{ {schema}, \"resources\": [{group}, {nested}] }}");
    let lifted = lifted(&text);
    assert_eq!(lifted.parameters[0].name, "resourceGroupName");
    assert_eq!(
        (lifted.parameters[0].there.clone(), lifted.parameters[0].places),
        (Some(json!("shop-neu")), 3)
    );
    assert!(!lifted.text.contains("shop-weu"), "{}", lifted.text);
    assert_eq!(lifted.same_names, Vec::<String>::new());
}

/// Proves: S06 (names that still collide are said, also beside a secret that stands in no file)
#[test]
fn names_that_stay_the_same_are_told() {
    let site = resource("Microsoft.Web/sites", r#""name": "[concat('contoso', '-web')]""#);
    let text =
        with(&format!(r#""parameters": {{ "key": {{ "type": "securestring" }} }}, "resources": [{site}]"#));
    assert_eq!(lifted_with(&text, &[("key", json!("hunter2"))]).unwrap().same_names, ["contoso-web"]);
}
