//! What a lab is made with.

use jiff::Timestamp;
use lifeboat_arm::Region;
use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::timing::Timing;

/// Requests the trace remembers unless told otherwise.
const TRACE_MAX: usize = 10_000;

/// What a lab is made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Decides every draw.
    pub seed: u64,
    /// The subscriptions that exist.
    pub subscriptions: Vec<Subscription>,
    /// How long things take.
    pub timing: Timing,
    /// The instant at which the lab begins.
    pub start: Timestamp,
    /// What stands before the path in URLs of operations.
    pub endpoint: String,
    /// How many resources of a type a region takes per subscription.
    pub quotas: Vec<Quota>,
    /// How many requests the trace remembers.
    pub trace_max: usize,
}

/// One subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Its GUID.
    pub id: String,
    /// The tenant's GUID.
    pub tenant: String,
    /// What people call it.
    pub name: String,
}

/// A limit on what may exist, not a promise that it can: see [`crate::Effect::NoCapacity`] for the latter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// Where.
    pub region: Region,
    /// The type.
    pub kind: String,
    /// How many.
    pub limit: u32,
}

impl Settings {
    /// One subscription, default timing, no quotas.
    pub fn new(seed: u64, subscription: &str, start: Timestamp) -> Self {
        let tenant = Dice::new(seed).guid("tenant", subscription).to_string();
        Self {
            seed,
            subscriptions: vec![Subscription { id: subscription.to_owned(), tenant, name: "Lab".to_owned() }],
            timing: Timing::default(),
            start,
            endpoint: "https://management.azure.com".to_owned(),
            quotas: Vec::new(),
            trace_max: TRACE_MAX,
        }
    }
}
