//! Requests for queues, topics, subscriptions, rules and authorization rules, of a namespace and of an alias.

use jiff::Timestamp;
use lifeboat_arm::{Answer, Method, ResourceId};
use serde_json::{Value, json};

use super::entity::{self, AuthRule, Entity, FIXED, Kind};
use super::namespace::{Namespace, State, schedule};
use super::replication::Change;
use super::{Event, Key, PAGE, ServiceBus, keys, not_allowed, properties, refusals, types};
use crate::names;
use crate::pages;
use crate::refusal::{Handled, Refused, common, refuse};
use crate::route::Request;
use crate::world::Ctx;

// --- entities

/// The path of an entity below its namespace, as clients address it: `topic/subscriptions/name`.
fn path_of(id: &ResourceId) -> String {
    let text = id.as_str();
    let lower = text.to_ascii_lowercase();
    let start = lower.rfind("/namespaces/").map_or(0, |at| at + "/namespaces/".len());
    // namespace / queues|topics / name …
    text[start..].splitn(3, '/').nth(2).unwrap_or_default().to_owned()
}

/// The id of an entity.
pub(super) fn id_of(namespace: &ResourceId, entity: &Entity) -> ResourceId {
    namespace.child(if entity.kind == Kind::Queue { "queues" } else { "topics" }, &entity.path)
}

fn kind_of(id: &ResourceId) -> Kind {
    match types(id).as_str() {
        "namespaces/queues" => Kind::Queue,
        "namespaces/topics" => Kind::Topic,
        "namespaces/topics/subscriptions" => Kind::Subscription,
        _ => Kind::Rule,
    }
}

impl ServiceBus {
    pub(super) fn entity(&mut self, id: &ResourceId, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
        let key = self.key_of(&Self::namespace_id(id), request)?;
        let (kind, path) = (kind_of(id), path_of(id));
        let folded = path.to_ascii_lowercase();
        match request.method {
            Method::Get | Method::Head => {
                let namespace = &self.namespaces[&key];
                let found = namespace.entities.get(&folded).filter(|entity| entity.kind == kind);
                let found = found.ok_or_else(|| missing(id, request))?;
                Ok(Answer::new(200, entity::to_wire(found, id, &namespace.entities, ctx.now)))
            }
            Method::Put => self.put_entity(key, id, kind, &path, request, ctx),
            Method::Delete => {
                self.writable(key)?;
                let Some(namespace) = self.namespaces.get_mut(&key) else { return Err(missing(id, request)) };
                if namespace.entities.get(&folded).is_none_or(|entity| entity.kind != kind) {
                    return Ok(Answer::new(204, Value::Null));
                }
                namespace.remove_entity(&folded);
                ctx.world.remove(id);
                self.changed(key, Change::Removed(folded), ctx);
                Ok(Answer::new(200, Value::Null))
            }
            other => Err(not_allowed(other)),
        }
    }

    fn writable(&self, key: Key) -> Result<(), Refused> {
        refuse(self.is_secondary(key), &refusals::SECONDARY_FROZEN, &[])?;
        let namespace = &self.namespaces[&key];
        let ready = namespace.state == State::Succeeded;
        refuse(!ready, &refusals::NOT_ACTIVE, &[namespace.id.name()])
    }

    fn put_entity(
        &mut self,
        key: Key,
        id: &ResourceId,
        kind: Kind,
        path: &str,
        request: &Request,
        ctx: &mut Ctx<'_>,
    ) -> Handled {
        self.writable(key)?;
        let folded = path.to_ascii_lowercase();
        let sent = properties(&request.body);
        let Some(namespace) = self.namespaces.get_mut(&key) else { return Err(missing(id, request)) };
        let basic = namespace.sku().eq_ignore_ascii_case("Basic") && kind == Kind::Topic;
        refuse(basic, &refusals::NO_TOPICS, &[])?;
        let entity = Entity::new(kind, path.to_owned(), &sent, ctx.now);
        may_forward(&entity, namespace)?;
        if let Some(existing) = namespace.entities.get_mut(&folded) {
            refuse(existing.kind != kind, &refusals::OTHER_KIND, &[path])?;
            for name in FIXED {
                let changes = sent.get(*name).is_some_and(|new| existing.properties.get(*name) != Some(new));
                refuse(changes, &refusals::FIXED_PROPERTY, &[name])?;
            }
            let was_idle_after = existing.idle;
            existing.replace(&sent, ctx.now);
            if let Some(idle) = existing.idle.filter(|idle| was_idle_after != Some(*idle)) {
                schedule(ctx, idle, Event::Idle { key, path: folded.clone() });
            }
            // What waited here may have to be passed on now.
            self.await_due(key, &folded, ctx);
        } else {
            if let Some(idle) = entity.idle {
                schedule(ctx, idle, Event::Idle { key, path: folded.clone() });
            }
            namespace.entities.insert(folded.clone(), entity);
            if kind == Kind::Subscription {
                // Every subscription is born with a rule that lets everything in.
                let rule = Entity::new(Kind::Rule, format!("{path}/rules/$Default"), &json!({}), ctx.now);
                namespace.entities.insert(format!("{folded}/rules/$default"), rule);
            }
        }
        let namespace = &self.namespaces[&key];
        let wire = entity::to_wire(&namespace.entities[&folded], id, &namespace.entities, ctx.now);
        ctx.world.index.put(ctx.now, id, &wire, "Succeeded");
        self.changed(key, Change::Entity(folded.clone()), ctx);
        if kind == Kind::Subscription {
            self.changed(key, Change::Entity(format!("{folded}/rules/$default")), ctx);
        }
        Ok(Answer::new(200, wire))
    }

    pub(super) fn entities(
        &self,
        within: &ResourceId,
        kind: &str,
        request: &Request,
        now: Timestamp,
    ) -> Result<Vec<Value>, Refused> {
        let (kind, segment) = match kind {
            "namespaces/queues" => (Kind::Queue, "queues"),
            "namespaces/topics" => (Kind::Topic, "topics"),
            "namespaces/topics/subscriptions" => (Kind::Subscription, "subscriptions"),
            "namespaces/topics/subscriptions/rules" => (Kind::Rule, "rules"),
            _ => return Err(missing(within, request)),
        };
        let namespace = self.found(&Self::namespace_id(within), request)?;
        let parent = path_of(within).to_ascii_lowercase();
        if !parent.is_empty() && !namespace.entities.contains_key(&parent) {
            return Err(missing(within, request));
        }
        let skip: usize = request.query("$skip").parse().unwrap_or(0);
        let top: usize = request.query("$top").parse().unwrap_or(usize::MAX);
        let all = namespace.entities.values().filter(|entity| {
            entity.kind == kind && entity.parent().unwrap_or_default().eq_ignore_ascii_case(&parent)
        });
        let shown = pages::window(request.query("$skiptoken"), PAGE);
        let member = |(at, entity): (usize, &Entity)| {
            if !shown.contains(&at) {
                return Value::Null;
            }
            entity::to_wire(entity, &within.child(segment, entity.name()), &namespace.entities, now)
        };
        Ok(all.skip(skip).take(top).enumerate().map(member).collect())
    }
}

/// What forwards needs a target that is there, in the same namespace, and no sessions of its own.
fn may_forward(entity: &Entity, namespace: &Namespace) -> Result<(), Refused> {
    let Some(target) = &entity.forward else { return Ok(()) };
    let basic = namespace.sku().eq_ignore_ascii_case("Basic");
    refuse(basic, &refusals::FORWARD_BASIC, &[])?;
    let takes = |target: &Entity| matches!(target.kind, Kind::Queue | Kind::Topic);
    refuse(!namespace.entities.get(target).is_some_and(takes), &refusals::FORWARD_TARGET, &[target])?;
    refuse(entity.policy.sessions, &refusals::FORWARD_SESSIONS, &[entity.name()])
}

// --- authorization rules and keys

/// The folded path of what an authorization rule belongs to; empty for the namespace.
fn owner_of(rule: &ResourceId) -> String {
    rule.parent().map_or_else(String::new, |parent| path_of(&parent).to_ascii_lowercase())
}

fn rule_wire(id: &ResourceId, rule: &AuthRule) -> Value {
    json!({ "id": id.as_str(), "name": rule.name, "type": "Microsoft.ServiceBus/Namespaces/AuthorizationRules",
            "properties": { "rights": rule.rights } })
}

impl ServiceBus {
    fn rule<'a>(
        &'a self,
        id: &ResourceId,
        request: &Request,
    ) -> Result<(&'a Namespace, &'a AuthRule), Refused> {
        let namespace = self.found(&Self::namespace_id(id), request)?;
        let key = (owner_of(id), id.name().to_ascii_lowercase());
        let rule = namespace.rules.get(&key).ok_or_else(|| missing(id, request))?;
        Ok((namespace, rule))
    }

    pub(super) fn auth_rule(&mut self, id: &ResourceId, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
        let namespace_id = Self::namespace_id(id);
        let key = self.key_of(&namespace_id, request)?;
        let owner = owner_of(id);
        let own = (owner.clone(), id.name().to_ascii_lowercase());
        match request.method {
            Method::Get | Method::Head => {
                self.rule(id, request).map(|(_, rule)| Answer::new(200, rule_wire(id, rule)))
            }
            Method::Put => {
                self.writable(key)?;
                let rights = keys::rights(&request.body)?;
                let serial = ctx.world.next_serial();
                let Some(namespace) = self.namespaces.get_mut(&key) else { return Err(missing(id, request)) };
                let rule = match namespace.rules.get(&own) {
                    Some(existing) => AuthRule { rights, ..existing.clone() },
                    None => keys::rule(id.name(), rights, id.folded(), &ctx.world.dice, serial),
                };
                let wire = rule_wire(id, &rule);
                namespace.rules.insert(own, rule);
                self.changed(key, Change::Rules(owner), ctx);
                Ok(Answer::new(200, wire))
            }
            Method::Delete => {
                self.writable(key)?;
                let Some(namespace) = self.namespaces.get_mut(&key) else { return Err(missing(id, request)) };
                let known = namespace.rules.remove(&own).is_some();
                self.changed(key, Change::Rules(owner), ctx);
                Ok(Answer::new(if known { 200 } else { 204 }, Value::Null))
            }
            other => Err(not_allowed(other)),
        }
    }

    pub(super) fn auth_rules(&self, within: &ResourceId, request: &Request) -> Result<Vec<Value>, Refused> {
        let namespace = self.found(&Self::namespace_id(within), request)?;
        let owner = path_of(within).to_ascii_lowercase();
        let all = namespace.rules.iter().filter(|((of, _), _)| *of == owner);
        Ok(all.map(|(_, rule)| rule_wire(&within.child("authorizationRules", &rule.name), rule)).collect())
    }

    pub(super) fn list_keys(&self, id: &ResourceId, request: &Request) -> Handled {
        let (namespace, rule) = self.rule(id, request)?;
        Ok(Answer::new(200, self.keys_wire(namespace, rule, &owner_of(id))))
    }

    pub(super) fn regenerate_keys(
        &mut self,
        id: &ResourceId,
        request: &Request,
        ctx: &mut Ctx<'_>,
    ) -> Handled {
        let key = self.key_of(&Self::namespace_id(id), request)?;
        self.writable(key)?;
        self.rule(id, request)?;
        let owner = owner_of(id);
        let serial = ctx.world.next_serial();
        let kind = request.body.get("keyType").and_then(Value::as_str).unwrap_or("PrimaryKey");
        let given = request.body.get("key").and_then(Value::as_str).map(str::to_owned);
        let fresh = given.unwrap_or_else(|| keys::key(&ctx.world.dice, id.folded(), id.name(), kind, serial));
        let own = (owner.clone(), id.name().to_ascii_lowercase());
        if let Some(rule) = self.namespaces.get_mut(&key).and_then(|namespace| namespace.rules.get_mut(&own))
        {
            if kind.eq_ignore_ascii_case("SecondaryKey") {
                rule.secondary = fresh;
            } else {
                rule.primary = fresh;
            }
        }
        self.changed(key, Change::Rules(owner), ctx);
        self.list_keys(id, request)
    }

    fn keys_wire(&self, namespace: &Namespace, rule: &AuthRule, owner: &str) -> Value {
        let alias = namespace.alias.as_ref().and_then(|alias| self.aliases.get(alias));
        let alias_host = alias.map(|alias| names::host(&alias.name, super::SUFFIX));
        let entity = (!owner.is_empty()).then(|| {
            namespace.entities.get(owner).map_or_else(|| owner.to_owned(), |entity| entity.path.clone())
        });
        keys::to_wire(rule, &namespace.host(), alias_host.as_deref(), entity.as_deref())
    }

    // --- of an alias: a read-only view of the namespace's own rules

    fn rule_of_alias(&self, id: &ResourceId, request: &Request) -> Result<(&Namespace, &AuthRule), Refused> {
        let namespace = self.found(&Self::namespace_id(id), request)?;
        Self::alias_of(id, namespace, request)?;
        let key = (String::new(), id.name().to_ascii_lowercase());
        let rule = namespace.rules.get(&key).ok_or_else(|| missing(id, request))?;
        Ok((namespace, rule))
    }

    /// The alias in the path has to be the one that the namespace takes part in.
    fn alias_of(id: &ResourceId, namespace: &Namespace, request: &Request) -> Result<(), Refused> {
        let mut at = Some(id.clone());
        while let Some(id) = at {
            if types(&id) == "namespaces/disasterrecoveryconfigs" {
                let own = namespace.alias.as_deref() == Some(id.name().to_ascii_lowercase().as_str());
                return if own { Ok(()) } else { Err(missing(&id, request)) };
            }
            at = id.parent();
        }
        Err(missing(id, request))
    }

    pub(super) fn alias_rule(&self, id: &ResourceId, request: &Request) -> Handled {
        if !request.method.is_read() {
            return Err(not_allowed(request.method));
        }
        self.rule_of_alias(id, request).map(|(_, rule)| Answer::new(200, rule_wire(id, rule)))
    }

    pub(super) fn alias_rules(&self, within: &ResourceId, request: &Request) -> Result<Vec<Value>, Refused> {
        let namespace = self.found(&Self::namespace_id(within), request)?;
        Self::alias_of(within, namespace, request)?;
        let all = namespace.rules.iter().filter(|((owner, _), _)| owner.is_empty());
        Ok(all.map(|(_, rule)| rule_wire(&within.child("authorizationRules", &rule.name), rule)).collect())
    }

    pub(super) fn alias_keys(&self, on: &ResourceId, request: &Request) -> Handled {
        let (namespace, rule) = self.rule_of_alias(on, request)?;
        let mut wire = self.keys_wire(namespace, rule, "");
        if let Some(wire) = wire.as_object_mut() {
            wire.remove("primaryConnectionString");
            wire.remove("secondaryConnectionString");
        }
        Ok(Answer::new(200, wire))
    }
}

fn missing(id: &ResourceId, request: &Request) -> Refused {
    common::NOT_FOUND.with(&[id.name(), request.group_name()])
}
