//! How long Service Bus takes, as far as its pages and samples say.

use jiff::SignedDuration;
use lifeboat_plan::Forecast;

/// Creating a namespace.
pub(super) fn namespace() -> Forecast {
    Forecast::documented(60, 180, "Service Bus quickstarts: a namespace is created in a minute or a few")
}

/// Replicating so many entities to a new partner (D07).
pub(super) fn pairing(entities: u64) -> Forecast {
    let entities = i64::try_from(entities).unwrap_or(i64::MAX / 100);
    // 100 a minute at best, 50 at worst; the pair itself takes a minute or two.
    Forecast::documented(
        60 + entities * 60 / 75,
        120 + entities * 60 / 50,
        "Service Bus Geo-Disaster Recovery: 50 to 100 entities a minute",
    )
}

/// Failing an alias over.
pub(super) fn alias_failover() -> Forecast {
    Forecast::documented(
        60,
        120,
        "Service Bus Geo-DR sample: break, fail over and delete take one to two minutes",
    )
}

/// Clients that resolve the alias anew.
pub(super) fn alias_dns() -> Forecast {
    Forecast::assumed(30, 60, "the alias record lives about a minute in resolvers")
}

/// A queue, topic or subscription created, changed or deleted.
pub(super) fn entity() -> Forecast {
    Forecast::assumed(1, 5, "entity operations answer synchronously")
}

const SPEED: &str = "three requests a message, one after another: 4 to 10 messages a second";

/// Moving so many messages one by one. When scheduled ones become due no count tells: with any of them it may take
/// until the drain is given up.
pub(super) fn drain(messages: u64, scheduled: u64, given_up: SignedDuration) -> Forecast {
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
