//! One outage after the other: each is held against the recovery time, not the first alone.
//!
//! Here: when the clock of an outage starts anew, and what is said of every outage after the first. Not here: what one outage
//! is made of (`outage.rs`), which silences clients saw (the ledger).

#[cfg(test)]
mod tests;

use std::mem;

use jiff::{SignedDuration, Timestamp};

use super::outage::Milestones;
use super::{Drill, brief};
use crate::report::{Gap, LaterOutage, Missing, RtoTerms, RunReport};

/// An outage and how it ended, as far as it has.
#[derive(Debug, Default)]
pub(super) struct Episode {
    pub(super) marks: Milestones,
    /// What the recovery was forecast to take, when it began to count.
    pub(super) forecast: Option<RtoTerms>,
    /// What was out of reach when service was back.
    pub(super) missing: Option<Missing>,
}

impl Drill {
    /// Before something is lost or left: what is over by then is an outage of its own. One is over when a failover has ended
    /// it, or when what was lost has been back for as long as it takes to believe that.
    pub(super) fn close_what_is_over(&mut self) {
        let marks = &self.milestones;
        let believed = |back: Timestamp| self.world.now.duration_since(back) >= self.policy.hold_down;
        let by_itself = marks.back_by_itself && marks.restored.is_some_and(believed);
        if marks.recovered.is_none() && !by_itself {
            return;
        }
        let over = Episode {
            marks: mem::take(&mut self.milestones),
            forecast: self.forecast.take(),
            missing: self.missing_at_recovery.take(),
        };
        self.episodes.push(over);
    }

    /// All outages, in order, the last included. Of moves without a loss only the first is kept, when there is no loss at all.
    pub(super) fn all_episodes(&mut self) -> Vec<Episode> {
        let last = Episode {
            marks: mem::take(&mut self.milestones),
            forecast: self.forecast.take(),
            missing: self.missing_at_recovery.take(),
        };
        let mut all = mem::take(&mut self.episodes);
        all.push(last);
        let first = all.iter().position(|one| one.marks.lost.is_some()).unwrap_or_default();
        let mut index = 0;
        all.retain(|one| {
            index += 1;
            index - 1 == first || one.marks.lost.is_some()
        });
        all
    }

    /// Every outage after the first, and every silence beyond the recovery time that belongs to none that was judged so.
    pub(super) fn later_outages(&self, episodes: &[Episode], runs: &[RunReport]) -> Vec<LaterOutage> {
        let asked = self.world.workload.objectives.rto;
        let mut later: Vec<LaterOutage> = episodes[1..]
            .iter()
            .filter_map(|one| {
                let from = one.marks.lost?;
                let actual = self.actual(&one.marks, runs);
                let without = self.unrecovered(&one.marks);
                let lasted = actual.as_ref().map(RtoTerms::total).or(without)?;
                let met = lasted <= asked && (actual.is_some() || self.is_back(&one.marks));
                let says = match (&actual, met) {
                    (Some(_), true) => "a failover ended it".to_owned(),
                    (Some(_), false) => {
                        format!("recovery took {}, {} were asked", brief(lasted), brief(asked))
                    }
                    (None, true) => "it ended by itself".to_owned(),
                    (None, false) => self.why_unrecovered(&one.marks, lasted, asked),
                };
                Some(LaterOutage { from, lasted, met, says, actual, missing: one.missing })
            })
            .collect();
        // What is judged too long already need not be told twice.
        let mut judged: Vec<Gap> = later
            .iter()
            .filter(|one| !one.met)
            .map(|one| Gap { from: one.from, to: one.from + one.lasted })
            .collect();
        if let Some(first) = episodes.first()
            && let Some(from) = first.marks.lost
        {
            let total = self.actual(&first.marks, runs).as_ref().map(RtoTerms::total);
            let lasted = total.or(self.unrecovered(&first.marks)).unwrap_or_default();
            if lasted > asked {
                judged.push(Gap { from, to: from + lasted });
            }
        }
        let losses: Vec<Timestamp> = episodes.iter().filter_map(|one| one.marks.lost).collect();
        for gap in outages(&self.world.ledger.gaps) {
            // The last send before a loss may lie a while before it.
            let lost = losses.iter().copied().filter(|lost| gap.from <= *lost && *lost < gap.to).min();
            let from = lost.unwrap_or(gap.from);
            let lasted = gap.to.duration_since(from);
            let told = judged.iter().any(|one| one.from < gap.to && gap.from < one.to);
            if lasted > asked && !told {
                let until = if gap.to < self.world.now { "" } else { ", until the end of the drill" };
                let says =
                    format!("nobody could send for {}{until}; {} were asked", brief(lasted), brief(asked));
                later.push(LaterOutage { from, lasted, met: false, says, actual: None, missing: None });
            }
        }
        later.sort_by_key(|one| one.from);
        later
    }

    /// Each later outage that was too long, as a reason.
    pub(super) fn missed_later(&self, later: &[LaterOutage]) -> Vec<String> {
        let opened = self.opened.unwrap_or(self.world.start);
        let began = |one: &LaterOutage| brief(one.from.duration_since(opened));
        let too_long = later.iter().filter(|one| !one.met);
        too_long.map(|one| format!("the outage that began at +{}: {}", began(one), one.says)).collect()
    }

    /// Service came back with what was lost, and no failover brought that about.
    pub(super) fn is_back(&self, marks: &Milestones) -> bool {
        let nobody = self.world.clients.as_ref().is_none_or(|clients| clients.counts() == (0, 0));
        marks.back_by_itself || nobody && marks.restored.is_some() && marks.moved.is_none()
    }
}

/// What a failover that no outage asked for cost: from its first request until the last client had followed.
pub(super) fn without_loss(marks: &Milestones) -> Option<SignedDuration> {
    let (began, recovered) = (marks.began?, marks.recovered?);
    marks.lost.is_none().then(|| recovered.duration_since(began))
}

/// The times in which clients could not send: what is acknowledged for less than a minute between two of them ends none.
fn outages(gaps: &[Gap]) -> Vec<Gap> {
    let mut outages: Vec<Gap> = Vec::new();
    for gap in gaps {
        match outages.last_mut() {
            Some(last) if gap.from.duration_since(last.to) < SignedDuration::from_mins(1) => last.to = gap.to,
            _ => outages.push(*gap),
        }
    }
    outages
}
