//! Rows about whether the pair stands, and how long it takes to stand again.

use lifeboat_planner::Answer::{Fail, Pass, Unknown};
use lifeboat_planner::Side;
use serde_json::{Value, json};

use super::{Row, bus, with};
use crate::fixtures::{ALIASES, SUBSCRIPTION, World, entity};

const PRIMARY: Side = Side::Primary;
const SECONDARY: Side = Side::Secondary;

pub(super) const ROWS: &[Row] = &[
    bus("SB-PAIRED", "Proves: S22, F20", "nobody paired them", Fail, "neither namespace", World::unpaired),
    bus("SB-PAIRED", "Proves: S22, F20", "after a failover", Fail, "PrimaryNotReplicating", || {
        with(World::paired(), |world| world.failed_over(SECONDARY, "orders"))
    }),
    bus(
        "SB-PAIRED",
        "Proves: S22, F20",
        "after a failover the lost region still says that it leads",
        Fail,
        "PrimaryNotReplicating",
        || {
            with(World::paired(), |world| {
                let stale = world.seen.look(&world.bus_path(PRIMARY, ALIASES)).value().unwrap().clone();
                world.failed_over(SECONDARY, "orders");
                world.list(PRIMARY, ALIASES, stale);
            })
        },
    ),
    bus(
        "SB-PAIRED",
        "Proves: S22, F20",
        "after a failover the lost region does not answer",
        Fail,
        "PrimaryNotReplicating",
        || {
            with(World::paired(), |world| {
                world.failed_over(SECONDARY, "orders");
                world.lose_side(PRIMARY);
            })
        },
    ),
    bus("SB-PAIRED", "Proves: S22, F20", "replication is still under way", Fail, "7 pending", || {
        with(World::paired(), |world| {
            world.edit_member(PRIMARY, ALIASES, "orders", |alias| {
                alias["properties"]["pendingReplicationOperationsCount"] = json!(7);
            });
        })
    }),
    bus(
        "SB-PAIRED",
        "Proves: S22, F20, F4",
        "nobody shows how much is pending",
        Unknown,
        "yet to be replicated",
        || {
            with(World::paired(), |world| {
                for side in [PRIMARY, SECONDARY] {
                    let mut record =
                        world.seen.look(&world.bus_path(side, ALIASES)).value().unwrap()[0].clone();
                    let path = world.bus_path(side, &format!("{ALIASES}/orders"));
                    record["properties"]["pendingReplicationOperationsCount"] = Value::Null;
                    world.see(&path, record.clone());
                    world.list(side, ALIASES, json!([record]));
                }
            })
        },
    ),
    bus("SB-PAIRED", "Proves: S22, F20", "pairing was accepted and is not done", Fail, "Accepted", || {
        with(World::paired(), |world| {
            world.edit_member(PRIMARY, ALIASES, "orders", |alias| {
                alias["properties"]["provisioningState"] = json!("Accepted");
            });
        })
    }),
    bus(
        "SB-PAIRED",
        "Proves: S22, F20",
        "a standing pair",
        Pass,
        "role Primary, Succeeded, partner orders-bus-neu",
        World::paired,
    ),
    bus("SB-PAIRED", "Proves: S22, F20", "the aliases cannot be read", Unknown, "503", || {
        with(World::paired(), |world| {
            world.lose(&world.bus_path(PRIMARY, ALIASES));
            world.lose(&world.bus_path(SECONDARY, ALIASES));
        })
    }),
    bus(
        "SB-CROSS-SUBSCRIPTION",
        "Proves: D03",
        "two subscriptions",
        Fail,
        "00000000-0000-0000-0000-000000000002",
        || {
            with(World::declared(), |world| {
                let other = world
                    .bus_id(SECONDARY)
                    .as_str()
                    .replace(SUBSCRIPTION, "00000000-0000-0000-0000-000000000002");
                world.workload.components[0].secondary = Some(other.parse().unwrap());
            })
        },
    ),
    bus("SB-CROSS-SUBSCRIPTION", "Proves: D03", "one subscription", Pass, SUBSCRIPTION, World::declared),
    bus(
        "SB-REPLICATION-TIME",
        "Proves: D07",
        "3000 queues do not replicate within 45 minutes",
        Fail,
        "entities, about",
        || {
            with(World::paired(), |world| {
                let list = world.bus_path(PRIMARY, "queues");
                let queues: Vec<Value> = (0..3_000).map(|n| entity(&list, &format!("q{n}"))).collect();
                world.list(PRIMARY, "queues", json!(queues));
            })
        },
    ),
    bus(
        "SB-REPLICATION-TIME",
        "Proves: D07",
        "two queues, a topic, a subscription and its rule",
        Pass,
        "5 entities",
        World::paired,
    ),
    bus("SB-REPLICATION-TIME", "Proves: D07", "the queues cannot be read", Unknown, "503", || {
        with(World::paired(), |world| world.lose(&world.bus_path(PRIMARY, "queues")))
    }),
    bus("SB-REPLICATION-TIME", "Proves: D07", "the topics cannot be read", Unknown, "503", || {
        with(World::paired(), |world| world.lose(&world.bus_path(PRIMARY, "topics")))
    }),
];
