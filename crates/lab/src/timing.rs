//! How long things take in the lab: its own numbers, with a seeded spread.
//!
//! They differ on purpose from the documented forecasts that a planner works with: a drill that only passes when the
//! forecast is right proves nothing. Every number may be replaced through [`crate::Settings`].

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A duration somewhere between two bounds; which one is drawn from the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The shortest.
    pub least: SignedDuration,
    /// The longest.
    pub most: SignedDuration,
}

impl Span {
    /// Between two numbers of seconds.
    pub const fn seconds(least: i64, most: i64) -> Self {
        Self { least: SignedDuration::from_secs(least), most: SignedDuration::from_secs(most) }
    }

    /// Between two numbers of milliseconds.
    pub const fn millis(least: i64, most: i64) -> Self {
        Self { least: SignedDuration::from_millis(least), most: SignedDuration::from_millis(most) }
    }

    /// Always the same.
    pub const fn exactly(duration: SignedDuration) -> Self {
        Self { least: duration, most: duration }
    }
}

/// All durations of the lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Server time of a read.
    pub read: Span,
    /// Server time of a write.
    pub write: Span,
    /// Server time of one call to a data plane.
    pub data: Span,
    /// After how long a client learns that nothing listens at a dead data plane.
    pub connect_refused: Span,
    /// From the PUT of a resource without a provider of its own to `Succeeded`.
    pub resource_create: Span,
    /// From its DELETE to 404.
    pub resource_delete: Span,
    /// From the DELETE of a group to its end, once its members are gone.
    pub group_delete: Span,
    /// From `Accepted` to the first resource of a deployment.
    pub deployment_start: Span,
    /// Between two looks of a deployment at a resource that is not ready.
    pub deployment_poll: Span,
    /// From the PUT of a messaging namespace to `Succeeded`.
    pub namespace_create: Span,
    /// From its DELETE to 404.
    pub namespace_delete: Span,
    /// From the PUT of a pair to `Succeeded`. Replication of its entities goes on after that.
    pub pair_setup: Span,
    /// From `breakPairing` to the end of the pair.
    pub pair_break: Span,
    /// From `failover` on the secondary to the moment the alias has a new holder.
    pub alias_switch: Span,
    /// From that moment to `Succeeded`.
    pub alias_settle: Span,
    /// From that moment until the old holder, if it can hear, no longer knows the alias.
    pub alias_forget: Span,
    /// From the DELETE of an alias to 404.
    pub alias_delete: Span,
    /// From 404 until the name may be taken again.
    pub name_release: Span,
    /// From the moment the alias has a new holder until name servers say so.
    pub dns_lag: Span,
    /// How long a returned control plane believes what it knew before it went down.
    pub catch_up: Span,
    /// Entities a pair replicates in a minute: least and most. The documentation says 50 to 100.
    pub replicated_per_minute: (u32, u32),
    /// How soon after a failover entities count as idle that were not used since they were copied.
    pub idle_sweep: Span,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            read: Span::millis(35, 160),
            write: Span::millis(180, 900),
            data: Span::millis(4, 30),
            connect_refused: Span::millis(20, 90),
            resource_create: Span::seconds(11, 48),
            resource_delete: Span::seconds(7, 26),
            group_delete: Span::seconds(14, 41),
            deployment_start: Span::seconds(2, 7),
            deployment_poll: Span::seconds(5, 11),
            namespace_create: Span::seconds(38, 127),
            namespace_delete: Span::seconds(19, 66),
            pair_setup: Span::seconds(23, 81),
            pair_break: Span::seconds(37, 104),
            alias_switch: Span::seconds(21, 73),
            alias_settle: Span::seconds(9, 52),
            alias_forget: Span::seconds(6, 19),
            alias_delete: Span::seconds(28, 97),
            name_release: Span::seconds(41, 139),
            dns_lag: Span::seconds(3, 22),
            catch_up: Span::seconds(134, 287),
            replicated_per_minute: (50, 100),
            idle_sweep: Span::seconds(33, 95),
        }
    }
}
