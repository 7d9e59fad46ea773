//! Templates that templates link to: read from the folder of the first one, never downloaded.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lifeboat_arm::template::links::without_query;
use lifeboat_arm::template::{Link, Linked, LinkedTemplate};

use super::text::shown;

/// The folders that links are looked for in: those of the templates which the user named.
pub(super) struct Folders {
    all: Vec<PathBuf>,
    /// URIs, without their queries, that were read from files instead, and from which.
    read: RefCell<BTreeMap<String, String>>,
}

impl Folders {
    /// The folders that hold these templates.
    pub(super) fn of<'a>(templates: impl IntoIterator<Item = &'a Path>) -> Self {
        let folder = |template: &Path| template.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        Self { all: templates.into_iter().map(folder).collect(), read: RefCell::default() }
    }

    /// What stands for what: a file that was read in the place of a URI is an assumption. `clean` takes out of a text what
    /// nobody may see: a path may be made of secrets too.
    pub(super) fn assumptions(&self, clean: impl Fn(&str) -> String) -> Vec<String> {
        let read = self.read.borrow();
        let says = |(uri, file): (&String, &String)| {
            format!("the link `{}` leads to the file `{}`", clean(uri), clean(file))
        };
        read.iter().map(says).collect()
    }

    /// A path is the file of that name. Of a URI's path, the longest end that exists below the folder: templates are
    /// published under a prefix.
    fn find(&self, link: Link<'_>) -> Option<PathBuf> {
        let to = without_query(link.to);
        let Some((_, rest)) = to.split_once("://") else {
            return Some(PathBuf::from(to)).filter(|path| path.is_file() && self.is_below(path));
        };
        let (_, path) = rest.split_once('/')?;
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != "..").collect();
        // Many templates share one file name: the end of another one's URI is often the name of the file that links.
        let is_itself = |candidate: &Path| candidate == Path::new(link.from);
        // A file that was linked to lies below the folder of the template that the user named.
        let base = self.all.iter().find(|folder| Path::new(link.from).starts_with(folder))?;
        (0..parts.len())
            .map(|from| base.join(parts[from..].iter().collect::<PathBuf>()))
            .find(|candidate| candidate.is_file() && !is_itself(candidate) && self.is_below(candidate))
    }

    /// Whether a file is one of a folder that the user named: a template of strangers must not read others.
    fn is_below(&self, path: &Path) -> bool {
        let real = |path: &Path| {
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            path.canonicalize().ok()
        };
        real(path).is_some_and(|path| {
            self.all.iter().filter_map(|folder| real(folder)).any(|folder| path.starts_with(folder))
        })
    }
}

impl Linked for Folders {
    fn load(&self, link: Link<'_>) -> Option<LinkedTemplate> {
        let path = self.find(link)?;
        let text = shown(std::fs::read(&path).ok()?);
        let file = path.display().to_string();
        if link.to.contains("://") {
            self.read.borrow_mut().insert(without_query(link.to).to_owned(), file.clone());
        }
        Some(LinkedTemplate { file, text })
    }
}
