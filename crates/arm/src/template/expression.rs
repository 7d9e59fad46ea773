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
        f.write_str("[")?;
        write_expression(self, f)?;
        f.write_str("]")
    }
}

fn write_expression(expression: &Expression, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match expression {
        Expression::Value(value) => write_value(value, f),
        Expression::Call { name, arguments, .. } => {
            write!(f, "{name}(")?;
            for (index, argument) in arguments.iter().enumerate() {
                if index > 0 {
                    f.write_str(", ")?;
                }
                write_expression(argument, f)?;
            }
            f.write_str(")")
        }
        Expression::Property { base, name, .. } => {
            write_expression(base, f)?;
            if is_identifier(name) {
                write!(f, ".{name}")
            } else {
                f.write_str("[")?;
                write_string(name, f)?;
                f.write_str("]")
            }
        }
        Expression::Index { base, index, .. } => {
            write_expression(base, f)?;
            f.write_str("[")?;
            write_expression(index, f)?;
            f.write_str("]")
        }
    }
}

fn write_value(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Null => f.write_str("null()"),
        Value::Bool(value) => write!(f, "{value}()"),
        Value::Int(value) => write!(f, "{value}"),
        Value::Float(value) => write!(f, "json('{}')", super::functions::string::float_text(*value)),
        Value::String(text) => write_string(text, f),
        Value::Array(array) => {
            f.write_str("createArray(")?;
            for (index, item) in array.items.iter().enumerate() {
                if index > 0 {
                    f.write_str(", ")?;
                }
                write_value(item, f)?;
            }
            f.write_str(")")
        }
        Value::Object(object) => {
            f.write_str("createObject(")?;
            for (index, (key, value)) in object.entries.iter().enumerate() {
                if index > 0 {
                    f.write_str(", ")?;
                }
                write_string(key, f)?;
                f.write_str(", ")?;
                write_value(value, f)?;
            }
            f.write_str(")")
        }
        Value::Deferred(rest) => write_expression(&rest.expression, f),
    }
}

fn write_string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "'{}'", text.replace('\'', "''"))
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}
