//! `cargo xtask prove`: every requirement is cited by a test that turns red when the behaviour is taken out.
//!
//! How: the tracked files are copied to `target/prove/`, and in the copy alone each thing that can be taken out gets a
//! switch: it is out when the environment names its key. So the product has no such switch, and one build serves all
//! proofs. Then, key by key, the tests that cite the id are run: green with everything in, red with it out.
//!
//! Where to start: `rows.rs` for what can be taken out, `cite.rs` for who cites what, `release.rs` for the ids.

mod build;
mod cite;
mod copy;
mod generic;
mod page;
mod release;
mod row;
mod rows;
mod show;
mod source;
#[cfg(test)]
mod tests;
mod trial;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};

use cite::Citations;
use row::Row;
use source::Sources;

/// The workspace.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Everything that can be taken out: what is found by itself, and what is written down.
fn all_rows(sources: &Sources) -> Result<Vec<Row>> {
    let mut rows = generic::rows(sources)?;
    rows.extend(rows::rows());
    let mut keys = BTreeSet::new();
    for row in &rows {
        if !keys.insert(row.key.clone()) {
            bail!("two rows are called `{}`", row.key);
        }
    }
    Ok(rows)
}

/// Proves these ids, or all.
pub(crate) fn prove(wanted: &[&str]) -> Result<ExitCode> {
    let root = root();
    let sources = Sources::read(&root)?;
    let tests = Citations::read(&sources);
    let mut rows = all_rows(&sources)?;
    for id in wanted {
        if !rows.iter().any(|row| row.key == *id || row.ids.iter().any(|cited| cited == id)) {
            bail!("nothing that can be taken out cites `{id}`");
        }
    }
    let is_wanted = |id: &str| if wanted.is_empty() { release::is_of(id) } else { wanted.contains(&id) };
    let edits = copy::edits(&rows, &sources)?;
    rows.retain_mut(|row| {
        if !wanted.contains(&row.key.as_str()) {
            row.ids.retain(|id| is_wanted(id));
        }
        !row.ids.is_empty()
    });
    let copy = copy::make(&root, &edits)?;
    let programs = build::build(&copy)?;
    let verdicts = trial::run(&rows, &tests, programs)?;
    show::verdicts(&rows, &verdicts);
    let unproved = verdicts.iter().filter(|verdict| !verdict.is_proof()).count();
    let without: Vec<&str> = release::IDS
        .iter()
        .map(|(id, _)| *id)
        .filter(|id| is_wanted(id) && release::exception(id).is_none())
        .filter(|id| !rows.iter().any(|row| row.ids.iter().any(|cited| cited == id)))
        .collect();
    for id in &without {
        show::line(&format!("{id}: nothing that can be taken out cites it"));
    }
    Ok(if unproved == 0 && without.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints what cites each id.
pub(crate) fn list() -> Result<ExitCode> {
    let sources = Sources::read(&root())?;
    show::list(&all_rows(&sources)?, &Citations::read(&sources));
    Ok(ExitCode::SUCCESS)
}

/// Writes `docs/requirements.md`.
pub(crate) fn page() -> Result<ExitCode> {
    let root = root();
    let sources = Sources::read(&root)?;
    let text = page::render(&all_rows(&sources)?, &Citations::read(&sources));
    std::fs::write(root.join(page::PATH), text)?;
    Ok(ExitCode::SUCCESS)
}
