//! Conditions: what must be seen before a step counts as under way or done.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::draft::{Draft, Text};
use crate::step::ReadId;

/// A statement about what reads answer. Reads are named, never embedded: one answer serves many conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// Every one of these.
    All(Vec<Condition>),
    /// At least one of these.
    Any(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// Something that must never be seen here: a foreign partner, say. Seeing it refuses the step.
    Never {
        /// What must not be seen.
        seen: Box<Condition>,
        /// Why the step is then refused, and what to do.
        why: String,
    },
    /// True on `n` looks in a row, over at least this long.
    Held {
        /// How many looks.
        n: u32,
        /// Over how long.
        over: SignedDuration,
        /// What must hold.
        of: Box<Condition>,
    },
    /// True of enough members of a list.
    Each {
        /// The read that lists them.
        read: ReadId,
        /// JSON pointer to the list.
        list: String,
        /// What must be true of a member: a JSON pointer into it and a test.
        holds: Vec<(String, Is)>,
        /// Of how many.
        at_least: Threshold,
    },
    /// One look at one place.
    Test {
        /// The read.
        read: ReadId,
        /// The member of a list that is meant; none for the answer itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Item>,
        /// Which part of it.
        at: At,
        /// What it must be.
        is: Is,
    },
}

/// One member of a list answer, found by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// JSON pointer to the list.
    pub list: String,
    /// The member's `id` (case folded).
    pub id: Text,
}

/// Which part of an answer is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum At {
    /// The HTTP status.
    Status,
    /// A JSON pointer into the body.
    Pointer(String),
    /// A header.
    Header(String),
    /// The length of the list at this JSON pointer.
    Count(String),
    /// One field of every member of a list, as a set: pointer to the list, pointer into the member.
    Field(String, String),
}

/// What a part must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Is {
    /// Equal. Strings compare exactly.
    Equal(Draft),
    /// The same resource id, case folded.
    SameId(Text),
    /// One of these values.
    OneOf(Vec<Value>),
    /// A number not below this one.
    AtLeast(Draft),
    /// A number not above this one.
    AtMost(Draft),
    /// A time later than this one.
    After(Draft),
    /// Not there, or null.
    Absent,
    /// There, whatever it is.
    Present,
    /// The same members in any order; strings compare case folded.
    SameSet(Draft),
    /// At least these members; strings compare case folded.
    Includes(Draft),
}

/// How many members of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Threshold {
    /// So many.
    Count(u64),
    /// So many of a hundred, of those listed, rounded up; an empty list has none.
    Percent(u8),
    /// Every one; true of an empty list.
    All,
}

/// What a condition turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Truth {
    /// It holds.
    Met,
    /// It holds of some.
    Partly {
        /// Of how many.
        have: u64,
        /// Of how many it should.
        want: u64,
    },
    /// It does not hold.
    NotMet,
    /// Something was seen that forbids the step.
    Refused(String),
    /// Nobody can tell. Never the same as not met.
    Unknown(String),
}

impl Truth {
    /// Whether it holds.
    pub fn is_met(&self) -> bool {
        *self == Self::Met
    }
}

impl Condition {
    /// `read` answers with this status.
    pub fn status(read: &ReadId, status: u16) -> Self {
        Self::Test {
            read: read.clone(),
            item: None,
            at: At::Status,
            is: Is::Equal(Draft::Value(status.into())),
        }
    }

    /// The body of `read` has this value at this JSON pointer.
    pub fn equal(read: &ReadId, pointer: &str, value: impl Into<Draft>) -> Self {
        Self::test(read, pointer, Is::Equal(value.into()))
    }

    /// The body of `read` passes this test at this JSON pointer.
    pub fn test(read: &ReadId, pointer: &str, is: Is) -> Self {
        Self::Test { read: read.clone(), item: None, at: At::Pointer(pointer.to_owned()), is }
    }

    /// All reads it looks at.
    pub fn reads(&self) -> Vec<&ReadId> {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().flat_map(Self::reads).collect(),
            Self::Not(inner) | Self::Never { seen: inner, .. } | Self::Held { of: inner, .. } => {
                inner.reads()
            }
            Self::Each { read, .. } | Self::Test { read, .. } => vec![read],
        }
    }

    /// What must never be seen, wherever it decides by itself: every [`Condition::Never`] that nothing but `All` is around.
    pub fn refusals(&self) -> Vec<&Condition> {
        match self {
            Self::All(inner) => inner.iter().flat_map(Self::refusals).collect(),
            Self::Never { .. } => vec![self],
            _ => Vec::new(),
        }
    }
}
