//! Values for parameters that nobody gave: so that a template can be looked at before it is filled in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::parameters::ParameterDeclaration;
use super::types::ParameterType;
use super::{Template, unique};

/// A made-up value, and why it looks as it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Placeholder {
    /// The value.
    pub value: Json,
    /// One sentence for people.
    pub why: String,
}

/// A deterministic value of the right type for every required parameter that is not given (any case).
pub fn placeholders(template: &Template, given: &BTreeSet<String>) -> BTreeMap<String, Placeholder> {
    let given: BTreeSet<String> = given.iter().map(|name| name.to_lowercase()).collect();
    template
        .parameters()
        .filter(|parameter| parameter.is_required() && !given.contains(&parameter.name.to_lowercase()))
        .map(|parameter| (parameter.name.clone(), placeholder(parameter)))
        .collect()
}

fn placeholder(parameter: &ParameterDeclaration) -> Placeholder {
    if let Some(first) = parameter.allowed.as_ref().and_then(|allowed| allowed.first()) {
        let value = if parameter.kind == ParameterType::Array && !first.is_array() {
            json!([first])
        } else {
            first.clone()
        };
        return Placeholder { value, why: "the first of the allowed values".into() };
    }
    let (value, why) = match parameter.kind {
        ParameterType::Int => {
            let value = 1.clamp(
                parameter.min_value.unwrap_or(i64::MIN),
                parameter.max_value.unwrap_or(i64::MAX).max(parameter.min_value.unwrap_or(i64::MIN)),
            );
            (json!(value), "an int inside the declared limits")
        }
        ParameterType::Bool => (json!(false), "a bool"),
        ParameterType::Array => {
            let count = usize::try_from(parameter.min_length.unwrap_or(0).min(100)).unwrap_or(0);
            (json!(vec![name_like(parameter, 24); count]), "an array of the least length")
        }
        ParameterType::Object | ParameterType::SecureObject => (json!({}), "an empty object"),
        ParameterType::SecureString => (json!(fit(password(&parameter.name), parameter)), "a made-up secret"),
        ParameterType::String | ParameterType::Any => {
            (json!(fit(name_like(parameter, 24), parameter)), "a name derived from the parameter's")
        }
    };
    Placeholder { value, why: why.into() }
}

/// Small letters and digits: what every service takes as a name.
fn name_like(parameter: &ParameterDeclaration, length: usize) -> String {
    let letters =
        parameter.name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase());
    let name: String = "gen".chars().chain(letters).take(length).collect();
    name
}

fn fit(text: String, parameter: &ParameterDeclaration) -> String {
    let least = usize::try_from(parameter.min_length.unwrap_or(0).min(1 << 16)).unwrap_or(0);
    let most = usize::try_from(parameter.max_length.unwrap_or(u64::MAX)).unwrap_or(usize::MAX).max(least);
    let tail = unique::unique_string(&parameter.name);
    let padded = text.chars().chain(tail.chars().cycle().take(least));
    padded.take(text.chars().count().max(least).min(most)).collect()
}

fn password(seed: &str) -> String {
    format!("Gen1!{}", unique::unique_string(seed))
}

/// Replaces the markers that quickstart parameter files use (`GEN-UNIQUE`, `GEN-UNIQUE-8`, `GEN-PASSWORD`,
/// `GEN-SSH-PUB-KEY`, `GEN-GUID`, …) anywhere in a value. The same seed gives the same values.
pub fn fill_markers(value: &Json, seed: &str) -> Json {
    match value {
        Json::String(text) if text.contains("GEN-") => Json::String(fill_text(text, seed)),
        Json::Array(items) => items.iter().map(|item| fill_markers(item, seed)).collect(),
        Json::Object(members) => Json::Object(
            members.iter().map(|(key, value)| (key.clone(), fill_markers(value, seed))).collect(),
        ),
        other => other.clone(),
    }
}

fn fill_text(text: &str, seed: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("GEN-") {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let (value, length) = marker(rest, seed);
        filled.push_str(&value);
        rest = &rest[length..];
    }
    filled + rest
}

/// What the marker at the start of a text stands for, and how long the marker is.
fn marker(text: &str, seed: &str) -> (String, usize) {
    let word = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    let name = text[..word].trim_end_matches('-');
    if let Some(rest) = name.strip_prefix("GEN-UNIQUE") {
        let digits: String =
            rest.strip_prefix('-').unwrap_or("").chars().take_while(char::is_ascii_digit).collect();
        let length = digits.parse().unwrap_or(16_usize).clamp(1, 90);
        let used = "GEN-UNIQUE".len() + if digits.is_empty() { 0 } else { digits.len() + 1 };
        // a name has to begin with a letter
        let letters = "g".chars().chain(endless(seed)).take(length).collect();
        return (letters, used);
    }
    match name {
        "GEN-PASSWORD" => (password(seed), name.len()),
        "GEN-GUID" => (unique::guid(seed), name.len()),
        "GEN-SSH-PUB-KEY" => (ssh_key(seed), name.len()),
        _ => {
            let letters =
                name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase());
            (letters.collect(), name.len())
        }
    }
}

fn endless(seed: &str) -> impl Iterator<Item = char> {
    (0..).flat_map(move |block: u32| {
        unique::unique_string(&format!("{seed}{block}")).chars().collect::<Vec<_>>()
    })
}

/// The shape of a public key; nobody holds the private one.
fn ssh_key(seed: &str) -> String {
    use base64::Engine as _;
    let blob: Vec<u8> = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"
        .iter()
        .copied()
        .chain(endless(seed).take(32).map(|letter| u8::try_from(letter).unwrap_or(b'x')))
        .collect();
    format!("ssh-ed25519 {} generated", base64::engine::general_purpose::STANDARD.encode(blob))
}
