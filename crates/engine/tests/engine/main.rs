//! The engine against a tiny world in virtual time: one story per behaviour, crash sweeps, random plans.

#![expect(clippy::unwrap_used, reason = "the helpers of tests panic as tests do")]

mod acting;
mod answers;
mod asserts;
mod crashes;
mod filling;
mod giving_up;
mod people;
mod plans;
mod properties;
mod shell;
mod stages;
mod throttling;
mod transfers;
mod world;
