//! Values for parameters that nobody gave: so that a template can be looked at before it is filled in.

mod shape;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::language::types::{self, ParameterType};
use super::language::unique;
use super::{ParameterDeclaration, Template};
use crate::tree::Node;
use shape::Shape;

/// Definitions may be recursive; made-up objects end at this depth.
const DEPTH_MAX: usize = 8;

/// Made-up names are no longer than the shortest that common services take.
const PLAIN_MAX: usize = 24;
/// How much of a cut name is kept for telling it from others.
const TAIL: usize = 5;

/// A made-up value, and why it looks as it does.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Placeholder {
    /// The value.
    pub value: Json,
    /// One sentence for people.
    pub why: String,
}

/// A deterministic value of the right type for every required parameter that is not given (any case).
///
/// Objects and arrays get the members that the template reaches for, so that what is wrong afterwards is wrong
/// with the template. Locations are names like any other: callers know better.
pub fn placeholders(template: &Template, given: &BTreeSet<String>) -> BTreeMap<String, Placeholder> {
    let given: BTreeSet<String> = given.iter().map(|name| name.to_lowercase()).collect();
    let root = template.tree();
    let declared = root.get("parameters");
    let is_wanted = |parameter: &&ParameterDeclaration| {
        parameter.is_required() && !given.contains(&parameter.name.to_lowercase())
    };
    let wanted: Vec<&ParameterDeclaration> = template.parameters().filter(is_wanted).collect();
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let shapes = shape::shapes(root);
    wanted
        .into_iter()
        .filter_map(|parameter| {
            let declaration = declared?.get(&parameter.name)?;
            let shape = shapes.get(&parameter.name.to_lowercase());
            Some((parameter.name.clone(), placeholder(root, declaration, &parameter.name, shape)))
        })
        .collect()
}

fn placeholder(root: &Node, declaration: &Node, name: &str, shape: Option<&Shape>) -> Placeholder {
    let mut value = typed(root, declaration, name, 0);
    if let (Some(shape), Json::String(_), ParameterType::String) =
        (shape, &value, types::kind(root, declaration))
        && types::follow(root, declaration).get("allowedValues").is_none()
    {
        let (least, most) = lengths(root, declaration);
        value = fit(&shape.text(name), name, least, most).into();
    }
    // a declared structure is more than a guessed one
    let bare = match &value {
        Json::Array(items) => items.is_empty() || items.iter().all(Json::is_string),
        Json::Object(members) => members.is_empty(),
        _ => false,
    };
    if let Some(shape) = shape.filter(|shape| bare && shape.has_parts()) {
        let guessed = shape.value(name);
        let longer = match (&value, &guessed) {
            (Json::Array(least), Json::Array(items)) => {
                let mut items = items.clone();
                let model = items.last().cloned().unwrap_or_default();
                items.resize(items.len().max(least.len()), model);
                Some(Json::Array(items))
            }
            (Json::Object(_), Json::Object(_)) => Some(guessed),
            _ => None,
        };
        if let Some(value) = longer {
            return Placeholder { value, why: "the members that the template uses".into() };
        }
    }
    let why = match (types::kind(root, declaration), &value) {
        _ if types::follow(root, declaration).get("allowedValues").is_some() => {
            "the first of the allowed values"
        }
        (ParameterType::SecureString, _) => "a made-up secret",
        (_, Json::String(_)) => "a name derived from the parameter's",
        (_, Json::Number(_)) => "an int inside the declared limits",
        (_, Json::Array(_)) => "an array of the least length",
        (_, Json::Object(_)) => "an object of the required members",
        _ => "a value of the declared type",
    };
    Placeholder { value, why: why.into() }
}

/// A value that the declaration accepts.
fn typed(root: &Node, declaration: &Node, name: &str, depth: usize) -> Json {
    let definition = types::follow(root, declaration);
    let find = |key: &str| declaration.get(key).or_else(|| definition.get(key));
    let number = |key: &str| find(key).map(Node::to_value).and_then(|value| value.as_i64());
    let kind = types::kind(root, declaration);
    let (least, most) = lengths(root, declaration);
    if let Some(first) = find("allowedValues").and_then(Node::elements).and_then(<[Node]>::first) {
        let first = first.to_value();
        return if kind == ParameterType::Array && !first.is_array() { json!([first]) } else { first };
    }
    match kind {
        ParameterType::Int => {
            let floor = number("minValue").unwrap_or(i64::MIN);
            json!(1.clamp(floor, number("maxValue").unwrap_or(i64::MAX).max(floor)))
        }
        ParameterType::Bool => json!(false),
        ParameterType::Array => {
            let items = find("items").filter(|items| items.members().is_some() && depth < DEPTH_MAX);
            let item = items
                .map_or_else(|| text_for(name, false).into(), |items| typed(root, items, name, depth + 1));
            json!(vec![item; least.min(100)])
        }
        ParameterType::Object | ParameterType::SecureObject if depth < DEPTH_MAX => {
            object(root, definition, depth)
        }
        ParameterType::Object | ParameterType::SecureObject => json!({}),
        ParameterType::SecureString if !name.to_lowercase().ends_with("sastoken") => {
            fit(&password(name), name, least, most).into()
        }
        ParameterType::SecureString | ParameterType::String | ParameterType::Any => {
            fit(&text_for(name, false), name, least, most).into()
        }
    }
}

/// The least and the greatest length.
fn lengths(root: &Node, declaration: &Node) -> (usize, usize) {
    let definition = types::follow(root, declaration);
    let length = |key: &str| {
        let node = declaration.get(key).or_else(|| definition.get(key))?;
        usize::try_from(node.to_value().as_u64()?).ok()
    };
    (length("minLength").unwrap_or(0), length("maxLength").unwrap_or(usize::MAX))
}

fn object(root: &Node, definition: &Node, depth: usize) -> Json {
    let mut members = serde_json::Map::new();
    let mut variant = definition;
    let discriminator = definition.get("discriminator");
    let mapping =
        discriminator.and_then(|discriminator| discriminator.get("mapping")).and_then(Node::members);
    if let Some(first) = mapping.and_then(<[_]>::first) {
        variant = types::follow(root, &first.value);
        let property = discriminator.and_then(|discriminator| discriminator.get("propertyName"));
        let property = property.and_then(Node::as_str).unwrap_or("type");
        members.insert(property.to_owned(), (*first.key).into());
    }
    for member in variant.get("properties").and_then(Node::members).unwrap_or_default() {
        if !types::is_nullable(root, &member.value) && !members.contains_key(&*member.key) {
            members.insert(member.key.to_string(), typed(root, &member.value, &member.key, depth + 1));
        }
    }
    Json::Object(members)
}

/// A string for a parameter of this name. Ids and addresses must be taken apart by templates, so they look real;
/// the rest is small letters and digits, what every service takes as a name.
fn text_for(name: &str, taken_apart: bool) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase());
    let whole: String = "gen".chars().chain(letters).collect();
    // Two long names may begin alike, and what is made of them must differ.
    let plain = if whole.len() <= PLAIN_MAX {
        whole
    } else {
        format!("{}{}", &whole[..PLAIN_MAX - TAIL], &unique::unique_string(name)[..TAIL])
    };
    let lower = name.to_ascii_lowercase();
    let guid =
        ["subscription", "tenant", "principal", "object", "client"].iter().any(|word| lower.contains(word));
    if lower.ends_with("id") && guid {
        return unique::guid(name);
    }
    if lower.ends_with("resourceid") || taken_apart && lower.ends_with("id") {
        return format!(
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/generated/providers/Generated.Provider/things/{plain}"
        );
    }
    if lower.ends_with("sastoken") {
        // what is put behind an address
        return format!("?sig={plain}");
    }
    if let Some(before) = lower.strip_suffix("zone") {
        match before {
            before if before.ends_with("dns") => return format!("{plain}.example.com"),
            before if before.ends_with("time") => return "UTC".to_owned(),
            _ => return "1".to_owned(),
        }
    }
    if lower.ends_with("uri") || lower.ends_with("url") {
        return format!("https://{plain}.example.com/generated/{plain}");
    }
    plain
}

fn fit(text: &str, name: &str, least: usize, most: usize) -> String {
    let least = least.min(1 << 16);
    let most = most.max(least);
    let tail = unique::unique_string(name);
    let own = text.chars().count();
    if own > most && most > 2 * TAIL {
        let kept: String = text.chars().take(most - TAIL).collect();
        return kept + &tail[..TAIL];
    }
    text.chars().chain(tail.chars().cycle()).take(own.max(least).min(most)).collect()
}

fn password(seed: &str) -> String {
    format!("Gen1!{}", unique::unique_string(seed))
}

/// Replaces the markers that quickstart parameter files use (`GEN-UNIQUE`, `GEN-UNIQUE-8`, `GEN-PASSWORD`,
/// `GEN-SSH-PUB-KEY`, `GEN-GUID`, …) anywhere in a value. The same seed gives the same values.
pub fn fill_markers(value: &Json, seed: &str) -> Json {
    match value {
        Json::String(text) if text.contains("GEN-") => Json::String(fill_text(text, seed)),
        // names in a list are names of several things
        Json::Array(items) => {
            (0..).zip(items).map(|(at, item)| fill_markers(item, &turn(seed, at))).collect()
        }
        Json::Object(members) => Json::Object(
            members.iter().map(|(key, value)| (key.clone(), fill_markers(value, seed))).collect(),
        ),
        other => other.clone(),
    }
}

/// The seed of an element; the first one's is the list's.
fn turn(seed: &str, at: usize) -> String {
    if at == 0 { seed.to_owned() } else { format!("{seed}{at}") }
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
