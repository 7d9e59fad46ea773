//! From the text of an expression to its tree.

use std::ops::Range;
use std::rc::Rc;

use super::expression::Expression;
use super::fault::{Fault, Outcome};
use super::value::Value;
pub(crate) use tokens::quoted;
use tokens::{Token, TokenKind, Tokens};

mod tokens;

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
    let mut parser = Parser::new(text, offset)?;
    let expression = parser.expression()?;
    match &parser.next {
        None => Ok(expression),
        Some(token) => {
            let message = format!("unexpected {} after the end of the expression", token.kind.name());
            Err(syntax(message, token.span.clone()))
        }
    }
}

fn syntax(message: impl Into<String>, span: Range<usize>) -> Fault {
    Fault::new("expression-syntax", message).at(&span)
}

/// Reads with one token of foresight.
struct Parser<'t> {
    tokens: Tokens<'t>,
    next: Option<Token<'t>>,
    /// Where the token before the next one ends.
    passed: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, offset: usize) -> Outcome<Self> {
        let mut tokens = Tokens::new(text, offset);
        let next = tokens.next()?;
        Ok(Self { tokens, next, passed: offset + text.len(), depth: 0 })
    }

    /// Goes on to the token behind the next one, which is given out.
    fn advance(&mut self) -> Outcome<Option<Token<'t>>> {
        if let Some(token) = &self.next {
            self.passed = token.span.end;
        }
        let next = self.tokens.next()?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    fn end(&self) -> usize {
        self.tokens.end()
    }

    fn next_is(&self, character: u8) -> bool {
        self.next
            .as_ref()
            .is_some_and(|token| matches!(token.kind, TokenKind::Punctuation(byte) if byte == character))
    }

    fn accept(&mut self, character: u8) -> Outcome<bool> {
        let found = self.next_is(character);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        match &self.next {
            Some(token) => {
                syntax(format!("expected {wanted}, found {}", token.kind.name()), token.span.clone())
            }
            None => syntax(format!("expected {wanted}, found the end"), self.end()..self.end() + 1),
        }
    }

    fn too_deep(&self, start: usize) -> Fault {
        let message = format!("the expression is nested more than {DEPTH_MAX} levels deep");
        Fault::new("expression-depth", message).at(&(start..self.end()))
    }

    fn expression(&mut self) -> Outcome<Expression> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.too_deep(self.end()));
        }
        let start = self.next.as_ref().map_or(self.end(), |token| token.span.start);
        let mut expression = self.primary()?;
        // each step wraps what is there, so the tree's depth grows with the chain and must be counted as well
        let depth = self.depth;
        // only what a function answers has members
        while matches!(
            expression,
            Expression::Call { .. } | Expression::Property { .. } | Expression::Index { .. }
        ) {
            if self.accept(b'.')? {
                let Some(Token { kind: TokenKind::Name(name), .. }) = self.next else {
                    return Err(self.unexpected("a property name"));
                };
                self.advance()?;
                let span = start..self.passed;
                expression = Expression::Property { base: Box::new(expression), name: name.into(), span };
            } else if self.accept(b'[')? {
                let index = self.expression()?;
                if !self.accept(b']')? {
                    return Err(self.unexpected("`]`"));
                }
                let span = start..self.passed;
                expression = Expression::Index { base: Box::new(expression), index: Box::new(index), span };
            } else {
                break;
            }
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(self.too_deep(start));
            }
        }
        self.depth = depth - 1;
        Ok(expression)
    }

    fn primary(&mut self) -> Outcome<Expression> {
        if matches!(self.next, None | Some(Token { kind: TokenKind::Punctuation(_), .. })) {
            return Err(self.unexpected("a function, a string or a number"));
        }
        Ok(Expression::Value(match self.advance()? {
            Some(Token { kind: TokenKind::Name(name), span }) => return self.call(name, span.start),
            Some(Token { kind: TokenKind::String(text), .. }) => Value::String(text.into()),
            Some(Token { kind: TokenKind::Int(value), .. }) => Value::Int(value),
            Some(Token { kind: TokenKind::Punctuation(_), .. }) | None => Value::Null,
        }))
    }

    fn call(&mut self, name: &'t str, start: usize) -> Outcome<Expression> {
        let mut name: Rc<str> = name.into();
        let mut alone = start..self.passed;
        // user-defined functions have a namespace: `contoso.uniqueName(…)`
        while self.accept(b'.')? {
            let Some(Token { kind: TokenKind::Name(member), .. }) = self.next else { break };
            self.advance()?;
            name = format!("{name}.{member}").into();
            alone.end = self.passed;
        }
        if !self.accept(b'(')? {
            let hint = match &*name.to_ascii_lowercase() {
                "true" | "false" | "null" => format!("write `{name}()`"),
                _ => format!("write `'{name}'` for a string, `{name}(…)` for a function"),
            };
            return Err(syntax(format!("`{name}` alone is no expression"), alone).hint(Some(hint)));
        }
        let mut arguments = Vec::new();
        if !self.accept(b')')? {
            loop {
                arguments.push(self.expression()?);
                if self.accept(b')')? {
                    break;
                }
                if !self.accept(b',')? {
                    return Err(self.unexpected("`,` or `)`"));
                }
            }
        }
        Ok(Expression::Call { name, arguments, span: start..self.passed })
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
            ("parameters('x').größe", "[parameters('x')['größe']]"),
            ("1.5", "an expression takes whole numbers only @1..4"),
            ("'abc'[0]", "unexpected `[` after the end of the expression @6..7"),
            ("f('abc'.length)", "expected `,` or `)`, found `.` @8..9"),
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
