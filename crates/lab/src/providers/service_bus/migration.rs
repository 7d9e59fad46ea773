//! From Standard to Premium: `migrationConfigurations/$default`. The entities are copied, then the Standard namespace's
//! host name leads to the Premium one and the Standard one goes by its post-migration name (D04).
//!
//! Afterwards the old name is the only alias the Premium namespace may be paired under. Source: "Migrate existing Azure
//! Service Bus standard namespaces to the premium tier". Simplified: everything is copied in one step.

use lifeboat_arm::{Answer, Method, ResourceId};
use serde_json::{Value, json};

use super::namespace::{SUFFIX, schedule};
use super::replication::Change;
use super::{Event, HostOf, Key, ServiceBus, not_allowed, refusals};
use crate::names::{self, Holder};
use crate::refusal::{Handled, common, refuse};
use crate::route::Request;
use crate::world::Ctx;

// --- state

/// A migration of a Standard namespace.
#[derive(Debug, Clone)]
pub(crate) struct Migration {
    target: Key,
    post_name: String,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Initiating,
    Active,
    Completing,
    Completed,
}

// --- wire

impl ServiceBus {
    fn migration_wire(&self, key: Key) -> Option<Value> {
        let migration = self.migrations.get(&key)?;
        let (namespace, target) = (self.namespaces.get(&key)?, self.namespaces.get(&migration.target)?);
        let busy = matches!(migration.state, State::Initiating | State::Completing);
        Some(json!({
            "id": format!("{}/migrationConfigurations/$default", namespace.id),
            "name": namespace.id.name(),
            "type": "Microsoft.ServiceBus/Namespaces/migrationConfigurations",
            "properties": {
                "provisioningState": if busy { "Accepted" } else { "Succeeded" },
                "migrationState": format!("{:?}", migration.state),
                "targetNamespace": target.id.as_str(),
                "postMigrationName": migration.post_name,
                "pendingReplicationOperationsCount":
                    if migration.state == State::Initiating { namespace.entities.len() } else { 0 },
            },
        }))
    }
}

// --- rules

impl ServiceBus {
    pub(super) fn migration(&mut self, id: &ResourceId, request: &Request, ctx: &mut Ctx<'_>) -> Handled {
        let key = self.key_of(&Self::namespace_id(id), request)?;
        match request.method {
            Method::Get => self
                .migration_wire(key)
                .map(|wire| Answer::new(200, wire))
                .ok_or_else(|| common::NOT_FOUND.with(&[id.name(), request.group_name()])),
            Method::Put => self.start_migration(key, &request.body, ctx),
            Method::Delete => {
                let known = self.migrations.remove(&key).is_some();
                Ok(Answer::new(if known { 200 } else { 204 }, Value::Null))
            }
            other => Err(not_allowed(other)),
        }
    }

    fn start_migration(&mut self, key: Key, body: &Value, ctx: &mut Ctx<'_>) -> Handled {
        let text = |name: &str| body["properties"][name].as_str().unwrap_or_default();
        let target = ResourceId::parse(text("targetNamespace")).ok().and_then(|id| self.key(&id));
        let Some(target) = target else {
            return Err(refusals::PARTNER_MISSING.with(&[text("targetNamespace")]));
        };
        if self.migrations.get(&key).is_some_and(|running| running.target == target) {
            return Ok(Answer::new(200, self.migration_wire(key).unwrap_or_default()));
        }
        let (from, to) = (&self.namespaces[&key], &self.namespaces[&target]);
        let fits = from.sku().eq_ignore_ascii_case("Standard") && to.is_premium();
        refuse(!fits, &refusals::MIGRATION_TIERS, &[from.id.name(), to.id.name()])?;
        let entities = to.top_entities();
        refuse(entities > 0, &refusals::PARTNER_NOT_EMPTY, &[to.id.name(), &entities.to_string()])?;
        let post_name = text("postMigrationName").to_owned();
        let taken = ctx.world.names.holder(&names::host(&post_name, SUFFIX)).is_some();
        refuse(taken || post_name.is_empty(), &refusals::ALTERNATE_TAKEN, &[&post_name])?;
        self.migrations.insert(key, Migration { target, post_name, state: State::Initiating });
        let after = ctx.pick(ctx.world.timing.service_bus.pair_setup, "migration", &key.to_string());
        schedule(ctx, after, Event::Migrate { key });
        Ok(Answer::new(201, self.migration_wire(key).unwrap_or_default()))
    }

    /// `upgrade` moves the name, `revert` forgets the migration.
    pub(super) fn migration_action(
        &mut self,
        on: &ResourceId,
        action: &str,
        request: &Request,
        ctx: &mut Ctx<'_>,
    ) -> Handled {
        let key = self.key_of(&Self::namespace_id(on), request)?;
        let missing = || common::NOT_FOUND.with(&[on.name(), request.group_name()]);
        let migration = self.migrations.get_mut(&key).ok_or_else(missing)?;
        match action.to_ascii_lowercase().as_str() {
            "upgrade" => {
                let early = migration.state == State::Initiating;
                refuse(early, &refusals::STILL_REPLICATING, &[])?;
                if migration.state == State::Active {
                    migration.state = State::Completing;
                    let after =
                        ctx.pick(ctx.world.timing.service_bus.alias_switch, "migration", &key.to_string());
                    schedule(ctx, after, Event::Migrate { key });
                }
                Ok(Answer::new(200, Value::Null))
            }
            "revert" => {
                self.migrations.remove(&key);
                Ok(Answer::new(200, Value::Null))
            }
            _ => Err(missing()),
        }
    }

    /// A step of a migration is over.
    pub(super) fn migrate(&mut self, key: Key, ctx: &mut Ctx<'_>) {
        let Some(migration) = self.migrations.get(&key) else { return };
        let (target, post_name) = (migration.target, migration.post_name.clone());
        let state = match migration.state {
            State::Initiating => {
                for change in self.replication_of(key, "migration", ctx).pending {
                    // Keys of the target stay its own: rules of the namespace are not part of a migration.
                    if change != Change::Rules(String::new()) {
                        self.copy(key, target, &change, ctx);
                    }
                }
                State::Active
            }
            State::Completing => {
                let Some(namespace) = self.namespaces.get_mut(&key) else { return };
                let old = std::mem::replace(&mut namespace.label, post_name.to_ascii_lowercase());
                let holder = Holder::Resource(namespace.id.clone());
                ctx.world.names.take(names::host(&post_name, SUFFIX), holder);
                self.hosts.insert(post_name.to_ascii_lowercase(), HostOf::Namespace(key));
                self.hosts.insert(old.clone(), HostOf::Namespace(target));
                if let Some(target) = self.namespaces.get_mut(&target) {
                    target.migrated_from = Some(old);
                }
                State::Completed
            }
            done => done,
        };
        if let Some(migration) = self.migrations.get_mut(&key) {
            migration.state = state;
        }
    }
}
