//! Probers: three vantage points that look at both planes of both regions, and what the detector makes of it.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Call, Method, ResourceId};
use lifeboat_lab::{DataError, Session};
use lifeboat_planner::detector::{
    Condition, Detector, DetectorSettings, Plane, Sample, SampleHealth, Verdict,
};
use lifeboat_planner::lifecycle::{Budget, Happened};
use lifeboat_planner::{Component, Side, Workload, is_protected, service_for};

use super::Drill;
use crate::log::Tone;
use crate::world::Event;

/// Places to look from.
const VANTAGE_POINTS: [&str; 3] = ["north", "west", "far"];

/// The probers.
pub(super) struct Probes {
    detector: Detector,
    /// What each side is probed by: its first component that stands in the region.
    targets: Vec<(Side, Component)>,
    /// Sides whose data plane is back while their control plane is not: not returned yet.
    half_back: Vec<Side>,
}

impl Probes {
    pub(super) fn new(workload: &Workload, hold_down: SignedDuration) -> Self {
        let detector = Detector::new(DetectorSettings::usual(hold_down))
            .expect("two of three is a majority, and all durations are positive");
        let moved = || workload.components.iter().filter(|component| component.secondary.is_some());
        let target = |side: Side| {
            let stands = |component: &&Component| {
                let site = workload.site(side);
                let declared = site.resources.iter().find(|declared| declared.id == *component.on(side));
                declared.is_some_and(|declared| declared.location.as_ref() == Some(&site.region))
            };
            // What stands elsewhere, or everywhere, tells nothing of the region.
            Some((side, moved().find(stands).or_else(|| moved().next())?.clone()))
        };
        let targets = [Side::Primary, Side::Secondary].into_iter().filter_map(target).collect();
        Self { detector, targets, half_back: Vec::new() }
    }
}

impl Drill {
    /// One round of samples, and the next one scheduled.
    pub(super) fn probe(&mut self) {
        let now = self.world.now;
        self.world.queue.at(now + DetectorSettings::EVERY, Event::Probe);
        let mut verdicts = Vec::new();
        for (side, target) in self.probes.targets.clone() {
            let region = self.world.workload.site(side).region.clone();
            let control = self.control_health(now, target.on(side));
            // Without a data plane of its own to ask, the region's management is all there is to see.
            let data = self.host(&target, side).map_or(control, |host| self.data_health(now, &host));
            for vantage in VANTAGE_POINTS {
                for (plane, health) in [(Plane::Control, control), (Plane::Data, data)] {
                    let sample =
                        Sample { vantage: vantage.to_owned(), region: region.clone(), plane, health };
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

    fn control_health(&mut self, now: Timestamp, target: &ResourceId) -> SampleHealth {
        let path = format!("{target}?api-version=2024-01-01");
        let reply = self.world.lab.handle(now, &Call::arm(Method::Get, path, None));
        match reply.answer {
            // What is not there yet is no sign of death.
            Some(answer) if answer.status < 500 => SampleHealth::Good,
            _ => SampleHealth::Bad,
        }
    }

    fn data_health(&mut self, now: Timestamp, host: &str) -> SampleHealth {
        match self.world.lab.receive(now, host, "lifeboat-probe", Session::Any) {
            Err(DataError::Unreachable | DataError::NoAnswer) => SampleHealth::Bad,
            // "No such entity" is an answer: somebody is at home.
            _ => SampleHealth::Good,
        }
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
            }
            Happened::Down { side, .. } if *side == self.life.active() => {
                marks.down = marks.down.or(Some(now));
            }
            _ => {}
        }
    }
}
