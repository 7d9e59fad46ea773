//! Expressions as trees, and their text.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use super::value::{Size, Value};

/// An expression. Literals are values; the rest of a partly evaluated expression holds computed ones too.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Value(Value),
    /// `name(…)` or `namespace.name(…)`
    Call {
        name: Rc<str>,
        arguments: Vec<Expression>,
        span: Range<usize>,
    },
    /// `base.name`
    Property {
        base: Box<Expression>,
        name: Rc<str>,
        span: Range<usize>,
    },
    /// `base[index]`
    Index {
        base: Box<Expression>,
        index: Box<Expression>,
        span: Range<usize>,
    },
}

impl Expression {
    pub(crate) fn call(name: &str, arguments: Vec<Self>) -> Self {
        Self::Call { name: Rc::from(name), arguments, span: 0..0 }
    }

    pub(crate) fn span(&self) -> Option<&Range<usize>> {
        match self {
            Self::Value(_) => None,
            Self::Call { span, .. } | Self::Property { span, .. } | Self::Index { span, .. } => Some(span),
        }
    }

    /// The size written out. Only fresh parts are walked: what is deferred knows its size.
    pub(crate) fn size(&self) -> Size {
        match self {
            Self::Value(value) => value.size(),
            Self::Call { name, arguments, .. } => {
                let mut size = Size::of(8 + name.len());
                for argument in arguments {
                    size.add(argument.size());
                }
                size
            }
            Self::Property { base, name, .. } => {
                let mut size = Size::of(1 + name.len());
                size.add(base.size());
                size
            }
            Self::Index { base, index, .. } => {
                let mut size = Size::of(2);
                size.add(base.size());
                size.add(index.size());
                size
            }
        }
    }

    /// Calls `visit` for each call inside, outermost first.
    pub(crate) fn visit_calls(&self, visit: &mut dyn FnMut(&str, &[Expression])) {
        match self {
            Self::Value(value) if !value.is_deferred() => {}
            Self::Value(Value::Deferred(inner)) => inner.expression.visit_calls(visit),
            Self::Value(Value::Array(array)) => {
                for item in &array.items {
                    Self::Value(item.clone()).visit_calls(visit);
                }
            }
            Self::Value(Value::Object(object)) => {
                for (_, value) in &object.entries {
                    Self::Value(value.clone()).visit_calls(visit);
                }
            }
            Self::Value(_) => {}
            Self::Call { name, arguments, .. } => {
                visit(name, arguments);
                for argument in arguments {
                    argument.visit_calls(visit);
                }
            }
            Self::Property { base, .. } => base.visit_calls(visit),
            Self::Index { base, index, .. } => {
                base.visit_calls(visit);
                index.visit_calls(visit);
            }
        }
    }
}

/// The text in brackets, as it would stand in a template.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl Expression {
    /// The same, without the formatter's cost: deferred expressions may hold whole objects.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.size().weight());
        text.push('[');
        push_expression(self, &mut text);
        text.push(']');
        text
    }
}

fn push_expression(expression: &Expression, text: &mut String) {
    match expression {
        Expression::Value(value) => push_value(value, text),
        Expression::Call { name, arguments, .. } => {
            text.push_str(name);
            push_list(arguments, text, push_expression);
        }
        Expression::Property { base, name, .. } => {
            push_expression(base, text);
            if is_identifier(name) {
                text.push('.');
                text.push_str(name);
            } else {
                text.push('[');
                push_string(name, text);
                text.push(']');
            }
        }
        Expression::Index { base, index, .. } => {
            push_expression(base, text);
            text.push('[');
            push_expression(index, text);
            text.push(']');
        }
    }
}

fn push_value(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null()"),
        Value::Bool(true) => text.push_str("true()"),
        Value::Bool(false) => text.push_str("false()"),
        Value::Int(value) => text.push_str(&value.to_string()),
        Value::Float(value) => {
            text.push_str("json('");
            text.push_str(&super::functions::string::float_text(*value));
            text.push_str("')");
        }
        Value::String(value) => push_string(value, text),
        Value::Array(array) => {
            text.push_str("createArray");
            push_list(&array.items, text, push_value);
        }
        Value::Object(object) => {
            text.push_str("createObject");
            push_list(&object.entries, text, |(key, value), text| {
                push_string(key, text);
                text.push_str(", ");
                push_value(value, text);
            });
        }
        Value::Deferred(rest) => push_expression(&rest.expression, text),
    }
}

fn push_list<T>(items: &[T], text: &mut String, push: impl Fn(&T, &mut String)) {
    text.push('(');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        push(item, text);
    }
    text.push(')');
}

fn push_string(value: &str, text: &mut String) {
    text.push('\'');
    let mut rest = value;
    while let Some(quote) = memchr::memchr(b'\'', rest.as_bytes()) {
        text.push_str(&rest[..=quote]);
        text.push('\'');
        rest = &rest[quote + 1..];
    }
    text.push_str(rest);
    text.push('\'');
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}
