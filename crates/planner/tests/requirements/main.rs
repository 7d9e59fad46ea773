//! What the requirements say of Service Bus, seen through findings and plans. Each test names the ids that it proves, and
//! turns red when what cites them is taken out (`cargo xtask prove`).

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built is a failed test")]
#![expect(clippy::needless_pass_by_value, reason = "`json!` is written where it is passed")]

mod plans;
mod rules;
mod stages;
mod world;
