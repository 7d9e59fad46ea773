//! Simulation tests: every plan of the story against every crash, every refusal, a second executor, and bad luck.
//!
//! `example.rs` holds the workload, `story.rs` its life cut into chapters (one plan each, with the world as it was when
//! the plan began), `executor.rs` a shell that can be stopped between any two effects. The other files are the tests.

mod chance;
mod determinism;
pub(crate) mod example;
mod executor;
mod failing;
mod fresh;
mod half_moves;
mod picture;
mod properties;
mod racing;
mod requirements;
mod scenarios;
pub(crate) mod seen;
mod shown;
mod story;
mod sums;
mod sweep;
mod templates;
mod truth;
