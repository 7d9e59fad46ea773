//! The drill: a workload's life under a scenario. What happens goes into the lifecycle, what it intends is carried out.
//!
//! Here: the storyline and its bookkeeping. Not here: deciding what comes next (the planner's lifecycle does, the same on
//! the day), how a run is executed (`station.rs`), what a region's loss does (the lab).

mod channels;
mod invariants;
mod people;
mod probes;
mod scene;
mod summing_up;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lifeboat_engine::{RunEnd, Summary};
use lifeboat_plan::{Loss, LossKind, PlanKind};
use lifeboat_planner::lifecycle::{
    Happened, Intention, Lifecycle, LifecycleEvent, Question, RunOutcome, next,
};
use lifeboat_planner::{
    Acceptance, FailoverPolicy, Finding, Inventory, Side, StrategyKind, Workload, accept, assess, blocking,
    is_protected,
};

use crate::clients::{Clients, Load};
use crate::log::Tone;
use crate::report::{DrillReport, PredictionReport};
use crate::reporting::predictions;
use crate::scenario::Scenario;
use crate::world::{Event, Purpose, World};

use people::People;
use probes::Probes;

/// What is drilled.
pub struct DrillSetup {
    /// The workload.
    pub workload: Workload,
    /// Each component's strategy.
    pub strategies: BTreeMap<String, StrategyKind>,
    /// Who decides.
    pub policy: FailoverPolicy,
    /// What happens.
    pub scenario: Scenario,
    /// Chance.
    pub seed: u64,
    /// Virtual time at the start.
    pub start: Timestamp,
    /// What had to be assumed, for the report.
    pub assumptions: Vec<String>,
    /// Findings that somebody took responsibility for.
    pub accept: Vec<Acceptance>,
    /// The day on which that is weighed: the caller's, not the drill's virtual one.
    pub today: Date,
}

/// What a drill leaves behind.
pub struct DrillOutcome {
    /// The report.
    pub report: DrillReport,
    /// Lines of `events.jsonl`.
    pub events: Vec<String>,
    /// Lines of `journal.jsonl`, run after run.
    pub journal: Vec<String>,
}

/// Why there is no drill at all.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The lab refuses the workload's own first deployment.
    #[error("the workload cannot be deployed where it lives: {0}")]
    CannotDeploy(String),
    /// The user wants to stop.
    #[error("interrupted")]
    Interrupted,
}

/// How far a drill is.
#[derive(Debug, Clone, PartialEq)]
pub struct DrillProgress<'a> {
    /// Virtual time.
    pub at: Timestamp,
    /// What is going on, in a few words.
    pub phase: &'a str,
    /// Of the whole, from 0 to 1.
    pub share: f64,
}

/// Times that the recovery time is made of.
#[derive(Debug, Default)]
struct Milestones {
    lost: Option<Timestamp>,
    suspected: Option<Timestamp>,
    down: Option<Timestamp>,
    decided: Option<Timestamp>,
    moved: Option<Timestamp>,
    recovered: Option<Timestamp>,
}

/// A drill under way.
pub struct Drill {
    world: World,
    life: Lifecycle,
    policy: FailoverPolicy,
    scenario: Scenario,
    people: People,
    probes: Probes,
    milestones: Milestones,
    findings: Vec<Finding>,
    assumptions: Vec<String>,
    accept: Vec<Acceptance>,
    today: Date,
    announced: Vec<Loss>,
    stranded: BTreeMap<String, u64>,
    /// Messages that the drain after the first move sent on.
    drained: Option<u64>,
    predictions: Vec<PredictionReport>,
    trouble: Vec<String>,
    /// Virtual time at which the scenario's clock stands at zero: the first preparation is over.
    opened: Option<Timestamp>,
    phase: String,
    prepared: bool,
}

impl Drill {
    /// Founds the workload in a fresh lab.
    pub fn new(setup: DrillSetup) -> Result<Self, DrillError> {
        let mut world = World::new(setup.workload, setup.strategies, setup.seed, setup.start);
        let regions =
            [&world.workload.primary.region, &world.workload.secondary.region].map(ToString::to_string);
        world.log.happens(
            world.now,
            "world",
            Tone::Plain,
            format!(
                "`{}` is deployed in {}; {} is its second region",
                world.workload.name, regions[0], regions[1]
            ),
        );
        world.found().map_err(DrillError::CannotDeploy)?;
        let mut assumptions = setup.assumptions;
        assumptions.extend(channels::make_traffic_possible(&mut world).map_err(DrillError::CannotDeploy)?);
        let probes = Probes::new(&world.workload, setup.policy.hold_down, world.seed);
        Ok(Self {
            life: Lifecycle::serving(Side::Primary),
            people: People::new(&setup.policy),
            policy: setup.policy,
            scenario: setup.scenario,
            probes,
            milestones: Milestones::default(),
            findings: Vec::new(),
            assumptions,
            accept: setup.accept,
            today: setup.today,
            announced: Vec::new(),
            stranded: BTreeMap::new(),
            drained: None,
            predictions: Vec::new(),
            trouble: Vec::new(),
            opened: None,
            phase: "preparing".to_owned(),
            prepared: false,
            world,
        })
    }

    /// Plays the drill to its end. `progress` is called now and then; when it answers false, the drill stops.
    pub fn play(
        mut self,
        progress: &mut dyn FnMut(&DrillProgress<'_>) -> bool,
    ) -> Result<DrillOutcome, DrillError> {
        self.assess();
        let (life, intentions) = Lifecycle::begin();
        self.life = life;
        if self.findings_allow_a_run() {
            self.carry_out(intentions);
        } else {
            self.open();
        }
        self.world.queue.at(self.world.now, Event::Probe);
        let mut events: u64 = 0;
        let mut shown = String::new();
        let mut until = self.deadline();
        while let Some((at, event)) = self.world.queue.next(until) {
            self.world.now = at;
            self.happens(event);
            until = self.deadline();
            events += 1;
            if events.is_multiple_of(4096) || shown != self.phase {
                shown.clone_from(&self.phase);
                if !progress(&self.progress()) {
                    return Err(DrillError::Interrupted);
                }
            }
        }
        self.world.now = until;
        self.close();
        Ok(self.sum_up())
    }

    fn progress(&self) -> DrillProgress<'_> {
        let whole = self.scenario.duration.as_secs_f64();
        let done = self.opened.map_or(0.0, |opened| self.world.now.duration_since(opened).as_secs_f64());
        DrillProgress { at: self.world.now, phase: &self.phase, share: (done / whole).clamp(0.0, 1.0) }
    }

    /// The end of the drill, or of waiting for the first preparation.
    fn deadline(&self) -> Timestamp {
        match self.opened {
            Some(opened) => opened + self.scenario.duration,
            None => self.world.start + SignedDuration::from_hours(12),
        }
    }

    fn assess(&mut self) {
        self.findings = assess(&self.world.workload, &self.world.inventory);
        accept(&mut self.findings, &self.accept, self.today);
    }

    fn findings_allow_a_run(&mut self) -> bool {
        let blocked: Vec<String> = blocking(&self.findings)
            .map(|finding| {
                let says = finding.evidence.first().map_or("", |evidence| evidence.says.as_str());
                format!("{} on `{}`: {says}; {}", finding.rule, finding.component, finding.remedy)
            })
            .collect();
        for says in &blocked {
            self.world.log.happens(
                self.world.now,
                "lifecycle",
                Tone::Bad,
                format!("cannot be protected: {says}"),
            );
        }
        self.trouble.extend(blocked.iter().map(|says| format!("cannot be protected: {says}")));
        blocked.is_empty()
    }

    /// The scenario's clock starts: clients begin to work, and everything that is to happen is scheduled.
    fn open(&mut self) {
        if self.opened.is_some() {
            return;
        }
        self.opened = Some(self.world.now);
        let scenario = &self.scenario.clients;
        let load = Load {
            producers: scenario.producers,
            consumers: scenario.consumers,
            messages_per_second: f64::from(scenario.messages_per_second),
            ignore_ttl_percent: scenario.ignore_ttl_percent,
        };
        let channels = channels::channels(&self.world.workload, &self.world.inventory);
        let clients = Clients::new(channels, load, self.world.seed);
        let (producers, consumers) = clients.counts();
        self.world.log.happens(
            self.world.now,
            "clients",
            Tone::Plain,
            format!("{producers} producers and {consumers} consumers work through the alias"),
        );
        self.world.open(clients);
        for (index, event) in self.scenario.events.iter().enumerate() {
            self.world.queue.at(self.world.now + event.at, Event::Scenario(index));
        }
        self.world.watch();
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Client(turn) => self.world.client(turn),
            Event::Run(number, post) => {
                if let Some(summary) = self.world.deliver(number, post) {
                    self.run_ended(number, &summary);
                }
            }
            Event::Probe => self.probe(),
            Event::Watch => self.world.watch(),
            Event::Scenario(index) => self.scene(index),
            Event::Answer(question) => self.answered(question),
            Event::Reminder => self.life_goes_on(Happened::Tick),
        }
    }

    /// Tells the lifecycle what happened and carries out what it intends.
    fn life_goes_on(&mut self, what: Happened) {
        let event = LifecycleEvent {
            at: self.world.now,
            protected: is_protected(&self.world.workload, &self.world.inventory),
            what,
        };
        match next(&self.life, &event, &self.policy) {
            Ok((life, intentions)) => {
                self.life = life;
                self.carry_out(intentions);
            }
            Err(error) => {
                self.world.log.happens(self.world.now, "lifecycle", Tone::Plain, format!("not now: {error}"));
            }
        }
    }

    fn carry_out(&mut self, intentions: Vec<Intention>) {
        for intention in intentions {
            self.world.log.detail(
                self.world.now,
                "lifecycle",
                "intends",
                serde_json::json!({ "intention": format!("{intention:?}") }),
            );
            match intention {
                Intention::RunPlan { kind, from, planned, .. } => self.run_plan(kind, from, planned),
                Intention::StopRun { kind } => self.stop_run(kind),
                Intention::WhenAnswers { side, first } => {
                    let region = &self.world.workload.site(side).region;
                    let says =
                        format!("when {region} answers again, {} runs before anything else", first.word());
                    self.world.log.happens(self.world.now, "lifecycle", Tone::Plain, says);
                }
                Intention::Ask(question) => self.ask(question, true),
                Intention::Tell(question) => self.ask(question, false),
                Intention::Withdraw(question) => self.people.withdraw(question),
                Intention::KeepSnapshot => {
                    self.world.look();
                    self.world.log.happens(
                        self.world.now,
                        "lifecycle",
                        Tone::Plain,
                        "keeps a snapshot outside the region",
                    );
                }
                Intention::Wait { until, .. } => {
                    if let Some(until) = until {
                        self.world.queue.at(until.max(self.world.now), Event::Reminder);
                    }
                }
            }
        }
    }

    fn run_plan(&mut self, kind: PlanKind, active: Side, planned: bool) {
        self.world.look();
        let returning = self.life.generation() > 0;
        let purpose = Purpose { kind, active, planned, returning };
        if matches!(kind, PlanKind::Fence | PlanKind::Drain) {
            self.count_stranded(active.other());
        }
        let says = self.says(purpose);
        self.phase.clone_from(&says);
        let started = self.world.plan(purpose).map_err(|error| error.to_string()).and_then(|plan| {
            if kind == PlanKind::Failover && self.announced.is_empty() {
                self.announce(&plan);
            }
            self.world.start(purpose, &says, plan)
        });
        match started {
            Ok(None) => {}
            Ok(Some((number, summary))) => self.run_ended(number, &summary),
            Err(why) => {
                self.world.log.happens(
                    self.world.now,
                    "engine",
                    Tone::Bad,
                    format!("{says}: no plan: {why}"),
                );
                self.trouble.push(format!("{says}: no plan: {why}"));
                self.finished(kind, RunOutcome::Failed(why));
            }
        }
    }

    fn says(&self, purpose: Purpose) -> String {
        let region = |side: Side| &self.world.workload.site(side).region;
        let (from, to) = (region(purpose.active), region(purpose.active.other()));
        match (purpose.kind, purpose.returning) {
            (PlanKind::Prepare, false) => format!("prepare {to}"),
            (PlanKind::Prepare, true) => format!("protect again in {to}"),
            (PlanKind::Failover, _) if purpose.planned => format!("move to {to}"),
            (PlanKind::Failover, _) => format!("fail over from {from} to {to}"),
            (PlanKind::Failback, _) => format!("go home to {to}"),
            (PlanKind::Fence, _) => format!("fence {to}"),
            (PlanKind::Drain, _) => format!("drain {to}"),
        }
    }

    /// What the operator is told before the button: from the plan, and the plan knows only what was observed.
    fn announce(&mut self, plan: &lifeboat_plan::Plan) {
        self.announced = plan.possible_losses();
        let stranded = || self.announced.iter().filter(|loss| loss.kind == LossKind::Stranded);
        let count: u64 = stranded().filter_map(|loss| loss.count).sum();
        let seen = stranded().filter_map(|loss| loss.observed_at).min();
        let age = seen.map_or_else(
            || "never seen".to_owned(),
            |at| format!("seen {} ago", brief(self.world.now.duration_since(at))),
        );
        let others = self.announced.len() - stranded().count();
        let others = if others > 0 { format!(", {others} other losses") } else { String::new() };
        let says = format!("announces before the button: {count} messages will be stranded ({age}){others}");
        self.world.log.happens(self.world.now, "engine", Tone::Plain, says);
        for loss in &self.announced {
            self.world.log.detail(
                self.world.now,
                "engine",
                "announces",
                serde_json::json!({ "loss": loss.to_string() }),
            );
        }
    }

    /// What the left side holds for real. Only a drill can know that.
    fn count_stranded(&mut self, left: Side) {
        if !self.stranded.is_empty() {
            return;
        }
        let held = self.world.lab.message_counts();
        for component in &self.world.workload.components {
            let Some(entities) = held.get(component.on(left).name()) else { continue };
            for (entity, counts) in entities {
                *self.stranded.entry(entity.clone()).or_insert(0) += counts.total();
            }
        }
    }

    fn stop_run(&mut self, kind: PlanKind) {
        let Some(number) = self.world.running() else { return };
        self.world.runs[number].ended = Some(self.world.now);
        self.world.log.happens(self.world.now, "engine", Tone::Bad, format!("{} is stopped", kind.word()));
        self.finished(kind, RunOutcome::Stopped);
    }

    fn run_ended(&mut self, number: usize, summary: &Summary) {
        let now = self.world.now;
        let run = &self.world.runs[number];
        let (purpose, says) = (run.purpose, run.says.clone());
        let took = now.duration_since(run.started);
        self.world.look();
        let outcome = match summary.end {
            RunEnd::Done => RunOutcome::Done,
            RunEnd::Degraded => RunOutcome::Partly(why(summary)),
            RunEnd::Failed => RunOutcome::Failed(why(summary)),
        };
        let (tone, word) = match &outcome {
            RunOutcome::Done => (Tone::Good, "done".to_owned()),
            RunOutcome::Partly(why) => (Tone::Plain, format!("degraded: {why}")),
            RunOutcome::Failed(why) => (Tone::Bad, format!("failed: {why}")),
            RunOutcome::Stopped => (Tone::Bad, "stopped".to_owned()),
        };
        self.world.log.happens(now, "engine", tone, format!("{says}: {word} after {}", brief(took)));
        if outcome == RunOutcome::Done {
            let run = &self.world.runs[number];
            self.predictions.extend(predictions(&says, &run.predicted, &self.world.inventory));
        } else {
            let trouble = format!("{says}: {word}");
            // The same failure, tried again, is one trouble.
            if !self.trouble.contains(&trouble) {
                self.trouble.push(trouble);
            }
        }
        if purpose.kind == PlanKind::Drain && self.drained.is_none() {
            self.drained = Some(self.world.ledger.drained_count());
        }
        if purpose.kind == PlanKind::Failover && self.milestones.moved.is_none() {
            self.milestones.moved = Some(now);
            self.people.moved_at = Some(now);
        }
        self.finished(purpose.kind, outcome);
    }

    fn finished(&mut self, kind: PlanKind, outcome: RunOutcome) {
        let first = kind == PlanKind::Prepare && !self.prepared;
        self.prepared |= kind == PlanKind::Prepare;
        "watching".clone_into(&mut self.phase);
        self.life_goes_on(Happened::RunFinished { kind, outcome });
        if first {
            self.open();
        }
    }

    fn inventory(&self) -> &Inventory {
        &self.world.inventory
    }

    fn ask(&mut self, question: Question, waits: bool) {
        let says = self.question(question);
        let number = self.people.ask(question, waits);
        self.world.log.happens(self.world.now, "lifecycle", Tone::Plain, says);
        if let Some(delay) = self.people.delay() {
            self.world.queue.at(self.world.now + delay, Event::Answer(number));
        }
    }
}

fn why(summary: &Summary) -> String {
    let bad = summary.outcomes.iter().filter(|(_, outcome)| !outcome.is_good());
    bad.map(|(step, outcome)| format!("{step} {outcome}")).take(3).collect::<Vec<_>>().join("; ")
}

/// A duration for a sentence: no fractions of seconds.
fn brief(duration: SignedDuration) -> String {
    format!("{:#}", SignedDuration::from_secs(duration.as_secs()))
}
