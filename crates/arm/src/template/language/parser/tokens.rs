//! The words of an expression.

use std::borrow::Cow;
use std::ops::Range;

use super::syntax;
use crate::template::language::fault::Outcome;

/// A word or a sign, and where it stands.
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind<'t>,
    pub(super) span: Range<usize>,
}

pub(super) enum TokenKind<'t> {
    Name(&'t str),
    String(Cow<'t, str>),
    Int(i64),
    Float(f64),
    Punctuation(u8),
}

impl TokenKind<'_> {
    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Name(name) => format!("`{name}`"),
            Self::String(_) => "string".into(),
            Self::Int(_) | Self::Float(_) => "number".into(),
            Self::Punctuation(byte) => format!("`{}`", char::from(*byte)),
        }
    }
}

/// Gives out one token after the other.
pub(super) struct Tokens<'t> {
    text: &'t str,
    offset: usize,
    at: usize,
}

impl<'t> Tokens<'t> {
    /// `offset` is added to every span.
    pub(super) fn new(text: &'t str, offset: usize) -> Self {
        Self { text, offset, at: 0 }
    }

    /// Where the text ends.
    pub(super) fn end(&self) -> usize {
        self.offset + self.text.len()
    }

    /// The next token, `None` at the end.
    pub(super) fn next(&mut self) -> Outcome<Option<Token<'t>>> {
        self.space();
        let start = self.at;
        let Some(first) = self.text.as_bytes().get(start).copied() else { return Ok(None) };
        let kind = match first {
            b'\'' => TokenKind::String(self.quoted()?),
            b'(' | b')' | b'[' | b']' | b',' | b'.' => {
                self.at += 1;
                TokenKind::Punctuation(first)
            }
            b'0'..=b'9' | b'-' | b'+' => self.number()?,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => {
                self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
                TokenKind::Name(&self.text[start..self.at])
            }
            _ => {
                let character = self.text[start..].chars().next().unwrap_or(' ');
                let end = start + character.len_utf8();
                return Err(syntax(format!("`{character}` cannot stand here"), self.span(start, end)));
            }
        };
        Ok(Some(Token { kind, span: self.span(start, self.at) }))
    }

    fn span(&self, start: usize, end: usize) -> Range<usize> {
        self.offset + start..self.offset + end
    }

    fn skip(&mut self, belongs: impl Fn(u8) -> bool) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len());
    }

    fn space(&mut self) {
        loop {
            self.skip(|byte| byte.is_ascii_whitespace());
            let other =
                self.text[self.at..].chars().next().filter(|next| !next.is_ascii() && next.is_whitespace());
            let Some(other) = other else { return };
            self.at += other.len_utf8();
        }
    }

    /// The string that begins here.
    fn quoted(&mut self) -> Outcome<Cow<'t, str>> {
        let Some((value, end)) = quoted(self.text, self.at) else {
            return Err(syntax("the string has no closing quote", self.span(self.at, self.text.len())));
        };
        self.at = end;
        Ok(value)
    }

    fn number(&mut self) -> Outcome<TokenKind<'t>> {
        let start = self.at;
        self.at += 1;
        self.skip(|byte| byte.is_ascii_digit());
        let bytes = self.text.as_bytes();
        while bytes.get(self.at) == Some(&b'.') && bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
            self.skip(|byte| byte.is_ascii_digit());
        }
        let text = &self.text[start..self.at];
        let number = if text.contains('.') {
            text.parse().ok().filter(|value: &f64| value.is_finite()).map(TokenKind::Float)
        } else {
            text.parse().ok().map(TokenKind::Int)
        };
        number.ok_or_else(|| syntax("not a number of 64 bits", self.span(start, self.at)))
    }
}

/// The string that begins at `start`, `''` being one quote, and where it ends.
pub(crate) fn quoted(text: &str, start: usize) -> Option<(Cow<'_, str>, usize)> {
    let mut value = Cow::Borrowed("");
    let mut at = start + 1;
    loop {
        let rest = &text[at..];
        let length = memchr::memchr(b'\'', rest.as_bytes())?;
        value += &rest[..length];
        at += length + 1;
        if !rest[length + 1..].starts_with('\'') {
            return Some((value, at));
        }
        value += "'";
        at += 1;
    }
}
