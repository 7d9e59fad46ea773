//! The sources as they stand in the working tree.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Rust files of the crates, by path from the workspace's root.
pub(super) struct Sources(pub(super) BTreeMap<String, String>);

impl Sources {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        for path in tracked(root)? {
            if path.starts_with("crates/") && Path::new(&path).extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(root.join(&path)).with_context(|| path.clone())?;
                files.insert(path, text);
            }
        }
        Ok(Self(files))
    }

    pub(super) fn get(&self, path: &str) -> Result<&str> {
        self.0.get(path).map(String::as_str).with_context(|| format!("`{path}` is gone"))
    }
}

/// Tracked files that still exist, and new ones that are not ignored.
pub(super) fn tracked(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .context("cannot start git")?;
    if !output.status.success() {
        bail!("git does not list the files: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout).context("a path is no UTF-8")?;
    let exists = |path: &&str| !path.is_empty() && root.join(path).is_file();
    Ok(text.split('\0').filter(exists).map(str::to_owned).collect())
}
