//! Values of parameters: from files, from `--set`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use lifeboat_arm::template::{
    Diagnostic, ParameterDeclaration, ParameterType, ParameterValue, Template, parse_parameters,
};
use lifeboat_arm::tree::Node;
use lifeboat_arm::{Region, nearest};
use lifeboat_planner::NOWHERE;
use serde_json::Value;

use super::complaints::of_diagnostics;
use super::text_of;
use super::veil::veil;
use crate::errors::{CliError, Located};

/// What may be wrong with a value that was given, by the codes of diagnostics.
const OF_VALUES: &[&str] = &["parameter-type", "parameter-allowed", "parameter-length", "parameter-range"];

/// Values of parameters, and where each was written.
#[derive(Default)]
pub(super) struct Given {
    pub(super) values: BTreeMap<String, Value>,
    /// Of those that a file gives.
    places: BTreeMap<String, Place>,
}

/// Where a file gives a value.
struct Place {
    file: String,
    range: Range<usize>,
    /// Whether the parameter is of a secure type: then its value is not even shown where it is wrong.
    secure: bool,
}

impl Given {
    /// Covers what an error would show of the files beside the value that it is about.
    pub(super) fn veil(&self, error: CliError) -> CliError {
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
        if !is_wrong || !self.values.contains_key(&name) {
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

/// The values of parameter files, later ones winning. What comes from a key vault is left to a placeholder: nothing is
/// fetched.
pub(super) fn from_files(paths: &[PathBuf], template: &Template) -> Result<Given, CliError> {
    let mut all = Given::default();
    for path in paths {
        let name = path.display().to_string();
        let text = text_of(path)?;
        let given =
            parse_parameters(&name, &text).map_err(|found| veiled(of_diagnostics(&found), |_| Some(0..0)))?;
        let tree = Node::parse(&text).ok();
        let foreign = !given.is_empty() && !given.keys().any(|name| declared_name(template, name).is_some());
        for (parameter, value) in given {
            let Some(declared) = declared_name(template, &parameter) else {
                return Err(unknown_parameter(template, &parameter, &name, &text, foreign));
            };
            if let ParameterValue::Value(value) = value {
                let secure =
                    template.parameters().any(|parameter| parameter.secure && parameter.name == declared);
                let place = Place { file: name.clone(), range: place_of(tree.as_ref(), &parameter), secure };
                all.places.insert(declared.clone(), place);
                all.values.insert(declared, value);
            }
        }
    }
    Ok(all)
}

/// The error with the values of parameter files covered: `shown` tells, for a place in such a file, what may be seen.
fn veiled(error: CliError, shown: impl Fn(&Located) -> Option<Range<usize>>) -> CliError {
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
    let value = tree.and_then(|tree| tree.get("parameters")?.get(parameter)?.get("value"));
    value.map_or(0..0, |value| value.range.clone())
}

fn declared_name(template: &Template, name: &str) -> Option<String> {
    template
        .parameters()
        .find(|declared| declared.name.eq_ignore_ascii_case(name))
        .map(|declared| declared.name.clone())
}

fn unknown_parameter(template: &Template, name: &str, file: &str, text: &str, foreign: bool) -> CliError {
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
    .into()
}

fn meant(template: &Template, name: &str) -> String {
    let names: Vec<&str> = template.parameters().map(|declared| declared.name.as_str()).collect();
    if let Some(near) = nearest(name, names.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    if names.is_empty() { "it declares none".to_owned() } else { format!("it declares {}", names.join(", ")) }
}

/// `--set name=value`: JSON where the parameter is not a string.
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
        let value = typed_value(declared, text).map_err(|wanted| {
            let said = if declared.secure { "the value" } else { &*format!("`{text}`") };
            CliError::failed(format!("--set: {said} is not {wanted}, which `{name}` is declared as"))
                .with_hint(format!("give it as JSON: `--set '{name}={}'`", example(declared.kind)))
        })?;
        given.places.remove(&declared.name);
        given.values.insert(declared.name.clone(), value);
    }
    Ok(())
}

/// What was typed as the declared type, or the name of that type.
fn typed_value(declared: &ParameterDeclaration, text: &str) -> Result<Value, &'static str> {
    let json = || serde_json::from_str::<Value>(text).ok();
    let fits = |fits: fn(&Value) -> bool, name: &'static str| json().filter(fits).ok_or(name);
    match declared.kind {
        ParameterType::String | ParameterType::SecureString => Ok(Value::String(text.to_owned())),
        ParameterType::Int => fits(Value::is_i64, "an int"),
        ParameterType::Bool => fits(Value::is_boolean, "a bool"),
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
pub(super) fn refuse_missing(template: &Template, given: &BTreeMap<String, Value>) -> Result<(), CliError> {
    let missing: Vec<Located> = template
        .parameters()
        .filter(|declared| declared.is_required() && !given.contains_key(&declared.name))
        .map(|declared| Located {
            file: template.file().to_owned(),
            text: template.text().to_owned(),
            range: declared.range.clone(),
            message: format!("the parameter `{}` has no value", declared.name),
            hint: Some(format!("give it: `--set {}=…`, or a file with `--parameters`", declared.name)),
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(CliError::Located(missing)) }
}
