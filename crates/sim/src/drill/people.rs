//! The people of a drill: who is asked, who answers, and when. The lifecycle asks before a run, steps may ask during one.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::mem;

use jiff::{SignedDuration, Timestamp};
use lifeboat_engine::Decision as RunDecision;
use lifeboat_plan::PlanKind;
use lifeboat_planner::lifecycle::{Decision, Happened, Question, RunOutcome, Standby, Wish};
use lifeboat_planner::{FailoverPolicy, Side};

use super::{Drill, brief};
use crate::log::Tone;
use crate::scenario::Answers;
use crate::station::StepAsks;
use crate::world::Event;

/// The people.
pub(super) struct People {
    name: String,
    answers: Answers,
    after: SignedDuration,
    open: Vec<Asked>,
    /// What steps of runs asked while nobody was there, with the run's number.
    unanswered: Vec<(usize, StepAsks)>,
    /// How often each kind of run has failed in a row, and why the last time.
    failures: BTreeMap<PlanKind, (u32, String)>,
    /// After how many failures of a kind they said no last: asked once more without another one, they try it again.
    declined: BTreeMap<PlanKind, u32>,
}

struct Asked {
    question: Question,
    /// When it was put first.
    at: Timestamp,
    /// Whether Lifeboat waits for the answer; else it only told, and the next step is the person's own.
    waits: bool,
    /// Answered, withdrawn, or replaced by a later one.
    settled: bool,
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
            unanswered: Vec::new(),
            failures: BTreeMap::new(),
            declined: BTreeMap::new(),
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

    /// The numbers of the questions that stand open.
    fn standing(&self) -> Vec<usize> {
        let open = self.open.iter().enumerate().filter(|(_, asked)| !asked.settled);
        open.map(|(number, _)| number).collect()
    }

    /// The number of a question that is new; a reminder of one that is open has none.
    pub(super) fn ask(&mut self, now: Timestamp, question: Question, waits: bool) -> Option<usize> {
        if self.open.iter().any(|asked| asked.question == question && !asked.settled) {
            return None;
        }
        let same = |asked: &&mut Asked| mem::discriminant(&asked.question) == mem::discriminant(&question);
        for replaced in self.open.iter_mut().filter(same) {
            replaced.settled = true;
        }
        self.open.push(Asked { question, at: now, waits, settled: false });
        Some(self.open.len() - 1)
    }

    /// A run has ended.
    pub(super) fn saw(&mut self, kind: PlanKind, outcome: &RunOutcome) {
        match outcome {
            RunOutcome::Done => {
                self.failures.remove(&kind);
                self.declined.remove(&kind);
            }
            RunOutcome::Partly(why) | RunOutcome::Failed(why) | RunOutcome::Refused(why) => {
                let (times, last) = self.failures.entry(kind).or_default();
                *times += 1;
                last.clone_from(why);
            }
            RunOutcome::Stopped => {}
        }
    }

    /// How often a kind of run has failed since it last succeeded, and why the last time.
    pub(super) fn failed(&self, kind: PlanKind) -> Option<(u32, &str)> {
        self.failures.get(&kind).map(|(times, why)| (*times, why.as_str()))
    }

    /// Whether it was open: what was answered or withdrawn before needs no second word.
    pub(super) fn withdraw(&mut self, question: Question) -> bool {
        let mut open = self.open.iter_mut().filter(|asked| asked.question == question && !asked.settled);
        let was_open = open.next().map(|asked| asked.settled = true).is_some();
        open.for_each(|asked| asked.settled = true);
        was_open
    }

    /// After how long they answer; never, when nobody is there.
    pub(super) fn delay(&self) -> Option<SignedDuration> {
        (self.answers != Answers::Nobody).then_some(self.after)
    }
}

impl Drill {
    /// A question in words.
    pub(super) fn question(&self, question: Question, waits: bool) -> String {
        let region = |side| &self.world.workload.site(side).region;
        match question {
            Question::Failover { to, protected } => {
                // The standby may be as it should be, and its region not.
                let ready = if protected && self.shaky(to).is_none() {
                    "is ready".to_owned()
                } else {
                    format!("is NOT known to be ready: {}", self.why_not_ready(to))
                };
                let seen = self.is_seen_by_some(to.other()).map_or(String::new(), |seen| format!(" {seen};"));
                let to = region(to);
                if waits {
                    format!("asks: fail over to {to}? It {ready};{seen}")
                } else {
                    format!("tells: {to} {ready}, and nothing is done before a person starts it;{seen}")
                }
            }
            Question::Failback => {
                let known = [self.lost_lately(Side::Primary), self.shaky(Side::Primary)];
                let known: Vec<String> = known.into_iter().flatten().collect();
                if known.is_empty() {
                    return "asks: go home?".to_owned();
                }
                format!("asks: go home? {};", known.join(", and "))
            }
            Question::Again { kind: kind @ PlanKind::Failover } => {
                let to = self.life.active().other();
                let what = if self.life.would_be_planned() { "move" } else { "failover" };
                let known = self.failed_and_why(kind, to);
                format!("asks: run the {what} to {} again?{known}", region(to))
            }
            Question::Again { kind: kind @ PlanKind::Failback } => {
                format!("asks: run {} again?{}", kind.word(), self.failed_and_why(kind, Side::Primary))
            }
            Question::Again { kind } => format!("asks: run the {} again?", kind.word()),
        }
    }

    /// What a person who is asked for another attempt must know: what became of the last, and what is known of the region.
    fn failed_and_why(&self, kind: PlanKind, to: Side) -> String {
        let last = self.world.runs.iter().rev().find(|run| run.purpose.kind == kind);
        let took = last.and_then(|run| Some(brief(run.ended?.duration_since(run.started))));
        let failed = match (self.people.failed(kind), took) {
            (None | Some((0, _)), _) => None,
            (Some((1, _)), Some(took)) => Some(format!("It failed after {took}")),
            (Some((times, _)), Some(took)) => Some(format!("It failed {times} times, the last after {took}")),
            (Some((times, _)), None) => Some(format!("It failed {}", counted_times(times))),
        };
        let known: Vec<String> = [failed, self.shaky(to)].into_iter().flatten().collect();
        if known.is_empty() { String::new() } else { format!(" {};", known.join("; ")) }
    }

    /// A question whose cause has gone is taken back, and whoever was asked is told.
    pub(super) fn withdraw(&mut self, question: Question) {
        if !self.people.withdraw(question) {
            return;
        }
        let region = |side| &self.world.workload.site(side).region;
        let what = match question {
            Question::Failover { to, .. } => format!("fail over to {}?", region(to)),
            Question::Failback => "go home?".to_owned(),
            Question::Again { kind } => format!("run {} again?", kind.word()),
        };
        let says = format!("takes back what it asked: {what}");
        self.world.log.happens(self.world.now, "lifecycle", Tone::Plain, says);
    }

    /// What is known that speaks against a side.
    fn why_not_ready(&self, side: Side) -> String {
        let mut reasons: Vec<String> = self.shaky(side).into_iter().collect();
        let failed = [PlanKind::Prepare, PlanKind::Drain, PlanKind::Fence]
            .into_iter()
            .find_map(|kind| Some((kind, self.people.failed(kind)?)));
        if let Some((kind, (times, why))) = failed {
            let why = why.trim_end_matches('.');
            reasons.push(format!("{} failed {}, the last time: {why}", kind.word(), counted_times(times)));
        } else {
            reasons.extend(match self.life.standby() {
                Standby::ToFence => Some("it was not fenced since it was left or lost".to_owned()),
                Standby::ToDrain => Some("it was not drained since it was left or lost".to_owned()),
                Standby::ToPrepare => Some("it was not prepared since it was left or lost".to_owned()),
                Standby::Ready => None,
            });
        }
        if reasons.is_empty() {
            reasons.push("pairs, replication or backups do not stand by the last look".to_owned());
        }
        reasons.join(", and ")
    }

    /// Waiting may settle a question about a failover by itself: the region that is lost answers again.
    pub(super) fn may_settle_itself(&self, question: Question) -> Option<String> {
        let about =
            matches!(question, Question::Failover { .. } | Question::Again { kind: PlanKind::Failover });
        self.answers_again(self.life.active()).filter(|_| about)
    }

    /// From now on people answer like this. Whoever comes where nobody was finds questions that stand open, and answers them.
    pub(super) fn people_behave(&mut self, answers: Answers, after: SignedDuration) {
        let nobody_was_there = self.people.answers == Answers::Nobody;
        self.people.behave(answers, after);
        let Some(delay) = self.people.delay().filter(|_| nobody_was_there) else { return };
        let at = self.world.now + delay;
        for number in self.people.standing() {
            self.world.queue.at(at, Event::Answer(number));
        }
        for (run, asked) in mem::take(&mut self.people.unanswered) {
            self.world.queue.at(at, Event::Decides(run, asked));
        }
    }

    /// What steps of a run want to know reaches the people at once.
    pub(super) fn pass_questions_on(&mut self) {
        for (run, asked) in mem::take(&mut self.world.asked) {
            let says = format!("{} asks: {}", asked.step, asked.text);
            self.world.log.happens(self.world.now, "engine", Tone::Plain, says);
            match self.people.delay() {
                Some(delay) => self.world.queue.at(self.world.now + delay, Event::Decides(run, asked)),
                None => self.people.unanswered.push((run, asked)),
            }
        }
    }

    /// A person answers what a step of a run asked.
    pub(super) fn decides(&mut self, run: usize, asked: &StepAsks) {
        let (word, answer) = match self.people.answers {
            Answers::Approve => ("yes", RunDecision::Approved),
            Answers::Decline => ("no", RunDecision::Declined),
            Answers::Nobody => {
                self.people.unanswered.push((run, asked.clone()));
                return;
            }
        };
        if self.world.runs[run].ended.is_some() {
            return;
        }
        let (by, after) = (self.people.name.clone(), brief(self.people.after));
        let says = format!("{by} answers {word} to {}, {after} after being asked", asked.step);
        self.world.log.happens(self.world.now, "operator", Tone::Plain, says);
        if let Some(summary) = self.world.decide(run, asked, &by, answer) {
            self.run_ended(run, &summary);
        }
    }

    /// A person answers.
    pub(super) fn answered(&mut self, number: usize) {
        let Some(asked) = self.people.open.get_mut(number).filter(|asked| !asked.settled) else { return };
        let decision = match self.people.answers {
            Answers::Approve => Decision::Approved,
            Answers::Decline => Decision::Declined,
            // Whoever comes later finds it open.
            Answers::Nobody => return,
        };
        asked.settled = true;
        let (question, waits, since) = (asked.question, asked.waits, asked.at);
        let by = self.people.name.clone();
        // The same run is not tried for ever: a person who has seen it fail three times says no, and tries it once more each
        // time that it is asked again later.
        let again = match question {
            Question::Again { kind } => self.people.failed(kind).map(|(times, _)| (kind, times)),
            _ => None,
        };
        let failed = again.map_or(0, |(_, times)| times);
        let stops = again.filter(|(kind, times)| *times > 2 && self.people.declined.get(kind) != Some(times));
        let tries = stops.is_none();
        self.people.declined.extend(stops);
        let decision = if tries { decision } else { Decision::Declined };
        let after = brief(self.world.now.duration_since(since));
        let says = match (decision, waits) {
            (Decision::Approved, true) => format!("{by} answers yes, {after} after being asked"),
            (Decision::Approved, false) => format!("{by} starts it by hand, {after} after being told"),
            (Decision::Declined, _) if !tries => {
                format!("{by} answers no, {after} after being asked: it has failed {failed} times in a row")
            }
            (Decision::Declined, _) => format!("{by} answers no, {after} after being asked"),
        };
        self.world.log.happens(self.world.now, "operator", Tone::Plain, says);
        if matches!(question, Question::Failover { .. }) && decision == Decision::Approved {
            self.milestones.decided.get_or_insert(self.world.now);
            // Whoever decides while the hold-down still runs ends it.
            self.milestones.down.get_or_insert(self.world.now);
        }
        let marks = &mut self.milestones;
        if waits && marks.began.is_some_and(|began| began <= since) && marks.moved.is_none() {
            // From a "no" to the next answer it is their time, too.
            let since = marks.declined.take().map_or(since, |declined| declined.min(since));
            marks.waited += self.world.now.duration_since(since);
            marks.declined = (decision == Decision::Declined).then_some(self.world.now);
        }
        let happened = match (question, waits) {
            // Told, not asked: the person acts by hand.
            (Question::Failover { .. }, false) if decision == Decision::Approved => {
                Happened::OperatorAsks { wish: Wish::Failover, by }
            }
            _ => Happened::Decided { question, decision, by },
        };
        if decision == Decision::Declined {
            // What follows from a no is said after every one.
            self.last_said.remove("wait");
        }
        self.life_goes_on(happened);
        if decision == Decision::Declined && question == (Question::Again { kind: PlanKind::Failover }) {
            self.stays_where_it_serves();
        }
    }
}

fn counted_times(times: u32) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}
