//! From text to the tree. A reader of its own: templates are large, every node needs its place, and Azure's JSON has
//! comments, trailing commas and line breaks in strings.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::{DEPTH_MAX, Member, Node, NodeKind, SyntaxError};

/// Boxed, so that what nearly always goes well is small.
type Parsed<T> = Result<T, Box<SyntaxError>>;

/// Reads the whole text. Lenient: single quotes, names without quotes.
pub(super) fn parse(text: &str, lenient: bool) -> Parsed<Node> {
    // The mark is no part of the JSON; places are counted with it.
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let bytes = text.as_bytes();
    let (elements, members) = (Vec::new(), Vec::new());
    let mut parser = Parser { text, bytes, at, lenient, depth: 0, keys: Keys::default(), elements, members };
    parser.space()?;
    if parser.peek().is_none() {
        return Err(error("the file is empty", 0..text.len()));
    }
    let node = parser.value()?;
    parser.space()?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(error("a file holds one value, and it ends before this", parser.here())),
    }
}

#[cold]
#[expect(clippy::unnecessary_box_returns, reason = "every caller wants it boxed")]
fn error(message: &str, range: Range<usize>) -> Box<SyntaxError> {
    Box::new(SyntaxError { message: message.to_owned(), range })
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    lenient: bool,
    depth: usize,
    keys: Keys,
    /// Elements and members of what is still open, the innermost last: each list is then allocated once, as large as
    /// it is.
    elements: Vec<Node>,
    members: Vec<Member>,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The word or the sign that stands here: what an error marks.
    fn here(&self) -> Range<usize> {
        let rest = &self.text[self.at..];
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
        self.at..self.at + length
    }

    /// Skips white space and comments.
    fn space(&mut self) -> Parsed<()> {
        loop {
            match self.peek() {
                // Most of it is indentation.
                Some(b' ') => {
                    let rest = &self.bytes[self.at..];
                    self.at += rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len());
                }
                Some(b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'/') => self.comment()?,
                Some(byte) if !byte.is_ascii() => {
                    let next = self.text[self.at..].chars().next();
                    let Some(space) = next.filter(|c| c.is_whitespace()) else { return Ok(()) };
                    self.at += space.len_utf8();
                }
                _ => return Ok(()),
            }
        }
    }

    fn comment(&mut self) -> Parsed<()> {
        let rest = &self.text[self.at..];
        let length = if rest.starts_with("//") {
            rest.find(['\n', '\r']).unwrap_or(rest.len())
        } else if let Some(inside) = rest.strip_prefix("/*") {
            let end = inside.find("*/");
            end.ok_or_else(|| error("this comment is never closed", self.at..self.at + 2))? + 4
        } else {
            return Err(error("expected a value or a comment", self.here()));
        };
        self.at += length;
        Ok(())
    }

    fn value(&mut self) -> Parsed<Node> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => NodeKind::String(self.string(b'"')?.into()),
            Some(b'\'') if self.lenient => NodeKind::String(self.string(b'\'')?.into()),
            Some(b'-' | b'0'..=b'9') => NodeKind::Number(self.number()?),
            Some(b't') if self.word("true") => NodeKind::Bool(true),
            Some(b'f') if self.word("false") => NodeKind::Bool(false),
            Some(b'n') if self.word("null") => NodeKind::Null,
            Some(b'\'') => return Err(error("strings stand in double quotes", self.here())),
            Some(_) => {
                let message = "expected a value: an object, a list, a string in double quotes, a number, `true`, `false` or `null`";
                return Err(error(message, self.here()));
            }
            None => return Err(error("expected a value, but the file ends", self.here())),
        };
        Ok(Node { kind, range: start..self.at })
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Parsed<NodeKind>) -> Parsed<NodeKind> {
        if self.depth == DEPTH_MAX {
            return Err(error(&format!("nested more than {DEPTH_MAX} levels deep"), self.here()));
        }
        self.depth += 1;
        let kind = read(self)?;
        self.depth -= 1;
        Ok(kind)
    }

    fn array(&mut self) -> Parsed<NodeKind> {
        let opened = self.at;
        let first = self.elements.len();
        self.at += 1;
        while !self.closes(opened, b']')? {
            let element = self.value()?;
            self.elements.push(element);
            self.comma(opened, b']')?;
        }
        Ok(NodeKind::Array(self.elements.drain(first..).collect()))
    }

    fn object(&mut self) -> Parsed<NodeKind> {
        let opened = self.at;
        let first = self.members.len();
        self.at += 1;
        while !self.closes(opened, b'}')? {
            let start = self.at;
            let key = self.key()?;
            let key_range = start..self.at;
            self.space()?;
            if self.peek() != Some(b':') {
                return Err(error("expected `:` and a value behind this name", key_range));
            }
            self.at += 1;
            self.space()?;
            let value = self.value()?;
            self.members.push(Member { key, key_range, value });
            self.comma(opened, b'}')?;
        }
        Ok(NodeKind::Object(self.members.drain(first..).collect()))
    }

    fn key(&mut self) -> Parsed<Arc<str>> {
        let key = match self.peek() {
            Some(b'"') => self.string(b'"')?,
            Some(b'\'') if self.lenient => self.string(b'\'')?,
            Some(byte) if self.lenient && (byte.is_ascii_alphabetic() || b"_$".contains(&byte)) => {
                let rest = &self.text[self.at..];
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
                let word = &rest[..end.unwrap_or(rest.len())];
                self.at += word.len();
                Cow::Borrowed(word)
            }
            _ => return Err(error("expected a name in double quotes", self.here())),
        };
        Ok(self.keys.shared(&key))
    }

    /// Whether what began at `opened` ends here; then it is left.
    fn closes(&mut self, opened: usize, with: u8) -> Parsed<bool> {
        self.space()?;
        match self.peek() {
            None => {
                let sign = &self.text[opened..=opened];
                Err(error(&format!("this `{sign}` is never closed"), opened..opened + 1))
            }
            Some(byte) if byte == with => {
                self.at += 1;
                Ok(true)
            }
            Some(_) => Ok(false),
        }
    }

    /// What stands between members: a comma, or the end.
    fn comma(&mut self, opened: usize, with: u8) -> Parsed<()> {
        self.space()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(())
            }
            Some(byte) if byte != with => {
                let message = format!("expected `,` or `{}`", char::from(with));
                Err(error(&message, self.here()))
            }
            // The caller sees the end, or that the file has none.
            _ => self.closes_next(opened),
        }
    }

    fn closes_next(&self, opened: usize) -> Parsed<()> {
        if self.peek().is_some() {
            return Ok(());
        }
        let sign = &self.text[opened..=opened];
        Err(error(&format!("this `{sign}` is never closed"), opened..opened + 1))
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.here() == (self.at..self.at + word.len()) && self.text[self.at..].starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn number(&mut self) -> Parsed<serde_json::Number> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        // What hangs on behind belongs to it. Not quoted in the message: it may be a part of a secret.
        let end = self.here().end;
        let is_cut = self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let whole = start..if is_cut { end } else { self.at };
        let text = &self.text[whole.clone()];
        let number: Option<serde_json::Number> = text.parse().ok();
        number.map(|number| exact(number, text)).ok_or_else(|| error("this is not a number", whole))
    }

    /// The string that begins at this quote.
    fn string(&mut self, quote: u8) -> Parsed<Cow<'t, str>> {
        let opened = self.at;
        self.at += 1;
        let start = self.at;
        let mut changed: Option<String> = None;
        let mut copied = start;
        loop {
            let Some(length) = memchr::memchr2(quote, b'\\', &self.bytes[self.at..]) else {
                return Err(error("this string has no closing quote", opened..opened + 1));
            };
            self.at += length;
            if self.bytes[self.at] == quote {
                break;
            }
            let changed = changed.get_or_insert_default();
            changed.push_str(&self.text[copied..self.at]);
            changed.push(self.escape()?);
            copied = self.at;
        }
        let last = &self.text[copied..self.at];
        self.at += 1;
        Ok(match changed {
            None => Cow::Borrowed(last),
            Some(text) => Cow::Owned(text + last),
        })
    }

    fn escape(&mut self) -> Parsed<char> {
        let start = self.at;
        let letter = self.bytes.get(start + 1).copied();
        self.at += 2;
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'\'') if self.lenient => '\'',
            Some(b'u') => return self.unicode(start),
            _ => {
                let length = self.text[start + 1..].chars().next().map_or(0, char::len_utf8);
                let message = "unknown escape: a backslash itself is written `\\\\`";
                return Err(error(message, start..start + 1 + length));
            }
        })
    }

    /// `\u00e9`, or two of them for what lies beyond; half a pair becomes the replacement character.
    fn unicode(&mut self, start: usize) -> Parsed<char> {
        let Some(first) = self.hex() else {
            let end = self.text.ceil_char_boundary((start + 6).min(self.text.len()));
            return Err(error("`\\u` needs four hexadecimal digits", start..end));
        };
        if !(0xD800..0xDC00).contains(&first) || !self.text[self.at..].starts_with("\\u") {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.at;
        self.at += 2;
        let Some(second @ 0xDC00..0xE000) = self.hex() else {
            self.at = before;
            return Ok(char::REPLACEMENT_CHARACTER);
        };
        let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
        self.at += 4;
        Some(code)
    }
}

/// The nearest float: the library's own is one step beside it at times, and would be written as another number.
fn exact(number: serde_json::Number, text: &str) -> serde_json::Number {
    let nearest = || serde_json::Number::from_f64(text.parse().ok()?);
    if number.is_f64() { nearest().unwrap_or(number) } else { number }
}

/// Names repeat: `type`, `name`, `properties`. Those seen last are shared.
struct Keys([Option<Arc<str>>; 256]);

impl Default for Keys {
    fn default() -> Self {
        Self([const { None }; 256])
    }
}

impl Keys {
    fn shared(&mut self, key: &str) -> Arc<str> {
        let end = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default());
        let bytes = key.as_bytes();
        let mixed = end(bytes.first()).wrapping_mul(31).wrapping_add(end(bytes.last())).wrapping_mul(31);
        let middle = end(bytes.get(bytes.len() / 2));
        let slot = &mut self.0[mixed.wrapping_add(middle).wrapping_mul(31).wrapping_add(bytes.len()) % 256];
        if let Some(known) = slot.as_ref().filter(|known| ***known == *key) {
            return Arc::clone(known);
        }
        let key: Arc<str> = key.into();
        *slot = Some(Arc::clone(&key));
        key
    }
}

#[cfg(test)]
mod tests;
