//! Plans as people read them before they press the button, and as programs read them.

mod json;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Region;
use lifeboat_plan::{
    Digest, Endpoint, FactUsed, Graph, GraphError, LossKind, Plan, PlanKind, Scheduled, Step, StepId, Way,
    WayKind,
};

use crate::format::{age, counted, duration};
use crate::layout::{Cell, Columns, Layout};
use crate::report::{LossSum, fact_words, loss_word, short_source, sums};
use crate::style::Tone;

pub use json::plan_json;

/// What is shown of a plan.
#[derive(Debug, Clone, Copy)]
pub struct PlanView {
    /// Now: facts are shown with their age.
    pub now: Timestamp,
    /// Whether every request is shown as it will be sent, with a line for `az rest`.
    pub requests: bool,
    /// The layout.
    pub layout: Layout,
}

/// A plan for people: what it is, what it rests on, its steps, what decides its duration, what it gives up, and the sum
/// that makes the recovery time (none, if the plan is not about one).
pub fn plan(plan: &Plan, recovery: &[String], view: PlanView) -> Result<String, GraphError> {
    let times = Times::of(plan)?;
    Ok([
        head(plan, &times, view.layout),
        facts(plan, view),
        steps::steps(plan, &times, view),
        critical_path(&times, view.layout),
        losses(plan, view),
        recovery_time(recovery, view.layout),
        notes(plan, view.layout),
    ]
    .concat())
}

/// When each step is forecast to start and end, at p95, and which steps decide the end.
pub(super) struct Times {
    schedule: Vec<Scheduled>,
    critical: Vec<(StepId, SignedDuration)>,
    /// The same steps, to be found in.
    decisive: BTreeSet<StepId>,
    total: SignedDuration,
}

impl Times {
    pub(super) fn of(plan: &Plan) -> Result<Self, GraphError> {
        let graph = Graph::new(&plan.steps)?;
        let p95 = |index: usize| chosen(plan, &plan.steps[index]).1.forecast.p95;
        let schedule = graph.schedule(p95);
        let durations: BTreeMap<&StepId, SignedDuration> =
            plan.steps.iter().enumerate().map(|(index, step)| (&step.id, p95(index))).collect();
        let critical: Vec<(StepId, SignedDuration)> = graph
            .critical_path(p95)
            .into_iter()
            .map(|id| {
                let p95 = durations.get(&id).copied().unwrap_or_default();
                (id, p95)
            })
            .collect();
        let decisive = critical.iter().map(|(id, _)| id.clone()).collect();
        let total = schedule.iter().map(|step| step.finish).max().unwrap_or_default();
        Ok(Self { schedule, critical, decisive, total })
    }

    pub(super) fn schedule(&self) -> &[Scheduled] {
        &self.schedule
    }

    pub(super) fn total(&self) -> SignedDuration {
        self.total
    }

    pub(super) fn critical_ids(&self) -> Vec<&str> {
        self.critical.iter().map(|(id, _)| id.as_str()).collect()
    }

    pub(super) fn is_critical(&self, step: &Step) -> bool {
        self.decisive.contains(&step.id)
    }
}

/// The way that the plan prefers for a step; a step with one way has no choice.
pub(super) fn chosen<'a>(plan: &Plan, step: &'a Step) -> (WayKind, &'a Way) {
    let kind = match plan.policy.prefer {
        WayKind::Ungraceful if step.ungraceful.is_some() => WayKind::Ungraceful,
        _ => WayKind::Graceful,
    };
    (kind, step.way(kind))
}

/// The region whose loss the plan must survive: the one that an unplanned failover leaves. Every other plan needs both
/// regions by its nature.
pub(super) fn lost_region(plan: &Plan) -> Option<&Region> {
    (plan.kind == PlanKind::Failover && plan.policy.prefer == WayKind::Ungraceful).then_some(&plan.from)
}

/// The age of a fact. What a person declared has none.
pub(super) fn fact_age(fact: &FactUsed, now: Timestamp) -> Option<SignedDuration> {
    fact.observed_at.map(|at| now.duration_since(at))
}

pub(super) fn endpoint(endpoint: &Endpoint) -> String {
    match endpoint {
        // Plans of the command line are made of files alone.
        Endpoint::Lab(id) if id == "offline" => "OFFLINE (from files, nothing is asked)".to_owned(),
        Endpoint::Lab(id) => format!("LAB {id}"),
        Endpoint::Azure { subscription, .. } => format!("AZURE {subscription}"),
    }
}

fn head(plan: &Plan, times: &Times, layout: Layout) -> String {
    let direction = match plan.kind {
        PlanKind::Prepare => format!("{} ready in case of {}", plan.to, plan.from),
        _ => format!("{} → {}", plan.from, plan.to),
    };
    let purpose = match plan.kind {
        PlanKind::Prepare => "prepare",
        PlanKind::Failover => "fail over",
        PlanKind::Failback => "bring home",
        PlanKind::Fence => "fence",
        PlanKind::Drain => "drain",
    };
    let title = format!("{}  Plan to {purpose} {}: {direction}", endpoint(&plan.endpoint), plan.workload);
    let mut out = layout.hang("", &title, Tone::Strong);
    out += &layout.hang("digest ", Digest::of(plan).as_str(), Tone::Quiet);
    let prefer = match plan.policy.prefer {
        WayKind::Graceful if plan.policy.may_switch => {
            "gracefully, switching to the ungraceful way without asking"
        }
        WayKind::Graceful => "gracefully; asks before the ungraceful way",
        WayKind::Ungraceful => "ungracefully: something is taken for dead",
    };
    let says = format!("{}, {} at p95, {prefer}", counted(plan.steps.len(), "step"), duration(times.total));
    out + &layout.hang("", &says, Tone::Plain)
}

fn facts(plan: &Plan, view: PlanView) -> String {
    if plan.facts.is_empty() {
        return String::new();
    }
    let mut table = Columns::headed(&["fact", "value", "age", "source"]);
    for fact in &plan.facts {
        table.row([
            Cell::from(fact.key.as_str()),
            Cell::from(match &fact.value {
                serde_json::Value::String(text) => text.clone(),
                other => fact_words(&other.to_string()),
            }),
            Cell::from(match (fact_age(fact, view.now), fact.value.as_str()) {
                // Nobody declares that something is unknown.
                (None, Some("unknown")) => "never seen".to_owned(),
                (seen, _) => age(seen),
            }),
            Cell::toned(short_source(&fact.source), Tone::Quiet),
        ]);
    }
    view.layout.heading("Rests on") + &table.render(view.layout, 2)
}

fn critical_path(times: &Times, layout: Layout) -> String {
    let mut table = Columns::headed(&["step", ">p95"]);
    for (id, p95) in &times.critical {
        table.row([Cell::from(id.as_str()), Cell::from(duration(*p95))]);
    }
    layout.heading(&format!("Critical path: {} at p95", duration(times.total))) + &table.render(layout, 2)
}

/// What the chosen ways give up, and what more is given up if a step switches to its ungraceful way.
fn losses(plan: &Plan, view: PlanView) -> String {
    let mut lines = String::new();
    for step in &plan.steps {
        let (kind, way) = chosen(plan, step);
        for sum in sums(&way.loses.0) {
            lines += &loss_line(&sum, "", step, view);
        }
        if let (WayKind::Graceful, Some(other)) = (kind, &step.ungraceful) {
            for sum in sums(&other.loses.0) {
                lines += &loss_line(&sum, "only if it switches to its ungraceful way, ", step, view);
            }
        }
    }
    if lines.is_empty() {
        lines.push_str("  nothing\n");
    }
    view.layout.heading("Losses it accepts") + &lines
}

fn loss_line(sum: &LossSum, when: &str, step: &Step, view: PlanView) -> String {
    let seen = sum.observed_at.map(|at| format!(", seen {} ago", duration(view.now.duration_since(at))));
    let number = if sum.count.is_some() { sum.number() + " " } else { String::new() };
    let nobody_counts = sum.count.is_none() && sum.kind != LossKind::Unknown;
    let unknown = if nobody_counts { ", count unknown" } else { "" };
    let places = match sum.whereabouts() {
        places if places.is_empty() => String::new(),
        places => format!(" in {places}"),
    };
    let text = format!(
        "{when}{}: {number}{}{places}{unknown}{} (by {})",
        loss_word(sum.kind),
        sum.what,
        seen.unwrap_or_default(),
        step.id
    );
    view.layout.hang("  ! ", &text, Tone::Warn)
}

fn recovery_time(sum: &[String], layout: Layout) -> String {
    if sum.is_empty() {
        return String::new();
    }
    layout.heading("Recovery time of an unplanned failover, at p95")
        + &sum.iter().map(|line| layout.hang("  ", line, Tone::Plain)).collect::<String>()
}

fn notes(plan: &Plan, layout: Layout) -> String {
    if plan.notes.is_empty() {
        return String::new();
    }
    let mut out = layout.heading("Deliberately not planned");
    for note in &plan.notes {
        out += &layout.hang("  - ", note, Tone::Plain);
    }
    out
}
