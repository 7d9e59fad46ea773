//! The command: reads what was typed and the surroundings, runs, prints errors, ends with an exit code.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use lifeboat_cli::args::Args;
use lifeboat_cli::errors;
use lifeboat_cli::layout::Layout;
use lifeboat_cli::output::{Surroundings, complain};
use lifeboat_cli::style::Style;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let surroundings = surroundings();
    match lifeboat_cli::commands::run(&args, &surroundings) {
        Ok(exit) => exit.into(),
        Err(error) => {
            complain(&errors::render(&error, surroundings.stderr));
            error.exit().into()
        }
    }
}

/// What the streams are and what the environment asks for: read here, once, and passed down.
fn surroundings() -> Surroundings {
    let no_color = std::env::var_os("NO_COLOR");
    let columns = std::env::var_os("COLUMNS").and_then(|columns| columns.to_str()?.parse::<usize>().ok());
    let width = columns.unwrap_or(100).clamp(60, 100);
    let stdout = std::io::stdout().is_terminal();
    let stderr = std::io::stderr().is_terminal();
    Surroundings {
        stdout: Layout { width, style: Style::of(stdout, no_color.as_deref()) },
        stderr: Layout { width, style: Style::of(stderr, no_color.as_deref()) },
        today: today(),
        stderr_is_terminal: stderr,
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary owns the clock")]
fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
