//! What people are told of a side when they are asked about it: what the vantage points see, and what was read there.

use jiff::SignedDuration;
use lifeboat_planner::detector::{Condition, Plane};
use lifeboat_planner::{Fact, Side};

use crate::drill::{Drill, brief};

/// What happened longer ago says nothing of how steady a region is.
const LATELY: SignedDuration = SignedDuration::from_hours(12);

impl Drill {
    /// What the detector holds against a side that nobody has called lost, and against which of its planes.
    pub(in crate::drill) fn shaky(&self, side: Side) -> Option<String> {
        let region = &self.world.workload.site(side).region;
        let ago = |since| brief(self.world.now.duration_since(since));
        let of = |plane| match self.probes.detector.condition(region, plane) {
            Condition::Healthy => None,
            Condition::Suspected { since } => Some(format!("is suspected since {}", ago(since))),
            Condition::Down { since, .. } => Some(format!("is lost since {}", ago(since))),
            Condition::Returning { since, .. } => Some(format!("answers again only since {}", ago(since))),
        };
        match (of(Plane::Data), of(Plane::Control)) {
            (None, None) => None,
            (Some(data), None) => Some(format!("the data plane of {region} {data}")),
            (None, Some(control)) => Some(format!("the control plane of {region} {control}")),
            (Some(data), Some(control)) if data == control => Some(format!("{region} {data}")),
            (Some(data), Some(control)) => {
                Some(format!("the data plane of {region} {data}, its control plane {control}"))
            }
        }
    }

    /// Who still sees the data plane of a side that is called lost, and who does not: then the lines may be what is lost.
    pub(in crate::drill) fn is_seen_by_some(&self, side: Side) -> Option<String> {
        let region = &self.world.workload.site(side).region;
        let views = self.probes.detector.views(self.world.now, region, Plane::Data);
        let (well, not): (Vec<_>, Vec<_>) = views.into_iter().partition(|(_, well)| *well);
        let names = |views: Vec<(&str, bool)>| {
            views.into_iter().map(|(vantage, _)| vantage).collect::<Vec<_>>().join(" and ")
        };
        if well.is_empty() || not.is_empty() {
            return None;
        }
        let read = self.was_read(side).map_or(String::new(), |read| format!("; {read}"));
        Some(format!("{region} is seen from {}, and not from {}{read}", names(well), names(not)))
    }

    /// What Lifeboat could read of a side when it looked last, and when that was.
    fn was_read(&self, side: Side) -> Option<String> {
        let (standing, seen) = (self.world.standing(), &self.world.inventory);
        standing.components.iter().filter(|component| component.secondary.is_some()).find_map(|component| {
            let Some(Fact::Known(known)) = seen.fact(component.on(side).as_str()) else { return None };
            let ago = brief(self.world.now.duration_since(known.at?));
            Some(format!("Lifeboat itself read {} there {ago} ago", component.name))
        })
    }

    /// That a lost side is about to count as returned.
    pub(in crate::drill) fn answers_again(&self, side: Side) -> Option<String> {
        let region = &self.world.workload.site(side).region;
        match self.probes.detector.condition(region, Plane::Data) {
            Condition::Returning { since, .. } => {
                let ago = brief(self.world.now.duration_since(since));
                Some(format!("{region} has answered again for {ago}, and is believed when it stays so"))
            }
            _ => None,
        }
    }

    /// How often a side was lost in the last hours, when that was more than once.
    pub(in crate::drill) fn lost_lately(&self, side: Side) -> Option<String> {
        let region = &self.world.workload.site(side).region;
        let losses = self.probes.detector.losses(region, Plane::Data, self.world.now - LATELY);
        (losses > 1).then(|| format!("{region} was lost {losses} times in the last {}", brief(LATELY)))
    }
}
