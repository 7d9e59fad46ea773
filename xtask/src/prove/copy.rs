//! The copy in which things can be taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::row::{Edit, Row};
use super::source::{Sources, tracked};

/// The changed files. Every row's text must be there exactly once, and no two rows may change the same place.
pub(super) fn edits(rows: &[Row], sources: &Sources) -> Result<BTreeMap<String, String>> {
    let mut by_file: BTreeMap<&str, BTreeMap<usize, (&Row, &Edit)>> = BTreeMap::new();
    let mut stale = Vec::new();
    for row in rows {
        let (edit, text) = (&row.edit, sources.get(&row.edit.file)?);
        let places: Vec<usize> = text.match_indices(&edit.from).map(|(at, _)| at).collect();
        let [at] = places[..] else {
            let (key, file, from) = (&row.key, &edit.file, &edit.from);
            stale.push(format!("the row `{key}` is stale: {} times in {file}:\n{from}", places.len()));
            continue;
        };
        let here = by_file.entry(&edit.file).or_default();
        // Rows that are found by themselves share one switch.
        if here.get(&at).is_some_and(|(_, other)| *other == edit) {
            continue;
        }
        if let Some((other, _)) = here.insert(at, (row, edit)) {
            bail!("the rows `{}` and `{}` change the same place of {}", other.key, row.key, edit.file);
        }
    }
    if !stale.is_empty() {
        bail!(stale.join("\n"));
    }
    let mut files = BTreeMap::new();
    for (file, places) in by_file {
        let text = sources.get(file)?;
        let (mut new, mut done, mut last) = (String::new(), 0, "");
        for (at, (row, edit)) in places {
            if at < done {
                bail!("the rows `{last}` and `{}` overlap in {file}", row.key);
            }
            new.push_str(&text[done..at]);
            new.push_str(&edit.to);
            (done, last) = (at + edit.from.len(), &row.key);
        }
        new.push_str(&text[done..]);
        files.insert(file.to_owned(), new);
    }
    Ok(files)
}

/// Brings `target/prove/` up to date; what did not change keeps its time, so that little is built again.
pub(super) fn make(root: &Path, edits: &BTreeMap<String, String>) -> Result<PathBuf> {
    let copy = root.join("target/prove");
    let mut kept = BTreeSet::new();
    for path in tracked(root)? {
        let new = match edits.get(&path) {
            Some(text) => text.clone().into_bytes(),
            None => std::fs::read(root.join(&path)).with_context(|| path.clone())?,
        };
        let to = copy.join(&path);
        if std::fs::read(&to).ok().as_ref() != Some(&new) {
            let folder = to.parent().context("a file without a folder")?;
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
            std::fs::write(&to, new).with_context(|| to.display().to_string())?;
        }
        kept.insert(to);
    }
    remove_others(&copy, &kept)?;
    Ok(copy)
}

fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                remove_others(&path, kept)?;
            }
        } else if !kept.contains(&path) {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}
