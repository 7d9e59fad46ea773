//! The engine against a tiny world in virtual time.

mod crashes;
mod plans;
mod properties;
mod story;
mod throttling;
mod world;
