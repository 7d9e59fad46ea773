//! Rows about what Geo-DR does not carry over: each item fails when only the primary has it.

use lifeboat_planner::Answer::{Fail, Pass, Unknown};
use lifeboat_planner::Side;
use serde_json::{Value, json};

use super::{Row, bus, with};
use crate::fixtures::{AUTOSCALE, EVENTS, ROLES, World, role};

const PRIMARY: Side = Side::Primary;
const SECONDARY: Side = Side::Secondary;
const BOTH: [Side; 2] = [PRIMARY, SECONDARY];

/// The pair, with this list on these sides.
fn beside(list: &'static str, sides: &[Side], members: fn(&World, Side) -> Value) -> World {
    with(World::paired(), |world| {
        for &side in sides {
            let members = members(world, side);
            world.list(side, list, members);
        }
    })
}

/// The pair, with this setting of the namespace on these sides.
fn setting(sides: &[Side], set: fn(&mut Value)) -> World {
    with(World::paired(), |world| sides.iter().for_each(|&side| world.edit_bus(side, set)))
}

fn lost(list: &'static str) -> World {
    with(World::paired(), |world| world.lose(&world.bus_path(SECONDARY, list)))
}

fn roles(world: &World, side: Side) -> Value {
    json!([role(&world.bus_id(side), "a-guid", "worker")])
}

fn network(ip: &'static str, subnets: usize) -> Value {
    let subnets: Vec<Value> =
        (0..subnets).map(|n| json!({ "subnet": { "id": format!("/subscriptions/s/subnet-{n}") } })).collect();
    json!([{ "name": "default", "properties": {
        "defaultAction": "Deny", "trustedServiceAccessEnabled": false,
        "ipRules": [{ "ipMask": ip, "action": "Allow" }, { "ipMask": "10.9.9.9", "action": "Allow" }],
        "virtualNetworkRules": subnets,
    } }])
}

fn named(name: &'static str) -> Value {
    json!([{ "name": name, "properties": {} }])
}

pub(super) const ROWS: &[Row] = &[
    bus(
        "SB-NOT-REPLICATED-RBAC",
        "Proves: D01, F19",
        "a role on the primary only",
        Fail,
        "090c5cfd-751d-490a-894a-3ce6f1109419 for worker",
        || beside(ROLES, &[PRIMARY], roles),
    ),
    bus(
        "SB-NOT-REPLICATED-RBAC",
        "Proves: D01, F19",
        "the same role under two ids",
        Pass,
        "on both sides",
        || beside(ROLES, &BOTH, roles),
    ),
    bus(
        "SB-NOT-REPLICATED-RBAC",
        "Proves: D01, F19",
        "a template alone does not tell what people assigned",
        Unknown,
        "not observed",
        World::declared,
    ),
    bus(
        "SB-NOT-REPLICATED-RBAC",
        "Proves: D01, F19",
        "the primary does not answer",
        Unknown,
        "does not answer",
        || with(World::paired(), |world| world.lose_side(PRIMARY)),
    ),
    bus(
        "SB-NOT-REPLICATED-NETWORK",
        "Proves: D01, F19",
        "an address on the primary only",
        Fail,
        "10.1.1.1",
        || beside("networkRuleSets", &[PRIMARY], |_, _| network("10.1.1.1", 0)),
    ),
    bus(
        "SB-NOT-REPLICATED-NETWORK",
        "Proves: D01, F19",
        "a virtual network on the primary only",
        Fail,
        "1 virtual networks",
        || beside("networkRuleSets", &BOTH, |_, side| network("10.1.1.1", usize::from(side == PRIMARY))),
    ),
    bus(
        "SB-NOT-REPLICATED-NETWORK",
        "Proves: D01, F19",
        "the same addresses in another order",
        Pass,
        "on both sides",
        || {
            beside("networkRuleSets", &BOTH, |_, side| {
                let mut rules = network("10.1.1.1", 1);
                if side == SECONDARY {
                    rules[0]["properties"]["ipRules"].as_array_mut().unwrap().reverse();
                }
                rules
            })
        },
    ),
    bus("SB-NOT-REPLICATED-NETWORK", "Proves: D01, F19", "cannot be read", Unknown, "503", || {
        lost("networkRuleSets")
    }),
    bus(
        "SB-NOT-REPLICATED-PRIVATE-ENDPOINTS",
        "Proves: D01, F19",
        "one on the primary only",
        Fail,
        "private endpoint only in the primary",
        || beside("privateEndpointConnections", &[PRIMARY], |_, _| named("a")),
    ),
    bus(
        "SB-NOT-REPLICATED-PRIVATE-ENDPOINTS",
        "Proves: D01, F19",
        "one per side",
        Pass,
        "on both sides",
        || {
            beside(
                "privateEndpointConnections",
                &BOTH,
                |_, side| if side == PRIMARY { named("a") } else { named("b") },
            )
        },
    ),
    bus("SB-NOT-REPLICATED-PRIVATE-ENDPOINTS", "Proves: D01, F19", "cannot be read", Unknown, "503", || {
        lost("privateEndpointConnections")
    }),
    bus(
        "SB-NOT-REPLICATED-PUBLIC-ACCESS",
        "Proves: D01, F19",
        "shut on the primary only",
        Fail,
        r#""Disabled" in the primary"#,
        || setting(&[PRIMARY], |bus| bus["properties"]["publicNetworkAccess"] = json!("Disabled")),
    ),
    bus(
        "SB-NOT-REPLICATED-PUBLIC-ACCESS",
        "Proves: D01, F19",
        "said on one side, the default on the other",
        Pass,
        "Enabled",
        || setting(&[PRIMARY], |bus| bus["properties"]["publicNetworkAccess"] = json!("Enabled")),
    ),
    bus(
        "SB-NOT-REPLICATED-PUBLIC-ACCESS",
        "Proves: D01, F19",
        "the primary does not answer",
        Unknown,
        "public network access",
        || with(World::paired(), |world| world.lose(world.bus_id(PRIMARY).as_str())),
    ),
    bus(
        "SB-NOT-REPLICATED-LOCAL-AUTH",
        "Proves: D01, F19",
        "disabled on the secondary only",
        Fail,
        "true in the secondary",
        || setting(&[SECONDARY], |bus| bus["properties"]["disableLocalAuth"] = json!(true)),
    ),
    bus(
        "SB-NOT-REPLICATED-LOCAL-AUTH",
        "Proves: D01, F19",
        "disabled on both",
        Pass,
        "true in the secondary",
        || setting(&BOTH, |bus| bus["properties"]["disableLocalAuth"] = json!(true)),
    ),
    bus(
        "SB-NOT-REPLICATED-LOCAL-AUTH",
        "Proves: D01, F19",
        "the secondary does not answer",
        Unknown,
        "local authentication",
        || with(World::paired(), |world| world.lose(world.bus_id(SECONDARY).as_str())),
    ),
    bus(
        "SB-NOT-REPLICATED-IDENTITY",
        "Proves: D01, F19",
        "an identity on the primary only",
        Fail,
        "SystemAssigned",
        || setting(&[PRIMARY], |bus| bus["identity"] = json!({ "type": "SystemAssigned" })),
    ),
    bus("SB-NOT-REPLICATED-IDENTITY", "Proves: D01, F19", "none on both", Pass, "None", World::paired),
    bus(
        "SB-NOT-REPLICATED-IDENTITY",
        "Proves: D01, F19",
        "the primary does not answer",
        Unknown,
        "managed identity",
        || with(World::paired(), |world| world.lose(world.bus_id(PRIMARY).as_str())),
    ),
    bus(
        "SB-NOT-REPLICATED-ENCRYPTION",
        "Proves: D01, F19",
        "a customer's key on the primary only",
        Fail,
        "Microsoft.KeyVault",
        || {
            setting(&[PRIMARY], |bus| {
                bus["properties"]["encryption"] = json!({ "keySource": "Microsoft.KeyVault" });
            })
        },
    ),
    bus(
        "SB-NOT-REPLICATED-ENCRYPTION",
        "Proves: D01, F19",
        "Azure's keys on both",
        Pass,
        "Microsoft.ServiceBus",
        World::paired,
    ),
    bus(
        "SB-NOT-REPLICATED-ENCRYPTION",
        "Proves: D01, F19",
        "the primary does not answer",
        Unknown,
        "encryption",
        || with(World::paired(), |world| world.lose(world.bus_id(PRIMARY).as_str())),
    ),
    bus(
        "SB-NOT-REPLICATED-AUTOSCALE",
        "Proves: D01, F19",
        "on the primary only",
        Fail,
        "autoscale setting only",
        || beside(AUTOSCALE, &[PRIMARY], |_, _| named("up")),
    ),
    bus("SB-NOT-REPLICATED-AUTOSCALE", "Proves: D01, F19", "on both", Pass, "on both sides", || {
        beside(AUTOSCALE, &BOTH, |_, _| named("up"))
    }),
    bus("SB-NOT-REPLICATED-AUTOSCALE", "Proves: D01, F19", "cannot be read", Unknown, "503", || {
        lost(AUTOSCALE)
    }),
    bus(
        "SB-NOT-REPLICATED-EVENTS",
        "Proves: D01, F19",
        "on the primary only",
        Fail,
        "dead-letters-arrived",
        || beside(EVENTS, &[PRIMARY], |_, _| named("dead-letters-arrived")),
    ),
    bus("SB-NOT-REPLICATED-EVENTS", "Proves: D01, F19", "on both", Pass, "on both sides", || {
        beside(EVENTS, &BOTH, |_, _| named("arrived"))
    }),
    bus("SB-NOT-REPLICATED-EVENTS", "Proves: D01, F19", "cannot be read", Unknown, "503", || lost(EVENTS)),
];
