//! The people of a drill: who is asked, who answers, and when.

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::PlanKind;
use lifeboat_planner::FailoverPolicy;
use lifeboat_planner::lifecycle::{Decision, Happened, Question, Wish};

use super::{Drill, brief};
use crate::log::Tone;
use crate::scenario::Answers;

/// The people.
pub(super) struct People {
    name: String,
    answers: Answers,
    after: SignedDuration,
    open: Vec<Asked>,
    pub(super) moved_at: Option<Timestamp>,
}

struct Asked {
    question: Question,
    /// Whether Lifeboat waits for the answer; else it only told, and the next step is the person's own.
    waits: bool,
    withdrawn: bool,
}

impl People {
    pub(super) fn new(policy: &FailoverPolicy) -> Self {
        Self {
            name: policy
                .approvers
                .first()
                .map_or_else(|| "operator".to_owned(), |name| name.as_str().to_owned()),
            answers: Answers::Approve,
            after: SignedDuration::from_mins(4),
            open: Vec::new(),
            moved_at: None,
        }
    }

    /// From now on they answer like this.
    pub(super) fn behave(&mut self, answers: Answers, after: SignedDuration) {
        self.answers = answers;
        self.after = after;
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn ask(&mut self, question: Question, waits: bool) -> usize {
        self.open.push(Asked { question, waits, withdrawn: false });
        self.open.len() - 1
    }

    pub(super) fn withdraw(&mut self, question: Question) {
        for asked in self.open.iter_mut().filter(|asked| asked.question == question) {
            asked.withdrawn = true;
        }
    }

    /// After how long they answer; never, when nobody is there.
    pub(super) fn delay(&self) -> Option<SignedDuration> {
        (self.answers != Answers::Nobody).then_some(self.after)
    }
}

impl Drill {
    /// A question in words.
    pub(super) fn question(&self, question: Question) -> String {
        let region = |side| &self.world.workload.site(side).region;
        match question {
            Question::Failover { to, protected } => {
                let ready = if protected { "it is ready" } else { "it is NOT known to be ready" };
                format!("asks: fail over to {}? ({ready})", region(to))
            }
            Question::Failback => "asks: go home?".to_owned(),
            Question::Again { kind } => format!("asks: run {} again?", kind.word()),
        }
    }

    /// A person answers.
    pub(super) fn answered(&mut self, number: usize) {
        let Some(asked) = self.people.open.get(number).filter(|asked| !asked.withdrawn) else { return };
        let (question, waits) = (asked.question, asked.waits);
        let by = self.people.name.clone();
        let decision = match self.people.answers {
            Answers::Approve => Decision::Approved,
            Answers::Decline => Decision::Declined,
            Answers::Nobody => return,
        };
        // The same run is not tried for ever: a person who sees it fail again stops.
        let decision = match question {
            Question::Again { kind } if self.failures(kind) > 2 => Decision::Declined,
            _ => decision,
        };
        let word = if decision == Decision::Approved { "yes" } else { "no" };
        let says = format!("{by} answers {word}, {} after being asked", brief(self.people.after));
        self.world.log.happens(self.world.now, "operator", Tone::Plain, says);
        if matches!(question, Question::Failover { .. }) && decision == Decision::Approved {
            self.milestones.decided.get_or_insert(self.world.now);
        }
        let happened = match (question, waits) {
            // Told, not asked: the person acts by hand.
            (Question::Failover { .. }, false) if decision == Decision::Approved => {
                Happened::OperatorAsks { wish: Wish::Move, by }
            }
            _ => Happened::Decided { question, decision, by },
        };
        self.life_goes_on(happened);
    }

    fn failures(&self, kind: PlanKind) -> usize {
        self.world.runs.iter().filter(|run| run.purpose.kind == kind).count()
    }
}
