//! Prints figures: `cargo run --release -p lifeboat-bench -- all|drill|plan|throttle|lab|template|assess|instructions`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser as _;
use lifeboat_bench::{
    Figure, checkov, drill, instructions, lab, measure, planning, render, template, throttle,
};
use lifeboat_cli::layout::Layout;
use lifeboat_cli::output::Surroundings;
use lifeboat_cli::style::Style;

/// The same as in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: lifeboat-bench all|drill|plan|throttle|lab|template|assess|instructions [--rounds N] [--drills N] [FOLDER WITH TEMPLATES …]";

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        // Parts of a measurement, each in a process of its own.
        ["measure", program, ..] => measure(program, &arguments[2..])?,
        ["lifeboat", ..] => return lifeboat(&arguments),
        ["drills", count] => drill::run_many(count.parse()?)?,
        ["steps", count] => planning::run_steps(count.parse()?)?,
        ["phases", count] => planning::run_phases(count.parse()?)?,
        ["template-run", what, times] => template::run(what, times.parse()?)?,
        ["instructions"] => return instructions::check(),
        ["hold", with, file] => template::hold(with, file)?,
        [group, more @ ..] => show(group, &Options::read(more)?)?,
        [] => bail!(USAGE),
    }
    Ok(ExitCode::SUCCESS)
}

/// The product's command, without a terminal.
fn lifeboat(arguments: &[String]) -> Result<ExitCode> {
    let args = lifeboat_cli::args::Args::parse_from(arguments);
    let layout = Layout { width: 100, style: Style::Plain };
    let surroundings = Surroundings {
        stdout: layout,
        stderr: layout,
        today: jiff::civil::date(2026, 1, 1),
        stderr_is_terminal: false,
    };
    Ok(lifeboat_cli::commands::run(&args, &surroundings)?.into())
}

struct Options {
    rounds: usize,
    drills: u64,
    folders: Vec<PathBuf>,
}

impl Options {
    fn read(words: &[&str]) -> Result<Self> {
        let mut options = Self { rounds: 3, drills: 1_000, folders: Vec::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match (*word, words.clone().next()) {
                ("--rounds", Some(count)) => options.rounds = count.parse()?,
                ("--drills", Some(count)) => options.drills = count.parse()?,
                (option, _) if option.starts_with('-') => bail!(USAGE),
                (folder, _) => {
                    options.folders.push(folder.into());
                    continue;
                }
            }
            words.next();
        }
        Ok(options)
    }
}

/// Each group as soon as it is measured.
fn show(group: &str, options: &Options) -> Result<()> {
    type Measure = fn(&Options) -> Result<Vec<Figure>>;
    let groups: [(&str, Measure); 6] = [
        ("drill", |options| drill::figures(options.rounds, options.drills)),
        ("plan", |options| planning::figures(options.rounds)),
        ("throttle", |_| throttle::figures(1_000)),
        ("lab", |options| lab::figures(options.rounds)),
        ("template", |options| template::figures(options.rounds, &options.folders)),
        ("assess", |options| checkov::figures(options.rounds, &options.folders)),
    ];
    let wanted: Vec<_> = groups.iter().filter(|(name, _)| group == "all" || group == *name).collect();
    if wanted.is_empty() {
        bail!(USAGE);
    }
    for (name, figures) in wanted {
        writeln!(std::io::stdout(), "{name}\n{}", render(&figures(options)?))?;
    }
    Ok(())
}
