//! Makes a template serve a second region: `lift TEMPLATE REGION OTHER-REGION`.
//!
//! What ties it to its region goes to stderr; the template with that lifted into parameters, and the parameter files of both
//! regions, go to stdout. Linked templates are not followed here: `expand.rs` shows how that is done.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program, and prints what it finds")]

use std::collections::BTreeMap;
use std::process::ExitCode;

use lifeboat_arm::Region;
use lifeboat_arm::template::lift::{Lift, Lifted, lift, parameter_file};
use lifeboat_arm::template::regions::ties;
use lifeboat_arm::template::{Context, NoLinks, Template};

fn main() -> ExitCode {
    let typed: Vec<String> = std::env::args().skip(1).collect();
    let [file, primary, secondary] = &typed[..] else {
        eprintln!("usage: lift TEMPLATE REGION OTHER-REGION");
        return ExitCode::from(2);
    };
    let found = read(file).and_then(|template| {
        for tie in ties(&template) {
            eprintln!("{tie}");
        }
        lifted(&template, primary, secondary)
    });
    match found {
        Ok(lifted) => {
            println!("{}", lifted.text);
            for values in [&lifted.primary, &lifted.secondary] {
                println!("{}", parameter_file(values, &BTreeMap::new()));
            }
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Reads a template; its mistakes are lines.
pub(crate) fn read(file: &str) -> Result<Template, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let lines = |mistakes: Vec<_>| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Template::parse(file, &text).map_err(lines)
}

/// Lifts what ties a template to its region, and proves that nothing else changed.
pub(crate) fn lifted(template: &Template, primary: &str, secondary: &str) -> Result<Lifted, String> {
    let region = |name: &str| Region::parse(name).map_err(|error| error.to_string());
    let now = jiff::Timestamp::UNIX_EPOCH;
    let context = Context::for_group("00000000-0000-0000-0000-000000000000", "example", primary, now);
    let wanted = Lift {
        template,
        given: &BTreeMap::new(),
        references: &BTreeMap::new(),
        primary: &region(primary)?,
        secondary: &region(secondary)?,
        context: &context,
        linked: &NoLinks,
    };
    lift(&wanted).map_err(|error| error.to_string())
}
