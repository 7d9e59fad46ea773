//! The wiring: from what was typed to what is shown.

use crate::args::{Args, Command};
use crate::errors::{CliError, Exit};
use crate::output::Surroundings;

/// Runs one command.
pub fn run(args: &Args, _surroundings: &Surroundings) -> Result<Exit, CliError> {
    let name = match args.command {
        Command::Drill(_) => "drill",
        Command::Assess(_) => "assess",
        Command::Explain(_) => "explain",
        Command::Plan(_) => "plan",
    };
    Err(CliError::Missing { command: name })
}
