//! A workload with one namespace per region behind the alias `orders`, and what was observed of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Region, ResourceId, ResourceType};
use lifeboat_plan::{Endpoint, Plan, PlanKind};
use lifeboat_planner::{
    Component, Deciding, Declared, Deployment, Inventory, MessagingChoice, Objectives, PlanError, Planning,
    Side, Site, Source, StrategyKind, Workload, plan,
};
use serde_json::{Value, json};

pub(crate) const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
pub(crate) const LISTS: [&str; 8] = [
    "queues",
    "topics",
    "disasterRecoveryConfigs",
    "networkRuleSets",
    "privateEndpointConnections",
    "providers/Microsoft.Authorization/roleAssignments",
    "providers/Microsoft.EventGrid/eventSubscriptions",
    "providers/Microsoft.Insights/autoscaleSettings",
];

/// The namespace of a region, by its short name.
pub(crate) fn bus(short: &str) -> ResourceId {
    namespace(SUBSCRIPTION, short, &format!("orders-bus-{short}"))
}

pub(crate) fn namespace(subscription: &str, short: &str, name: &str) -> ResourceId {
    ResourceId::group(subscription, &format!("orders-{short}"))
        .resource(&ResourceType::new("Microsoft.ServiceBus/namespaces"), &[name])
}

/// Everything that a finding or a plan depends on.
pub(crate) struct World {
    pub(crate) workload: Workload,
    pub(crate) seen: Inventory,
    pub(crate) strategies: BTreeMap<String, StrategyKind>,
}

fn site(short: &str, region: &str) -> Site {
    let region = Region::lenient(region);
    let id = bus(short);
    let template = json!({ "resources": [{ "type": "Microsoft.ServiceBus/namespaces" }] });
    Site {
        group: id.group_id().unwrap(),
        group_region: region.clone(),
        resources: vec![Declared {
            id: id.clone(),
            kind: ResourceType::new("Microsoft.ServiceBus/namespaces"),
            api_version: "2024-01-01".into(),
            location: Some(region.clone()),
            body: json!({ "sku": { "name": "Premium" }, "properties": {} }),
            depends_on: Vec::new(),
            source: Source::Template {
                file: "regional.json".into(),
                line: 1,
                pointer: "/resources/0".into(),
            },
        }],
        presumed: Vec::new(),
        deployment: Deployment {
            file: "regional.json".into(),
            template,
            elements: BTreeMap::from([(id, vec!["/resources/0".to_owned()])]),
            parameters: json!({}),
        },
        region,
    }
}

impl World {
    /// Two empty Premium namespaces, not paired; the queue `orders` in the primary.
    pub(crate) fn unpaired() -> Self {
        let workload = Workload {
            name: "orders".into(),
            subscription: SUBSCRIPTION.into(),
            primary: site("weu", "westeurope"),
            secondary: site("neu", "northeurope"),
            shared: None,
            components: vec![Component {
                name: "orders-bus".into(),
                kind: ResourceType::new("Microsoft.ServiceBus/namespaces"),
                primary: bus("weu"),
                secondary: Some(bus("neu")),
            }],
            objectives: Objectives { rto: SignedDuration::from_mins(45), rpo: SignedDuration::from_mins(15) },
            deciding: Deciding {
                hold_down: SignedDuration::from_mins(15),
                decision: SignedDuration::from_mins(10),
                approvers: vec![],
            },
            messaging: BTreeMap::from([(
                "orders-bus".into(),
                MessagingChoice { alias: Some("orders".into()), alternate_name: None },
            )]),
        };
        let mut world = Self { workload, seen: Inventory::default(), strategies: BTreeMap::new() };
        for (short, region) in [("weu", "westeurope"), ("neu", "northeurope")] {
            world.namespace_is(short, region, "Premium", json!({}));
            for list in LISTS {
                world.list(short, list, json!([]));
            }
        }
        world.list("weu", "queues", json!([queue("orders", json!({}))]));
        world
    }

    /// The same, paired and replicated.
    pub(crate) fn paired() -> Self {
        let mut world = Self::unpaired();
        world.list("neu", "queues", json!([queue("orders", json!({}))]));
        world.alias("weu", "Primary", Some(&bus("neu")), Some(0));
        world.alias("neu", "Secondary", Some(&bus("weu")), Some(0));
        world
    }

    /// After a failover: the alias alone in the secondary, the old primary empty of senders but not of queues.
    pub(crate) fn moved() -> Self {
        let mut world = Self::paired();
        world.list("weu", "disasterRecoveryConfigs", json!([]));
        world.alias("neu", "PrimaryNotReplicating", None, Some(0));
        world
    }

    pub(crate) fn see(&mut self, path: &str, body: Value) {
        self.seen.observe(path, Timestamp::UNIX_EPOCH, Ok(&Answer::new(200, body)));
    }

    pub(crate) fn namespace_is(&mut self, short: &str, region: &str, sku: &str, properties: Value) {
        let id = bus(short);
        let mut body =
            json!({ "id": id.as_str(), "name": id.name(), "location": region, "sku": { "name": sku } });
        body["properties"] = properties;
        self.see(id.as_str(), body);
    }

    pub(crate) fn list(&mut self, short: &str, list: &str, members: Value) {
        self.see(&format!("{}/{list}", bus(short)), json!({ "value": members }));
    }

    /// The alias as a namespace shows it. A count of none is one that nobody tells.
    pub(crate) fn alias(
        &mut self,
        short: &str,
        role: &str,
        partner: Option<&ResourceId>,
        pending: Option<u64>,
    ) {
        let mut properties = json!({ "role": role, "provisioningState": "Succeeded" });
        properties["partnerNamespace"] = partner.map_or(json!(""), |id| json!(id.as_str()));
        if let Some(pending) = pending {
            properties["pendingReplicationOperationsCount"] = json!(pending);
        }
        let alias = json!({ "name": "orders", "properties": properties });
        self.list(short, "disasterRecoveryConfigs", json!([alias]));
    }

    pub(crate) fn planning<'a>(&'a self, kind: PlanKind, active: Side, planned: bool) -> Planning<'a> {
        Planning {
            kind,
            workload: &self.workload,
            seen: &self.seen,
            endpoint: LAB,
            active,
            planned,
            returning: active == Side::Secondary,
            strategies: &self.strategies,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    pub(crate) fn plan(&self, kind: PlanKind, active: Side, planned: bool) -> Result<Plan, PlanError> {
        plan(&self.planning(kind, active, planned))
    }
}

static LAB: &Endpoint = &Endpoint::Lab(String::new());

/// A queue with these properties.
pub(crate) fn queue(name: &str, properties: Value) -> Value {
    json!({ "name": name, "properties": properties })
}
