//! Building the copy: one program per test target.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// A program that holds tests.
#[derive(Debug)]
pub(super) struct Program {
    /// Its crate's folder.
    pub(super) package: String,
    /// Where it runs.
    pub(super) folder: PathBuf,
    /// The program.
    pub(super) path: PathBuf,
    /// The names of its tests.
    pub(super) tests: Vec<String>,
}

/// Builds all tests of the product's crates.
pub(super) fn build(copy: &Path) -> Result<Vec<Program>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "test",
            "--workspace",
            "--exclude",
            "xtask",
            "--no-run",
            "--message-format=json-render-diagnostics",
        ])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", copy.join("target"))
        .env("RUSTFLAGS", "--cap-lints allow")
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the copy with switches does not build: a replacement in `rows.rs` is wrong");
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut programs = Vec::new();
    for line in text.lines().filter(|line| line.contains("\"test\":true")) {
        let (Some(path), Some(manifest)) = (text_of(line, "executable"), text_of(line, "manifest_path"))
        else {
            continue;
        };
        let folder = Path::new(&manifest).parent().context("a manifest without a folder")?.to_owned();
        let package = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let listed =
            Command::new(&path).args(["--list", "--format", "terse"]).current_dir(&folder).output()?;
        let tests = String::from_utf8_lossy(&listed.stdout)
            .lines()
            .filter_map(|line| line.strip_suffix(": test"))
            .map(str::to_owned)
            .collect();
        programs.push(Program { package, folder, path: path.into(), tests });
    }
    Ok(programs)
}

/// A text member of a line of JSON that cargo wrote.
fn text_of(line: &str, name: &str) -> Option<String> {
    let start = format!("\"{name}\":\"");
    Some(line.split_once(&start)?.1.split('"').next()?.replace("\\\\", "\\"))
}
