//! Rows about what clients and entities rely on.

use lifeboat_planner::Answer::{Fail, Pass, Unknown};
use lifeboat_planner::Side;
use serde_json::{Value, json};

use super::{Row, bus, with};
use crate::fixtures::{World, entity};

const PRIMARY: Side = Side::Primary;

fn queue(set: fn(&mut Value)) -> World {
    with(World::paired(), |world| world.edit_member(PRIMARY, "queues", "incoming", set))
}

fn subscription(set: fn(&mut Value)) -> World {
    with(World::paired(), |world| world.edit_member(PRIMARY, "topics/events/subscriptions", "billing", set))
}

fn lost(list: &'static str) -> World {
    with(World::paired(), |world| world.lose(&world.bus_path(PRIMARY, list)))
}

/// The site's settings name this host.
fn uses(host: &'static str) -> World {
    with(World::paired(), |world| {
        let site = world.component("orders-web").primary.clone();
        let settings =
            json!({ "appSettings": [{ "name": "Bus", "value": format!("Endpoint=sb://{host}/;Key=x") }] });
        world.see(
            site.as_str(),
            json!({ "location": "westeurope", "properties": { "siteConfig": settings } }),
        );
    })
}

pub(super) const ROWS: &[Row] = &[
    bus(
        "SB-AUTO-DELETE",
        "Proves: D05",
        "a queue that goes after a week",
        Fail,
        "`incoming` deletes itself after P7D",
        || queue(|queue| queue["properties"]["autoDeleteOnIdle"] = json!("P7D")),
    ),
    bus(
        "SB-AUTO-DELETE",
        "Proves: D05",
        "a subscription that goes after an hour",
        Fail,
        "`events/billing` deletes itself after PT1H",
        || subscription(|subscription| subscription["properties"]["autoDeleteOnIdle"] = json!("PT1H")),
    ),
    bus("SB-AUTO-DELETE", "Proves: D05", "never, as Azure writes it", Pass, "no entity does", World::paired),
    bus("SB-AUTO-DELETE", "Proves: D05", "the queues cannot be read", Unknown, "its queues", || {
        lost("queues")
    }),
    bus("SB-AUTO-DELETE", "Proves: D05", "the topics cannot be read", Unknown, "its topics", || {
        lost("topics")
    }),
    bus(
        "SB-AUTO-DELETE",
        "Proves: D05",
        "a topic's subscriptions cannot be read",
        Unknown,
        "subscriptions",
        || lost("topics/events/subscriptions"),
    ),
    bus("SB-STATE", "Proves: D06", "a queue with sessions", Fail, "`incoming` keeps session state", || {
        queue(|queue| queue["properties"]["requiresSession"] = json!(true))
    }),
    bus(
        "SB-STATE",
        "Proves: D06",
        "a subscription with sessions",
        Fail,
        "`events/billing` keeps session state",
        || subscription(|subscription| subscription["properties"]["requiresSession"] = json!(true)),
    ),
    bus(
        "SB-STATE",
        "Proves: D06",
        "a queue that remembers duplicates",
        Fail,
        "keeps a duplicate history",
        || queue(|queue| queue["properties"]["requiresDuplicateDetection"] = json!(true)),
    ),
    bus("SB-STATE", "Proves: D06", "scheduled messages", Fail, "holds 3 scheduled messages", || {
        queue(|queue| queue["properties"]["countDetails"]["scheduledMessageCount"] = json!(3))
    }),
    bus("SB-STATE", "Proves: D06", "plain queues", Pass, "no entity does", World::paired),
    bus("SB-STATE", "Proves: D06", "the queues cannot be read", Unknown, "its queues", || lost("queues")),
    bus(
        "SB-BYPASS-ALIAS",
        "Proves: S26",
        "a setting names the primary",
        Fail,
        "orders-bus-weu.servicebus.windows.net",
        || uses("orders-bus-weu.servicebus.windows.net"),
    ),
    bus(
        "SB-BYPASS-ALIAS",
        "Proves: S26",
        "a setting names the secondary, in capitals",
        Fail,
        "orders-bus-neu.servicebus.windows.net",
        || uses("ORDERS-BUS-NEU.servicebus.windows.net"),
    ),
    bus("SB-BYPASS-ALIAS", "Proves: S26", "the alias", Pass, "nothing that was seen", || {
        uses("orders.servicebus.windows.net")
    }),
    bus(
        "SB-BYPASS-ALIAS",
        "Proves: S26",
        "somebody else's namespace whose name ends alike",
        Pass,
        "nothing that was seen",
        || uses("new-orders-bus-weu.servicebus.windows.net"),
    ),
    bus(
        "SB-BYPASS-ALIAS",
        "Proves: S26",
        "the template writes the alias into the settings",
        Pass,
        "nothing that was seen",
        World::declared,
    ),
    bus(
        "SB-BYPASS-ALIAS",
        "Proves: S26",
        "the site's settings were not read",
        Unknown,
        "orders-web-weu",
        || {
            with(World::paired(), |world| {
                let site = world.component("orders-web").primary.clone();
                world.see(
                    site.as_str(),
                    json!({ "location": "westeurope", "properties": { "state": "Running" } }),
                );
            })
        },
    ),
];

/// A namespace whose name starts like ours is not ours: what it says is looked at. Proves: S26
#[test]
fn a_namespace_with_a_longer_name_is_not_overlooked() {
    let mut world = World::paired();
    let longer = format!("{}-audit", world.bus_id(PRIMARY));
    let mut queue = entity(&format!("{longer}/queues"), "forwarding");
    queue["properties"]["note"] = json!("orders-bus-weu.servicebus.windows.net");
    world.see(&format!("{longer}/queues/forwarding"), queue);
    let findings = super::findings(&world, "SB-BYPASS-ALIAS", "orders-bus");
    assert_eq!(super::overall(&findings), Some(Fail), "{findings:?}");
}
