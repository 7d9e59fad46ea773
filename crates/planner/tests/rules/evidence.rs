//! Evidence names the place: file, line and pointer when a template says it, the path that was read otherwise.

use lifeboat_planner::{Answer, Evidence, Side};
use serde_json::json;

use crate::fixtures::{ROLES, World, role};

fn evidence(world: &World, rule: &str, on: &str) -> Evidence {
    let findings = super::findings(world, rule, on);
    findings.first().unwrap_or_else(|| panic!("{rule} says nothing")).evidence[0].clone()
}

/// Proves: S06
#[test]
fn evidence_from_a_template_has_file_line_and_pointer() {
    let world = World::declared();
    let namespace = ("regional.json", 11, "/resources/0");
    let site = ("regional.json", 41, "/resources/4");
    for (rule, on, (file, line, pointer)) in [
        ("WL-GROUP-REGION", "orders-bus", namespace),
        ("WL-NAME", "orders-bus", namespace),
        ("WL-LOCATION", "orders-web", site),
        ("WL-ONE-SITE", "orders-bus", namespace),
        ("WL-ONE-SITE", "orders-alerts", ("shared.json", 5, "/resources/0")),
        ("ANY-NO-RULES", "orders-web", site),
        ("SB-SKU", "orders-bus", namespace),
        ("SB-REGION", "orders-bus", namespace),
        ("SB-PARTITIONS", "orders-bus", namespace),
        ("SB-NOT-REPLICATED-PUBLIC-ACCESS", "orders-bus", namespace),
    ] {
        let found = evidence(&world, rule, on);
        let place = (found.file.as_deref(), found.line, found.pointer.as_deref());
        assert_eq!(place, (Some(file), Some(line), Some(pointer)), "{rule}: {}", found.says);
    }
}

/// A role that the template gives to one region only is shown where it is declared. Proves: D01
#[test]
fn evidence_about_a_member_of_a_list_has_the_place_of_the_member() {
    let assignment = r#""resources": [
    {
      "type": "Microsoft.Authorization/roleAssignments",
      "apiVersion": "2022-04-01",
      "condition": "[equals(resourceGroup().location, 'westeurope')]",
      "scope": "[concat('Microsoft.ServiceBus/namespaces/', parameters('busName'))]",
      "name": "[guid(parameters('busName'))]",
      "properties": { "roleDefinitionId": "owner", "principalId": "worker" }
    },"#;
    let world = World::declared_by(|text| text.replacen(r#""resources": ["#, assignment, 1));
    let findings = super::findings(&world, "SB-NOT-REPLICATED-RBAC", "orders-bus");
    assert_eq!(super::overall(&findings), Some(Answer::Fail), "{findings:?}");
    let found = &findings[0].evidence[0];
    assert_eq!((found.file.as_deref(), found.line), (Some("regional.json"), Some(11)), "{found:?}");
    assert_eq!(found.pointer.as_deref(), Some("/resources/0"));
}

#[test]
fn evidence_from_an_observation_has_the_path_that_was_read() {
    let mut world = World::paired();
    let id = world.bus_id(Side::Primary);
    world.list(Side::Primary, ROLES, json!([role(&id, "a-guid", "worker")]));
    let found = evidence(&world, "SB-NOT-REPLICATED-RBAC", "orders-bus");
    assert_eq!(found.file, None);
    assert!(found.pointer.as_deref().is_some_and(|path| path.contains("roleAssignments")), "{found:?}");
    let sku = evidence(&world, "SB-SKU", "orders-bus");
    assert_eq!((sku.file, sku.pointer.as_deref()), (None, Some(id.as_str())));
}

/// A setting in a template is shown down to the string. Proves: S26
#[test]
fn evidence_about_a_bypass_points_at_the_string() {
    let world = World::declared_by(|text| {
        text.replace("orders.servicebus.windows.net", "orders-bus-weu.servicebus.windows.net")
    });
    let found = evidence(&world, "SB-BYPASS-ALIAS", "orders-bus");
    assert_eq!(found.file.as_deref(), Some("regional.json"));
    assert_eq!(found.pointer.as_deref(), Some("/resources/4/properties/siteConfig/appSettings/0/value"));
}
