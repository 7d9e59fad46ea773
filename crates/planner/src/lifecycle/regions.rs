//! The part of the transition function in which regions come and go: what is known is recorded, and then weighed in the
//! phase at hand.

use lifeboat_plan::PlanKind;

use super::transition::{Scene, is_move};
use super::{Fence, Health, Intention, Lifecycle, Phase, Question, Standby, Trouble};
use crate::topology::Side;

impl Lifecycle {
    pub(super) fn suspected(mut self, side: Side, scene: Scene<'_>) -> (Self, Vec<Intention>) {
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
    pub(super) fn health_is(
        mut self,
        side: Side,
        health: Health,
        scene: Scene<'_>,
    ) -> (Self, Vec<Intention>) {
        let (before, is_active) = (self.health(side), side == self.active);
        let was_planned = self.would_be_planned();
        self.set_health(side, health);
        let was_lost = before != Health::Answers;
        let is_lost = health != Health::Answers;
        if is_lost && !is_active {
            // Whatever was done there may be undone when it returns: the next return starts with a fence again.
            self.standby = Standby::ToFence;
        }
        let moves = matches!(self.phase, Phase::FailingOver { .. } | Phase::FailingBack);
        if was_lost && !is_lost && is_active && self.unfinished && !moves {
            // It serves again where it was: what half a move began on the other side is undone by the whole cycle.
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
        // What somebody said no to before was another matter.
        self.declined = 0;
        match self.phase.clone() {
            Phase::Serving => self.settle(scene),
            Phase::Suspecting { .. } => unreachable!("weighed above"),
            Phase::Deciding { question, .. } => self.withdrawing(question, scene),
            Phase::Degraded { why, .. } => self.health_while_degraded(&why, is_active, was_planned, scene),
            // Good order needs the side that is left: its run would ask it for hours, and the workload serve nowhere.
            // It is stopped now, and its end decides what to do about the loss. Once clients are led away it is past
            // that.
            Phase::FailingBack | Phase::FailingOver { planned: true, .. }
                if is_active && is_lost && !self.has_turned(scene) =>
            {
                let kind = self.phase.runs().expect("a move runs");
                (self, vec![Intention::StopRun { kind }])
            }
            Phase::FailingOver { planned: false, fence: Fence::Open } if is_active && !is_lost => {
                self.set_fence(Fence::Running);
                let fence = self.fence_active();
                (self, vec![fence])
            }
            // None of these can end without both regions: it is stopped now, and begun again when they answer, instead
            // of running into its deadline.
            Phase::Preparing | Phase::Returning | Phase::Draining | Phase::Reprotecting if is_lost => {
                let kind = self.phase.runs().expect("these phases run something");
                (self, vec![Intention::StopRun { kind }])
            }
            Phase::FailingOver { fence: Fence::Running, .. } if is_active && is_lost => {
                (self, vec![Intention::StopRun { kind: PlanKind::Fence }])
            }
            // Every other run carries on; what was recorded counts when it ends.
            _ => (self, Vec::new()),
        }
    }

    pub(super) fn withdrawing(self, question: Question, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let (state, mut intentions) = self.settle(scene);
        intentions.insert(0, Intention::Withdraw(question));
        (state, intentions)
    }

    fn health_while_degraded(
        self,
        why: &Trouble,
        is_active: bool,
        was_planned: bool,
        scene: Scene<'_>,
    ) -> (Self, Vec<Intention>) {
        match why {
            Trouble::NowhereToGo => self.settle(scene),
            // Who was asked about a move in good order was not asked about one by force: that is another question.
            Trouble::RunFailed { kind, .. } if is_move(*kind) && was_planned && is_active => {
                self.withdrawing(Question::Again { kind: *kind }, scene)
            }
            Trouble::RunFailed { kind, .. } if is_move(*kind) => self.half_moved(*kind),
            Trouble::Declined { question: Question::Again { kind }, .. } if is_move(*kind) => {
                self.half_moved_and_declined(*kind, scene)
            }
            Trouble::RunFailed { kind, .. } => {
                let question = Question::Again { kind: *kind };
                self.withdrawing(question, scene)
            }
            Trouble::Declined { .. } if is_active || !self.answers(self.other()) => self.settle(scene),
            Trouble::Declined { .. } => (self, Vec::new()),
        }
    }

    /// Half a move is nobody's to undo but a person's, who is asked as soon as it can go on, and not before.
    fn half_moved(self, kind: PlanKind) -> (Self, Vec<Intention>) {
        let intentions = self.ask_again(kind);
        if self.can_start(kind) {
            return (self, intentions);
        }
        let withdrawn = Intention::Withdraw(Question::Again { kind });
        (self, [withdrawn].into_iter().chain(intentions).collect())
    }

    /// The no was said to what was then: where the move was to leave, is well again, it stays there; else it is asked
    /// again.
    fn half_moved_and_declined(mut self, kind: PlanKind, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        if self.answers(self.active) && self.fence() == Fence::Open {
            if self.unfinished {
                self.standby = Standby::ToFence;
            }
            return self.settle(scene);
        }
        if !self.can_start(kind) {
            return (self, Vec::new());
        }
        self.reopened(kind)
    }
}
