//! From the text of an expression to its tree.

use std::ops::Range;
use std::rc::Rc;

use super::expression::Expression;
use super::fault::{Fault, Outcome};
use super::value::Value;

/// Azure refuses longer expressions.
pub(crate) const LENGTH_MAX: usize = 24_576;
const DEPTH_MAX: usize = 128;

/// What a string of a template is.
pub(crate) enum Text<'a> {
    /// To be taken as it stands (one leading bracket already dropped where two escape it).
    Literal(&'a str),
    /// An expression: the text between the brackets, which begins at byte 1.
    Expression(&'a str),
}

/// Tells an expression from a literal: `[…]` is one, `[[…]` is an escaped literal, `[x] y` is text.
pub(crate) fn classify(text: &str) -> Text<'_> {
    match text.strip_prefix('[') {
        Some(rest) if text.ends_with(']') => {
            if rest.starts_with('[') {
                Text::Literal(rest)
            } else {
                Text::Expression(&rest[..rest.len() - 1])
            }
        }
        _ => Text::Literal(text),
    }
}

/// Parses the text between the brackets. `offset` is added to every span.
pub(crate) fn parse(text: &str, offset: usize, length_max: usize) -> Outcome<Expression> {
    if text.len() > length_max {
        let message = format!("the expression has {} characters, {length_max} are allowed", text.len());
        return Err(Fault::new("expression-length", message));
    }
    let tokens = tokenize(text, offset)?;
    let mut parser = Parser { tokens, next: 0, depth: 0, end: offset + text.len() };
    let expression = parser.expression()?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => {
            let message = format!("unexpected {} after the end of the expression", token.kind.name());
            Err(syntax(message, token.span.clone()))
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum TokenKind {
    Name(Rc<str>),
    String(Rc<str>),
    Int(i64),
    Float(f64),
    Punctuation(char),
}

impl TokenKind {
    fn name(&self) -> String {
        match self {
            Self::Name(name) => format!("`{name}`"),
            Self::String(_) => "string".into(),
            Self::Int(_) | Self::Float(_) => "number".into(),
            Self::Punctuation(character) => format!("`{character}`"),
        }
    }
}

struct Token {
    kind: TokenKind,
    span: Range<usize>,
}

fn syntax(message: impl Into<String>, span: Range<usize>) -> Fault {
    Fault::new("expression-syntax", message).at(&span)
}

fn tokenize(text: &str, offset: usize) -> Outcome<Vec<Token>> {
    let bytes = text.as_bytes();
    // A token is seldom shorter than four characters.
    let mut tokens = Vec::with_capacity(text.len() / 4 + 4);
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let kind = match bytes[at] {
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'\'' => {
                let (value, end) = quoted(text, at).ok_or_else(|| {
                    syntax("the string has no closing quote", offset + start..offset + text.len())
                })?;
                at = end;
                TokenKind::String(value.into())
            }
            byte @ (b'(' | b')' | b'[' | b']' | b',' | b'.') => {
                at += 1;
                TokenKind::Punctuation(byte.into())
            }
            byte if byte.is_ascii_digit() || byte == b'-' || byte == b'+' => {
                at += 1;
                while at < bytes.len()
                    && (bytes[at].is_ascii_digit()
                        || bytes[at] == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
                {
                    at += 1;
                }
                number(&text[start..at])
                    .ok_or_else(|| syntax("not a number of 64 bits", offset + start..offset + at))?
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$' => {
                while at < bytes.len()
                    && (bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'_' | b'$'))
                {
                    at += 1;
                }
                TokenKind::Name(text[start..at].into())
            }
            _ => {
                let character = text[at..].chars().next().unwrap_or(' ');
                if character.is_whitespace() {
                    at += character.len_utf8();
                    continue;
                }
                let end = offset + at + character.len_utf8();
                return Err(syntax(format!("`{character}` cannot stand here"), offset + at..end));
            }
        };
        tokens.push(Token { kind, span: offset + start..offset + at });
    }
    Ok(tokens)
}

/// The string that begins at `start`, `''` being one quote, and where it ends.
pub(crate) fn quoted(text: &str, start: usize) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut at = start + 1;
    loop {
        let length = text[at..].find('\'')?;
        value.push_str(&text[at..at + length]);
        at += length + 1;
        if !text[at..].starts_with('\'') {
            return Some((value, at));
        }
        value.push('\'');
        at += 1;
    }
}

fn number(text: &str) -> Option<TokenKind> {
    if text.contains('.') {
        return text.parse().ok().filter(|value: &f64| value.is_finite()).map(TokenKind::Float);
    }
    text.parse().ok().map(TokenKind::Int)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn peek_is(&self, character: char) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Punctuation(character))
    }

    fn accept(&mut self, character: char) -> bool {
        let found = self.peek_is(character);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, character: char) -> Outcome<()> {
        if self.accept(character) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{character}`")))
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        match self.peek() {
            Some(token) => {
                syntax(format!("expected {wanted}, found {}", token.kind.name()), token.span.clone())
            }
            None => syntax(format!("expected {wanted}, found the end"), self.end..self.end + 1),
        }
    }

    fn last_end(&self) -> usize {
        self.next.checked_sub(1).map_or(self.end, |last| self.tokens[last].span.end)
    }

    fn expression(&mut self) -> Outcome<Expression> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("the expression is nested more than {DEPTH_MAX} levels deep");
            return Err(Fault::new("expression-depth", message).at(&(self.end..self.end)));
        }
        let start = self.peek().map_or(self.end, |token| token.span.start);
        let mut expression = self.primary()?;
        // each step wraps what is there, so the tree's depth grows with the chain and must be counted as well
        let depth = self.depth;
        loop {
            if self.accept('.') {
                let Some(Token { kind: TokenKind::Name(name), .. }) = self.peek() else {
                    return Err(self.unexpected("a property name"));
                };
                let name = Rc::clone(name);
                self.next += 1;
                let span = start..self.last_end();
                expression = Expression::Property { base: Box::new(expression), name, span };
            } else if self.accept('[') {
                let index = self.expression()?;
                self.expect(']')?;
                let span = start..self.last_end();
                expression = Expression::Index { base: Box::new(expression), index: Box::new(index), span };
            } else {
                break;
            }
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                let message = format!("the expression is nested more than {DEPTH_MAX} levels deep");
                return Err(Fault::new("expression-depth", message).at(&(start..self.end)));
            }
        }
        self.depth = depth - 1;
        Ok(expression)
    }

    fn primary(&mut self) -> Outcome<Expression> {
        let Some(token) = self.peek() else {
            return Err(self.unexpected("a function, a string or a number"));
        };
        let start = token.span.start;
        let literal = match &token.kind {
            TokenKind::String(text) => Value::String(Rc::clone(text)),
            TokenKind::Int(value) => Value::Int(*value),
            TokenKind::Float(value) => Value::Float(*value),
            TokenKind::Name(name) => {
                let name = Rc::clone(name);
                self.next += 1;
                return self.call(name, start);
            }
            TokenKind::Punctuation(_) => return Err(self.unexpected("a function, a string or a number")),
        };
        self.next += 1;
        Ok(Expression::Value(literal))
    }

    fn call(&mut self, mut name: Rc<str>, start: usize) -> Outcome<Expression> {
        // user-defined functions have a namespace: `contoso.uniqueName(…)`
        while self.peek_is('.') {
            let Some(Token { kind: TokenKind::Name(member), .. }) = self.tokens.get(self.next + 1) else {
                break;
            };
            name = format!("{name}.{member}").into();
            self.next += 2;
        }
        if !self.peek_is('(') {
            let span = start..self.last_end();
            let hint = match &*name.to_ascii_lowercase() {
                "true" | "false" | "null" => format!("write `{name}()`"),
                _ => format!("write `'{name}'` for a string, `{name}(…)` for a function"),
            };
            return Err(syntax(format!("`{name}` alone is no expression"), span).hint(Some(hint)));
        }
        self.next += 1;
        let mut arguments = Vec::new();
        if !self.accept(')') {
            loop {
                arguments.push(self.expression()?);
                if self.accept(')') {
                    break;
                }
                if !self.accept(',') {
                    return Err(self.unexpected("`,` or `)`"));
                }
            }
        }
        Ok(Expression::Call { name, arguments, span: start..self.last_end() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(text, 1, LENGTH_MAX) {
            Ok(expression) => expression.to_string(),
            Err(fault) => format!("{} @{:?}", fault.message, fault.span.as_ref().unwrap()),
        }
    }

    #[test]
    fn expressions_and_literals_are_told_apart() {
        assert!(matches!(classify("[x]"), Text::Expression("x")));
        assert!(matches!(classify("[[x]"), Text::Literal("[x]")));
        assert!(matches!(classify("[x] y"), Text::Literal("[x] y")));
        assert!(matches!(classify("[[x"), Text::Literal("[[x")));
        assert!(matches!(classify("["), Text::Literal("[")));
    }

    #[test]
    fn parses() {
        let cases = [
            ("concat('it''s', 1 ,\n -2)", "[concat('it''s', 1, -2)]"),
            ("a().b[0]['c d'].e", "[a().b[0]['c d'].e]"),
            ("contoso.name(1)", "[contoso.name(1)]"),
            ("'x'", "['x']"),
            ("f(", "expected a function, a string or a number, found the end @3..4"),
            ("true", "`true` alone is no expression @1..5"),
            ("f() g", "unexpected `g` after the end of the expression @5..6"),
            ("f('a", "the string has no closing quote @3..5"),
            ("f(;)", "`;` cannot stand here @3..4"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn depth_and_length_are_limited() {
        assert!(shown(&"f(".repeat(1000)).contains("levels"));
        assert!(shown(&format!("f(){}", ".a".repeat(1000))).contains("levels"));
        assert!(
            parse(&" ".repeat(LENGTH_MAX + 1), 1, LENGTH_MAX).unwrap_err().message.contains("characters")
        );
    }
}
