//! One prediction, and whether it came true.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeboat_plan::StepId;
use serde_json::Value;

use super::{has_id, list_of};
use crate::inventory::{Fact, Inventory, Known, Source};

/// What a step's conditions tell of the world after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The step.
    pub step: StepId,
    /// The path of a resource or of a list.
    pub path: String,
    /// What will be seen there.
    pub claim: Claim,
}

/// What is predicted of a path.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// The resource is there.
    There,
    /// It is not there.
    Absent,
    /// Its body holds this value; null for none.
    Has {
        /// JSON pointer into the body.
        pointer: String,
        /// The value.
        value: Value,
    },
    /// Its body holds the id of this resource, in whatever case.
    HasId {
        /// JSON pointer into the body.
        pointer: String,
        /// The id.
        id: String,
    },
    /// Among the members of the list are these.
    Includes {
        /// JSON pointer into each member.
        field: String,
        /// What is found there, in whatever case.
        values: Vec<Value>,
    },
    /// The list has no member.
    Empty,
}

/// What was found where something had been predicted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whether it is as predicted.
    pub agrees: bool,
    /// What was seen, in words.
    pub says: String,
}

/// What an inventory shows of a path.
#[derive(Clone, Copy)]
enum Sight<'a> {
    Is(&'a Value),
    Absent,
    Unknown(&'a str),
    /// Nobody looks there.
    Unwatched,
}

impl Prediction {
    /// What was seen since a moment where this was predicted. None where nobody looks: then nothing is said against it,
    /// and nothing for it.
    pub fn found(&self, seen: &Inventory, since: Timestamp) -> Option<Found> {
        self.held_against(seen, &|at| at >= Some(since))
    }

    /// Whether it was observed to be so already.
    pub(super) fn held_before(&self, seen: &Inventory) -> bool {
        self.held_against(seen, &|at| at.is_some()).is_some_and(|found| found.agrees)
    }

    /// Whether somebody saw it, or something predicted it.
    pub(super) fn holds_in(&self, world: &Inventory) -> bool {
        let known = |fact: &Fact| match fact {
            Fact::Known(Known { at, .. }) => at.is_some(),
            Fact::Absent { .. } | Fact::Unknown { .. } => true,
        };
        let sight = sight(world, &self.path, &known);
        self.claim.held_against(sight).is_some_and(|found| found.agrees)
    }

    fn held_against(&self, seen: &Inventory, counts: &dyn Fn(Option<Timestamp>) -> bool) -> Option<Found> {
        let observed = |fact: &Fact| match fact {
            Fact::Known(Known { at, source, .. }) => *source == Source::Observed && counts(*at),
            Fact::Absent { at } => counts(*at),
            Fact::Unknown { .. } => true,
        };
        self.claim.held_against(sight(seen, &self.path, &observed))
    }

    /// What is predicted of what, in words.
    pub fn about(&self) -> String {
        let path =
            self.path.find("/providers/").map_or(&*self.path, |at| &self.path[at + "/providers/".len()..]);
        match &self.claim {
            Claim::Has { pointer, .. } | Claim::HasId { pointer, .. } => format!("{path} {pointer}"),
            Claim::There | Claim::Absent | Claim::Includes { .. } | Claim::Empty => path.to_owned(),
        }
    }
}

/// A fact that counts, or the member of a list that does: not everything is read by itself.
fn sight<'a>(seen: &'a Inventory, path: &str, counts: &dyn Fn(&Fact) -> bool) -> Sight<'a> {
    let fact = |path: &str| seen.fact(path).filter(|fact| counts(fact));
    let mut unknown = Sight::Unwatched;
    match fact(path) {
        Some(Fact::Known(known)) => return Sight::Is(&known.value),
        Some(Fact::Absent { .. }) => return Sight::Absent,
        Some(Fact::Unknown { why, .. }) => unknown = Sight::Unknown(why),
        None => {}
    }
    match list_of(path).and_then(fact) {
        Some(Fact::Known(Known { value: Value::Array(members), .. })) => {
            members.iter().find(|member| has_id(member, path)).map_or(Sight::Absent, Sight::Is)
        }
        Some(Fact::Unknown { why, .. }) => Sight::Unknown(why),
        _ => unknown,
    }
}

impl Claim {
    fn held_against(&self, sight: Sight<'_>) -> Option<Found> {
        let found = |agrees, says: String| Some(Found { agrees, says });
        let (body, is_there) = match sight {
            Sight::Unwatched => return None,
            Sight::Unknown(why) => return found(false, format!("unknown: {why}")),
            Sight::Is(body) => (body, true),
            Sight::Absent => (&Value::Null, false),
        };
        let missing = "not there";
        match self {
            Self::There => found(is_there, if is_there { "there" } else { missing }.to_owned()),
            Self::Absent => found(!is_there, if is_there { "there" } else { missing }.to_owned()),
            _ if !is_there && !matches!(self, Self::Includes { .. } | Self::Empty) => {
                found(false, missing.to_owned())
            }
            Self::Has { pointer, value } => {
                let have = body.pointer(pointer).unwrap_or(&Value::Null);
                found(have == value, text(have))
            }
            Self::HasId { pointer, id } => {
                let have = body.pointer(pointer).unwrap_or(&Value::Null);
                found(have.as_str().is_some_and(|have| have.eq_ignore_ascii_case(id)), text(have))
            }
            Self::Includes { field, values } => {
                let have: BTreeSet<String> =
                    members(body).iter().filter_map(|member| member.pointer(field)).map(folded).collect();
                let lacks: Vec<String> =
                    values.iter().filter(|value| !have.contains(&folded(value))).map(text).collect();
                match lacks.as_slice() {
                    [] => found(true, self.to_string()),
                    lacks => found(false, format!("without {}", lacks.join(", "))),
                }
            }
            Self::Empty => match members(body).len() {
                0 => found(true, self.to_string()),
                some => found(false, lifeboat_plan::counted(some, "member")),
            },
        }
    }
}

impl std::fmt::Display for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::There => f.write_str("there"),
            Self::Absent => f.write_str("not there"),
            Self::Has { value, .. } => f.write_str(&text(value)),
            Self::HasId { id, .. } => f.write_str(id),
            Self::Includes { values, .. } => {
                write!(f, "with {}", values.iter().map(text).collect::<Vec<_>>().join(", "))
            }
            Self::Empty => f.write_str("empty"),
        }
    }
}

fn members(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    }
}

fn folded(value: &Value) -> String {
    text(value).to_ascii_lowercase()
}
