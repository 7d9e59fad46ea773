//! The only place that writes: data to stdout, everything else to stderr, reports into their folder.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use lifeboat_sim::DrillReport;

use crate::errors::CliError;
use crate::layout::Layout;
use crate::report::{html, json};

/// What the standard streams are and how text on them should look.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// How text on stdout is laid out.
    pub stdout: Layout,
    /// How text on stderr is laid out.
    pub stderr: Layout,
    /// Whether progress may redraw its line.
    pub stderr_is_terminal: bool,
}

/// Writes data to stdout, ending in a line break. A reader that went away (`| head`) is no error.
pub fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a message to stderr.
#[expect(clippy::print_stderr, reason = "the one named place for messages")]
pub fn complain(text: &str) {
    eprint!("{text}");
    if !text.ends_with('\n') {
        eprintln!();
    }
}

/// Writes `report.html` and `report.json` into a folder, which is made if it does not exist, and says where they are.
pub fn save_report(folder: &Path, report: &DrillReport) -> Result<[PathBuf; 2], CliError> {
    let document = json::render(report)
        .map_err(|error| CliError::caused_by("the report cannot be written as JSON", error))?;
    std::fs::create_dir_all(folder).map_err(|error| {
        CliError::caused_by(format!("cannot make the folder `{}`", folder.display()), error)
    })?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        match std::fs::write(&path, text) {
            Ok(()) => Ok(path),
            Err(error) => Err(CliError::caused_by(format!("cannot write `{}`", path.display()), error)),
        }
    };
    Ok([write("report.html", &html::render(report))?, write("report.json", &document)?])
}

/// Writes lines into a file of a folder that exists.
pub fn save_lines(folder: &Path, name: &str, lines: &[String]) -> Result<(), CliError> {
    let path = folder.join(name);
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        text.push_str(line.trim_end_matches('\n'));
        text.push('\n');
    }
    std::fs::write(&path, text)
        .map_err(|error| CliError::caused_by(format!("cannot write `{}`", path.display()), error))
}
