//! What was observed: facts with time and source, or unknown with a reason.
//!
//! A fact is addressed by the path of the read that shows it: a resource's id, or the id of a parent and the type of
//! its children for a list. One inventory is made from a live subscription, from the lab or from templates alone.

use std::collections::BTreeMap;
use std::ops::Bound;

use jiff::Timestamp;
use lifeboat_arm::{Answer, ResourceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::finding::Evidence;

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// A template declares it.
    Template {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: u32,
        /// JSON pointer into the file.
        pointer: String,
    },
    /// Read from Azure or from the lab.
    Observed,
    /// Predicted: the world as a plan would leave it.
    Predicted {
        /// The step whose conditions say so.
        step: String,
    },
}

/// A value, when and where it was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Known {
    /// The value.
    pub value: Value,
    /// When; none for what a template declares.
    pub at: Option<Timestamp>,
    /// Where.
    pub source: Source,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fact {
    /// It is so.
    Known(Known),
    /// It is not there.
    Absent {
        /// When that was seen.
        at: Option<Timestamp>,
    },
    /// Nobody can tell.
    Unknown {
        /// Why not.
        why: String,
        /// What was known before.
        last: Option<Known>,
    },
}

impl Fact {
    /// The value now, or the last one known: what a plan must do with when the primary cannot be read.
    pub fn last_known(&self) -> Option<&Known> {
        match self {
            Self::Known(known) => Some(known),
            Self::Unknown { last, .. } => last.as_ref(),
            Self::Absent { .. } => None,
        }
    }
}

/// Facts by folded path.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inventory {
    facts: BTreeMap<String, Fact>,
}

/// The answer to "what do you know about this?".
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Look<'a> {
    /// This.
    Is(&'a Value),
    /// That it is not there.
    IsAbsent,
    /// Nothing, and why.
    Unknown(&'a str),
}

impl<'a> Look<'a> {
    /// The value, if known.
    pub fn value(self) -> Option<&'a Value> {
        match self {
            Self::Is(value) => Some(value),
            _ => None,
        }
    }
}

/// Why nothing is known about something that nobody looked at.
const NOT_OBSERVED: &str = "it was not observed";

impl Inventory {
    fn key(path: &str) -> String {
        path.split('?').next().unwrap_or_default().trim_end_matches('/').to_ascii_lowercase()
    }

    /// Records a fact.
    pub fn insert(&mut self, path: &str, fact: Fact) {
        self.facts.insert(Self::key(path), fact);
    }

    /// Records what a read answered. A read that fails keeps the last known value beside the reason.
    pub fn observe(&mut self, path: &str, now: Timestamp, answer: Result<&Answer, &str>) {
        let fact = match answer {
            Ok(answer) if answer.is_success() => Fact::Known(Known {
                value: answer
                    .body
                    .get("value")
                    .filter(|list| list.is_array())
                    .unwrap_or(&answer.body)
                    .clone(),
                at: Some(now),
                source: Source::Observed,
            }),
            Ok(answer) if answer.status == 404 => Fact::Absent { at: Some(now) },
            Ok(answer) => {
                let code = answer.error().map(|error| error.innermost().code.clone()).unwrap_or_default();
                self.unknown(path, format!("the read answers {} {code}", answer.status))
            }
            Err(why) => self.unknown(path, why.to_owned()),
        };
        self.insert(path, fact);
    }

    fn unknown(&self, path: &str, why: String) -> Fact {
        Fact::Unknown { why, last: self.fact(path).and_then(Fact::last_known).cloned() }
    }

    /// The fact at a path.
    pub fn fact(&self, path: &str) -> Option<&Fact> {
        self.facts.get(&Self::key(path))
    }

    /// All facts, in path order.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.facts.iter().map(|(path, fact)| (path.as_str(), fact))
    }

    /// Facts about everything below a path, in path order.
    pub fn below(&self, path: &str) -> impl Iterator<Item = (&str, &Fact)> {
        let prefix = format!("{}/", Self::key(path));
        let from = (Bound::Included(prefix.clone()), Bound::Unbounded);
        let facts = self.facts.range(from).take_while(move |(path, _)| path.starts_with(&prefix));
        facts.map(|(path, fact)| (path.as_str(), fact))
    }

    /// What is known about a path.
    pub fn look(&self, path: &str) -> Look<'_> {
        match self.fact(path) {
            None => Look::Unknown(NOT_OBSERVED),
            Some(Fact::Known(known)) => Look::Is(&known.value),
            Some(Fact::Absent { .. }) => Look::IsAbsent,
            Some(Fact::Unknown { why, .. }) => Look::Unknown(why),
        }
    }

    /// What is known about a resource.
    pub fn resource(&self, id: &ResourceId) -> Look<'_> {
        self.look(id.as_str())
    }

    /// The members of a list, such as the queues of a namespace. A list that is absent is empty.
    pub fn list(&self, parent: &ResourceId, segment: &str) -> Result<&[Value], &str> {
        match self.look(&format!("{parent}/{segment}")) {
            Look::Is(Value::Array(members)) => Ok(members),
            Look::IsAbsent => Ok(&[]),
            Look::Is(_) => Err("the answer is not a list"),
            Look::Unknown(why) => Err(why),
        }
    }

    /// The members of a list as last known, with the time they were seen: what is planned with when the primary is
    /// silent.
    pub fn last_list(&self, parent: &ResourceId, segment: &str) -> Option<(&[Value], Option<Timestamp>)> {
        let known = self.fact(&format!("{parent}/{segment}"))?.last_known()?;
        Some((known.value.as_array()?.as_slice(), known.at))
    }

    /// Whether somebody looked and found it: a template that declares it is not enough.
    pub fn was_observed(&self, path: &str) -> bool {
        matches!(self.fact(path), Some(Fact::Known(Known { at: Some(_), .. })))
    }

    /// Evidence: what is known about a path, with its place when it comes from a file.
    pub fn evidence(&self, path: &str, says: impl Into<String>) -> Evidence {
        let mut evidence = Evidence::says(says);
        match self.fact(path).and_then(Fact::last_known) {
            Some(Known { source: Source::Template { file, line, pointer }, .. }) => {
                evidence.file = Some(file.clone());
                evidence.line = Some(*line);
                evidence.pointer = Some(pointer.clone());
            }
            _ => evidence.pointer = Some(path.to_owned()),
        }
        evidence
    }

    /// Marks everything that is read through a region as unknown, keeping the last known values: the world as it looks
    /// when that region is gone.
    #[must_use]
    pub fn without(&self, lost: impl Fn(&str) -> bool, why: &str) -> Self {
        let facts = self
            .facts
            .iter()
            .map(|(path, fact)| {
                let fact = if lost(path) {
                    Fact::Unknown { why: why.to_owned(), last: fact.last_known().cloned() }
                } else {
                    fact.clone()
                };
                (path.clone(), fact)
            })
            .collect();
        Self { facts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_arm::ArmError;
    use serde_json::json;

    #[test]
    fn a_read_that_fails_keeps_what_was_known() {
        let mut inventory = Inventory::default();
        let path = "/subscriptions/s/resourceGroups/g/providers/A.B/c/d?api-version=1";
        inventory.observe(path, Timestamp::UNIX_EPOCH, Ok(&Answer::new(200, json!({"n": 1}))));
        inventory.observe(
            path,
            Timestamp::UNIX_EPOCH,
            Ok(&Answer::refusal(503, &ArmError::new("Gone", "away"))),
        );
        assert!(matches!(inventory.look(path), Look::Unknown(why) if why.contains("503 Gone")));
        assert_eq!(inventory.fact(path).unwrap().last_known().unwrap().value, json!({"n": 1}));
        inventory.observe(path, Timestamp::UNIX_EPOCH, Ok(&Answer::new(404, Value::Null)));
        assert_eq!(inventory.look(path), Look::IsAbsent);
    }

    #[test]
    fn what_nobody_looked_at_is_unknown_and_not_absent() {
        assert_eq!(Inventory::default().look("/x"), Look::Unknown(NOT_OBSERVED));
    }
}
