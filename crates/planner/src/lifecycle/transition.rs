//! The transition function.
//!
//! News about regions (`regions.rs`) and answers (`people.rs`) can come at any time. Everything that
//! ends (a run, a suspicion, a question) ends in [`Lifecycle::settle`], the one place that decides what comes next.

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::PlanKind;

use super::people::may_decide;
use super::{
    Budget, Fence, Happened, Health, Intention, Lifecycle, LifecycleError, LifecycleEvent, Phase, Question,
    RunOutcome, Standby, Trouble,
};
use crate::topology::Side;
use crate::workload::{DecisionPolicy, FailoverPolicy};

pub(super) type Next = Result<(Lifecycle, Vec<Intention>), LifecycleError>;

/// What a transition may look at besides the state.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) at: Timestamp,
    pub(super) protected: bool,
    pub(super) leads: Option<Side>,
    pub(super) policy: &'a FailoverPolicy,
}

pub(super) fn next(state: &Lifecycle, event: &LifecycleEvent, policy: &FailoverPolicy) -> Next {
    let scene = Scene { at: event.at, protected: event.protected, leads: event.leads, policy };
    let state = state.clone();
    match &event.what {
        Happened::RunFinished { kind, outcome } => state.run_finished(*kind, outcome, scene),
        Happened::Suspected(side) => Ok(state.suspected(*side, scene)),
        Happened::Flapped(side) | Happened::Returned(side) => {
            Ok(state.health_is(*side, Health::Answers, scene))
        }
        Happened::Down { side, budget } => {
            Ok(state.health_is(*side, Health::Lost { budget: *budget }, scene))
        }
        Happened::Decided { question, decision, by } => {
            may_decide(by, policy)?;
            state.decided(*question, *decision, scene)
        }
        Happened::OperatorAsks { wish, by } => {
            may_decide(by, policy)?;
            state.wished(*wish, scene)
        }
        Happened::Tick => Ok(state.tick(scene)),
    }
}

pub(super) fn not_ready(why: &'static str) -> Next {
    Err(LifecycleError::NotReady { why })
}

pub(super) fn is_move(kind: PlanKind) -> bool {
    matches!(kind, PlanKind::Failover | PlanKind::Failback)
}

/// From where to where a run brings the standby side; none for moves.
fn progress(kind: PlanKind) -> Option<(Standby, Standby)> {
    match kind {
        PlanKind::Fence => Some((Standby::ToFence, Standby::ToDrain)),
        PlanKind::Drain => Some((Standby::ToDrain, Standby::ToPrepare)),
        PlanKind::Prepare => Some((Standby::ToPrepare, Standby::Ready)),
        PlanKind::Failover | PlanKind::Failback => None,
    }
}

impl Lifecycle {
    pub(super) fn other(&self) -> Side {
        self.active.other()
    }

    pub(super) fn answers(&self, side: Side) -> bool {
        self.health(side) == Health::Answers
    }

    pub(super) fn set_health(&mut self, side: Side, health: Health) {
        match side {
            Side::Primary => self.primary = health,
            Side::Secondary => self.secondary = health,
        }
    }

    pub(super) fn illegal(&self, event: impl Into<String>) -> LifecycleError {
        LifecycleError::Illegal { phase: self.phase.to_string(), event: event.into() }
    }

    /// The plan of this kind, seen from here.
    pub(super) fn run(&self, kind: PlanKind) -> Intention {
        let planned = self.answers(self.active) && self.answers(self.other());
        Intention::RunPlan { kind, from: self.active, to: self.other(), planned }
    }

    // --- what comes next ---------------------------------------------------------------------------------------

    /// Decides what to do when nothing is under way.
    pub(super) fn settle(mut self, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        if self.is_overtaken(scene) {
            return self.follow(scene);
        }
        let other = self.other();
        self.phase = Phase::Serving;
        if let Health::Lost { budget } = self.health(self.active) {
            return if self.answers(other) { self.decide(budget, scene) } else { self.nowhere_to_go() };
        }
        if !self.answers(other) {
            let watch = Intention::WhenAnswers { side: other, first: PlanKind::Fence };
            return (self, vec![watch]);
        }
        let (phase, kind) = match self.standby {
            Standby::ToFence => (Phase::Returning, PlanKind::Fence),
            Standby::ToDrain => (Phase::Draining, PlanKind::Drain),
            Standby::ToPrepare if self.generation == 0 => (Phase::Preparing, PlanKind::Prepare),
            Standby::ToPrepare => (Phase::Reprotecting, PlanKind::Prepare),
            Standby::Ready => return self.rest(scene),
        };
        self.phase = phase;
        let run = self.run(kind);
        (self, vec![run])
    }

    /// Both regions answer and every run is done.
    fn rest(mut self, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        if !scene.protected {
            let why = "pairs, replication or backups do not stand yet".to_owned();
            return (self, vec![Intention::Wait { until: None, why }]);
        }
        let mut intentions = vec![Intention::KeepSnapshot];
        if self.active != Side::Primary && !self.stays_away {
            self.phase = Phase::Deciding { question: Question::Failback, until: None, times: 1 };
            intentions.push(Intention::Ask(Question::Failback));
        }
        (self, intentions)
    }

    fn nowhere_to_go(mut self) -> (Self, Vec<Intention>) {
        self.phase = Phase::Degraded { why: Trouble::NowhereToGo, fence: Fence::Open };
        // A fence keeps a side from harming the one that serves: none does.
        let why = "both regions are lost: the first that answers decides, and no fence runs before that";
        let why = why.to_owned();
        (self, vec![Intention::Wait { until: None, why }])
    }

    /// The active region is lost, the other answers: who decides?
    fn decide(mut self, budget: Budget, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let ready = scene.protected && self.standby == Standby::Ready;
        let question = Question::Failover { to: self.other(), protected: ready };
        match scene.policy.policy {
            DecisionPolicy::Automatic if ready && budget == Budget::Within => self.fail_over(),
            DecisionPolicy::Manual => {
                self.phase = Phase::Deciding { question, until: None, times: 1 };
                (self, vec![Intention::Tell(question)])
            }
            DecisionPolicy::Propose | DecisionPolicy::Automatic => self.ask(question, scene),
        }
    }

    fn ask(mut self, question: Question, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let before = match self.phase {
            Phase::Deciding { question: asked, times, .. } if asked == question => times,
            _ => 0,
        };
        // At least a minute: a decision time of nothing must not ask at every tick. Whoever did not hear the first
        // reminder is not woken by the tenth: each comes later than the last, and none later than an hour.
        let patience = scene.policy.decision.max(SignedDuration::from_mins(1));
        let most = patience.max(SignedDuration::from_hours(1));
        let distance = patience.saturating_mul(2_i32.saturating_pow(before)).min(most);
        let (until, times) = (Some(scene.at + distance), before.saturating_add(1));
        self.phase = Phase::Deciding { question, until, times };
        (self, vec![Intention::Ask(question)])
    }

    /// Sets out for the other side: by choice while the active side answers, also when an earlier attempt was not.
    /// Where that side is fenced already, or being fenced, nothing is left to be gentle with.
    pub(super) fn fail_over(mut self) -> (Self, Vec<Intention>) {
        let (planned, fence) = (self.would_be_planned(), self.fence());
        let run =
            Intention::RunPlan { kind: PlanKind::Failover, from: self.active, to: self.other(), planned };
        let mut intentions = vec![run];
        if !planned && fence == Fence::Open {
            intentions.push(Intention::WhenAnswers { side: self.active, first: PlanKind::Fence });
        }
        // What was wished for once is still wished for when it is tried again.
        self.stays_away = planned && (self.stays_away || matches!(self.phase, Phase::Serving));
        self.phase = Phase::FailingOver { planned, fence };
        self.generation += 1;
        (self, intentions)
    }

    /// What became of the side that a failover leaves, or was to leave.
    pub(super) fn fence(&self) -> Fence {
        match self.phase {
            Phase::FailingOver { fence, .. } | Phase::Degraded { fence, .. } => fence,
            _ => Fence::Open,
        }
    }

    pub(super) fn set_fence(&mut self, to: Fence) {
        if let Phase::FailingOver { fence, .. } | Phase::Degraded { fence, .. } = &mut self.phase {
            *fence = to;
        }
    }

    /// The fence of the side that a failover leaves, while that side is still called active.
    pub(super) fn fence_active(&self) -> Intention {
        Intention::RunPlan { kind: PlanKind::Fence, from: self.other(), to: self.active, planned: false }
    }

    // --- runs --------------------------------------------------------------------------------------------------

    fn run_finished(mut self, kind: PlanKind, outcome: &RunOutcome, scene: Scene<'_>) -> Next {
        if kind == PlanKind::Fence && self.fence() == Fence::Running {
            // A fence that failed is run again after the failover, before anything else.
            self.set_fence(if *outcome == RunOutcome::Done { Fence::Closed } else { Fence::Open });
            return Ok((self, Vec::new()));
        }
        if self.phase.runs() != Some(kind) {
            return self.run_by_hand(kind, outcome, scene);
        }
        let moves = is_move(kind);
        Ok(match outcome {
            RunOutcome::Done => self.done(kind, scene),
            RunOutcome::Partly(_) if moves => self.done(kind, scene),
            RunOutcome::Partly(why) | RunOutcome::Failed(why) => self.failed(kind, why, true, scene),
            RunOutcome::Refused(why) => self.failed(kind, why, false, scene),
            RunOutcome::Stopped if moves => self.failed(kind, "it was stopped", true, scene),
            RunOutcome::Stopped => self.settle(scene),
        })
    }

    /// A run that failed here and was brought to its end by hand counts as any other; what else ends was never begun.
    fn run_by_hand(self, kind: PlanKind, outcome: &RunOutcome, scene: Scene<'_>) -> Next {
        let question = Question::Again { kind };
        let missed = match &self.phase {
            Phase::Degraded { why: Trouble::RunFailed { kind: failed, .. }, .. } => *failed == kind,
            Phase::Degraded { why: Trouble::Declined { question: declined, .. }, .. } => {
                *declined == question
            }
            _ => false,
        };
        if !missed || *outcome != RunOutcome::Done {
            return Err(self.illegal(format!("the end of a {} run", kind.word())));
        }
        let open = self.open_question();
        let (state, mut intentions) = self.done(kind, scene);
        intentions.splice(0..0, open.map(Intention::Withdraw));
        Ok((state, intentions))
    }

    fn done(mut self, kind: PlanKind, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        self.declined = 0;
        let Some((expected, reached)) = progress(kind) else { return self.moved(scene) };
        // A region that went away meanwhile has put the fence first again: then this run counts for nothing.
        if self.standby == expected && self.answers(self.other()) {
            self.standby = reached;
        }
        // A pair that stands again has no failover under way.
        self.unfinished &= !(self.standby == Standby::Ready && scene.protected);
        self.settle(scene)
    }

    /// The workload serves from the other side now.
    pub(super) fn moved(mut self, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let fence = self.fence();
        self.active = self.other();
        self.unfinished = false;
        self.standby = if fence == Fence::Closed { Standby::ToDrain } else { Standby::ToFence };
        if fence == Fence::Running {
            // It ends as any fence does, and at once where the side that took over was lost meanwhile.
            let stop = (!self.answers(self.active)).then_some(Intention::StopRun { kind: PlanKind::Fence });
            self.phase = Phase::Returning;
            return (self, stop.into_iter().collect());
        }
        self.settle(scene)
    }

    fn failed(mut self, kind: PlanKind, why: &str, begun: bool, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        if let Some((expected, _)) = progress(kind) {
            let lost = !(self.answers(self.active) && self.answers(self.other()));
            if lost || self.standby != expected {
                // The reason is known, and a person could not help: a region is away, or was away meanwhile.
                return self.settle(scene);
            }
        }
        self.unfinished |= is_move(kind) && begun;
        if self.is_overtaken(scene) {
            return self.follow(scene);
        }
        let planned = matches!(self.phase, Phase::FailingBack | Phase::FailingOver { planned: true, .. });
        if planned && !self.answers(self.active) {
            // Good order cannot be had any more, however often it is tried: the loss is decided as any other.
            return self.settle(scene);
        }
        self.phase =
            Phase::Degraded { why: Trouble::RunFailed { kind, why: why.to_owned() }, fence: self.fence() };
        let intentions = self.ask_again(kind);
        (self, intentions)
    }

    /// Whether a run of this kind could begin: nothing moves into a region that is lost.
    pub(super) fn can_start(&self, kind: PlanKind) -> bool {
        !is_move(kind) || self.answers(self.other())
    }

    /// Asks whether a run that failed shall run again; a question to which a yes could not be followed is kept for
    /// later.
    pub(super) fn ask_again(&self, kind: PlanKind) -> Vec<Intention> {
        if self.can_start(kind) {
            return vec![Intention::Ask(Question::Again { kind })];
        }
        let why = format!("the {} cannot start again before the region it leads to answers", kind.word());
        vec![Intention::Wait { until: None, why }]
    }

    // --- time --------------------------------------------------------------------------------------------------

    fn tick(self, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        if self.is_overtaken(scene) {
            return self.make_way(scene);
        }
        match self.phase {
            Phase::Serving if self.answers(self.other()) => {
                let (state, mut intentions) = self.settle(scene);
                // Said once is enough.
                intentions.retain(|intention| !matches!(intention, Intention::Wait { .. }));
                (state, intentions)
            }
            Phase::Deciding { question: Question::Failback, .. } if scene.protected => {
                (self, vec![Intention::KeepSnapshot])
            }
            Phase::Deciding { question: Question::Failback, .. } => {
                self.withdrawing(Question::Failback, scene)
            }
            Phase::Deciding { question, until: Some(until), .. } if until <= scene.at => {
                self.ask(question, scene)
            }
            Phase::Degraded {
                why: Trouble::Declined { question: Question::Again { kind }, until: Some(until), .. },
                ..
            } if until <= scene.at && self.can_start(kind) => self.reopened(kind),
            _ => (self, Vec::new()),
        }
    }
}
