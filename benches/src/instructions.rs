//! Instructions that the template engine executes, counted by valgrind: the same on a busy machine as on an idle one, so a
//! loss that no clock would show there is seen in CI.
//!
//! `instructions.txt` holds what was counted last, and by which compiler. Whoever makes the engine slower or faster on
//! purpose writes the new numbers there.

use std::io::Write as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::figure::number;
use crate::template::COPIES;

/// What was counted last: a name and a number per line, and the compiler.
const RECORDED: &str = include_str!("../instructions.txt");
/// More than this of the recorded number is a loss: other processors copy and compare texts with other instructions.
const LOSS: f64 = 1.08;
/// Less than this should be written down.
const GAIN: f64 = 0.95;
/// Ten times as many turns of nested loops may take so many times the instructions.
const LINEAR: f64 = 10.5;

/// Counts, compares, prints. Fails where more is executed than was recorded, or where loops are not linear.
pub fn check() -> Result<ExitCode> {
    let compiler = compiler()?;
    let recorded_with = RECORDED.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default();
    let judged = compiler == recorded_with;
    let mut out = std::io::stdout().lock();
    if !judged {
        writeln!(out, "recorded with {recorded_with}, this is {compiler}: what is counted is not judged")?;
    }
    let mut good = true;
    for (what, recorded) in recorded()? {
        let counted = turn(what)?;
        let ratio = as_float(counted) / as_float(recorded);
        let verdict = match ratio {
            _ if !judged => "",
            ratio if ratio > LOSS => "SLOWER",
            ratio if ratio < GAIN => "faster: write it down in benches/instructions.txt",
            _ => "as recorded",
        };
        good &= verdict != "SLOWER";
        writeln!(out, "{what} {counted} ({} of what was recorded) {verdict}", number(ratio, "×"))?;
    }
    let copies = |turns: u32| turn(&format!("{COPIES}{turns}")).map(as_float);
    let growth = copies(10_000)? / copies(1_000)?;
    let linear = growth <= LINEAR;
    let verdict = if linear { "linear" } else { "NOT LINEAR" };
    writeln!(out, "10,000 nested turns of 1,000: {} (at most {LINEAR}) {verdict}", number(growth, "×"))?;
    Ok(if good && linear { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn recorded() -> Result<Vec<(&'static str, u64)>> {
    let lines = RECORDED.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (what, count) = line.split_once(' ').with_context(|| format!("`{line}` has no number"))?;
            let count = count.trim().parse().with_context(|| format!("`{line}` has no whole number"))?;
            Ok((what, count))
        })
        .collect()
}

/// The instructions of one more turn: what the process does besides falls out.
fn turn(what: &str) -> Result<u64> {
    Ok(counted(what, "2")?.saturating_sub(counted(what, "1")?))
}

fn counted(what: &str, times: &str) -> Result<u64> {
    let own = std::env::current_exe().context("the path of this program is not known")?;
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .args(["template-run", what, times])
        .output()
        .context("cannot start valgrind, which counts the instructions: install the package `valgrind`")?;
    let said = String::from_utf8_lossy(&run.stderr);
    if !run.status.success() {
        bail!("valgrind ended with {}: {said}", run.status);
    }
    let line =
        said.lines().find_map(|line| line.split_once("Collected :")).context("valgrind counted nothing")?;
    line.1.trim().parse().with_context(|| format!("valgrind counted `{}`", line.1.trim()))
}

fn compiler() -> Result<String> {
    let said = Command::new("rustc").arg("--version").output().context("cannot start rustc")?;
    Ok(format!("{} {}", String::from_utf8_lossy(&said.stdout).trim(), std::env::consts::ARCH))
}

#[expect(clippy::cast_precision_loss, reason = "instructions need no more than 52 bits")]
fn as_float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_can_be_read() {
        let recorded = recorded().expect("every line is a name and a number");
        assert!(recorded.len() >= 2, "{recorded:?}");
        assert!(RECORDED.starts_with("# rustc "), "the compiler stands first");
    }
}
