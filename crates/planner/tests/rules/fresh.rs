//! Rows about an owner who wants a fresh namespace wherever one was left.

use lifeboat_planner::Answer::{Fail, Pass, Unknown};
use lifeboat_planner::{Reprotect, Side};
use serde_json::json;

use super::{Row, bus, with};
use crate::fixtures::{ALIASES, World, alias_record, entity};

const PRIMARY: Side = Side::Primary;
const SECONDARY: Side = Side::Secondary;

fn left() -> World {
    with(World::paired(), |world| world.failed_over(SECONDARY, "orders")).wanting_fresh()
}

pub(super) const ROWS: &[Row] = &[
    bus(
        "SB-FORMER-STANDS",
        "Proves: D02",
        "a fresh namespace has taken the place of one that holds 7 messages",
        Fail,
        "orders-bus-weu still stands, holds 7 messages, and costs until somebody deletes it",
        || {
            with(World::protected_by_fresh(), |world| {
                world.edit_member(PRIMARY, "queues", "incoming", |queue| {
                    queue["properties"]["countDetails"]["activeMessageCount"] = json!(4);
                    queue["properties"]["countDetails"]["deadLetterMessageCount"] = json!(2);
                    queue["properties"]["countDetails"]["transferDeadLetterMessageCount"] = json!(1);
                });
            })
        },
    ),
    bus(
        "SB-FORMER-STANDS",
        "Proves: D02",
        "nobody saw what the former one holds",
        Fail,
        "holds nobody knows how many messages",
        || {
            with(World::protected_by_fresh(), |world| {
                world.miss(&world.bus_path(PRIMARY, "topics/events/subscriptions"));
            })
        },
    ),
    bus("SB-FORMER-STANDS", "Proves: D02", "nothing was replaced", Pass, "no former namespace", || {
        World::paired().wanting_fresh()
    }),
    bus("SB-FORMER-STANDS", "Proves: D02", "the former one is deleted", Pass, "no former namespace", || {
        with(World::protected_by_fresh(), |world| {
            world.group_holds(PRIMARY, &["orders-bus-weu-2"]);
            world.miss(world.bus_id(PRIMARY).clone().as_str());
        })
    }),
    bus(
        "SB-FORMER-STANDS",
        "Proves: D02",
        "nobody looked through the groups",
        Unknown,
        "not observed",
        || {
            with(World::declared(), |world| {
                world.choose(|choice| choice.reprotect = Reprotect::Fresh);
            })
        },
    ),
    bus("SB-FORMER-STANDS", "Proves: D02", "a group cannot be looked through", Unknown, "503", || {
        with(World::paired().wanting_fresh(), |world| world.lose(&world.group_list(PRIMARY)))
    }),
    bus(
        "SB-EMPTY",
        "Proves: S24, D02",
        "what was left is not empty, and need not be",
        Pass,
        "it stays as it is: orders-bus-weu-2 is to stand by",
        left,
    ),
    bus(
        "SB-EMPTY",
        "Proves: S24, D02",
        "the next one is made and holds a queue",
        Pass,
        "orders-bus-weu-3",
        || {
            with(left(), |world| {
                world.stands_as(PRIMARY, "orders-bus-weu-2");
                let list = format!("{}/queues", world.namespace(PRIMARY, "orders-bus-weu-2"));
                world.see(&list, json!({ "value": [entity(&list, "incoming")] }));
            })
        },
    ),
    bus(
        "SB-PARTNER",
        "Proves: S24, P1b",
        "the partner is a fresh one of the workload",
        Pass,
        "no foreign partner",
        World::protected_by_fresh,
    ),
    bus(
        "SB-PARTNER",
        "Proves: S24, P1b",
        "a partner with almost such a name",
        Fail,
        "orders-bus-weu-two",
        || {
            with(left(), |world| {
                let list = world.bus_path(SECONDARY, ALIASES);
                world.list(
                    SECONDARY,
                    ALIASES,
                    json!([alias_record(&list, "orders", "Primary", "orders-bus-weu-two")]),
                );
            })
        },
    ),
    bus("SB-PARTNER", "Proves: S24, P1b", "a partner of such a name elsewhere", Fail, "elsewhere", || {
        with(left(), |world| {
            let list = world.bus_path(SECONDARY, ALIASES);
            let stranger = world.namespace(PRIMARY, "orders-bus-weu-2").to_string();
            let stranger = stranger.replace("/orders-weu/", "/elsewhere/");
            world.list(SECONDARY, ALIASES, json!([alias_record(&list, "orders", "Primary", &stranger)]));
        })
    }),
    bus(
        "SB-PARTNER",
        "Proves: S24, P1b",
        "the owner does not want fresh ones",
        Fail,
        "orders-bus-weu-2",
        || {
            with(World::protected_by_fresh(), |world| {
                world.choose(|choice| choice.reprotect = Reprotect::Emptied);
            })
        },
    ),
    bus(
        "SB-PAIRED",
        "Proves: S22, F20",
        "a fresh partner",
        Pass,
        "role Primary, Succeeded, partner orders-bus-weu-2",
        World::protected_by_fresh,
    ),
    bus(
        "WL-LOCATION",
        "Proves: S06",
        "a fresh namespace stands where the declared one does",
        Pass,
        "northeurope",
        || {
            with(World::paired().wanting_fresh(), |world| {
                world.pair(SECONDARY, "orders");
                world.failed_over(PRIMARY, "orders");
            })
        },
    ),
    bus(
        "SB-BYPASS-ALIAS",
        "Proves: S26",
        "an application still names the former one",
        Fail,
        "orders-bus-weu.",
        || {
            with(World::protected_by_fresh(), |world| {
                let site = world.component("orders-web").on(SECONDARY).to_string();
                let settings = json!([{ "name": "Bus", "value": "Endpoint=sb://orders-bus-weu.servicebus.windows.net/" }]);
                world.see(
                    &site,
                    json!({ "id": site, "properties": { "siteConfig": { "appSettings": settings } } }),
                );
            })
        },
    ),
];
