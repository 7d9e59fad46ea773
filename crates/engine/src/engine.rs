//! The engine: what is durable ([`Run`]), what is only in memory, and the loop that settles both after each input.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Read;
use lifeboat_plan::{Action, GraphError, Plan, ReadId, SecretRef, StepId, Streaks};

use crate::budget::{Budget, Token};
use crate::effect::{Effect, Input, Secret, Settings, Ticket};
use crate::reads::Reads;
use crate::record::{Event, Record, StepEvent};
use crate::run::{Known, Run};
use crate::schedule::Queue;
use crate::scope::Scope;
use crate::step_state::StepState;

/// One execution of a plan. Feed it inputs, perform its effects.
#[derive(Debug)]
pub struct Engine {
    pub(crate) run: Run,
    pub(crate) settings: Settings,
    pub(crate) volatile: Vec<Volatile>,
    pub(crate) reads: Reads,
    pub(crate) budget: Budget,
    /// Steps whose request waits for a token.
    pub(crate) sends: Queue<usize>,
    /// Reads that wait for a token, filled.
    pub(crate) looks: Queue<ReadId>,
    pub(crate) ripe: BTreeMap<ReadId, (Read, Option<Scope>)>,
    pub(crate) flights: BTreeMap<Ticket, Flight>,
    pub(crate) urls: BTreeMap<String, String>,
    pub(crate) secrets: BTreeMap<SecretRef, Secret>,
    pub(crate) secret_wishes: BTreeMap<SecretRef, BTreeSet<usize>>,
    /// Captures that may not be written down.
    pub(crate) private: BTreeMap<(StepId, String), Secret>,
    pub(crate) dirty: BTreeSet<usize>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) looks_taken: u64,
    timers: BTreeSet<(Timestamp, usize)>,
    tickets: u64,
    outbox: Vec<Record>,
    writing: Option<(Ticket, u64)>,
    durable: u64,
    /// Steps by the record that they wait for, oldest first.
    unwritten: Vec<(u64, usize)>,
    alarm: Option<Timestamp>,
    /// Before this no deadline is judged: whoever takes over looks first, however long nobody was there.
    pub(crate) judges_from: Timestamp,
    now: Timestamp,
}

/// What an outstanding ticket is for.
#[derive(Debug)]
pub(crate) enum Flight {
    Send { step: usize, token: Option<Token> },
    Look { id: ReadId, at: Timestamp, token: Option<Token> },
    Expand { step: usize },
    Pump { step: usize },
    Ask { step: usize },
    Secret { secret: SecretRef },
}

/// What is only in memory about a step. All of it can be lost.
#[derive(Debug, Default)]
pub(crate) struct Volatile {
    /// Only looks issued after this ticket count.
    pub(crate) floor: u64,
    /// The next round of looks is over when each was issued after this ticket.
    pub(crate) cursor: u64,
    /// When the next round of looks is due.
    pub(crate) poll_next: Timestamp,
    pub(crate) interval: SignedDuration,
    /// Rounds of looks since the state was entered.
    pub(crate) rounds: u32,
    pub(crate) entered: Timestamp,
    pub(crate) done_streaks: Streaks,
    pub(crate) started_streaks: Streaks,
    /// What it waits for an answer to.
    pub(crate) flight: Option<Ticket>,
    pub(crate) token: Option<Token>,
    /// It waits for a token.
    pub(crate) queued: bool,
    /// When what it decided by was seen.
    pub(crate) checked_at: Timestamp,
    pub(crate) operation: Option<Polled>,
    /// Its deadline is over; one last look decides.
    pub(crate) overtime: bool,
    pub(crate) failures: u32,
    pub(crate) wanting: BTreeSet<ReadId>,
    pub(crate) looks: u32,
    timer: Option<Timestamp>,
}

/// An operation that is polled.
#[derive(Debug)]
pub(crate) struct Polled {
    pub(crate) operation: lifeboat_arm::Operation,
    pub(crate) read: ReadId,
    pub(crate) heard: u64,
    pub(crate) is: OperationIs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationIs {
    Running,
    Unreadable,
    Over,
}

impl Engine {
    /// Begins a run.
    pub fn start(plan: Plan, settings: Settings, now: Timestamp) -> Result<(Self, Vec<Effect>), GraphError> {
        let run = Run::new(plan, settings.run.clone(), settings.facts.clone())?;
        let opened = Event::Opened {
            run: settings.run.clone(),
            executor: settings.executor.clone(),
            plan: run.digest.clone(),
            facts: settings.facts.clone(),
            jitter_seed: settings.jitter_seed,
        };
        let mut engine = Self::around(run, settings, BTreeMap::new(), now);
        engine.record(opened, now);
        for index in 0..engine.run.steps.len() {
            engine.enter(index, now);
        }
        let effects = engine.settle(now);
        Ok((engine, effects))
    }

    pub(crate) fn around(
        run: Run,
        settings: Settings,
        urls: BTreeMap<String, String>,
        now: Timestamp,
    ) -> Self {
        let mut reads = Reads::new(settings.jitter_seed);
        for (id, draft) in &run.reads {
            reads.declare(id.clone(), draft.clone());
        }
        Self {
            volatile: run.steps.iter().map(|_| Volatile::default()).collect(),
            durable: run.seq,
            // Tickets of different executions never meet.
            tickets: settings.epoch << 32,
            run,
            settings,
            reads,
            budget: Budget::default(),
            sends: Queue::new(),
            looks: Queue::new(),
            ripe: BTreeMap::new(),
            flights: BTreeMap::new(),
            urls,
            secrets: BTreeMap::new(),
            secret_wishes: BTreeMap::new(),
            private: BTreeMap::new(),
            dirty: BTreeSet::new(),
            effects: Vec::new(),
            looks_taken: 0,
            timers: BTreeSet::new(),
            outbox: Vec::new(),
            writing: None,
            unwritten: Vec::new(),
            alarm: None,
            judges_from: Timestamp::MIN,
            now,
        }
    }

    /// Takes one input and returns what is to be done now.
    ///
    /// Panics if an invariant of the engine is broken: stopping beats continuing wrongly, and the journal can be taken
    /// over.
    pub fn step(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        self.now = self.now.max(now);
        let now = self.now;
        self.take(input, now);
        self.settle(now)
    }

    fn take(&mut self, input: Input, now: Timestamp) {
        match input {
            Input::Written { ticket } => self.written(ticket),
            Input::Woken => {}
            Input::Answered { ticket, answer } => self.answered(ticket, answer, now),
            Input::Expanded { ticket, result } => self.expanded(ticket, result, now),
            Input::Pumped { ticket, progress } => self.pumped(ticket, progress, now),
            Input::Secret { ticket, result } => self.secret(ticket, result, now),
            // A run that is over is over: late answers above are harmless, late wishes are not heard.
            _ if self.run.finished => {}
            Input::Decided { ticket, by, answer } => self.decided(ticket, &by, answer, now),
            Input::Pause { by } => self.pause(by, now),
            Input::Resume { by } => self.resume(by, now),
            Input::Skip { step, by, why } => self.skip(&step, by, why, now),
            Input::Defer { step, by, until, why } => self.defer(&step, by, until, why, now),
            Input::Switch { which, by, why } => self.switch(which, &by, &why, now),
        }
    }

    /// Goes on until nothing more follows from what is known now.
    pub(crate) fn settle(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut turns = 0;
        loop {
            while let Some((at, index)) = self.timers.first().copied()
                && at <= now
            {
                self.set_timer(index, None);
                self.dirty.insert(index);
            }
            while let Some(index) = self.dirty.pop_first() {
                self.set_timer(index, None);
                self.advance(index, now);
                turns += 1;
                let step = &self.run.steps[index];
                assert!(
                    turns < 1000 * (self.run.steps.len() + 1),
                    "`{}` goes in circles at {now}: {:?}",
                    step.step.id,
                    step.state
                );
            }
            self.send_what_may(now);
            self.look_what_may(now);
            if self.dirty.is_empty() {
                break;
            }
        }
        self.finish(now);
        self.flush();
        self.set_alarm(now);
        let mut effects = std::mem::take(&mut self.effects);
        // URLs are kept before the record that refers to them; requests leave in the order of their urgency.
        effects.sort_by_key(|effect| match effect {
            Effect::KeepUrl { .. } => (0, None),
            Effect::Write { .. } => (1, None),
            Effect::Send { step, .. } => (2, self.run.index.get(step).map(|&index| self.run.ranks[index])),
            _ => (3, None),
        });
        effects
    }

    // --- records

    pub(crate) fn record(&mut self, event: Event, now: Timestamp) {
        let record = Record { seq: self.run.seq + 1, epoch: self.settings.epoch, at: now, event };
        if let Err(broken) = self.run.apply(&record) {
            panic!("the engine would write a record that cannot follow: {broken}");
        }
        self.outbox.push(record);
    }

    /// Something happens to a step.
    pub(crate) fn change(&mut self, index: usize, change: StepEvent, now: Timestamp) {
        let step = self.run.steps[index].step.id.clone();
        let former = self.run.steps[index].state.clone();
        let was_just_seen = matches!(change, StepEvent::FoundUnderWay { .. });
        let abandoned: Vec<usize> = match &change {
            StepEvent::Switched { abandons, .. } => {
                abandons.iter().filter_map(|id| self.run.index.get(id).copied()).collect()
            }
            _ => Vec::new(),
        };
        self.record(Event::Step { step, change }, now);
        self.unwritten.push((self.run.seq, index));
        for child in abandoned {
            self.unwritten.push((self.run.seq, child));
            self.enter(child, now);
        }
        while self.volatile.len() < self.run.steps.len() {
            self.volatile.push(Volatile::default());
        }
        if former != self.run.steps[index].state {
            self.enter(index, now);
            if was_just_seen {
                self.volatile[index].poll_next = now + self.volatile[index].interval;
            }
        }
        self.dirty.insert(index);
    }

    /// Whether everything recorded about a step is on disk.
    pub(crate) fn is_durable(&self, index: usize) -> bool {
        self.run.steps[index].last_seq <= self.durable
    }

    fn flush(&mut self) {
        if self.writing.is_some() || self.outbox.is_empty() {
            return;
        }
        let ticket = self.ticket();
        self.writing = Some((ticket, self.run.seq));
        let records = std::mem::take(&mut self.outbox);
        self.effects.push(Effect::Write { ticket, records });
    }

    fn written(&mut self, ticket: Ticket) {
        let Some((_, last)) = self.writing.take_if(|(writing, _)| *writing == ticket) else { return };
        self.durable = last;
        let still = self.unwritten.partition_point(|(seq, _)| *seq <= last);
        for (_, index) in self.unwritten.drain(..still) {
            let step = &self.run.steps[index];
            self.dirty.insert(index);
            self.dirty.extend(&step.children);
            if step.state.outcome().is_some() {
                self.dirty.extend(&step.behind);
                self.dirty.extend(step.parent);
            }
        }
        if self.run.finished && self.durable == self.run.seq {
            self.effects.push(Effect::Finished(self.summary()));
        }
    }

    // --- the end

    /// The run is over when nothing is open and nothing can start.
    fn finish(&mut self, now: Timestamp) {
        let quiet = self.run.open == 0 && self.outbox.is_empty() && self.writing.is_none();
        if self.run.finished || !quiet {
            return;
        }
        let startable = (0..self.run.steps.len()).find(|&index| {
            self.run.steps[index].state == StepState::Waiting && self.run.blamed(index).is_none()
        });
        if let Some(index) = startable {
            let step = &self.run.steps[index].step.id;
            assert!(self.run.paused.is_some(), "`{step}` could start, and nobody starts it");
            return;
        }
        let summary = self.summary();
        self.record(Event::Finished { summary }, now);
    }

    /// A run that was over when it was taken over.
    pub(crate) fn over(&self) -> Vec<Effect> {
        vec![Effect::Finished(self.summary())]
    }

    // --- tickets and timers

    pub(crate) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// The newest ticket: what is issued after it is newer than everything known now.
    pub(crate) fn newest(&self) -> u64 {
        self.tickets
    }

    /// Wakes a step at this time, or earlier if something else does.
    pub(crate) fn wake(&mut self, index: usize, at: Timestamp, now: Timestamp) {
        let at = at.max(now.saturating_add(SignedDuration::from_millis(1)).unwrap_or(now));
        if self.volatile[index].timer.is_none_or(|timer| at < timer) {
            self.set_timer(index, Some(at));
        }
    }

    fn set_timer(&mut self, index: usize, at: Option<Timestamp>) {
        if let Some(former) = self.volatile[index].timer.take() {
            self.timers.remove(&(former, index));
        }
        if let Some(at) = at {
            self.timers.insert((at, index));
        }
        self.volatile[index].timer = at;
    }

    fn set_alarm(&mut self, now: Timestamp) {
        if self.alarm.is_some_and(|alarm| alarm <= now) {
            self.alarm = None;
        }
        let crowded = self.sends.crowded(&self.budget, now);
        let looks = self.looks.next(&mut self.budget, &crowded, now);
        let acts = self.run.paused.is_none();
        let sends = acts.then(|| self.sends.next(&mut self.budget, &BTreeSet::new(), now)).flatten();
        let next = [self.timers.first().map(|(at, _)| *at), self.reads.next(), sends, looks];
        let Some(next) = next.into_iter().flatten().min() else { return };
        if self.alarm != Some(next) && !self.run.finished {
            self.alarm = Some(next);
            self.effects.push(Effect::WakeAt(next));
        }
    }

    // --- small things that many need

    pub(crate) fn known(&self) -> Known<'_> {
        Known { run: &self.run, secrets: &self.secrets, private: &self.private }
    }

    pub(crate) fn sends_a_request(&self, index: usize) -> bool {
        matches!(self.run.steps[index].way().action, Action::Send(_))
    }
}
