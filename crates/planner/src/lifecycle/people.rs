//! The part of the transition function in which people decide: answers to questions, and wishes.

use std::mem;

use jiff::SignedDuration;
use lifeboat_plan::{PlanKind, duration};

use super::transition::{Next, Scene, is_move, not_ready};
use super::{
    Budget, Decision, Fence, Health, Intention, Lifecycle, LifecycleError, Phase, Question, Standby, Trouble,
    Wish,
};
use crate::topology::Side;
use crate::workload::FailoverPolicy;

/// After how long a run that somebody declined is asked for again, the first time; twice as long each further time.
const REASK: SignedDuration = SignedDuration::from_mins(30);
/// And no later than this.
const REASK_MOST: SignedDuration = SignedDuration::from_hours(2);

pub(super) fn may_decide(by: &str, policy: &FailoverPolicy) -> Result<(), LifecycleError> {
    let known = policy.approvers.is_empty() || policy.approvers.iter().any(|name| name.as_str() == by);
    if known { Ok(()) } else { Err(LifecycleError::NotAnApprover { by: by.to_owned() }) }
}

impl Lifecycle {
    pub(super) fn wished(self, wish: Wish, scene: Scene<'_>) -> Next {
        match wish {
            Wish::Move => self.move_wanted(scene),
            Wish::Failover => self.failover_wanted(),
            Wish::Failback => self.failback_wanted(scene),
        }
    }

    pub(super) fn open_question(&self) -> Option<Question> {
        match &self.phase {
            Phase::Deciding { question, .. } => Some(*question),
            Phase::Degraded { why: Trouble::RunFailed { kind, .. }, .. } => {
                Some(Question::Again { kind: *kind })
            }
            _ => None,
        }
    }

    pub(super) fn decided(mut self, question: Question, decision: Decision, scene: Scene<'_>) -> Next {
        if self.is_overtaken(scene) {
            // The answer comes too late: what it is about has happened.
            return Ok(self.make_way(scene));
        }
        if self.open_question() != Some(question) {
            return Err(self.illegal(format!("an answer to \"{question}\"")));
        }
        if decision == Decision::Declined {
            return Ok(self.declined(question, scene));
        }
        let moves = match question {
            Question::Failover { .. } | Question::Failback => true,
            Question::Again { kind } => is_move(kind),
        };
        if moves && !self.answers(self.other()) {
            return not_ready("the other region is lost");
        }
        if question == Question::Failback && !scene.protected {
            return not_ready("home is not ready");
        }
        // A run that is only repeated changes nothing of what somebody wished for.
        let repeats = matches!(question, Question::Again { kind } if kind != PlanKind::Failback);
        self.stays_away &= repeats;
        Ok(match question {
            Question::Failover { .. } | Question::Again { kind: PlanKind::Failover } => self.fail_over(),
            Question::Failback | Question::Again { kind: PlanKind::Failback } => self.fail_back(),
            // Not simply the same run: a region may have come and gone since.
            Question::Again { .. } => self.settle(scene),
        })
    }

    fn declined(mut self, question: Question, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let fence = self.fence();
        match question {
            Question::Failback => {
                self.stays_away = true;
                self.phase = Phase::Serving;
                let why = "it stays away, and is asked home again when somebody wants it".to_owned();
                (self, vec![Intention::Wait { until: None, why }])
            }
            // Half a move stays where it was, if it can; what was begun on the other side is undone by the cycle that
            // follows every move.
            Question::Again { kind }
                if is_move(kind) && fence == Fence::Open && self.answers(self.active) =>
            {
                // What was refused was not even begun.
                if self.unfinished {
                    self.standby = Standby::ToFence;
                }
                let next = if self.active != Side::Primary && !self.stays_away {
                    "is asked home when it is protected"
                } else {
                    "moves when somebody wants it to"
                };
                let why = format!("it stays where it serves, and {next}");
                let (state, mut intentions) = self.settle(scene);
                intentions.insert(0, Intention::Wait { until: None, why });
                (state, intentions)
            }
            _ => self.stays_degraded(question, scene),
        }
    }

    /// A no holds for what was known when it was said. A run that failed is asked for again after a while, each time
    /// later: capacity and quota come back without a word.
    fn stays_degraded(mut self, question: Question, scene: Scene<'_>) -> (Self, Vec<Intention>) {
        let why = match &self.phase {
            Phase::Degraded { why: Trouble::RunFailed { why, .. }, .. } => why.clone(),
            _ => String::new(),
        };
        let again = matches!(question, Question::Again { .. });
        let distance = REASK.saturating_mul(2_i32.saturating_pow(self.declined)).min(REASK_MOST);
        let until = again.then_some(scene.at + distance);
        self.declined = self.declined.saturating_add(u32::from(again));
        let why = Trouble::Declined { question, why, until };
        self.phase = Phase::Degraded { why, fence: self.fence() };
        let when = if again {
            format!("is looked at again in {}", duration(distance))
        } else {
            "is asked again when a region comes or goes, or when somebody wants to move".to_owned()
        };
        (self, vec![Intention::Wait { until, why: format!("it stays as it is, and {when}") }])
    }

    /// Asks again what somebody has said no to.
    pub(super) fn reopened(mut self, kind: PlanKind) -> (Self, Vec<Intention>) {
        if let Phase::Degraded { why, .. } = &mut self.phase
            && let Trouble::Declined { why: failed, .. } = why
        {
            *why = Trouble::RunFailed { kind, why: mem::take(failed) };
        }
        let intentions = self.ask_again(kind);
        (self, intentions)
    }

    fn fail_back(mut self) -> (Self, Vec<Intention>) {
        let run = self.run(PlanKind::Failback);
        self.phase = Phase::FailingBack;
        self.generation += 1;
        (self, vec![run])
    }

    fn move_wanted(mut self, scene: Scene<'_>) -> Next {
        if !self.answers(self.other()) {
            return not_ready("the other region is lost");
        }
        match &self.phase {
            Phase::Suspecting { .. } => {
                // The operator knows better than the detector, which still holds down; but who wants good order has not
                // said yes to what force costs.
                self.set_health(self.active, Health::Lost { budget: Budget::Exceeded });
                let why = "good order needs the region that serves, which does not answer".to_owned();
                let (state, mut intentions) = self.settle(scene);
                intentions.insert(0, Intention::Wait { until: None, why });
                return Ok((state, intentions));
            }
            Phase::Deciding { question: Question::Failover { .. }, .. } => {
                return not_ready(
                    "good order needs the region that serves, which is lost: a failover is asked for",
                );
            }
            Phase::Degraded {
                why: Trouble::Declined { question: Question::Failover { .. }, .. }, ..
            } => {
                // Asked, also where it would have been automatic before the no.
                self.set_health(self.active, Health::Lost { budget: Budget::Exceeded });
                return Ok(self.settle(scene));
            }
            Phase::Degraded {
                why: Trouble::Declined { question: Question::Again { kind: PlanKind::Failover }, .. },
                ..
            } => return Ok(self.reopened(PlanKind::Failover)),
            Phase::Serving => {}
            Phase::Deciding { .. } => return not_ready("the way home is asked for already"),
            _ => return Err(self.illegal("the wish to move")),
        }
        if self.active != Side::Primary {
            return not_ready("it is away from home: ask for the failback");
        }
        if !scene.protected || self.standby != Standby::Ready {
            return not_ready("the other side is not ready");
        }
        Ok(self.fail_over())
    }

    /// Only where it was asked for or told, or declined since: nobody wishes for what nobody was told the cost of.
    fn failover_wanted(self) -> Next {
        if !self.answers(self.other()) {
            return not_ready("the other region is lost");
        }
        match &self.phase {
            Phase::Deciding { question: Question::Failover { .. }, .. }
            | Phase::Degraded {
                why:
                    Trouble::Declined {
                        question: Question::Failover { .. } | Question::Again { kind: PlanKind::Failover },
                        ..
                    },
                ..
            } => Ok(self.fail_over()),
            _ => Err(self.illegal("the wish to fail over")),
        }
    }

    fn failback_wanted(mut self, scene: Scene<'_>) -> Next {
        if self.active == Side::Primary {
            return not_ready("it is at home");
        }
        if !(self.answers(Side::Primary) && self.standby == Standby::Ready && scene.protected) {
            return not_ready("home was not fenced, drained and prepared since it was left");
        }
        match self.phase {
            Phase::Serving | Phase::Deciding { question: Question::Failback, .. } => {}
            _ => return Err(self.illegal("the wish to go home")),
        }
        self.phase = Phase::Deciding { question: Question::Failback, until: None, times: 1 };
        Ok((self, vec![Intention::Ask(Question::Failback)]))
    }
}
