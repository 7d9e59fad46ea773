//! How long something will take, and how we know.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A duration with its spread and its origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// The usual duration: when the first poll is worth its token.
    pub typical: SignedDuration,
    /// What 19 of 20 runs stay below: what an RTO is computed from.
    pub p95: SignedDuration,
    /// How we know.
    pub basis: Basis,
}

/// Where a duration comes from. Never the lab's own constants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Basis {
    /// A page or sample says so.
    Documented(String),
    /// Runs of this step on record.
    Measured {
        /// How many.
        runs: u32,
    },
    /// The workload's owner said so.
    Declared,
    /// Nobody says; a cautious guess with its reason.
    Assumed(String),
}

impl Forecast {
    /// From a page.
    pub fn documented(typical_seconds: i64, p95_seconds: i64, page: &str) -> Self {
        Self::new(typical_seconds, p95_seconds, Basis::Documented(page.to_owned()))
    }

    /// A cautious guess.
    pub fn assumed(typical_seconds: i64, p95_seconds: i64, why: &str) -> Self {
        Self::new(typical_seconds, p95_seconds, Basis::Assumed(why.to_owned()))
    }

    fn new(typical_seconds: i64, p95_seconds: i64, basis: Basis) -> Self {
        Self {
            typical: SignedDuration::from_secs(typical_seconds),
            p95: SignedDuration::from_secs(p95_seconds),
            basis,
        }
    }
}
