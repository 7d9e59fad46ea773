//! Rows about the pair itself.

use lifeboat_planner::Answer::{Fail, Pass, Unknown};
use lifeboat_planner::{ServiceBusChoice, Side};
use serde_json::{Value, json};

use super::{Row, bus, with};
use crate::fixtures::{ALIASES, SUBSCRIPTION, World, alias_record, entity};

const PRIMARY: Side = Side::Primary;
const SECONDARY: Side = Side::Secondary;

fn foreign() -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/x/providers/Microsoft.ServiceBus/namespaces/stranger"
    )
}

/// The alias of one side names a stranger.
fn estranged(side: Side) -> World {
    with(World::unpaired(), |world| {
        let record = alias_record(&world.bus_path(side, ALIASES), "orders", "Primary", &foreign());
        world.list(side, ALIASES, json!([record]));
    })
}

/// The owner chose these names.
fn called(alias: &str, alternate: Option<&str>) -> World {
    with(World::unpaired(), |world| {
        let choice = ServiceBusChoice {
            alias: Some(alias.to_owned()),
            alternate_name: alternate.map(str::to_owned),
            ..ServiceBusChoice::default()
        };
        world.choose(|chosen| *chosen = choice);
    })
}

fn endpoint() -> Value {
    json!([{ "name": "from-the-network", "properties": { "provisioningState": "Succeeded" } }])
}

fn private_endpoint_in_template(text: &str) -> String {
    let endpoint = r#""resources": [
    {
      "type": "Microsoft.Network/privateEndpoints",
      "apiVersion": "2023-11-01",
      "name": "[concat(parameters('busName'), '-endpoint')]",
      "location": "[parameters('location')]",
      "properties": {
        "privateLinkServiceConnections": [
          {
            "name": "bus",
            "properties": {
              "privateLinkServiceId": "[resourceId('Microsoft.ServiceBus/namespaces', parameters('busName'))]",
              "groupIds": ["namespace"]
            }
          }
        ]
      }
    },"#;
    text.replacen(r#""resources": ["#, endpoint, 1)
}

pub(super) const ROWS: &[Row] = &[
    bus("SB-SKU", "Proves: S23", "a Standard primary", Fail, "orders-bus-weu has the SKU Standard", || {
        with(World::from_nothing(), |world| {
            world.edit_bus(PRIMARY, |bus| bus["sku"]["name"] = json!("Standard"));
        })
    }),
    bus("SB-SKU", "Proves: S23", "both Premium", Pass, "the SKU Premium", World::paired),
    bus("SB-SKU", "Proves: S23", "the template wants Basic", Fail, "the SKU Basic", || {
        World::declared_by(|text| text.replace(r#""name": "Premium""#, r#""name": "Basic""#))
    }),
    bus("SB-SKU", "Proves: S23", "the primary does not answer", Unknown, "503", || {
        with(World::paired(), |world| world.lose(world.bus_id(PRIMARY).as_str()))
    }),
    bus("SB-SKU", "Proves: S23", "an answer without a SKU", Unknown, "was not observed", || {
        with(World::paired(), |world| {
            world.see(world.bus_id(PRIMARY).as_str(), json!({ "location": "westeurope" }));
        })
    }),
    bus("SB-REGION", "Proves: S24", "both in one region", Fail, "orders-bus-neu in westeurope", || {
        with(World::unpaired(), |world| {
            world.edit_bus(SECONDARY, |bus| bus["location"] = json!("West Europe"));
        })
    }),
    bus(
        "SB-REGION",
        "Proves: S24",
        "two regions, by template alone",
        Pass,
        "in northeurope",
        World::declared,
    ),
    bus("SB-REGION", "Proves: S24", "the secondary does not answer", Unknown, "503", || {
        with(World::paired(), |world| world.lose(world.bus_id(SECONDARY).as_str()))
    }),
    bus("SB-PARTITIONS", "Proves: S24", "2 partitions against 1", Fail, "weu has 2 partitions", || {
        with(World::unpaired(), |world| {
            world.edit_bus(PRIMARY, |bus| bus["properties"]["premiumMessagingPartitions"] = json!(2));
        })
    }),
    bus(
        "SB-PARTITIONS",
        "Proves: S24",
        "one partition is the same as none",
        Pass,
        "has 1 partition,",
        || {
            with(World::unpaired(), |world| {
                world.edit_bus(SECONDARY, |bus| {
                    bus["properties"] = json!({ "provisioningState": "Succeeded" });
                });
            })
        },
    ),
    bus("SB-PARTITIONS", "Proves: S24", "the primary does not answer", Unknown, "503", || {
        with(World::paired(), |world| world.lose(world.bus_id(PRIMARY).as_str()))
    }),
    bus(
        "SB-ENDPOINT-PARITY",
        "Proves: S24, D01",
        "only the primary has one",
        Fail,
        "1 private endpoints on orders-bus-weu, 0",
        || with(World::unpaired(), |world| world.list(PRIMARY, "privateEndpointConnections", endpoint())),
    ),
    bus(
        "SB-ENDPOINT-PARITY",
        "Proves: S24, D01",
        "neither has one",
        Pass,
        "0 private endpoints",
        World::unpaired,
    ),
    Row {
        // The endpoint comes first in the template and takes the name that both share.
        on: "orders-bus-2",
        ..bus(
            "SB-ENDPOINT-PARITY",
            "Proves: S24, D01",
            "the deployment will bring the other one",
            Pass,
            "1 on orders-bus-neu",
            || {
                let changed = World::declared_by(|text| private_endpoint_in_template(&text));
                with(World::observed_from(changed), |world| {
                    world.list(PRIMARY, "privateEndpointConnections", endpoint());
                })
            },
        )
    },
    bus(
        "SB-ENDPOINT-PARITY",
        "Proves: S24, D01",
        "nobody looked",
        Unknown,
        "it was not observed",
        World::declared,
    ),
    bus(
        "SB-PARTNER",
        "Proves: S24, P1b",
        "the primary is paired with a stranger",
        Fail,
        "namespaces/stranger",
        || estranged(PRIMARY),
    ),
    bus(
        "SB-PARTNER",
        "Proves: S24, P1b",
        "the secondary is paired with a stranger",
        Fail,
        "namespaces/stranger",
        || estranged(SECONDARY),
    ),
    bus(
        "SB-PARTNER",
        "Proves: S24, P1b",
        "partners of each other",
        Pass,
        "no foreign partner",
        World::paired,
    ),
    bus(
        "SB-PARTNER",
        "Proves: S24, P1b",
        "a partner shown by its bare name",
        Pass,
        "no foreign partner",
        || {
            with(World::paired(), |world| {
                world.edit_member(PRIMARY, ALIASES, "orders", |alias| {
                    alias["properties"]["partnerNamespace"] = json!("Orders-Bus-NEU");
                });
            })
        },
    ),
    bus(
        "SB-PARTNER",
        "Proves: S24, P1b",
        "a stranger shown by its bare name",
        Fail,
        "paired with stranger",
        || {
            with(World::paired(), |world| {
                world.edit_member(PRIMARY, ALIASES, "orders", |alias| {
                    alias["properties"]["partnerNamespace"] = json!("stranger");
                });
            })
        },
    ),
    bus("SB-PARTNER", "Proves: S24, P1b", "the aliases cannot be read", Unknown, "503", || {
        with(World::unpaired(), |world| world.lose(&world.bus_path(PRIMARY, ALIASES)))
    }),
    bus(
        "SB-EMPTY",
        "Proves: S24, D02",
        "a queue in the secondary before pairing",
        Fail,
        "holds 1 queue",
        || {
            with(World::unpaired(), |world| {
                let queue = entity(&world.bus_path(SECONDARY, "queues"), "left-over");
                world.list(SECONDARY, "queues", json!([queue]));
            })
        },
    ),
    bus(
        "SB-EMPTY",
        "Proves: S24, D02",
        "copies are left behind by a pairing that was broken",
        Fail,
        "orders-bus-neu holds 2 queues",
        || with(World::paired(), |world| world.failed_over(PRIMARY, "orders")),
    ),
    bus(
        "SB-EMPTY",
        "Proves: S24, D02",
        "after a failover the old primary is the one to be emptied",
        Fail,
        "orders-bus-weu holds 2 queues",
        || with(World::paired(), |world| world.failed_over(SECONDARY, "orders")),
    ),
    bus("SB-EMPTY", "Proves: S24, D02", "a fresh secondary", Pass, "holds 0 queues", World::unpaired),
    bus("SB-EMPTY", "Proves: S24, D02", "paired already", Pass, "paired already", World::paired),
    bus(
        "SB-EMPTY",
        "Proves: S24, D02",
        "it does not exist yet",
        Pass,
        "does not exist yet",
        World::from_nothing,
    ),
    bus("SB-EMPTY", "Proves: S24, D02", "its queues cannot be read", Unknown, "its queues", || {
        with(World::unpaired(), |world| world.lose(&world.bus_path(SECONDARY, "queues")))
    }),
    bus(
        "SB-ALIAS-NAME",
        "Proves: D04, S25",
        "the secondary's own name",
        Fail,
        "name of the secondary",
        || called("orders-bus-neu", None),
    ),
    bus(
        "SB-ALIAS-NAME",
        "Proves: D04, S25",
        "an alternate name without need",
        Fail,
        "an alternate name is given",
        || called("orders", Some("orders-old")),
    ),
    bus(
        "SB-ALIAS-NAME",
        "Proves: D04, S25",
        "a character that no host can have",
        Fail,
        "letters, digits and hyphens",
        || called("orders_bus", None),
    ),
    bus(
        "SB-ALIAS-NAME",
        "Proves: D04, S25",
        "the name of the side that was left, where the alias has been before",
        Pass,
        "it exists",
        || with(World::paired(), |world| world.failed_over(Side::Secondary, "orders-bus-weu")),
    ),
    bus("SB-ALIAS-NAME", "Proves: D04, S25", "51 characters", Fail, "1 to 50", || {
        called(&"a".repeat(51), None)
    }),
    bus(
        "SB-ALIAS-NAME",
        "Proves: D04, S25",
        "the primary's own name with an alternate one",
        Pass,
        "orders-bus-weu",
        || called("orders-bus-weu", Some("orders-bus-west")),
    ),
    bus(
        "SB-ALIAS-NAME",
        "Proves: D04, S25",
        "a name of its own",
        Pass,
        "the alias is `orders`",
        World::paired,
    ),
];

/// Proves: S24 (what nobody could see is told of the namespace that was not seen)
#[test]
fn unknown_endpoints_are_those_of_their_own_namespace() {
    let world = World::declared();
    let found = super::findings(&world, "SB-ENDPOINT-PARITY", "orders-bus");
    let unknown = found.iter().find(|finding| finding.answer == Unknown).unwrap();
    assert!(unknown.evidence[0].says.contains("orders-bus-weu has private endpoints"), "{unknown:?}");
    assert_eq!(unknown.resource.as_ref().unwrap().name(), "orders-bus-weu");
}
