//! Running tests with something taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::build::Program;
use super::cite::{Citations, Test};
use super::row::{Row, VARIABLE};
use super::show;

/// What came of one id of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The row's key.
    pub(super) key: String,
    /// The id.
    pub(super) id: String,
    /// The tests that cite it and turned red.
    pub(super) red: Vec<String>,
    /// How many tests cite it.
    pub(super) citing: usize,
}

impl Verdict {
    pub(super) fn is_proof(&self) -> bool {
        !self.red.is_empty()
    }
}

/// Tests of one program, by name.
type Picked<'a> = BTreeMap<usize, BTreeSet<&'a str>>;

/// Takes out row after row. A test that is red with everything in proves nothing.
pub(super) fn run(rows: &[Row], tests: &Citations, programs: Vec<Program>) -> Result<Vec<Verdict>> {
    let (programs, ill) = quick_first(rows, tests, programs)?;
    for name in &ill {
        show::line(&format!("red with everything in, so no proof of anything: {name}"));
    }
    let (next, verdicts) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || -> Result<()> {
        while let Some((index, row)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            rows.get(index).map(|row| (index, row))
        } {
            let of_row = try_out(row, tests, &programs, &ill)?;
            show::progress(index + 1, rows.len(), row, &of_row);
            verdicts
                .lock()
                .map_err(|poisoned| anyhow::anyhow!("a trial panicked: {poisoned}"))?
                .push((index, of_row));
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(_panic) => bail!("a trial panicked"),
        })
    })?;
    let mut verdicts =
        verdicts.into_inner().map_err(|poisoned| anyhow::anyhow!("a trial panicked: {poisoned}"))?;
    verdicts.sort_by_key(|(index, _)| *index);
    Ok(verdicts.into_iter().flat_map(|(_, verdicts)| verdicts).collect())
}

/// Runs all tests with everything in: which are red even so, and which programs take little time: those come first.
fn quick_first(
    rows: &[Row],
    tests: &Citations,
    programs: Vec<Program>,
) -> Result<(Vec<Program>, BTreeSet<String>)> {
    let ids: BTreeSet<&str> = rows.iter().flat_map(|row| &row.ids).map(String::as_str).collect();
    let (mut took, mut ill) = (BTreeMap::new(), BTreeSet::new());
    for (index, names) in pick(&ids, tests, &programs) {
        let begun = now();
        ill.extend(red(&BTreeMap::from([(index, names)]), &programs, None, &|_| false)?);
        took.insert(index, begun.elapsed());
    }
    let mut programs: Vec<_> = programs.into_iter().enumerate().collect();
    programs.sort_by_key(|(index, _)| took.get(index).copied());
    Ok((programs.into_iter().map(|(_, program)| program).collect(), ill))
}

#[expect(clippy::disallowed_methods, reason = "a tool for developers measures real programs")]
fn now() -> Instant {
    Instant::now()
}

/// Trials at the same time.
const WORKERS: usize = 2;

fn try_out(
    row: &Row,
    tests: &Citations,
    programs: &[Program],
    ill: &BTreeSet<String>,
) -> Result<Vec<Verdict>> {
    let ids: BTreeSet<&str> = row.ids.iter().map(String::as_str).collect();
    let all_shown =
        |red: &BTreeSet<String>| ids.iter().all(|id| tests.of(id).iter().any(|test| is_among(test, red)));
    let mut picked = pick(&ids, tests, programs);
    for (index, names) in &mut picked {
        names.retain(|name| !ill.contains(&format!("{} {name}", programs[*index].package)));
    }
    // Without a name a program would run all its tests.
    picked.retain(|_, names| !names.is_empty());
    let red = red(&picked, programs, Some(&row.key), &all_shown)?;
    Ok(row
        .ids
        .iter()
        .map(|id| Verdict {
            key: row.key.clone(),
            id: id.clone(),
            red: tests
                .of(id)
                .iter()
                .filter(|test| is_among(test, &red))
                .map(|test| format!("{}: {}", test.package, test.function))
                .collect(),
            citing: tests.of(id).len(),
        })
        .collect())
}

/// Names are `package path::function`.
fn is_among(test: &Test, red: &BTreeSet<String>) -> bool {
    red.iter().any(|name| {
        name.split_once(' ').is_some_and(|(package, path)| package == test.package && is_it(test, path))
    })
}

/// Whether a test's path is that of a function in a file. Modules and files have the same names, but for a crate's root.
fn is_it(test: &Test, path: &str) -> bool {
    let mut parts = path.rsplit("::");
    if parts.next() != Some(test.function.as_str()) {
        return false;
    }
    let stem = test.file.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    let at_root = test.file.matches('/').count() == 3 || matches!(stem, "lib" | "main");
    at_root || parts.any(|part| part == stem)
}

/// The tests that cite any of these ids, by program.
fn pick<'a>(ids: &BTreeSet<&str>, tests: &Citations, programs: &'a [Program]) -> Picked<'a> {
    let mut picked: Picked<'a> = BTreeMap::new();
    for test in ids.iter().flat_map(|id| tests.of(id)) {
        for (index, program) in programs.iter().enumerate() {
            let mine =
                program.tests.iter().filter(|path| program.package == test.package && is_it(test, path));
            for path in mine {
                picked.entry(index).or_default().insert(path);
            }
        }
    }
    picked
}

/// Runs the picked tests and tells which were red. Stops early when `enough`.
fn red(
    picked: &Picked<'_>,
    programs: &[Program],
    out: Option<&str>,
    enough: &dyn Fn(&BTreeSet<String>) -> bool,
) -> Result<BTreeSet<String>> {
    let mut red = BTreeSet::new();
    for (index, names) in picked {
        let program = &programs[*index];
        let mut command = Command::new("sh");
        command
            .args(["-c", LIMITED])
            .arg(&program.path)
            .args(["--exact", "--color", "never"])
            .args(names)
            .current_dir(&program.folder)
            .env_remove(VARIABLE)
            .env("CARGO_MANIFEST_DIR", &program.folder)
            .env("INSTA_UPDATE", "no")
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(key) = out {
            command.env(VARIABLE, key);
        }
        let finished = finish(command).with_context(|| program.path.display().to_string())?;
        let Some((text, success)) = finished else {
            show::line(&format!(
                "{}: no end within {LONGEST:?}: no proof of anything",
                out.unwrap_or_default()
            ));
            continue;
        };
        let failed = text.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
        let before = red.len();
        red.extend(failed.map(|name| format!("{} {name}", program.package)));
        if !success && red.len() == before {
            let says = format!("{} ended badly and names no red test:\n{text}", program.path.display());
            let Some(key) = out else { bail!(says) };
            show::line(&format!("{key}: {says}"));
        }
        if enough(&red) {
            break;
        }
    }
    Ok(red)
}

/// What a program says, and whether it ended well; none if it does not end.
fn finish(mut command: Command) -> Result<Option<(String, bool)>> {
    let mut child = command.spawn()?;
    let mut stdout = child.stdout.take().context("no output")?;
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // A broken pipe shows in the exit status.
        drop(stdout.read_to_end(&mut bytes));
        drop(sender.send(bytes));
    });
    let Ok(bytes) = receiver.recv_timeout(LONGEST) else {
        child.kill()?;
        child.wait()?;
        return Ok(None);
    };
    if reader.join().is_err() {
        bail!("the reader panicked");
    }
    let success = child.wait()?.success();
    Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), success)))
}

/// What is taken out may be what keeps a program from growing without end: 6 GiB are enough for any.
const LIMITED: &str = "ulimit -v 6291456; exec \"$0\" \"$@\"";

/// No trial takes longer.
const LONGEST: Duration = Duration::from_mins(5);
