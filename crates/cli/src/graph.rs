//! An expanded template as a graph: what is deployed, and what waits for what.
//!
//! Here: which boxes and arrows there are ([`Graph`]), where they go, and how they are written for Graphviz and as a picture.
//! An arrow always leads from what waits to what it waits for, as `dependsOn` does; pictures put what is made first to the
//! left. Not here: text for terminals, which `layout` lays out.

mod dot;
mod layered;
mod model;
mod place;
mod svg;

pub use dot::dot;
pub use model::{Arrow, Graph};
pub use svg::svg;
