//! What will happen without a request: operations that end, entities that replicate, names that become free.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::group::GroupKey;
use crate::providers::ProviderEvent;

/// Something that happens by itself at its time.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// A deployment looks at its resources.
    Deployment(u64),
    /// A group and its members go.
    GroupDeleted(GroupKey),
    /// A globally unique name may be taken again.
    NameFree(String),
    /// A provider's own.
    Provider(ProviderEvent),
}

/// Events in the order of their times; equal times in the order they were put in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agenda {
    events: BTreeMap<(Timestamp, u64), Event>,
    serial: u64,
}

impl Agenda {
    pub(crate) fn at(&mut self, when: Timestamp, event: Event) {
        self.serial += 1;
        self.events.insert((when, self.serial), event);
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.events.first_key_value().map(|((when, _), _)| *when)
    }

    /// Takes the next event that is due.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<(Timestamp, Event)> {
        let (&key, _) = self.events.first_key_value()?;
        if key.0 > now {
            return None;
        }
        self.events.remove(&key).map(|event| (key.0, event))
    }
}
