//! Templates and folders of templates, read for what ties them to a region.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lifeboat_arm::template::{Diagnostic, ParameterDeclaration, Template, Tie, ties, value_ties};

use super::complaints::of_diagnostics;
use super::text_of;
use super::values::veiled;
use crate::args::RegionsArgs;
use crate::errors::{CliError, Located};

/// What ties the files that were typed to a region.
pub(crate) struct Tied {
    /// All ties, file by file, in the order of each text.
    pub(crate) ties: Vec<Tie>,
    /// How many files were looked at.
    pub(crate) files: usize,
    /// What could not be read.
    pub(crate) mistakes: Option<CliError>,
}

/// One file, and what it is.
enum Kind {
    Template(Box<Template>),
    Parameters { name: String, text: String },
}

/// Looks at every file that was typed, and at every template and parameter file below the folders.
pub(crate) fn tied(typed: &RegionsArgs) -> Result<Tied, CliError> {
    let mut wrong: Vec<Diagnostic> = Vec::new();
    let mut kinds: Vec<Kind> = Vec::new();
    for path in &typed.files {
        if path.is_dir() {
            for file in files_below(path)? {
                kinds.extend(found(&file, &mut wrong)?);
            }
        } else {
            let (name, text) = (path.display().to_string(), text_of(path)?);
            match Template::parse(&name, &text) {
                Ok(template) => kinds.push(Kind::Template(Box::new(template))),
                Err(found) => wrong.extend(found),
            }
        }
    }
    if kinds.is_empty() && wrong.is_empty() {
        return Err(nothing_below(&typed.files));
    }
    for path in &typed.parameters {
        kinds.push(Kind::Parameters { name: path.display().to_string(), text: text_of(path)? });
    }
    let plain = plain_parameters(&kinds);
    let mut covered = BTreeSet::new();
    let mut all = Vec::new();
    for kind in &kinds {
        match kind {
            Kind::Template(template) => all.extend(ties(template)),
            Kind::Parameters { name, text } => {
                match value_ties(name, text, &|parameter| !plain.contains(&parameter.to_lowercase())) {
                    Ok(found) => all.extend(found),
                    Err(found) => {
                        covered.insert(name.clone());
                        wrong.extend(found);
                    }
                }
            }
        }
    }
    // A broken parameter file may hold secrets anywhere: only the place is shown.
    let shown = |place: &Located| covered.contains(&place.file).then_some(0..0);
    let mistakes = (!wrong.is_empty()).then(|| veiled(of_diagnostics(&wrong), shown));
    Ok(Tied { ties: all, files: kinds.len(), mistakes })
}

/// Folders without a template.
pub(super) fn nothing_below(typed: &[PathBuf]) -> CliError {
    let names: Vec<String> = typed.iter().map(|path| format!("`{}`", path.display())).collect();
    CliError::failed(format!("there is no template below {}", names.join(", ")))
        .with_hint("templates are `.json` files whose `$schema` says `deploymentTemplate`")
}

/// The names of all parameters whose values may be shown: some template declares them, and none as secure.
fn plain_parameters(kinds: &[Kind]) -> BTreeSet<String> {
    let templates = kinds.iter().filter_map(|kind| match kind {
        Kind::Template(template) => Some(template),
        Kind::Parameters { .. } => None,
    });
    let (secure, plain): (Vec<_>, Vec<_>) =
        templates.flat_map(|template| template.parameters()).partition(|declared| declared.secure);
    let names = |of: Vec<&ParameterDeclaration>| -> BTreeSet<String> {
        of.into_iter().map(|declared| declared.name.to_lowercase()).collect()
    };
    &names(plain) - &names(secure)
}

/// A file of a folder, if it is one that belongs to a deployment.
fn found(path: &Path, wrong: &mut Vec<Diagnostic>) -> Result<Option<Kind>, CliError> {
    let (name, text) = (path.display().to_string(), text_of(path)?);
    let lower = text.to_ascii_lowercase();
    if lower.contains("deploymentparameters.json") && !lower.contains("\"resources\"") {
        return Ok(Some(Kind::Parameters { name, text }));
    }
    if !lower.contains("deploymenttemplate.json") {
        return Ok(None);
    }
    match Template::parse(&name, &text) {
        Ok(template) => Ok(Some(Kind::Template(Box::new(template)))),
        Err(found) => {
            wrong.extend(found);
            Ok(None)
        }
    }
}

/// The templates among what was typed, each with its place below the folder (or its file's name).
pub(super) fn templates(
    typed: &[PathBuf],
    wrong: &mut Vec<Diagnostic>,
) -> Result<Vec<(PathBuf, Template)>, CliError> {
    let mut all = Vec::new();
    for path in typed {
        if !path.is_dir() {
            match Template::parse(&path.display().to_string(), &text_of(path)?) {
                Ok(template) => all.push((PathBuf::from(path.file_name().unwrap_or_default()), template)),
                Err(found) => wrong.extend(found),
            }
            continue;
        }
        for file in files_below(path)? {
            if let Some(Kind::Template(template)) = found(&file, wrong)? {
                all.push((file.strip_prefix(path).unwrap_or(&file).to_owned(), *template));
            }
        }
    }
    Ok(all)
}

/// Every `.json` below a folder in the order of names; hidden folders are left out.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let cannot = |path: &Path, error: std::io::Error| {
        CliError::caused_by(format!("cannot read the folder `{}`", path.display()), error)
            .with_hint("name a folder that can be read")
    };
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| cannot(&folder, error))? {
            let entry = entry.map_err(|error| cannot(&folder, error))?;
            let kind = entry.file_type().map_err(|error| cannot(&folder, error))?;
            let path = entry.path();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            // A link to a folder may lead back up.
            if kind.is_dir() && !hidden {
                folders.push(path);
            } else if path.is_file() && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
