//! Folders of templates: each template below is a target of its own.

use std::path::{Path, PathBuf};

use super::folder::{PassedOver, Says, json_files, says};
use super::text::shown;
use crate::errors::CliError;

/// What was meant by the targets that were typed.
pub(crate) struct Targets {
    /// In the order typed, and by name below a folder.
    pub(crate) all: Vec<PathBuf>,
    /// Whether they are several, even if only one is there.
    pub(crate) several: bool,
    /// Files below the folders that were passed over.
    pub(crate) passed_over: PassedOver,
}

/// The targets that were meant.
pub(crate) fn targets(typed: &[PathBuf]) -> Result<Targets, CliError> {
    let mut all = Vec::new();
    let mut passed_over = PassedOver::default();
    let mut several = typed.len() > 1;
    for path in typed {
        if !path.is_dir() || path.join("lifeboat.yaml").exists() {
            all.push(path.clone());
            continue;
        }
        let before = all.len();
        all.extend(json_files(path, &mut passed_over)?.into_iter().filter(|file| is_template(file)));
        if all.len() == before {
            return Err(CliError::failed(format!(
                "the folder `{}` holds neither `lifeboat.yaml` nor an ARM template",
                path.display()
            ))
            .with_hint(passed_over.says().unwrap_or_else(|| {
                "name a folder that holds `lifeboat.yaml` or templates, a workload file, or an ARM template"
                    .to_owned()
            })));
        }
        several = true;
    }
    Ok(Targets { all, several, passed_over })
}

/// Whether a file is a template, or was to become one. What cannot be read is told where it is opened.
fn is_template(path: &Path) -> bool {
    std::fs::read(path).map_or(true, |bytes| says(&shown(bytes)) == Says::Template)
}
