//! From what was observed to findings, strategies and plans: pure functions, one file per Azure service.

mod finding;

pub use finding::{Answer, Evidence, Finding, Severity};
