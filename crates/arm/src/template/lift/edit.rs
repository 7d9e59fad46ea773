//! Edits of a text by ranges: what is not touched stays as it is, down to comments, indentation and line ends.

use std::ops::Range;

use crate::template::Template;
use crate::tree::{Node, NodeKind};

/// Edits that will be made at once.
pub(super) struct Edits<'t> {
    source: &'t str,
    line_end: &'static str,
    /// Where the lines begin.
    lines: Vec<usize>,
    unit: String,
    made: Vec<(Range<usize>, String)>,
}

/// One edit of a text: the bytes that went, and those that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// In the old text.
    pub old: Range<usize>,
    /// In the new one.
    pub new: Range<usize>,
}

/// A member to add. The value is made for the indentation that it will have.
pub(super) struct New {
    pub(super) name: String,
    pub(super) value: Fresh,
}

/// A value to add.
pub(super) enum Fresh {
    /// Text for one line.
    Line(String),
    /// An object whose members are such.
    Object(Vec<New>),
}

impl<'t> Edits<'t> {
    pub(super) fn new(template: &'t Template) -> Self {
        let (source, root) = (template.text(), template.tree());
        let line_end = if source.contains("\r\n") { "\r\n" } else { "\n" };
        let first = root.members().and_then(<[_]>::first);
        let unit = first.and_then(|member| margin(source, member.key_range.start)).unwrap_or("");
        let unit = if unit.is_empty() { "  ".to_owned() } else { unit.to_owned() };
        let starts = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        Self { source, line_end, lines, unit, made: Vec::new() }
    }

    /// The text that is edited.
    pub(super) fn source(&self) -> &'t str {
        self.source
    }

    pub(super) fn replace(&mut self, range: Range<usize>, text: String) {
        self.made.push((range, text));
    }

    /// The text after all edits, and where it differs; none if two of them touch the same bytes.
    pub(super) fn apply(mut self) -> Option<(String, Vec<TextEdit>)> {
        self.made.sort_by_key(|(range, _)| (range.start, range.end));
        let mut text = String::with_capacity(self.source.len() + self.made.len() * 64);
        let mut edits = Vec::with_capacity(self.made.len());
        let mut done = 0;
        for (range, new) in self.made {
            text.push_str(self.source.get(done..range.start)?);
            let start = text.len();
            text.push_str(&new);
            done = range.end;
            edits.push(TextEdit { old: range, new: start..text.len() });
        }
        text.push_str(self.source.get(done..)?);
        Some((text, edits))
    }

    /// Adds members at the end of an object.
    pub(super) fn add(&mut self, object: &Node, members: &[New]) {
        let Some(last) = object.members().and_then(<[_]>::last) else {
            return self.fill(object, members);
        };
        let indent = self.indent_of(object, last.key_range.start);
        self.after(last.value.range.end, true, members, indent);
    }

    /// Adds members behind the one at this index.
    pub(super) fn add_behind(&mut self, object: &Node, index: usize, members: &[New]) {
        let Some(all) = object.members().filter(|all| index + 1 < all.len()) else {
            return self.add(object, members);
        };
        let indent = self.indent_of(object, all[index].key_range.start);
        self.after(all[index].value.range.end, false, members, indent);
    }

    /// Adds an element at the end of a list that has some.
    pub(super) fn append(&mut self, array: &Node, element: &str) {
        let Some(behind) = array.elements().and_then(<[_]>::last) else { return };
        let indent = margin(self.source, behind.range.start).map(str::to_owned);
        let end = behind.range.end;
        let gap = indent.map_or_else(|| " ".to_owned(), |indent| format!("{}{indent}", self.line_end));
        self.made.push((end..end, format!(",{gap}{element}")));
    }

    /// How members of an object are indented; none where they stand in one line.
    fn indent_of(&self, object: &Node, key: usize) -> Option<String> {
        let own = margin(self.source, key).map(str::to_owned);
        own.or_else(|| {
            let broken = self.source[object.range.start..key].contains('\n');
            broken.then(|| format!("{}{}", self.line_margin(object.range.start), self.unit))
        })
    }

    fn after(&mut self, end: usize, last: bool, members: &[New], indent: Option<String>) {
        let (comma, behind) = self.behind(end);
        // What stands behind a line's comment would be a part of it.
        let is_lined = self.source[end..behind].contains("//");
        let indent = indent.or_else(|| is_lined.then(|| format!("{}{}", self.line_margin(end), self.unit)));
        let written = self.written(members, indent.as_deref());
        let gap = indent.map_or_else(|| " ".to_owned(), |indent| format!("{}{indent}", self.line_end));
        match (comma, last) {
            (Some(_), true) => self.made.push((behind..behind, format!("{gap}{written}"))),
            (Some(_), false) => self.made.push((behind..behind, format!("{gap}{written},"))),
            (None, true) if behind > end => {
                self.made.push((end..end, ",".to_owned()));
                self.made.push((behind..behind, format!("{gap}{written}")));
            }
            (None, _) => self.made.push((end..end, format!(",{gap}{written}"))),
        }
    }

    /// The comma in the rest of the line, and where what belongs to it ends: comments stay with what they are about.
    fn behind(&self, end: usize) -> (Option<usize>, usize) {
        let (mut at, mut comma, mut behind) = (end, None, end);
        loop {
            let rest = &self.source[at..];
            if rest.starts_with([' ', '\t']) {
                at += 1;
            } else if rest.starts_with(',') && comma.is_none() {
                comma = Some(at);
                at += 1;
                behind = at;
            } else if rest.starts_with("//") {
                let line = rest.find(['\n', '\r']).map_or(rest, |end| &rest[..end]);
                return (comma, at + line.trim_end().len());
            } else if let Some(comment) = rest.strip_prefix("/*").and_then(|rest| comment_in_line(rest)) {
                at += comment.len() + 4;
                behind = at;
            } else {
                return (comma, behind);
            }
        }
    }

    /// Members of an empty object.
    fn fill(&mut self, object: &Node, members: &[New]) {
        let close = object.range.end - 1;
        let inside = &self.source[object.range.start + 1..close];
        let outer = self.line_margin(object.range.start);
        let indent = format!("{outer}{}", self.unit);
        let written = self.written(members, Some(&indent));
        let start = object.range.start + 1 + inside.trim_end().len();
        let end = self.line_end;
        self.made.push((start..close, format!("{end}{indent}{written}{end}{outer}")));
    }

    /// The margin of the line that a place is in.
    fn line_margin(&self, at: usize) -> String {
        let line = self.lines.partition_point(|start| *start <= at).saturating_sub(1);
        let line = self.source[self.lines[line]..].trim_start_matches('\u{feff}');
        line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
    }

    /// Members one after the other, without the first one's margin.
    fn written(&self, members: &[New], indent: Option<&str>) -> String {
        let gap = indent.map_or_else(|| ", ".to_owned(), |indent| format!(",{}{indent}", self.line_end));
        let one = |member: &New| {
            format!("{}: {}", super::splice::quoted(&member.name), self.value(&member.value, indent))
        };
        members.iter().map(one).collect::<Vec<_>>().join(&gap)
    }

    fn value(&self, value: &Fresh, indent: Option<&str>) -> String {
        match (value, indent) {
            (Fresh::Line(text), _) => text.clone(),
            (Fresh::Object(members), Some(indent)) => {
                let deeper = format!("{indent}{}", self.unit);
                let inside = self.written(members, Some(&deeper));
                format!("{{{end}{deeper}{inside}{end}{indent}}}", end = self.line_end)
            }
            (Fresh::Object(members), None) => format!("{{ {} }}", self.written(members, None)),
        }
    }
}

/// The white space in front of something that is the first in its line.
fn margin(source: &str, at: usize) -> Option<&str> {
    let before = source[..at].trim_end_matches([' ', '\t']);
    before.ends_with('\n').then(|| &source[before.len()..at])
}

/// What stands between `/*` and `*/`, if both are in one line.
fn comment_in_line(rest: &str) -> Option<&str> {
    let comment = &rest[..rest.find("*/")?];
    (!comment.contains(['\n', '\r'])).then_some(comment)
}

/// Where in an object a member is, by its name in any case.
pub(super) fn index_of(object: &Node, name: &str) -> Option<usize> {
    let NodeKind::Object(members) = &object.kind else { return None };
    members.iter().rposition(|member| member.key.eq_ignore_ascii_case(name))
}
