//! What a deployment leaves out: what Azure would refuse there, and what waits for the day.

use std::collections::BTreeSet;

use lifeboat_arm::ResourceId;
use serde_json::Value;

use crate::finding::Severity;
use crate::inventory::Source;
use crate::rule::Rule;
use crate::service::{Planning, Refusal, StrategyKind};
use crate::services::service_for;
use crate::topology::{Component, Declared, Deployment, GROUPS, Roots, Site};

/// What only planning can find: no assessment asks for it.
pub(crate) const REFUSALS: &[Rule] = &[CANNOT_LEAVE_OUT];

const CANNOT_LEAVE_OUT: Rule = Rule {
    id: "WL-CANNOT-LEAVE-OUT",
    title: "what is left out of a deployment is an element of its own",
    severity: Severity::Blocking,
    cites: &["S04", "S06"],
    guidance: "Leverage template parameters to minimize the changes required to the templates.",
    why: "Azure refuses a redeploy of a paired secondary, and what waits for the day must not run before: the same \
        template is sent without them, and an element can only be left out whole",
    remedy: "declare it as an element of its own in the regional template",
    remedied_by: None,
    fault: "one copy loop over a component that is redeployed on the day and one that stands by",
    check: |_| Vec::new(),
};

/// Everything that services leave out, less what a kept resource waits for, and what it or an output asks for. All of it
/// where nothing else would be left but groups and what exists once: then nothing is deployed.
pub(super) fn left_out(planning: &Planning<'_>) -> BTreeSet<ResourceId> {
    let side = planning.standby();
    let mut out: BTreeSet<ResourceId> = planning
        .workload
        .components
        .iter()
        .filter(|component| component.secondary.is_some())
        .flat_map(|component| service_for(&component.kind).left_out(component, side, planning))
        .map(|declared| declared.id.clone())
        .collect();
    let Site { resources, deployment, .. } = planning.workload.site(side);
    // Only what merely waits for the day can be wanted earlier; what Azure refuses stays out.
    let stands =
        |component: &&Component| planning.strategies.get(&component.name) != Some(&StrategyKind::Redeploy);
    let standing = Roots::new(
        planning.workload.components.iter().filter(stands).map(|component| component.declared(side)),
    );
    let refused: BTreeSet<ResourceId> =
        out.iter().filter(|id| standing.around(id).next().is_some()).cloned().collect();
    if !out.is_empty() && is_bare(planning, resources, &out) {
        return resources.iter().map(|declared| declared.id.clone()).collect();
    }
    loop {
        let kept: BTreeSet<&ResourceId> =
            resources.iter().map(|declared| &declared.id).filter(|id| !out.contains(id)).collect();
        let waited_for =
            resources.iter().filter(|declared| kept.contains(&declared.id)).flat_map(|one| &one.depends_on);
        let asked_for = deployment.asked_for(&kept);
        let is_wanted = |id: &&ResourceId| out.contains(id) && !refused.contains(id);
        let wanted: Vec<ResourceId> = waited_for.chain(asked_for).filter(is_wanted).cloned().collect();
        if wanted.is_empty() {
            return out;
        }
        for id in wanted {
            out.remove(&id);
        }
    }
}

/// Whether nothing would be left but groups, which hold nothing then, and what exists once, which is there already.
fn is_bare(planning: &Planning<'_>, resources: &[Declared], out: &BTreeSet<ResourceId>) -> bool {
    let once = planning.workload.components.iter().filter(|component| component.secondary.is_none());
    let once = Roots::new(once.map(|component| &component.primary));
    let left = resources.iter().filter(|declared| !out.contains(&declared.id) && !declared.kind.is(GROUPS));
    left.into_iter().all(|declared| once.around(&declared.id).next().is_some())
}

/// The same template with `"condition": false` on what is left out: ARM then skips a resource, and whoever waits for it
/// goes on. Nothing else of the template changes.
pub(super) fn without(
    deployment: &Deployment,
    kept: &[&Declared],
    all: &[Declared],
    out: &BTreeSet<ResourceId>,
) -> Result<Value, Refusal> {
    let pointers = |declared: &Declared| deployment.elements.get(&declared.id).into_iter().flatten();
    let needed: BTreeSet<&str> =
        kept.iter().flat_map(|declared| pointers(declared)).map(|at| &**at).collect();
    let mut template = Value::clone(&deployment.template);
    for declared in all.iter().filter(|declared| out.contains(&declared.id)) {
        for at in pointers(declared) {
            let element = template.pointer_mut(at).and_then(Value::as_object_mut);
            let (false, Some(element)) = (needed.contains(&**at), element) else {
                let file = match &declared.source {
                    Source::Template { file, line, .. } => format!(" ({file}:{line})"),
                    _ => String::new(),
                };
                return Err(Refusal {
                    rule: CANNOT_LEAVE_OUT.id.into(),
                    component: declared.id.name().into(),
                    why: format!("the template element {at}{file} also brings resources that are needed"),
                    remedy: CANNOT_LEAVE_OUT.remedy.into(),
                });
            };
            element.insert("condition".into(), Value::Bool(false));
        }
    }
    Ok(template)
}
