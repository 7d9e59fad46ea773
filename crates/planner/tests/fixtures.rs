//! One workload with two regions, and worlds in which it is observed; tests change what they are about.

pub(crate) mod answers;
pub(crate) mod corpus;
mod fresh;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use lifeboat_arm::template::{Diagnostic, NoLinks, Template};
use lifeboat_arm::{Answer, ArmError, Region, ResourceId};
use lifeboat_plan::{Endpoint, Plan, PlanKind};
use lifeboat_planner::{
    About, Component, Fact, Inventory, PlanError, Planning, Refusal, ServiceBusChoice, Side, SiteTemplate,
    StrategyKind, Workload, WorkloadFile, plan, read,
};
use serde_json::{Value, json};

pub(crate) const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";
/// What Azure shows for "never".
pub(crate) const FOREVER: &str = "P10675199DT2H48M5.4775807S";
pub(crate) const ROLES: &str = "providers/Microsoft.Authorization/roleAssignments";
pub(crate) const EVENTS: &str = "providers/Microsoft.EventGrid/eventSubscriptions";
pub(crate) const AUTOSCALE: &str = "providers/Microsoft.Insights/autoscaleSettings";
pub(crate) const ALIASES: &str = "disasterRecoveryConfigs";

pub(crate) fn now() -> Timestamp {
    "2026-03-01T08:00:00Z".parse().unwrap()
}

pub(crate) fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

pub(crate) fn about() -> About {
    let file = WorkloadFile::parse("lifeboat.yaml", include_str!("fixtures/lifeboat.yaml")).unwrap();
    file.about(now())
}

/// The regional template after this change of its text, read for both regions.
pub(crate) fn workload_of(change: impl Fn(String) -> String) -> Result<Workload, Vec<Diagnostic>> {
    let regional =
        Template::parse("regional.json", &change(include_str!("fixtures/regional.json").to_owned()))?;
    let shared = Template::parse("shared.json", include_str!("fixtures/shared.json"))?;
    let named = |end: &str| -> BTreeMap<String, Value> {
        let names = [("busName", format!("orders-bus-{end}")), ("siteName", format!("orders-web-{end}"))];
        names.map(|(name, value)| (name.to_owned(), json!(value))).into()
    };
    let (weu, neu, none) = (named("weu"), named("neu"), BTreeMap::new());
    let (west, north) = (region("westeurope"), region("northeurope"));
    let site = |template, parameters, group, region| SiteTemplate { template, parameters, group, region };
    read(
        &about(),
        site(&regional, &weu, "orders-weu", &west),
        site(&regional, &neu, "orders-neu", &north),
        Some(site(&shared, &none, "orders-shared", &north)),
        &NoLinks,
    )
}

/// A workload and what is known of it.
pub(crate) struct World {
    pub(crate) workload: Workload,
    pub(crate) seen: Inventory,
    pub(crate) strategies: BTreeMap<String, StrategyKind>,
    pub(crate) active: Side,
    pub(crate) planned: bool,
    pub(crate) returning: bool,
    pub(crate) at: Timestamp,
    pub(crate) endpoint: Endpoint,
}

impl World {
    /// Nobody looked: what templates tell.
    pub(crate) fn declared() -> Self {
        Self::declared_by(|text| text)
    }

    /// What a changed template tells.
    pub(crate) fn declared_by(change: impl Fn(String) -> String) -> Self {
        let workload = workload_of(change).unwrap();
        Self::of(workload)
    }

    pub(crate) fn of(workload: Workload) -> Self {
        Self {
            seen: workload.declared_inventory(),
            workload,
            strategies: BTreeMap::new(),
            active: Side::Primary,
            planned: false,
            returning: false,
            at: now(),
            endpoint: Endpoint::Lab("t".to_owned()),
        }
    }

    /// The primary region serves; nothing stands in the second one.
    pub(crate) fn from_nothing() -> Self {
        Self::observed_from(Self::declared())
    }

    /// The same, made by another template.
    pub(crate) fn observed_from(mut world: Self) -> Self {
        world.stands(Side::Primary);
        world.is_absent(Side::Secondary);
        world
    }

    /// Both regions stand and the namespaces are partners, everything replicated.
    pub(crate) fn paired() -> Self {
        let mut world = Self::from_nothing();
        world.stands(Side::Secondary);
        world.pair(Side::Primary, "orders");
        world
    }

    /// Both namespaces stand, nobody paired them, and the second one is empty.
    pub(crate) fn unpaired() -> Self {
        let mut world = Self::from_nothing();
        world.stands(Side::Secondary);
        for list in ["queues", "topics"] {
            world.see(&world.bus_path(Side::Secondary, list), json!({ "value": [] }));
        }
        world
    }

    // --- what is where

    pub(crate) fn bus(&self) -> &Component {
        let is_bus = |component: &&Component| component.kind.is("Microsoft.ServiceBus/namespaces");
        self.workload.components.iter().find(is_bus).unwrap()
    }

    pub(crate) fn component(&self, name: &str) -> &Component {
        self.workload.components.iter().find(|component| component.name == name).unwrap()
    }

    pub(crate) fn bus_id(&self, side: Side) -> ResourceId {
        self.bus().on(side).clone()
    }

    pub(crate) fn bus_path(&self, side: Side, below: &str) -> String {
        format!("{}/{below}", self.bus().on(side))
    }

    // --- looking

    /// What a GET of this path answers from now on.
    pub(crate) fn see(&mut self, path: &str, body: Value) {
        self.seen.observe(path, self.at, Ok(&Answer::new(200, body)));
    }

    /// The path answers 404.
    pub(crate) fn miss(&mut self, path: &str) {
        self.seen.observe(path, self.at, Ok(&Answer::new(404, Value::Null)));
    }

    /// The path answers 503; what was known stays known as the last value.
    pub(crate) fn lose(&mut self, path: &str) {
        let answer = Answer::refusal(503, &ArmError::new("ServiceUnavailable", "away"));
        self.seen.observe(path, self.at, Ok(&answer));
    }

    /// A list below the namespace on one side.
    pub(crate) fn list(&mut self, side: Side, list: &str, members: Value) {
        let path = self.bus_path(side, list);
        let mut body = json!({});
        body["value"] = members;
        self.see(&path, body);
    }

    /// Everything about one side answers 503.
    pub(crate) fn lose_side(&mut self, side: Side) {
        let group = self.workload.site(side).group.folded().to_owned();
        self.seen = self.seen.without(|path| path.starts_with(&group), "the region does not answer");
    }

    /// Everything was observed at this time.
    pub(crate) fn observed_at(&mut self, at: Timestamp) {
        self.at = at;
        let facts: Vec<(String, Fact)> =
            self.seen.facts().map(|(path, fact)| (path.to_owned(), fact.clone())).collect();
        for (path, mut fact) in facts {
            match &mut fact {
                Fact::Known(known) | Fact::Unknown { last: Some(known), .. } if known.at.is_some() => {
                    known.at = Some(at);
                }
                Fact::Absent { at: seen } => *seen = Some(at),
                _ => {}
            }
            self.seen.insert(&path, fact);
        }
    }

    /// Changes what is known of the namespace on one side.
    /// The secondary's group, as Azure shows it.
    pub(crate) fn group_is_in(&mut self, region: &str) {
        let group = self.workload.secondary.group.to_string();
        self.see(&group, json!({ "id": group, "location": region }));
    }

    pub(crate) fn edit_bus(&mut self, side: Side, with: impl FnOnce(&mut Value)) {
        let id = self.bus_id(side);
        let mut body = self.seen.resource(&id).value().unwrap().clone();
        with(&mut body);
        self.see(id.as_str(), body);
    }

    /// Changes a member of a list below the namespace, by name.
    pub(crate) fn edit_member(&mut self, side: Side, list: &str, name: &str, with: impl FnOnce(&mut Value)) {
        let path = self.bus_path(side, list);
        let mut members = self.seen.look(&path).value().unwrap().clone();
        let member =
            members.as_array_mut().unwrap().iter_mut().find(|member| member["name"] == name).unwrap();
        with(member);
        self.see(&path, json!({ "value": members }));
    }

    // --- worlds

    /// Everything that the template declares on this side is there, as Azure shows it.
    pub(crate) fn stands(&mut self, side: Side) {
        let declared = self.workload.declared_inventory();
        for declared_resource in self.workload.site(side).resources.clone() {
            let mut body = declared.resource(&declared_resource.id).value().unwrap().clone();
            body["properties"]["provisioningState"] = json!("Succeeded");
            self.see(declared_resource.id.as_str(), body);
        }
        for queue in ["incoming", "audit"] {
            self.see(
                &self.bus_path(side, &format!("queues/{queue}")),
                entity(&self.bus_path(side, "queues"), queue),
            );
        }
        let queues: Vec<Value> =
            ["incoming", "audit"].map(|name| entity(&self.bus_path(side, "queues"), name)).into();
        let topic = entity(&self.bus_path(side, "topics"), "events");
        let subscription = entity(&self.bus_path(side, "topics/events/subscriptions"), "billing");
        self.list(side, "queues", json!(queues));
        self.list(side, "topics", json!([topic]));
        self.list(side, "topics/events/subscriptions", json!([subscription]));
        let rules = json!({ "name": "default", "properties": { "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": [], "trustedServiceAccessEnabled": false } });
        self.list(side, "networkRuleSets", json!([rules]));
        for list in [ALIASES, "privateEndpointConnections", ROLES, EVENTS, AUTOSCALE] {
            self.list(side, list, json!([]));
        }
        self.see(
            self.workload.site(side).group.clone().as_str(),
            json!({ "location": self.workload.site(side).region.as_str() }),
        );
    }

    /// Nothing of this side is there.
    pub(crate) fn is_absent(&mut self, side: Side) {
        for declared in self.workload.site(side).resources.clone() {
            self.miss(declared.id.as_str());
        }
        for list in [
            "queues",
            "topics",
            "topics/events/subscriptions",
            "networkRuleSets",
            ALIASES,
            "privateEndpointConnections",
            ROLES,
            EVENTS,
            AUTOSCALE,
        ] {
            self.miss(&self.bus_path(side, list));
        }
    }

    /// The alias as both namespaces of a standing pair show it.
    pub(crate) fn pair(&mut self, leader: Side, alias: &str) {
        for (side, role) in [(leader, "Primary"), (leader.other(), "Secondary")] {
            let record =
                alias_record(&self.bus_path(side, ALIASES), alias, role, self.bus_id(side.other()).as_str());
            self.see(&self.bus_path(side, &format!("{ALIASES}/{alias}")), record.clone());
            self.list(side, ALIASES, json!([record]));
        }
    }

    /// The alias after a failover to this side: without a partner, and gone from the other side.
    pub(crate) fn failed_over(&mut self, leader: Side, alias: &str) {
        let record = alias_record(&self.bus_path(leader, ALIASES), alias, "PrimaryNotReplicating", "");
        self.see(&self.bus_path(leader, &format!("{ALIASES}/{alias}")), record.clone());
        self.list(leader, ALIASES, json!([record]));
        self.miss(&self.bus_path(leader.other(), &format!("{ALIASES}/{alias}")));
        self.list(leader.other(), ALIASES, json!([]));
    }

    /// Changes what the owner wants of the namespaces.
    pub(crate) fn choose(&mut self, with: impl FnOnce(&mut ServiceBusChoice)) {
        let mut choice =
            self.workload.settings.of::<ServiceBusChoice>("orders-bus").cloned().unwrap_or_default();
        with(&mut choice);
        self.workload.settings.set("orders-bus", Arc::new(choice));
    }

    // --- planning

    pub(crate) fn planning(&self, kind: PlanKind) -> Planning<'_> {
        Planning {
            kind,
            workload: &self.workload,
            seen: &self.seen,
            endpoint: &self.endpoint,
            active: self.active,
            planned: self.planned,
            returning: self.returning,
            strategies: &self.strategies,
            now: self.at,
        }
    }

    pub(crate) fn plan(&self, kind: PlanKind) -> Plan {
        plan(&self.planning(kind)).unwrap()
    }

    pub(crate) fn refused(&self, kind: PlanKind) -> Refusal {
        match plan(&self.planning(kind)) {
            Err(PlanError::Refused(refusal)) => refusal,
            other => panic!("a refusal is expected, not {other:?}"),
        }
    }
}

/// A queue, topic or subscription as Azure shows it.
pub(crate) fn entity(list: &str, name: &str) -> Value {
    json!({
        "id": format!("{list}/{name}"),
        "name": name,
        "properties": {
            "status": "Active", "maxDeliveryCount": 10, "requiresSession": false, "requiresDuplicateDetection": false,
            "autoDeleteOnIdle": FOREVER, "accessedAt": "2026-02-28T00:00:00Z",
            "countDetails": {
                "activeMessageCount": 0, "deadLetterMessageCount": 0, "scheduledMessageCount": 0,
                "transferMessageCount": 0, "transferDeadLetterMessageCount": 0,
            },
        },
    })
}

/// An alias as a namespace shows it.
pub(crate) fn alias_record(list: &str, name: &str, role: &str, partner: &str) -> Value {
    json!({
        "id": format!("{list}/{name}"),
        "name": name,
        "properties": {
            "role": role, "provisioningState": "Succeeded", "partnerNamespace": partner,
            "pendingReplicationOperationsCount": 0,
        },
    })
}

/// A role assignment as a list shows it.
pub(crate) fn role(scope: &ResourceId, name: &str, principal: &str) -> Value {
    json!({
        "id": format!("{scope}/{ROLES}/{name}"),
        "name": name,
        "properties": {
            "roleDefinitionId": format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/090c5cfd-751d-490a-894a-3ce6f1109419"),
            "principalId": principal, "principalType": "ServicePrincipal", "scope": scope.as_str(),
        },
    })
}
