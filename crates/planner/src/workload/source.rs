//! YAML as a tree in which every key and value knows its place.
//!
//! Reading into a tree first, instead of straight into structs, is what lets one run report every problem of a file:
//! serde stops at the first. Here: text to tree. Not here: what the tree means (`reader.rs`).

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};

use super::reader::Problem;

/// A place in a file: line and column, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
}

/// A value of a YAML file with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub at: Position,
    /// What it is.
    pub(super) value: Value,
}

/// What a YAML value is. Scalars keep the text as it was written: `no`, `007` and `1e3` may be names.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// Quoted or plain text.
    Text(String),
    /// A plain number, as written.
    Number(String),
    /// `true` or `false`.
    Flag(bool),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file; a key may occur twice, so that the second can be reported.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    /// Where it stands.
    pub at: Position,
    /// The key.
    pub name: String,
}

impl Value {
    /// What it is, for messages.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Reads the text of one YAML document.
pub(super) fn read(text: &str) -> Result<Node, Problem> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
    };
    let raw: Spanned<Raw> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| not_yaml(&error))?;
    Ok(placed(raw, text))
}

fn not_yaml(error: &serde_saphyr::Error) -> Problem {
    use serde_saphyr::Error as E;
    let at = error.location().map_or(Position { line: 1, column: 1 }, position);
    let (message, hint) = match error.without_snippet() {
        E::MultipleDocuments { .. } => (
            "the file holds more than one document".to_owned(),
            Some("keep one and remove the `---` that starts the second"),
        ),
        E::MergeKeyNotAllowed { .. } => {
            ("`<<` is not read here".to_owned(), Some("write the fields out instead of merging them"))
        }
        other => {
            // The first line is the message; a drawing of the place may follow, which `Problem` carries as numbers.
            let words = other.to_string();
            let line = words.lines().next().unwrap_or_default();
            let message = line.split(" at line ").next().unwrap_or(line).trim_end_matches([':', '.']);
            (message.to_owned(), advice(message))
        }
    };
    Problem { at, message, hint: hint.map(str::to_owned) }
}

/// What usually is behind a message of the YAML parser.
fn advice(message: &str) -> Option<&'static str> {
    if message.contains("tab") {
        Some("YAML indents with blanks, not with tabs")
    } else if message.contains("illegal placement") || message.contains("did not find expected") {
        Some("a bracket, brace or quote before this place may be open, or the line indented wrongly")
    } else {
        None
    }
}

fn position(location: serde_saphyr::Location) -> Position {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line: number(location.line()), column: number(location.column()) }
}

/// Numbers lose their spelling on the way through serde: it is taken from the text again.
fn placed(raw: Spanned<Raw>, text: &str) -> Node {
    let written = |shown: String| spelling(&raw.defined, text).unwrap_or(shown);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Text(text) => Value::Text(text),
        Raw::Number(shown) => Value::Number(written(shown)),
        Raw::Flag(flag) => Value::Flag(flag),
        Raw::List(items) => Value::List(items.into_iter().map(|item| placed(item, text)).collect()),
        Raw::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    (Key { at: position(key.referenced), name: key.value }, placed(value, text))
                })
                .collect(),
        ),
    };
    Node { at: position(raw.referenced), value }
}

fn spelling(location: &serde_saphyr::Location, text: &str) -> Option<String> {
    let start = usize::try_from(location.span().byte_offset()?).ok()?;
    let length = usize::try_from(location.span().byte_len()?).ok()?;
    let slice = text.get(start..start.checked_add(length)?)?.trim();
    (!slice.is_empty()).then(|| slice.to_owned())
}

enum Raw {
    Null,
    Text(String),
    Number(String),
    Flag(bool),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }
    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Flag(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }
    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }
    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(node: &Node) -> &[(Key, Node)] {
        match &node.value {
            Value::Map(entries) => entries,
            other => panic!("a mapping was expected, not {other:?}"),
        }
    }

    #[test]
    fn every_key_and_value_knows_its_place() {
        let tree = read("a: 1\nb:\n  - { c: x, c: 'y' }\n").unwrap();
        let [(a, one), (b, list)] = map(&tree) else { panic!("two keys") };
        assert_eq!((a.at, one.at), (Position { line: 1, column: 1 }, Position { line: 1, column: 4 }));
        assert_eq!(b.at, Position { line: 2, column: 1 });
        let Value::List(items) = &list.value else { panic!("a list") };
        let inner = map(&items[0]);
        assert_eq!(inner.len(), 2, "the second `c` is kept, to be reported");
        assert_eq!(inner[1].0.at, Position { line: 3, column: 13 });
        assert_eq!(inner[1].1, Node { at: Position { line: 3, column: 16 }, value: Value::Text("y".into()) });
    }

    #[test]
    fn a_scalar_keeps_its_spelling() {
        for (written, expected) in [
            ("no", Value::Text("no".into())),
            ("007", Value::Number("007".into())),
            ("0x10", Value::Number("0x10".into())),
            ("1e3", Value::Number("1e3".into())),
            ("'5'", Value::Text("5".into())),
            ("45m", Value::Text("45m".into())),
            ("2027-03-31", Value::Text("2027-03-31".into())),
            ("true", Value::Flag(true)),
            ("~", Value::Null),
            ("", Value::Null),
        ] {
            let tree = read(&format!("k: {written}\n")).unwrap();
            assert_eq!(map(&tree)[0].1.value, expected, "{written}");
        }
    }
}
