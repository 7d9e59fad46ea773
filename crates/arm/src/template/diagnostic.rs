//! What is wrong with a template, where, and what would help.

use std::ops::Range;
use std::sync::Arc;

use crate::tree::{Lines, Node, Position, push_pointer};

/// How bad a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Azure would probably accept it; look at it.
    Warning,
    /// Azure would refuse it, or the engine cannot tell what Azure would do.
    Error,
}

/// One mistake in a template, a parameter file or a linked template.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// A stable name of this kind of mistake, such as `parameter-missing`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The file that it is in, as the caller named it.
    pub file: String,
    /// The bytes of that file.
    pub range: Range<usize>,
    /// Line and column of the start of `range`.
    pub position: Position,
    /// The JSON pointer of the place in that file.
    pub pointer: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The nested deployments on the way to it, outermost first.
    pub chain: Vec<String>,
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Position { line, column } = self.position;
        write!(f, "{}:{line}:{column}: {} [{}]", self.file, self.message, self.code)?;
        if let Some(hint) = &self.hint {
            write!(f, "; hint: {hint}")?;
        }
        Ok(())
    }
}

/// A file's text and tree.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) file: Arc<str>,
    pub(crate) text: String,
    pub(crate) root: Node,
    pub(crate) lines: Lines,
}

impl Document {
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Box<Diagnostic>> {
        let lines = Lines::new(text);
        match Node::parse(text) {
            Ok(root) => Ok(Self { file: file.into(), text: text.to_owned(), root, lines }),
            Err(error) => Err(Box::new(Diagnostic {
                code: "json",
                severity: Severity::Error,
                message: not_json(&error.message),
                file: file.to_owned(),
                position: lines.position(text, error.range.start),
                range: error.range,
                pointer: String::new(),
                hint: Some(
                    "templates and parameter files are one JSON object each: mend it there, or name another file".into(),
                ),
                chain: Vec::new(),
            })),
        }
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        self.lines.position(&self.text, offset)
    }

    /// A diagnostic of this file. The pointer is found from the range, so that callers need not carry it.
    pub(crate) fn diagnostic(&self, code: &'static str, message: String, range: Range<usize>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message,
            file: self.file.to_string(),
            position: self.position(range.start),
            pointer: pointer_at(&self.root, range.start),
            range,
            hint: None,
            chain: Vec::new(),
        }
    }
}

/// The parser's words, after what they are about.
fn not_json(says: &str) -> String {
    if says == "the file is empty" {
        return says.to_owned();
    }
    let mut letters = says.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase()).into_iter();
    format!("this is not JSON: {}", first.chain(letters).collect::<String>())
}

/// The pointer of the innermost node (or member) that covers an offset. Parts lie in the order of the text, so that each is
/// found by halves: large templates ask for thousands.
pub(crate) fn pointer_at(root: &Node, offset: usize) -> String {
    let mut pointer = String::new();
    let mut node = root;
    loop {
        let members = node.members().unwrap_or_default();
        let elements = node.elements().unwrap_or_default();
        let member = members.get(members.partition_point(|member| member.value.range.end <= offset));
        let at = elements.partition_point(|element| element.range.end <= offset);
        if let Some(member) = member.filter(|member| member.key_range.start <= offset) {
            pointer = push_pointer(&pointer, &member.key);
            node = &member.value;
        } else if let Some(element) = elements.get(at).filter(|element| element.range.start <= offset) {
            pointer = push_pointer(&pointer, at);
            node = element;
        } else {
            return pointer;
        }
    }
}

/// The candidate that was probably meant, as a hint, if one is close enough to offer.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // distances cost the product of the lengths and templates may be hostile: nobody mistypes so long a name
    const LENGTH_MAX: usize = 80;
    let short = |text: &&str| text.len() <= LENGTH_MAX;
    let name = Some(name).filter(short)?;
    let found = crate::nearest(name, candidates.into_iter().filter(short).take(1000))?;
    Some(format!("did you mean `{found}`?"))
}

#[cfg(test)]
mod tests {
    use super::pointer_at;
    use crate::tree::Node;

    #[test]
    fn every_place_has_its_pointer() {
        let text = r#"{ "a": [1, { "b": "x" }, []], "a": { "c": true }, "d": null }"#;
        let tree = Node::parse(text).unwrap();
        for (at, pointer) in [
            ("{ \"a\"", ""),
            ("\"a\"", "/a"),
            ("1", "/a/0"),
            (", {", "/a"),
            ("\"b\"", "/a/1/b"),
            ("\"x\"", "/a/1/b"),
            ("[]", "/a/2"),
            ("], ", "/a"),
            ("\"c\"", "/a/c"),
            ("null", "/d"),
            (" }", "/a/1"),
            (", \"d", ""),
        ] {
            let offset = text.find(at).unwrap();
            assert_eq!(pointer_at(&tree, offset), pointer, "{at}");
        }
        assert_eq!(pointer_at(&tree, text.len()), "");
    }
}
