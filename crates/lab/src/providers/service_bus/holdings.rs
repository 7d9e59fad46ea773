//! What every entity holds, message by message: for whoever checks the world from outside, never for clients.

use super::ServiceBus;
use super::messages::{Half, Store};
use crate::providers::service_bus::data_plane::{Held, Message};

impl ServiceBus {
    /// Every message there is, namespace by namespace.
    pub(crate) fn held(&self) -> impl Iterator<Item = Held<'_>> {
        self.namespaces.values().flat_map(|namespace| {
            namespace.entities.values().flat_map(move |entity| {
                entity.store.held().map(move |(message, set_aside)| Held {
                    namespace: namespace.id.name(),
                    entity: &entity.path,
                    id: message.message_id.as_ref(),
                    body: message.body.as_deref(),
                    set_aside,
                })
            })
        })
    }
}

impl Store {
    /// Each message, and whether it is a dead letter.
    fn held(&self) -> impl Iterator<Item = (&Message, bool)> {
        let waiting = self.active.iter().chain(self.lanes.values().flatten()).chain(self.scheduled.values());
        let locked = self.locked.values().map(|locked| (&locked.stored, locked.half != Half::Main));
        waiting
            .map(|stored| (stored, false))
            .chain(locked)
            .chain(self.dead.iter().chain(&self.undelivered).map(|stored| (stored, true)))
            .map(|(stored, set_aside)| (&stored.message, set_aside))
    }
}
