//! Measurements: how fast Lifeboat is, how much memory it takes, how few requests it sends.
//!
//! `cargo run --release -p lifeboat-bench -- all` prints every figure with its bound; `docs/performance.md` keeps the
//! figures and says how to read them. Nothing here may be needed by the product, and no test asserts a time: this is
//! the one crate that reads a clock for its own sake. Start with [`Figure`], then `drill`, `planning`, `throttle`,
//! `lab`, `template`, `checkov`, one file per group of figures.

pub mod checkov;
mod clock;
pub mod drill;
mod figure;
mod generated;
pub mod instructions;
pub mod lab;
mod layers;
pub mod planning;
mod process;
mod shell;
pub mod template;
mod terraform;
pub mod throttle;

pub use clock::Spent;
pub use figure::{Figure, Verdict, render};
pub use process::{Usage, measure};
