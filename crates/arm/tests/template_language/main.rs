//! The language as documented: every function with its examples, edges and refusals, then the rules around them.
//!
//! An expected value that begins with `!` is the code of the first mistake.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod diagnostics;
mod functions;
mod limits;
mod nesting;
mod properties;
mod version_two;
mod world;
