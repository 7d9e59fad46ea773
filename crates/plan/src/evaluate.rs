//! Evaluates conditions against observations. Unknown is never pass, and never fail either.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_arm::Answer;
use serde_json::Value;

use crate::condition::{At, Condition, Is, Item, Threshold, Truth};
use crate::draft::{Draft, Values};
use crate::step::ReadId;

/// The latest look at one read.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// When the look was taken.
    pub at: Timestamp,
    /// The answer, or why there is none.
    pub answer: Result<&'a Answer, &'a str>,
}

/// Where observations come from.
pub trait Observations {
    /// The latest look at this read; none if nobody looked yet.
    fn latest(&self, read: &ReadId) -> Option<Observation<'_>>;
}

/// What [`Condition::Held`] remembers between evaluations, by position in the condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Streaks(BTreeMap<String, Streak>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Streak {
    since: Timestamp,
    latest: Timestamp,
    looks: u32,
}

/// What `condition` turns out to be.
pub fn evaluate(
    condition: &Condition,
    seen: &dyn Observations,
    values: &dyn Values,
    streaks: &mut Streaks,
) -> Truth {
    Evaluation { seen, values, streaks }.of(condition, "")
}

struct Evaluation<'a> {
    seen: &'a dyn Observations,
    values: &'a dyn Values,
    streaks: &'a mut Streaks,
}

impl Evaluation<'_> {
    fn of(&mut self, condition: &Condition, path: &str) -> Truth {
        match condition {
            Condition::All(inner) => self.all(inner, path),
            Condition::Any(inner) => self.any(inner, path),
            Condition::Not(inner) => match self.of(inner, &format!("{path}!")) {
                Truth::Met => Truth::NotMet,
                Truth::NotMet | Truth::Partly { .. } => Truth::Met,
                other => other,
            },
            Condition::Never { seen, why } => match self.of(seen, &format!("{path}-")) {
                Truth::Met => Truth::Refused(why.clone()),
                Truth::NotMet | Truth::Partly { .. } => Truth::Met,
                other => other,
            },
            Condition::Held { n, over, of } => {
                let truth = self.of(of, &format!("{path}h"));
                self.held(path, truth, of, *n, *over)
            }
            Condition::Each { read, list, holds, at_least } => self.each(read, list, holds, *at_least),
            Condition::Test { read, item, at, is } => self.test(read, item.as_ref(), at, is),
        }
    }

    /// Refused beats unknown beats not met beats partly: the worst of them decides.
    fn all(&mut self, inner: &[Condition], path: &str) -> Truth {
        let mut worst = Truth::Met;
        for (index, condition) in inner.iter().enumerate() {
            let truth = self.of(condition, &format!("{path}.{index}"));
            if rank(&truth) > rank(&worst) {
                worst = truth;
            }
        }
        worst
    }

    fn any(&mut self, inner: &[Condition], path: &str) -> Truth {
        let mut best: Option<Truth> = None;
        for (index, condition) in inner.iter().enumerate() {
            let truth = self.of(condition, &format!("{path}.{index}"));
            let better = best.as_ref().is_none_or(|best| match (&truth, best) {
                // One refused alternative refuses the whole, unless another holds. And an alternative that nobody
                // can read may be the one that holds.
                (Truth::Refused(_), best) => !best.is_met(),
                (Truth::Unknown(_), Truth::NotMet | Truth::Partly { .. }) => true,
                (truth, Truth::Refused(_)) => truth.is_met(),
                (Truth::NotMet | Truth::Partly { .. }, Truth::Unknown(_)) => false,
                (truth, best) => rank(truth) < rank(best),
            });
            if better {
                best = Some(truth);
            }
        }
        best.unwrap_or(Truth::NotMet)
    }

    fn held(
        &mut self,
        path: &str,
        truth: Truth,
        of: &Condition,
        n: u32,
        over: jiff::SignedDuration,
    ) -> Truth {
        let newest = of.reads().into_iter().filter_map(|read| Some(self.seen.latest(read)?.at)).max();
        let (Truth::Met, Some(newest)) = (&truth, newest) else {
            self.streaks.0.remove(path);
            return truth;
        };
        let streak = self.streaks.0.entry(path.to_owned()).or_insert(Streak {
            since: newest,
            latest: newest,
            looks: 1,
        });
        if newest > streak.latest {
            streak.latest = newest;
            streak.looks += 1;
        }
        if streak.looks >= n && streak.latest.duration_since(streak.since) >= over {
            Truth::Met
        } else {
            Truth::Partly { have: streak.looks.min(n).into(), want: n.into() }
        }
    }

    fn each(&mut self, read: &ReadId, list: &str, holds: &[(String, Is)], at_least: Threshold) -> Truth {
        let answer = match self.answer(read) {
            Ok(answer) => answer,
            Err(unknown) => return unknown,
        };
        if answer.status >= 400 && !is_gone(answer) {
            return refused(read, answer);
        }
        let Some(members) = answer.body.pointer(list).and_then(Value::as_array) else {
            return Truth::NotMet;
        };
        let total = members.len() as u64;
        let mut have = 0;
        for member in members {
            let mut good = true;
            for (pointer, is) in holds {
                match self.is(member.pointer(pointer), is) {
                    Truth::Met => {}
                    Truth::Unknown(why) => return Truth::Unknown(why),
                    _ => good = false,
                }
            }
            have += u64::from(good);
        }
        let want = match at_least {
            Threshold::Count(want) => want,
            Threshold::Percent(percent) => (total * u64::from(percent)).div_ceil(100).max(1),
            Threshold::All => total,
        };
        if have >= want { Truth::Met } else { Truth::Partly { have, want } }
    }

    fn test(&mut self, read: &ReadId, item: Option<&Item>, at: &At, is: &Is) -> Truth {
        let answer = match self.answer(read) {
            Ok(answer) => answer,
            Err(unknown) => return unknown,
        };
        if *at == At::Status && item.is_none() {
            return self.is(Some(&answer.status.into()), is);
        }
        // A question that was refused (400, 409) shows no parts; that is not the same as their absence.
        if answer.status >= 400 && !is_gone(answer) {
            return refused(read, answer);
        }
        let part = match item {
            None => Some(&answer.body),
            Some(item) => match self.find(answer, item) {
                Ok(part) => part,
                Err(unknown) => return unknown,
            },
        };
        // What is not there (404, or missing from the list) has no parts.
        let part = part.filter(|_| !is_gone(answer));
        let owned;
        let value = match at {
            At::Status => {
                owned = Value::from(if part.is_some() { answer.status } else { 404 });
                Some(&owned)
            }
            At::Pointer(pointer) => part.and_then(|part| part.pointer(pointer)),
            At::Header(name) => match answer.header(name) {
                Some(text) => {
                    owned = Value::String(text.to_owned());
                    Some(&owned)
                }
                None => None,
            },
            At::Count(pointer) => {
                match part.and_then(|part| part.pointer(pointer)).and_then(Value::as_array) {
                    Some(list) => {
                        owned = list.len().into();
                        Some(&owned)
                    }
                    None => None,
                }
            }
            At::Field(list, field) => {
                match part.and_then(|part| part.pointer(list)).and_then(Value::as_array) {
                    Some(list) => {
                        owned = list.iter().filter_map(|member| member.pointer(field).cloned()).collect();
                        Some(&owned)
                    }
                    None => None,
                }
            }
        };
        self.is(value, is)
    }

    /// The answer of a read, if there is one and it tells anything.
    fn answer(&self, read: &ReadId) -> Result<&'_ Answer, Truth> {
        match self.seen.latest(read) {
            None => Err(Truth::Unknown(format!("`{read}` was not read yet"))),
            Some(Observation { answer: Err(why), .. }) => Err(Truth::Unknown(format!("`{read}`: {why}"))),
            Some(Observation { answer: Ok(answer), .. }) if answer.tells_nothing() => {
                Err(refused(read, answer))
            }
            Some(Observation { answer: Ok(answer), .. }) => Ok(answer),
        }
    }

    fn find<'b>(&self, answer: &'b Answer, item: &Item) -> Result<Option<&'b Value>, Truth> {
        let id = item.id.fill(self.values).map_err(|missing| Truth::Unknown(missing.to_string()))?;
        let list = answer.body.pointer(&item.list).and_then(Value::as_array);
        Ok(list.and_then(|list| {
            list.iter().find(|member| {
                member.get("id").and_then(Value::as_str).is_some_and(|found| found.eq_ignore_ascii_case(&id))
            })
        }))
    }

    fn is(&self, value: Option<&Value>, is: &Is) -> Truth {
        let value = value.filter(|value| !value.is_null());
        let truth = match (is, value) {
            (Is::Absent, value) => Ok(value.is_none()),
            (Is::Present, value) => Ok(value.is_some()),
            (_, None) => Ok(false),
            (Is::Equal(draft), Some(value)) => self.fill(draft).map(|want| same(value, &want)),
            (Is::SameId(text), Some(value)) => match text.fill(self.values) {
                Ok(want) => Ok(value.as_str().is_some_and(|have| have.eq_ignore_ascii_case(&want))),
                Err(missing) => Err(missing.to_string()),
            },
            (Is::OneOf(values), Some(value)) => Ok(values.iter().any(|want| same(value, want))),
            (Is::AtLeast(draft), Some(value)) => self.compare(value, draft, compare_numbers, Ordering::is_ge),
            (Is::AtMost(draft), Some(value)) => self.compare(value, draft, compare_numbers, Ordering::is_le),
            (Is::After(draft), Some(value)) => self.compare(value, draft, compare_times, Ordering::is_gt),
            (Is::SameSet(draft), Some(value)) => self.fill(draft).map(|want| folded(value) == folded(&want)),
            (Is::Includes(draft), Some(value)) => self.fill(draft).map(|want| {
                let have = folded(value);
                folded(&want).iter().all(|member| have.binary_search(member).is_ok())
            }),
        };
        match truth {
            Ok(true) => Truth::Met,
            Ok(false) => Truth::NotMet,
            Err(why) => Truth::Unknown(why),
        }
    }

    /// What cannot be compared is neither above nor below.
    fn compare(
        &self,
        have: &Value,
        want: &Draft,
        compare: fn(&Value, &Value) -> Result<Ordering, String>,
        holds: fn(Ordering) -> bool,
    ) -> Result<bool, String> {
        compare(have, &self.fill(want)?).map(holds)
    }

    fn fill(&self, draft: &Draft) -> Result<Value, String> {
        draft.fill(self.values).map_err(|missing| missing.to_string())
    }
}

/// Answered, and not there.
fn is_gone(answer: &Answer) -> bool {
    matches!(answer.status, 404 | 410)
}

/// The look was refused, so nobody can tell.
fn refused(read: &ReadId, answer: &Answer) -> Truth {
    let code = answer.error().map_or_else(String::new, |error| error.innermost().code.clone());
    Truth::Unknown(format!("`{read}` answers {}: {code}", answer.status))
}

fn rank(truth: &Truth) -> u8 {
    match truth {
        Truth::Met => 0,
        Truth::Partly { .. } => 1,
        Truth::NotMet => 2,
        Truth::Unknown(_) => 3,
        Truth::Refused(_) => 4,
    }
}

/// Equal, `1` and `1.0` too. Integers are never compared as fractions: from 2^53 on, neighbours would be equal.
fn same(a: &Value, b: &Value) -> bool {
    let whole = |value: &Value| value.as_number().and_then(serde_json::Number::as_i128);
    a == b
        || (whole(a).is_none() || whole(b).is_none())
            && matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if a.total_cmp(&b).is_eq())
}

/// Numbers, and numbers that are kept as strings: control numbers are, with leading zeros.
fn compare_numbers(have: &Value, want: &Value) -> Result<Ordering, String> {
    let whole = |value: &Value| match value {
        Value::Number(number) => number.as_i128(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    if let (Some(have), Some(want)) = (whole(have), whole(want)) {
        return Ok(have.cmp(&want));
    }
    let number = |value: &Value| {
        let number: Option<f64> = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| format!("{value} is not a number"))
    };
    Ok(number(have)?.total_cmp(&number(want)?))
}

fn compare_times(have: &Value, want: &Value) -> Result<Ordering, String> {
    let time = |value: &Value| {
        let time: Option<Timestamp> = value.as_str().and_then(|text| text.parse().ok());
        time.ok_or_else(|| format!("{value} is not a time"))
    };
    Ok(time(have)?.cmp(&time(want)?))
}

fn folded(value: &Value) -> Vec<String> {
    let mut members: Vec<String> = match value {
        Value::Array(list) => list
            .iter()
            .map(|member| member.as_str().map_or_else(|| member.to_string(), str::to_lowercase))
            .collect(),
        other => vec![other.as_str().map_or_else(|| other.to_string(), str::to_lowercase)],
    };
    members.sort();
    members.dedup();
    members
}

#[cfg(test)]
mod tests;
