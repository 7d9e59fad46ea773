//! Folders of templates: each template below is a target of its own.

use std::path::{Path, PathBuf};

use super::folder::{Says, json_files, says};
use crate::errors::CliError;

/// The targets that were meant, in the order typed and by name below a folder; and whether they are several, even if only
/// one is there.
pub(crate) fn targets(typed: &[PathBuf]) -> Result<(Vec<PathBuf>, bool), CliError> {
    let mut all = Vec::new();
    let mut several = typed.len() > 1;
    for path in typed {
        if !path.is_dir() || path.join("lifeboat.yaml").exists() {
            all.push(path.clone());
            continue;
        }
        let before = all.len();
        all.extend(json_files(path)?.into_iter().filter(|file| is_template(file)));
        if all.len() == before {
            return Err(CliError::failed(format!(
                "the folder `{}` holds neither `lifeboat.yaml` nor an ARM template",
                path.display()
            ))
            .with_hint(hint(path)));
        }
        several = true;
    }
    Ok((all, several))
}

fn hint(folder: &Path) -> &'static str {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    if entries.any(|entry| entry.path().extension().is_some_and(|end| end.eq_ignore_ascii_case("bicep"))) {
        return "name Bicep files one by one: most of a folder's are modules of others";
    }
    "name a folder that holds `lifeboat.yaml` or templates, a workload file, or an ARM template"
}

/// Whether a file is a template, or was to become one. What cannot be read is told where it is opened.
fn is_template(path: &Path) -> bool {
    std::fs::read(path).map_or(true, |bytes| says(&String::from_utf8_lossy(&bytes)) == Says::Template)
}
