//! A tiny world: things that are put and become ready, counters that are bumped. Nothing here knows Azure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, ArmError, Bucket, Call, Cost, Method};
use serde_json::{Value, json};

/// What happens to one request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It never arrives.
    LostOnTheWay,
    /// It arrives, and its answer does not come back.
    AnswerLost,
    /// It is refused like this.
    Refused(u16, &'static str, Option<u32>),
}

#[derive(Debug, Clone)]
pub(crate) struct Thing {
    pub(crate) ready_at: Timestamp,
    pub(crate) fails: bool,
    pub(crate) body: Value,
}

/// The world outside the engine.
pub(crate) struct World {
    pub(crate) things: BTreeMap<String, Thing>,
    pub(crate) counters: BTreeMap<String, u32>,
    pub(crate) fixed: BTreeMap<String, Answer>,
    pub(crate) takes: BTreeMap<String, SignedDuration>,
    pub(crate) failing: BTreeSet<String>,
    pub(crate) dead: BTreeSet<String>,
    pub(crate) faults: BTreeMap<String, VecDeque<Fault>>,
    pub(crate) by_operation: bool,
    /// The host that the URLs of operations name.
    pub(crate) operations_at: &'static str,
    pub(crate) buckets: BTreeMap<Cost, Bucket>,
    pub(crate) metered: bool,
    pub(crate) refused: u32,
    pub(crate) reads: u32,
    pub(crate) acts: Vec<(Timestamp, String)>,
    pub(crate) items: Vec<u32>,
    pub(crate) moved: Vec<u32>,
    pub(crate) latency: SignedDuration,
}

pub(crate) fn epoch() -> Timestamp {
    "2026-03-01T08:00:00Z".parse().unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            things: BTreeMap::new(),
            counters: BTreeMap::new(),
            fixed: BTreeMap::new(),
            takes: BTreeMap::new(),
            failing: BTreeSet::new(),
            dead: BTreeSet::new(),
            faults: BTreeMap::new(),
            by_operation: false,
            operations_at: "management.azure.com",
            buckets: [Cost::Read, Cost::Write, Cost::Delete].map(|cost| (cost, cost.bucket(epoch()))).into(),
            metered: false,
            refused: 0,
            reads: 0,
            acts: Vec::new(),
            items: Vec::new(),
            moved: Vec::new(),
            latency: SignedDuration::from_millis(50),
        }
    }

    fn state(thing: &Thing, now: Timestamp) -> &'static str {
        match (now < thing.ready_at, thing.fails) {
            (true, _) => "Updating",
            (false, true) => "Failed",
            (false, false) => "Ready",
        }
    }

    fn show(name: &str, thing: &Thing, now: Timestamp) -> Value {
        json!({"id": format!("/things/{name}"), "properties": {
            "state": Self::state(thing, now), "body": thing.body}})
    }

    pub(crate) fn is_ready(&self, name: &str, now: Timestamp) -> bool {
        self.things.get(name).is_some_and(|thing| Self::state(thing, now) == "Ready")
    }

    fn meter(&mut self, call: &Call, answer: impl FnOnce(&mut Self) -> Answer, now: Timestamp) -> Answer {
        if !self.metered {
            return answer(self);
        }
        let cost = Cost::of(call.method);
        let bucket = self.buckets.get_mut(&cost).unwrap();
        if let Err(wait) = bucket.take(now) {
            self.refused += 1;
            let seconds = wait.as_secs() + 1;
            return Answer::refusal(429, &ArmError::new("TooManyRequests", "slow down"))
                .with_header("retry-after", seconds.to_string());
        }
        let left = bucket.remaining(now);
        answer(self).with_header(cost.remaining_header(), left.to_string())
    }

    /// Handles a request that arrived.
    pub(crate) fn handle(&mut self, call: &Call, now: Timestamp) -> Answer {
        if call.method.is_read() {
            self.reads += 1;
        } else {
            self.acts.push((now, format!("{} {}", call.method, call.path)));
        }
        let call = call.clone();
        self.meter(&call.clone(), |world| world.answer(&call, now), now)
    }

    fn answer(&mut self, call: &Call, now: Timestamp) -> Answer {
        if let Some(answer) = self.fixed.get(&call.path) {
            return answer.clone();
        }
        let path = call.path_only().trim_start_matches("/subscriptions/s/");
        let parts: Vec<&str> = path.split('/').collect();
        match (call.method, parts.as_slice()) {
            (Method::Get, ["things"]) => {
                let list: Vec<Value> =
                    self.things.iter().map(|(name, thing)| Self::show(name, thing, now)).collect();
                Answer::new(200, json!({"value": list}))
            }
            (Method::Get, ["things", name]) => match self.things.get(*name) {
                Some(thing) => Answer::new(200, Self::show(name, thing, now)),
                None => Answer::refusal(404, &ArmError::new("NotFound", "no such thing")),
            },
            (Method::Get, ["counters", name]) => {
                Answer::new(200, json!({"count": self.counters.get(*name).copied().unwrap_or(0)}))
            }
            (Method::Get, ["operations", name]) => {
                let thing = &self.things[*name];
                match Self::state(thing, now) {
                    "Updating" => {
                        Answer::new(200, json!({"status": "Running"})).with_header("retry-after", "3")
                    }
                    "Ready" => Answer::new(200, json!({"status": "Succeeded"})),
                    _ => Answer::new(
                        200,
                        json!({"status": "Failed", "error": {"code": "Broken", "message": "it broke"}}),
                    ),
                }
            }
            (Method::Get, ["items"]) => Answer::new(200, json!({"left": self.items.len()})),
            (Method::Put, ["things", name]) => {
                let takes = self.takes.get(*name).copied().unwrap_or(SignedDuration::from_secs(5));
                let thing = Thing {
                    ready_at: now + takes,
                    fails: self.failing.contains(*name),
                    body: call.body.clone().unwrap_or(Value::Null),
                };
                self.things.insert((*name).to_owned(), thing);
                if self.by_operation {
                    Answer::new(202, Value::Null).with_header(
                        "azure-asyncoperation",
                        format!(
                            "https://{}/subscriptions/s/operations/{name}?token=private",
                            self.operations_at
                        ),
                    )
                } else {
                    Answer::new(200, json!({"name": name}))
                }
            }
            (Method::Post, ["counters", name, "bump"]) => {
                *self.counters.entry((*name).to_owned()).or_default() += 1;
                Answer::new(200, json!({"by": "one"}))
            }
            _ => Answer::refusal(404, &ArmError::new("NoRoute", path)),
        }
    }
}
