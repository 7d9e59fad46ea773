//! What people see: the report as text and page, tables, errors.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built is a failed test")]

mod errors;
mod fixture;
mod html;
mod page;
mod plans;
mod tables;
mod text;
