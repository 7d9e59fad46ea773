//! Shared looks: each read is looked at once at a time, and its answer serves every step that waits for it.
//!
//! A step says which look would do: one issued after a certain ticket. That is the whole of freshness: tickets are handed
//! out in order, so "issued after my request was answered" is a comparison of numbers and does not depend on clocks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Answer;
use lifeboat_plan::{Observation, Observations, ReadDraft, ReadId};

use crate::backoff;
use crate::schedule::Rank;

/// A step's wish for a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Want {
    /// Only a look issued after this ticket will do.
    pub(crate) after: u64,
    /// Not before this time.
    pub(crate) at: Timestamp,
    /// How much later is as good, if that lets others share it.
    pub(crate) slack: SignedDuration,
    /// How urgent the step is.
    pub(crate) rank: Rank,
}

/// A look that was answered.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) issued: u64,
    pub(crate) at: Timestamp,
    pub(crate) answer: Result<Answer, String>,
}

impl Seen {
    /// The answer, if it tells anything.
    pub(crate) fn telling(&self) -> Option<&Answer> {
        self.answer.as_ref().ok().filter(|answer| !answer.tells_nothing())
    }
}

#[derive(Debug)]
struct Shared {
    draft: ReadDraft,
    wants: BTreeMap<usize, Want>,
    /// The same wants by the latest time at which each should be served.
    latest: BTreeSet<(Timestamp, usize)>,
    busy: bool,
    seen: Option<Seen>,
    not_before: Timestamp,
    failures: u32,
    timer: Option<Timestamp>,
}

/// All reads of a run.
#[derive(Debug)]
pub(crate) struct Reads {
    shared: BTreeMap<ReadId, Shared>,
    timers: BTreeSet<(Timestamp, ReadId)>,
    seed: u64,
}

impl Reads {
    pub(crate) fn new(seed: u64) -> Self {
        Self { shared: BTreeMap::new(), timers: BTreeSet::new(), seed }
    }

    /// Declares a read.
    pub(crate) fn declare(&mut self, id: ReadId, draft: ReadDraft) {
        self.shared.entry(id).or_insert_with(|| Shared {
            draft,
            wants: BTreeMap::new(),
            latest: BTreeSet::new(),
            busy: false,
            seen: None,
            not_before: Timestamp::MIN,
            failures: 0,
            timer: None,
        });
    }

    pub(crate) fn draft(&self, id: &ReadId) -> Option<&ReadDraft> {
        self.shared.get(id).map(|shared| &shared.draft)
    }

    pub(crate) fn seen(&self, id: &ReadId) -> Option<&Seen> {
        self.shared.get(id)?.seen.as_ref()
    }

    /// The ticket of the latest answered look; 0 if there is none.
    pub(crate) fn issued(&self, id: &ReadId) -> u64 {
        self.seen(id).map_or(0, |seen| seen.issued)
    }

    /// Notes a wish, in place of the step's former one for the same read.
    pub(crate) fn want(&mut self, id: &ReadId, step: usize, want: Want) {
        let Some(shared) = self.shared.get_mut(id) else { return };
        if let Some(former) = shared.wants.insert(step, want) {
            if former == want {
                return;
            }
            shared.latest.remove(&(former.at + former.slack, step));
        }
        shared.latest.insert((want.at + want.slack, step));
        self.reschedule(id);
    }

    /// Withdraws a step's wish.
    pub(crate) fn unwant(&mut self, id: &ReadId, step: usize) {
        let Some(shared) = self.shared.get_mut(id) else { return };
        if let Some(former) = shared.wants.remove(&step) {
            shared.latest.remove(&(former.at + former.slack, step));
            self.reschedule(id);
        }
    }

    fn reschedule(&mut self, id: &ReadId) {
        let Some(shared) = self.shared.get_mut(id) else { return };
        let due = shared.due();
        if due != shared.timer {
            if let Some(former) = shared.timer.take() {
                self.timers.remove(&(former, id.clone()));
            }
            if let Some(due) = due {
                self.timers.insert((due, id.clone()));
            }
            shared.timer = due;
        }
    }

    /// The next read that is due; it is then busy until it is issued and answered, or dropped.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<ReadId> {
        if self.timers.first()?.0 > now {
            return None;
        }
        let (_, id) = self.timers.pop_first()?;
        let shared = self.shared.get_mut(&id)?;
        shared.timer = None;
        shared.busy = true;
        Some(id)
    }

    /// When the next read is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Whether a look is under way, or waits for a token.
    pub(crate) fn is_busy(&self, id: &ReadId) -> bool {
        self.shared.get(id).is_some_and(|shared| shared.busy)
    }

    /// Who waits for it, and how urgently.
    pub(crate) fn wanted_by(&self, id: &ReadId) -> impl Iterator<Item = (usize, Rank)> {
        let wants = self.shared.get(id).map(|shared| &shared.wants);
        wants.into_iter().flatten().map(|(&step, want)| (step, want.rank))
    }

    /// Whether this step waits for it.
    pub(crate) fn is_wanted_by(&self, id: &ReadId, step: usize) -> bool {
        self.shared.get(id).is_some_and(|shared| shared.wants.contains_key(&step))
    }

    /// Whether anybody still waits for it.
    pub(crate) fn is_wanted(&self, id: &ReadId) -> bool {
        self.shared.get(id).is_some_and(|shared| !shared.wants.is_empty())
    }

    /// It was due, but nobody waits for it any more.
    pub(crate) fn drop_due(&mut self, id: &ReadId) {
        if let Some(shared) = self.shared.get_mut(id) {
            shared.busy = false;
            self.reschedule(id);
        }
    }

    /// Takes an answer and tells which steps it serves.
    pub(crate) fn answered(
        &mut self,
        id: &ReadId,
        issued: u64,
        asked_at: Timestamp,
        now: Timestamp,
        answer: Result<Answer, String>,
    ) -> Vec<usize> {
        let seed = self.seed;
        let Some(shared) = self.shared.get_mut(id) else { return Vec::new() };
        shared.busy = false;
        let look = Seen { issued, at: asked_at, answer };
        let asked = look.answer.as_ref().ok().and_then(Answer::retry_after);
        if look.telling().is_some() {
            shared.failures = 0;
            shared.not_before = asked.map_or(now, |asked| now + asked);
        } else {
            shared.failures += 1;
            let own = backoff::pause(seed, issued, shared.failures);
            let pause = asked.map_or(own, |asked| backoff::after(asked, seed, issued, shared.failures));
            shared.not_before = now + pause;
        }
        shared.seen = Some(look);
        let served: Vec<usize> =
            shared.wants.iter().filter(|(_, want)| want.after < issued).map(|(&step, _)| step).collect();
        for step in &served {
            if let Some(want) = shared.wants.remove(step) {
                shared.latest.remove(&(want.at + want.slack, *step));
            }
        }
        self.reschedule(id);
        served
    }

    /// The reads as a step may see them: only looks issued after `floor`.
    pub(crate) fn since(&self, floor: u64) -> Since<'_> {
        Since { reads: self, floor }
    }
}

impl Shared {
    /// When to look next. One step alone is served on time; several wait for each other as long as none minds.
    fn due(&self) -> Option<Timestamp> {
        if self.busy {
            return None;
        }
        let wanted = match self.wants.len() {
            0 => return None,
            1 => self.wants.values().next()?.at,
            _ => self.latest.first()?.0,
        };
        Some(wanted.max(self.not_before))
    }
}

/// Reads seen from a step's point of view.
pub(crate) struct Since<'a> {
    reads: &'a Reads,
    floor: u64,
}

impl Observations for Since<'_> {
    fn latest(&self, read: &ReadId) -> Option<Observation<'_>> {
        let seen = self.reads.seen(read).filter(|seen| seen.issued > self.floor)?;
        Some(Observation { at: seen.at, answer: seen.answer.as_ref().map_err(String::as_str) })
    }
}
