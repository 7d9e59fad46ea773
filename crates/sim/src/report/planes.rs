//! Regions over time: what the world made of their planes, what the detector believed, and faults, which are no outages.

use jiff::Timestamp;
use lifeboat_planner::detector::Plane;
use serde::Serialize;

/// A plane of a region over the drill, in stretches without gaps.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaneReport {
    /// The region.
    pub region: String,
    /// The plane.
    pub plane: Plane,
    /// What the world made of it.
    pub truth: Vec<TrueStretch>,
    /// What the detector took it for.
    pub believed: Vec<BelievedStretch>,
}

/// A plane as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrueStretch {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// What it was.
    pub is: Truth,
}

/// What the world makes of a plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Truth {
    /// It answers.
    Up,
    /// It does not.
    Down,
}

/// A plane as the detector took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BelievedStretch {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// What it was taken for.
    pub is: Belief,
}

/// What the detector takes a plane for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Belief {
    /// Nothing is wrong.
    Well,
    /// It looks dead; the hold-down runs.
    Suspected,
    /// It is dead.
    Down,
    /// It was dead and looks well; the recovery time runs.
    Returning,
}

/// Requests of one kind that were made to go wrong. The region itself answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultReport {
    /// In which region.
    pub region: String,
    /// What goes wrong: `failover of Microsoft.ServiceBus`.
    pub operation: String,
    /// How: `never ends`, `503 ServerBusy`.
    pub effect: String,
    /// From when.
    pub from: Timestamp,
    /// Until when; none when it lasts to the end.
    pub until: Option<Timestamp>,
    /// How many requests it hits; none when it hits every one.
    pub times: Option<u32>,
}
