//! Secrets in a draft: where they come from, holes in their places, and hiding what was filled in.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Draft, Hole};

/// Where a secret is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SecretRef {
    /// A resource's key-listing action, and a pointer into its answer.
    Listed {
        /// Path of the POST that lists the secret.
        path: String,
        /// JSON pointer into its answer.
        pointer: String,
    },
    /// A value of a secure type, which whoever deploys the workload has.
    Parameter {
        /// Whose deployment: `primary`, `secondary` or `shared`.
        deployment: String,
        /// The parameter.
        name: String,
    },
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed { path, .. } => write!(f, "secret {path}"),
            Self::Parameter { name, .. } => write!(f, "secure parameter {name}"),
        }
    }
}

impl Draft {
    /// JSON with holes at these JSON pointers; a pointer that leads nowhere makes none. Nothing is copied: what is sent may
    /// be large.
    #[must_use]
    pub fn with_holes(value: Value, holes: impl IntoIterator<Item = (String, Hole)>) -> Self {
        holes.into_iter().fold(Self::Value(value), |draft, (at, hole)| draft.with_hole(&at, hole))
    }

    fn with_hole(self, at: &str, hole: Hole) -> Self {
        let Some(rest) = at.strip_prefix('/') else { return Self::Hole(hole) };
        let (key, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
        let key = key.replace("~1", "/").replace("~0", "~");
        match self {
            Self::Value(Value::Object(members)) => {
                let members = members.into_iter().map(|(key, value)| (key, Self::Value(value))).collect();
                Self::Object(members).with_hole(at, hole)
            }
            Self::Value(Value::Array(items)) => {
                Self::Array(items.into_iter().map(Self::Value).collect()).with_hole(at, hole)
            }
            Self::Object(mut members) => {
                if let Some((key, inner)) = members.remove_entry(&key) {
                    members.insert(key, inner.with_hole(rest, hole));
                }
                Self::Object(members)
            }
            Self::Array(mut items) => {
                if let Some(index) = key.parse::<usize>().ok().filter(|index| *index < items.len()) {
                    let inner = std::mem::replace(&mut items[index], Self::Value(Value::Null));
                    items[index] = inner.with_hole(rest, hole);
                }
                Self::Array(items)
            }
            other => other,
        }
    }

    /// Names the secrets in what was made of this draft, in the places of their values.
    pub fn hide_secrets(&self, made: &mut Value) {
        match (self, made) {
            (Self::Hole(hole @ Hole::Secret(_)), made) => *made = Value::String(hole.to_string()),
            (Self::Text(text), made) if text.holes().any(|hole| matches!(hole, Hole::Secret(_))) => {
                *made = Value::String(text.to_string());
            }
            (Self::Object(members), Value::Object(made)) => {
                for (key, draft) in members {
                    if let Some(made) = made.get_mut(key) {
                        draft.hide_secrets(made);
                    }
                }
            }
            (Self::Array(items), Value::Array(made)) => {
                items.iter().zip(made).for_each(|(draft, made)| draft.hide_secrets(made));
            }
            _ => {}
        }
    }
}
