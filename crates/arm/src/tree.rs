//! JSON with byte ranges: what templates, parameter files and findings point into.
//!
//! Here: the tree, positions (line and column), JSON pointers. Not here: anything that knows what a template is.
//! Comments, trailing commas, a byte order mark and raw line breaks in strings are accepted because Azure
//! accepts them; single quotes, bare names and hexadecimal numbers are not.

mod parser;

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A tree nested deeper than this is refused; the deepest real template seen is 29 levels deep.
pub const DEPTH_MAX: usize = 200;

/// A JSON value and where it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub kind: NodeKind,
    /// The bytes it occupies, quotes and brackets included.
    pub range: Range<usize>,
}

/// The value of a [`Node`].
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer or a decimal number.
    Number(serde_json::Number),
    /// A string, its escapes resolved.
    String(Box<str>),
    /// A list.
    Array(Box<[Node]>),
    /// The members in the order of the text; a key may occur twice, the last one wins.
    Object(Box<[Member]>),
}

/// One `"key": value` of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The key, its escapes resolved; shared by members of the same name.
    pub key: Arc<str>,
    /// Where the key stands, quotes included.
    pub key_range: Range<usize>,
    /// What it maps to.
    pub value: Node,
}

/// A place in a text as people count it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize,
)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// Why a text is not a tree.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// One sentence.
    pub message: String,
    /// Where it went wrong.
    pub range: Range<usize>,
}

impl Node {
    /// Reads JSON with comments.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        parser::parse(text, false).map_err(|error| *error)
    }

    /// Reads JSON as lenient parsers do: single quotes, bare names and all.
    pub(crate) fn parse_lenient(text: &str) -> Result<Self, SyntaxError> {
        parser::parse(text, true).map_err(|error| *error)
    }

    /// The members, if this is an object.
    pub fn members(&self) -> Option<&[Member]> {
        match &self.kind {
            NodeKind::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements, if this is an array.
    pub fn elements(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The member with this key, its case ignored as ARM ignores it; an exact match wins, then the last one.
    pub fn member(&self, key: &str) -> Option<&Member> {
        let members = self.members()?;
        members
            .iter()
            .rfind(|member| &*member.key == key)
            .or_else(|| members.iter().rfind(|member| member.key.eq_ignore_ascii_case(key)))
    }

    /// The value of [`Node::member`].
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.member(key).map(|member| &member.value)
    }

    /// The node that a JSON pointer names (`/resources/0/name`).
    pub fn pointer(&self, pointer: &str) -> Option<&Node> {
        let mut node = self;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            node = match &node.kind {
                NodeKind::Object(members) => &members.iter().rfind(|member| *member.key == *token)?.value,
                NodeKind::Array(elements) => elements.get(token.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(node)
    }

    /// The same value without places; of a key that occurs twice the last one stays.
    pub fn to_value(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(value) => Value::Bool(*value),
            NodeKind::Number(number) => Value::Number(number.clone()),
            NodeKind::String(text) => Value::String(text.to_string()),
            NodeKind::Array(elements) => elements.iter().map(Self::to_value).collect(),
            NodeKind::Object(members) => Value::Object(
                members.iter().map(|member| (member.key.to_string(), member.value.to_value())).collect(),
            ),
        }
    }

    /// What kind of value this is, for messages.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            NodeKind::Null => "null",
            NodeKind::Bool(_) => "a bool",
            NodeKind::Number(_) => "a number",
            NodeKind::String(_) => "a string",
            NodeKind::Array(_) => "an array",
            NodeKind::Object(_) => "an object",
        }
    }
}

/// Appends one token to a JSON pointer.
pub fn push_pointer(pointer: &str, token: impl std::fmt::Display) -> String {
    let mut longer = pointer.to_owned();
    longer.push('/');
    let start = longer.len();
    write!(longer, "{token}").expect("writing to a string cannot fail");
    if longer[start..].contains(['~', '/']) {
        let escaped = longer[start..].replace('~', "~0").replace('/', "~1");
        longer.truncate(start);
        longer.push_str(&escaped);
    }
    longer
}

/// Where the lines of a text begin, so that many offsets can be looked up.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    starts: Vec<usize>,
    /// How many characters begin before each block of the text; counted when a long line asks.
    blocks: OnceLock<Vec<usize>>,
}

impl PartialEq for Lines {
    fn eq(&self, other: &Self) -> bool {
        self.starts == other.starts
    }
}

impl Lines {
    /// Finds the lines of a text.
    pub(crate) fn new(text: &str) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        // Lines are seldom shorter: one growth less for each that is not.
        let mut starts = Vec::with_capacity(text.len() / 32 + 1);
        starts.push(0);
        starts.extend(breaks);
        Self { starts, blocks: OnceLock::new() }
    }

    /// Line and column of a byte offset; an offset beyond the end means the end.
    pub(crate) fn position(&self, text: &str, offset: usize) -> Position {
        let offset = offset.min(text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let end = text.ceil_char_boundary(offset);
        let marks = usize::from(start == 0 && end > 0 && text.starts_with('\u{feff}'));
        // A whole template may be one line.
        let characters = if end - start < BLOCK {
            characters(&text.as_bytes()[start..end])
        } else {
            self.characters_before(text, end) - self.characters_before(text, start)
        };
        Position { line, column: characters - marks + 1 }
    }

    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let blocks = self.blocks.get_or_init(|| {
            let mut sum = 0;
            let before = |block: &[u8]| {
                let before = sum;
                sum += characters(block);
                before
            };
            text.as_bytes().chunks(BLOCK).map(before).collect()
        });
        let block = (offset / BLOCK).min(blocks.len() - 1);
        blocks[block] + characters(&text.as_bytes()[block * BLOCK..offset])
    }

    /// The positions of offsets in ascending order: a long line is walked once, however many of them it has.
    pub(crate) fn ascending(&self, text: &str, offsets: impl Iterator<Item = usize>) -> Vec<Position> {
        let mut last: Option<(usize, Position)> = None;
        let position = |offset: usize| {
            let offset = offset.min(text.len());
            let line = self.starts.partition_point(|start| *start <= offset);
            let known = last.filter(|(at, position)| position.line == line && *at <= offset);
            let position = match known.and_then(|(at, position)| Some((text.get(at..offset)?, position))) {
                Some((between, position)) => {
                    // The mark at the start of a file takes no column; anywhere else it is a character.
                    let mark = last.is_some_and(|(at, _)| at == 0) && between.starts_with('\u{feff}');
                    Position { line, column: position.column + between.chars().count() - usize::from(mark) }
                }
                None => self.position(text, offset),
            };
            last = Some((offset, position));
            position
        };
        offsets.map(position).collect()
    }
}

/// How many bytes are counted at once.
const BLOCK: usize = 4096;

/// The characters that begin in these bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_azure_accepts() {
        let text = "\u{feff}{ // comment\n \"a\": [1, 2.5, /* x */ \"line\nbreak\",], \"A\": null, }";
        let tree = Node::parse(text).unwrap();
        assert_eq!(&text[tree.range.clone()][..1], "{");
        assert_eq!(tree.pointer("/a/2").unwrap().as_str(), Some("line\nbreak"));
        assert_eq!(&text[tree.pointer("/a/1").unwrap().range.clone()], "2.5");
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "  // nothing\n", "{a: 1}", "{'a': 1}", "{\"a\": 0x1F}", "[1 2]", "{} {}", "+1"] {
            assert!(Node::parse(text).is_err(), "{text}");
        }
        assert!(Node::parse(&"[".repeat(100_000)).is_err());
        let deep = format!("{}{}", "[".repeat(DEPTH_MAX + 2), "]".repeat(DEPTH_MAX + 2));
        assert!(Node::parse(&deep).unwrap_err().message.contains("levels"));
    }

    #[test]
    fn last_of_two_equal_keys_wins() {
        let tree = Node::parse(r#"{"k": 1, "K": 2, "k": 3}"#).unwrap();
        assert_eq!(tree.get("k").unwrap().to_value(), 3);
        assert_eq!(tree.get("K").unwrap().to_value(), 2);
        assert_eq!(tree.to_value(), serde_json::json!({"k": 3, "K": 2}));
    }

    #[test]
    fn positions_count_characters() {
        let text = "ab\nä\u{20ac}x\n";
        let lines = Lines::new(text);
        assert_eq!(lines.position(text, 0), Position { line: 1, column: 1 });
        assert_eq!(lines.position(text, text.find('x').unwrap()), Position { line: 2, column: 3 });
        assert_eq!(lines.position(text, 999), Position { line: 3, column: 1 });
        let one_by_one: Vec<Position> = [0, 1, 3, 5, 8, 999].map(|at| lines.position(text, at)).to_vec();
        assert_eq!(lines.ascending(text, [0, 1, 3, 5, 8, 999].into_iter()), one_by_one);
    }

    #[test]
    fn a_mark_takes_no_column_at_the_start_and_one_elsewhere() {
        let text = "\u{feff}{\"a\u{feff}b\": 1,\n\u{feff}\"c\": 2}";
        let lines = Lines::new(text);
        let offsets: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for (first, _) in offsets.iter().enumerate() {
            let rest = offsets[first..].iter().copied();
            let one_by_one: Vec<Position> = rest.clone().map(|at| lines.position(text, at)).collect();
            assert_eq!(lines.ascending(text, rest), one_by_one);
        }
        assert_eq!(lines.position(text, text.find('{').unwrap()), Position { line: 1, column: 1 });
        assert_eq!(lines.position(text, text.find("b\"").unwrap()), Position { line: 1, column: 5 });
    }

    #[test]
    fn a_long_line_has_the_same_columns() {
        let text = format!("\u{feff}{}\n{}", "aä€".repeat(5000), "é😀".repeat(9000));
        let lines = Lines::new(&text);
        for offset in (0..text.len() + 2).step_by(37) {
            let end = text.ceil_char_boundary(offset.min(text.len()));
            let before = &text.as_bytes()[..offset.min(text.len())];
            let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let column = text[start..end].chars().filter(|c| *c != '\u{feff}').count() + 1;
            assert_eq!(lines.position(&text, offset).column, column, "{offset}");
        }
    }

    #[test]
    fn pointers_escape() {
        assert_eq!(push_pointer("/a", "b/c~d"), "/a/b~1c~0d");
        let tree = Node::parse(r#"{"b/c~d": [7]}"#).unwrap();
        assert_eq!(tree.pointer("/b~1c~0d/0").unwrap().to_value(), 7);
    }
}
