//! What is lifted, how the text looks afterwards, and what is refused.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{Lift, LiftError, Lifted, LiftedParameter, home_region, lift, parameter_file};
use crate::region::Region;
use crate::template::regions::{Level, ties};
use crate::template::{Context, NoLinks, ParameterValue, ResourceGroupInfo, Template, parse_parameters};

mod names;

fn lifted_with(text: &str, given: &[(&str, Json)]) -> Result<Lifted, LiftError> {
    lifted_asking(text, given, &BTreeMap::new())
}

fn lifted_asking(
    text: &str,
    given: &[(&str, Json)],
    references: &BTreeMap<String, Json>,
) -> Result<Lifted, LiftError> {
    let given: BTreeMap<String, Json> =
        given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let context = Context {
        subscription: "11111111-1111-1111-1111-111111111111".into(),
        tenant: "22222222-2222-2222-2222-222222222222".into(),
        resource_group: Some(ResourceGroupInfo { name: "shop".into(), location: "westeurope".into() }),
        location: Some("westeurope".into()),
        deployment_name: "main".into(),
        management_group: None,
        now: "2026-01-02T03:04:05Z".parse().unwrap(),
        new_guid_seed: "lift".into(),
        groups: BTreeMap::new(),
    };
    lift(&Lift {
        template: &Template::parse("main.json", text).unwrap(),
        given: &given,
        references,
        primary: &Region::parse("westeurope").unwrap(),
        secondary: &Region::parse("northeurope").unwrap(),
        context: &context,
        linked: &NoLinks,
    })
}

fn lifted(text: &str) -> Lifted {
    lifted_with(text, &[]).unwrap()
}

const SCHEMA: &str =
    r#""$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#""#;

fn with(sections: &str) -> String {
    format!("{{ {SCHEMA}, {sections} }}")
}

/// A resource of this type, with these members.
fn resource(kind: &str, members: &str) -> String {
    format!(r#"{{ "type": "{kind}", "apiVersion": "2021-11-01", {members} }}"#)
}

/// Each new parameter with both its values.
fn values(lifted: &Lifted) -> Vec<String> {
    let one = |parameter: &LiftedParameter| {
        let there = parameter.there.as_ref().map_or_else(|| "?".to_owned(), Json::to_string);
        format!("{} {} {there} ×{}", parameter.name, parameter.today, parameter.places)
    };
    lifted.parameters.iter().map(one).collect()
}

/// Proves: S06 (a place or a name that is written out becomes a parameter, in all its places)
#[test]
fn literals_become_parameters_with_a_value_for_each_region() {
    let text = with(&format!(
        r#""resources": [{}, {}, {}]"#,
        resource("Microsoft.ServiceBus/namespaces", r#""name": "orders-weu", "location": "westeurope""#),
        resource(
            "Microsoft.ServiceBus/namespaces/queues",
            r#""name": "orders-weu/new", "dependsOn": ["orders-weu"]"#
        ),
        resource(
            "Microsoft.Web/serverfarms",
            r#""name": "plan", "location": "West Europe", "zones": ["1", "2"], "properties": {
                "host": "sb://orders-weu.servicebus.windows.net/", "bus": "[resourceId('Microsoft.ServiceBus/namespaces', 'orders-weu')]",
                "text": "orders-weu" }"#
        ),
    ));
    let lifted = lifted(&text);
    assert_eq!(
        values(&lifted),
        [
            r#"namespaceName "orders-weu" "orders-neu" ×5"#,
            r#"location "westeurope" "northeurope" ×2"#,
            r#"zones ["1","2"] ? ×1"#,
        ]
    );
    for part in [
        r#""name": "[concat(parameters('namespaceName'), '/new')]""#,
        r#""dependsOn": ["[parameters('namespaceName')]"]"#,
        r#""host": "[concat('sb://', parameters('namespaceName'), '.servicebus.windows.net/')]""#,
        r#""bus": "[resourceId('Microsoft.ServiceBus/namespaces', parameters('namespaceName'))]""#,
        r#""text": "orders-weu""#,
    ] {
        assert!(lifted.text.contains(part), "{part} is not in {}", lifted.text);
    }
    assert_eq!(lifted.mistakes, []);
    assert_eq!((&*lifted.to_fill_in, lifted.secondary.get("zones")), (&["zones".to_owned()][..], None));
    let still: Vec<&str> = lifted.left.iter().map(|left| &*left.tie.pointer).collect();
    assert_eq!(still, ["/resources/2/properties/text"]);
    let new = Template::parse("main.json", &lifted.text).unwrap();
    assert!(ties(&new).iter().all(|tie| tie.kind.level() != Level::MustChange), "{:?}", ties(&new));
}

/// Comments, line ends, indentation and the byte order mark are the user's.
#[test]
fn the_layout_stays() {
    let text = "\u{feff}{\r\n\t\"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#\", // which\r\n\
        \t\"parameters\": {\r\n\t\t\"size\": { \"type\": \"int\", \"defaultValue\": 1 } // how many\r\n\t},\r\n\
        \t\"resources\": [\r\n\t\t{ // the plan\r\n\t\t\t\"type\": \"Microsoft.Web/serverfarms\",\r\n\t\t\t\"apiVersion\": \"2023-12-01\",\r\n\
        \t\t\t\"name\": \"plan\", /* short */\r\n\t\t\t\"location\": \"westeurope\", // here\r\n\t\t},\r\n\t]\r\n}\r\n";
    let expected = text
        .replace("1 } // how many", "1 }, // how many\r\n\t\t\"location\": {\r\n\t\t\t\"type\": \"string\",\r\n\t\t\t\"metadata\": {\r\n\t\t\t\t\"description\": \"A region: each region's parameter file says which.\"\r\n\t\t\t}\r\n\t\t}")
        .replace("\"location\": \"westeurope\"", "\"location\": \"[parameters('location')]\"");
    assert_eq!(lifted(text).text, expected);
}

/// The section begins in the line of its brace: what comes behind the comment needs a line of its own.
#[test]
fn a_comment_behind_the_first_line_swallows_nothing() {
    let resources =
        format!("\"resources\": [{}]", resource("A.B/c", r#""name": "n", "location": "westeurope""#));
    for (section, expected) in [
        (
            "{ \"a\": { \"type\": \"int\", \"defaultValue\": 1 } // how many\n  }",
            "1 }, // how many\n    \"location\": {\n",
        ),
        (
            "{ \"a\": { \"type\": \"int\", \"defaultValue\": 1 }, // how many\n  }",
            "1 }, // how many\n    \"location\": {\n",
        ),
        (
            "{ \"a\": { \"type\": \"int\", \"defaultValue\": 1 } /* how // many */ }",
            "1 }, /* how // many */\n    \"location\": {\n",
        ),
        (
            "{ \"a\": { \"type\": \"int\", \"defaultValue\": 1 } /* how many */ }",
            "1 }, /* how many */ \"location\": { ",
        ),
    ] {
        let lifted = lifted(&format!("{{\n  {SCHEMA},\n  \"parameters\": {section},\n  {resources}\n}}"));
        assert!(lifted.text.contains(expected), "{}", lifted.text);
    }
}

#[test]
fn a_section_is_made_where_there_is_none() {
    for (text, expected) in [
        (
            format!(
                "{{\n  {SCHEMA},\n  \"resources\": [{}]\n}}",
                resource("A.B/c", r#""name": "n", "location": "westeurope""#)
            ),
            format!("{{\n  {SCHEMA},\n  \"parameters\": {{\n    \"location\": {{\n"),
        ),
        (
            format!(
                "{{\n  {SCHEMA},\n  \"parameters\": {{\n  }},\n  \"resources\": [{}]\n}}",
                resource("A.B/c", r#""name": "n", "location": "westeurope""#)
            ),
            format!("{{\n  {SCHEMA},\n  \"parameters\": {{\n    \"location\": {{\n"),
        ),
        (
            format!(
                "{{{SCHEMA},\"parameters\":{{\"a\":{{\"type\":\"string\",\"defaultValue\":\"x\"}}}},\"resources\":[{}]}}",
                resource("A.B/c", r#""name":"n","location":"westeurope""#)
            ),
            format!(
                "{{{SCHEMA},\"parameters\":{{\"a\":{{\"type\":\"string\",\"defaultValue\":\"x\"}}, \"location\": {{ \"type\""
            ),
        ),
    ] {
        let lifted = lifted(&text);
        assert!(lifted.text.starts_with(&expected), "{}", lifted.text);
    }
}

/// A parameter that says the location already is used, and the other region is allowed for it.
#[test]
fn a_location_parameter_is_reused_where_it_means_the_same() {
    let here = resource("A.B/c", r#""name": "n", "location": "westeurope""#);
    for (declared, name) in [
        (r#""location": { "type": "string", "defaultValue": "[resourceGroup().location]" }"#, "location"),
        (r#""siteRegion": { "type": "string", "defaultValue": "westeurope" }"#, "siteRegion"),
        (r#""location": { "type": "string", "defaultValue": "eastus" }"#, "location2"),
        (r#""location": { "type": "int", "defaultValue": 1 }"#, "location2"),
    ] {
        let lifted = lifted(&with(&format!(r#""parameters": {{ {declared} }}, "resources": [{here}]"#)));
        assert_eq!(lifted.parameters[0].name, name, "{declared}");
        assert_eq!(lifted.secondary[name], "northeurope", "{declared}");
    }
}

/// Proves: F25 (a group in another region makes no difference that was not there before)
#[test]
fn a_parameter_that_follows_the_group_is_not_pinned() {
    let follows = resource("A.B/c", r#""name": "f", "location": "[parameters('location')]""#);
    let stays = resource("A.B/c", r#""name": "s", "location": "westeurope""#);
    let lifted = lifted(&with(&format!(
        r#""parameters": {{ "location": {{ "type": "string", "defaultValue": "[resourceGroup().location]" }} }},
            "resources": [{follows}, {stays}]"#
    )));
    assert_eq!(values(&lifted), [r#"location2 "westeurope" "northeurope" ×1"#]);
    assert!(!lifted.primary.contains_key("location"), "{:?}", lifted.primary);
}

#[test]
fn the_other_region_is_added_to_a_list_that_knows_the_old_one() {
    let declared = r#""location": { "type": "string", "defaultValue": "West Europe", "allowedValues": ["East US", "West Europe"] }"#;
    let lifted = lifted(&with(&format!(r#""parameters": {{ {declared} }}, "resources": []"#)));
    assert!(lifted.text.contains(r#"["East US", "West Europe", "North Europe"]"#), "{}", lifted.text);
    assert_eq!(
        (&lifted.primary["location"], &lifted.secondary["location"]),
        (&json!("West Europe"), &json!("North Europe"))
    );
}

/// A nested template with a scope of its own.
fn nested(outer: &str, properties: &str, inner: &str) -> String {
    let resource_inside = resource("A.B/c", r#""name": "n", "location": "westeurope""#);
    with(&format!(
        r#"{outer} "resources": [{{ "type": "Microsoft.Resources/deployments", "apiVersion": "2021-04-01", "name": "d", "properties": {{
            "mode": "Incremental", "expressionEvaluationOptions": {{ "scope": "inner" }}, {properties}
            "template": {{ {SCHEMA}, {inner} "resources": [{resource_inside}] }} }} }}]"#
    ))
}

#[test]
fn parameters_are_handed_into_nested_templates() {
    for (text, handed) in [
        (nested("", "", ""), r#""value": "[parameters('location')]""#),
        (nested("", r#""parameters": {},"#, ""), r"[parameters('location')]"),
        (
            nested(
                "",
                r#""parameters": { "location": { "value": "a" } },"#,
                r#""parameters": { "location": { "type": "string" } },"#,
            ),
            r#""location2": { "value": "[parameters('location2')]" }"#,
        ),
    ] {
        let lifted = lifted(&text);
        assert!(lifted.text.contains(handed), "{handed} is not in {}", lifted.text);
        assert_eq!(lifted.left, []);
    }
}

#[test]
fn what_cannot_be_lifted_stays_with_the_reason() {
    let map = r#""variables": { "m": { "westeurope": "a" } }, "resources": []"#;
    let fixed = format!(
        r#""resources": [{}]"#,
        resource("Microsoft.Web/sites", r#""name": "[concat('shop', '-web')]""#)
    );
    for (sections, code) in [(map, "region-map"), (&fixed, "name-fixed")] {
        let lifted = lifted(&with(sections));
        assert_eq!(lifted.text, with(sections));
        assert_eq!(lifted.left[0].tie.kind.code(), code);
        assert!(!lifted.left[0].why.is_empty());
    }
    // Ids: only people know the other region's.
    let id = "/subscriptions/155c4768-b71c-4e4b-a990-97407f43edda/resourceGroups/g/providers/Microsoft.Compute/images/i";
    let image = resource("A.B/c", &format!(r#""name": "n", "properties": {{ "imageId": "{id}" }}"#));
    let lifted = lifted(&with(&format!(r#""resources": [{image}]"#)));
    assert_eq!(lifted.to_fill_in, ["imageId"]);
    assert!(!lifted.secondary.contains_key("imageId"));
}

/// Proves: S06 (what would be made in the lost region again is said, whoever says so)
#[test]
fn what_stays_in_the_old_region_is_told() {
    let plan = resource(
        "Microsoft.Web/serverfarms",
        r#""name": "plan", "location": "[variables('places')[0].weu]""#,
    );
    let free =
        resource("Microsoft.Web/serverfarms", r#""name": "free", "location": "[resourceGroup().location]""#);
    let text = with(&format!(
        r#""variables": {{ "places": [ {{ "weu": "[concat('west', 'europe')]" }} ] }}, "resources": [{plan}, {free}]"#
    ));
    assert_eq!(lifted(&text).same_places, ["plan (Microsoft.Web/serverfarms)"]);
}

/// Proves: S06 (both regions are known: a parameter that asks for the place, and that nobody gave, has both)
#[test]
fn a_parameter_that_asks_for_the_place_has_both_regions() {
    let rows = [
        (r#""location": { "type": "string" }"#, "location westeurope northeurope"),
        (
            r#""resource_Group-Location": { "type": "string" }"#,
            "resource_Group-Location westeurope northeurope",
        ),
        (
            r#""region": { "type": "string", "allowedValues": ["West Europe", "North Europe"] }"#,
            "region West Europe North Europe",
        ),
        (r#""location": { "type": "string", "allowedValues": ["eastus"] }"#, "not given"),
        (r#""scriptLocation": { "type": "string" }"#, "not given"),
        (r#""location": { "type": "securestring" }"#, ""),
        (r#""location": { "type": "string", "defaultValue": "[resourceGroup().location]" }"#, ""),
    ];
    for (declared, wanted) in rows {
        let lifted = lifted(&with(&format!(r#""parameters": {{ {declared} }}, "resources": []"#)));
        let values = lifted.primary.iter().map(|(name, today)| {
            format!("{name} {} {}", today.as_str().unwrap(), lifted.secondary[name].as_str().unwrap())
        });
        let open = lifted.not_given.iter().map(|_| "not given".to_owned());
        assert_eq!(values.chain(open).collect::<Vec<_>>().join(", "), wanted, "{declared}");
    }
}

/// Proves: S06 (a secret of a key vault is asked of it in both regions; one that nobody may write down is told)
#[test]
fn references_to_key_vaults_stand_in_both_files() {
    let declared = r#""key": { "type": "securestring" }, "other": { "type": "securestring" }, "tier": { "type": "string" }"#;
    let text = with(&format!(r#""parameters": {{ {declared} }}, "resources": []"#));
    let vault = json!({ "keyVault": { "id": "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/kv" }, "secretName": "key" });
    let references = BTreeMap::from([("key".to_owned(), vault.clone())]);
    let lifted = lifted_asking(&text, &[], &references).unwrap();
    assert_eq!((lifted.not_given, lifted.secrets), (vec!["tier".to_owned()], vec!["other".to_owned()]));
    let file = parameter_file(&lifted.secondary, &references);
    let read = parse_parameters("neu.json", &file).unwrap();
    assert_eq!(read, BTreeMap::from([("key".to_owned(), ParameterValue::KeyVault(vault))]));
}

/// Proves: F25 (what would not be the same where it runs today is not offered)
#[test]
fn a_template_that_cannot_be_proved_is_left_alone() {
    let wrong = with(
        r#""resources": [{ "type": "A.B/c", "apiVersion": "1", "name": "[nothing()]", "location": "westeurope" }]"#,
    );
    assert!(matches!(lifted_with(&wrong, &[]), Err(LiftError::NotExpanding(_))));
    // An expression that is just short enough as it is.
    let before = "if(true(), 'westeurope', '')".len();
    let long = "x".repeat(crate::template::language::parser::LENGTH_MAX - before);
    let place = format!(r#""name": "n", "location": "[if(true(), 'westeurope', '{long}')]""#);
    let refused = lifted_with(&with(&format!(r#""resources": [{}]"#, resource("A.B/c", &place))), &[]);
    let Err(LiftError::NotTheSame(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("characters"), "{why}");
}

#[test]
fn a_template_is_for_the_region_that_it_names_most() {
    let two = resource("A.B/c", r#""name": "n", "location": "West US""#);
    let text = with(&format!(
        r#""parameters": {{ "location": {{ "type": "string", "defaultValue": "eastus" }} }}, "resources": [{two}, {two}]"#
    ));
    let template = Template::parse("main.json", &text).unwrap();
    assert_eq!(home_region(&template, &BTreeMap::new()).unwrap().as_str(), "westus");
    let none = Template::parse("main.json", &with(r#""resources": []"#)).unwrap();
    assert_eq!(home_region(&none, &BTreeMap::new()), None);
}

/// Proves: S06. What only stands for a name is nobody's, and of a role's id the subscription alone belongs to the deployment.
#[test]
fn placeholders_are_filled_in_and_of_a_role_the_subscription_is_lifted() {
    let subscription = "33333333-4444-5555-6666-777777777777";
    let role = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let definition =
        format!("/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}");
    let lifted = lifted(&with(&format!(
        r#""resources": [{}, {}]"#,
        resource(
            "Microsoft.Web/sites",
            r#""name": "{provide-unique-name}", "location": "westeurope", "properties": {}"#
        ),
        resource(
            "Microsoft.ManagedIdentity/grants",
            &format!(r#""name": "grant", "properties": {{ "roleDefinitionId": "{definition}" }}"#)
        ),
    )));
    let of = |name: &str| lifted.parameters.iter().find(|parameter| parameter.name == name).unwrap();
    assert_eq!(of("siteName").there, None);
    assert_eq!(lifted.to_fill_in, ["siteName"]);
    assert_eq!(of("subscriptionId").today, json!(subscription));
    let tail =
        format!("parameters('subscriptionId'), '/providers/Microsoft.Authorization/roleDefinitions/{role}'");
    assert!(lifted.text.contains(&tail), "{}", lifted.text);
}
