//! What the requirements say of Service Bus, seen through findings and plans. Each test names the ids that it proves, and
//! turns red when what cites them is taken out (`cargo xtask prove`).

mod plans;
mod rules;
mod stages;
mod world;
