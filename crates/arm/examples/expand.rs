//! Expands a template and prints what would be deployed: `expand TEMPLATE [NAME=VALUE …]`.
//!
//! The crate does no I/O. This program does: it reads the template, finds linked ones beside it, and prints.

#![expect(clippy::print_stdout, reason = "it is a program, and prints what it finds")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use lifeboat_arm::template::links::without_query;
use lifeboat_arm::template::{Context, Link, Linked, LinkedTemplate, ResourceGroupInfo, Template, expand};
use serde_json::Value;

fn main() -> ExitCode {
    let mut typed = std::env::args().skip(1);
    let Some(file) = typed.next() else {
        println!("usage: expand TEMPLATE [NAME=VALUE …]");
        return ExitCode::from(2);
    };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            println!("cannot read {file}: {error}");
            return ExitCode::from(2);
        }
    };
    let template = match Template::parse(&file, &text) {
        Ok(template) => template,
        Err(mistakes) => {
            for mistake in &mistakes {
                println!("{mistake}");
            }
            return ExitCode::FAILURE;
        }
    };
    let expansion = expand(&template, &values(typed), &context(), &Files);
    for resource in &expansion.resources {
        println!("{}", resource.id);
        for id in &resource.depends_on {
            println!("  waits for {id}");
        }
        for rest in &resource.deferred {
            println!("  {} = {}", rest.pointer, rest.expression);
        }
    }
    expansion.diagnostics.iter().for_each(|mistake| println!("{mistake}"));
    if expansion.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// `NAME=VALUE`: JSON if it is, else text.
fn values(typed: impl Iterator<Item = String>) -> BTreeMap<String, Value> {
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| text.into());
    typed.filter_map(|word| word.split_once('=').map(|(name, text)| (name.to_owned(), value(text)))).collect()
}

/// Where the template would be deployed.
fn context() -> Context {
    Context {
        subscription: "00000000-0000-0000-0000-000000000000".into(),
        tenant: "00000000-0000-0000-0000-000000000000".into(),
        resource_group: Some(ResourceGroupInfo { name: "example".into(), location: "westeurope".into() }),
        location: Some("westeurope".into()),
        deployment_name: "example".into(),
        management_group: None,
        now: jiff::Timestamp::UNIX_EPOCH,
        new_guid_seed: "example".into(),
        groups: BTreeMap::new(),
    }
}

/// Linked templates, read where their path leads.
struct Files;

impl Linked for Files {
    fn load(&self, link: Link<'_>) -> Option<LinkedTemplate> {
        let file = without_query(link.to).to_owned();
        let text = std::fs::read_to_string(Path::new(&file)).ok()?;
        Some(LinkedTemplate { file, text })
    }
}
