//! Where tests find the shared data: real templates, cases with known answers.
//!
//! `LIFEBOAT_SHARED` names its folder; the default is `../shared`, beside the repository. Where it is absent a test says
//! that it was skipped and passes, unless `LIFEBOAT_SHARED_REQUIRED` is set: then it fails.

#![expect(clippy::print_stdout, reason = "that a test was skipped is for people")]

use std::env;
use std::path::{Path, PathBuf};

/// A file or a folder of the shared data; none if it is absent, which is said.
///
/// # Panics
/// If it is absent and `LIFEBOAT_SHARED_REQUIRED` is set.
#[expect(clippy::disallowed_methods, reason = "a test finds its data by the environment")]
pub fn shared(part: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = env::var("LIFEBOAT_SHARED").map_or_else(|_| beside(), PathBuf::from).join(part);
    if path.exists() {
        return Some(path);
    }
    assert!(env::var("LIFEBOAT_SHARED_REQUIRED").is_err(), "{} is absent", path.display());
    println!("SKIPPED: {} is absent, so nothing was checked", path.display());
    None
}

/// All `.json` and `.jsonc` files below a folder, in the order of their paths.
///
/// # Panics
/// If a folder cannot be read.
pub fn json_files(folder: &Path) -> Vec<PathBuf> {
    let is_json = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "json" || extension == "jsonc")
    };
    files(folder).into_iter().filter(is_json).collect()
}

/// All files below a folder, in the order of their paths.
///
/// # Panics
/// If a folder cannot be read.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", folder.display()));
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}
