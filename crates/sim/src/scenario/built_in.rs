//! The scenarios that need no file.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{Answers, Clients, LostPlane, Outage, Place, Planned, Scenario, ScenarioEvent, What};

impl Scenario {
    /// The primary region is lost without warning, both planes, and comes back six hours later.
    pub fn sudden_loss() -> Self {
        let both = || Outage { region: Place::Primary, planes: BTreeSet::from(LostPlane::BOTH) };
        Self::built_in(
            "sudden loss",
            "the primary region is lost without warning and comes back six hours later",
            vec![(2, What::Lose(both())), (8, What::Restore(both()))],
        )
    }

    /// The workload is moved while both regions are well, and asked home again.
    pub fn planned_move() -> Self {
        Self::built_in(
            "planned move",
            "the workload is moved while both regions are well, and home again six hours later",
            vec![(2, What::Plan(Planned::Move)), (8, What::Plan(Planned::Failback))],
        )
    }

    /// The scenarios that need no file.
    pub fn built_ins() -> [Self; 2] {
        [Self::sudden_loss(), Self::planned_move()]
    }

    /// A day with ordinary clients and an operator who says yes after four minutes.
    fn built_in(name: &str, story: &str, hours: Vec<(i64, What)>) -> Self {
        let operator = What::Operator { answers: Answers::Approve, after: Answers::USUAL_DELAY };
        let events = std::iter::once((0, operator)).chain(hours);
        Self {
            name: name.to_owned(),
            story: story.to_owned(),
            duration: SignedDuration::from_hours(24),
            clients: Clients::default(),
            before: Vec::new(),
            events: events
                .map(|(hour, what)| ScenarioEvent::new(SignedDuration::from_hours(hour), what))
                .collect(),
        }
    }
}
