//! Templates that templates link to: read from the folder of the first one, never downloaded.

use std::path::{Path, PathBuf};

use lifeboat_arm::template::{Linked, LinkedTemplate};

/// The folder that links are looked for in.
pub(super) struct Folder {
    base: PathBuf,
}

impl Folder {
    pub(super) fn new(base: PathBuf) -> Self {
        Self { base }
    }

    /// The longest end of the link's path that exists below the folder: templates are published under a prefix.
    fn find(&self, uri: &str) -> Option<PathBuf> {
        let path = uri.split(['?', '#']).next()?;
        let path = path
            .split_once("://")
            .map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let direct = Path::new(path);
        if direct.is_file() {
            return Some(direct.to_path_buf());
        }
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != "..").collect();
        (0..parts.len())
            .map(|from| self.base.join(parts[from..].iter().collect::<PathBuf>()))
            .find(|candidate| candidate.is_file())
    }
}

impl Linked for Folder {
    fn load(&self, uri: &str) -> Option<LinkedTemplate> {
        let path = self.find(uri)?;
        let text = String::from_utf8_lossy(&std::fs::read(&path).ok()?).into_owned();
        Some(LinkedTemplate { file: path.display().to_string(), text })
    }
}
