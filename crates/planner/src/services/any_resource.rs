//! Any resource without rules of its own: redeployed by template, before the day (standby) or on it.
//!
//! Here: what can be said about a resource whose service Lifeboat does not know. Not here: the deployment itself, which
//! is one step for the whole workload (`planning/deploy.rs`). Reference: the guidance, "Consider Re-Deployment through
//! automation over replication when feasible for stateless layers".

mod data;

use jiff::SignedDuration;
use lifeboat_arm::{Call, ResourceType};
use lifeboat_plan::{PlanKind, Stage};

use crate::durations;
use crate::finding::Severity;
use crate::inventory::Inventory;
use crate::rule::{Checked, Rule};
use crate::service::{Answers, Part, Planning, Refusal, Service, Strategy, StrategyKind};
use crate::topology::{Component, Declared, Side, Workload};

/// The service of everything that no other service plans for.
pub(crate) struct AnyResource;

// --- the outline ------------------------------------------------------------------------------------------------

impl Service for AnyResource {
    fn name(&self) -> &'static str {
        "any resource"
    }

    fn plans_for(&self, _: &ResourceType) -> bool {
        true
    }

    /// The resource itself, by the api-version that its template was written for.
    fn observes(&self, component: &Component, workload: &Workload, _: &Inventory) -> Vec<Call> {
        let both = [Some(&component.primary), component.secondary.as_ref()].into_iter().flatten();
        both.filter_map(|id| Some(Call::get(id, &workload.declaration(id)?.api_version))).collect()
    }

    fn host(&self, _: &Component, _: Side, _: &Workload, _: &Inventory) -> Option<String> {
        None
    }

    fn rules(&self) -> &'static [Rule] {
        RULES
    }

    fn strategies(&self, component: &Component, _: &Workload, _: &Inventory) -> Vec<Strategy> {
        if component.secondary.is_none() {
            return Vec::new();
        }
        vec![
            Strategy {
                kind: StrategyKind::Redeploy,
                recovery: durations::creation(&component.kind).p95,
                standing_cost: 0,
                why: "a template can create it; nothing runs until then".to_owned(),
            },
            Strategy {
                kind: StrategyKind::Standby,
                recovery: SignedDuration::ZERO,
                standing_cost: 100,
                why: "deployed beforehand, it only has to be used".to_owned(),
            },
        ]
    }

    fn left_out<'a>(&self, component: &Component, side: Side, planning: &Planning<'a>) -> Vec<&'a Declared> {
        let waits_for_the_day = planning.kind == PlanKind::Prepare
            && side == Side::Secondary
            && planning.strategies.get(&component.name) == Some(&StrategyKind::Redeploy);
        if !waits_for_the_day {
            return Vec::new();
        }
        planning.workload.site(side).resources.within(component.on(side))
    }

    fn prepare(&self, component: &Component, _: &Planning<'_>) -> Result<Part, Refusal> {
        Ok(redeployed(component))
    }

    fn fail_over(&self, component: &Component, _: &Planning<'_>) -> Result<Part, Refusal> {
        Ok(redeployed(component))
    }

    fn fail_back(&self, component: &Component, _: &Planning<'_>) -> Result<Part, Refusal> {
        Ok(redeployed(component))
    }

    fn fence(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal> {
        let old = component.on(planning.standby()).name();
        Ok(said(component, &format!("if it acts by itself, stop {old} by hand")))
    }

    fn drain(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal> {
        let old = component.on(planning.standby()).name();
        Ok(said(component, &format!("nothing is brought over from {old}")))
    }

    fn expand(&self, _: &Stage, _: &Planning<'_>, _: &Answers<'_>) -> Result<Option<Part>, Refusal> {
        Ok(None)
    }

    /// Nothing that Lifeboat does makes it safer than it is: the template can bring it at any time, and whether that is
    /// enough is unknown (`has_rules`, `unknown_data`).
    fn is_protected(&self, _: &Component, _: &Workload, _: &Inventory) -> bool {
        true
    }

    fn has_rules(&self) -> bool {
        false
    }

    fn unknown_data(&self, kind: &ResourceType) -> Option<&'static str> {
        data::kept_by(kind)
    }
}

/// What Lifeboat leaves to people.
fn said(component: &Component, what: &str) -> Part {
    let note = format!("`{}` ({}) has no rules of its own: {what}", component.name, component.kind);
    Part { notes: vec![note], ..Part::default() }
}

/// The template brings the resource; there is nothing else to do, and that is said.
fn redeployed(component: &Component) -> Part {
    let note = if component.secondary.is_some() {
        format!("`{}` ({}) has no rules of its own: the template brings it", component.name, component.kind)
    } else {
        format!("`{}` ({}) exists once and is not moved", component.name, component.kind)
    };
    Part { notes: vec![note], ..Part::default() }
}

// --- rules ------------------------------------------------------------------------------------------------------

const RULES: &[Rule] = &[Rule {
    id: "ANY-NO-RULES",
    title: "the resource's service has rules of its own",
    severity: Severity::Info,
    cites: &["S04", "S05"],
    guidance: "Consider Re-Deployment through automation over replication when feasible for stateless layers.",
    why: "Lifeboat redeploys it by template and knows nothing of state that it may hold",
    remedy: "make sure that it holds no state, or that its state is replicated by its own means",
    remedied_by: Some("deploy"),
    fault: "a workload with a resource type that Lifeboat does not know",
    check: |subject| {
        let kind = &subject.component.kind;
        vec![Checked::fail(
            &subject.component.primary,
            subject.seen.evidence(subject.component.primary.as_str(), format!("its type is {kind}")),
        )]
    },
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exists_once_is_not_moved() {
        let once = Component {
            name: "alerts".into(),
            kind: ResourceType::new("Microsoft.Insights/actionGroups"),
            primary: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/actionGroups/a"
                .parse()
                .unwrap(),
            secondary: None,
            replaced: None,
        };
        assert!(redeployed(&once).notes[0].contains("exists once"));
    }
}
