//! Requests with holes: what is known when the plan is made, and what only the run can fill in.

mod secrets;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lifeboat_arm::{Call, Method, Read, Target};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::step::StepId;

pub use secrets::SecretRef;

/// A named gap. A closed set: whoever reads a plan knows all the places a value can come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Hole {
    /// A value that an earlier step captured.
    Captured(StepId, String),
    /// A secret, fetched when needed and never written down.
    Secret(SecretRef),
    /// A fact of the inventory or snapshot, by key.
    Fact(String),
    /// The id of the run.
    RunId,
    /// A number known when the plan was made.
    Number(i64),
    /// The larger of two numbers.
    Max(Box<Hole>, Box<Hole>),
    /// A number plus a margin.
    Add(Box<Hole>, i64),
}

/// One piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Piece {
    /// Literal characters.
    Literal(String),
    /// A gap.
    Hole(Hole),
}

impl Piece {
    /// The characters, unless it is a gap.
    pub fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::Hole(_) => None,
        }
    }
}

/// A string that may hold holes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(Vec<Piece>);

impl Text {
    /// A text of these pieces.
    pub fn of(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self(pieces.into_iter().collect())
    }

    /// Its pieces.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// The text itself, when it has no holes.
    pub fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Literal(text)] => Some(text),
            [] => Some(""),
            _ => None,
        }
    }

    /// The literal characters before the first hole.
    pub fn literal_prefix(&self) -> &str {
        match self.0.first() {
            Some(Piece::Literal(text)) => text,
            _ => "",
        }
    }

    /// Its holes.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Hole(hole) => Some(hole),
        })
    }

    /// The text with its holes filled.
    pub fn fill(&self, values: &dyn Values) -> Result<String, MissingValue> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Hole(hole) => match hole.fill(values)? {
                    Value::String(text) => out.push_str(&text),
                    other => out.push_str(&other.to_string()),
                },
            }
        }
        Ok(out)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(vec![Piece::Literal(text.to_owned())])
    }
}
impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(vec![Piece::Literal(text)])
    }
}

/// JSON that may hold holes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Draft {
    /// JSON without holes.
    Value(Value),
    /// One value.
    Hole(Hole),
    /// A string with holes.
    Text(Text),
    /// An object some of whose members have holes.
    Object(BTreeMap<String, Draft>),
    /// An array some of whose items have holes.
    Array(Vec<Draft>),
    /// A captured object with these members laid over it (RFC 7396): for a PUT that replaces everything.
    MergeOver {
        /// The step that captured the object.
        step: StepId,
        /// The capture's name.
        name: String,
        /// What changes.
        patch: Value,
    },
}

/// Where a request with holes goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TargetDraft {
    /// The management endpoint.
    Arm,
    /// A data plane's host.
    Host(Text),
}

/// A request with holes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallDraft {
    /// Where it goes.
    pub target: TargetDraft,
    /// The verb.
    pub method: Method,
    /// Path and query.
    pub path: Text,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Draft>,
}

impl CallDraft {
    /// A request to the management plane.
    pub fn arm(method: Method, path: impl Into<Text>, body: Option<Draft>) -> Self {
        Self { target: TargetDraft::Arm, method, path: path.into(), body }
    }

    /// A management GET.
    pub fn get(path: impl Into<Text>) -> Self {
        Self::arm(Method::Get, path, None)
    }

    /// The request with its holes filled.
    pub fn fill(&self, values: &dyn Values) -> Result<Call, MissingValue> {
        Ok(Call {
            target: match &self.target {
                TargetDraft::Arm => Target::Arm,
                TargetDraft::Host(host) => Target::Host(host.fill(values)?),
            },
            method: self.method,
            path: self.path.fill(values)?,
            headers: BTreeMap::new(),
            body: self.body.as_ref().map(|body| body.fill(values)).transpose()?,
        })
    }

    /// All its holes.
    pub fn holes(&self) -> BTreeSet<Hole> {
        let mut holes: BTreeSet<Hole> = self.path.holes().cloned().collect();
        if let TargetDraft::Host(host) = &self.target {
            holes.extend(host.holes().cloned());
        }
        if let Some(body) = &self.body {
            body.collect(&mut holes);
        }
        holes
    }
}

/// A read with holes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReadDraft {
    /// Through the management plane.
    Arm(CallDraft),
    /// From a data plane.
    Http(CallDraft),
    /// What a name resolves to.
    Dns(Text),
}

impl ReadDraft {
    /// The read with its holes filled.
    pub fn fill(&self, values: &dyn Values) -> Result<Read, MissingValue> {
        Ok(match self {
            Self::Arm(call) => Read::Arm(call.fill(values)?),
            Self::Http(call) => Read::Http(call.fill(values)?),
            Self::Dns(name) => Read::Dns(name.fill(values)?),
        })
    }

    /// All its holes.
    pub fn holes(&self) -> BTreeSet<Hole> {
        match self {
            Self::Arm(call) | Self::Http(call) => call.holes(),
            Self::Dns(name) => name.holes().cloned().collect(),
        }
    }
}

/// Where the values for holes come from at run time.
pub trait Values {
    /// What a step captured.
    fn captured(&self, step: &StepId, name: &str) -> Option<Value>;
    /// A fact by key.
    fn fact(&self, key: &str) -> Option<Value>;
    /// A secret, fetched now.
    fn secret(&self, secret: &SecretRef) -> Option<Value>;
    /// The run's id.
    fn run_id(&self) -> String;
}

/// A hole that nothing fills.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing fills the hole {0}")]
pub struct MissingValue(pub Hole);

impl Hole {
    /// The value for this hole.
    pub fn fill(&self, values: &dyn Values) -> Result<Value, MissingValue> {
        let missing = || MissingValue(self.clone());
        match self {
            Self::Captured(step, name) => values.captured(step, name).ok_or_else(missing),
            Self::Secret(secret) => values.secret(secret).ok_or_else(missing),
            Self::Fact(key) => values.fact(key).ok_or_else(missing),
            Self::RunId => Ok(Value::String(values.run_id())),
            Self::Number(number) => Ok((*number).into()),
            Self::Max(a, b) => {
                let (a, b) = (a.number(values)?, b.number(values)?);
                Ok(a.max(b).into())
            }
            Self::Add(base, margin) => Ok(base.number(values)?.saturating_add(*margin).into()),
        }
    }

    /// Some services keep their numbers as strings.
    fn number(&self, values: &dyn Values) -> Result<i64, MissingValue> {
        let value = self.fill(values)?;
        let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
        number.ok_or_else(|| MissingValue(self.clone()))
    }
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Captured(step, name) => write!(f, "‹captured {step}.{name}›"),
            Self::Secret(secret) => write!(f, "‹{secret}›"),
            Self::Fact(key) => write!(f, "‹fact {key}›"),
            Self::RunId => f.write_str("‹run id›"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Max(a, b) => write!(f, "‹max of {a} and {b}›"),
            Self::Add(base, margin) => write!(f, "‹{base} + {margin}›"),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Literal(text) => f.write_str(text),
            Piece::Hole(hole) => write!(f, "{hole}"),
        })
    }
}

impl Draft {
    /// The JSON with its holes filled.
    pub fn fill(&self, values: &dyn Values) -> Result<Value, MissingValue> {
        Ok(match self {
            Self::Value(value) => value.clone(),
            Self::Hole(hole) => hole.fill(values)?,
            Self::Text(text) => Value::String(text.fill(values)?),
            Self::Object(members) => members
                .iter()
                .map(|(key, draft)| Ok((key.clone(), draft.fill(values)?)))
                .collect::<Result<serde_json::Map<_, _>, _>>()?
                .into(),
            Self::Array(items) => {
                items.iter().map(|item| item.fill(values)).collect::<Result<Vec<_>, _>>()?.into()
            }
            Self::MergeOver { step, name, patch } => {
                let hole = Hole::Captured(step.clone(), name.clone());
                let mut base = hole.fill(values)?;
                merge(&mut base, patch);
                base
            }
        })
    }

    /// The JSON for people: holes by name.
    pub fn sketch(&self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Hole(hole) => Value::String(hole.to_string()),
            Self::Text(text) => Value::String(text.to_string()),
            Self::Object(members) => {
                Value::Object(members.iter().map(|(key, draft)| (key.clone(), draft.sketch())).collect())
            }
            Self::Array(items) => Value::Array(items.iter().map(Self::sketch).collect()),
            Self::MergeOver { step, name, patch } => {
                serde_json::json!({ format!("‹captured {step}.{name}› with"): patch })
            }
        }
    }

    pub(crate) fn collect(&self, holes: &mut BTreeSet<Hole>) {
        match self {
            Self::Value(_) => {}
            Self::Hole(hole) => {
                holes.insert(hole.clone());
            }
            Self::Text(text) => holes.extend(text.holes().cloned()),
            Self::Object(members) => members.values().for_each(|draft| draft.collect(holes)),
            Self::Array(items) => items.iter().for_each(|draft| draft.collect(holes)),
            Self::MergeOver { step, name, .. } => {
                holes.insert(Hole::Captured(step.clone(), name.clone()));
            }
        }
    }
}

impl From<Value> for Draft {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}
impl From<&str> for Draft {
    fn from(text: &str) -> Self {
        Self::Value(Value::String(text.to_owned()))
    }
}

/// RFC 7396: members of `patch` replace those of `base`, null removes.
fn merge(base: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *base = patch.clone();
        return;
    };
    if !base.is_object() {
        *base = Value::Object(serde_json::Map::new());
    }
    let Some(members) = base.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            members.remove(key);
        } else {
            merge(members.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests;
