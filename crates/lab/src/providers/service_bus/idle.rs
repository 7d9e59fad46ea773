//! Entities that delete themselves when nobody uses them: `autoDeleteOnIdle` (D05).
//!
//! Use is what "Message expiration" calls so under "Idleness": sends, receives and updates; of a topic also what happens in
//! its subscriptions. What holds scheduled messages, or forwards, is never idle.

use jiff::{SignedDuration, Timestamp};

use super::entity::{Entities, Entity, Kind, subscriptions_of};
use super::replication::Change;
use super::{Event, Key, ServiceBus, entity_requests, namespace};
use crate::world::Ctx;

impl ServiceBus {
    /// Deletes an entity that was idle for as long as it allows (D05). A frozen secondary deletes nothing.
    pub(super) fn idle(&mut self, key: Key, path: &str, ctx: &mut Ctx<'_>) {
        if self.is_secondary(key) {
            return;
        }
        let Some(namespace) = self.namespaces.get_mut(&key) else { return };
        let Some(entity) = namespace.entities.get(path) else { return };
        let Some(idle) = entity.idle else { return };
        let busy = entity.forward.is_some() || entity.store.counts(ctx.now).scheduled > 0;
        let due = if busy { ctx.now } else { last_use(entity, path, &namespace.entities) } + idle;
        if due <= ctx.now {
            let id = entity_requests::id_of(&namespace.id, entity);
            namespace.remove_entity(path);
            ctx.world.remove(&id);
            self.changed(key, Change::Removed(path.to_owned()), ctx);
        } else {
            let after = due.duration_since(ctx.now);
            namespace::schedule(ctx, after, Event::Idle { key, path: path.to_owned() });
        }
    }

    /// On a new primary: entities whose copies nobody ever used count as idle since they were copied.
    pub(super) fn watch_idle(&mut self, key: Key, ctx: &mut Ctx<'_>) {
        let Some(namespace) = self.namespaces.get(&key) else { return };
        let sweep = ctx.pick(ctx.world.timing.service_bus.idle_sweep, "idle-sweep", namespace.id.folded());
        let watched: Vec<String> = namespace
            .entities
            .iter()
            .filter(|(_, entity)| entity.idle.is_some())
            .map(|(path, _)| path.clone())
            .collect();
        for path in watched {
            namespace::schedule(ctx, sweep.max(SignedDuration::from_secs(1)), Event::Idle { key, path });
        }
    }
}

/// When it was used last, by whoever uses it.
fn last_use(entity: &Entity, path: &str, entities: &Entities) -> Timestamp {
    let own = |entity: &Entity| entity.accessed.unwrap_or(entity.created).max(entity.updated);
    let below = if entity.kind == Kind::Topic { subscriptions_of(entities, path) } else { Vec::new() };
    let below = below.iter().filter_map(|path| entities.get(path)).map(own);
    below.chain([own(entity)]).max().unwrap_or(entity.created)
}
