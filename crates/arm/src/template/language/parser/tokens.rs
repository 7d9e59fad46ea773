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
    Punctuation(u8),
}

impl TokenKind<'_> {
    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Name(name) => format!("`{name}`"),
            Self::String(_) => "string".into(),
            Self::Int(_) => "number".into(),
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
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => self.name(),
            _ if self.text[start..].starts_with(char::is_alphabetic) => self.name(),
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

    /// The name that begins here: letters and digits of any script.
    fn name(&mut self) -> TokenKind<'t> {
        let rest = &self.text[self.at..];
        let belongs = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$');
        let name = &rest[..rest.find(|letter| !belongs(letter)).unwrap_or(rest.len())];
        self.at += name.len();
        TokenKind::Name(name)
    }

    /// The string that begins here.
    fn quoted(&mut self) -> Outcome<Cow<'t, str>> {
        let Some((value, end)) = quoted(self.text, self.at) else {
            return Err(syntax("the string has no closing quote", self.span(self.at, self.text.len())));
        };
        self.at = end;
        Ok(value)
    }

    /// The integer that begins here: the language has no other numbers.
    fn number(&mut self) -> Outcome<TokenKind<'t>> {
        let start = self.at;
        self.at += 1;
        self.skip(|byte| byte.is_ascii_digit());
        let whole = self.at;
        if self.text.as_bytes().get(whole) == Some(&b'.') {
            self.at += 1;
            self.skip(|byte| byte.is_ascii_digit());
            let hint = format!("write `json('{}')`", self.text[start..self.at].trim_end_matches('.'));
            let fault = syntax("an expression takes whole numbers only", self.span(start, self.at));
            return Err(fault.hint(Some(hint)));
        }
        let number = self.text[start..whole].parse().map(TokenKind::Int);
        number.map_err(|_error| syntax("not a number of 64 bits", self.span(start, whole)))
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
