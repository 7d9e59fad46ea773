//! How long Azure takes, as far as pages and samples say. Never the lab's constants: those are the world's secret.

use jiff::SignedDuration;
use lifeboat_arm::ResourceType;
use lifeboat_plan::Forecast;

/// Creating one resource of a type.
pub(crate) fn creation(kind: &ResourceType) -> Forecast {
    let Some((_, typical, p95, page)) = CREATION.iter().find(|(name, ..)| kind.is(name)) else {
        return Forecast::assumed(30, 120, "most resources are created within two minutes");
    };
    Forecast::documented(*typical, *p95, page)
}

/// Type, usual and cautious seconds, page.
const CREATION: &[(&str, i64, i64, &str)] = &[
    (
        "Microsoft.ServiceBus/namespaces",
        60,
        180,
        "Service Bus quickstarts: a namespace is created in a minute or a few",
    ),
    (
        "Microsoft.ApiManagement/service",
        2_400,
        2_700,
        "API Management: activating a service takes 30 to 40 minutes",
    ),
    ("Microsoft.Compute/virtualMachineScaleSets", 180, 600, "Scale sets: instances start within minutes"),
    ("Microsoft.Network/virtualNetworkGateways", 1_800, 2_700, "VPN gateways: 45 minutes or more"),
];

/// A resource group.
pub(crate) fn group() -> Forecast {
    Forecast::assumed(2, 10, "creating a group answers at once")
}

/// Replicating so many entities to a new partner (D07).
pub(crate) fn pairing(entities: u64) -> Forecast {
    let entities = i64::try_from(entities).unwrap_or(i64::MAX / 100);
    // 100 a minute at best, 50 at worst; the pair itself takes a minute or two.
    Forecast::documented(
        60 + entities * 60 / 75,
        120 + entities * 60 / 50,
        "Service Bus Geo-Disaster Recovery: 50 to 100 entities a minute",
    )
}

/// Failing an alias over.
pub(crate) fn alias_failover() -> Forecast {
    Forecast::documented(
        60,
        120,
        "Service Bus Geo-DR sample: break, fail over and delete take one to two minutes",
    )
}

/// Clients that resolve the alias anew.
pub(crate) fn alias_dns() -> Forecast {
    Forecast::assumed(30, 60, "the alias record lives about a minute in resolvers")
}

/// A queue, topic or subscription created, changed or deleted.
pub(crate) fn entity() -> Forecast {
    Forecast::assumed(1, 5, "entity operations answer synchronously")
}

const SPEED: &str = "three requests a message, one after another: 4 to 10 messages a second";

/// Moving so many messages one by one. When scheduled ones become due no count tells: with any of them it may take until
/// the drain is given up.
pub(crate) fn drain(messages: u64, scheduled: u64, given_up: SignedDuration) -> Forecast {
    let messages = i64::try_from(messages).unwrap_or(i64::MAX / 100);
    let (typical, p95) = (5 + messages / 10, 30 + messages / 4);
    if scheduled == 0 {
        return Forecast::assumed(typical, p95, SPEED);
    }
    let why = format!(
        "waits for {scheduled} scheduled messages until they are due, which no count tells: up to {given_up:#}; {SPEED}"
    );
    Forecast::assumed(typical, p95.max(given_up.as_secs()), &why)
}
