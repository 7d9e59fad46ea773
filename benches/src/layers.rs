//! The same graph for everybody: N things in ten layers, each waiting for the one above it.
//!
//! As a template, as a workload, as a plan with one step for each thing, and for terraform.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use jiff::SignedDuration;
use lifeboat_arm::template::{NoLinks, Template};
use lifeboat_arm::{Method, Region, ResourceId, ResourceType};
use lifeboat_plan::{
    Action, CallDraft, Citation, Condition, Endpoint, Forecast, Need, Places, Plan, PlanKind, Policy,
    ReadDraft, ReadId, Step, StepId, Way, WayKind,
};
use lifeboat_planner::{About, Objectives, SiteTemplate, Workload, read};
use serde_json::json;

const LAYERS: usize = 10;
pub(crate) const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
/// A type that has no file of its own, neither in the planner nor in the lab.
pub(crate) const KIND: &str = "Microsoft.Maps/accounts";

/// What the thing at `index` waits for.
fn above(index: usize, count: usize) -> Option<usize> {
    index.checked_sub((count / LAYERS).max(1))
}

/// An ARM template that declares each resource on its own.
pub(crate) fn template(count: usize) -> String {
    let resources: Vec<_> = (0..count)
        .map(|index| {
            let waits: Vec<String> = above(index, count)
                .map(|above| format!("[resourceId('{KIND}', 'r{above}')]"))
                .into_iter()
                .collect();
            json!({
                "type": KIND,
                "apiVersion": "2023-06-01",
                "name": format!("r{index}"),
                "location": "[parameters('location')]",
                "dependsOn": waits,
                "properties": { "value": format!("v{index}") },
            })
        })
        .collect();
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": { "location": { "type": "string", "defaultValue": "[resourceGroup().location]" } },
        "resources": resources,
    });
    format!("{template:#}\n")
}

/// The same as a configuration of terraform, of resources that are built in and do nothing.
pub(crate) fn terraform(count: usize) -> String {
    let mut text = String::new();
    for index in 0..count {
        let waits = above(index, count)
            .map(|above| format!("  depends_on = [terraform_data.r{above}]\n"))
            .unwrap_or_default();
        text += &[
            "resource \"terraform_data\" \"r",
            &index.to_string(),
            "\" {\n  input = \"v",
            &index.to_string(),
            "\"\n",
            &waits,
            "}\n",
        ]
        .concat();
    }
    text
}

/// The same as a workload of two sites, read from the template.
pub(crate) fn workload(template: &str) -> Result<Workload> {
    let template =
        Template::parse("layers.json", template).map_err(|found| anyhow!("{} mistakes", found.len()))?;
    let about = About {
        name: "layers".to_owned(),
        subscription: SUBSCRIPTION.to_owned(),
        objectives: Objectives { rto: SignedDuration::from_hours(1), rpo: SignedDuration::from_mins(15) },
        approvers: Vec::new(),
        settings: Vec::new(),
        now: "2026-01-01T00:00:00Z".parse()?,
    };
    let none = BTreeMap::new();
    let [west, north] = ["westeurope", "northeurope"].map(Region::lenient);
    let site = |group, region| SiteTemplate { template: &template, parameters: &none, group, region };
    read(&about, site("layers-weu", &west), site("layers-neu", &north), None, &NoLinks)
        .map_err(|found| anyhow!("{} mistakes", found.len()))
}

/// The same as a plan with a step for each thing: a request, a condition, a read, a place.
pub(crate) fn plan(count: usize) -> Plan {
    let (from, to) = (Region::lenient("westeurope"), Region::lenient("northeurope"));
    let group = ResourceId::group(SUBSCRIPTION, "layers-neu");
    let mut places = Places::default();
    places.groups.insert(group.clone(), to.clone());
    let mut reads = BTreeMap::new();
    let steps = (0..count)
        .map(|index| {
            let name = format!("r{index}");
            let id = group.resource(&ResourceType::new(KIND), &[&name]);
            let path = format!("{id}?api-version=2023-06-01");
            let read = ReadId::new(&format!("{name}@{to}"));
            reads.insert(read.clone(), ReadDraft::Arm(CallDraft::get(path.clone())));
            places.resources.insert(id, Some(to.clone()));
            let body = json!({ "location": to.as_str(), "properties": { "value": format!("v{index}") } });
            let action = Action::Send(CallDraft::arm(Method::Put, path, Some(body.into())));
            let done = Condition::equal(&read, "/properties/provisioningState", "Succeeded");
            let forecast = Forecast::assumed(30, 120, "a resource like any other");
            let needs = [Need::ControlPlane(to.clone())].into();
            Step {
                id: StepId::new(&name, "create"),
                component: name.clone(),
                title: format!("create {name} in {to}"),
                after: above(index, count)
                    .map(|above| StepId::new(&format!("r{above}"), "create"))
                    .into_iter()
                    .collect(),
                graceful: Way { needs, ..Way::new(action, done, forecast) },
                ungraceful: None,
                because: Citation::new(&["S05"], "one of many"),
            }
        })
        .collect();
    Plan {
        kind: PlanKind::Failover,
        workload: "layers".to_owned(),
        endpoint: Endpoint::Lab("bench".to_owned()),
        from,
        to,
        policy: Policy { prefer: WayKind::Graceful, may_switch: true, approvers: Vec::new() },
        steps,
        reads,
        places,
        facts: Vec::new(),
        notes: Vec::new(),
    }
}
