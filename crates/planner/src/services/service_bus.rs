//! Service Bus namespaces (`Microsoft.ServiceBus/namespaces`): two of them behind an alias.
//!
//! Here: what to look at, rules, and the steps of pairing, failing over, fencing, draining and pairing again. Not here:
//! how requests travel, how an alias behaves (the lab's business). Known gaps: Geo-Replication is named as the
//! alternative, not driven.
//! Reference: "Azure Service Bus Geo-Disaster Recovery", REST api-version 2024-01-01.

mod counts;
mod drain;
mod durations;
mod empty;
mod fail_over;
mod fence;
mod fresh;
mod namespace;
mod network;
mod not_replicated;
mod pair;
mod reads;
mod rules;
mod settings;
mod traffic;

use jiff::SignedDuration;
use lifeboat_arm::{Call, ResourceId, ResourceType};
use lifeboat_plan::{Forecast, PlanKind, Stage};
use serde_json::{Value, json};

use crate::inventory::Inventory;
use crate::rule::Rule;
use crate::service::{Answers, Lead, Part, Planning, Refusal, Service, Strategy, StrategyKind};
use crate::settings::Section;
use crate::topology::{Component, Declared, Side, Standby, Workload};

use namespace::{API, Namespace};

pub use settings::{CrossSubscription, DeadLetters, Reprotect, ServiceBusChoice};

/// The service of Service Bus namespaces.
pub(crate) struct ServiceBus;

impl Service for ServiceBus {
    fn name(&self) -> &'static str {
        "Service Bus"
    }

    fn plans_for(&self, kind: &ResourceType) -> bool {
        kind.is("Microsoft.ServiceBus/namespaces")
    }

    fn observes(&self, component: &Component, workload: &Workload, seen: &Inventory) -> Vec<Call> {
        fresh::observed(component, workload, seen)
    }

    fn host(
        &self,
        component: &Component,
        side: Side,
        workload: &Workload,
        seen: &Inventory,
    ) -> Option<String> {
        Some(namespace::own_host(component, side, workload, seen))
    }

    fn rules(&self) -> &'static [Rule] {
        rules::RULES
    }

    fn strategies(&self, component: &Component, workload: &Workload, seen: &Inventory) -> Vec<Strategy> {
        if component.secondary.is_none() {
            return Vec::new();
        }
        let namespace = Namespace::on(Side::Primary, component, workload, seen);
        // Another namespace under another name is no recovery while an alias can be had: every client must be told.
        if namespace.sku() == Some("Premium") {
            return vec![Strategy {
                kind: StrategyKind::Pair,
                recovery: durations::alias_failover().p95,
                standing_cost: 100,
                why: "the alias moves and clients keep their connection string; messages stay behind"
                    .to_owned(),
            }];
        }
        let entities = i32::try_from(namespace.entity_count()).unwrap_or(i32::MAX);
        vec![Strategy {
            kind: StrategyKind::Redeploy,
            recovery: durations::namespace().p95 + durations::entity().p95 * entities,
            standing_cost: 0,
            why: "a template can create another namespace, but under another name: every client must be told"
                .to_owned(),
        }]
    }

    /// A namespace that is the secondary of a pair refuses every redeploy (400 "Cannot update a namespace which is
    /// secondary"), and one that is to be paired must be empty: its entities come by replication.
    fn left_out<'a>(&self, component: &Component, side: Side, planning: &Planning<'a>) -> Vec<&'a Declared> {
        let id = component.declared(side);
        // What a fresh one has replaced stays as it is.
        let replaced = id != component.on(side);
        let whole = replaced || planning.observed(id) || planning.kind != PlanKind::Prepare;
        planning
            .workload
            .site(side)
            .resources
            .within(id)
            .into_iter()
            .filter(|declared| whole || (declared.id != *id && replicates(declared)))
            .collect()
    }

    fn prepare(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal> {
        pair::prepare(component, planning)
    }

    fn fail_over(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal> {
        fail_over::fail_over(component, planning)
    }

    fn fail_back(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal> {
        fail_over::fail_back(component, planning)
    }

    fn fence(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal> {
        Ok(fence::fence(component, planning))
    }

    fn drain(&self, component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal> {
        Ok(drain::drain(component, planning))
    }

    fn expand(
        &self,
        stage: &Stage,
        planning: &Planning<'_>,
        seen: &Answers<'_>,
    ) -> Result<Option<Part>, Refusal> {
        let (stage_name, component) = stage.name.split_once(' ').unwrap_or((&stage.name, ""));
        let Some(component) = planning.workload.components.iter().find(|known| known.name == component)
        else {
            return Ok(None);
        };
        Ok(Some(match stage_name {
            fence::STAGE => fence::expand(component, planning, seen),
            drain::STAGE => drain::expand(component, planning, seen),
            empty::STAGE => empty::expand(component, planning, seen)?,
            _ => return Ok(None),
        }))
    }

    fn is_protected(&self, component: &Component, _: &Workload, seen: &Inventory) -> bool {
        pair::is_ready(component, seen)
    }

    fn leads(&self, component: &Component, _: &Workload, seen: &Inventory) -> Option<Lead> {
        Some(pair::leads(component, seen))
    }

    fn section(&self) -> Option<&'static Section> {
        Some(&settings::SECTION)
    }

    fn enforced(&self) -> &'static [&'static str] {
        rules::FORBIDS_PAIRING
    }

    fn creation(&self, kind: &ResourceType) -> Option<Forecast> {
        self.plans_for(kind).then(durations::namespace)
    }

    /// A namespace without a SKU is a Standard one (REST reference, `SBNamespace.sku`).
    fn say_defaults(&self, kind: &ResourceType, body: &mut Value) {
        if let Some(body) = body.as_object_mut().filter(|_| self.plans_for(kind)) {
            body.entry("sku").or_insert_with(|| json!({ "name": "Standard", "tier": "Standard" }));
        }
    }

    /// A namespace that can be paired.
    fn presume(&self, kind: &ResourceType, body: &mut Value) {
        if self.plans_for(kind) {
            body["sku"] = json!({ "name": "Premium", "tier": "Premium", "capacity": 1 });
        }
    }

    /// An entity comes without messages: these are not replicated.
    fn say_new(&self, kind: &ResourceType, body: &mut Value) {
        if ["queues", "topics", "subscriptions"]
            .iter()
            .any(|entity| kind.segments().last().is_some_and(|last| last.eq_ignore_ascii_case(entity)))
        {
            body["properties"]["countDetails"] = counts::none();
        }
    }

    /// An alias below the first namespace names the second.
    fn joined_by(&self, declared: &Declared) -> Option<[ResourceId; 2]> {
        if !declared.kind.is("Microsoft.ServiceBus/namespaces/disasterRecoveryConfigs") {
            return None;
        }
        let partner = declared.body.pointer("/properties/partnerNamespace")?.as_str()?;
        Some([declared.id.parent()?, ResourceId::parse(partner).ok()?])
    }

    fn standing(
        &self,
        component: &Component,
        workload: &Workload,
        seen: &Inventory,
        standby: Standby,
    ) -> Option<Component> {
        fresh::standing(component, workload, seen, standby)
    }

    fn wants_fresh(&self, component: &Component, workload: &Workload) -> bool {
        settings::wants_fresh(&component.name, workload)
    }
}

/// What is read of every namespace, each list by the api-version of its own provider.
const LISTS: &[(&str, &str)] = &[
    ("queues", API),
    ("topics", API),
    ("disasterRecoveryConfigs", API),
    ("networkRuleSets", API),
    ("privateEndpointConnections", API),
    ("providers/Microsoft.Authorization/roleAssignments", ROLES_API),
    ("providers/Microsoft.EventGrid/eventSubscriptions", "2022-06-15"),
    ("providers/Microsoft.Insights/autoscaleSettings", "2022-10-01"),
];

/// The api-version of every request about role assignments.
const ROLES_API: &str = "2022-04-01";

/// Children that Geo-DR copies to the secondary.
fn replicates(declared: &Declared) -> bool {
    let child = declared.kind.as_str().to_ascii_lowercase();
    ["/queues", "/topics", "/authorizationrules", "/disasterrecoveryconfigs"]
        .iter()
        .any(|segment| child.starts_with("microsoft.servicebus/namespaces") && child.contains(segment))
}

/// How long a healthy alias must have been healthy before the workload goes home.
const HEALTHY_FOR: SignedDuration = SignedDuration::from_mins(5);
