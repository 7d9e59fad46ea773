//! Where the clients of a drill send and read: every queue, and every subscription of every topic, behind an alias.

use lifeboat_arm::{Call, Method, ResourceId};
use lifeboat_lab::{Lab, Message};
use lifeboat_planner::{Component, Inventory, Side, Workload};
use serde_json::Value;

use crate::clients::Channel;
use crate::world::World;

/// The queue that a namespace without any gets for the drill.
const DRILL_QUEUE: &str = "lifeboat-drill";

/// A namespace without queues and topics would show nothing: it gets a queue for the drill, and that is said.
pub(super) fn make_traffic_possible(world: &mut World) -> Result<Vec<String>, String> {
    let mut said = Vec::new();
    for component in world.workload.components.clone() {
        let id = component.on(Side::Primary);
        let empty = |segment| world.inventory.list(id, segment).is_ok_and(<[Value]>::is_empty);
        if component.secondary.is_none() || !is_bus(&component) || !empty("queues") || !empty("topics") {
            continue;
        }
        let path = format!("{}?api-version=2024-01-01", id.child("queues", DRILL_QUEUE));
        let call = Call::arm(Method::Put, path, Some(serde_json::json!({ "properties": {} })));
        let answer = world.lab.handle(world.now, &call).answer.ok_or("the lab does not answer")?;
        // A namespace that cannot hold a queue yet is not the drill's to mend.
        if answer.is_success() {
            said.push(format!(
                "`{}` has no queue: `{DRILL_QUEUE}` is added, so that there is traffic",
                id.name()
            ));
        }
    }
    if !said.is_empty() {
        world.look();
    }
    Ok(said)
}

/// A fresh namespace in the primary region is home as the former one was.
pub(super) fn move_home(workload: &Workload, channels: &mut [Channel]) {
    for component in workload.components.iter().filter(|component| is_bus(component)) {
        let was_home = |host: &str| component.former().iter().any(|id| host == host_of(id));
        for channel in channels.iter_mut().filter(|channel| was_home(&channel.primary_host)) {
            channel.primary_host = host_of(component.on(Side::Primary));
        }
    }
}

fn host_of(id: &ResourceId) -> String {
    format!("{}.servicebus.windows.net", id.name().to_ascii_lowercase())
}

fn is_bus(component: &Component) -> bool {
    component.kind.is("Microsoft.ServiceBus/namespaces")
}

/// Channels for every namespace that has an alias now. Which messages a subscription gets, the lab knows by its rules:
/// where the drill's plain messages do not come to, nobody waits for them.
pub(super) fn channels(workload: &Workload, seen: &Inventory, lab: &Lab) -> Vec<Channel> {
    let mut channels = Vec::new();
    for component in workload.components.iter().filter(|component| component.secondary.is_some()) {
        if !is_bus(component) {
            continue;
        }
        let id = component.on(Side::Primary);
        let aliases = seen.list(id, "disasterRecoveryConfigs").unwrap_or_default();
        let Some(alias) = aliases.iter().find_map(name) else { continue };
        let channel = |send_to: &str, read_from: String, body: &Value| Channel {
            host: format!("{alias}.servicebus.windows.net"),
            send_to: send_to.to_owned(),
            read_from,
            copy: 0,
            copies: 1,
            sessions: body.pointer("/properties/requiresSession").and_then(Value::as_bool) == Some(true),
            primary_host: host_of(id),
        };
        for queue in seen.list(id, "queues").unwrap_or_default() {
            if let Some(name) = name(queue).filter(|_| !forwards(queue)) {
                channels.push(channel(name, name.to_owned(), queue));
            }
        }
        for topic in seen.list(id, "topics").unwrap_or_default() {
            let Some(topic_name) = name(topic) else { continue };
            let below = id.child("topics", topic_name);
            let path = |subscription: &Value| {
                let path = format!("{topic_name}/Subscriptions/{}", name(subscription)?);
                let comes = lab.lets_in(id.name(), &path, &Message::default());
                (comes && !forwards(subscription)).then_some(path)
            };
            let subscriptions = seen.list(&below, "subscriptions").unwrap_or_default().iter();
            let mut readers: Vec<Channel> = subscriptions
                .filter_map(|subscription| Some(channel(topic_name, path(subscription)?, subscription)))
                .collect();
            let (copies, sessions) = (readers.len() as u64, readers.iter().any(|reader| reader.sessions));
            for (copy, reader) in (0..).zip(&mut readers) {
                (reader.copy, reader.copies, reader.sessions) = (copy, copies, sessions);
            }
            channels.extend(readers);
        }
    }
    channels
}

/// What is forwarded elsewhere is not read here.
fn forwards(entity: &Value) -> bool {
    entity.pointer("/properties/forwardTo").and_then(Value::as_str).is_some_and(|target| !target.is_empty())
}

fn name(body: &Value) -> Option<&str> {
    body.get("name")?.as_str().map(|name| name.rsplit('/').next().unwrap_or(name))
}
