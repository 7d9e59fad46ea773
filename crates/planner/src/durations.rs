//! How long Azure takes, as far as pages and samples say. Never the lab's constants: those are the world's secret.
//!
//! Here: what every deployment needs. Not here: what one service takes (`services/NAME/durations.rs`).

use lifeboat_arm::ResourceType;
use lifeboat_plan::Forecast;

use crate::services::service_of;

/// Creating one resource of a type: what its service says, else what a page says, else a guess.
pub(crate) fn creation(kind: &ResourceType) -> Forecast {
    if let Some(known) = service_of(kind).creation(kind) {
        return known;
    }
    let Some((_, typical, p95, page)) = CREATION.iter().find(|(name, ..)| kind.is(name)) else {
        return Forecast::assumed(30, 120, "most resources are created within two minutes");
    };
    Forecast::documented(*typical, *p95, page)
}

/// Types of no service that has a file of its own: type, usual and cautious seconds, page.
const CREATION: &[(&str, i64, i64, &str)] = &[
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
