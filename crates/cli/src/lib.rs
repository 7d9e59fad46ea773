//! The `lifeboat` command: what was typed, and how everything it finds out is shown.
//!
//! Here: arguments, wiring, tables, progress, reports, errors as people see them. Not here: rules of the domain; this
//! crate decides nothing about a workload. Start with [`args`] for what can be typed and [`report`] for what comes out.

pub mod args;
pub mod commands;
pub mod errors;
pub mod format;
pub mod graph;
mod interrupt;
pub mod layout;
mod load;
mod marks;
pub mod output;
pub mod progress;
pub mod report;
pub mod style;
pub mod tables;
