//! Reading templates on their own: what is assumed is listed, what contradicts is refused, and real templates do no harm.

mod corpus;
mod subscription;

use std::collections::BTreeMap;

use lifeboat_arm::template::{NoLinks, Template};
use lifeboat_plan::PlanKind;
use lifeboat_planner::{Assumed, Bare, BareError, Workload, read_bare};
use serde_json::{Value, json};

use crate::fixtures::{World, about, region};

fn template(parameters: &Value, resources: &Value) -> Template {
    let text = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": parameters, "resources": resources,
    });
    Template::parse("bare.json", &serde_json::to_string_pretty(&text).unwrap()).unwrap()
}

fn bare(template: &Template, bare: &Bare) -> Result<Assumed, BareError> {
    read_bare(&about(), template, bare, &NoLinks)
}

fn bus(name: &str, location: &str) -> Value {
    json!({
        "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "2024-01-01", "name": name, "location": location,
        "sku": { "name": "Premium" }, "properties": {},
    })
}

fn names(workload: &Workload) -> Vec<(&str, Option<&str>)> {
    workload
        .components
        .iter()
        .map(|component| {
            (component.primary.name(), component.secondary.as_ref().map(lifeboat_arm::ResourceId::name))
        })
        .collect()
}

/// Proves: S06 (every value that nobody gave is said)
#[test]
fn placeholders_are_listed() {
    let parameters = json!({
        "busName": { "type": "string", "minLength": 6 },
        "location": { "type": "string" },
        "secret": { "type": "secureString" },
        "tier": { "type": "string", "defaultValue": "Premium" },
        "given": { "type": "string" },
    });
    let template =
        template(&parameters, &json!([bus("[parameters('busName')]", "[parameters('location')]")]));
    let given: BTreeMap<String, Value> = [("GIVEN".to_owned(), json!("x"))].into();
    let (workload, assumptions) = bare(&template, &Bare { given, ..Bare::default() }).unwrap();
    let about = |name: &str| {
        assumptions.iter().filter(|text| text.says.contains(&format!("`{name}`"))).collect::<Vec<_>>()
    };
    assert!(about("busName")[0].says.contains("has no value"), "{assumptions:?}");
    assert!(about("location")[0].says.contains("westeurope stands for it"), "{assumptions:?}");
    assert!(about("secret")[0].says.contains("a made-up secret"), "{assumptions:?}");
    assert!(about("tier").is_empty() && about("given").is_empty(), "{assumptions:?}");
    for region in ["westeurope", "northeurope"] {
        assert!(assumptions.iter().any(|text| text.says.contains(region)), "{assumptions:?}");
    }
    assert_eq!(
        (workload.primary.region.as_str(), workload.secondary.region.as_str()),
        ("westeurope", "northeurope")
    );
}

fn two_regions() -> Template {
    let alias = json!({
        "type": "Microsoft.ServiceBus/namespaces/disasterRecoveryConfigs", "apiVersion": "2024-01-01",
        "name": "bus-one/orders", "dependsOn": ["bus-one", "bus-two"],
        "properties": { "partnerNamespace": "[resourceId('Microsoft.ServiceBus/namespaces', 'bus-two')]" },
    });
    template(&json!({}), &json!([bus("bus-one", "eastus2"), bus("bus-two", "centralus"), alias]))
}

/// Proves: P1b (the pair that the template declares is taken as it is)
#[test]
fn a_template_of_two_regions_is_adopted() {
    for secondary in [None, Some(region("centralus"))] {
        let (workload, assumptions) = bare(&two_regions(), &Bare { secondary, ..Bare::default() }).unwrap();
        assert_eq!(
            (workload.primary.region.as_str(), workload.secondary.region.as_str()),
            ("eastus2", "centralus")
        );
        assert_eq!(names(&workload), [("bus-one", Some("bus-two"))]);
        assert!(
            assumptions.iter().any(|text| text.says.contains("holds both regions: eastus2 and centralus"))
        );
        // F1: one group for both, and not in the region that may be lost.
        assert_eq!(workload.secondary.group_region.as_str(), "centralus");
        let plan = World::of(workload).plan(PlanKind::Failover);
        let moved = plan.steps.iter().find(|step| step.id.as_str().ends_with("/fail-over-alias")).unwrap();
        assert!(moved.title.contains("alias `orders` to bus-two"), "{}", moved.title);
    }
}

/// Proves: S06 (the region that a template names is the one to lose, also where others follow the group; and what names both
/// regions has them exchanged in the second one)
#[test]
fn the_region_that_a_template_names_is_the_first() {
    let location = |default: &str| json!({ "type": "string", "defaultValue": default });
    let parameters = json!({ "place": location("eastus"), "second": location("westus"), "group": location("[resourceGroup().location]") });
    let resources = json!([
        bus("one", "[parameters('place')]"),
        bus("two", "[parameters('second')]"),
        bus("three", "[parameters('group')]")
    ]);
    let (workload, assumptions) = bare(&template(&parameters, &resources), &Bare::default()).unwrap();
    let (primary, secondary) = (&workload.primary, &workload.secondary);
    assert_eq!((primary.region.as_str(), secondary.region.as_str()), ("eastus", "westus"));
    assert!(assumptions.iter().any(|text| text.says.contains("eastus: the template names it")));
    let place = |site: &lifeboat_planner::Site, name: &str| {
        let found = site.resources.iter().find(|declared| declared.id.name().starts_with(name)).unwrap();
        found.location.clone().unwrap().to_string()
    };
    let places = |site| ["one", "two", "three"].map(|name| place(site, name));
    assert_eq!(places(primary), ["eastus", "westus", "eastus"]);
    assert_eq!(places(secondary), ["westus", "eastus", "westus"]);
}

/// Proves: S24 (both names are said)
#[test]
fn another_secondary_than_the_templates_is_refused() {
    let asked = Bare { secondary: Some(region("westus")), ..Bare::default() };
    let refused = bare(&two_regions(), &asked).unwrap_err().to_string();
    for name in ["eastus2", "centralus", "westus"] {
        assert!(refused.contains(name), "{refused}");
    }
    let one = Bare { primary: Some(region("westus")), secondary: Some(region("westus")), ..Bare::default() };
    assert!(matches!(bare(&two_regions(), &one), Err(BareError::OneRegion(_))));
}

fn varied(kind: &str, name: &str, parameter: &Value) -> (Workload, Vec<lifeboat_planner::Assumption>) {
    let resource = json!({ "type": kind, "apiVersion": "2023-01-01", "name": name, "location": "[resourceGroup().location]" });
    bare(&template(&json!({ "name": parameter }), &json!([resource])), &Bare::default()).unwrap()
}

/// Proves: S06 (a name that can exist once is varied, within what Azure and the template allow)
#[test]
fn names_that_compete_are_varied_within_their_limits() {
    let storage = "Microsoft.Storage/storageAccounts";
    let bus = "Microsoft.ServiceBus/namespaces";
    let own = "[parameters('name')]";
    let longer = "[concat(parameters('name'), 'storage')]";
    let default = |value: &str| json!({ "type": "string", "defaultValue": value });
    for (kind, name, parameter, first, second) in [
        (bus, own, default("orders-bus"), "orders-bus", "orders-busneu"),
        // Exactly as long as a storage account's name may be.
        (
            storage,
            own,
            default("abcdefghijklmnopqrstuvwx"),
            "abcdefghijklmnopqrstuvwx",
            "abcdefghijklmnopqrstuneu",
        ),
        // The name has a part that stays.
        (
            storage,
            longer,
            default("abcdefghijklmnopq"),
            "abcdefghijklmnopqstorage",
            "abcdefghijklmnneustorage",
        ),
        // The parameter has a limit of its own.
        (
            bus,
            own,
            json!({ "type": "string", "defaultValue": "orders", "maxLength": 7 }),
            "orders",
            "ordeneu",
        ),
        // Cut, it would be what it was.
        (
            bus,
            own,
            json!({ "type": "string", "defaultValue": "ordersneu", "maxLength": 9 }),
            "ordersneu",
            "orderneu2",
        ),
        // A long name keeps what it can.
        (
            bus,
            own,
            default("a-namespace-with-a-long-name-of-all-50-characters0"),
            "a-namespace-with-a-long-name-of-all-50-characters0",
            "a-namespace-with-a-long-name-of-all-50-characteneu",
        ),
    ] {
        let (workload, assumptions) = varied(kind, name, &parameter);
        assert_eq!(names(&workload), [(first, Some(second))], "{assumptions:?}");
        assert!(assumptions.iter().any(|text| text.says.contains("can exist once")), "{assumptions:?}");
    }
}

/// Proves: S06 (a literal cannot be varied: the rule says so)
#[test]
fn a_literal_name_is_left_to_the_rule() {
    let (workload, _) = varied(
        "Microsoft.ServiceBus/namespaces",
        "literal-bus",
        &json!({ "type": "string", "defaultValue": "x" }),
    );
    assert_eq!(names(&workload), [("literal-bus", Some("literal-bus"))]);
    let found = lifeboat_planner::assess(&workload, &workload.declared_inventory());
    assert!(found.iter().any(|finding| finding.rule == "WL-NAME" && finding.blocks()), "{found:?}");
}

#[test]
fn a_template_that_is_wrong_gives_its_diagnostics() {
    let wrong = template(&json!({}), &json!([bus("[parameters('nobody')]", "westeurope")]));
    match bare(&wrong, &Bare::default()) {
        Err(BareError::Template(found)) => assert!(found[0].to_string().contains("nobody"), "{}", found[0]),
        other => panic!("{other:?}"),
    }
}

/// A slip in a region is shown where it was written: at the resource, the variable, the default, or the parameter whose
/// value was given.
#[test]
fn a_location_that_is_no_region_is_told_at_its_place() {
    let parameters = json!({
        "place": { "type": "string", "defaultValue": "westerope" },
        "through": { "type": "string", "defaultValue": "[parameters('place')]" },
    });
    let told = |location: &str, given: &[(&str, &str)]| {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let bare = Bare { given, primary: Some(region("westeurope")), ..Bare::default() };
        match read_bare(&about(), &template(&parameters, &json!([bus("bus", location)])), &bare, &NoLinks) {
            Err(BareError::Template(found)) => found
                .into_iter()
                .map(|one| (one.pointer, one.message, one.hint.unwrap_or_default()))
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    let slip = |pointer: &str, given: &str, hint: &str| {
        let message = format!("`{given}` is not an Azure region: `bus` cannot be placed there");
        vec![(pointer.to_owned(), message, hint.to_owned())]
    };
    let meant = "did you mean `westeurope`?";
    assert_eq!(told("westerope", &[]), slip("/resources/0/location", "westerope", meant));
    assert_eq!(told("[parameters('place')]", &[]), slip("/parameters/place", "westerope", meant));
    assert_eq!(told("[parameters('through')]", &[]), slip("/parameters/place", "westerope", meant));
    assert_eq!(
        told("[parameters('through')]", &[("through", "narnia")]),
        slip("/parameters/through", "narnia", "`az account list-locations --output table` lists the regions")
    );
    for fine in ["global", "West Europe", "[resourceGroup().location]"] {
        let read = bare(&template(&json!({}), &json!([bus("bus", fine)])), &Bare::default());
        assert!(read.is_ok(), "{fine}: {read:?}");
    }
}

/// A mistake is told, and neither the secret that it comes of nor what is made of it.
#[test]
fn mistakes_show_no_secret() {
    let parameters = json!({ "own": { "type": "secureString", "DEFAULTVALUE": "hunter2" } });
    let cases = [
        ("[int(parameters('own'))]", "westeurope", "`‹secure value›` is no int"),
        ("[int(base64(parameters('own')))]", "westeurope", "`‹secure value›` is no int"),
        ("plain", "[concat('to-', parameters('own'))]", "‹secure value›"),
        ("plain", "[base64(parameters('own'))]", "‹secure value›"),
    ];
    for (tag, location, wanted) in cases {
        let mut bus = bus("orders", location);
        bus["tags"] = json!({ "made": tag });
        let template = template(&parameters, &json!([bus]));
        let given = Bare { primary: Some(region("westeurope")), ..Bare::default() };
        let Err(BareError::Template(found)) = bare(&template, &given) else { panic!("{tag} {location}") };
        let said: Vec<String> =
            found.iter().map(|found| format!("{} {:?}", found.message, found.hint)).collect();
        let said = said.join("\n");
        assert!(said.contains(wanted), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("aHVudGVyMg"), "{said}");
    }
}
