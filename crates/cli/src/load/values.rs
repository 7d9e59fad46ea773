//! Values of parameters: from files, from `--set`, named in key vaults.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use lifeboat_arm::template::{
    Diagnostic, ParameterDeclaration, ParameterType, ParameterValue, Template, parse_parameters,
};
use lifeboat_arm::tree::Node;
use lifeboat_arm::{Region, nearest};
use lifeboat_planner::NOWHERE;
use serde_json::Value;

use super::bicep;
use super::complaints::{in_compiled, of_diagnostics, shown_text};
use super::text::{SAVE_IT_AS_UTF_8, decoded};
use super::veil::veil;
use crate::errors::{CliError, Located};

/// What may be wrong with a value that was given, by the codes of diagnostics.
const OF_VALUES: &[&str] =
    &["parameter-type", "parameter-allowed", "parameter-length", "parameter-range", "key-vault-type"];

/// Values of parameters, and where each was written.
#[derive(Default)]
pub(super) struct Given {
    pub(super) values: BTreeMap<String, Value>,
    /// References to secrets of key vaults.
    pub(super) secrets: BTreeMap<String, Value>,
    /// Of those that a file gives.
    places: BTreeMap<String, Place>,
    /// The texts of the files.
    texts: BTreeMap<String, String>,
}

/// Where a file gives a value.
struct Place {
    file: String,
    range: Range<usize>,
    /// Whether the parameter is of a secure type: then its value is not even shown where it is wrong.
    secure: bool,
}

impl Given {
    /// Everything that was given.
    pub(super) fn all(&self) -> BTreeMap<String, ParameterValue> {
        let value = |(name, value): (&String, &Value)| (name.clone(), ParameterValue::Value(value.clone()));
        let secret =
            |(name, secret): (&String, &Value)| (name.clone(), ParameterValue::KeyVault(secret.clone()));
        self.values.iter().map(value).chain(self.secrets.iter().map(secret)).collect()
    }

    /// What a deployment will ask of key vaults, for people.
    pub(super) fn asks(&self) -> impl Iterator<Item = String> {
        self.named_secrets().into_iter().map(|(name, secret)| {
            format!(
                "parameter `{name}` is {secret}, which the deployment asks; the vault must have \
                 `enabledForTemplateDeployment`"
            )
        })
    }

    /// Parameters that are secrets of key vaults, each in the words that people know it by.
    pub(super) fn named_secrets(&self) -> BTreeMap<String, String> {
        let all = self.secrets.iter().map(|(name, reference)| {
            let part = |pointer| reference.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let vault = part("/keyVault/id").rsplit('/').next().unwrap_or_default();
            (name.clone(), format!("the secret `{}` of the key vault `{vault}`", part("/secretName")))
        });
        all.collect()
    }

    /// Parameters that are secrets of key vaults, each with its vault.
    pub(super) fn vaults(&self) -> impl Iterator<Item = (String, String)> {
        self.secrets.iter().map(|(name, reference)| {
            let id = reference.pointer("/keyVault/id").and_then(Value::as_str).unwrap_or_default();
            (name.clone(), id.rsplit('/').next().unwrap_or_default().to_owned())
        })
    }

    fn has(&self, name: &str) -> bool {
        self.values.contains_key(name) || self.secrets.contains_key(name)
    }

    /// The later one wins, whatever kind it is of.
    fn give(&mut self, name: String, given: ParameterValue, place: Place) {
        self.places.insert(name.clone(), place);
        match given {
            ParameterValue::Value(value) => {
                self.secrets.remove(&name);
                self.values.insert(name, value);
            }
            ParameterValue::KeyVault(reference) => {
                self.values.remove(&name);
                self.secrets.insert(name, reference);
            }
        }
    }

    /// Covers what an error would show of the files beside the value that it is about.
    pub(super) fn veil(&self, error: CliError) -> CliError {
        let error = self.texts.iter().fold(error, |error, (file, text)| in_compiled(error, file, text));
        veiled(error, |place| {
            let mut of_file = self.places.values().filter(|given| given.file == place.file).peekable();
            of_file.peek()?;
            let is_secret = of_file.any(|given| given.secure && given.range == place.range);
            Some(if is_secret { 0..0 } else { place.range.clone() })
        })
    }

    /// Shows what is wrong with a value at the place where it was given, instead of at the parameter. `template` is the file
    /// that declares the parameters: a linked template has its own.
    pub(super) fn relocate(&self, template: &str, found: &mut Diagnostic) {
        let Some(name) = found.pointer.strip_prefix("/parameters/").map(str::to_owned) else { return };
        let is_nowhere = |value: &Value| value.as_str().is_some_and(|text| Region::parse(text).is_err());
        let is_wrong = match found.code {
            NOWHERE => self.values.get(&name).is_some_and(is_nowhere),
            code => OF_VALUES.contains(&code) && found.file == template && found.chain.is_empty(),
        };
        if !is_wrong || !self.has(&name) {
            return;
        }
        if let Some(place) = self.places.get(&name) {
            found.file.clone_from(&place.file);
            found.range = place.range.clone();
        } else {
            found.message = format!("--set {name}: {}", found.message);
        }
        found.pointer.clear();
    }
}

/// The files that give values: those that were typed, after the one that also names its template.
pub(super) fn files(template: &Path, typed: &[PathBuf]) -> Vec<PathBuf> {
    let own = bicep::names_its_template(template).then(|| template.to_owned());
    own.into_iter().chain(typed.iter().cloned()).collect()
}

/// The values of parameter files, later ones winning. Secrets of key vaults are only named: nothing is fetched.
pub(super) fn from_files(paths: &[PathBuf], template: &Template) -> Result<Given, CliError> {
    let mut all = Given::default();
    let mut strangers = Vec::new();
    for path in paths {
        let path = meant_file(path)?;
        let name = bicep::shown(&path);
        let text = bicep::parameters_of(&path)?;
        let given = parse_parameters(&name, &text)
            .map_err(|found| veiled(in_compiled(of_diagnostics(&found), &name, &text), |_| Some(0..0)))?;
        let tree = Node::parse(&text).ok();
        let foreign = !given.is_empty() && !given.keys().any(|name| declared_name(template, name).is_some());
        for (parameter, value) in given {
            match declared_name(template, &parameter) {
                Some(declared) => {
                    let secure = template.parameters().any(|one| one.secure && one.name == declared);
                    let range = place_of(tree.as_ref(), &parameter);
                    all.give(declared, value, Place { file: name.clone(), range, secure });
                }
                None => strangers.push(unknown_parameter(template, &parameter, &name, &text, foreign)),
            }
            if foreign {
                break;
            }
        }
        all.texts.insert(name, text);
    }
    if strangers.is_empty() { Ok(all) } else { Err(CliError::Located(strangers)) }
}

/// The file that was meant. `az` takes `@FILE` for a file, and values in the same place.
fn meant_file(typed: &Path) -> Result<PathBuf, CliError> {
    let text = typed.to_string_lossy();
    if typed.exists() {
        return Ok(typed.to_owned());
    }
    if let Some(file) = text.strip_prefix('@') {
        return Ok(PathBuf::from(file));
    }
    if let Some((name, _)) = text.split_once('=').filter(|(name, _)| !name.contains(['/', '.', '{'])) {
        return Err(CliError::failed(format!("`--parameters` takes files, and `{name}=…` is one value"))
            .with_hint(format!("give it with `--set {name}=…`")));
    }
    if text.starts_with('{') {
        return Err(CliError::failed("`--parameters` takes files, not JSON")
            .with_hint("write it into a file, or give each value with `--set name=value`"));
    }
    Ok(typed.to_owned())
}

/// The error with the values of parameter files covered: `shown` tells, for a place in such a file, what may be seen.
pub(super) fn veiled(error: CliError, shown: impl Fn(&Located) -> Option<Range<usize>>) -> CliError {
    let CliError::Located(mut places) = error else { return error };
    for place in &mut places {
        if let Some(shown) = shown(place) {
            place.text = veil(&place.text, &shown);
        }
    }
    CliError::Located(places)
}

/// Where a parameter file gives a value.
fn place_of(tree: Option<&Node>, parameter: &str) -> Range<usize> {
    let entry = tree.and_then(|tree| tree.get("parameters").unwrap_or(tree).get(parameter));
    let given = entry.and_then(|entry| entry.get("value").or(entry.get("reference")));
    given.map_or(0..0, |given| given.range.clone())
}

fn declared_name(template: &Template, name: &str) -> Option<String> {
    template
        .parameters()
        .find(|declared| declared.name.eq_ignore_ascii_case(name))
        .map(|declared| declared.name.clone())
}

fn unknown_parameter(template: &Template, name: &str, file: &str, text: &str, foreign: bool) -> Located {
    let start = text.find(&format!("\"{name}\"")).map_or(0, |at| at + 1);
    Located {
        file: file.to_owned(),
        text: veil(text, &(0..0)),
        range: start..start + if start > 0 { name.len() } else { 0 },
        message: format!("the template `{}` declares no parameter `{name}`", template.file()),
        hint: Some(if foreign {
            format!("no parameter of this file is one of the template's: {}", meant(template, name))
        } else {
            meant(template, name)
        }),
    }
}

fn meant(template: &Template, name: &str) -> String {
    let names: Vec<&str> = template.parameters().map(|declared| declared.name.as_str()).collect();
    if let Some(near) = nearest(name, names.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    if names.is_empty() { "it declares none".to_owned() } else { format!("it declares {}", names.join(", ")) }
}

/// `--set name=value`: JSON where the parameter is not a string; `--set name=@file`: what the file holds, as with `az`.
pub(super) fn set(
    given: &mut Given,
    typed: &[(String, String)],
    template: &Template,
) -> Result<(), CliError> {
    for (name, text) in typed {
        let Some(declared) = template.parameters().find(|declared| declared.name.eq_ignore_ascii_case(name))
        else {
            return Err(CliError::failed(format!("--set: the template declares no parameter `{name}`"))
                .with_hint(meant(template, name)));
        };
        let (said, text) = match text.strip_prefix('@') {
            Some(escaped) if escaped.starts_with('@') => (said(declared, escaped), escaped.to_owned()),
            Some(file) => (format!("what `{file}` holds"), held(name, file)?),
            None => (said(declared, text), text.clone()),
        };
        let value = typed_value(declared, &text).map_err(|wanted| {
            CliError::failed(format!("--set: {said} is not {wanted}, which `{name}` is declared as"))
                .with_hint(format!("give it as JSON: `--set '{name}={}'`", example(declared.kind)))
        })?;
        given.places.remove(&declared.name);
        given.secrets.remove(&declared.name);
        given.values.insert(declared.name.clone(), value);
    }
    Ok(())
}

/// A value in a message. A secret is not shown even there.
fn said(declared: &ParameterDeclaration, text: &str) -> String {
    if declared.secure { "the value".to_owned() } else { format!("`{text}`") }
}

/// What a file holds, without the line break at its end: editors add it, and no password has it.
fn held(name: &str, file: &str) -> Result<String, CliError> {
    let text = std::fs::read(Path::new(file)).map_err(|error| {
        CliError::caused_by(format!("--set {name}: cannot read `{file}`"), error)
            .with_hint(format!("`@` reads a file; for a text that begins with it write `{name}=@@…`"))
    })?;
    let text = decoded(text).map_err(|wrong| {
        CliError::failed(format!("--set {name}: cannot read `{file}`: {}", wrong.says()))
            .with_hint(SAVE_IT_AS_UTF_8)
    })?;
    Ok(text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']).to_owned())
}

/// What was typed as the declared type, or the name of that type.
fn typed_value(declared: &ParameterDeclaration, text: &str) -> Result<Value, &'static str> {
    let json = || Node::parse(text).ok().map(|node| node.to_value());
    let fits = |fits: fn(&Value) -> bool, name: &'static str| json().filter(fits).ok_or(name);
    let nothing = declared.nullable && text == "null";
    match declared.kind {
        _ if nothing => Ok(Value::Null),
        ParameterType::String | ParameterType::SecureString => Ok(Value::String(text.to_owned())),
        ParameterType::Int => fits(Value::is_i64, "an int"),
        // Shells and `az` write it in any case.
        ParameterType::Bool => {
            let truth = text.trim().to_ascii_lowercase().parse().ok();
            truth.map(Value::Bool).ok_or("a bool")
        }
        ParameterType::Array => fits(Value::is_array, "an array"),
        ParameterType::Object | ParameterType::SecureObject => fits(Value::is_object, "an object"),
        ParameterType::Any => Ok(json().unwrap_or_else(|| Value::String(text.to_owned()))),
    }
}

fn example(kind: ParameterType) -> &'static str {
    match kind {
        ParameterType::Int => "2",
        ParameterType::Bool => "true",
        ParameterType::Array => r#"["a", "b"]"#,
        ParameterType::Object | ParameterType::SecureObject => r#"{"name": "value"}"#,
        _ => "text",
    }
}

/// `--strict`: a parameter without a value is an error, each at its declaration.
pub(super) fn refuse_missing(template: &Template, given: &Given) -> Result<(), CliError> {
    let missing: Vec<Located> = template
        .parameters()
        .filter(|declared| declared.is_required() && !given.has(&declared.name))
        .map(|declared| Located {
            file: template.file().to_owned(),
            text: shown_text(template.text()),
            range: declared.range.clone(),
            message: format!("the parameter `{}` has no value", declared.name),
            hint: Some(format!("give it: `--set {}=…`, or a file with `--parameters`", declared.name)),
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(CliError::Located(missing)) }
}
