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
    let missing = missing(folder);
    // A name that nobody has: what is there stays there.
    let free =
        (0..u32::MAX).map(|number| format!(".lifeboat-{number}")).find(|name| !folder.join(name).exists());
    let name = free.unwrap_or_default();
    let tried = save_all(folder, &[(&name, String::new())]);
    drop(std::fs::remove_file(folder.join(&name)));
    remove_folders(&missing);
    tried
}

/// Writes all files below a folder or none of them: each under another name first, and renamed once all are there. Folders
/// that do not exist are made.
pub fn save_all<P: AsRef<Path>>(folder: &Path, files: &[(P, String)]) -> Result<(), CliError> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut made = Vec::new();
    let mut parts = Vec::new();
    let saved = write_parts(folder, files, &mut made, &mut parts).and_then(|()| put_in_place(&parts));
    if saved.is_err() {
        // The first error is the one to tell.
        for (part, _) in &parts {
            drop(std::fs::remove_file(part));
        }
        remove_folders(&made);
    }
    saved
}

/// Gives each file its own name. What had it is kept until all are in place, and comes back if one cannot be.
fn put_in_place(parts: &[(PathBuf, PathBuf)]) -> Result<(), CliError> {
    let kept = |path: &Path| hidden(path, "old");
    let mut done: Vec<(&Path, bool)> = Vec::new();
    let put = parts.iter().try_for_each(|(part, path)| {
        let cannot = |error| cannot_write(path, error);
        let replaces = path.exists();
        if replaces {
            std::fs::rename(path, kept(path)).map_err(cannot)?;
        }
        done.push((path, replaces));
        std::fs::rename(part, path).map_err(cannot)
    });
    for (path, replaced) in &done {
        match (&put, replaced) {
            (Ok(()), true) => drop(std::fs::remove_file(kept(path))),
            (Ok(()), false) => {}
            (Err(_), true) => drop(std::fs::rename(kept(path), path)),
            (Err(_), false) => drop(std::fs::remove_file(path)),
        }
    }
    put
}

/// The name of a file that stands beside another for a moment.
fn hidden(path: &Path, end: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{end}"))
}

/// Writes each file under another name beside its own, and takes down what was made.
fn write_parts<P: AsRef<Path>>(
    folder: &Path,
    files: &[(P, String)],
    made: &mut Vec<PathBuf>,
    parts: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), CliError> {
    for (name, text) in files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        // The innermost first: that is the order to remove them in.
        made.splice(0..0, missing(parent));
        std::fs::create_dir_all(parent).map_err(|error| {
            CliError::caused_by(format!("cannot make the folder `{}`", parent.display()), error)
                .with_hint("name a folder that can be written to")
        })?;
        if path.is_dir() {
            return Err(cannot_write(&path, io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let part = hidden(&path, "part");
        parts.push((part.clone(), path.clone()));
        std::fs::write(part, text).map_err(|error| cannot_write(&path, error))?;
    }
    Ok(())
}

fn cannot_write(path: &Path, error: io::Error) -> CliError {
    CliError::caused_by(format!("cannot write `{}`", path.display()), error)
        .with_hint("name a place that can be written to")
}

/// The folders on the way to one that do not exist, the innermost first.
fn missing(folder: &Path) -> Vec<PathBuf> {
    let all = folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
    all.map(Path::to_owned).collect()
}

/// Removes folders that are empty again.
fn remove_folders(folders: &[PathBuf]) {
    for folder in folders {
        drop(std::fs::remove_dir(folder));
    }
}
