//! Namespaces: SKU, state, network settings. Source: Microsoft.ServiceBus 2021-11-01 and 2024-01-01, which agree here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_arm::{Answer, Method, Region, ResourceId};
use serde_json::{Map, Value, json};

use super::entity::{AuthRule, Entities};
use super::{Event, Key, NAMESPACE, ServiceBus, keys, refusals};
use crate::agenda;
use crate::health::Plane;
use crate::index::location_of;
use crate::names::{self, Holder};
use crate::operation::Status;
use crate::providers::ProviderEvent;
use crate::refusal::{Handled, Refused, common, refuse};
use crate::route::Request;
use crate::world::{Ctx, merge};

/// What turns a name of Service Bus into a host.
pub(crate) const SUFFIX: &str = "servicebus.windows.net";

// --- state

/// One namespace.
#[derive(Debug, Clone)]
pub(crate) struct Namespace {
    pub(crate) id: ResourceId,
    pub(crate) region: Region,
    /// As it was sent, without properties.
    envelope: Map<String, Value>,
    pub(crate) properties: Map<String, Value>,
    pub(crate) state: State,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) entities: Entities,
    /// Authorization rules by the folded path of their owner (empty: the namespace) and their folded name.
    pub(crate) rules: BTreeMap<(String, String), AuthRule>,
    pub(crate) network: Value,
    /// `ipFilterRules` and `virtualNetworkRules` of old API versions, by the end of their ids, folded.
    pub(crate) old_rules: BTreeMap<String, Value>,
    pub(crate) private_endpoints: BTreeMap<String, Value>,
    /// Its own label in DNS: its name, unless an alias took that and it goes by its alternate name.
    pub(crate) label: String,
    /// The label of the Standard namespace it took over, if it was migrated to.
    pub(crate) migrated_from: Option<String>,
    /// The alias it takes part in, as holder or as partner.
    pub(crate) alias: Option<String>,
}

/// Where a namespace is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Created,
    Succeeded,
    Deleting,
}

impl Namespace {
    pub(crate) fn sku(&self) -> &str {
        self.envelope.get("sku").and_then(|sku| sku.get("name")).and_then(Value::as_str).unwrap_or("Standard")
    }

    pub(crate) fn is_premium(&self) -> bool {
        self.sku().eq_ignore_ascii_case("Premium")
    }

    pub(crate) fn partitions(&self) -> u64 {
        self.properties.get("premiumMessagingPartitions").and_then(Value::as_u64).unwrap_or(1)
    }

    pub(crate) fn host(&self) -> String {
        names::host(&self.label, SUFFIX)
    }

    /// Queues and topics: what an empty namespace has none of.
    pub(crate) fn top_entities(&self) -> usize {
        self.entities.values().filter(|entity| entity.parent().is_none()).count()
    }

    pub(crate) fn uses_geo_replication(&self) -> bool {
        self.properties
            .get("geoDataReplication")
            .and_then(|geo| geo.get("locations"))
            .and_then(Value::as_array)
            .is_some_and(|locations| locations.len() > 1)
    }
}

// --- wire

impl Namespace {
    pub(crate) fn to_wire(&self) -> Value {
        let mut properties = self.properties.clone();
        let (state, status) = match self.state {
            State::Created => ("Created", "Activating"),
            State::Succeeded => ("Succeeded", "Active"),
            State::Deleting => ("Deleting", "Removing"),
        };
        let mut set = |name: &str, value: Value| properties.insert(name.to_owned(), value);
        set("provisioningState", json!(state));
        set("status", json!(status));
        set("createdAt", json!(self.created.to_string()));
        set("updatedAt", json!(self.updated.to_string()));
        set("serviceBusEndpoint", json!(format!("https://{}:443/", self.host())));
        let subscription = self.id.subscription().unwrap_or_default();
        set("metricId", json!(format!("{subscription}:{}", self.id.name().to_ascii_lowercase())));
        if !self.private_endpoints.is_empty() {
            let all: Vec<&Value> = self.private_endpoints.values().collect();
            set("privateEndpointConnections", json!(all));
        }
        let mut wire = Value::Object(self.envelope.clone());
        wire["id"] = json!(self.id.as_str());
        wire["name"] = json!(self.id.name());
        wire["type"] = json!("Microsoft.ServiceBus/Namespaces");
        wire["properties"] = Value::Object(properties);
        wire
    }
}

/// Properties that Azure sets and a client cannot.
const READ_ONLY: &[&str] = &[
    "provisioningState",
    "status",
    "createdAt",
    "updatedAt",
    "serviceBusEndpoint",
    "metricId",
    "privateEndpointConnections",
];

/// Splits a body into what stands around `properties` and what stands in them, with defaults.
fn split(body: &Value) -> (Map<String, Value>, Map<String, Value>) {
    let mut envelope = body.as_object().cloned().unwrap_or_default();
    let sent = envelope.remove("properties");
    for name in ["id", "name", "type"] {
        envelope.remove(name);
    }
    let sku = envelope.entry("sku").or_insert_with(|| json!({ "name": "Standard" }));
    if sku.get("tier").is_none() {
        sku["tier"] = sku["name"].clone();
    }
    let mut properties = json!({
        "minimumTlsVersion": "1.2", "publicNetworkAccess": "Enabled", "disableLocalAuth": false, "zoneRedundant": true,
    });
    if sku["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("Premium")) {
        properties["premiumMessagingPartitions"] = json!(1);
        if sku.get("capacity").is_none() {
            sku["capacity"] = json!(1);
        }
    }
    merge(
        &mut properties,
        sent.as_ref()
            .unwrap_or(&Value::Null)
            .as_object()
            .map_or(&json!({}), |_| sent.as_ref().unwrap_or(&Value::Null)),
    );
    let mut properties = properties.as_object().cloned().unwrap_or_default();
    for name in READ_ONLY {
        properties.remove(*name);
    }
    (envelope, properties)
}

// --- rules

impl ServiceBus {
    pub(super) fn namespace(&mut self, id: &ResourceId, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
        match request.method {
            Method::Get => Ok(Answer::new(200, self.found(id, request)?.to_wire())),
            Method::Head => Ok(Answer::new(if self.key(id).is_some() { 204 } else { 404 }, Value::Null)),
            Method::Put => match self.key(id) {
                Some(key) => self.replace_namespace(key, &request.body, ctx),
                None => self.create_namespace(id, request, ctx),
            },
            Method::Patch => {
                let key = self.key_of(id, request)?;
                let mut body = self.namespaces[&key].to_wire();
                merge(&mut body, &request.body);
                self.replace_namespace(key, &body, ctx)
            }
            Method::Delete => match self.key(id) {
                Some(key) => self.delete_namespace(key, ctx),
                None => Ok(Answer::new(204, Value::Null)),
            },
            Method::Post => Err(common::NOT_FOUND.with(&[id.name(), request.group_name()])),
        }
    }

    fn create_namespace(&mut self, id: &ResourceId, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
        let name = id.name();
        refuse(!is_good_name(name), &refusals::BAD_NAME, &[name])?;
        // The gate asks for a location; a lab where that was taken out puts it nowhere in particular.
        let region = location_of(&request.body).unwrap_or_else(|| Region::lenient("global"));
        let (mut envelope, properties) = split(&request.body);
        envelope.entry("location").or_insert_with(|| json!(region.as_str()));
        check_sku(&envelope)?;
        let key = self.next_key();
        let mut namespace = Namespace {
            id: id.clone(),
            region: region.clone(),
            envelope,
            properties,
            state: State::Created,
            created: ctx.now,
            updated: ctx.now,
            entities: Entities::new(),
            rules: BTreeMap::new(),
            old_rules: BTreeMap::new(),
            network: json!({ "publicNetworkAccess": "Enabled", "defaultAction": "Allow",
                             "virtualNetworkRules": [], "ipRules": [] }),
            private_endpoints: BTreeMap::new(),
            label: name.to_ascii_lowercase(),
            migrated_from: None,
            alias: None,
        };
        let rights = ["Listen", "Manage", "Send"].map(str::to_owned).to_vec();
        let root = keys::rule(keys::ROOT, rights, id.folded(), &ctx.world.dice, u64::from(key));
        namespace.rules.insert((String::new(), keys::ROOT.to_ascii_lowercase()), root);
        let wire = namespace.to_wire();
        ctx.world.index.put(ctx.now, id, &wire, "Created");
        self.hosts.insert(namespace.label.clone(), super::HostOf::Namespace(key));
        self.by_id.insert(id.clone(), key);
        self.namespaces.insert(key, namespace);
        let started = ctx.operation(NAMESPACE, id, &region, "Created");
        let after = ctx.pick(ctx.world.timing.service_bus.namespace_create, "namespace-create", id.folded());
        schedule(ctx, after, Event::NamespaceReady { key, operation: started.id });
        Ok(Answer::new(201, wire).with_header("azure-asyncoperation", started.status_url))
    }

    fn replace_namespace(&mut self, key: Key, body: &Value, ctx: &mut Ctx<'_>) -> Handled {
        let secondary = self.is_secondary(key);
        refuse(secondary, &refusals::SECONDARY_FROZEN, &[])?;
        let going = self.namespaces[&key].state == State::Deleting;
        refuse(going, &refusals::BEING_DELETED, &[self.namespaces[&key].id.name()])?;
        let (mut envelope, properties) = split(body);
        check_sku(&envelope)?;
        let namespace = &self.namespaces[&key];
        let name = namespace.id.name();
        let (before, after) = (namespace.is_premium(), is_premium(&envelope));
        let sku = envelope.get("sku").and_then(|sku| sku["name"].as_str()).unwrap_or_default().to_owned();
        refuse(before != after, &refusals::TIER_CHANGE, &[name, namespace.sku(), &sku])?;
        let wanted = properties.get("premiumMessagingPartitions").and_then(Value::as_u64).unwrap_or(1);
        refuse(wanted != namespace.partitions(), &refusals::PARTITIONS_FIXED, &[])?;
        let Some(namespace) = self.namespaces.get_mut(&key) else { return Ok(Answer::new(404, Value::Null)) };
        envelope.entry("location").or_insert_with(|| json!(namespace.region.as_str()));
        namespace.envelope = envelope;
        namespace.properties = properties;
        namespace.updated = ctx.now;
        let wire = namespace.to_wire();
        let state = if namespace.state == State::Succeeded { "Succeeded" } else { "Created" };
        let id = namespace.id.clone();
        ctx.world.index.put(ctx.now, &id, &wire, state);
        Ok(Answer::new(200, wire))
    }

    fn delete_namespace(&mut self, key: Key, ctx: &mut Ctx<'_>) -> Handled {
        let namespace = &self.namespaces[&key];
        let alias = namespace.alias.as_ref().and_then(|alias| self.aliases.get(alias));
        let paired = alias.is_some_and(|alias| alias.partner.is_some());
        let alias_name = alias.map_or(String::new(), |alias| alias.name.clone());
        refuse(paired, &refusals::DELETE_PAIRED, &[namespace.id.name(), &alias_name])?;
        let (id, region) = (namespace.id.clone(), namespace.region.clone());
        if let Some(namespace) = self.namespaces.get_mut(&key) {
            namespace.state = State::Deleting;
        }
        ctx.world.index.state(&id, "Deleting");
        let started = ctx.operation(NAMESPACE, &id, &region, "Deleting");
        let after = ctx.pick(ctx.world.timing.service_bus.namespace_delete, "namespace-delete", id.folded());
        schedule(ctx, after, Event::NamespaceGone { key, operation: started.id });
        Ok(Answer::new(202, Value::Null)
            .with_header("azure-asyncoperation", started.status_url)
            .with_header("location", started.result_url)
            .with_header("retry-after", "15"))
    }

    pub(super) fn namespace_ready(&mut self, key: Key, operation: String, ctx: &mut Ctx<'_>) {
        let Some(namespace) = self.namespaces.get_mut(&key) else { return };
        let (region, id) = (namespace.region.clone(), namespace.id.clone());
        let blocked = !ctx.world.regions.is_up(&region, Plane::Control);
        if blocked || ctx.is_stuck(&region, NAMESPACE, id.as_str()) {
            let event = Event::NamespaceReady { key, operation };
            ctx.look_again(agenda::Event::Provider(ProviderEvent::new(NAMESPACE, event)));
            return;
        }
        if namespace.state == State::Created {
            namespace.state = State::Succeeded;
            namespace.updated = ctx.now;
            ctx.world.index.state(&id, "Succeeded");
        }
        ctx.world.operations.end(&operation, ctx.now, Status::Succeeded);
    }

    pub(super) fn namespace_gone(&mut self, key: Key, operation: String, ctx: &mut Ctx<'_>) {
        let Some(namespace) = self.namespaces.get(&key) else { return };
        let (region, id) = (namespace.region.clone(), namespace.id.clone());
        let blocked = !ctx.world.regions.is_up(&region, Plane::Control);
        if blocked || ctx.is_stuck(&region, NAMESPACE, id.as_str()) {
            let event = Event::NamespaceGone { key, operation };
            ctx.look_again(agenda::Event::Provider(ProviderEvent::new(NAMESPACE, event)));
            return;
        }
        let (label, alias) = (namespace.label.clone(), namespace.alias.clone());
        self.namespaces.remove(&key);
        self.by_id.remove(&id);
        self.hosts.remove(&label);
        self.forget_beliefs(key);
        self.migrations.remove(&key);
        if let Some(alias) = alias {
            self.remove_alias(&alias, ctx);
        }
        ctx.world.remove(&id);
        release(&label, ctx);
        ctx.world.operations.end(&operation, ctx.now, Status::Succeeded);
    }

    /// `CheckNameAvailability`, for a namespace or for an alias: they share one name space.
    pub(super) fn check_name(request: &Request, shortest: usize, ctx: &Ctx<'_>) -> Answer {
        let name = request.body.get("name").and_then(Value::as_str).unwrap_or_default();
        let (reason, message) = if name.len() < shortest || !is_name(name) || name.len() > 50 {
            ("InvalidName", format!("The name '{name}' is not valid."))
        } else {
            match ctx.world.names.holder(&names::host(name, SUFFIX)) {
                Some(Holder::Released) => ("NameInLockdown", format!("The name '{name}' is being released.")),
                Some(Holder::Resource(_)) => ("NameInUse", format!("The name '{name}' is already in use.")),
                None => ("None", String::new()),
            }
        };
        let body = json!({ "nameAvailable": reason == "None", "reason": reason, "message": message });
        Answer::new(200, body)
    }
}

fn check_sku(envelope: &Map<String, Value>) -> Result<(), Refused> {
    let name = envelope.get("sku").and_then(|sku| sku["name"].as_str()).unwrap_or_default();
    let known = ["Basic", "Standard", "Premium"].iter().any(|known| known.eq_ignore_ascii_case(name));
    refuse(!known, &refusals::UNKNOWN_SKU, &[name])?;
    if let (true, Some(units)) = (
        is_premium(envelope),
        envelope.get("sku").and_then(|sku| sku.get("capacity")).and_then(Value::as_u64),
    ) {
        let good = [1, 2, 4, 8, 16].contains(&units);
        refuse(!good, &refusals::BAD_CAPACITY, &[&units.to_string()])?;
    }
    Ok(())
}

fn is_premium(envelope: &Map<String, Value>) -> bool {
    envelope
        .get("sku")
        .and_then(|sku| sku["name"].as_str())
        .is_some_and(|name| name.eq_ignore_ascii_case("Premium"))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.ends_with(|last: char| last.is_ascii_alphanumeric())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

/// Aliases may be shorter than namespaces.
pub(super) fn is_alias_name(name: &str) -> bool {
    (1..=50).contains(&name.len()) && is_name(name)
}

fn is_good_name(name: &str) -> bool {
    (6..=50).contains(&name.len()) && is_name(name)
}

/// A label is nobody's any more, but becomes free only after a while.
pub(super) fn release(label: &str, ctx: &mut Ctx<'_>) {
    let host = names::host(label, SUFFIX);
    let after = ctx.pick(ctx.world.timing.service_bus.name_release, "name-release", &host);
    ctx.world.names.take(host.clone(), Holder::Released);
    ctx.later(after, agenda::Event::NameFree(host));
}

/// Puts an event of Service Bus on the agenda.
pub(super) fn schedule(ctx: &mut Ctx<'_>, after: jiff::SignedDuration, event: Event) {
    ctx.later(after, agenda::Event::Provider(ProviderEvent::new(NAMESPACE, event)));
}
