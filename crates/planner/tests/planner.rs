//! What the planner answers: rules, plans for Service Bus, reading templates, predictions.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built is a failed test")]
#![expect(clippy::disallowed_methods, reason = "a test finds its data by the environment")]

mod fixtures;
mod predictions;
mod reading;
mod rules;
mod service_bus_plans;
