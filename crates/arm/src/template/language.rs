//! The language inside a template's strings: what is written in them, what it is worth, and of what type that is.
//!
//! Start at `evaluate`. The `parser` makes an [`Expression`](expression::Expression) of a text, `evaluate` makes a
//! [`Value`](value::Value) of it with the `functions`, each in the file of its documented category, and `node` evaluates JSON
//! that holds expressions. What they ask of the template around them, of the resources beside, and of the run stands in
//! `surroundings`. `types` judges values as declarations do; `format`, `unique` and `uri` do what .NET and Azure do under those
//! names.

pub(crate) mod evaluate;
pub(crate) mod expression;
pub(crate) mod fault;
mod format;
pub(crate) mod functions;
pub(crate) mod node;
pub(crate) mod parser;
pub(crate) mod scope;
pub(crate) mod surroundings;
pub(crate) mod types;
pub(crate) mod unique;
pub(crate) mod uri;
pub(crate) mod value;
