//! Folders: the JSON files below, and which of them belong to a deployment.

use std::path::{Path, PathBuf};

use lifeboat_arm::tree::Node;

use crate::errors::CliError;

/// What a deployment template says of itself in `$schema`, whatever its level.
const TEMPLATE: &str = "deploymenttemplate.json";
/// What a parameter file says.
const PARAMETERS: &str = "deploymentparameters.json";
/// Folders that hold what others made.
const OTHERS: &[&str] = &["node_modules", "target"];

/// What a file is to a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// A template, or what was to become one.
    Template,
    Parameters,
    /// Neither: a policy that carries a template, the settings of an editor.
    Neither,
}

/// What a file's text says that it is. A broken file that mentions the schema is taken at its word: what is wrong with it is
/// told, not passed over.
pub(super) fn says(text: &str) -> Says {
    let of = |text: &str| match text.to_ascii_lowercase() {
        lower if lower.contains(TEMPLATE) => Says::Template,
        lower if lower.contains(PARAMETERS) => Says::Parameters,
        _ => Says::Neither,
    };
    // Most files of a folder are something else: those are not parsed.
    if of(text) == Says::Neither {
        return Says::Neither;
    }
    Node::parse(text)
        .map_or_else(|_| of(text), |root| of(root.get("$schema").and_then(Node::as_str).unwrap_or_default()))
}

/// What lies below folders and nobody looks at, although somebody may think so.
#[derive(Debug, Default)]
pub(crate) struct PassedOver {
    bicep: Vec<PathBuf>,
}

impl PassedOver {
    /// What people should know of it.
    pub(crate) fn says(&self) -> Option<String> {
        let first = self.bicep.first()?.display();
        Some(match self.bicep.len() {
            1 => format!(
                "the Bicep file `{first}` was not looked at: name it, if it is no module of another one"
            ),
            count => format!(
                "{count} Bicep files were not looked at, such as `{first}`: most of a folder's are modules of others, so \
                 name those that are not"
            ),
        })
    }
}

/// Every `.json` and `.jsonc` below a folder, sorted within each folder. Hidden folders and those of package managers are
/// left out, and links to folders: they may lead around in a circle.
pub(super) fn json_files(folder: &Path, passed_over: &mut PassedOver) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    below(folder, &mut files, passed_over)?;
    Ok(files)
}

fn below(folder: &Path, files: &mut Vec<PathBuf>, passed_over: &mut PassedOver) -> Result<(), CliError> {
    let cannot = |error| {
        CliError::caused_by(format!("cannot read the folder `{}`", folder.display()), error)
            .with_hint("name a folder that can be read")
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        entries.push((entry.path(), entry.file_type().map_err(cannot)?));
    }
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    for (path, kind) in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if kind.is_dir() {
            if !name.starts_with('.') && !OTHERS.contains(&&*name) {
                below(&path, files, passed_over)?;
            }
        } else if path.is_file() && is_json(&path) {
            files.push(path);
        } else if path.is_file() && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("bicep")) {
            passed_over.bicep.push(path);
        }
    }
    Ok(())
}

fn is_json(path: &Path) -> bool {
    let end = path.extension().unwrap_or_default();
    end.eq_ignore_ascii_case("json") || end.eq_ignore_ascii_case("jsonc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_schema_says_and_not_what_it_carries() {
        let schema = |name: &str| format!("https://schema.management.azure.com/schemas/2019-04-01/{name}#");
        let (template, parameters) = (schema("deploymentTemplate.json"), schema("deploymentParameters.json"));
        let policy = format!(r#"{{"then": {{"template": {{"$schema": "{template}"}}}}}}"#);
        let broken = format!(r#"{{"$schema": "{template}", "#);
        let told = format!(r#"{{"$schema": "{parameters}", "parameters": {{"resources": {{"value": 1}}}}}}"#);
        for (text, expected) in [
            (format!(r#"{{"$schema": "{template}", "resources": []}}"#), Says::Template),
            (told, Says::Parameters),
            (policy, Says::Neither),
            (broken, Says::Template),
            (r#"{"editor.tabSize": 2}"#.to_owned(), Says::Neither),
        ] {
            assert_eq!(says(&text), expected, "{text}");
        }
    }
}
