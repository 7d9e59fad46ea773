//! Executors of one chapter: stations that can die, be cut off or be overtaken at any point.
//!
//! A point is a write to the journal, a request that is about to leave, or one that arrives. Points are counted through
//! the whole chapter, so that a calm run tells how many there are.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call};
use lifeboat_engine::{
    Effect, Engine, Lost, Record, RecoverError, RunId, Settings, Summary, decode, encode, hash_of,
};
use lifeboat_lab::Lab;
use lifeboat_plan::{ReadId, Stage, StepId};

use super::story::{Chapter, endpoint};
use crate::queue::Queue;
use crate::station::{Errand, Post, Station};
use crate::traffic::Pumps;
use crate::vault::Vault;
use crate::world::{expansion, planning};

/// A run that takes longer hangs.
const LONGEST: SignedDuration = SignedDuration::from_hours(48);
/// When a request without an answer is given up.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// The executor dies before it.
    Before,
    /// The executor dies after it: written and not told, or acted and the answer reaches nobody.
    After,
    /// The executor dies in the middle of a write.
    Torn,
    /// A request gets lost on its way; the executor lives and hears nothing.
    Unsent,
    /// A request acts and its answer gets lost; the executor lives and hears nothing.
    Unheard,
    /// Another executor believes the first one dead and takes over; the first one lives on.
    Overtaken,
}

/// What kind of point it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Write,
    Leaves,
    Arrives,
}

impl Kind {
    /// What can happen at such a point.
    pub(super) fn hows(self) -> &'static [How] {
        match self {
            Self::Write => &[How::Before, How::After, How::Torn],
            Self::Leaves => &[How::Before],
            Self::Arrives => &[How::Before, How::After, How::Unsent, How::Unheard],
        }
    }
}

/// How an executor that was taken over from is kept from doing harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fencing {
    /// The journal refuses its next write.
    Refused,
    /// Not at all: it writes on into a file of its own.
    Unaware,
}

/// By the step for which a request acts; none for a look.
type Instead = Box<dyn Fn(Option<&StepId>, &Call) -> Option<Answer>>;

/// Executes one chapter.
pub(super) struct Executor<'a> {
    chapter: &'a Chapter,
    pub(super) lab: Lab,
    pub(super) now: Timestamp,
    /// What happens, and at which points, in order.
    pub(super) strikes: Vec<(usize, How)>,
    pub(super) fencing: Fencing,
    pub(super) takeover_after: SignedDuration,
    /// What requests are answered in the place of the lab.
    pub(super) instead: Option<Instead>,
    pub(super) run: &'static str,
    queue: Queue<Due>,
    seats: Vec<Seat>,
    points: Vec<Kind>,
    urls: BTreeMap<String, String>,
    pump_steps: BTreeMap<u64, StepId>,
    posts: Vec<(Timestamp, Post)>,
    acted: BTreeSet<StepId>,
}

struct Seat {
    station: Station,
    alive: bool,
    /// How many lines were there when it took over.
    inherited: usize,
}

enum Due {
    Post(usize, Post),
    TakeOver,
}

/// What is left when the chapter is over.
pub(super) struct End {
    pub(super) summary: Summary,
    pub(super) lab: Lab,
    pub(super) now: Timestamp,
    pub(super) points: Vec<Kind>,
    /// The journal of each execution, oldest first; each with what it inherited.
    pub(super) journals: Vec<Vec<String>>,
    /// The same, each execution's own lines only: the files as they would lie on disk.
    pub(super) files: Vec<String>,
    /// Acting requests sent, by step, over all executions.
    pub(super) sent: Vec<(StepId, Call)>,
    /// Steps for which a request arrived.
    pub(super) acting: BTreeSet<StepId>,
    /// Strikes that came to pass.
    pub(super) struck: usize,
}

impl<'a> Executor<'a> {
    pub(super) fn new(chapter: &'a Chapter) -> Self {
        Self {
            chapter,
            lab: chapter.lab.clone(),
            now: chapter.now,
            strikes: Vec::new(),
            fencing: Fencing::Refused,
            takeover_after: SignedDuration::from_secs(30),
            instead: None,
            run: "run-1",
            queue: Queue::new(),
            seats: Vec::new(),
            points: Vec::new(),
            urls: BTreeMap::new(),
            pump_steps: BTreeMap::new(),
            posts: Vec::new(),
            acted: BTreeSet::new(),
        }
    }

    pub(super) fn run(mut self) -> End {
        let strikes = self.strikes.len();
        let until = self.now + LONGEST;
        self.begin(&[]);
        while !self.is_over() {
            let Some((at, due)) = self.queue.next(until) else { self.hangs() };
            self.now = at;
            match due {
                Due::TakeOver => self.take_over(),
                Due::Post(seat, post) => self.deliver(seat, post),
            }
        }
        self.end(strikes)
    }

    fn hangs(&self) -> ! {
        for step in self.seats.last().unwrap().station.engine.steps() {
            println!("{} {:?} {:?}", step.id, step.state, step.says);
        }
        panic!("`{}` hangs", self.chapter.name);
    }

    fn is_over(&self) -> bool {
        let through = |seat: &Seat| !seat.alive || seat.station.finished.is_some();
        self.seats.iter().all(through) && self.seats.iter().any(|seat| seat.station.finished.is_some())
    }

    fn end(self, strikes: usize) -> End {
        let newest = self.seats.last().unwrap();
        assert!(newest.station.finished.is_some(), "whoever took over last brings it to its end");
        End {
            summary: newest.station.finished.clone().unwrap(),
            points: self.points,
            sent: self
                .seats
                .iter()
                .flat_map(|seat| {
                    seat.station.sent.values().map(|sent| (sent.step.clone(), sent.call.clone()))
                })
                .collect(),
            files: self.seats.iter().map(|seat| seat.station.journal[seat.inherited..].concat()).collect(),
            journals: self.seats.into_iter().map(|seat| seat.station.journal).collect(),
            lab: self.lab,
            now: self.now,
            acting: self.acted,
            struck: strikes - self.strikes.len(),
        }
    }

    // --- beginning and taking over

    /// Begins the run, or takes it over where these lines end.
    fn begin(&mut self, lines: &[String]) {
        let plan = &self.chapter.plan;
        let records = decode(&lines.concat()).unwrap();
        let settings = Settings {
            run: RunId::new(self.run),
            executor: format!("executor {}", self.seats.len() + 1),
            epoch: records.last().map_or(1, |record| record.epoch + 1),
            facts: plan.facts.iter().map(|fact| (fact.key.clone(), fact.value.clone())).collect(),
            jitter_seed: 7,
        };
        let recovered = Engine::recover(plan.clone(), &records, &self.urls, settings.clone(), self.now);
        let (engine, effects) = match recovered {
            Err(RecoverError::NotOpened) => Engine::start(plan.clone(), settings, self.now).unwrap(),
            recovered => recovered.unwrap_or_else(|error| panic!("cannot take over: {error}")),
        };
        let workload = self.chapter.workload;
        let seats = self.seats.len() as u64;
        let mut station = Station::new(engine, Pumps::of(workload), Vault::of(workload), seats);
        station.journal = lines.to_vec();
        if let Some(last) = lines.last() {
            station.last_hash = hash_of(last).unwrap().to_owned();
        }
        station.effects.extend(effects);
        self.seats.push(Seat { station, alive: true, inherited: lines.len() });
        self.drive(self.seats.len() - 1);
    }

    fn take_over(&mut self) {
        let lines = self.seats.last().unwrap().station.journal.clone();
        self.begin(&lines);
    }

    fn die(&mut self, seat: usize) {
        self.seats[seat].alive = false;
        self.queue.at(self.now + self.takeover_after, Due::TakeOver);
    }

    // --- effects

    /// What happens at this point, if something does.
    fn strike(&mut self, kind: Kind) -> Option<How> {
        self.points.push(kind);
        let at = self.points.len() - 1;
        let (point, how) = *self.strikes.first()?;
        if point != at {
            return None;
        }
        self.strikes.remove(0);
        if how == How::Overtaken {
            self.take_over();
            return None;
        }
        Some(how)
    }

    fn drive(&mut self, seat: usize) {
        while self.seats[seat].alive && self.drive_once(seat) {}
        let posts = std::mem::take(&mut self.posts);
        for (at, post) in posts {
            self.queue.at(at, Due::Post(seat, post));
        }
    }

    fn drive_once(&mut self, seat: usize) -> bool {
        // The slowest disk there is: everything else that the engine wants at the same time happens before the write.
        let effects = &mut self.seats[seat].station.effects;
        if effects.len() > 1 && matches!(effects.front(), Some(Effect::Write { .. })) {
            effects.rotate_left(1);
        }
        let kind = match self.seats[seat].station.effects.front() {
            Some(Effect::Write { .. }) => Some(Kind::Write),
            Some(Effect::Send { .. }) => Some(Kind::Leaves),
            Some(Effect::KeepUrl { key, url }) => {
                self.urls.insert(key.clone(), url.clone());
                None
            }
            Some(Effect::Pump { ticket, step, .. }) => {
                self.pump_steps.insert(ticket.number(), step.clone());
                None
            }
            _ => None,
        };
        let posts = std::mem::take(&mut self.posts); // a takeover in the middle has posts of its own
        let how = kind.and_then(|kind| self.strike(kind));
        self.posts = posts;
        if kind.is_some() && self.fencing == Fencing::Refused && seat + 1 < self.seats.len() {
            self.seats[seat].alive = false; // the newest epoch is looked at before each write and each request
            return false;
        }
        match how {
            Some(How::Before) => {
                self.die(seat);
                return false;
            }
            Some(How::Torn) => {
                self.tear(seat);
                self.die(seat);
                return false;
            }
            _ => {}
        }
        let Self { chapter, seats, posts, now, .. } = self;
        let (endpoint, strategies) = (endpoint(), BTreeMap::new());
        let mut expand = |stage: &Stage, seen: &BTreeMap<ReadId, Answer>| {
            let planning =
                planning(chapter.workload, &chapter.inventory, &endpoint, &strategies, chapter.purpose, *now);
            expansion(&planning, stage, seen)
        };
        let station = &mut seats[seat].station;
        let goes_on = station.perform_next(*now, &mut expand, posts);
        assert!(station.asked.is_empty(), "no plan of the story asks anybody: {:?}", station.asked);
        if how == Some(How::After) {
            self.die(seat);
        }
        goes_on
    }

    /// A write that does not reach its end: whole lines, and a part of one.
    fn tear(&mut self, seat: usize) {
        let station = &mut self.seats[seat].station;
        let Some(Effect::Write { records, .. }) = station.effects.front() else { return };
        let mut text = station.journal.concat();
        let (whole, half) = records.split_at(records.len() / 2);
        let mut hash = station.last_hash.clone();
        let mut line = String::new();
        for record in whole.iter().chain(half.first()) {
            line = encode(&hash, record);
            hash = hash_of(&line).unwrap().to_owned();
            text.push_str(&line);
        }
        text.truncate(text.len() - line.len() / 2);
        let kept = decode(&text).unwrap().len();
        station.journal = text.split_inclusive('\n').take(kept).map(str::to_owned).collect();
    }

    // --- what was posted

    fn deliver(&mut self, seat: usize, post: Post) {
        let alive = self.seats[seat].alive;
        if let (true, Some(instead), Post::Arrives(errand, call)) = (alive, &self.instead, &post)
            && let Some(answer) = instead(self.acting(seat, *errand).as_ref(), call)
        {
            let at = self.now + SignedDuration::from_millis(50);
            return self.queue.at(at, Due::Post(seat, Post::Returns(*errand, Ok(answer))));
        }
        if let Post::Arrives(errand, call) = &post
            && let Some(step) = self.acting(seat, *errand)
        {
            self.must_be_intended(seat, &step);
            self.acted.insert(step);
            if !alive {
                self.lab.handle(self.now, call); // it was under way already
                return;
            }
            let how = self.strike(Kind::Arrives);
            if matches!(how, Some(How::After | How::Unheard)) {
                self.lab.handle(self.now, call);
            }
            match how {
                Some(How::Unsent | How::Unheard) => {
                    let lost = Post::Returns(*errand, Err(Lost("cut off".to_owned())));
                    return self.queue.at(self.now + PATIENCE, Due::Post(seat, lost));
                }
                Some(_) => return self.die(seat),
                None => {}
            }
        }
        if alive {
            self.seats[seat].station.take(self.now, post, &mut self.lab, &mut self.posts);
            self.drive(seat);
        }
    }

    /// The step for which a request acts, if it does. Locking a message is an act.
    fn acting(&self, seat: usize, errand: Errand) -> Option<StepId> {
        match errand {
            Errand::Engine(ticket) => {
                self.seats[seat].station.sent.get(&ticket.number()).map(|sent| sent.step.clone())
            }
            Errand::Pump(ticket) => self.pump_steps.get(&ticket.number()).cloned(),
            Errand::Secret(_) => None,
        }
    }

    /// Proves: F29. Nothing acts without an intent on disk.
    fn must_be_intended(&self, seat: usize, step: &StepId) {
        let step = format!("\"step\":\"{step}\",\"change\":{{\"intended\"");
        let journal = &self.seats[seat].station.journal;
        assert!(journal.iter().any(|line| line.contains(&step)), "{step} acts without an intent on disk");
    }
}

/// The records of a journal.
pub(super) fn records(lines: &[String]) -> Vec<Record> {
    decode(&lines.concat()).unwrap()
}
