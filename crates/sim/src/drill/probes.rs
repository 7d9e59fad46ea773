//! Probers: three vantage points that look at both planes of both regions, and what the detector makes of it.
//!
//! Each looks for itself, over a line of its own: what one of them misses, the others may see. A region's management is
//! asked for one resource there; its data plane is as bad as the worst of the workload's hosts in it, for a workload is
//! served by all of them.

#[cfg(test)]
mod tests;
mod told;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Call, Method, Region};
use lifeboat_plan::PlanKind;
use lifeboat_planner::detector::{
    Condition, Detector, DetectorSettings, Plane, Sample, SampleHealth, Verdict,
};
use lifeboat_planner::lifecycle::{Budget, Happened};
use lifeboat_planner::{Component, Side, Workload, is_protected, service_for};

use super::Drill;
use crate::dice::Dice;
use crate::log::Tone;
use crate::scenario::Vantage;
use crate::traffic;
use crate::world::Event;

/// Of so many of a thousand probes nothing comes back, though all is well: lines are like that.
const LOST_PER_MILLE: u32 = 2;
/// An answer that takes longer is late.
const LATE: SignedDuration = SignedDuration::from_secs(2);
/// A prober waits no longer.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);

/// The probers.
pub(super) struct Probes {
    detector: Detector,
    targets: Vec<Target>,
    probers: Vec<Prober>,
    hidden: Vec<Hidden>,
    /// Hosts that have answered at least once.
    answered: BTreeSet<String>,
    /// Sides whose data plane is back while their control plane is not: not returned yet.
    half_back: Vec<Side>,
}

/// What a side is probed by: the components that stand in its region, by name. The first one's management is asked.
struct Target {
    side: Side,
    region: Region,
    components: Vec<String>,
    /// To read the first one with.
    api_version: String,
}

/// What is asked of one side in this round.
struct Round {
    region: Region,
    management: Call,
    hosts: Vec<Look>,
}

/// Who looks.
struct Prober {
    vantage: Vantage,
    /// There and back, in milliseconds.
    travel: (i64, i64),
    dice: Dice,
}

/// A plane that is not seen from one place.
struct Hidden {
    vantage: Vantage,
    region: Region,
    plane: Plane,
    until: Option<Timestamp>,
}

/// One host and what it is asked.
struct Look {
    host: String,
    call: Call,
}

impl Probes {
    pub(super) fn new(workload: &Workload, hold_down: SignedDuration, seed: u64) -> Self {
        let detector = Detector::new(DetectorSettings::usual(hold_down))
            .expect("two of three is a majority, and all durations are positive");
        let prober = |vantage: Vantage| Prober {
            vantage,
            travel: match vantage {
                Vantage::North | Vantage::West => (10, 60),
                Vantage::Far => (120, 300),
            },
            dice: Dice::new(seed, vantage.word()),
        };
        Self {
            detector,
            targets: [Side::Primary, Side::Secondary]
                .into_iter()
                .filter_map(|side| Target::of(workload, side))
                .collect(),
            probers: Vantage::ALL.map(prober).into(),
            hidden: Vec::new(),
            answered: BTreeSet::new(),
            half_back: Vec::new(),
        }
    }

    /// From now on, a plane of a region is not seen from one place.
    pub(super) fn hide(&mut self, vantage: Vantage, region: &Region, plane: Plane, until: Option<Timestamp>) {
        self.hidden.push(Hidden { vantage, region: region.clone(), plane, until });
    }
}

impl Target {
    /// What stands elsewhere, or everywhere, tells nothing of the region: it is asked only where there is nothing else.
    fn of(workload: &Workload, side: Side) -> Option<Self> {
        let place = workload.site(side);
        let declared =
            |component: &Component| place.resources.iter().find(|one| one.id == *component.on(side));
        let stands = |component: &&Component| {
            declared(component).is_some_and(|declared| declared.location.as_ref() == Some(&place.region))
        };
        let moved = || workload.components.iter().filter(|component| component.secondary.is_some());
        let mut there: Vec<&Component> = moved().filter(stands).collect();
        if there.is_empty() {
            there.extend(moved().next());
        }
        let managed = declared(there.first()?)?;
        Some(Self {
            side,
            region: place.region.clone(),
            components: there.iter().map(|component| component.name.clone()).collect(),
            api_version: managed.api_version.clone(),
        })
    }
}

impl Prober {
    /// What this prober makes of an answer that took the lab so long, or of none.
    fn judges(&mut self, after: SignedDuration, is_well: bool) -> SampleHealth {
        let took = after + self.dice.millis(self.travel.0, self.travel.1);
        let lost = self.dice.per_mille(LOST_PER_MILLE);
        match (lost || !is_well, took) {
            (true, _) => SampleHealth::Bad,
            (false, took) if took > PATIENCE => SampleHealth::Bad,
            (false, took) if took > LATE => SampleHealth::Slow,
            (false, _) => SampleHealth::Good,
        }
    }
}

impl Drill {
    /// One round of samples, and the next one scheduled.
    pub(super) fn probe(&mut self) {
        let now = self.world.now;
        self.world.queue.at(now + DetectorSettings::EVERY, Event::Probe);
        self.probes.hidden.retain(|hidden| hidden.until.is_none_or(|until| now < until));
        let mut verdicts = Vec::new();
        for round in self.rounds() {
            for prober in 0..self.probes.probers.len() {
                let control = self.control_health(now, prober, &round);
                // Without a data plane of its own to ask, the region's management is all there is to see.
                let data = if round.hosts.is_empty() {
                    Some(control)
                } else {
                    self.data_health(now, prober, &round)
                };
                let vantage = self.probes.probers[prober].vantage.word();
                for (plane, health) in [(Plane::Control, Some(control)), (Plane::Data, data)] {
                    let Some(health) = health else { continue };
                    let region = round.region.clone();
                    let sample = Sample { vantage: vantage.to_owned(), region, plane, health };
                    verdicts.extend(self.probes.detector.observe(now, &sample));
                }
            }
        }
        for verdict in verdicts {
            self.judge(&verdict);
        }
        self.notice_recovery();
    }

    /// The host of a component's own data plane.
    pub(super) fn host(&self, component: &Component, side: Side) -> Option<String> {
        let (workload, seen) = (&self.world.workload, &self.world.inventory);
        service_for(&component.kind).host(component, side, workload, seen)
    }

    /// What there is to ask now, of the resources that stand for the components now.
    fn rounds(&self) -> Vec<Round> {
        let standing = self.world.standing();
        let round = |target: &Target| {
            let named = |name: &String| standing.components.iter().find(|component| component.name == *name);
            let components = || target.components.iter().filter_map(named);
            let managed = components().next()?.on(target.side);
            let look = |component: &Component| {
                let host = self.host(component, target.side)?;
                Some(Look { call: traffic::probe(&component.kind, &host), host })
            };
            Some(Round {
                region: target.region.clone(),
                management: Call::arm(
                    Method::Get,
                    format!("{managed}?api-version={}", target.api_version),
                    None,
                ),
                hosts: components().filter_map(look).collect(),
            })
        };
        self.probes.targets.iter().filter_map(round).collect()
    }

    fn sees(&self, prober: usize, region: &Region, plane: Plane) -> bool {
        let vantage = self.probes.probers[prober].vantage;
        let hides = |hidden: &Hidden| (hidden.vantage, hidden.plane) == (vantage, plane);
        !self.probes.hidden.iter().any(|hidden| hides(hidden) && hidden.region == *region)
    }

    fn control_health(&mut self, now: Timestamp, prober: usize, round: &Round) -> SampleHealth {
        let reply = self.world.lab.handle(now, &round.management);
        // What is not there yet is no sign of death.
        let is_well = reply.answer.as_ref().is_some_and(|answer| answer.status < 500)
            && self.sees(prober, &round.region, Plane::Control);
        self.probes.probers[prober].judges(reply.after, is_well)
    }

    /// The worst of the hosts; none when no host tells anything.
    fn data_health(&mut self, now: Timestamp, prober: usize, round: &Round) -> Option<SampleHealth> {
        let sees = self.sees(prober, &round.region, Plane::Data);
        let making = self.is_making();
        let mut worst = None;
        for Look { host, call } in &round.hosts {
            let reply = self.world.lab.handle(now, call);
            let answers = reply.answer.is_some();
            let answered = self.probes.answered.contains(host);
            if answers && !answered {
                self.probes.answered.insert(host.clone());
            }
            let health = self.probes.probers[prober].judges(reply.after, answers && sees);
            // What is just being made need not answer yet, and what has no name is not there.
            let is_there =
                answers || (answered || !making) && !self.world.lab.resolve(now, host).chain.is_empty();
            if is_there {
                worst = worst.max(Some(health));
            }
        }
        worst
    }

    /// Whether something may be missing because it is being made: until the first preparation is over, and in later ones.
    fn is_making(&self) -> bool {
        let prepares = |run: &crate::world::Run| run.ended.is_none() && run.purpose.kind == PlanKind::Prepare;
        self.opened.is_none() || self.world.runs.iter().any(prepares)
    }

    fn judge(&mut self, verdict: &Verdict) {
        let Some(side) = self.side_of(&verdict.region) else { return };
        let (tone, says) = match verdict.now {
            Condition::Suspected { .. } => (Tone::Bad, "is suspected"),
            Condition::Down { .. } => (Tone::Bad, "is down, beyond the hold-down"),
            Condition::Returning { .. } => (Tone::Plain, "answers again; it must stay so for a while"),
            Condition::Healthy => (Tone::Good, "is well"),
        };
        self.world.log.planes.is_taken_for(self.world.now, &verdict.region, verdict.plane, verdict.now);
        let plane = match verdict.plane {
            Plane::Control => "control plane",
            Plane::Data => "data plane",
        };
        self.world.log.happens(
            self.world.now,
            "detector",
            tone,
            format!("{}: its {plane} {says}", verdict.region),
        );
        let serving = side == self.life.active();
        let serves_on = self.probes.detector.condition(&verdict.region, Plane::Data) == Condition::Healthy;
        if let (Plane::Control, Condition::Down { .. }) = (verdict.plane, verdict.now)
            && serving
            && serves_on
        {
            let says = format!("{} serves on without its management: nothing is moved", verdict.region);
            self.world.log.happens(self.world.now, "lifecycle", Tone::Plain, says);
        }
        if let Some(news) = self.news(verdict, side) {
            self.mark(&news);
            self.life_goes_on(news);
        }
    }

    /// The data plane decides whether a workload must move. A region has returned when both planes have: what is to be
    /// fenced must be manageable.
    fn news(&mut self, verdict: &Verdict, side: Side) -> Option<Happened> {
        let well = |plane| self.probes.detector.condition(&verdict.region, plane) == Condition::Healthy;
        let both = well(Plane::Control) && well(Plane::Data);
        if verdict.plane == Plane::Control {
            let waited = self.probes.half_back.contains(&side) && both;
            if waited {
                self.probes.half_back.retain(|back| *back != side);
            }
            return waited.then_some(Happened::Returned(side));
        }
        let budget = if is_protected(&self.world.workload, &self.world.inventory) {
            Budget::Within
        } else {
            Budget::Exceeded
        };
        match verdict.news(side, budget)? {
            Happened::Returned(side) if !both => {
                self.probes.half_back.push(side);
                None
            }
            news => Some(news),
        }
    }

    /// Times that the recovery time is made of; a flap takes the suspicion back.
    fn mark(&mut self, news: &Happened) {
        let now = self.world.now;
        let marks = &mut self.milestones;
        match news {
            Happened::Suspected(side) if *side == self.life.active() => {
                marks.suspected = marks.suspected.or(Some(now));
            }
            Happened::Flapped(side) if *side == self.life.active() && marks.down.is_none() => {
                marks.suspected = None;
                marks.lost = None;
                marks.restored = None;
                marks.back_by_itself = false;
            }
            Happened::Down { side, .. } if *side == self.life.active() => {
                marks.down = marks.down.or(Some(now));
            }
            _ => {}
        }
    }
}
