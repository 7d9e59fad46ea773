//! The engine against a tiny world in virtual time.

mod plans;
mod story;
mod world;
