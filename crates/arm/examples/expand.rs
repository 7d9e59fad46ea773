//! Expands a template and prints what would be deployed: `expand TEMPLATE [NAME=VALUE …]`.
//!
//! The crate does no I/O. This program does: it reads the template, finds linked ones beside it, and prints.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program, and prints what it finds")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use lifeboat_arm::template::links::without_query;
use lifeboat_arm::template::{Context, Expansion, Link, Linked, LinkedTemplate, Template, expand};
use serde_json::Value;

fn main() -> ExitCode {
    let mut typed = std::env::args().skip(1);
    let Some(file) = typed.next() else {
        eprintln!("usage: expand TEMPLATE [NAME=VALUE …]");
        return ExitCode::from(2);
    };
    match expanded(&file, &values(typed)) {
        Ok(expansion) => {
            print!("{}", listed(&expansion));
            expansion.diagnostics.iter().for_each(|mistake| eprintln!("{mistake}"));
            if expansion.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Reads a template and expands it for a group in West Europe.
pub(crate) fn expanded(file: &str, values: &BTreeMap<String, Value>) -> Result<Expansion, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let lines = |mistakes: Vec<_>| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let template = Template::parse(file, &text).map_err(lines)?;
    let now = jiff::Timestamp::UNIX_EPOCH;
    let context = Context::for_group("00000000-0000-0000-0000-000000000000", "example", "westeurope", now);
    Ok(expand(&template, values, &context, &Files))
}

/// One line for each resource, with what it waits for and what only the run can tell.
pub(crate) fn listed(expansion: &Expansion) -> String {
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").expect("writing to a string cannot fail");
    for resource in &expansion.resources {
        line(resource.id.clone());
        for id in &resource.depends_on {
            line(format!("  waits for {id}"));
        }
        for rest in &resource.deferred {
            line(format!("  {} = {}", rest.pointer, rest.expression));
        }
    }
    text
}

/// `NAME=VALUE`: JSON if it is, else text.
fn values(typed: impl Iterator<Item = String>) -> BTreeMap<String, Value> {
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| text.into());
    typed.filter_map(|word| word.split_once('=').map(|(name, text)| (name.to_owned(), value(text)))).collect()
}

/// Linked templates, read where their path leads.
struct Files;

impl Linked for Files {
    fn load(&self, link: Link<'_>) -> Option<LinkedTemplate> {
        let file = without_query(link.to).to_owned();
        let text = std::fs::read_to_string(&file).ok()?;
        Some(LinkedTemplate { file, text })
    }
}
