//! Tasks for developers: `cargo xtask test`, `cargo xtask prove`.

mod prove;

use std::io::Write as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

const USAGE: &str = "usage: cargo xtask test [ARGUMENTS OF cargo test]
       cargo xtask prove [ID…]      take out what cites each id and see a test that cites it turn red
       cargo xtask prove --list     what cites each id: rules, steps, refusals, tests
       cargo xtask prove --page     write docs/requirements.md";

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test", more @ ..] => test(more),
        ["prove", "--list"] => prove::list(),
        ["prove", "--page"] => prove::page(),
        ["prove", ids @ ..] if ids.iter().all(|id| !id.starts_with('-')) => prove::prove(ids),
        ["--help" | "-h"] | ["prove", "--help" | "-h"] => {
            writeln!(std::io::stdout(), "{USAGE}")?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            writeln!(std::io::stderr(), "{USAGE}")?;
            Ok(ExitCode::from(2))
        }
    }
}

/// All tests of all crates. `cargo test` alone would cover the default member only.
fn test(more: &[&str]) -> Result<ExitCode> {
    let status = Command::new(env!("CARGO"))
        .args(["test", "--workspace"])
        .args(more)
        .status()
        .context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
