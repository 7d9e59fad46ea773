//! The drill: a workload's life under a scenario. What happens goes into the lifecycle, what it intends is carried out.
//!
//! Here: the storyline and its bookkeeping. Not here: deciding what comes next (the planner's lifecycle does, the same on
//! the day), how a run is executed (`station.rs`), what a region's loss does (the lab).

mod episodes;
mod invariants;
mod kept;
mod moves;
mod opening;
mod outage;
mod people;
mod probes;
mod runs;
mod scene;
mod standing;
mod summing_up;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{PlanKind, duration as brief};
use lifeboat_planner::lifecycle::{Happened, Intention, Lifecycle, LifecycleEvent, Phase, Question, next};
use lifeboat_planner::{
    Acceptance, FailoverPolicy, Finding, Inventory, Side, StrategyKind, Workload, accept, assess, blocking,
    is_protected, leads,
};

use crate::log::Tone;
use crate::refused::Refused;
use crate::report::{DrillReport, Missing, PredictionReport, RtoTerms};
use crate::scenario::Scenario;
use crate::world::{Event, World};

use episodes::Episode;
use invariants::Breaches;
use kept::Kept;
use moves::{Announcement, Move};
use outage::Milestones;
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
    CannotDeploy(Refused),
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

/// A drill under way.
pub struct Drill {
    world: World,
    life: Lifecycle,
    policy: FailoverPolicy,
    scenario: Scenario,
    people: People,
    probes: Probes,
    milestones: Milestones,
    /// Outages that were over when the next began.
    episodes: Vec<Episode>,
    findings: Vec<Finding>,
    assumptions: Vec<String>,
    accept: Vec<Acceptance>,
    today: Date,
    moves: Vec<Move>,
    /// What people were told with the question that is open.
    said: Option<Announcement>,
    missing_at_recovery: Option<Missing>,
    /// The failover plan that was made while all was well.
    kept: Option<Kept>,
    /// What the recovery was forecast to take, when it began to count.
    forecast: Option<RtoTerms>,
    /// What was said last of a kind that need not be said again.
    last_said: BTreeMap<&'static str, String>,
    predictions: Vec<PredictionReport>,
    trouble: Vec<String>,
    breaches: Breaches,
    /// Which of it came from runs of a kind that may yet succeed, with the side that served: the other region that is made
    /// ready later does not help this one.
    curable: BTreeMap<(PlanKind, Side), Vec<String>>,
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
        let probes = Probes::new(&world.workload, setup.policy.hold_down, setup.seed);
        let mut drill = Self {
            life: Lifecycle::serving(Side::Primary),
            people: People::new(&setup.policy),
            policy: setup.policy,
            scenario: setup.scenario,
            probes,
            milestones: Milestones::default(),
            episodes: Vec::new(),
            findings: Vec::new(),
            assumptions: setup.assumptions,
            accept: setup.accept,
            today: setup.today,
            moves: Vec::new(),
            said: None,
            missing_at_recovery: None,
            kept: None,
            forecast: None,
            last_said: BTreeMap::new(),
            predictions: Vec::new(),
            trouble: Vec::new(),
            breaches: Breaches::default(),
            curable: BTreeMap::new(),
            opened: None,
            phase: "preparing".to_owned(),
            prepared: false,
            world,
        };
        drill.assess();
        // Where no run is allowed nothing is measured, and nothing is added to measure with.
        if !drill.is_forbidden() {
            let added = drill.world.make_traffic_possible();
            drill.assumptions.extend(added.map_err(|why| DrillError::CannotDeploy(Refused::from(why)))?);
            drill.assess();
        }
        Ok(drill)
    }

    /// Plays the drill to its end. `progress` is called now and then; when it answers false, the drill stops.
    pub fn play(
        mut self,
        progress: &mut dyn FnMut(&DrillProgress<'_>) -> bool,
    ) -> Result<DrillOutcome, DrillError> {
        self.begin();
        let mut events: u64 = 0;
        let mut shown = String::new();
        while self.goes_on() {
            events += 1;
            if events.is_multiple_of(4096) || shown != self.phase {
                shown.clone_from(&self.phase);
                if !progress(&self.progress()) {
                    return Err(DrillError::Interrupted);
                }
            }
        }
        Ok(self.end())
    }

    fn begin(&mut self) {
        let (life, intentions) = Lifecycle::begin();
        self.life = life;
        self.before_prepare();
        if self.findings_allow_a_run() {
            self.carry_out(intentions);
        } else {
            self.open();
        }
        self.pass_questions_on();
        self.world.queue.at(self.world.now, Event::Probe);
    }

    /// The next thing happens. False when nothing more does before the end.
    fn goes_on(&mut self) -> bool {
        let Some((at, event)) = self.world.queue.next(self.deadline()) else { return false };
        self.world.now = at;
        self.happens(event);
        true
    }

    fn end(mut self) -> DrillOutcome {
        self.world.now = self.deadline();
        self.close();
        self.sum_up()
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

    /// Whether a rule forbids every run.
    fn is_forbidden(&self) -> bool {
        blocking(&self.findings).next().is_some()
    }

    fn findings_allow_a_run(&mut self) -> bool {
        // What one rule says of both sides of a component is one reason, with one remedy.
        let mut found: Vec<(&Finding, Vec<&str>)> = Vec::new();
        for finding in blocking(&self.findings) {
            let says = finding.evidence.first().map_or("", |evidence| evidence.says.trim_end_matches('.'));
            let same = |one: &Finding| {
                (&one.rule, &one.component, &one.remedy)
                    == (&finding.rule, &finding.component, &finding.remedy)
            };
            match found.iter_mut().find(|(one, _)| same(one)) {
                Some((_, all)) => all.push(says),
                None => found.push((finding, vec![says])),
            }
        }
        let blocked: Vec<String> = found
            .into_iter()
            .map(|(finding, says)| {
                let says = says.join(", ");
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

    fn happens(&mut self, event: Event) {
        match event {
            Event::Client(turn) => self.world.client(turn),
            Event::Run(number, post) => {
                if let Some(summary) = self.world.deliver(number, post) {
                    self.run_ended(number, &summary);
                }
            }
            Event::Probe => self.probe(),
            Event::Watch => {
                self.world.watch();
                self.may_break();
                self.notice_late_move();
            }
            Event::Scenario(index) => self.scene(index),
            Event::Answer(question) => self.answered(question),
            Event::Decides(run, asked) => self.decides(run, &asked),
            Event::Reminder => self.life_goes_on(Happened::Tick),
        }
        self.pass_questions_on();
        self.check_when_due();
    }

    /// Tells the lifecycle what happened and carries out what it intends.
    fn life_goes_on(&mut self, what: Happened) {
        let event = LifecycleEvent {
            at: self.world.now,
            protected: is_protected(&self.world.workload, &self.world.inventory),
            leads: leads(&self.world.workload, &self.world.inventory),
            what,
        };
        match next(&self.life, &event, &self.policy) {
            Ok((life, intentions)) => {
                self.life = life;
                self.carry_out(intentions);
                self.say_what_goes_on();
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
                serde_json::json!({ "intention": intention }),
            );
            match intention {
                Intention::RunPlan { kind, from, planned, .. } => self.run_plan(kind, from, planned),
                Intention::StopRun { kind } => self.stop_run(kind),
                Intention::WhenAnswers { side, first } => {
                    let region = &self.world.workload.site(side).region;
                    let says =
                        format!("when {region} answers again, {} runs before anything else", first.word());
                    self.say_once("return", says);
                }
                Intention::Ask(question) => self.ask(question, true),
                Intention::Tell(question) => self.ask(question, false),
                Intention::Withdraw(question) => self.withdraw(question),
                Intention::Follow { to } => self.follow(to),
                Intention::KeepSnapshot => self.keep_snapshot(),
                Intention::Wait { until, why } => {
                    self.say_once("wait", why);
                    if let Some(until) = until {
                        self.world.queue.at(until.max(self.world.now), Event::Reminder);
                    }
                }
            }
        }
    }

    fn inventory(&self) -> &Inventory {
        &self.world.inventory
    }

    /// Says what was not the last thing said of its kind.
    fn say_once(&mut self, kind: &'static str, says: String) {
        if self.last_said.get(kind) != Some(&says) {
            self.world.log.happens(self.world.now, "lifecycle", Tone::Plain, says.clone());
            self.last_said.insert(kind, says);
        }
    }

    fn ask(&mut self, question: Question, waits: bool) {
        let said = [Some(self.question(question, waits)), self.announce_for(question)];
        let mut says = said.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if let Some(meanwhile) = self.may_settle_itself(question) {
            says = format!("{says}; {meanwhile}");
        }
        self.world.log.happens(self.world.now, "lifecycle", Tone::Plain, says);
        if let Phase::Deciding { until: Some(until), .. } = self.life.phase() {
            self.world.queue.at((*until).max(self.world.now), Event::Reminder);
        }
        let Some(number) = self.people.ask(self.world.now, question, waits) else { return };
        if let Some(delay) = self.people.delay() {
            self.world.queue.at(self.world.now + delay, Event::Answer(number));
        }
    }
}
