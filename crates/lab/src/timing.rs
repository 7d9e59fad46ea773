//! How long things take in the lab: its own numbers, with a seeded spread.
//!
//! Here: what every service shares. What one service takes stands in its own folder (`providers/service_bus/timing.rs`) and
//! is a section of [`Timing`]. The numbers differ on purpose from the documented forecasts that a planner works with: a drill
//! that only passes when the forecast is right proves nothing. Every number may be replaced through [`crate::Settings`].

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::providers::any_resource::timing::AnyResourceTiming;
use crate::providers::service_bus::timing::ServiceBusTiming;

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

/// All durations of the lab: what every service shares, and a section for each that has its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timing {
    /// Server time of a read.
    pub read: Span,
    /// Server time of a write.
    pub write: Span,
    /// Server time of one call to a data plane.
    pub data: Span,
    /// After how long a client learns that nothing listens at a dead data plane.
    pub connect_refused: Span,
    /// From the DELETE of a group to its end, once its members are gone.
    pub group_delete: Span,
    /// From `Accepted` to the first resource of a deployment.
    pub deployment_start: Span,
    /// Between two looks of a deployment at a resource that is not ready.
    pub deployment_poll: Span,
    /// How long a returned control plane believes what it knew before it went down.
    pub catch_up: Span,
    /// Resources without a provider of their own.
    pub any_resource: AnyResourceTiming,
    /// Service Bus.
    pub service_bus: ServiceBusTiming,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            read: Span::millis(35, 160),
            write: Span::millis(180, 900),
            data: Span::millis(4, 30),
            connect_refused: Span::millis(20, 90),
            group_delete: Span::seconds(14, 41),
            deployment_start: Span::seconds(2, 7),
            deployment_poll: Span::seconds(5, 11),
            catch_up: Span::seconds(134, 287),
            any_resource: AnyResourceTiming::default(),
            service_bus: ServiceBusTiming::default(),
        }
    }
}
