//! A world in a form in which two of them can be compared: who holds the alias, which entities there are, which messages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Call, Method, ResourceId};
use lifeboat_lab::{DnsRecord, Lab, Session, Trace};
use serde_json::Value;

use super::story::ALIAS;

/// Read-only properties that tell when something happened, or how much lies where.
const FLEETING: [&str; 7] = [
    "createdAt",
    "updatedAt",
    "accessedAt",
    "countDetails",
    "messageCount",
    "sizeInBytes",
    "pendingReplicationOperationsCount",
];

/// What must be the same whatever happened on the way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    /// Whom the alias leads to.
    alias: Vec<String>,
    /// All that the management plane shows of the namespaces.
    bodies: BTreeMap<String, Value>,
    /// All resources.
    resources: Vec<String>,
    /// Ids of messages, by namespace and entity; what cannot be read is counted below.
    messages: BTreeMap<String, BTreeSet<String>>,
}

/// How many messages lie where. A message that was sent on twice counts twice.
pub(super) type Totals = BTreeMap<String, u64>;

impl Picture {
    /// The world two hours later, when every lock, every lag and every name server has settled.
    pub(super) fn of(lab: &Lab, now: Timestamp) -> (Self, Totals) {
        let mut lab = lab.clone();
        lab.clear_faults();
        let mut now = now + SignedDuration::from_hours(2);
        lab.advance(now);
        let mut bodies = BTreeMap::new();
        let is_bus =
            |id: &&ResourceId| id.kind().is_some_and(|kind| kind.is("Microsoft.ServiceBus/namespaces"));
        let namespaces: Vec<ResourceId> = lab.resources().map(|(id, _)| id).filter(is_bus).cloned().collect();
        for id in namespaces {
            for below in
                ["", "/queues", "/topics", "/topics/shipments/subscriptions", "/disasterRecoveryConfigs"]
            {
                now += SignedDuration::from_secs(1);
                let call = Call::arm(Method::Get, format!("{id}{below}?api-version=2024-01-01"), None);
                let mut body = lab.handle(now, &call).answer.unwrap().body;
                forget(&mut body);
                bodies.insert(format!("{}{below}", id.name()), body);
            }
        }
        let alias = lab
            .resolve(now, ALIAS)
            .chain
            .into_iter()
            .filter_map(|record| match record {
                DnsRecord::Cname(name) => Some(name),
                DnsRecord::A(_) => None,
            })
            .collect();
        let resources = lab.resources().map(|(id, _)| id.as_str().to_owned()).collect();
        let mut totals = Totals::new();
        let mut messages = BTreeMap::new();
        for (namespace, entities) in lab.service_bus().message_counts() {
            for (entity, counts) in entities {
                let place = format!("{namespace}/{entity}");
                totals.insert(place.clone(), counts.total());
                let host = format!("{namespace}.servicebus.windows.net");
                let mut ids = BTreeSet::new();
                while let Ok(Some(received)) = lab.service_bus_mut(now).receive(&host, &entity, Session::Any)
                {
                    ids.extend(received.message.message_id.map(|id| id.to_string()));
                }
                messages.insert(place, ids);
            }
        }
        (Self { alias, bodies, resources, messages }, totals)
    }
}

fn forget(body: &mut Value) {
    match body {
        Value::Object(fields) => {
            fields.retain(|name, _| !FLEETING.contains(&name.as_str()));
            fields.values_mut().for_each(forget);
        }
        Value::Array(members) => members.iter_mut().for_each(forget),
        _ => {}
    }
}

/// How often each request to the management plane did something.
pub(super) fn acts(lab: &Lab) -> BTreeMap<String, usize> {
    let mut acts = BTreeMap::new();
    let acted = |trace: &&Trace| trace.happened && trace.host.is_none() && !trace.method.is_read();
    for trace in lab.trace().filter(acted) {
        *acts.entry(format!("{} {}", trace.method, trace.path)).or_default() += 1;
    }
    acts
}
