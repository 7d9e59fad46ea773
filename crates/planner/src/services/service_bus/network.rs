//! Copying firewall and network rules to the standby side (D01). Addresses are the same everywhere; a subnet belongs to
//! one region, so the other side gets its counterpart, where the templates declare one, and nothing else.

use lifeboat_arm::ResourceId;
use lifeboat_plan::Step;
use serde_json::{Value, json};

use super::namespace::API;
use super::not_replicated::{NETWORK, declared, missing, put};
use crate::service::{Part, Planning};
use crate::topology::Component;

/// A step that gives the standby side the network rules of the active one. It must come before pairing: afterwards the
/// secondary refuses changes.
pub(super) fn copy(component: &Component, planning: &Planning<'_>, part: &mut Part) -> Option<Step> {
    let standby = planning.standby();
    let to = component.on(standby);
    // No deployment brings a fresh namespace what the template declares for its side: those rules come before the
    // others'.
    let own = Some(component.declared(standby)).filter(|&id| id != to);
    let own = own.and_then(|id| declared(planning.workload, id, &NETWORK).into_iter().next());
    let lacking =
        || missing(component, planning.workload, planning.seen, standby, &NETWORK).ok()?.into_iter().next();
    let rules = own.or_else(lacking)?;
    let id = to.child("networkRuleSets", "default");
    let mut properties = rules.get("properties").cloned().unwrap_or(json!({}));
    if own.is_some() {
        // Its own side's subnets.
    } else if let Some(subnets) = properties.get_mut("virtualNetworkRules").and_then(Value::as_array_mut) {
        let mut left_out = Vec::new();
        subnets.retain_mut(|rule| {
            let subnet = rule.pointer("/subnet/id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let other = counterpart(&subnet, planning);
            match &other {
                Some(other) => rule["subnet"]["id"] = json!(other.as_str()),
                None => left_out.push(subnet),
            }
            other.is_some()
        });
        if !left_out.is_empty() {
            part.notes.push(format!(
                "`{}`: {} gets no rule for {}: a subnet belongs to one region, and the templates declare no \
                 counterpart there; add a rule for the clients of the other region by hand",
                component.name,
                to.name(),
                left_out.join(", ")
            ));
        }
    }
    Some(put(component, part, "copy-network-rules", &id, API, &properties, "copy the network rules"))
}

/// The same subnet of the network that takes the place of its own, if the templates declare it.
fn counterpart(subnet: &str, planning: &Planning<'_>) -> Option<ResourceId> {
    let subnet = ResourceId::parse(subnet).ok()?;
    let network = subnet.parent()?;
    let component = planning
        .workload
        .components
        .iter()
        .find(|component| component.secondary.is_some() && *component.on(planning.active) == network)?;
    let there = component.on(planning.standby());
    let wanted = there.child("subnets", subnet.name());
    let resources = &planning.to().resources;
    let inline = |name: &str| {
        let subnets = resources.find(there)?.body.pointer("/properties/subnets")?.as_array()?;
        subnets.iter().any(|one| one.get("name").and_then(Value::as_str) == Some(name)).then_some(())
    };
    (resources.find(&wanted).is_some() || inline(subnet.name()).is_some()).then_some(wanted)
}
