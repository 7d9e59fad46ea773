//! Is a region dead? A pure detector over health samples from several vantage points.
//!
//! A vantage point *accuses* a plane after some bad samples in a row, and takes that back after one good one. A plane
//! is accused when a quorum of vantage points accuses it: one observer that is cut off, or lies, moves nothing. An
//! accusation that holds for the hold-down is a death; one that ends before is a flap and starts again from nothing. A
//! dead region comes back only after the quorum has been gone for the recovery time, so one good probe brings nothing
//! back. One that goes again on the way back, or within the hold-down after it, has not come back: that is the same
//! death, found at once, and from its last loss on it must stay well for the whole hold-down.
//!
//! Control and data plane are judged apart: a region whose management is away may serve well, and one that serves
//! nothing may still be managed. Which of the two moves a workload is the caller's to say. Silence is no evidence,
//! neither of death nor of health.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Region;
use serde::{Deserialize, Serialize};

use crate::lifecycle::{Budget, Happened};
use crate::topology::Side;

/// How a detector judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DetectorSettings {
    /// How many vantage points there are. More samples than these are taken as they come; fewer make no quorum.
    pub vantage_points: u32,
    /// How many of them must agree. Fewer than a majority lets one liar in three decide.
    pub quorum: u32,
    /// How many bad samples in a row make a vantage point accuse. The shorter, the more often a hiccup is suspected.
    pub suspect_after: u32,
    /// How long an accusation must hold to count as death. Longer than the usual blip; part of the RTO.
    pub hold_down: SignedDuration,
    /// How long a dead plane must be well again to count as returned. Shorter invites flapping.
    pub recover_after: SignedDuration,
    /// How old a vantage point's last sample may be. Older, it has no opinion: whoever is silent agrees with nobody.
    pub stale_after: SignedDuration,
}

impl DetectorSettings {
    /// How often each vantage point looks.
    pub const EVERY: SignedDuration = SignedDuration::from_secs(30);

    /// Two of three vantage points, three bad samples in a row, ten good minutes to return.
    pub fn usual(hold_down: SignedDuration) -> Self {
        Self {
            vantage_points: 3,
            quorum: 2,
            suspect_after: 3,
            hold_down: hold_down.max(SignedDuration::from_secs(1)),
            recover_after: SignedDuration::from_mins(10),
            stale_after: Self::EVERY * 4,
        }
    }

    /// How long a loss may go unsuspected: one interval until the first bad sample, the rest of the row, and the time
    /// an answer is waited for.
    pub fn detection_bound(&self) -> SignedDuration {
        Self::EVERY * i32::try_from(self.suspect_after).unwrap_or(i32::MAX) + SignedDuration::from_secs(5)
    }
}

/// A plane of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Plane {
    /// Management, through ARM.
    Control,
    /// Traffic.
    Data,
}

/// One probe from one vantage point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// Who looked.
    pub vantage: String,
    /// At which region.
    pub region: Region,
    /// At which plane of it.
    pub plane: Plane,
    /// What it saw.
    pub health: SampleHealth,
}

/// What a probe saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SampleHealth {
    /// A right answer in time.
    Good,
    /// A right answer, late. Neither accuses nor acquits: load looks like this, and so does the edge of an outage.
    Slow,
    /// No answer, or a wrong one.
    Bad,
}

/// What the detector concludes about one plane of one region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// Nothing is wrong, or not enough of the vantage points say so.
    Healthy,
    /// It looks dead; the hold-down runs.
    Suspected {
        /// Since when.
        since: Timestamp,
    },
    /// It is dead.
    Down {
        /// Since when it looked so.
        since: Timestamp,
        /// How long that held before it counted.
        held: SignedDuration,
    },
    /// It was dead and looks well; the recovery time runs. A relapse is the same death.
    Returning {
        /// Since when it looks well.
        since: Timestamp,
        /// Since when it looked dead.
        dead_since: Timestamp,
        /// How long that held before it counted.
        held: SignedDuration,
    },
}

/// A change of what the detector concludes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Which region.
    pub region: Region,
    /// Which plane.
    pub plane: Plane,
    /// What was concluded before.
    pub before: Condition,
    /// What is concluded now.
    pub now: Condition,
}

impl Verdict {
    /// What the lifecycle makes of it, if this plane is the one that counts; a relapse is no news.
    pub fn news(&self, side: Side, budget: Budget) -> Option<Happened> {
        use Condition::{Down, Healthy, Returning, Suspected};
        match (self.before, self.now) {
            (_, Suspected { .. }) => Some(Happened::Suspected(side)),
            (Suspected { .. }, Healthy) => Some(Happened::Flapped(side)),
            (Suspected { .. } | Healthy, Down { .. }) => Some(Happened::Down { side, budget }),
            (Returning { .. }, Healthy) => Some(Happened::Returned(side)),
            _ => None,
        }
    }
}

/// Judges samples as they come. Asks no clock: time is what `observe` is told, and must not go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detector {
    settings: DetectorSettings,
    planes: BTreeMap<(Region, Plane), Watched>,
}

/// What is known about one plane of one region.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Watched {
    condition: Condition,
    witnesses: BTreeMap<String, Witness>,
    /// When it was lost, each time: deaths, and relapses of one.
    losses: Vec<Timestamp>,
    /// When it was believed to be back, and the death that it was back from.
    back: Option<(Timestamp, Condition)>,
    /// Whether it went again on the way back.
    flaps: bool,
}

/// What one vantage point has seen of one plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Witness {
    /// Bad samples in a row.
    bad: u32,
    /// Whether the last sample that said anything was good.
    well: bool,
    /// When it last looked.
    seen: Timestamp,
}

/// Settings that cannot judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDetector {
    /// No majority: two groups of observers could disagree and both be right.
    #[error("a quorum of {quorum} is no majority of {vantage_points} vantage points")]
    Quorum {
        /// The quorum.
        quorum: u32,
        /// How many there are.
        vantage_points: u32,
    },
    /// Something is nothing that must last.
    #[error("`{field}` must be more than nothing")]
    Nothing {
        /// Which.
        field: &'static str,
    },
}

impl Detector {
    /// A detector that has seen nothing.
    pub fn new(settings: DetectorSettings) -> Result<Self, BadDetector> {
        let DetectorSettings { vantage_points, quorum, suspect_after, .. } = settings;
        if quorum * 2 <= vantage_points || quorum > vantage_points {
            return Err(BadDetector::Quorum { quorum, vantage_points });
        }
        for (field, nothing) in [
            ("suspect_after", suspect_after == 0),
            ("hold_down", settings.hold_down <= SignedDuration::ZERO),
            ("recover_after", settings.recover_after <= SignedDuration::ZERO),
            ("stale_after", settings.stale_after <= SignedDuration::ZERO),
        ] {
            if nothing {
                return Err(BadDetector::Nothing { field });
            }
        }
        Ok(Self { settings, planes: BTreeMap::new() })
    }

    /// What is concluded about a plane; healthy when nobody looked.
    pub fn condition(&self, region: &Region, plane: Plane) -> Condition {
        self.planes.get(&(region.clone(), plane)).map_or(Condition::Healthy, |watched| watched.condition)
    }

    /// Takes a sample. The verdict is there when the conclusion changed.
    pub fn observe(&mut self, now: Timestamp, sample: &Sample) -> Option<Verdict> {
        let key = (sample.region.clone(), sample.plane);
        let watched = self.planes.entry(key).or_insert_with(Watched::unheard_of);
        watched.hear(now, sample, self.settings);
        let before = watched.condition;
        watched.condition = watched.judge(now, self.settings);
        watched.remember(now, before);
        let changed = watched.condition != before;
        changed.then(|| Verdict {
            region: sample.region.clone(),
            plane: sample.plane,
            before,
            now: watched.condition,
        })
    }

    /// How often a plane was lost since then: deaths, and times that it went again on the way back.
    pub fn losses(&self, region: &Region, plane: Plane, since: Timestamp) -> usize {
        let watched = self.planes.get(&(region.clone(), plane));
        watched.map_or(0, |watched| watched.losses.iter().filter(|lost| **lost >= since).count())
    }

    /// Who has looked at a plane lately, by name, and whether it was well when seen last: what a conclusion rests on.
    pub fn views(&self, now: Timestamp, region: &Region, plane: Plane) -> Vec<(&str, bool)> {
        let witnesses = self.planes.get(&(region.clone(), plane)).into_iter().flat_map(|one| &one.witnesses);
        let lately = |seen| now.duration_since(seen) <= self.settings.stale_after;
        let views = witnesses.filter(|(_, witness)| lately(witness.seen));
        views.map(|(vantage, witness)| (vantage.as_str(), witness.well)).collect()
    }

    /// The latest that a loss is found, counted from its start, when every vantage point samples every `interval`: the
    /// samples that a vantage point needs, the one under way at the time of the loss, the hold-down, and the sample
    /// that tells that it is over.
    pub fn bound(&self, interval: SignedDuration) -> SignedDuration {
        let samples = i32::try_from(self.settings.suspect_after).unwrap_or(i32::MAX);
        interval * samples + self.settings.hold_down + interval
    }
}

impl Watched {
    fn unheard_of() -> Self {
        Self {
            condition: Condition::Healthy,
            witnesses: BTreeMap::new(),
            losses: Vec::new(),
            back: None,
            flaps: false,
        }
    }

    /// What a change of the conclusion leaves to remember.
    fn remember(&mut self, now: Timestamp, before: Condition) {
        use Condition::{Down, Healthy, Returning, Suspected};
        match (before, self.condition) {
            (Suspected { since }, Down { .. }) => self.losses.push(since),
            (Healthy | Returning { .. }, Down { .. }) => {
                self.losses.push(now);
                self.flaps = true;
            }
            (Returning { dead_since, held, .. }, Healthy) => {
                self.back = Some((now, Down { since: dead_since, held }));
                self.flaps = false;
            }
            _ => {}
        }
    }

    fn hear(&mut self, now: Timestamp, sample: &Sample, settings: DetectorSettings) {
        let fresh = Witness { bad: 0, well: false, seen: now };
        let witness = self.witnesses.entry(sample.vantage.clone()).or_insert(fresh);
        if now.duration_since(witness.seen) > settings.stale_after {
            // It was away: what it saw before is no longer in a row with what it sees now.
            *witness = fresh;
        }
        witness.seen = now;
        match sample.health {
            SampleHealth::Good => (witness.bad, witness.well) = (0, true),
            SampleHealth::Slow => {}
            SampleHealth::Bad => (witness.bad, witness.well) = (witness.bad.saturating_add(1), false),
        }
    }

    /// The one table of transitions.
    fn judge(&self, now: Timestamp, settings: DetectorSettings) -> Condition {
        use Condition::{Down, Healthy, Returning, Suspected};
        let (accused, well) = (self.accused(now, settings), self.well(now, settings));
        match self.condition {
            Healthy if accused => match self.back {
                Some((back, death)) if now.duration_since(back) < settings.hold_down => death,
                _ => Suspected { since: now },
            },
            Healthy => Healthy,
            Suspected { .. } if !accused => Healthy,
            Suspected { since } => {
                let held = now.duration_since(since);
                if held >= settings.hold_down { Down { since, held } } else { Suspected { since } }
            }
            Down { since, held } if well => Returning { since: now, dead_since: since, held },
            Down { since, held } => Down { since, held },
            Returning { dead_since, held, .. } if !well => Down { since: dead_since, held },
            Returning { since, .. } if self.is_believed(now, now.duration_since(since), settings) => Healthy,
            returning @ Returning { .. } => returning,
        }
    }

    /// Whether it has been well for so long that it counts as returned. While somebody has just begun to see it bad,
    /// the next samples are waited for: they tell whether it goes again in this very moment.
    fn is_believed(&self, now: Timestamp, well_for: SignedDuration, settings: DetectorSettings) -> bool {
        let recover_after = settings.recover_after;
        let wanted = if self.flaps { recover_after.max(settings.hold_down) } else { recover_after };
        let doubts = self.count(now, settings, |one| (1..settings.suspect_after).contains(&one.bad)) > 0;
        well_for >= wanted + if doubts { settings.stale_after } else { SignedDuration::ZERO }
    }

    fn count(&self, now: Timestamp, settings: DetectorSettings, says: impl Fn(&Witness) -> bool) -> usize {
        let heard = |witness: &&Witness| now.duration_since(witness.seen) <= settings.stale_after;
        self.witnesses.values().filter(heard).filter(|witness| says(witness)).count()
    }

    /// Whether enough vantage points have seen it dead often enough.
    fn accused(&self, now: Timestamp, settings: DetectorSettings) -> bool {
        let accusers = self.count(now, settings, |witness| witness.bad >= settings.suspect_after);
        accusers >= settings.quorum as usize
    }

    /// Whether enough vantage points have last seen it well.
    fn well(&self, now: Timestamp, settings: DetectorSettings) -> bool {
        self.count(now, settings, |witness| witness.well) >= settings.quorum as usize
    }
}
