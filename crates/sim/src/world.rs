//! The world: one queue of events, the lab, the people and the run that is under way.
//!
//! Here: what happens when an event comes due. Not here: what the workload's life demands next (`drill.rs`), and how the
//! engine's effects travel (`station.rs`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Answer;
use lifeboat_engine::{Decision, Engine, Expansion, RunId, Settings as RunSettings, Summary};
use lifeboat_lab::{Lab, Settings as LabSettings};
use lifeboat_plan::{Endpoint, Plan, PlanKind, ReadId, Stage, counted};
use lifeboat_planner::{
    Inventory, PlanError, Planning, Prediction, Side, StrategyKind, Workload, expand, initial_deployments,
    plan, predictions,
};

use crate::clients::{Clients, Turn};
use crate::ledger::Ledger;
use crate::log::{Log, Tone};
use crate::observe::observe;
use crate::queue::Queue;
use crate::refused::Refused;
use crate::station::{Post, Station, StepAsks};
use crate::traffic::{self, Pumps};
use crate::vault::Vault;

/// How often the workload is looked at while nothing happens.
const WATCH: SignedDuration = SignedDuration::from_mins(5);

/// What comes due.
pub(crate) enum Event {
    /// For the run with this number.
    Run(usize, Post),
    /// A client's turn.
    Client(Turn),
    /// The probers take their samples.
    Probe,
    /// The workload is looked at.
    Watch,
    /// A happening of the scenario, by position.
    Scenario(usize),
    /// A person answers the question with this number.
    Answer(usize),
    /// A person answers a question of a step of the run with this number.
    Decides(usize, StepAsks),
    /// Something the lifecycle waits for may have come.
    Reminder,
}

/// Which plan, and in which situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Purpose {
    pub(crate) kind: PlanKind,
    pub(crate) active: Side,
    pub(crate) planned: bool,
    pub(crate) returning: bool,
}

/// One run, under way or over.
pub(crate) struct Run {
    pub(crate) purpose: Purpose,
    pub(crate) says: String,
    pub(crate) plan: Plan,
    pub(crate) station: Station,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    /// What the planner believes that it changes.
    pub(crate) predicted: Vec<Prediction>,
}

/// Everything that is.
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) start: Timestamp,
    pub(crate) seed: u64,
    pub(crate) lab: Lab,
    pub(crate) queue: Queue<Event>,
    pub(crate) log: Log,
    pub(crate) ledger: Ledger,
    pub(crate) clients: Option<Clients>,
    pub(crate) workload: Workload,
    pub(crate) endpoint: Endpoint,
    pub(crate) strategies: BTreeMap<String, StrategyKind>,
    /// The last good look at everything: the snapshot is kept outside the primary by keeping it here.
    pub(crate) inventory: Inventory,
    pub(crate) runs: Vec<Run>,
    /// Questions of runs that nobody has been told of yet.
    pub(crate) asked: Vec<(usize, StepAsks)>,
    turns: Vec<(Timestamp, Turn)>,
    posts: Vec<(Timestamp, Post)>,
}

impl World {
    pub(crate) fn new(
        workload: Workload,
        strategies: BTreeMap<String, StrategyKind>,
        seed: u64,
        start: Timestamp,
    ) -> Self {
        let lab = Lab::new(LabSettings::new(seed, &workload.subscription, start));
        Self {
            now: start,
            start,
            seed,
            lab,
            queue: Queue::new(),
            log: Log::default(),
            ledger: Ledger::default(),
            clients: None,
            endpoint: Endpoint::Lab(format!("seed-{seed}")),
            strategies,
            inventory: workload.declared_inventory(),
            workload,
            runs: Vec::new(),
            asked: Vec::new(),
            turns: Vec::new(),
            posts: Vec::new(),
        }
    }

    /// Creates the workload where it lives, as its owner did long ago: group by group, deployment by deployment.
    pub(crate) fn found(&mut self) -> Result<(), Refused> {
        for call in initial_deployments(&self.workload) {
            let reply = self.lab.handle(self.now, &call);
            let answer = reply.answer.ok_or_else(silent)?;
            if let Some(error) = answer.error() {
                return Err(Refused::of(&error, &self.workload));
            }
            self.settle(&call.path)?;
        }
        self.inventory = observe(&mut self.lab, self.now, &self.workload, &self.inventory);
        Ok(())
    }

    /// What takes nothing yet gets something for the drill that does. Tells what.
    pub(crate) fn make_traffic_possible(&mut self) -> Result<Vec<String>, String> {
        let mut said = Vec::new();
        for opening in traffic::openings(&self.workload, &self.inventory) {
            let answer = self.lab.handle(self.now, &opening.call).answer.ok_or("the lab does not answer")?;
            // What cannot take it yet is not the drill's to mend.
            if answer.is_success() {
                said.push(opening.says);
            }
        }
        if !said.is_empty() {
            self.look();
        }
        Ok(said)
    }

    /// Waits until what was put at `path` is no longer under way.
    fn settle(&mut self, path: &str) -> Result<(), Refused> {
        for _ in 0..2_000 {
            let call = lifeboat_arm::Call::arm(lifeboat_arm::Method::Get, path, None);
            let answer = self.lab.handle(self.now, &call).answer.ok_or_else(silent)?;
            let state = answer.body.pointer("/properties/provisioningState").and_then(|state| state.as_str());
            match state {
                Some(state) if !lifeboat_arm::is_terminal(state) => self.now += SignedDuration::from_secs(5),
                Some("Failed" | "Canceled") => {
                    let error = lifeboat_arm::ArmError::from_body(
                        answer.status,
                        answer.body.pointer("/properties").unwrap_or(&answer.body),
                    );
                    return Err(Refused::of(&error, &self.workload));
                }
                _ => return Ok(()),
            }
        }
        Err(Refused::from(format!("{path} never came to an end")))
    }

    /// Looks at everything now.
    pub(crate) fn look(&mut self) {
        self.inventory = observe(&mut self.lab, self.now, &self.workload, &self.inventory);
    }

    /// The regular look while nothing else happens.
    pub(crate) fn watch(&mut self) {
        self.look();
        self.queue.at(self.now + WATCH, Event::Watch);
    }

    /// The workload with the resources that stand for its components now.
    pub(crate) fn standing(&self) -> Cow<'_, Workload> {
        self.workload.as_observed(&self.inventory)
    }

    /// A plan for the world as it is seen now.
    pub(crate) fn plan(&self, purpose: Purpose) -> Result<Plan, PlanError> {
        plan(&planning(&self.workload, &self.inventory, &self.endpoint, &self.strategies, purpose, self.now))
    }

    /// Starts executing a plan. A plan with nothing to do ends at once: then its number and its end are given back.
    pub(crate) fn start(
        &mut self,
        purpose: Purpose,
        says: &str,
        plan: Plan,
    ) -> Result<Option<(usize, Summary)>, String> {
        let number = self.runs.len();
        let settings = RunSettings {
            run: RunId::new(format!("{}-{:02}-{}", self.workload.name, number + 1, purpose.kind.word())),
            executor: "the drill".to_owned(),
            epoch: 1,
            facts: plan.facts.iter().map(|fact| (fact.key.clone(), fact.value.clone())).collect(),
            jitter_seed: self.seed ^ number as u64,
        };
        let predicted = predictions(&self.inventory, &plan);
        let digest = lifeboat_plan::Digest::of(&plan);
        let (engine, effects) =
            Engine::start(plan.clone(), settings, self.now).map_err(|error| error.to_string())?;
        self.log.happens(
            self.now,
            "engine",
            Tone::Plain,
            format!("{says}: {}, plan {}", counted(plan.steps.len(), "step"), digest.short()),
        );
        self.runs.push(Run {
            purpose,
            says: says.to_owned(),
            plan,
            station: Station::new(
                engine,
                Pumps::of(&self.workload),
                Vault::of(&self.workload),
                self.seed ^ (number as u64) << 8,
            ),
            started: self.now,
            ended: None,
            predicted,
        });
        let ended = self.with_station(number, |station, now, expander, posts| {
            station.perform(now, effects, expander, posts);
        });
        Ok(ended.map(|summary| (number, summary)))
    }

    /// Something posted for a run comes due. Tells how the run ended when that ended it.
    pub(crate) fn deliver(&mut self, number: usize, due: Post) -> Option<Summary> {
        let Self { lab, runs, workload, inventory, endpoint, strategies, posts, now, .. } = self;
        let run = &mut runs[number];
        if run.ended.is_some() {
            // Nobody waits for it any more; what is on its way still arrives.
            if let Post::Arrives(_, call) = due {
                lab.handle(*now, &call);
            }
            return None;
        }
        let purpose = run.purpose;
        let mut expander = |stage: &Stage, seen: &BTreeMap<ReadId, Answer>| {
            expansion(&planning(workload, inventory, endpoint, strategies, purpose, *now), stage, seen)
        };
        run.station.receive(*now, due, lab, &mut expander, posts);
        self.after(number)
    }

    fn with_station(
        &mut self,
        number: usize,
        act: impl FnOnce(&mut Station, Timestamp, &mut crate::station::Expander<'_>, &mut Vec<(Timestamp, Post)>),
    ) -> Option<Summary> {
        let Self { runs, workload, inventory, endpoint, strategies, posts, now, .. } = self;
        let run = &mut runs[number];
        let purpose = run.purpose;
        let mut expander = |stage: &Stage, seen: &BTreeMap<ReadId, Answer>| {
            expansion(&planning(workload, inventory, endpoint, strategies, purpose, *now), stage, seen)
        };
        act(&mut run.station, *now, &mut expander, posts);
        self.after(number)
    }

    /// Schedules what was posted; notes the end of a run once.
    fn after(&mut self, number: usize) -> Option<Summary> {
        for (at, post) in self.posts.drain(..) {
            self.queue.at(at, Event::Run(number, post));
        }
        let run = &mut self.runs[number];
        self.asked.extend(run.station.asked.drain(..).map(|asked| (number, asked)));
        self.ledger.drained += std::mem::take(&mut run.station.brought_over);
        let summary = run.station.finished.clone()?;
        if run.ended.is_some() {
            return None;
        }
        run.ended = Some(self.now);
        Some(summary)
    }

    /// A person's answer to a question of a run.
    pub(crate) fn decide(
        &mut self,
        number: usize,
        asked: &StepAsks,
        by: &str,
        answer: Decision,
    ) -> Option<Summary> {
        self.with_station(number, |station, now, expander, posts| {
            station.decide(now, asked.ticket, (by, answer), expander, posts);
        })
    }

    /// Stops the run of this kind that is under way: it is paused in its journal, and whatever comes back for it later is
    /// nobody's any more. A request that is on its way still arrives.
    pub(crate) fn stop(&mut self, kind: PlanKind) -> Option<usize> {
        let number = self.runs.iter().position(|run| run.ended.is_none() && run.purpose.kind == kind)?;
        self.with_station(number, |station, now, expander, posts| {
            station.pause(now, "the lifecycle", expander, posts);
        });
        self.runs[number].ended = Some(self.now);
        Some(number)
    }

    /// Clients begin to work.
    pub(crate) fn open(&mut self, mut clients: Clients) {
        self.ledger.start(self.now);
        for (at, turn) in clients.begin(self.now) {
            self.queue.at(at, Event::Client(turn));
        }
        self.clients = Some(clients);
    }

    /// A client's turn.
    pub(crate) fn client(&mut self, turn: Turn) {
        let Some(clients) = &mut self.clients else { return };
        clients.take(turn, self.now, &mut self.lab, &mut self.ledger, &mut self.turns);
        for (at, turn) in self.turns.drain(..) {
            self.queue.at(at, Event::Client(turn));
        }
    }
}

fn silent() -> Refused {
    Refused::from("the lab does not answer".to_owned())
}

pub(crate) fn planning<'a>(
    workload: &'a Workload,
    seen: &'a Inventory,
    endpoint: &'a Endpoint,
    strategies: &'a BTreeMap<String, StrategyKind>,
    purpose: Purpose,
    now: Timestamp,
) -> Planning<'a> {
    Planning {
        kind: purpose.kind,
        workload,
        seen,
        endpoint,
        active: purpose.active,
        planned: purpose.planned,
        returning: purpose.returning,
        strategies,
        now,
    }
}

/// The planner's answer to a stage, in the engine's words.
pub(crate) fn expansion(
    planning: &Planning<'_>,
    stage: &Stage,
    seen: &BTreeMap<ReadId, Answer>,
) -> Result<Expansion, String> {
    let seen = seen.iter().map(|(id, answer)| (id.clone(), answer)).collect();
    let expanded = expand(planning, stage, &seen).map_err(|refusal| refusal.to_string())?;
    Ok(Expansion { steps: expanded.steps, reads: expanded.reads, places: expanded.places })
}
