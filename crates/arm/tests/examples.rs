//! The examples do what they say, on the template that lies beside them.

use std::collections::BTreeMap;

#[path = "../examples/expand.rs"]
#[expect(dead_code, reason = "the rest of it is a program")]
mod expand;
#[path = "../examples/lift.rs"]
#[expect(dead_code, reason = "the rest of it is a program")]
mod lift;

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/shop.json");

#[test]
fn expand_lists_what_would_be_deployed() {
    let values = BTreeMap::from([("prefix".to_owned(), "st".into())]);
    let expansion = expand::expanded(SHOP, &values).unwrap();
    assert!(expansion.is_clean(), "{:?}", expansion.diagnostics);
    let listed = expand::listed(&expansion);
    let group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/example/providers";
    assert!(listed.starts_with(&format!("{group}/Microsoft.Storage/storageAccounts/st")), "{listed}");
    assert!(
        listed.ends_with(&format!("{group}/Microsoft.ServiceBus/namespaces/contoso-orders\n")),
        "{listed}"
    );
}

#[test]
fn lift_makes_parameters_of_what_ties_it() {
    let template = lift::read(SHOP).unwrap();
    let codes: Vec<&str> = lifeboat_arm::template::regions::ties(&template)
        .iter()
        .map(|tie| tie.kind.code())
        .filter(|code| !code.starts_with("name-follows"))
        .collect();
    assert_eq!(codes, ["name-literal", "location-literal"]);
    let lifted = lift::lifted(&template, "westeurope", "northeurope").unwrap();
    assert!(lifted.text.contains("// two things tie this one"), "comments stay");
    assert!(!lifted.text.contains("\"westeurope\""));
    assert!(lifted.secondary.values().any(|value| value == "northeurope"));
    assert!(lift::lifted(&template, "westeurope", "westeurop").is_err());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let why = expand::expanded("nowhere.json", &BTreeMap::new()).unwrap_err();
    assert!(why.starts_with("cannot read nowhere.json"), "{why}");
    assert!(lift::read("nowhere.json").unwrap_err().starts_with("cannot read nowhere.json"));
}
