//! How things stand at the end: regions, components, and messages that nobody has received yet.

use lifeboat_plan::counted;
use lifeboat_planner::detector::Plane;
use lifeboat_planner::lifecycle::Phase;
use lifeboat_planner::{Component, Side, Workload, is_protected, service_for};

use super::Drill;
use crate::report::{Held, PlaneReport, StateLine, Truth};
use crate::traffic::{Holding, holdings};

/// How many components that a move concerns have no rules, and how many it concerns.
fn concerned(workload: &Workload) -> (usize, usize) {
    let moved = |component: &&Component| {
        let service = service_for(&component.kind);
        component.secondary.is_some() || service.unknown_data(&component.kind).is_some()
    };
    let moved: Vec<&Component> = workload.components.iter().filter(moved).collect();
    let without = moved.iter().filter(|component| !service_for(&component.kind).has_rules()).count();
    (without, moved.len())
}

impl Drill {
    /// Both planes of both regions over the drill.
    pub(super) fn planes(&self) -> Vec<PlaneReport> {
        let workload = &self.world.workload;
        let regions = [&workload.primary.region, &workload.secondary.region];
        self.world.log.planes.report(regions, self.opened.unwrap_or(self.world.start), self.world.now)
    }

    /// One line for the workload and one for each component that has two sides.
    pub(super) fn state_after(&self) -> Vec<StateLine> {
        let workload = &*self.world.standing();
        let region = &workload.site(self.life.active()).region;
        let lives = if self.answers(self.life.active()) { "serves from" } else { "is lost with" };
        let workload_line = StateLine {
            component: "workload".to_owned(),
            state: self.word_after(workload).to_owned(),
            says: match self.life.phase() {
                Phase::Serving => format!("{lives} {region}"),
                phase => format!("{lives} {region}, {phase}"),
            },
        };
        let moved = workload.components.iter().filter(|component| component.secondary.is_some());
        std::iter::once(workload_line)
            .chain(moved.map(|component| self.component_after(component, workload)))
            .collect()
    }

    /// Protected is only what there are rules for.
    fn word_after(&self, workload: &Workload) -> &'static str {
        let word = self.life.word(is_protected(workload, self.inventory()));
        match concerned(workload) {
            (without, _) if without == 0 || word != "protected" => word,
            (without, of) if without == of => "unknown",
            _ => "protected in part",
        }
    }

    /// What the drill says nothing about, though it passed.
    pub(super) fn reservations(&self) -> Vec<String> {
        match concerned(&self.world.workload) {
            (0, _) => Vec::new(),
            (without, of) => vec![format!(
                "no rules for {without} of {}: redeployed by template, and nobody looks what they hold",
                counted(of, "component")
            )],
        }
    }

    /// Of what there are no rules for, only the template is known: never that it could take over.
    fn redeployed(&self, component: &Component) -> StateLine {
        let active = self.life.active();
        let (here, there) = (component.on(active), component.on(active.other()));
        let there_is = |id| self.inventory().was_observed(id);
        let kept = service_for(&component.kind).unknown_data(&component.kind);
        let unknown = match kept {
            Some(kept) => format!("what became of its {kept} is unknown, nothing copies them"),
            None => "nothing else is known of it".to_owned(),
        };
        let serves = if self.answers(active) { "is deployed" } else { "is lost with its region" };
        let (state, other) = match (there_is(there.as_str()), self.answers(active.other())) {
            (true, true) => ("redeployed", "is deployed too, by the same template"),
            (true, false) => ("redeployed", "is lost with its region"),
            (false, _) => ("not deployed", "is not deployed"),
        };
        // Once the workload has moved, it is here that a template brought it.
        let state = if self.life.generation() > 0 { "redeployed" } else { state };
        StateLine {
            component: component.name.clone(),
            state: state.to_owned(),
            says: format!("{} {serves}, {} {other}; {unknown}", here.name(), there.name()),
        }
    }

    /// Nothing stands by that could not take over.
    fn component_after(&self, component: &Component, workload: &Workload) -> StateLine {
        if !service_for(&component.kind).has_rules() {
            return self.redeployed(component);
        }
        let active = self.life.active();
        let protected = service_for(&component.kind).is_protected(component, workload, self.inventory());
        let other = match (self.answers(active.other()), protected) {
            (true, true) => "stands by",
            (true, false) => "cannot take over: it is not paired",
            (false, _) => "is lost with its region",
        };
        let serves = if self.answers(active) { "serves" } else { "is lost with its region" };
        let (here, there) = (component.on(active).name(), component.on(active.other()).name());
        let former = component.former().iter();
        let former =
            former.map(|id| format!("{} is out of use, and costs until somebody deletes it", id.name()));
        StateLine {
            component: component.name.clone(),
            state: if protected { "protected" } else { "unprotected" }.to_owned(),
            says: std::iter::once(format!("{here} {serves}, {there} {other}"))
                .chain(former)
                .collect::<Vec<_>>()
                .join("; "),
        }
    }

    /// The phase that progress shows: a run by its name, else what everybody waits for.
    pub(super) fn say_what_goes_on(&mut self) {
        if self.world.runs.iter().any(|run| run.ended.is_none()) {
            return;
        }
        let region = &self.world.workload.site(self.life.active()).region;
        self.phase = match self.life.phase() {
            Phase::Serving if self.answers(self.life.active()) => "watching".to_owned(),
            Phase::Serving => format!("{region} is lost, and nobody has noticed yet"),
            Phase::Suspecting { .. } => format!("{region} is suspected, and the hold-down runs"),
            Phase::Deciding { question, .. } => {
                let question = self.question(*question, true);
                let question = question.trim_start_matches("asks: ");
                // The reasons stand on the timeline.
                let question = question.split_inclusive('?').next().unwrap_or(question);
                format!("waiting for an answer to \"{question}\"")
            }
            phase => phase.to_string(),
        };
    }

    /// Whether the data plane of a side is up, as the world has it.
    pub(super) fn answers(&self, side: Side) -> bool {
        let region = &self.world.workload.site(side).region;
        self.world.log.planes.truth(region, Plane::Data) == Truth::Up
    }

    /// Where the messages lie that are there at the end, in both regions.
    pub(super) fn held(&self) -> Held {
        let Some(clients) = &self.world.clients else { return Held::default() };
        // What lies in front of several readers is a copy for each of them.
        let readers =
            |place: &str| clients.channels.iter().filter(|channel| channel.keeps_in(place)).count() as u64;
        let all: Vec<(u64, Holding)> =
            holdings(&self.world.lab).into_iter().map(|one| (readers(&one.place), one)).collect();
        let sum = |of: fn(&Holding) -> u64| all.iter().map(|(readers, one)| readers * of(one)).sum();
        Held {
            queued: sum(|holding| holding.waiting),
            scheduled: sum(|holding| holding.scheduled),
            dead_lettered: sum(|holding| holding.set_aside),
        }
    }
}
