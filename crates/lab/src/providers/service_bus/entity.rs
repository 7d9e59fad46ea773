//! Queues, topics, subscriptions, rules: their properties as they are on the wire and what the lab reads from them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::ResourceId;
use serde_json::{Map, Value, json};

use super::filter::Filter;
use super::messages::{Policy, Store};

/// "Never", as Azure writes it.
pub(crate) const FOREVER: &str = "P10675199DT2H48M5.4775807S";
const NOT_YET: &str = "0001-01-01T00:00:00Z";

// --- state

/// The four kinds of entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Queue,
    Topic,
    Subscription,
    Rule,
}

/// One entity.
#[derive(Debug, Clone)]
pub(crate) struct Entity {
    pub(crate) kind: Kind,
    /// `orders`, `events/subscriptions/audit`, `events/subscriptions/audit/rules/all`: as a client addresses it.
    pub(crate) path: String,
    pub(crate) properties: Map<String, Value>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) accessed: Option<Timestamp>,
    pub(crate) policy: Policy,
    pub(crate) status: Status,
    pub(crate) forward: Option<String>,
    pub(crate) idle: Option<SignedDuration>,
    pub(crate) filter: Filter,
    pub(crate) store: Store,
}

/// Whether an entity takes and gives messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Disabled,
    SendDisabled,
    ReceiveDisabled,
}

/// All entities of a namespace by their folded path. Queues and topics share one name space.
pub(crate) type Entities = BTreeMap<String, Entity>;

/// An authorization rule of a namespace or of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthRule {
    pub(crate) name: String,
    pub(crate) rights: Vec<String>,
    pub(crate) primary: String,
    pub(crate) secondary: String,
}

// --- rules

/// Properties that cannot change once an entity exists.
pub(crate) const FIXED: &[&str] = &["requiresSession", "requiresDuplicateDetection", "enablePartitioning"];

impl Entity {
    /// A new entity from the properties that were sent.
    pub(crate) fn new(kind: Kind, path: String, sent: &Value, now: Timestamp) -> Self {
        let properties = with_defaults(kind, sent);
        let mut entity = Self {
            kind,
            path,
            properties,
            created: now,
            updated: now,
            accessed: None,
            policy: Policy {
                lock: SignedDuration::from_secs(60),
                deliveries_max: 10,
                sessions: false,
                duplicates: None,
                time_to_live: None,
                dead_letter_expired: false,
                messages_max: u64::MAX,
            },
            status: Status::Active,
            forward: None,
            idle: None,
            filter: Filter::All,
            store: Store::default(),
        };
        entity.read_properties();
        entity
    }

    /// Replaces the properties, keeping messages and dates.
    pub(crate) fn replace(&mut self, sent: &Value, now: Timestamp) {
        self.properties = with_defaults(self.kind, sent);
        self.updated = now;
        self.read_properties();
    }

    fn read_properties(&mut self) {
        let text = |name: &str| self.properties.get(name).and_then(Value::as_str);
        let flag = |name: &str| self.properties.get(name).and_then(Value::as_bool).unwrap_or(false);
        let duration = |name: &str| text(name).and_then(iso_duration);
        self.policy = Policy {
            lock: duration("lockDuration").unwrap_or(SignedDuration::from_secs(60)),
            deliveries_max: self
                .properties
                .get("maxDeliveryCount")
                .and_then(Value::as_u64)
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(10),
            sessions: flag("requiresSession"),
            duplicates: flag("requiresDuplicateDetection").then(|| {
                duration("duplicateDetectionHistoryTimeWindow").unwrap_or(SignedDuration::from_mins(10))
            }),
            time_to_live: duration("defaultMessageTimeToLive"),
            dead_letter_expired: flag("deadLetteringOnMessageExpiration"),
            messages_max: self
                .properties
                .get("maxSizeInMegabytes")
                .and_then(Value::as_u64)
                .map_or(u64::MAX, |megabytes| megabytes.saturating_mul(1024)),
        };
        self.status = match text("status") {
            Some("Disabled") => Status::Disabled,
            Some("SendDisabled") => Status::SendDisabled,
            Some("ReceiveDisabled") => Status::ReceiveDisabled,
            _ => Status::Active,
        };
        self.forward = text("forwardTo").filter(|target| !target.is_empty()).map(str::to_ascii_lowercase);
        self.idle = duration("autoDeleteOnIdle");
        self.filter = Filter::of(&self.properties);
    }

    /// The same entity without its messages: what replication carries.
    pub(crate) fn shell(&self) -> Self {
        Self {
            kind: self.kind,
            path: self.path.clone(),
            properties: self.properties.clone(),
            created: self.created,
            updated: self.updated,
            accessed: self.accessed,
            policy: self.policy.clone(),
            status: self.status,
            forward: self.forward.clone(),
            idle: self.idle,
            filter: self.filter.clone(),
            store: Store::default(),
        }
    }

    /// Whether it keeps no messages but those that are not due yet: a topic, or what forwards.
    pub(crate) fn passes_on(&self) -> bool {
        self.kind == Kind::Topic || self.forward.is_some()
    }

    /// The path of the entity above: a subscription's topic, a rule's subscription.
    pub(crate) fn parent(&self) -> Option<&str> {
        match self.kind {
            Kind::Queue | Kind::Topic => None,
            Kind::Subscription => self.path.split("/subscriptions/").next(),
            Kind::Rule => self.path.split("/rules/").next(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self.kind {
            Kind::Queue | Kind::Topic => &self.path,
            _ => self.path.rsplit('/').next().unwrap_or_default(),
        }
    }
}

/// Subscriptions of a topic, by their folded path.
pub(crate) fn subscriptions_of(entities: &Entities, topic: &str) -> Vec<String> {
    let prefix = format!("{topic}/subscriptions/");
    entities
        .range(prefix.clone()..)
        .take_while(|(key, _)| key.starts_with(&prefix))
        .filter(|(_, entity)| entity.kind == Kind::Subscription)
        .map(|(key, _)| key.clone())
        .collect()
}

// --- wire

/// An entity as ARM answers it at an instant.
pub(crate) fn to_wire(entity: &Entity, id: &ResourceId, entities: &Entities, now: Timestamp) -> Value {
    let mut properties = entity.properties.clone();
    let mut set = |name: &str, value: Value| {
        properties.insert(name.to_owned(), value);
    };
    if entity.kind != Kind::Rule {
        set("createdAt", json!(entity.created.to_string()));
        set("updatedAt", json!(entity.updated.to_string()));
        set("accessedAt", json!(entity.accessed.map_or_else(|| NOT_YET.to_owned(), |at| at.to_string())));
        let counts = entity.store.counts(now);
        set(
            "countDetails",
            json!({
                "activeMessageCount": counts.active,
                "deadLetterMessageCount": counts.dead_letter,
                "scheduledMessageCount": counts.scheduled,
                // What is forwarded arrives at once, or is a transfer dead letter at once.
                "transferMessageCount": 0,
                "transferDeadLetterMessageCount": counts.transfer_dead_letter,
            }),
        );
        match entity.kind {
            Kind::Topic => {
                set(
                    "subscriptionCount",
                    json!(subscriptions_of(entities, &entity.path.to_ascii_lowercase()).len()),
                );
                set("sizeInBytes", json!(0));
            }
            _ => set("messageCount", json!(counts.total())),
        }
        if entity.kind == Kind::Queue {
            set("sizeInBytes", json!(counts.total() * 1024));
        }
    }
    let kind = match entity.kind {
        Kind::Queue => "Microsoft.ServiceBus/Namespaces/Queues",
        Kind::Topic => "Microsoft.ServiceBus/Namespaces/Topics",
        Kind::Subscription => "Microsoft.ServiceBus/Namespaces/Topics/Subscriptions",
        Kind::Rule => "Microsoft.ServiceBus/Namespaces/Topics/Subscriptions/Rules",
    };
    json!({ "id": id.as_str(), "name": entity.name(), "type": kind, "properties": properties })
}

fn with_defaults(kind: Kind, sent: &Value) -> Map<String, Value> {
    let mut all = match kind {
        Kind::Queue => json!({
            "lockDuration": "PT1M", "maxSizeInMegabytes": 1024, "maxMessageSizeInKilobytes": 1024,
            "requiresDuplicateDetection": false, "requiresSession": false, "defaultMessageTimeToLive": FOREVER,
            "deadLetteringOnMessageExpiration": false, "duplicateDetectionHistoryTimeWindow": "PT10M",
            "maxDeliveryCount": 10, "status": "Active", "enableBatchedOperations": true,
            "autoDeleteOnIdle": FOREVER, "enablePartitioning": false, "enableExpress": false,
        }),
        Kind::Topic => json!({
            "maxSizeInMegabytes": 1024, "maxMessageSizeInKilobytes": 1024, "requiresDuplicateDetection": false,
            "defaultMessageTimeToLive": FOREVER, "duplicateDetectionHistoryTimeWindow": "PT10M",
            "status": "Active", "enableBatchedOperations": true, "supportOrdering": true,
            "autoDeleteOnIdle": FOREVER, "enablePartitioning": false, "enableExpress": false,
        }),
        Kind::Subscription => json!({
            "lockDuration": "PT1M", "requiresSession": false, "defaultMessageTimeToLive": FOREVER,
            "deadLetteringOnMessageExpiration": false, "deadLetteringOnFilterEvaluationExceptions": true,
            "maxDeliveryCount": 10, "status": "Active", "enableBatchedOperations": true,
            "autoDeleteOnIdle": FOREVER, "isClientAffine": false,
        }),
        Kind::Rule => json!({ "action": {}, "filterType": "SqlFilter" }),
    };
    if kind == Kind::Rule && sent.get("correlationFilter").is_none() && sent.get("sqlFilter").is_none() {
        all["sqlFilter"] = json!({ "sqlExpression": "1=1", "compatibilityLevel": 20 });
    }
    let read_only: BTreeSet<&str> = [
        "createdAt",
        "updatedAt",
        "accessedAt",
        "countDetails",
        "messageCount",
        "sizeInBytes",
        "subscriptionCount",
    ]
    .into();
    if let (Value::Object(all), Some(sent)) = (&mut all, sent.as_object()) {
        for (name, value) in sent {
            if !value.is_null() && !read_only.contains(name.as_str()) {
                all.insert(name.clone(), value.clone());
            }
        }
    }
    match all {
        Value::Object(all) => all,
        _ => Map::new(),
    }
}

/// `P1DT2H3M4.5S`. None for "never" and for what is no duration.
pub(crate) fn iso_duration(text: &str) -> Option<SignedDuration> {
    if text == FOREVER {
        return None;
    }
    let rest = text.strip_prefix('P')?;
    let (days, time) = rest.split_once('T').unwrap_or((rest, ""));
    let mut total = 0_f64;
    for (part, units) in [
        (days, [('D', 86_400.0), ('W', 604_800.0), ('?', 0.0)]),
        (time, [('H', 3600.0), ('M', 60.0), ('S', 1.0)]),
    ] {
        let mut number = String::new();
        for letter in part.chars() {
            if letter.is_ascii_digit() || letter == '.' {
                number.push(letter);
            } else {
                let (_, seconds) = units.iter().find(|(unit, _)| *unit == letter)?;
                total += number.parse::<f64>().ok()? * seconds;
                number.clear();
            }
        }
        if !number.is_empty() {
            return None;
        }
    }
    // More than a century is never.
    (total < 3.2e9).then(|| SignedDuration::try_from_secs_f64(total).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_azure_writes_them() {
        for (text, seconds) in
            [("PT1M", Some(60)), ("PT30S", Some(30)), ("P14D", Some(1_209_600)), ("P1DT1H1M1S", Some(90_061))]
        {
            assert_eq!(iso_duration(text).map(|found| found.as_secs()), seconds, "{text}");
        }
        for never in [FOREVER, "", "1M", "PT1X", "PT5"] {
            assert_eq!(iso_duration(never), None, "{never}");
        }
    }
}
