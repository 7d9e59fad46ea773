//! Probers: three vantage points that look at both planes of both regions, and what the detector makes of it.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Call, Method, ResourceId};
use lifeboat_lab::{DataError, Session};
use lifeboat_planner::detector::{
    Condition, Detector, DetectorSettings, Plane, Sample, SampleHealth, Verdict,
};
use lifeboat_planner::lifecycle::{Budget, Happened};
use lifeboat_planner::{Side, Workload, is_protected};

use super::Drill;
use crate::log::Tone;
use crate::world::Event;

/// How often each vantage point looks.
const EVERY: SignedDuration = SignedDuration::from_secs(30);
/// Bad samples in a row before a vantage point accuses.
const SUSPECT_AFTER: u32 = 3;
/// Places to look from.
const VANTAGE_POINTS: [&str; 3] = ["north", "west", "far"];

/// The probers.
pub(super) struct Probes {
    detector: Detector,
    /// What each side is probed by: a resource for the control plane, a host for the data plane.
    targets: Vec<(Side, Target)>,
    /// Sides whose data plane is back while their control plane is not: not returned yet.
    half_back: Vec<Side>,
}

#[derive(Clone)]
struct Target {
    control: String,
    host: Option<String>,
}

impl Probes {
    pub(super) fn new(workload: &Workload, hold_down: SignedDuration, _seed: u64) -> Self {
        let settings = DetectorSettings {
            vantage_points: 3,
            quorum: 2,
            suspect_after: SUSPECT_AFTER,
            hold_down: hold_down.max(SignedDuration::from_secs(1)),
            recover_after: SignedDuration::from_mins(10),
            stale_after: EVERY * 4,
        };
        let detector =
            Detector::new(settings).expect("two of three is a majority, and all durations are positive");
        let targets = [Side::Primary, Side::Secondary]
            .into_iter()
            .filter_map(|side| {
                let moved = || workload.components.iter().filter(|component| component.secondary.is_some());
                let stands = |id: &ResourceId| {
                    let site = workload.site(side);
                    let declared = site.resources.iter().find(|declared| declared.id == *id);
                    declared.is_some_and(|declared| declared.location.as_ref() == Some(&site.region))
                };
                // What stands elsewhere, or everywhere, tells nothing of the region.
                let component =
                    moved().find(|component| stands(component.on(side))).or_else(|| moved().next())?;
                let id = component.on(side);
                let is_bus = component.kind.is("Microsoft.ServiceBus/namespaces");
                let host =
                    is_bus.then(|| format!("{}.servicebus.windows.net", id.name().to_ascii_lowercase()));
                Some((side, Target { control: id.to_string(), host }))
            })
            .collect();
        Self { detector, targets, half_back: Vec::new() }
    }

    /// How long a loss may go unsuspected: one interval until the first bad sample, and the rest of the row.
    pub(super) fn detection_bound() -> SignedDuration {
        EVERY * i32::try_from(SUSPECT_AFTER).unwrap_or(i32::MAX) + SignedDuration::from_secs(5)
    }
}

impl Drill {
    /// One round of samples, and the next one scheduled.
    pub(super) fn probe(&mut self) {
        let now = self.world.now;
        self.world.queue.at(now + EVERY, Event::Probe);
        let mut verdicts = Vec::new();
        for (side, target) in self.probes.targets.clone() {
            let region = self.world.workload.site(side).region.clone();
            let control = self.control_health(now, &target);
            // Without a data plane of its own to ask, the region's management is all there is to see.
            let data = target.host.as_deref().map_or(control, |host| self.data_health(now, host));
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

    fn control_health(&mut self, now: Timestamp, target: &Target) -> SampleHealth {
        let path = format!("{}?api-version=2024-01-01", target.control);
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

    /// The workload has recovered when no client believes in the lost namespace any more.
    fn notice_recovery(&mut self) {
        if self.milestones.recovered.is_some() || self.milestones.moved.is_none() {
            return;
        }
        let Some(clients) = &self.world.clients else { return };
        let left = self.left_side();
        let still: usize = self
            .world
            .workload
            .components
            .iter()
            .map(|component| {
                let host =
                    format!("{}.servicebus.windows.net", component.on(left).name().to_ascii_lowercase());
                clients.still_at(&host, self.world.now)
            })
            .sum();
        if still == 0 {
            self.milestones.recovered = Some(self.world.now);
            self.world.log.happens(
                self.world.now,
                "clients",
                Tone::Good,
                "the last client has left the old region",
            );
        }
    }
}
