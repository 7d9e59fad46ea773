//! Names that only the run knows, as a nested deployment may be given: what stands for them until then.
//!
//! `guid(reference('vm').identity.principalId)` is the usual name of a role assignment. Its answer is unknown, its shape is
//! not: everything that is asked of Azure is replaced by a text of its own, and the expression is computed with that.

use super::deferred::{Deferred, asks};
use crate::template::language::evaluate::Env;
use crate::template::language::expression::Expression;
use crate::template::language::unique;
use crate::template::language::value::Value;

/// A text of the same shape as what the expression will give, the same each time.
pub(crate) fn stand_in(env: &Env<'_>, rest: &Expression) -> String {
    let computed = env.evaluate(&settled(rest));
    match computed.as_ref().map(Value::as_str) {
        Ok(Some(text)) if !text.is_empty() => text.to_owned(),
        _ => mark(rest),
    }
}

/// What the run will answer in the place of a stand-in.
pub(crate) fn unsettled(member: &str, rest: &Expression) -> Deferred {
    Deferred::new(&format!("/{member}"), rest, &rest.to_text())
}

fn settled(expression: &Expression) -> Expression {
    match expression {
        Expression::Value(Value::Deferred(rest)) => settled(&rest.expression),
        Expression::Value(value) => Expression::Value(value.clone()),
        asked if is_asked(asked) => Expression::Value(Value::string(mark(asked))),
        Expression::Call { name, arguments, span } => Expression::Call {
            name: name.clone(),
            arguments: arguments.iter().map(settled).collect(),
            span: span.clone(),
        },
        Expression::Property { base, name, span } => {
            Expression::Property { base: Box::new(settled(base)), name: name.clone(), span: span.clone() }
        }
        Expression::Index { base, index, span } => Expression::Index {
            base: Box::new(settled(base)),
            index: Box::new(settled(index)),
            span: span.clone(),
        },
    }
}

/// `reference(…)` and `list…(…)`, and whatever is taken out of them.
fn is_asked(expression: &Expression) -> bool {
    match expression {
        Expression::Call { name, .. } => asks(name),
        Expression::Property { base, .. } | Expression::Index { base, .. } => is_asked(base),
        Expression::Value(Value::Deferred(rest)) => is_asked(&rest.expression),
        Expression::Value(_) => false,
    }
}

/// Different for different questions, and taken by every service as a name; a GUID where ids of subscriptions and
/// principals are asked.
fn mark(expression: &Expression) -> String {
    let text = expression.to_string();
    match expression {
        Expression::Property { name, .. } if name.to_ascii_lowercase().ends_with("id") => unique::guid(&text),
        _ => unique::unique_string(&text),
    }
}
