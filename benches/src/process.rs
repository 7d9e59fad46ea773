//! Whole processes: wall time, processor time and peak memory, as the kernel counts them when a child has ended.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use crate::clock::{cpu_of, now};

/// What a process took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// From its start to its end.
    pub wall: Duration,
    /// User and system time of all its threads and children.
    pub cpu: Duration,
    /// The most memory it ever had resident, in bytes (`VmHWM`).
    pub peak: u64,
    /// How it ended.
    pub exit: i32,
}

impl Usage {
    pub(crate) fn peak_mb(&self) -> f64 {
        megabytes(self.peak)
    }
}

#[expect(clippy::cast_precision_loss, reason = "memory in megabytes needs no more than 52 bits")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Runs a program and waits for it. To be called once per process: the kernel adds up all children and keeps the
/// largest peak, so each measurement has a process of its own (`Probe` starts it).
pub fn measure(program: &str, arguments: &[String]) -> Result<()> {
    let started = now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("cannot start `{program}`"))?;
    let wall = started.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("the kernel tells nothing about children")?;
    let peak = u64::try_from(usage.max_rss()).unwrap_or(0) * 1024;
    let usage = Usage { wall, cpu: cpu_of(&usage), peak, exit: status.code().unwrap_or(-1) };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&usage)?)?;
    Ok(())
}

/// A program to be measured.
pub(crate) struct Probe(Command);

impl Probe {
    /// Any program.
    pub(crate) fn program(program: &str) -> Result<Self> {
        let mut command = own()?;
        command.args(["measure", program]);
        Ok(Self(command))
    }

    /// The `lifeboat` command: the same code, started from this binary.
    pub(crate) fn lifeboat() -> Result<Self> {
        Self::part("lifeboat")
    }

    /// A part of this binary.
    pub(crate) fn part(part: &str) -> Result<Self> {
        let own = std::env::current_exe().context("the path of this program is not known")?;
        let mut probe = Self::program(own.to_str().context("the path of this program is no text")?)?;
        probe.0.arg(part);
        Ok(probe)
    }

    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn within(mut self, folder: &std::path::Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    pub(crate) fn without_variable(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    /// Runs it to its end, which must be a good one.
    pub(crate) fn run(self) -> Result<Usage> {
        self.run_to(0)
    }

    /// Runs it to its end. A bad answer of a command that did its work is an end, too; nothing above this is.
    pub(crate) fn run_to(mut self, worst: i32) -> Result<Usage> {
        let out = self.0.stderr(Stdio::inherit()).output().context("cannot measure a process")?;
        let usage: Usage = serde_json::from_slice(&out.stdout).context("the measurement says nothing")?;
        if !(0..=worst).contains(&usage.exit) {
            bail!("what was measured ended with {}: {:?}", usage.exit, self.0);
        }
        Ok(usage)
    }
}

/// This binary, for a part whose output is wanted.
pub(crate) fn own() -> Result<Command> {
    Ok(Command::new(std::env::current_exe().context("the path of this program is not known")?))
}

/// Memory that this process has resident now, in bytes.
pub(crate) fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("only Linux tells")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().context("VmRSS is no number")?;
    Ok(kilobytes * 1024)
}

/// A folder of its own, gone when this is dropped.
pub(crate) struct Folder(pub(crate) std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("lifeboat-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
