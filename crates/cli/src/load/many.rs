//! Folders of templates: each template below is a target of its own.

use std::path::{Path, PathBuf};

use lifeboat_arm::tree::Node;

use crate::errors::CliError;

/// What a deployment template says of itself in `$schema`, whatever its level.
const MARK: &[u8] = b"deploymenttemplate.json";
/// Folders that hold what others made.
const OTHERS: &[&str] = &["node_modules", "target"];

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
        below(path, &mut all)?;
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

/// The templates below a folder, sorted.
fn below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let cannot = |error| CliError::caused_by(format!("cannot read the folder `{}`", folder.display()), error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        // A link may lead around in a circle.
        let kind = entry.file_type().map_err(cannot)?;
        paths.push((entry.path(), kind));
    }
    paths.sort_by(|one, other| one.0.cmp(&other.0));
    for (path, kind) in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if kind.is_dir() {
            if !name.starts_with('.') && !OTHERS.contains(&&*name) {
                below(&path, found)?;
            }
        } else if is_json(&path) && is_template(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_json(path: &Path) -> bool {
    let end = path.extension().unwrap_or_default();
    end.eq_ignore_ascii_case("json") || end.eq_ignore_ascii_case("jsonc")
}

/// Whether a file is a template, or was to become one: what is broken is told, not passed over.
fn is_template(path: &Path) -> bool {
    let Ok(bytes) = std::fs::read(path) else { return true };
    let has_mark = bytes.windows(MARK.len()).any(|part| part.eq_ignore_ascii_case(MARK));
    if !has_mark {
        return false;
    }
    let Ok(root) = Node::parse(&String::from_utf8_lossy(&bytes)) else { return true };
    let says = root.get("$schema").and_then(Node::as_str).unwrap_or_default();
    says.to_ascii_lowercase().as_bytes().windows(MARK.len()).any(|part| part == MARK)
}
