//! The language as documented: every function with its examples, edges and refusals, then the rules around them.
//!
//! An expected value that begins with `!` is the code of the first mistake.

mod functions;
mod world;
