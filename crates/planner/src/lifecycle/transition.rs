//! The transition function.
//!
//! News about regions can come at any time: it is recorded first, and then weighed in the phase at hand. Everything that
//! ends (a run, a suspicion, a question) ends in [`Lifecycle::settle`], the one place that decides what comes next.

use jiff::Timestamp;
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
    pub(super) policy: &'a FailoverPolicy,
}

pub(super) fn next(state: &Lifecycle, event: &LifecycleEvent, policy: &FailoverPolicy) -> Next {
    let scene = Scene { at: event.at, protected: event.protected, policy };
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
            self.phase = Phase::Deciding { question: Question::Failback, until: None };
            intentions.push(Intention::Ask(Question::Failback));
        }
        (self, intentions)
    }

    fn nowhere_to_go(mut self) -> (Self, Vec<Intention>) {
        self.phase = Phase::Degraded { why: Trouble::NowhereToGo, fence: Fence::Open };
        let why = "both regions are lost: the first that answers decides".to_owned();
        (self, vec![Intention::Wait { until: None, why }])
    }

    /// The active region is lost, the other answers: who decides?
    fn decide(mut self, budget: Budget, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let ready = scene.protected && self.standby == Standby::Ready;
        let question = Question::Failover { to: self.other(), protected: ready };
        match scene.policy.policy {
            DecisionPolicy::Automatic if ready && budget == Budget::Within => self.fail_over(),
            DecisionPolicy::Manual => {
                self.phase = Phase::Deciding { question, until: None };
                (self, vec![Intention::Tell(question)])
            }
            DecisionPolicy::Propose | DecisionPolicy::Automatic => self.ask(question, scene),
        }
    }

    fn ask(mut self, question: Question, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        // At least a minute: a decision time of nothing must not ask at every tick.
        let patience = scene.policy.decision.max(jiff::SignedDuration::from_mins(1));
        self.phase = Phase::Deciding { question, until: Some(scene.at + patience) };
        (self, vec![Intention::Ask(question)])
    }

    /// Sets out for the other side. A side that is left without a plan and answers is fenced beside the failover, not
    /// after it: until then both could act.
    pub(super) fn fail_over(mut self) -> (Self, Vec<Intention>) {
        let planned = matches!(self.phase, Phase::Serving) && self.answers(self.active);
        let mut fence = self.fence();
        let run =
            Intention::RunPlan { kind: PlanKind::Failover, from: self.active, to: self.other(), planned };
        let intentions = match (planned, fence) {
            (false, Fence::Open) if self.answers(self.active) => {
                fence = Fence::Running;
                vec![self.fence_active(), run]
            }
            (false, Fence::Open) => {
                vec![run, Intention::WhenAnswers { side: self.active, first: PlanKind::Fence }]
            }
            _ => vec![run],
        };
        self.phase = Phase::FailingOver { planned, fence };
        self.stays_away = planned;
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

    fn set_fence(&mut self, to: Fence) {
        if let Phase::FailingOver { fence, .. } | Phase::Degraded { fence, .. } = &mut self.phase {
            *fence = to;
        }
    }

    /// The fence of the side that a failover leaves, while that side is still called active.
    fn fence_active(&self) -> Intention {
        Intention::RunPlan { kind: PlanKind::Fence, from: self.other(), to: self.active, planned: false }
    }

    // --- news about regions ------------------------------------------------------------------------------------

    fn suspected(mut self, side: Side, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let withdrawn = match self.phase {
            Phase::Serving if side == self.active => None,
            Phase::Deciding { question: Question::Failback, .. } if side == self.active => {
                Some(Intention::Withdraw(Question::Failback))
            }
            // Runs go on: their steps find out for themselves. Any other question stands.
            _ => return (self, Vec::new()),
        };
        self.phase = Phase::Suspecting { since: scene.at };
        let why = "a blip must not move the workload: the hold-down runs".to_owned();
        let wait = Intention::Wait { until: Some(scene.at + scene.policy.hold_down), why };
        (self, withdrawn.into_iter().chain([wait]).collect())
    }

    /// Records what is known about a region, then weighs it.
    fn health_is(mut self, side: Side, health: Health, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let (before, is_active) = (self.health(side), side == self.active);
        self.set_health(side, health);
        let was_lost = before != Health::Answers;
        let is_lost = health != Health::Answers;
        if is_lost && !is_active {
            // Whatever was done there may be undone when it returns: the next return starts with a fence again.
            self.standby = Standby::ToFence;
        }
        if is_lost && is_active && self.fence() == Fence::Closed {
            self.set_fence(Fence::Open);
        }
        if let Phase::Suspecting { .. } = self.phase {
            return if is_active { self.settle(scene) } else { (self, Vec::new()) };
        }
        if was_lost == is_lost {
            return (self, Vec::new());
        }
        match self.phase.clone() {
            Phase::Serving => self.settle(scene),
            Phase::Suspecting { .. } => unreachable!("weighed above"),
            Phase::Deciding { question, .. } => self.withdrawing(question, scene),
            Phase::Degraded { why, .. } => self.health_while_degraded(&why, is_active, scene),
            Phase::FailingOver { planned: false, fence: Fence::Open } if is_active && !is_lost => {
                self.set_fence(Fence::Running);
                let fence = self.fence_active();
                (self, vec![fence])
            }
            Phase::Preparing | Phase::Returning | Phase::Draining | Phase::Reprotecting
                if is_active && is_lost =>
            {
                let kind = self.phase.runs().expect("these phases run something");
                (self, vec![Intention::StopRun { kind }])
            }
            // Every other run carries on; what was recorded counts when it ends.
            _ => (self, Vec::new()),
        }
    }

    fn withdrawing(self, question: Question, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let (state, mut intentions) = self.settle(scene);
        intentions.insert(0, Intention::Withdraw(question));
        (state, intentions)
    }

    fn health_while_degraded(
        self,
        why: &Trouble,
        is_active: bool,
        scene: Scene<'_>,
    ) -> (Self, Vec<Intention>) {
        match why {
            Trouble::NowhereToGo => self.settle(scene),
            // Half a move is nobody's to undo but a person's, who can say something again once both regions answer.
            Trouble::RunFailed { kind, .. } if is_move(*kind) => {
                let both = self.answers(self.active) && self.answers(self.other());
                let question = Question::Again { kind: *kind };
                (self, if both { vec![Intention::Ask(question)] } else { Vec::new() })
            }
            Trouble::Declined { question: Question::Again { kind } } if is_move(*kind) => (self, Vec::new()),
            Trouble::RunFailed { kind, .. } => {
                let question = Question::Again { kind: *kind };
                self.withdrawing(question, scene)
            }
            Trouble::Declined { .. } if is_active || !self.answers(self.other()) => self.settle(scene),
            Trouble::Declined { .. } => (self, Vec::new()),
        }
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
            RunOutcome::Partly(why) | RunOutcome::Failed(why) => self.failed(kind, why, scene),
            RunOutcome::Stopped if moves => self.failed(kind, "it was stopped", scene),
            RunOutcome::Stopped => self.settle(scene),
        })
    }

    /// A run that failed here and was brought to its end by hand counts as any other; what else ends was never begun.
    fn run_by_hand(self, kind: PlanKind, outcome: &RunOutcome, scene: Scene<'_>) -> Next {
        let question = Question::Again { kind };
        let missed = match &self.phase {
            Phase::Degraded { why: Trouble::RunFailed { kind: failed, .. }, .. } => *failed == kind,
            Phase::Degraded { why: Trouble::Declined { question: declined }, .. } => *declined == question,
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
        let Some((expected, reached)) = progress(kind) else { return self.moved(scene) };
        // A region that went away meanwhile has put the fence first again: then this run counts for nothing.
        if self.standby == expected && self.answers(self.other()) {
            self.standby = reached;
        }
        self.settle(scene)
    }

    /// The workload serves from the other side now.
    fn moved(mut self, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let fence = self.fence();
        self.active = self.other();
        self.standby = if fence == Fence::Closed { Standby::ToDrain } else { Standby::ToFence };
        if fence == Fence::Running {
            // It ends as any fence does.
            self.phase = Phase::Returning;
            return (self, Vec::new());
        }
        self.settle(scene)
    }

    fn failed(mut self, kind: PlanKind, why: &str, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        if let Some((expected, _)) = progress(kind) {
            let lost = !(self.answers(self.active) && self.answers(self.other()));
            if lost || self.standby != expected {
                // The reason is known, and a person could not help: a region is away, or was away meanwhile.
                return self.settle(scene);
            }
        }
        let fence = self.fence();
        self.phase = Phase::Degraded { why: Trouble::RunFailed { kind, why: why.to_owned() }, fence };
        (self, vec![Intention::Ask(Question::Again { kind })])
    }

    // --- time --------------------------------------------------------------------------------------------------

    fn tick(self, scene: Scene<'_>) -> (Self, Vec<Intention>) {
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
            Phase::Deciding { question, until: Some(until) } if until <= scene.at => {
                self.ask(question, scene)
            }
            _ => (self, Vec::new()),
        }
    }
}
