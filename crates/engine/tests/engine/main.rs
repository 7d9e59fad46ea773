//! The engine against a tiny world in virtual time.

#![expect(clippy::unwrap_used, reason = "the helpers of tests panic as tests do")]

mod crashes;
mod plans;
mod properties;
mod story;
mod throttling;
mod world;
