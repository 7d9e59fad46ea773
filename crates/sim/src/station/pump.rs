//! Moving messages one by one with the REST calls of the data plane: peek-lock, send, complete.
//!
//! A message is completed on the old side only after the new side has taken it. A crash between the two sends it twice,
//! with the same `MessageId`; it never loses one.

use std::collections::BTreeSet;

use lifeboat_arm::{Answer, Call, Method, Target};
use lifeboat_engine::{FilledTransfer, Lost, Pumped};
use serde_json::Value;

/// Messages moved before the engine writes a watermark.
const BATCH: u64 = 100;

/// One batch on its way.
pub(super) struct Pump {
    transfer: FilledTransfer,
    /// Which of the paths is being emptied.
    path: usize,
    /// What happens next.
    phase: Phase,
    moved: u64,
    duplicates: u64,
    seen: BTreeSet<String>,
}

enum Phase {
    Peeking,
    Sending { lock: String, id: String },
    Completing { id: Option<String> },
}

impl Pump {
    pub(super) fn new(transfer: FilledTransfer, watermark: Option<&str>) -> Self {
        let path = watermark.and_then(|text| text.parse().ok()).unwrap_or(0);
        Self { transfer, path, phase: Phase::Peeking, moved: 0, duplicates: 0, seen: BTreeSet::new() }
    }

    /// The first call of the batch, or the end of it.
    pub(super) fn begin(&mut self) -> Result<Call, Pumped> {
        if self.path >= self.transfer.from_paths.len() {
            return Err(self.stop(true, None));
        }
        if self.moved >= BATCH {
            return Err(self.stop(false, None));
        }
        self.phase = Phase::Peeking;
        let path = format!("/{}/messages/head?timeout=1", self.transfer.from_paths[self.path]);
        Ok(call(&self.transfer.from_host, Method::Post, path))
    }

    fn stop(&self, finished: bool, error: Option<String>) -> Pumped {
        Pumped {
            moved: self.moved,
            duplicates: self.duplicates,
            // Nothing left means nothing that is free: whoever comes again looks at all of it.
            watermark: if finished { 0 } else { self.path }.to_string(),
            finished,
            error,
        }
    }

    /// What follows from an answer: the next call, or the end of the batch.
    pub(super) fn answered(
        &mut self,
        answer: &Result<Answer, Lost>,
        moved: &mut Vec<u64>,
    ) -> Result<Call, Pumped> {
        let answer = match answer {
            Ok(answer) if answer.is_success() || answer.status == 404 => answer,
            Ok(answer) => {
                return Err(self.stop(false, Some(format!("the data plane answers {}", answer.status))));
            }
            Err(Lost(why)) => return Err(self.stop(false, Some(why.clone()))),
        };
        match std::mem::replace(&mut self.phase, Phase::Peeking) {
            Phase::Peeking => self.peeked(answer),
            Phase::Sending { lock, id } => {
                if answer.status == 404 {
                    return Err(self.stop(false, Some(format!("`{}` is not there", self.transfer.to_path))));
                }
                self.phase = Phase::Completing { id: Some(id) };
                Ok(call(&self.transfer.from_host, Method::Delete, lock))
            }
            Phase::Completing { id } => {
                if let Some(id) = id {
                    self.moved += 1;
                    if let Ok(number) = id.parse() {
                        moved.push(number);
                    }
                    self.seen.insert(id);
                }
                self.begin()
            }
        }
    }

    fn peeked(&mut self, answer: &Answer) -> Result<Call, Pumped> {
        // 204: nothing there. 404: the entity itself is gone.
        if answer.status == 204 || answer.status == 404 {
            self.path += 1;
            return self.begin();
        }
        let properties: Value = answer
            .header("brokerproperties")
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let id = match properties.get(&self.transfer.key) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let lock = answer.header("location").map(path_of).unwrap_or_default();
        if self.seen.contains(&id) {
            // Another subscription held its copy of the same message: it was sent on already.
            self.duplicates += 1;
            self.phase = Phase::Completing { id: None };
            return Ok(call(&self.transfer.from_host, Method::Delete, lock));
        }
        self.phase = Phase::Sending { lock, id };
        let mut send =
            call(&self.transfer.to_host, Method::Post, format!("/{}/messages", self.transfer.to_path));
        let kept = ["MessageId", "SessionId", "Label", "CorrelationId"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), properties.get(*name)?.clone())))
            .collect::<serde_json::Map<_, _>>();
        send.headers.insert("brokerproperties".into(), Value::Object(kept).to_string());
        send.body = Some(answer.body.clone());
        Ok(send)
    }
}

fn call(host: &str, method: Method, path: impl Into<String>) -> Call {
    let mut call = Call::arm(method, path, None);
    call.target = Target::Host(host.to_owned());
    call
}

/// The path of an absolute URL.
fn path_of(url: &str) -> String {
    match url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned())) {
        Some(path) => path,
        None => url.to_owned(),
    }
}
