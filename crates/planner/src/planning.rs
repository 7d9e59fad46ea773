//! Plans for a whole workload: what is deployed for all, then what each service adds.

mod deploy;
mod drift;
mod group;

use std::borrow::Cow;
use std::collections::BTreeMap;

use lifeboat_plan::{
    Graph, GraphError, Loss, LossKind, Places, Plan, PlanKind, Policy, ReadDraft, ReadId, Stage, Step,
    WayKind,
};

use crate::service::{Answers, Part, Planning, Refusal, Service};
use crate::services::{service_for, services};
use crate::topology::{Component, GROUPS, Side, Workload};

pub(crate) use deploy::REFUSALS;
pub use deploy::{DEPLOYED, initial_deployments};
pub use group::group_reads;
use group::groups;
pub(crate) use group::located;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The steps make no graph: a mistake of ours or of an override.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A stage that no service knows, or about a component that the workload has not: another version made the plan.
    #[error("no service knows the stage `{0}`")]
    UnknownStage(String),
}

/// Decides everything; performs nothing. The same planning gives the same plan.
pub fn plan(planning: &Planning<'_>) -> Result<Plan, PlanError> {
    let workload = as_it_stands(planning);
    let planning = &Planning { workload: &workload, ..*planning };
    let mut part = deploy::deploy(planning)?;
    for component in &planning.workload.components {
        absorb(&mut part, contribution(planning, service_for(&component.kind), component)?);
    }
    let unknown = unknown_data(planning);
    for step in part.steps.iter_mut().filter(|step| step.id.as_str() == DEPLOYED) {
        step.after.extend(part.gates.iter().cloned());
        step.graceful.loses.0.extend(unknown.iter().cloned());
    }
    let places = places(planning, &part);
    let steps = in_order(part.steps)?;
    Ok(Plan {
        kind: planning.kind,
        workload: planning.workload.name.clone(),
        endpoint: planning.endpoint.clone(),
        from: planning.from().region.clone(),
        to: planning.to().region.clone(),
        policy: policy(planning),
        steps,
        reads: part.reads,
        places,
        facts: part.facts,
        notes: part.notes,
    })
}

/// What a stage turned out to need.
#[derive(Debug, Clone, PartialEq)]
pub struct Expanded {
    /// New steps, in order.
    pub steps: Vec<Step>,
    /// The reads they use.
    pub reads: BTreeMap<ReadId, ReadDraft>,
    /// Where everything is.
    pub places: Places,
}

/// Steps that a stage of a running plan turns out to need. The planner is asked again; nothing else decides.
pub fn expand(planning: &Planning<'_>, stage: &Stage, seen: &Answers<'_>) -> Result<Expanded, PlanError> {
    let workload = as_it_stands(planning);
    let planning = &Planning { workload: &workload, ..*planning };
    let mut known = None;
    for service in services() {
        if let Some(part) = service.expand(stage, planning, seen)? {
            known = Some(part);
            break;
        }
    }
    let part = known.ok_or_else(|| PlanError::UnknownStage(stage.name.clone()))?;
    let places = places(planning, &part);
    Ok(Expanded { steps: in_order(part.steps)?, reads: part.reads, places })
}

/// Only preparing makes something fresh; everything else is about what is there.
fn as_it_stands<'a>(planning: &Planning<'a>) -> Cow<'a, Workload> {
    match planning.kind {
        PlanKind::Prepare => planning.workload.as_prepared(planning.seen),
        _ => planning.workload.as_observed(planning.seen),
    }
}

fn contribution(
    planning: &Planning<'_>,
    service: &dyn Service,
    component: &Component,
) -> Result<Part, Refusal> {
    if component.secondary.is_none() {
        return Ok(Part {
            notes: vec![format!("`{}` ({}) exists once and is not moved", component.name, component.kind)],
            ..Part::default()
        });
    }
    match planning.kind {
        PlanKind::Prepare => service.prepare(component, planning),
        PlanKind::Failover => service.fail_over(component, planning),
        PlanKind::Failback => service.fail_back(component, planning),
        PlanKind::Fence => service.fence(component, planning),
        PlanKind::Drain => service.drain(component, planning),
    }
}

/// What becomes of data that no service answers for, where the workload moves away from it.
fn unknown_data(planning: &Planning<'_>) -> Vec<Loss> {
    if !matches!(planning.kind, PlanKind::Failover | PlanKind::Failback) {
        return Vec::new();
    }
    let left = &planning.from().region;
    let stays_behind = |component: &&Component| {
        let declared = planning.workload.declaration(component.declared(planning.active));
        let location = declared.and_then(|declared| declared.location.as_ref());
        component.secondary.is_some() || location == Some(left)
    };
    let held = planning.workload.components.iter().filter(stays_behind).filter_map(|component| {
        let kept = service_for(&component.kind).unknown_data(&component.kind)?;
        let what = format!("{kept} of `{}`", component.name);
        Some(Loss { kind: LossKind::Unknown, what, count: None, observed_at: None })
    });
    held.collect()
}

fn absorb(whole: &mut Part, part: Part) {
    whole.steps.extend(part.steps);
    whole.reads.extend(part.reads);
    whole.hosts.extend(part.hosts);
    whole.records.extend(part.records);
    whole.facts.extend(part.facts);
    whole.notes.extend(part.notes);
    whole.gates.extend(part.gates);
}

/// An unplanned failover does not wait for the dead: it starts with the ungraceful way. Everything else is done with
/// care, and only an unplanned failover may give care up: nobody who moves by choice wants to lose something.
fn policy(planning: &Planning<'_>) -> Policy {
    let unplanned = planning.kind == PlanKind::Failover && !planning.planned;
    Policy {
        prefer: if unplanned { WayKind::Ungraceful } else { WayKind::Graceful },
        may_switch: unplanned,
        approvers: planning.workload.approvers.clone(),
    }
}

fn in_order(steps: Vec<Step>) -> Result<Vec<Step>, GraphError> {
    let order = Graph::new(&steps)?.order().to_vec();
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|index| steps[index].take()).collect())
}

/// Where everything is that a request may touch: the independence proof rests on it.
fn places(planning: &Planning<'_>, part: &Part) -> Places {
    let workload = planning.workload;
    let mut places = Places { hosts: part.hosts.clone(), ..Places::default() };
    // Templates may deploy into further groups. They need not be where the site is: of one that nobody saw or declares,
    // nobody knows.
    for group in groups(workload) {
        if let Ok(region) = located(&group, workload, planning.seen) {
            places.groups.insert(group, region);
        }
    }
    for site in workload.sites() {
        places.groups.entry(site.group.clone()).or_insert_with(|| site.group_region.clone());
    }
    // What one site builds on may be what the other declares: then its declaration tells. A group says nothing of where
    // its members are.
    let presumed = workload.sites().flat_map(|site| &site.presumed);
    for declared in presumed.chain(workload.declared()).filter(|declared| !declared.kind.is(GROUPS)) {
        let global = declared.location.as_ref().is_some_and(|region| region.as_str() == "global");
        if global {
            places.resources.insert(declared.id.clone(), None);
        } else if let Some(region) = &declared.location {
            places.resources.insert(declared.id.clone(), Some(region.clone()));
        }
    }
    let records = part.records.iter().map(|(id, region)| (id.clone(), Some(region.clone())));
    places.resources.extend(records);
    // What takes the place of a declared resource stands where that was declared.
    for component in workload.components.iter().filter(|component| component.replaced.is_some()) {
        for side in [Side::Primary, Side::Secondary] {
            if let Some(region) = places.resources.get(component.declared(side)).cloned() {
                places.resources.insert(component.on(side).clone(), region);
            }
        }
    }
    places
}
