//! What people see: the report as text and page, tables, errors.

mod fixture;
mod text;
mod html;
