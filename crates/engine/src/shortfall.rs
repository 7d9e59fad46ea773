//! What a step that ran out of time had last seen, and what it wanted to see: without both, nobody knows what to do next.

use lifeboat_plan::{Action, At, Condition, Draft, Is, Observations, Streaks, Values, duration, evaluate};
use serde_json::Value;

use crate::engine::Engine;

/// A value longer than this says nothing in a sentence.
const LONGEST: usize = 80;

impl Engine {
    /// Why a step that has acted, or waits, is given up at its deadline.
    pub(crate) fn out_of_time(&self, index: usize) -> String {
        let way = self.run.steps[index].way();
        let over = format!("its deadline of {} is over", duration(way.deadline));
        let seen = self.reads.since(self.volatile[index].floor);
        let unseen =
            || way.done_when.reads().is_empty().then(|| "its operation could not be polled".to_owned());
        let missing = shortfall(&way.done_when, &seen, &self.known()).or_else(unseen);
        let Some(missing) = missing else { return over };
        let next = match way.action {
            Action::Wait => "find out what keeps it, and run it again",
            _ => "what was begun may still come through: look before it is run again",
        };
        format!("{over}: {missing}; {next}")
    }
}

/// The first thing that a condition wants and does not see, in words.
fn shortfall(condition: &Condition, seen: &dyn Observations, values: &dyn Values) -> Option<String> {
    match condition {
        Condition::All(inner) => {
            let is_met = |one: &&Condition| evaluate(one, seen, values, &mut Streaks::default()).is_met();
            inner.iter().filter(|one| !is_met(one)).find_map(|one| shortfall(one, seen, values))
        }
        Condition::Any(inner) => inner.iter().find_map(|one| shortfall(one, seen, values)),
        Condition::Held { of, .. } => shortfall(of, seen, values),
        Condition::Test { read, item: None, at, is } => {
            let answer = seen.latest(read)?.answer.ok()?;
            let (part, value) = match at {
                At::Status => ("status".to_owned(), Some(Value::from(answer.status))),
                At::Pointer(pointer) => {
                    (last_segment(pointer).to_owned(), answer.body.pointer(pointer).cloned())
                }
                At::Header(_) | At::Count(_) | At::Field(..) => return None,
            };
            let value = value.filter(|value| !value.is_null());
            let have = value.map_or_else(|| "not there".to_owned(), |value| short(&value));
            Some(format!("{part} of `{read}` is {have}, wanted {}", wanted(is)?))
        }
        Condition::Not(_) | Condition::Never { .. } | Condition::Each { .. } | Condition::Test { .. } => None,
    }
}

fn wanted(is: &Is) -> Option<String> {
    let fixed = |draft: &Draft| match draft {
        Draft::Value(value) => Some(short(value)),
        _ => None,
    };
    Some(match is {
        Is::Equal(draft) => fixed(draft)?,
        Is::OneOf(values) => values.iter().map(short).collect::<Vec<_>>().join(" or "),
        Is::AtLeast(draft) => format!("at least {}", fixed(draft)?),
        Is::AtMost(draft) => format!("at most {}", fixed(draft)?),
        Is::Absent => "nothing".to_owned(),
        Is::Present => "anything".to_owned(),
        Is::SameId(_) | Is::After(_) | Is::SameSet(_) | Is::Includes(_) => return None,
    })
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => format!("`{text}`"),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

fn last_segment(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or(pointer)
}
