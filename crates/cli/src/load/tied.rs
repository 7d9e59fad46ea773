//! Templates and folders of templates, read for what ties them to a region.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lifeboat_arm::template::regions::{Tie, ties, value_ties};
use lifeboat_arm::template::{Diagnostic, ParameterDeclaration, Template};

use super::complaints::of_diagnostics;
use super::folder::{PassedOver, Says, json_files, says};
use super::text::{SAVE_IT_AS_UTF_8, advice, decoded, text_of};
use super::values::veiled;
use crate::args::RegionsArgs;
use crate::errors::{CliError, Located};

/// What ties the files that were typed to a region.
pub(crate) struct Tied {
    /// All ties, file by file, in the order of each text.
    pub(crate) ties: Vec<Tie>,
    /// How many files were looked at.
    pub(crate) files: usize,
    /// How many could not be read.
    pub(crate) unread: usize,
    /// Files below the folders that were passed over.
    pub(crate) passed_over: PassedOver,
    /// What is wrong with those that could not be read.
    pub(crate) mistakes: Option<CliError>,
}

/// One file, and what it is.
enum Kind {
    Template(Box<Template>),
    Parameters { name: String, text: String },
}

impl Kind {
    fn file(&self) -> &str {
        match self {
            Self::Template(template) => template.file(),
            Self::Parameters { name, .. } => name,
        }
    }
}

/// What is wrong with some of the files: it hides nothing of the others.
#[derive(Default)]
pub(super) struct Wrong {
    /// Places in files.
    pub(super) found: Vec<Diagnostic>,
    /// Files that cannot be read at all.
    unreadable: Vec<Located>,
    /// Broken parameter files: they may hold secrets anywhere, so only the places are shown.
    covered: BTreeSet<String>,
}

impl Wrong {
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty() && self.unreadable.is_empty()
    }

    /// The text of a file, or nothing and the reason taken down.
    fn text_of(&mut self, path: &Path) -> Option<String> {
        self.text_that(path, |_| true)
    }

    /// The same of a file that is worth it by what can be read of it.
    fn text_that(&mut self, path: &Path, is_worth: impl Fn(&str) -> bool) -> Option<String> {
        let (message, hint) = match std::fs::read(path).map(decoded) {
            Ok(Ok(text)) => return is_worth(&text).then_some(text),
            Ok(Err(wrong)) if !is_worth(&wrong.rest) => return None,
            Ok(Err(wrong)) => (wrong.says(), SAVE_IT_AS_UTF_8.to_owned()),
            Err(error) => (format!("the file cannot be read: {error}"), advice(path)),
        };
        self.unreadable.push(Located {
            file: path.display().to_string(),
            text: String::new(),
            range: 0..0,
            message,
            hint: Some(hint),
        });
        None
    }

    /// All of it.
    pub(super) fn mistakes(self) -> Option<CliError> {
        if self.is_empty() {
            return None;
        }
        let mut places = self.unreadable;
        let shown = |place: &Located| self.covered.contains(&place.file).then_some(0..0);
        if let CliError::Located(more) = veiled(of_diagnostics(&self.found), shown) {
            places.extend(more);
        }
        Some(CliError::Located(places))
    }
}

/// Looks at every file that was typed, and at every template and parameter file below the folders.
pub(crate) fn tied(typed: &RegionsArgs) -> Result<Tied, CliError> {
    let mut wrong = Wrong::default();
    let mut kinds: Vec<Kind> = Vec::new();
    let mut passed_over = PassedOver::default();
    for path in &typed.files {
        if path.is_dir() {
            for file in json_files(path, &mut passed_over)? {
                kinds.extend(found(&file, &mut wrong));
            }
        } else {
            kinds.extend(
                named(path, typed.files.len() == 1, &mut wrong)?
                    .map(|template| Kind::Template(Box::new(template))),
            );
        }
    }
    if kinds.is_empty() && wrong.is_empty() {
        return Err(nothing_below(&typed.files, &passed_over));
    }
    for path in &typed.parameters {
        kinds.push(Kind::Parameters { name: path.display().to_string(), text: text_of(path)? });
    }
    let plain = plain_parameters(&kinds);
    let mut all = Vec::new();
    for kind in &kinds {
        match kind {
            Kind::Template(template) => all.extend(ties(template)),
            Kind::Parameters { name, text } => {
                match value_ties(name, text, &|parameter| !plain.contains(&parameter.to_lowercase())) {
                    Ok(found) => all.extend(found),
                    Err(found) => {
                        wrong.covered.insert(name.clone());
                        wrong.found.extend(found);
                    }
                }
            }
        }
    }
    // A parameter file is counted where it was read, whatever it says.
    let broken: BTreeSet<&str> = wrong.found.iter().map(|found| &*found.file).collect();
    let unread = broken.len() + wrong.unreadable.len();
    let files = kinds.iter().filter(|kind| !broken.contains(kind.file())).count();
    Ok(Tied { ties: all, files, unread, passed_over, mistakes: wrong.mistakes() })
}

/// Folders without a template.
pub(super) fn nothing_below(typed: &[PathBuf], passed_over: &PassedOver) -> CliError {
    let names: Vec<String> = typed.iter().map(|path| format!("`{}`", path.display())).collect();
    CliError::failed(format!("there is no template below {}", names.join(", "))).with_hint(
        passed_over.says().unwrap_or_else(|| {
            "templates are `.json` files whose `$schema` says `deploymentTemplate`".to_owned()
        }),
    )
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
fn found(path: &Path, wrong: &mut Wrong) -> Option<Kind> {
    let name = path.display().to_string();
    let text = wrong.text_that(path, |text| says(text) != Says::Neither)?;
    match says(&text) {
        Says::Template => parsed(&name, &text, wrong).map(|template| Kind::Template(Box::new(template))),
        Says::Parameters => Some(Kind::Parameters { name, text }),
        Says::Neither => None,
    }
}

/// A template that was named itself.
///
/// # Errors
/// For Bicep: this reads what becomes of it. For the only one, if it cannot be read: there is nothing else to tell, and advice
/// about the path.
fn named(path: &Path, is_only: bool, wrong: &mut Wrong) -> Result<Option<Template>, CliError> {
    let text = if is_only { Some(text_of(path)?) } else { wrong.text_of(path) };
    let end = path.extension().unwrap_or_default();
    if end.eq_ignore_ascii_case("bicep") || end.eq_ignore_ascii_case("bicepparam") {
        let name = path.display();
        let verb = if end.eq_ignore_ascii_case("bicep") { "build" } else { "build-params" };
        return Err(CliError::failed(format!("`{name}` is Bicep, and this reads JSON"))
            .with_hint(format!("`bicep {verb} {name}` makes the JSON: name that file")));
    }
    let name = path.display().to_string();
    Ok(text.and_then(|text| parsed(&name, &text, wrong)))
}

fn parsed(name: &str, text: &str, wrong: &mut Wrong) -> Option<Template> {
    Template::parse(name, text).map_err(|found| wrong.found.extend(found)).ok()
}

/// The templates among what was typed, each with its place below the folder (or its file's name).
pub(super) fn templates(
    typed: &[PathBuf],
    wrong: &mut Wrong,
    passed_over: &mut PassedOver,
) -> Result<Vec<(PathBuf, Template)>, CliError> {
    let mut all = Vec::new();
    for path in typed {
        if !path.is_dir() {
            let place = PathBuf::from(path.file_name().unwrap_or_default());
            all.extend(named(path, typed.len() == 1, wrong)?.map(|template| (place, template)));
            continue;
        }
        for file in json_files(path, passed_over)? {
            if let Some(Kind::Template(template)) = found(&file, wrong) {
                all.push((file.strip_prefix(path).unwrap_or(&file).to_owned(), *template));
            }
        }
    }
    Ok(all)
}
