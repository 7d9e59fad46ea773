//! Clients of Service Bus: they send to every queue and topic of a namespace, and read from every queue and subscription.
//!
//! Here: where there are channels, and what entities hold. The parts: `peek_lock.rs` (what clients do on a channel),
//! `pump.rs` (how a drain moves messages). Not here: how entities behave (the lab), which of them are drained (the planner).

mod peek_lock;
mod pump;

use std::collections::BTreeSet;

use lifeboat_arm::{Call, Method, ResourceType};
use lifeboat_engine::FilledTransfer;
use lifeboat_lab::{Lab, Message};
use lifeboat_planner::{Component, Inventory, Side};
use serde_json::{Value, json};

use super::{Channel, Held, Holding, Opening, Traffic, to_host};
use peek_lock::PeekLock;

/// The queue that a namespace without any gets for the drill.
const DRILL_QUEUE: &str = "lifeboat-drill";

/// Service Bus.
pub(super) struct ServiceBus;

impl Traffic for ServiceBus {
    fn is_for(&self, kind: &ResourceType) -> bool {
        kind.is("Microsoft.ServiceBus/namespaces")
    }

    /// A namespace without queues and topics would show nothing.
    fn opening(&self, component: &Component, seen: &Inventory) -> Option<Opening> {
        let id = component.on(Side::Primary);
        let empty = |segment| seen.list(id, segment).is_ok_and(<[Value]>::is_empty);
        if !empty("queues") || !empty("topics") {
            return None;
        }
        let path = format!("{}?api-version=2024-01-01", id.child("queues", DRILL_QUEUE));
        let call = Call::arm(Method::Put, path, Some(json!({ "properties": {} })));
        let says =
            format!("`{}` has no queue: `{DRILL_QUEUE}` is added, so that there is traffic", id.name());
        Some(Opening { call, says })
    }

    fn alias(&self, component: &Component, seen: &Inventory) -> Option<String> {
        let aliases = seen.list(component.on(Side::Primary), "disasterRecoveryConfigs").unwrap_or_default();
        aliases.iter().find_map(name).map(|alias| format!("{alias}.servicebus.windows.net"))
    }

    /// Which messages a subscription gets, the lab knows by its rules: where the drill's plain messages do not come to,
    /// nobody waits for them.
    fn channels(&self, component: &Component, seen: &Inventory, lab: &Lab) -> Vec<Channel> {
        let id = component.on(Side::Primary);
        let queues = seen.list(id, "queues").unwrap_or_default();
        let topics: Vec<(&str, &[Value])> = seen
            .list(id, "topics")
            .unwrap_or_default()
            .iter()
            .filter_map(name)
            .map(|topic| {
                let below = id.child("topics", topic);
                (topic, seen.list(&below, "subscriptions").unwrap_or_default())
            })
            .collect();
        let forwards = Forwards::of(queues, &topics);
        let channel = |send_to: &str, read_from: String, sessions: bool| Channel {
            component: component.name.clone(),
            host: String::new(),
            home: String::new(),
            name: announced(&read_from),
            place: read_from.clone(),
            entrance: send_to.to_owned(),
            fed_by: forwards.leading_to(&read_from),
            copy: 0,
            copies: 1,
            line: Box::new(PeekLock::new(send_to, read_from, sessions)),
        };
        let mut channels = Vec::new();
        for queue in queues {
            if let Some(name) = name(queue).filter(|_| forwards_to(queue).is_none()) {
                channels.push(channel(name, name.to_owned(), wants_session(queue)));
            }
        }
        for (topic, subscriptions) in &topics {
            let path = |subscription: &Value| {
                let path = format!("{topic}/Subscriptions/{}", name(subscription)?);
                let comes = lab.service_bus().lets_in(id.name(), &path, &Message::default());
                (comes && forwards_to(subscription).is_none()).then_some(path)
            };
            let readers: Vec<(String, &Value)> = subscriptions
                .iter()
                .filter_map(|subscription| Some((path(subscription)?, subscription)))
                .collect();
            let sessions = readers.iter().any(|(_, subscription)| wants_session(subscription));
            let copies = readers.len() as u64;
            channels.extend((0..).zip(readers).map(|(copy, (path, _))| Channel {
                copy,
                copies,
                ..channel(topic, path, sessions)
            }));
        }
        channels
    }

    /// "No such entity" is an answer.
    fn probe(&self, host: &str) -> Call {
        to_host(host, Method::Post, "/lifeboat-probe/messages/head?timeout=0")
    }

    fn held<'a>(&self, lab: &'a Lab) -> Box<dyn Iterator<Item = Held<'a>> + 'a> {
        Box::new(lab.service_bus().held().map(|held| Held {
            resource: held.namespace,
            place: held.entity,
            which: peek_lock::which(held.id, held.body),
            set_aside: held.set_aside,
        }))
    }

    fn holdings(&self, lab: &Lab) -> Vec<Holding> {
        let counts = lab.service_bus().message_counts().into_iter();
        counts
            .flat_map(|(namespace, entities)| {
                entities.into_iter().map(move |(entity, counts)| Holding {
                    resource: namespace.clone(),
                    name: announced(&entity),
                    place: entity,
                    waiting: counts.active,
                    scheduled: counts.scheduled,
                    set_aside: counts.dead_letter + counts.transfer_dead_letter,
                })
            })
            .collect()
    }

    fn pump(&self, transfer: FilledTransfer, watermark: Option<&str>) -> Box<dyn super::Pump> {
        Box::new(pump::Pump::new(transfer, watermark))
    }
}

/// The data plane and the lab say `topic/Subscriptions/name`, plans say `topic/name`.
fn announced(place: &str) -> String {
    place.replace("/Subscriptions/", "/").replace("/subscriptions/", "/")
}

/// What is forwarded elsewhere is not read here.
fn forwards_to(entity: &Value) -> Option<&str> {
    entity.pointer("/properties/forwardTo").and_then(Value::as_str).filter(|target| !target.is_empty())
}

/// Which queues and topics forward to which, in lower case: a topic by its subscriptions.
struct Forwards(Vec<(String, String)>);

impl Forwards {
    fn of(queues: &[Value], topics: &[(&str, &[Value])]) -> Self {
        let own = queues.iter().filter_map(|queue| Some((name(queue)?, forwards_to(queue)?)));
        let below = topics.iter().flat_map(|(topic, subscriptions)| {
            subscriptions.iter().filter_map(|subscription| Some((*topic, forwards_to(subscription)?)))
        });
        Self(own.chain(below).map(|(from, to)| (from.to_lowercase(), to.to_lowercase())).collect())
    }

    /// Whatever leads there, over as many others as it may be.
    fn leading_to(&self, place: &str) -> Vec<String> {
        let mut found: Vec<String> = vec![place.to_lowercase()];
        let mut at = 0;
        while let Some(target) = found.get(at).cloned() {
            let new = self.0.iter().filter(|(from, to)| *to == target && !found.contains(from));
            let new: BTreeSet<String> = new.map(|(from, _)| from.clone()).collect();
            found.extend(new);
            at += 1;
        }
        found.split_off(1)
    }
}

fn wants_session(entity: &Value) -> bool {
    entity.pointer("/properties/requiresSession").and_then(Value::as_bool) == Some(true)
}

fn name(body: &Value) -> Option<&str> {
    body.get("name")?.as_str().map(|name| name.rsplit('/').next().unwrap_or(name))
}
