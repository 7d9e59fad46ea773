//! What the conditions of a step say, and what is kept from the reads.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{Action, CaptureFrom, Condition, Hole, ReadDraft, ReadId, Streaks, Truth, evaluate};

use crate::effect::Secret;
use crate::engine::Engine;
use crate::reads::Want;
use crate::record::Captured;

/// What looking at both conditions says about a step of whose own action nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The change is complete.
    Done,
    /// It holds now, and has to hold a while longer.
    Holding,
    /// The change is under way.
    UnderWay,
    /// Something forbids it.
    Refused(String),
    /// Nobody can tell.
    Unknown(String),
    /// Neither done nor under way.
    Neither,
}

/// The shortest and the longest time between two rounds of looks.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);
const LONGEST: SignedDuration = SignedDuration::from_secs(30);

impl Engine {
    /// Evaluates `done_when`, then `started_when`.
    ///
    /// A condition that looks at nothing tells nothing (what only its own act can make true, such as an approval or a
    /// restart), and one whose reads need what only the act captures cannot hold before the act.
    pub(crate) fn verdict(&mut self, index: usize) -> Verdict {
        let mut done_streaks = std::mem::take(&mut self.volatile[index].done_streaks);
        let mut started_streaks = std::mem::take(&mut self.volatile[index].started_streaks);
        let way = self.run.steps[index].way();
        let seen = self.reads.since(self.volatile[index].floor);
        let known = self.known();
        let look = |condition: &Condition, streaks: &mut _| {
            if condition.reads().is_empty() {
                return Truth::NotMet;
            }
            match evaluate(condition, &seen, &known, streaks) {
                Truth::Unknown(_) if self.is_unborn(index, condition) => Truth::NotMet,
                truth => truth,
            }
        };
        let verdict = match look(&way.done_when, &mut done_streaks) {
            Truth::Met => Verdict::Done,
            Truth::Refused(why) => Verdict::Refused(why),
            Truth::Unknown(why) => Verdict::Unknown(why),
            Truth::NotMet | Truth::Partly { .. } => {
                let now_at_least = momentary(&way.done_when);
                if now_at_least.is_some_and(|now| look(&now, &mut Streaks::default()).is_met()) {
                    Verdict::Holding
                } else {
                    match way.started_when.as_ref().map(|started| look(started, &mut started_streaks)) {
                        Some(Truth::Met) => Verdict::UnderWay,
                        Some(Truth::Refused(why)) => Verdict::Refused(why),
                        Some(Truth::Unknown(why)) => Verdict::Unknown(why),
                        None | Some(Truth::NotMet | Truth::Partly { .. }) => Verdict::Neither,
                    }
                }
            }
        };
        let verdict = match verdict {
            Verdict::Neither | Verdict::Unknown(_) => self.guarded(index, verdict),
            decided => decided,
        };
        self.volatile[index].done_streaks = done_streaks;
        self.volatile[index].started_streaks = started_streaks;
        verdict
    }

    /// What forbade a stage forbids each of its steps, at the moment when it is to act: between the expansion and that
    /// moment may lie a pause, or a takeover, and the world may have changed.
    fn guarded(&self, index: usize, verdict: Verdict) -> Verdict {
        let seen = self.reads.since(self.volatile[index].floor);
        let known = self.known();
        let mut unknown = None;
        for guard in self.guards(index) {
            match evaluate(guard, &seen, &known, &mut Streaks::default()) {
                Truth::Refused(why) => return Verdict::Refused(why),
                Truth::Unknown(why) => unknown = unknown.or(Some(why)),
                Truth::Met | Truth::NotMet | Truth::Partly { .. } => {}
            }
        }
        unknown.map_or(verdict, Verdict::Unknown)
    }

    /// Whether nobody can tell if what forbids its stage has come about: then nothing is sent again, harmless or not.
    pub(crate) fn is_in_the_dark(&self, index: usize) -> bool {
        matches!(self.guarded(index, Verdict::Neither), Verdict::Unknown(_))
    }

    /// What must never be seen while a stage's steps act: the refusals among the conditions of the stages above.
    fn guards(&self, index: usize) -> impl Iterator<Item = &Condition> {
        let parent = |index: usize| self.run.steps[index].parent;
        let above = std::iter::successors(parent(index), move |&stage| parent(stage));
        above.flat_map(|stage| self.run.steps[stage].way().done_when.refusals())
    }

    /// Evaluates `done_when` of a step that has acted.
    pub(crate) fn is_done(&mut self, index: usize) -> Truth {
        let mut streaks = std::mem::take(&mut self.volatile[index].done_streaks);
        let seen = self.reads.since(self.volatile[index].floor);
        let truth = evaluate(&self.run.steps[index].way().done_when, &seen, &self.known(), &mut streaks);
        self.volatile[index].done_streaks = streaks;
        truth
    }

    /// Whether a condition's reads need something that only the step itself captures, and has not yet.
    fn is_unborn(&self, index: usize, condition: &Condition) -> bool {
        let id = &self.run.steps[index].step.id;
        condition.reads().into_iter().filter_map(|read| self.run.reads.get(read)).any(|draft: &ReadDraft| {
            draft.holes().iter().any(|hole| {
                matches!(hole, Hole::Captured(step, _) if step == id) && hole.fill(&self.known()).is_err()
            })
        })
    }

    /// The reads of `done_when`.
    pub(crate) fn done_reads(&self, index: usize) -> BTreeSet<ReadId> {
        self.run.steps[index].way().done_when.reads().into_iter().cloned().collect()
    }

    /// The reads of both conditions.
    pub(crate) fn condition_reads(&self, index: usize) -> BTreeSet<ReadId> {
        let started = self.run.steps[index].way().started_when.as_ref();
        let mut reads = self.done_reads(index);
        reads.extend(started.into_iter().flat_map(Condition::reads).cloned());
        reads.extend(self.guards(index).flat_map(Condition::reads).cloned());
        reads
    }

    /// The reads without which a step does not act.
    pub(crate) fn reads_before_acting(&self, index: usize) -> BTreeSet<ReadId> {
        let way = self.run.steps[index].way();
        let mut reads = self.condition_reads(index);
        reads.extend(way.captures.iter().filter_map(|capture| match &capture.from {
            CaptureFrom::Read(read, _) => Some(read.clone()),
            CaptureFrom::Answer(_) => None,
        }));
        if let Action::Expand(stage) = &way.action {
            reads.extend(stage.reads.iter().cloned());
        }
        reads
    }

    /// Takes the captures that come from reads; or says which read does not tell.
    pub(crate) fn capture_from_reads(&mut self, index: usize) -> Result<Captured, ReadId> {
        let run = &self.run.steps[index];
        let floor = self.volatile[index].floor;
        let mut captured = Captured::new();
        for capture in &run.way().captures {
            let CaptureFrom::Read(read, pointer) = &capture.from else { continue };
            let seen = self.reads.seen(read).filter(|seen| seen.issued > floor);
            let answer = seen.and_then(|seen| seen.telling()).ok_or_else(|| read.clone())?;
            let Some(value) = answer.body.pointer(pointer).cloned() else { continue };
            if capture.secret {
                self.private.insert((run.step.id.clone(), capture.name.clone()), Secret::new(value));
            } else {
                captured.insert(capture.name.clone(), value);
            }
        }
        Ok(captured)
    }

    /// Keeps looking: asks for the next round of looks, and says whether the round before is complete.
    pub(crate) fn poll(&mut self, index: usize, reads: &BTreeSet<ReadId>, now: Timestamp) -> bool {
        let mut state = std::mem::take(&mut self.volatile[index]);
        let complete = reads.iter().all(|read| {
            // What nobody declares will never be answered.
            self.reads.issued(read) > state.cursor || self.reads.draft(read).is_none()
        });
        if complete {
            state.rounds += 1;
            state.cursor = self.newest();
            let asked = reads.iter().filter_map(|read| self.reads.seen(read)?.telling()?.retry_after()).max();
            state.poll_next = now + asked.unwrap_or(state.interval);
            state.interval = (state.interval * 5 / 4).min(self.longest_interval(index));
        }
        let want = Want {
            after: state.cursor,
            at: state.poll_next,
            slack: if state.rounds == 0 && state.poll_next <= state.entered {
                SignedDuration::ZERO
            } else {
                state.interval / 4
            },
            rank: self.look_rank(index),
        };
        for read in reads {
            if self.reads.issued(read) <= state.cursor {
                self.want(read, index, want);
            }
        }
        for read in state.wanting.difference(reads) {
            self.reads.unwant(read, index);
        }
        state.wanting.clone_from(reads);
        self.volatile[index] = state;
        complete
    }

    /// The first interval between rounds of looks while a change is under way.
    pub(crate) fn first_interval(&self, index: usize) -> SignedDuration {
        let typical = self.run.steps[index].way().forecast.typical;
        (typical / 8).clamp(SHORTEST, SignedDuration::from_secs(15)).min(self.longest_interval(index))
    }

    /// Looks often enough for whatever has to hold for a time.
    fn longest_interval(&self, index: usize) -> SignedDuration {
        held(&self.run.steps[index].way().done_when).map_or(LONGEST, |held| held.clamp(SHORTEST, LONGEST))
    }
}

/// The condition without its times: what has to hold now. None if it has none.
fn momentary(condition: &Condition) -> Option<Condition> {
    fn strip(condition: &Condition) -> Condition {
        match condition {
            Condition::All(inner) => Condition::All(inner.iter().map(strip).collect()),
            Condition::Any(inner) => Condition::Any(inner.iter().map(strip).collect()),
            Condition::Not(inner) => Condition::Not(Box::new(strip(inner))),
            Condition::Never { seen, why } => {
                Condition::Never { seen: Box::new(strip(seen)), why: why.clone() }
            }
            Condition::Held { of, .. } => strip(of),
            Condition::Each { .. } | Condition::Test { .. } => condition.clone(),
        }
    }
    held(condition).map(|_| strip(condition))
}

/// The shortest time between looks that anything in a condition asks for.
fn held(condition: &Condition) -> Option<SignedDuration> {
    match condition {
        Condition::All(inner) | Condition::Any(inner) => inner.iter().filter_map(held).min(),
        Condition::Not(inner) | Condition::Never { seen: inner, .. } => held(inner),
        Condition::Held { n, over, .. } => {
            Some(*over / i32::try_from(n.saturating_sub(1).max(1)).unwrap_or(i32::MAX))
        }
        Condition::Each { .. } | Condition::Test { .. } => None,
    }
}
