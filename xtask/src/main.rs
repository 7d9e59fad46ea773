//! Tasks for developers: `cargo xtask test`, `cargo xtask prove`.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test", more @ ..] => test(more),
        _ => bail!("usage: cargo xtask test [ARGUMENTS OF cargo test]"),
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
