//! What was observed: facts with time and source, or unknown with a reason.
//!
//! A fact is addressed by the path of the read that shows it: a resource's id, or the id of a parent and the type of
//! its children for a list. One inventory is made from a live subscription, from the lab or from templates alone.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use lifeboat_arm::{Answer, Region, ResourceId, ResourceType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::finding::Evidence;
use crate::services::service_of;
use crate::topology::Declared;

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// A template declares it.
    Template {
        /// The file.
        file: Arc<str>,
        /// The line, counted from 1.
        line: u32,
        /// JSON pointer into the file.
        pointer: Arc<str>,
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

/// Facts by folded path. Copies share their facts: a predicted world differs in few from what it is predicted from.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    facts: BTreeMap<Arc<str>, Arc<Kept>>,
}

/// A fact as an inventory keeps it. What a template declares is shared with the workload, and written out when somebody
/// asks for it.
#[derive(Debug)]
enum Kept {
    Fact(Fact),
    Resource(Declaration, OnceLock<Fact>),
    /// The resources of one type below one parent, and where the first is declared: a list has no place of its own.
    List(Vec<Arc<Kept>>, Source, OnceLock<Fact>),
}

impl Kept {
    fn fact(&self) -> &Fact {
        match self {
            Self::Fact(fact) => fact,
            Self::Resource(declared, written) => {
                written.get_or_init(|| declared_fact(declared.value(), &declared.source))
            }
            Self::List(members, source, written) => written.get_or_init(|| {
                let members = members.iter().filter_map(|member| member.fact().last_known());
                declared_fact(members.map(|known| known.value.clone()).collect(), source)
            }),
        }
    }
}

fn declared_fact(value: Value, source: &Source) -> Fact {
    Fact::Known(Known { value, at: None, source: source.clone() })
}

/// What a template tells of a resource.
#[derive(Debug)]
struct Declaration {
    id: ResourceId,
    kind: ResourceType,
    location: Option<Region>,
    body: Arc<Value>,
    source: Source,
}

impl Declaration {
    fn new(declared: &Declared) -> Self {
        Self {
            id: declared.id.clone(),
            kind: declared.kind.clone(),
            location: declared.location.clone(),
            body: Arc::clone(&declared.body),
            source: declared.source.clone(),
        }
    }

    /// The resource as a read would show it.
    fn value(&self) -> Value {
        let mut value = Value::clone(&self.body);
        service_of(&self.kind).say_defaults(&self.kind, &mut value);
        if let Some(object) = value.as_object_mut() {
            object.insert("id".into(), self.id.as_str().into());
            object.insert("name".into(), self.id.name().into());
            object.insert("type".into(), self.kind.as_str().into());
            if let Some(region) = &self.location {
                object.insert("location".into(), region.as_str().into());
            }
        }
        value
    }
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

    /// What templates tell of resources, and the lists that show them.
    pub(crate) fn of_declared<'a>(resources: impl Iterator<Item = &'a Declared>) -> Self {
        let mut facts: BTreeMap<Arc<str>, Arc<Kept>> = BTreeMap::new();
        let mut lists: BTreeMap<&str, (Source, Vec<Arc<Kept>>)> = BTreeMap::new();
        for declared in resources {
            let path = declared.id.folded();
            let list = path.rfind('/').map_or(path, |end| &path[..end]);
            let (_, list) = lists.entry(list).or_insert_with(|| (declared.source.clone(), Vec::new()));
            let kept = Arc::new(Kept::Resource(Declaration::new(declared), OnceLock::new()));
            list.push(Arc::clone(&kept));
            facts.insert(path.into(), kept);
        }
        for (path, (source, members)) in lists {
            facts.insert(path.into(), Arc::new(Kept::List(members, source, OnceLock::new())));
        }
        Self { facts }
    }

    /// Records a fact.
    pub fn insert(&mut self, path: &str, fact: Fact) {
        self.facts.insert(Self::key(path).into(), Arc::new(Kept::Fact(fact)));
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
        self.facts.get(Self::key(path).as_str()).map(|kept| kept.fact())
    }

    /// All facts, in path order.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.facts.iter().map(|(path, kept)| (&**path, kept.fact()))
    }

    /// Facts about everything below a path, in path order.
    pub fn below(&self, path: &str) -> impl Iterator<Item = (&str, &Fact)> {
        let prefix = format!("{}/", Self::key(path));
        let from: Arc<str> = prefix.as_str().into();
        let facts = self.facts.range(from..).take_while(move |(path, _)| path.starts_with(&prefix));
        facts.map(|(path, kept)| (&**path, kept.fact()))
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
                evidence.file = Some(file.to_string());
                evidence.line = Some(*line);
                evidence.pointer = Some(pointer.to_string());
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
            .map(|(path, kept)| {
                let kept = if lost(path) {
                    let known = kept.fact().last_known().cloned();
                    Arc::new(Kept::Fact(Fact::Unknown { why: why.to_owned(), last: known }))
                } else {
                    Arc::clone(kept)
                };
                (Arc::clone(path), kept)
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
