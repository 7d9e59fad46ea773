//! Rows about the workload as a whole, and about resources without rules of their own.

use lifeboat_arm::ResourceId;
use lifeboat_planner::Answer::{Fail, Pass, Unknown};
use serde_json::json;

use super::{Row, bus, with};
use crate::fixtures::{SUBSCRIPTION, World, region};

/// A row about the web site.
const fn web(
    rule: &'static str,
    proves: &'static str,
    story: &'static str,
    expect: lifeboat_planner::Answer,
    says: &'static str,
    world: fn() -> World,
) -> Row {
    Row { on: "orders-web", ..bus(rule, proves, story, expect, says, world) }
}

pub(super) const ROWS: &[Row] = &[
    bus(
        "WL-GROUP-REGION",
        "Proves: F1",
        "the standby's group was created in the primary's region",
        Fail,
        "its group orders-neu is located in westeurope",
        || with(World::declared(), |world| world.workload.secondary.group_region = region("westeurope")),
    ),
    bus(
        "WL-GROUP-REGION",
        "Proves: F1",
        "the standby's group is not where the workload file thinks it is",
        Fail,
        "its group orders-neu is located in westeurope",
        || with(World::paired(), |world| world.group_is_in("westeurope")),
    ),
    bus(
        "WL-GROUP-REGION",
        "Proves: F1",
        "nobody could look where the standby's group is",
        Unknown,
        "where the group orders-neu is",
        || with(World::declared(), |world| world.lose(&world.workload.secondary.group.to_string())),
    ),
    bus("WL-GROUP-REGION", "Proves: F1", "as deployed", Pass, "located in northeurope", World::paired),
    bus(
        "WL-GROUP-REGION",
        "Proves: F1",
        "the standby sits in a group that no template is deployed to",
        Unknown,
        "where the group elsewhere is: nobody declares it, and it was not seen",
        || with(World::paired(), stands_elsewhere),
    ),
    bus(
        "WL-GROUP-REGION",
        "Proves: F1",
        "the standby sits in another group, which was seen in the primary region",
        Fail,
        "its group elsewhere is located in westeurope",
        || {
            with(World::paired(), |world| {
                stands_elsewhere(world);
                let elsewhere = ResourceId::group(SUBSCRIPTION, "elsewhere");
                world.see(elsewhere.as_str(), json!({ "id": elsewhere, "location": "West Europe" }));
            })
        },
    ),
    Row {
        on: "orders-alerts",
        ..bus(
            "WL-GROUP-REGION",
            "Proves: F1",
            "what exists once sits in a group of the primary region",
            Fail,
            "its group orders-shared is located in westeurope",
            || {
                with(World::paired(), |world| {
                    world.workload.shared.as_mut().unwrap().group_region = region("westeurope");
                })
            },
        )
    },
    bus(
        "WL-NAME",
        "Proves: S06",
        "the template holds the namespace's name as a literal",
        Fail,
        "orders-bus in the primary, orders-bus in the secondary",
        || World::declared_by(|text| text.replace("parameters('busName')", "'orders-bus'")),
    ),
    bus("WL-NAME", "Proves: S06", "a parameter names it", Pass, "orders-bus-neu", World::declared),
    web(
        "WL-LOCATION",
        "Proves: S06",
        "the template holds the location as a literal",
        Fail,
        "its location is westeurope",
        || World::declared_by(|text| text.replace("[parameters('location')]", "West Europe")),
    ),
    web("WL-LOCATION", "Proves: S06", "a parameter names it", Pass, "northeurope", World::declared),
    web(
        "WL-LOCATION",
        "Proves: S06",
        "the standby is not in the template",
        Unknown,
        "does not declare it",
        || with(World::declared(), |world| world.workload.secondary.resources = Vec::new().into()),
    ),
    Row {
        on: "orders-alerts",
        ..bus(
            "WL-ONE-SITE",
            "Proves: S04",
            "declared in the shared template",
            Fail,
            "orders-alerts exists once",
            World::declared,
        )
    },
    bus("WL-ONE-SITE", "Proves: S04", "declared per region", Pass, "orders-bus-weu and", World::declared),
    Row {
        on: "workload",
        ..bus("WL-RTO", "Proves: S11", "twenty minutes are asked for", Fail, "asked 20m: missed", || {
            with(World::declared(), |world| {
                world.workload.objectives.rto = jiff::SignedDuration::from_mins(20);
            })
        })
    },
    Row {
        on: "workload",
        ..bus("WL-RTO", "Proves: S11", "two hours are asked for", Pass, "asked 2h", || {
            with(World::declared(), |world| {
                world.workload.objectives.rto = jiff::SignedDuration::from_hours(2);
            })
        })
    },
    Row {
        on: "workload",
        ..bus(
            "WL-RTO",
            "Proves: S11",
            "Azure would refuse the pair",
            Unknown,
            "there is no plan to prepare",
            || World::declared_by(|text| text.replace("Premium", "Standard")),
        )
    },
    web(
        "ANY-NO-RULES",
        "Proves: S04, S05",
        "a web site",
        Fail,
        "its type is Microsoft.Web/sites",
        World::declared,
    ),
];

/// A resource that stands in only one region does not shift the counterparts of the others. Proves: S04, S06
#[test]
fn a_resource_of_one_region_does_not_shift_the_others() {
    let only_here = r#""resources": [
    {
      "type": "Microsoft.Web/sites",
      "apiVersion": "2023-12-01",
      "name": "only-here",
      "condition": "[equals(resourceGroup().location, 'westeurope')]",
      "location": "[parameters('location')]",
      "properties": {}
    },"#;
    let world = World::declared_by(|text| text.replacen(r#""resources": ["#, only_here, 1));
    let pairs: Vec<(&str, Option<&str>)> = world
        .workload
        .components
        .iter()
        .map(|component| (component.name.as_str(), component.secondary.as_ref().map(ResourceId::name)))
        .collect();
    let wanted = [
        ("only-here", None),
        ("orders-bus", Some("orders-bus-neu")),
        ("orders-web", Some("orders-web-neu")),
        ("orders-alerts", None),
    ];
    assert_eq!(pairs, wanted);
}

/// Steps are named after components: two components never share a name.
#[test]
fn components_with_competing_names_get_names_of_their_own() {
    let names = ["site-3", "site", "site"];
    let base = World::declared();
    let site = base.workload.primary.resources.iter().find(|one| one.kind.is("Microsoft.Web/sites")).unwrap();
    let declared: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let group = ResourceId::group(SUBSCRIPTION, &format!("group-{index}"));
            lifeboat_planner::Declared { id: group.resource(&site.kind, &[name]), ..site.clone() }
        })
        .collect();
    let components = lifeboat_planner::components(&declared, &[]);
    let names: std::collections::BTreeSet<&str> =
        components.iter().map(|component| component.name.as_str()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

/// The standby is in a group that no template is deployed to.
fn stands_elsewhere(world: &mut World) {
    let kind = lifeboat_arm::ResourceType::new("Microsoft.ServiceBus/namespaces");
    let elsewhere = ResourceId::group(SUBSCRIPTION, "elsewhere").resource(&kind, &["orders-bus-neu"]);
    world.workload.components[0].secondary = Some(elsewhere);
}
