//! What regions were and what the detector took them for: marks as they happen, stretches for the report.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_arm::Region;
use lifeboat_planner::detector::{Condition, Plane};

use crate::report::{Belief, BelievedStretch, FaultReport, PlaneReport, TrueStretch, Truth};

/// Everything that happened to the planes of regions, and every fault.
#[derive(Debug, Default)]
pub(crate) struct Planes {
    known: BTreeMap<(Region, Plane), Marks>,
    faults: Vec<FaultReport>,
}

#[derive(Debug, Default)]
struct Marks {
    truth: Vec<(Timestamp, Truth)>,
    belief: Vec<(Timestamp, Belief)>,
}

impl Planes {
    /// The world did this to a plane.
    pub(crate) fn becomes(&mut self, at: Timestamp, region: &Region, plane: Plane, truth: Truth) {
        self.marks(region, plane).truth.push((at, truth));
    }

    /// The detector concluded this about a plane.
    pub(crate) fn is_taken_for(&mut self, at: Timestamp, region: &Region, plane: Plane, now: Condition) {
        let belief = match now {
            Condition::Healthy => Belief::Well,
            Condition::Suspected { .. } => Belief::Suspected,
            Condition::Down { .. } => Belief::Down,
            Condition::Returning { .. } => Belief::Returning,
        };
        self.marks(region, plane).belief.push((at, belief));
    }

    /// Requests of one kind go wrong from now on: no outage, so no plane is down for it.
    pub(crate) fn goes_wrong(&mut self, fault: FaultReport) {
        self.faults.push(fault);
    }

    /// What a plane is now.
    pub(crate) fn truth(&self, region: &Region, plane: Plane) -> Truth {
        let marks = self.known.get(&(region.clone(), plane));
        marks.and_then(|marks| marks.truth.last()).map_or(Truth::Up, |(_, truth)| *truth)
    }

    fn marks(&mut self, region: &Region, plane: Plane) -> &mut Marks {
        self.known.entry((region.clone(), plane)).or_default()
    }

    /// Both planes of these regions, and of every other that something happened to, from the start to the end.
    pub(crate) fn report(&self, regions: [&Region; 2], from: Timestamp, to: Timestamp) -> Vec<PlaneReport> {
        let strangers = self.known.keys().map(|(region, _)| region);
        let mut all: Vec<&Region> = Vec::new();
        for region in regions.into_iter().chain(strangers) {
            if !all.contains(&region) {
                all.push(region);
            }
        }
        let nothing = Marks::default();
        all.into_iter()
            .flat_map(|region| [Plane::Control, Plane::Data].map(|plane| (region, plane)))
            .map(|(region, plane)| {
                let marks = self.known.get(&(region.clone(), plane)).unwrap_or(&nothing);
                let truth = stretches(&marks.truth, Truth::Up, from, to);
                let believed = stretches(&marks.belief, Belief::Well, from, to);
                PlaneReport {
                    region: region.to_string(),
                    plane,
                    truth: truth.into_iter().map(|(from, to, is)| TrueStretch { from, to, is }).collect(),
                    believed: believed
                        .into_iter()
                        .map(|(from, to, is)| BelievedStretch { from, to, is })
                        .collect(),
                }
            })
            .collect()
    }

    /// The faults, in the order in which they began.
    pub(crate) fn faults(&self) -> Vec<FaultReport> {
        self.faults.clone()
    }
}

/// Marks as stretches without gaps between `from` and `to`; what was before `from` counts, what repeats is one stretch.
fn stretches<T: Copy + PartialEq>(
    marks: &[(Timestamp, T)],
    at_first: T,
    from: Timestamp,
    to: Timestamp,
) -> Vec<(Timestamp, Timestamp, T)> {
    let mut found = vec![(from, to, at_first)];
    for (at, is) in marks {
        let at = (*at).clamp(from, to);
        let last = found.last_mut().expect("there is the first");
        if last.2 == *is {
            continue;
        }
        last.1 = at;
        found.push((at, to, *is));
    }
    found.retain(|(from, to, _)| from < to);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn region(name: &str) -> Region {
        Region::lenient(name)
    }

    #[test]
    fn a_plane_is_up_until_the_world_takes_it() {
        let mut planes = Planes::default();
        let (home, other) = (region("westeurope"), region("northeurope"));
        planes.becomes(at(10), &home, Plane::Data, Truth::Down);
        planes.becomes(at(12), &home, Plane::Data, Truth::Down);
        planes.becomes(at(30), &home, Plane::Data, Truth::Up);
        planes.is_taken_for(at(11), &home, Plane::Data, Condition::Suspected { since: at(11) });
        let report = planes.report([&home, &other], at(0), at(60));
        let shape: Vec<_> =
            report.iter().map(|plane| (plane.region.as_str(), plane.plane, plane.truth.len())).collect();
        assert_eq!(
            shape,
            [
                ("westeurope", Plane::Control, 1),
                ("westeurope", Plane::Data, 3),
                ("northeurope", Plane::Control, 1),
                ("northeurope", Plane::Data, 1),
            ]
        );
        assert_eq!(report[1].truth[1], TrueStretch { from: at(10), to: at(30), is: Truth::Down });
        assert_eq!(
            report[1].believed[1],
            BelievedStretch { from: at(11), to: at(60), is: Belief::Suspected }
        );
    }

    #[test]
    fn what_began_before_the_drill_counts_and_what_takes_no_time_does_not() {
        let marks = [(at(-5), Truth::Down), (at(20), Truth::Up), (at(20), Truth::Down)];
        assert_eq!(
            stretches(&marks, Truth::Up, at(0), at(60)),
            [(at(0), at(20), Truth::Down), (at(20), at(60), Truth::Down)]
        );
    }
}
