//! What the planner answers: rules, plans for Service Bus, reading templates, predictions.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built is a failed test")]

mod fixtures;
mod predictions;
mod reading;
mod rules;
mod service_bus_plans;
