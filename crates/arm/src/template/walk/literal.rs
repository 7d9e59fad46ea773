//! The literals of a string: the string itself, or each quoted text of the expression that it is, with its place in the file.

use std::ops::Range;

use crate::template::language::parser::{Text, classify};
use crate::tree::Node;

/// A text that stands as it is.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::template) struct Literal {
    /// The text, every escape resolved.
    pub(in crate::template) text: String,
    /// Its bytes in the file, without quotes.
    pub(in crate::template) range: Range<usize>,
    /// Where in an expression it stands; none if it is the whole string.
    pub(in crate::template) within: Option<Within>,
}

/// Where in an expression a literal stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::template) struct Within {
    /// The innermost call, in lower case.
    pub(in crate::template) call: String,
    /// Which argument of it, from 0.
    pub(in crate::template) argument: usize,
    /// It (or what it is a part of) is an argument of a function that takes ids and names.
    pub(in crate::template) names: bool,
    /// It picks a member: `…['westeurope']`.
    pub(in crate::template) picks: bool,
}

/// Functions whose arguments name resources.
const NAMING: &[&str] = &[
    "resourceid",
    "subscriptionresourceid",
    "extensionresourceid",
    "tenantresourceid",
    "managementgroupresourceid",
    "reference",
];

impl Literal {
    /// Whether it is an argument of one of these functions, whose names are in lower case.
    pub(in crate::template) fn in_call(&self, functions: &[&str]) -> bool {
        self.within.as_ref().is_some_and(|within| functions.contains(&&*within.call))
    }
}

/// The literals of a string node of `source`.
pub(in crate::template) fn literals(node: &Node, text: &str, source: &str) -> Vec<Literal> {
    let places = Places::of(source, node);
    match classify(text) {
        // Of an escaped literal the first bracket is dropped.
        Text::Literal(literal) => {
            let start = text.len() - literal.len();
            let range = places.at(start)..places.at(text.len());
            vec![Literal { text: literal.to_owned(), range, within: None }]
        }
        Text::Expression(inner) => in_expression(inner, &places),
    }
}

/// Every quoted text between the brackets. `inner` begins at byte 1 of the string.
fn in_expression(inner: &str, places: &Places) -> Vec<Literal> {
    let bytes = inner.as_bytes();
    let mut found = Vec::new();
    let mut calls: Vec<(String, usize, bool)> = Vec::new();
    let (mut at, mut word) = (0, 0..0);
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => {
                let Some((text, end)) = crate::template::language::parser::quoted(inner, at) else { break };
                let range = places.at(at + 2)..places.at(end);
                found.push(Literal {
                    text: text.into_owned(),
                    range,
                    within: Some(within(&calls, inner, at)),
                });
                at = end;
                continue;
            }
            b'(' => {
                let name = inner[word.clone()].to_ascii_lowercase();
                let names = calls.last().is_some_and(|call| call.2)
                    || NAMING.contains(&name.as_str())
                    || name.starts_with("list");
                calls.push((name, 0, names));
            }
            b')' => drop(calls.pop()),
            b',' => calls.iter_mut().next_back().into_iter().for_each(|call| call.1 += 1),
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$') => {
                word = if word.end == at { word.start..at + 1 } else { at..at + 1 };
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn within(calls: &[(String, usize, bool)], inner: &str, at: usize) -> Within {
    let picks = inner[..at].trim_end().ends_with('[');
    match calls.last() {
        Some((call, argument, names)) => {
            Within { call: call.clone(), argument: *argument, names: *names, picks }
        }
        None => Within { picks, ..Within::default() },
    }
}

/// Where the bytes of a string stand in the file: JSON escapes are longer than what they mean.
struct Places {
    start: usize,
    /// For each escape: the byte of the string behind it, and how much longer the file is up to there.
    longer: Vec<(usize, usize)>,
}

impl Places {
    fn of(source: &str, node: &Node) -> Self {
        let start = node.range.start + 1;
        let raw = source.get(start..node.range.end.saturating_sub(1)).unwrap_or_default();
        let mut longer = Vec::new();
        let (mut at, mut extra) = (0, 0);
        while let Some(found) = raw.get(at..).and_then(|rest| rest.find('\\')) {
            at += found;
            let (length, means) = escape(&raw[at..]);
            extra += length.saturating_sub(means);
            at += length;
            longer.push((at - extra, extra));
        }
        Self { start, longer }
    }

    fn at(&self, offset: usize) -> usize {
        let passed = self.longer.partition_point(|(behind, _)| *behind <= offset);
        let extra = passed.checked_sub(1).map_or(0, |last| self.longer[last].1);
        self.start + offset + extra
    }
}

/// How long the escape at the start is, and how long what it means.
fn escape(raw: &str) -> (usize, usize) {
    let code = |at: usize| raw.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if raw.as_bytes().get(1) != Some(&b'u') {
        return (2, 1);
    }
    match code(2) {
        Some(0xD800..0xDC00) if raw.get(6..8) == Some("\\u") && matches!(code(8), Some(0xDC00..0xE000)) => {
            (12, 4)
        }
        Some(first) => (6, char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER).len_utf8()),
        None => (6, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(String, String)> {
        let node = Node::parse(source).unwrap();
        let literals = literals(&node, node.as_str().unwrap(), source);
        literals.into_iter().map(|one| (one.text, source[one.range].to_owned())).collect()
    }

    #[test]
    fn literals_have_their_place_in_the_file() {
        for (source, expected) in [
            (r#""west""#, vec![("west", "west")]),
            (r#""[[west]""#, vec![("[west]", "[west]")]),
            (r#""[concat('a', variables('b'), 'it''s')]""#, vec![("a", "a"), ("b", "b"), ("it's", "it''s")]),
            (r#""[concat('\u00e9\n', 'west')]""#, vec![("é\n", r"\u00e9\n"), ("west", "west")]),
            (r#""[concat('\ud83d\ude00', 'x')]""#, vec![("😀", r"\ud83d\ude00"), ("x", "x")]),
            (r#""a\"b""#, vec![("a\"b", r#"a\"b"#)]),
        ] {
            let expected: Vec<(String, String)> =
                expected.into_iter().map(|(text, raw)| (text.to_owned(), raw.to_owned())).collect();
            assert_eq!(found(source), expected, "{source}");
        }
    }

    #[test]
    fn a_literal_knows_the_call_around_it() {
        let source = r#""[reference(resourceId('A/b', concat('x', 'y'))).z['k']]""#;
        let node = Node::parse(source).unwrap();
        let all = literals(&node, node.as_str().unwrap(), source);
        let says: Vec<(&str, &str, usize, bool, bool)> = all
            .iter()
            .map(|one| (&*one.text, one.within.as_ref().unwrap()))
            .map(|(text, within)| (text, &*within.call, within.argument, within.names, within.picks))
            .collect();
        assert_eq!(
            says,
            [
                ("A/b", "resourceid", 0, true, false),
                ("x", "concat", 0, true, false),
                ("y", "concat", 1, true, false),
                ("k", "", 0, false, true),
            ]
        );
    }
}
