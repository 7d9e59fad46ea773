//! The smallest shell for an engine: the lab on the other side of a network with some delay, in virtual time.
//!
//! The simulation has a shell with people, pumps and reports; here nothing may blur what is counted.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call, Read};
use lifeboat_engine::{Effect, Engine, Input, Lost, Settings, Summary, Ticket};
use lifeboat_lab::Lab;
use lifeboat_plan::{Plan, ReadId};

/// What is on its way.
#[derive(Debug)]
enum Post {
    Arrives(Ticket, Call),
    Returns(Ticket, Result<Answer, Lost>),
    Wakes,
}

/// An engine, a lab and the way between them.
pub(crate) struct Shell {
    engine: Engine,
    pub(crate) lab: Lab,
    now: Timestamp,
    post: BTreeMap<(Timestamp, u64), Post>,
    posted: u64,
    alarm: Option<Timestamp>,
    looks: BTreeMap<u64, ReadId>,
    /// Reads that were answered so far.
    seen: BTreeSet<ReadId>,
    /// Steps whose request left before the reads of their condition were answered.
    pub(crate) unchecked: u64,
    reads_of: BTreeMap<String, Vec<ReadId>>,
    finished: Option<Summary>,
}

impl Shell {
    /// Executes a plan to its end.
    pub(crate) fn run(plan: Plan, settings: Settings, lab: Lab, start: Timestamp) -> Result<(Self, Summary)> {
        let reads_of = plan
            .steps
            .iter()
            .map(|step| {
                let reads = step.graceful.done_when.reads().into_iter().cloned().collect();
                (step.id.to_string(), reads)
            })
            .collect();
        let (engine, effects) = Engine::start(plan, settings, start)?;
        let mut shell = Self {
            engine,
            lab,
            now: start,
            post: BTreeMap::new(),
            posted: 0,
            alarm: None,
            looks: BTreeMap::new(),
            seen: BTreeSet::new(),
            unchecked: 0,
            reads_of,
            finished: None,
        };
        shell.perform(effects);
        while shell.finished.is_none() {
            let Some(((at, _), post)) = shell.post.pop_first() else { bail!("nothing goes on any more") };
            shell.now = shell.now.max(at);
            shell.receive(at, post);
        }
        let Some(summary) = shell.finished.take() else { bail!("the run has no end") };
        Ok((shell, summary))
    }

    /// Between 8 and 45 ms one way, in an order that repeats.
    fn later(&mut self, after: SignedDuration, post: Post) {
        self.posted += 1;
        let millis = 8 + i64::try_from(self.posted.wrapping_mul(7_919) % 38).unwrap_or(0);
        self.post.insert((self.now + after + SignedDuration::from_millis(millis), self.posted), post);
    }

    fn receive(&mut self, at: Timestamp, post: Post) {
        let input = match post {
            Post::Arrives(ticket, call) => {
                let reply = self.lab.handle(self.now, &call);
                let answer = reply.answer.ok_or_else(|| Lost("no answer".to_owned()));
                return self.later(reply.after, Post::Returns(ticket, answer));
            }
            Post::Returns(ticket, answer) => {
                if let Some(read) = self.looks.remove(&ticket.number()) {
                    self.seen.insert(read);
                }
                Input::Answered { ticket, answer }
            }
            Post::Wakes if self.alarm == Some(at) => {
                self.alarm = None;
                Input::Woken
            }
            Post::Wakes => return,
        };
        let effects = self.engine.step(self.now, input);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        let mut effects: std::collections::VecDeque<Effect> = effects.into();
        while let Some(effect) = effects.pop_front() {
            match effect {
                // A disk that is never slow: what is measured here is requests.
                Effect::Write { ticket, .. } => {
                    effects.extend(self.engine.step(self.now, Input::Written { ticket }));
                }
                Effect::Send { ticket, step, call } => {
                    let reads = self.reads_of.get(step.as_str()).map_or(&[] as &[ReadId], Vec::as_slice);
                    let checked = !reads.is_empty() && reads.iter().all(|read| self.seen.contains(read));
                    self.unchecked += u64::from(!checked);
                    self.later(SignedDuration::ZERO, Post::Arrives(ticket, call));
                }
                Effect::Look { ticket, id, read } => {
                    self.looks.insert(ticket.number(), id);
                    match read {
                        Read::Arm(call) | Read::Http(call) => {
                            self.later(SignedDuration::ZERO, Post::Arrives(ticket, call));
                        }
                        Read::Dns(_) => {}
                    }
                }
                Effect::WakeAt(at) => {
                    self.posted += 1;
                    self.alarm = Some(at);
                    self.post.insert((at, self.posted), Post::Wakes);
                }
                Effect::Finished(summary) => self.finished = Some(summary),
                Effect::KeepUrl { .. }
                | Effect::Expand { .. }
                | Effect::Pump { .. }
                | Effect::Ask { .. }
                | Effect::FetchSecret { .. } => {}
            }
        }
    }
}
