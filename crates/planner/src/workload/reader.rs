//! Strict reading of a YAML file that reports every problem it can find in one go.
//!
//! Each reading function returns `None` after it has noted a [`Problem`]; the others go on. A file without problems has
//! a value, a file with problems has none.

use std::fmt::{self, Write as _};

use jiff::SignedDuration;
use lifeboat_arm::{Region, nearest};

use super::duration::parse_duration;
use super::source::{self, Key, Node, Position, Value};

/// One thing that is wrong with a file, with its place and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: Position,
    /// What is wrong: one lower-case sentence with the names involved.
    pub message: String,
    /// What to do: the word that was probably meant, or a remedy.
    pub hint: Option<String>,
}

/// What is wrong with one value: the message and the hint of a [`Problem`] whose place is known elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    message: String,
    hint: Option<String>,
}

impl Complaint {
    /// A complaint without advice.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// The complaint with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Writes problems as `file:line:column: message`, each followed by its hint.
pub fn render_problems(file: &str, problems: &[Problem]) -> String {
    let mut text = String::new();
    for (count, Problem { at, message, hint }) in problems.iter().enumerate() {
        let newline = if count == 0 { "" } else { "\n" };
        let hint = hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        write!(text, "{newline}{file}:{}:{}: {message}{hint}", at.line, at.column)
            .expect("writing to a string cannot fail");
    }
    text
}

/// Reads `text` by `read`; the value, or every problem in the order of the file. An empty file is a problem.
pub fn read_strictly<T>(
    text: &str,
    what: &str,
    read: impl FnOnce(&Node, &mut Reader) -> Option<T>,
) -> Result<T, Vec<Problem>> {
    let tree =
        source::read(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(|problem| vec![problem])?;
    let mut reader = Reader::default();
    if tree.value == Value::Null {
        let hint = "`examples/minimal` holds one to start from, and its page in `docs` has every key";
        reader.note(Position { line: 1, column: 1 }, Complaint::new(format!("{what} is empty")).hint(hint));
    }
    let value = if reader.problems.is_empty() { read(&tree, &mut reader) } else { None };
    reader.problems.sort_by_key(|problem| problem.at);
    match value {
        Some(value) if reader.problems.is_empty() => Ok(value),
        _ => Err(reader.problems),
    }
}

/// Collects problems while a tree is read.
#[derive(Debug, Default)]
pub struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    /// Notes a problem.
    pub fn note(&mut self, at: Position, complaint: Complaint) {
        self.problems.push(Problem { at, message: complaint.message, hint: complaint.hint });
    }

    /// Notes a problem unless there is a value.
    pub fn check<T>(&mut self, at: Position, result: Result<T, Complaint>) -> Option<T> {
        result.map_err(|complaint| self.note(at, complaint)).ok()
    }

    fn wrong_type(&mut self, node: &Node, name: &str, expected: &str) {
        self.note(node.at, Complaint::new(format!("`{name}` is {}, not {expected}", node.value.noun())));
    }

    /// A mapping that may hold these keys and no others, none twice.
    pub fn map<'a>(&mut self, node: &'a Node, name: &'a str, known: &[&'static str]) -> Option<Fields<'a>> {
        let Value::Map(entries) = &node.value else {
            self.wrong_type(node, name, &format!("a mapping with {}", listed(known)));
            return None;
        };
        let mut misspelt = Vec::new();
        for (at, (key, _)) in entries.iter().enumerate() {
            if !known.contains(&key.name.as_str()) {
                misspelt.extend(self.unknown_key(key, name, known));
            } else if let Some((first, _)) = entries[..at].iter().find(|(other, _)| other.name == key.name) {
                let message = format!("`{}` stands twice in {name}", key.name);
                let hint = format!("the first is in line {}: remove one of them", first.at.line);
                self.note(key.at, Complaint::new(message).hint(hint));
            }
        }
        Some(Fields { name, at: node.at, entries, misspelt })
    }

    /// Notes an unknown key; answers the one that was probably meant.
    fn unknown_key(&mut self, key: &Key, name: &str, known: &[&'static str]) -> Option<&'static str> {
        let meant = nearest(&key.name, known.iter().copied());
        let hint = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it may hold {}", listed(known)),
        };
        self.note(key.at, Complaint::new(format!("`{}` is not a field of {name}", key.name)).hint(hint));
        meant
    }

    /// A list, each item read by `item`.
    pub fn list<T>(
        &mut self,
        node: &Node,
        name: &str,
        mut item: impl FnMut(&Node, &mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::List(items) = &node.value else {
            self.wrong_type(node, name, "a list");
            return None;
        };
        // Every item is read before the first failure counts: `collect` alone would stop at it.
        let read: Vec<Option<T>> = items.iter().map(|node| item(node, self)).collect();
        read.into_iter().collect()
    }

    /// A text; a plain number counts as one, for names such as `007`.
    pub fn text<'a>(&mut self, node: &'a Node, name: &str) -> Option<&'a str> {
        match &node.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            _ => {
                self.wrong_type(node, name, "a text");
                None
            }
        }
    }

    /// A text that `parse` turns into a value.
    pub fn parsed<T>(
        &mut self,
        node: &Node,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Option<T> {
        let text = self.text(node, name)?;
        self.check(node.at, parse(text))
    }

    /// One of a few words.
    pub fn word<T: Copy>(&mut self, node: &Node, name: &str, words: &[(&str, T)]) -> Option<T> {
        self.parsed(node, name, |text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                let hint = match nearest(text, known.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("write {}", either(&known)),
                };
                Complaint::new(format!("`{text}` is no value of `{name}`")).hint(hint)
            })
        })
    }

    /// A duration such as `1h30m`.
    pub fn duration(&mut self, node: &Node, name: &str) -> Option<SignedDuration> {
        self.parsed(node, name, parse_duration)
    }

    /// A duration longer than nothing; `because` says what nothing would do.
    pub fn positive_duration(&mut self, node: &Node, name: &str, because: &str) -> Option<SignedDuration> {
        let duration = self.duration(node, name)?;
        if duration.is_zero() {
            self.note(node.at, Complaint::new(format!("`{name}` is nothing")).hint(because));
            return None;
        }
        Some(duration)
    }

    /// A whole number from `least` to `most`.
    pub fn whole(&mut self, node: &Node, name: &str, least: u32, most: u32) -> Option<u32> {
        let read = match &node.value {
            Value::Number(text) => text.parse::<u32>().ok().filter(|number| (least..=most).contains(number)),
            _ => None,
        };
        if read.is_none() {
            let shown = match &node.value {
                Value::Number(text) | Value::Text(text) => format!("`{text}`"),
                other => other.noun().to_owned(),
            };
            let message = format!("`{name}` is {shown}, not a whole number from {least} to {most}");
            self.note(node.at, Complaint::new(message));
        }
        read
    }

    /// A region of Azure.
    pub fn region(&mut self, node: &Node, name: &str) -> Option<Region> {
        self.parsed(node, name, |text| {
            Region::parse(text).map_err(|unknown| {
                let complaint = Complaint::new(unknown.to_string());
                match unknown.nearest {
                    Some(meant) => complaint.hint(format!("did you mean `{meant}`?")),
                    None => complaint.hint("`az account list-locations --output table` lists the regions"),
                }
            })
        })
    }
}

/// The fields of one mapping.
#[derive(Debug)]
pub struct Fields<'a> {
    name: &'a str,
    /// Where the mapping starts.
    pub at: Position,
    entries: &'a [(Key, Node)],
    /// Fields that a misspelt key was meant to be: not missing, one problem is enough.
    misspelt: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The value of a field, if the field is there and holds anything.
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries
            .iter()
            .find(|(found, _)| found.name == key)
            .map(|(_, node)| node)
            .filter(|node| node.value != Value::Null)
    }

    /// Whether a key was met that was probably meant to be one of the known ones; it has been told.
    pub fn has_misspelt(&self) -> bool {
        !self.misspelt.is_empty()
    }

    /// Which of these fields are there.
    pub fn present(&self, keys: &[&'static str]) -> Vec<&'static str> {
        keys.iter().copied().filter(|key| self.get(key).is_some()).collect()
    }

    /// A field that must be there.
    pub fn required<T>(
        &self,
        key: &str,
        reader: &mut Reader,
        read: impl FnOnce(&'a Node, &mut Reader) -> Option<T>,
    ) -> Option<T> {
        if let Some(node) = self.get(key) {
            return read(node, reader);
        }
        if self.misspelt.contains(&key) {
            return None;
        }
        // A field that stands there without a value is a better place than the mapping's start.
        let at = self.entries.iter().find(|(found, _)| found.name == key).map_or(self.at, |(key, _)| key.at);
        reader.note(at, Complaint::new(format!("`{key}` is missing in {}", self.name)));
        None
    }

    /// A field that may be missing: `Some(None)` when it is, `None` when what stands there is wrong.
    pub fn optional<T>(
        &self,
        key: &str,
        reader: &mut Reader,
        read: impl FnOnce(&'a Node, &mut Reader) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.get(key) {
            Some(node) => read(node, reader).map(Some),
            None => Some(None),
        }
    }

    /// A field with a default.
    pub fn or<T>(
        &self,
        key: &str,
        default: T,
        reader: &mut Reader,
        read: impl FnOnce(&'a Node, &mut Reader) -> Option<T>,
    ) -> Option<T> {
        self.get(key).map_or(Some(default), |node| read(node, reader))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.at.line, self.at.column, self.message)
    }
}

fn listed(words: &[&str]) -> String {
    join(words, "and")
}

fn either(words: &[&str]) -> String {
    join(words, "or")
}

fn join(words: &[&str], last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [init @ .., end] => format!("{} {last} {end}", init.join(", ")),
    }
}
