//! Values of parameters: from files, from `--set`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lifeboat_arm::nearest;
use lifeboat_arm::template::{
    ParameterDeclaration, ParameterType, ParameterValue, Template, parse_parameters,
};
use serde_json::Value;

use super::complaints::of_diagnostics;
use super::text_of;
use crate::errors::{CliError, Located};

/// The values of parameter files, later ones winning. What comes from a key vault is left to a placeholder: nothing is
/// fetched.
pub(super) fn from_files(
    paths: &[PathBuf],
    template: &Template,
) -> Result<BTreeMap<String, Value>, CliError> {
    let mut values = BTreeMap::new();
    for path in paths {
        let name = path.display().to_string();
        let text = text_of(path)?;
        let given = parse_parameters(&name, &text).map_err(|found| of_diagnostics(&found))?;
        let foreign = !given.is_empty() && !given.keys().any(|name| declared_name(template, name).is_some());
        for (parameter, value) in given {
            let Some(declared) = declared_name(template, &parameter) else {
                return Err(unknown_parameter(template, &parameter, &name, &text, foreign));
            };
            if let ParameterValue::Value(value) = value {
                values.insert(declared, value);
            }
        }
    }
    Ok(values)
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
        text: text.to_owned(),
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
    values: &mut BTreeMap<String, Value>,
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
            CliError::failed(format!("--set: `{text}` is not {wanted}, which `{name}` is declared as"))
                .with_hint(format!("give it as JSON: `--set '{name}={}'`", example(declared.kind)))
        })?;
        values.insert(declared.name.clone(), value);
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
