//! A shell that performs effects against the tiny world, in virtual time, and may die.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, ArmError, Call, Read};
use lifeboat_engine::{
    Decision, Effect, Engine, Expansion, GENESIS, Input, Lost, Pumped, Record, RunId, Secret, Settings,
    Summary, Ticket, decode, encode, hash_of,
};
use lifeboat_plan::{Plan, ReadId, SecretRef, Stage, StepId};
use serde_json::Value;

use crate::world::{Fault, World, epoch};

/// How the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    /// Before the effect is performed.
    Before,
    /// After it, before its answer is heard.
    After,
    /// After its answer was handed to the engine, before what the engine then wants is performed.
    Answered,
}

pub(crate) type Person =
    Box<dyn FnMut(&World, Timestamp, &StepId, &str) -> Option<(SignedDuration, Decision)>>;
pub(crate) type Planner = Box<dyn Fn(&Stage, &BTreeMap<ReadId, Answer>) -> Result<Expansion, String>>;

/// Performs effects in virtual time and may die.
pub(crate) struct Shell {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
    pub(crate) lines: String,
    hash: String,
    queue: BTreeMap<(Timestamp, u64), Input>,
    next: u64,
    wake: Option<Timestamp>,
    pub(crate) urls: BTreeMap<String, String>,
    pub(crate) asked: Vec<String>,
    /// Who answers.
    pub(crate) by: &'static str,
    pub(crate) person: Person,
    pub(crate) planner: Planner,
    pub(crate) script: Vec<(Timestamp, Input)>,
    /// Counts writes and sends; dies at the given one.
    pub(crate) points: u64,
    pub(crate) crash: Option<(u64, Crash)>,
    pub(crate) crash_again: Option<(u64, Crash)>,
    pub(crate) loses_urls: bool,
    inputs: u32,
    pub(crate) inputs_most: u32,
    /// Inputs whose effects are not to be performed.
    doomed: Option<Ticket>,
    pub(crate) crashes: u32,
    /// How long nobody is there after a crash.
    pub(crate) takeover_after: SignedDuration,
    pub(crate) seed: u64,
    pub(crate) epoch: u64,
    pub(crate) facts: BTreeMap<String, Value>,
    pub(crate) sent: Vec<StepId>,
    pub(crate) looks: Vec<(Timestamp, ReadId)>,
    pub(crate) horizon: SignedDuration,
}

impl Shell {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world,
            now: epoch(),
            lines: String::new(),
            hash: GENESIS.to_owned(),
            queue: BTreeMap::new(),
            next: 0,
            wake: None,
            urls: BTreeMap::new(),
            asked: Vec::new(),
            by: "ann",
            person: Box::new(|_, _, _, _| None),
            planner: Box::new(|_, _| Err("nobody plans".to_owned())),
            script: Vec::new(),
            points: 0,
            crash: None,
            crash_again: None,
            loses_urls: false,
            inputs: 0,
            inputs_most: 100_000,
            doomed: None,
            crashes: 0,
            takeover_after: SignedDuration::from_secs(2),
            seed: 7,
            epoch: 1,
            facts: BTreeMap::new(),
            sent: Vec::new(),
            looks: Vec::new(),
            horizon: SignedDuration::from_hours(12),
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            run: RunId::new("r-1"),
            executor: format!("tester-{}", self.epoch),
            epoch: self.epoch,
            facts: self.facts.clone(),
            jitter_seed: self.seed,
        }
    }

    pub(crate) fn at(&mut self, seconds: i64, input: Input) {
        self.script.push((epoch() + SignedDuration::from_secs(seconds), input));
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        decode(&self.lines).unwrap()
    }

    /// Runs a plan to its end.
    pub(crate) fn run(&mut self, plan: &Plan) -> Summary {
        self.try_run(plan).expect("the run should end").1
    }

    /// Runs a plan; none if it does not end in time.
    pub(crate) fn try_run(&mut self, plan: &Plan) -> Option<(Engine, Summary)> {
        for (at, input) in std::mem::take(&mut self.script) {
            self.next += 1;
            self.queue.insert((at, self.next), input);
        }
        let (mut engine, effects) = Engine::start(plan.clone(), self.settings(), self.now).unwrap();
        let mut todo = effects;
        let end = self.now + self.horizon;
        loop {
            match self.perform(todo) {
                Ok(Some(summary)) => return Some((engine, summary)),
                Ok(None) => {}
                Err(Died) => {
                    (engine, todo) = self.recover(plan);
                    continue;
                }
            }
            let timer = self.wake.map(|at| (at.max(self.now), u64::MAX));
            let event = self.queue.keys().next().copied();
            let at = [timer, event].into_iter().flatten().min()?;
            if at.0 > end {
                return None;
            }
            self.now = self.now.max(at.0);
            self.inputs += 1;
            assert!(self.inputs < self.inputs_most, "the run goes in circles at {}", self.now);
            let input = if Some(at) == event {
                self.queue.remove(&at).unwrap()
            } else {
                self.wake = None;
                Input::Woken
            };
            let doomed = matches!((&input, self.doomed),
                (Input::Written { ticket } | Input::Answered { ticket, .. }, Some(doom)) if *ticket == doom);
            todo = engine.step(self.now, input);
            if doomed {
                (engine, todo) = self.recover(plan);
            }
        }
    }

    pub(crate) fn recover(&mut self, plan: &Plan) -> (Engine, Vec<Effect>) {
        self.crashes += 1;
        self.crash = self.crash_again.take();
        if self.loses_urls {
            self.urls.clear();
        }
        self.doomed = None;
        // Whatever was under way for the dead process goes nowhere; what people do later is still to come.
        self.queue.retain(|_, input| {
            matches!(
                input,
                Input::Pause { .. } | Input::Resume { .. } | Input::Skip { .. } | Input::Switch { .. }
            )
        });
        self.wake = None;
        self.epoch += 1;
        self.now += self.takeover_after;
        let records = self.records();
        if records.is_empty() {
            return Engine::start(plan.clone(), self.settings(), self.now).unwrap();
        }
        let (engine, effects) =
            Engine::recover(plan.clone(), &records, &self.urls, self.settings(), self.now).unwrap();
        // Whoever wanted to resume a run that died before it was recorded, says so again.
        if engine.is_paused() && !self.queue.values().any(|input| matches!(input, Input::Resume { .. })) {
            self.later(SignedDuration::from_secs(60), Input::Resume { by: "bob".to_owned() });
        }
        (engine, effects)
    }

    fn later(&mut self, delay: SignedDuration, input: Input) {
        self.next += 1;
        self.queue.insert((self.now + delay, self.next), input);
    }

    fn dies(&mut self, ticket: Ticket) -> Result<bool, Died> {
        self.points += 1;
        match self.crash {
            Some((point, Crash::Before)) if point == self.points => Err(Died),
            Some((point, Crash::After)) if point == self.points => Ok(true),
            Some((point, Crash::Answered)) if point == self.points => {
                self.doomed = Some(ticket);
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<Option<Summary>, Died> {
        for effect in effects {
            match effect {
                Effect::Write { ticket, records } => {
                    let dies = self.dies(ticket)?;
                    for record in records {
                        let line = encode(&self.hash, &record);
                        hash_of(&line).unwrap().clone_into(&mut self.hash);
                        self.lines.push_str(&line);
                    }
                    if dies {
                        return Err(Died);
                    }
                    self.later(SignedDuration::from_millis(2), Input::Written { ticket });
                }
                Effect::Send { ticket, step, call } => {
                    let dies = self.dies(ticket)?;
                    self.sent.push(step);
                    let answer = self.request(&call);
                    if dies {
                        return Err(Died);
                    }
                    let latency = self.world.latency;
                    self.later(latency, Input::Answered { ticket, answer });
                }
                Effect::Look { ticket, id, read } => {
                    self.looks.push((self.now, id));
                    let answer = match read {
                        Read::Arm(call) | Read::Http(call) => self.request(&call),
                        Read::Dns(_) => Err(Lost("no such name".to_owned())),
                    };
                    let latency = self.world.latency;
                    self.later(latency, Input::Answered { ticket, answer });
                }
                Effect::KeepUrl { key, url } => {
                    self.urls.insert(key, url);
                }
                Effect::WakeAt(at) => self.wake = Some(at),
                Effect::Expand { ticket, stage, seen, .. } => {
                    let result = (self.planner)(&stage, &seen);
                    self.later(SignedDuration::from_millis(10), Input::Expanded { ticket, result });
                }
                Effect::Pump { ticket, watermark, .. } => {
                    let progress = self.pump(watermark.as_deref());
                    self.later(SignedDuration::from_millis(100), Input::Pumped { ticket, progress });
                }
                Effect::Ask { ticket, step, question } => {
                    self.asked.push(question.text.clone());
                    if let Some((delay, answer)) = (self.person)(&self.world, self.now, &step, &question.text)
                    {
                        self.later(delay, Input::Decided { ticket, by: self.by.to_owned(), answer });
                    }
                }
                Effect::FetchSecret { ticket, secret } => {
                    let value = match secret {
                        SecretRef::Listed { path, .. } => format!("key of {path}"),
                        SecretRef::Parameter { name, .. } => format!("value of {name}"),
                    };
                    let result = Ok(Secret::new(value));
                    self.later(SignedDuration::from_millis(50), Input::Secret { ticket, result });
                }
                Effect::Finished(summary) => return Ok(Some(summary)),
            }
        }
        Ok(None)
    }

    fn request(&mut self, call: &Call) -> Result<Answer, Lost> {
        if self.world.dead.iter().any(|dead| call.path.contains(dead.as_str())) {
            return Err(Lost("no route".to_owned()));
        }
        let key = format!("{} {}", call.method, call.path);
        match self.world.faults.get_mut(&key).and_then(VecDeque::pop_front) {
            Some(Fault::LostOnTheWay) => Err(Lost("connection reset".to_owned())),
            Some(Fault::AnswerLost) => {
                self.world.handle(call, self.now);
                Err(Lost("timed out".to_owned()))
            }
            Some(Fault::Refused(status, code, after)) => {
                let answer = Answer::refusal(status, &ArmError::new(code, "refused by the test"));
                Ok(match after {
                    Some(seconds) => answer.with_header("retry-after", seconds.to_string()),
                    None => answer,
                })
            }
            None => Ok(self.world.handle(call, self.now)),
        }
    }

    /// Moves up to three items from where the watermark says.
    fn pump(&mut self, watermark: Option<&str>) -> Pumped {
        let from: u32 = watermark.map_or(0, |mark| mark.parse().unwrap());
        let batch: Vec<u32> = self.world.items.iter().copied().filter(|item| *item > from).take(3).collect();
        let mut duplicates = 0;
        for item in &batch {
            if self.world.moved.contains(item) {
                duplicates += 1;
            } else {
                self.world.moved.push(*item);
            }
        }
        let last = batch.last().copied().unwrap_or(from);
        let finished = self.world.items.iter().all(|item| *item <= last);
        if finished {
            self.world.items.clear();
        }
        Pumped {
            moved: batch.len() as u64 - duplicates,
            duplicates,
            watermark: last.to_string(),
            finished,
            error: None,
        }
    }
}

/// The process is dead.
pub(crate) struct Died;
