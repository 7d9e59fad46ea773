//! How long Service Bus takes in the lab. The numbers are its own: see [`crate::Timing`].

use serde::{Deserialize, Serialize};

use crate::timing::Span;

/// The durations of namespaces, pairs and aliases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceBusTiming {
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
    /// Entities a pair replicates in a minute: least and most. The documentation says 50 to 100.
    pub replicated_per_minute: (u32, u32),
    /// How soon after a failover entities count as idle that were not used since they were copied.
    pub idle_sweep: Span,
}

impl Default for ServiceBusTiming {
    fn default() -> Self {
        Self {
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
            replicated_per_minute: (50, 100),
            idle_sweep: Span::seconds(33, 95),
        }
    }
}
