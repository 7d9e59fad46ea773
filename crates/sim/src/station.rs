//! The operator's station: it performs what the engine asks for, against the lab, in virtual time.
//!
//! It decides nothing: what a transfer is made of, a service knows (`traffic.rs`), and what a step asks, a person answers
//! (`drill/people.rs`). Requests take time to travel; what never answers is given up after [`PATIENCE`]. The same effects
//! are performed by the real driver over HTTP.

mod post;

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call, Method, Paged, Pages, Read};
use lifeboat_engine::{
    Decision, Effect, Engine, Expansion, Input, Lost, Pumped, Secret, Summary, Ticket, encode,
};
use lifeboat_lab::{Lab, Silence};
use lifeboat_plan::{ReadId, SecretRef, Stage, StepId, duration};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::traffic::{Next, Pump, Pumps};
use crate::vault::Vault;

pub(crate) use post::{Errand, Post};

/// After how long a request without an answer is given up. ARM itself cuts providers off after 60 s.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// A request that acts, as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) step: StepId,
    pub(crate) call: Call,
    pub(crate) answer: Option<Result<Answer, Lost>>,
}

/// A question of a step that waits for a person.
#[derive(Debug, Clone)]
pub(crate) struct StepAsks {
    pub(crate) ticket: Ticket,
    pub(crate) step: StepId,
    pub(crate) text: String,
}

/// What the station needs from the planner when a stage is reached.
pub(crate) type Expander<'a> = dyn FnMut(&Stage, &BTreeMap<ReadId, Answer>) -> Result<Expansion, String> + 'a;

/// One run being executed.
pub(crate) struct Station {
    pub(crate) engine: Engine,
    /// The journal, line by line.
    pub(crate) journal: Vec<String>,
    pub(crate) last_hash: String,
    /// Acting requests, by ticket.
    pub(crate) sent: BTreeMap<u64, Sent>,
    /// The latest answer to each read: evidence for the report.
    pub(crate) looked: BTreeMap<ReadId, (Timestamp, Result<Answer, Lost>)>,
    looking: BTreeMap<u64, ReadId>,
    /// Lists whose pages are being gathered.
    pages: BTreeMap<u64, Pages>,
    /// Transfers under way, by ticket.
    pumping: BTreeMap<u64, Box<dyn Pump>>,
    pumps: Pumps,
    /// What the operator who deploys the workload knows.
    vault: Vault,
    /// Where secrets on their way are in the answer, by ticket.
    fetching: BTreeMap<u64, (String, String)>,
    /// Questions that nobody has been told of yet.
    pub(crate) asked: Vec<StepAsks>,
    /// Messages that a drain brought over and nobody has counted yet.
    pub(crate) brought_over: u64,
    pub(crate) throttled: u64,
    pub(crate) finished: Option<Summary>,
    /// To be performed, in order.
    pub(crate) effects: VecDeque<Effect>,
    inputs: VecDeque<Input>,
    wake: Option<Timestamp>,
    dice: Dice,
}

impl Station {
    /// Takes over an engine that has just been started, with the effects it began with.
    pub(crate) fn new(engine: Engine, pumps: Pumps, vault: Vault, seed: u64) -> Self {
        Self {
            engine,
            journal: Vec::new(),
            last_hash: lifeboat_engine::GENESIS.to_owned(),
            sent: BTreeMap::new(),
            looked: BTreeMap::new(),
            looking: BTreeMap::new(),
            pages: BTreeMap::new(),
            pumping: BTreeMap::new(),
            pumps,
            vault,
            fetching: BTreeMap::new(),
            asked: Vec::new(),
            brought_over: 0,
            throttled: 0,
            finished: None,
            effects: VecDeque::new(),
            inputs: VecDeque::new(),
            wake: None,
            dice: Dice::new(seed, "network"),
        }
    }

    /// Performs effects and whatever follows from them at once; what takes time goes into `post`.
    pub(crate) fn perform(
        &mut self,
        now: Timestamp,
        effects: Vec<Effect>,
        expand: &mut Expander<'_>,
        post: &mut Vec<(Timestamp, Post)>,
    ) {
        self.effects.extend(effects);
        while self.perform_next(now, expand, post) {}
    }

    /// Performs the next effect, or gives the engine the next input. False when there is neither: then only something
    /// posted can bring the run on. An executor can die between any two of these.
    pub(crate) fn perform_next(
        &mut self,
        now: Timestamp,
        expand: &mut Expander<'_>,
        post: &mut Vec<(Timestamp, Post)>,
    ) -> bool {
        if let Some(effect) = self.effects.pop_front() {
            self.perform_one(now, effect, expand, post);
            return true;
        }
        let Some(input) = self.inputs.pop_front() else { return false };
        self.effects.extend(self.engine.step(now, input));
        true
    }

    fn perform_one(
        &mut self,
        now: Timestamp,
        effect: Effect,
        expand: &mut Expander<'_>,
        post: &mut Vec<(Timestamp, Post)>,
    ) {
        match effect {
            Effect::Write { ticket, records } => {
                for record in &records {
                    let line = encode(&self.last_hash, record);
                    lifeboat_engine::hash_of(&line)
                        .unwrap_or(lifeboat_engine::GENESIS)
                        .clone_into(&mut self.last_hash);
                    self.journal.push(line);
                }
                self.inputs.push_back(Input::Written { ticket });
            }
            // The engine holds it; only a takeover would need the store, and the drill's executor does not die.
            Effect::KeepUrl { .. } => {}
            Effect::Send { ticket, step, call } => {
                self.sent.insert(ticket.number(), Sent { step, call: call.clone(), answer: None });
                post.push((now + self.travel(), Post::Arrives(Errand::Engine(ticket), call)));
            }
            Effect::Look { ticket, id, read } => {
                self.looking.insert(ticket.number(), id);
                let at = now + self.travel();
                post.push(match read {
                    Read::Arm(call) | Read::Http(call) => {
                        self.pages.insert(ticket.number(), Pages::of(call.clone()));
                        (at, Post::Arrives(Errand::Engine(ticket), call))
                    }
                    Read::Dns(name) => (at, Post::Resolves(Errand::Engine(ticket), name)),
                });
            }
            Effect::WakeAt(at) => {
                self.wake = Some(at);
                post.push((at.max(now), Post::Wakes(at)));
            }
            Effect::Expand { ticket, stage, seen, .. } => {
                let result = expand(&stage, &seen);
                self.inputs.push_back(Input::Expanded { ticket, result });
            }
            Effect::Pump { ticket, step, transfer, watermark } => {
                let pump = self.pumps.pump(&step, transfer, watermark.as_deref());
                let next = match pump {
                    Some(mut pump) => {
                        let next = pump.begin();
                        self.pumping.insert(ticket.number(), pump);
                        next
                    }
                    None => Next::Over(nobody_pumps(&step, watermark)),
                };
                self.pump_goes_on(now, ticket, next, post);
            }
            Effect::Ask { ticket, step, question } => {
                self.asked.push(StepAsks { ticket, step, text: question.text });
            }
            Effect::FetchSecret { ticket, secret: SecretRef::Listed { path, pointer } } => {
                let call = Call::arm(Method::Post, &*path, None);
                self.fetching.insert(ticket.number(), (path, pointer));
                post.push((now + self.travel(), Post::Arrives(Errand::Secret(ticket), call)));
            }
            Effect::FetchSecret { ticket, secret } => {
                let result = self.vault.open(&secret);
                self.inputs.push_back(Input::Secret { ticket, result });
            }
            Effect::Finished(summary) => self.finished = Some(summary),
        }
    }

    /// The run starts nothing more, and its journal says who wanted that.
    pub(crate) fn pause(
        &mut self,
        now: Timestamp,
        by: &str,
        expand: &mut Expander<'_>,
        post: &mut Vec<(Timestamp, Post)>,
    ) {
        self.inputs.push_back(Input::Pause { by: by.to_owned() });
        while self.perform_next(now, expand, post) {}
    }

    /// A person has answered a question of [`Self::asked`].
    pub(crate) fn decide(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        (by, answer): (&str, Decision),
        expand: &mut Expander<'_>,
        post: &mut Vec<(Timestamp, Post)>,
    ) {
        self.inputs.push_back(Input::Decided { ticket, by: by.to_owned(), answer });
        while self.perform_next(now, expand, post) {}
    }

    /// Half a round trip.
    fn travel(&mut self) -> SignedDuration {
        self.dice.millis(8, 45)
    }

    /// Something posted comes due.
    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        due: Post,
        lab: &mut Lab,
        expand: &mut Expander<'_>,
        post: &mut Vec<(Timestamp, Post)>,
    ) {
        self.take(now, due, lab, post);
        while self.perform_next(now, expand, post) {}
    }

    /// Takes what was posted; what follows from it waits for [`Self::perform_next`].
    pub(crate) fn take(
        &mut self,
        now: Timestamp,
        due: Post,
        lab: &mut Lab,
        post: &mut Vec<(Timestamp, Post)>,
    ) {
        match due {
            Post::Arrives(errand, call) => {
                let reply = lab.handle(now, &call);
                let answer = reply.answer.ok_or_else(|| {
                    Lost(match reply.silence {
                        Some(Silence::ConnectionRefused) => "connection refused".to_owned(),
                        _ => format!("no answer within {}", duration(PATIENCE)),
                    })
                });
                // A refused connection is known at once; silence only when patience ends.
                let wait = match (&answer, reply.silence) {
                    (Err(_), Some(Silence::ConnectionRefused)) | (Ok(_), _) => reply.after,
                    _ => PATIENCE,
                };
                post.push((now + wait + self.travel(), Post::Returns(errand, answer)));
            }
            Post::Resolves(errand, name) => {
                let answer = lab.resolve(now, &name);
                let chain: Vec<Value> = answer
                    .chain
                    .iter()
                    .map(|record| match record {
                        lifeboat_lab::DnsRecord::Cname(name) | lifeboat_lab::DnsRecord::A(name) => {
                            json!(name)
                        }
                    })
                    .collect();
                let body = json!({ "chain": chain, "ttl": answer.ttl.as_secs() });
                post.push((now + self.travel(), Post::Returns(errand, Ok(Answer::new(200, body)))));
            }
            Post::Returns(Errand::Engine(ticket), answer) => {
                let Some(answer) = self.gathered(now, ticket, answer, post) else { return };
                self.note(now, ticket, &answer);
                self.inputs.push_back(Input::Answered { ticket, answer });
            }
            Post::Returns(Errand::Secret(ticket), answer) => {
                let Some((path, pointer)) = self.fetching.remove(&ticket.number()) else { return };
                let result = value_of(&path, &pointer, answer);
                self.inputs.push_back(Input::Secret { ticket, result });
            }
            Post::Returns(Errand::Pump(ticket), answer) => {
                let Some(pump) = self.pumping.get_mut(&ticket.number()) else { return };
                let next = pump.answered(now, &answer, &mut self.brought_over);
                self.pump_goes_on(now, ticket, next, post);
            }
            Post::Wakes(at) => {
                if self.wake == Some(at) {
                    self.wake = None;
                    self.inputs.push_back(Input::Woken);
                }
            }
        }
    }

    /// The whole list, when its last page has come; the next page is asked for otherwise. A list of which a page is lost is
    /// lost.
    fn gathered(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        answer: Result<Answer, Lost>,
        post: &mut Vec<(Timestamp, Post)>,
    ) -> Option<Result<Answer, Lost>> {
        let Some(mut pages) = self.pages.remove(&ticket.number()) else { return Some(answer) };
        let page = match answer {
            Ok(page) => page,
            lost => return Some(lost),
        };
        match pages.take(page) {
            Paged::All(list) => Some(Ok(list)),
            Paged::More(call) => {
                self.pages.insert(ticket.number(), pages);
                post.push((now + self.travel(), Post::Arrives(Errand::Engine(ticket), call)));
                None
            }
        }
    }

    fn pump_goes_on(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        next: Next,
        post: &mut Vec<(Timestamp, Post)>,
    ) {
        match next {
            Next::Call(call) => post.push((now + self.travel(), Post::Arrives(Errand::Pump(ticket), call))),
            Next::Over(progress) => {
                self.pumping.remove(&ticket.number());
                self.inputs.push_back(Input::Pumped { ticket, progress });
            }
        }
    }

    fn note(&mut self, now: Timestamp, ticket: Ticket, answer: &Result<Answer, Lost>) {
        if answer.as_ref().is_ok_and(|answer| answer.status == 429) {
            self.throttled += 1;
        }
        if let Some(sent) = self.sent.get_mut(&ticket.number()) {
            sent.answer = Some(answer.clone());
        }
        if let Some(read) = self.looking.remove(&ticket.number()) {
            self.looked.insert(read, (now, answer.clone()));
        }
    }
}

/// The one value that was wanted; the rest of the answer is forgotten.
fn value_of(path: &str, pointer: &str, answer: Result<Answer, Lost>) -> Result<Secret, Lost> {
    let answer = answer?;
    if !answer.is_success() {
        return Err(Lost(format!("{path} answers {}", answer.status)));
    }
    let value = answer.body.pointer(pointer);
    value
        .map(|value| Secret::new(value.clone()))
        .ok_or_else(|| Lost(format!("the answer of {path} holds nothing at `{pointer}`")))
}

/// What a transfer comes to whose step is of no service that the simulation has traffic of.
fn nobody_pumps(step: &StepId, watermark: Option<String>) -> Pumped {
    Pumped {
        moved: 0,
        duplicates: 0,
        watermark: watermark.unwrap_or_default(),
        finished: false,
        error: Some(format!("nobody here knows how to move what `{step}` moves")),
    }
}
