//! The only place that writes: data to stdout, everything else to stderr, reports into their folder.

use jiff::civil::Date;
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
    /// The day, in UTC: what somebody accepted holds until a day.
    pub today: Date,
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

/// The files of a report: page, document, and lines of what happened.
pub fn report_files(
    report: &DrillReport,
    events: &[String],
    journal: &[String],
) -> Result<Vec<(&'static str, String)>, CliError> {
    let document = json::render(report)
        .map_err(|error| CliError::caused_by("the report cannot be written as JSON", error))?;
    Ok(vec![
        ("report.html", html::render(report)),
        ("report.json", document),
        ("events.jsonl", lines(events)),
        ("journal.jsonl", lines(journal)),
    ])
}

fn lines(lines: &[String]) -> String {
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        text.push_str(line.trim_end_matches('\n'));
        text.push('\n');
    }
    text
}

/// Whether files can be written into a folder, which is made if it does not exist: told before the work, not after it. What
/// was made for the test is removed again.
pub fn can_write_into(folder: &Path) -> Result<(), CliError> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    let tried = save_all(folder, &[(".test", String::new())]);
    drop(std::fs::remove_file(folder.join(".test")));
    for made in missing {
        drop(std::fs::remove_dir(made));
    }
    tried
}

/// Writes all files of a folder or none of them: each under another name first, and renamed once all are there. The
/// folder is made if it does not exist.
pub fn save_all(folder: &Path, files: &[(&str, String)]) -> Result<(), CliError> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let is_new = !folder.exists();
    std::fs::create_dir_all(folder).map_err(|error| {
        CliError::caused_by(format!("cannot make the folder `{}`", folder.display()), error)
            .with_hint("name a folder that can be written to")
    })?;
    let parts: Vec<(PathBuf, PathBuf)> =
        files.iter().map(|(name, _)| (folder.join(format!(".{name}.part")), folder.join(name))).collect();
    let written = write_parts(&parts, files);
    if written.is_err() {
        // What cannot be removed now was not written either; the first error is the one to tell.
        for (part, _) in &parts {
            drop(std::fs::remove_file(part));
        }
        if is_new {
            drop(std::fs::remove_dir(folder));
        }
    }
    written
}

fn write_parts(parts: &[(PathBuf, PathBuf)], files: &[(&str, String)]) -> Result<(), CliError> {
    let cannot = |path: &Path, error: io::Error| {
        CliError::caused_by(format!("cannot write `{}`", path.display()), error)
            .with_hint("name a place that can be written to")
    };
    for ((part, path), (_, text)) in parts.iter().zip(files) {
        if path.is_dir() {
            return Err(cannot(path, io::Error::from(io::ErrorKind::IsADirectory)));
        }
        std::fs::write(part, text).map_err(|error| cannot(path, error))?;
    }
    for (part, path) in parts {
        std::fs::rename(part, path).map_err(|error| cannot(path, error))?;
    }
    Ok(())
}
