//! What all providers share: regions, groups, the index, names, operations, the agenda, faults, chance.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Region, ResourceId};
use serde_json::Value;

use crate::agenda::{Agenda, Event};
use crate::dice::Dice;
use crate::fault::{Effect, Faults, Sight};
use crate::group::Groups;
use crate::health::Regions;
use crate::index::Index;
use crate::names::Names;
use crate::operation::{Operations, urls};
use crate::settings::{Quota, Subscription};
use crate::throttle::Throttle;
use crate::timing::{Span, Timing};

/// How long something that is blocked waits before it looks again.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// The state that belongs to no single provider.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) endpoint: String,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) quotas: Vec<Quota>,
    pub(crate) timing: Timing,
    pub(crate) dice: Dice,
    pub(crate) regions: Regions,
    pub(crate) groups: Groups,
    /// Where records of deployments above groups are kept. A name keeps its place as long as its record is there.
    pub(crate) homes: BTreeMap<ResourceId, Region>,
    pub(crate) index: Index,
    pub(crate) names: Names,
    pub(crate) operations: Operations,
    pub(crate) agenda: Agenda,
    pub(crate) faults: Faults,
    pub(crate) throttle: Throttle,
    /// Resources that went since the last look: whoever keeps things below them has to drop those.
    pub(crate) gone: Vec<ResourceId>,
    pub(crate) serial: u64,
    /// How many requests came in. They are counted apart: looking must not change what is drawn next.
    pub(crate) requests: u64,
}

/// What a rule gets: the instant and the world.
pub(crate) struct Ctx<'a> {
    pub(crate) now: Timestamp,
    pub(crate) world: &'a mut World,
}

/// An operation that was started.
pub(crate) struct Started {
    pub(crate) id: String,
    pub(crate) status_url: String,
    pub(crate) result_url: String,
}

impl World {
    /// A number never given before.
    pub(crate) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// The number of a request that comes in.
    pub(crate) fn next_request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    /// An id for a new operation.
    pub(crate) fn operation_id(&mut self, purpose: &str) -> String {
        let serial = self.next_serial();
        self.dice.guid(purpose, &serial.to_string()).to_string()
    }

    /// Whether this subscription exists here.
    pub(crate) fn knows(&self, subscription: &str) -> bool {
        self.subscriptions.iter().any(|known| known.id.eq_ignore_ascii_case(subscription))
    }

    /// Forgets a resource and all that lies below it.
    pub(crate) fn remove(&mut self, id: &ResourceId) {
        self.index.remove(id);
        self.names.free_of(id);
        self.gone.push(id.clone());
    }
}

impl Ctx<'_> {
    /// A duration for this purpose; a second draw for the same key at another time may differ.
    pub(crate) fn pick(&self, span: Span, purpose: &str, key: &str) -> SignedDuration {
        self.world.dice.pick(span, purpose, &format!("{key}@{}", self.now.as_millisecond()))
    }

    /// Puts an event on the agenda.
    pub(crate) fn later(&mut self, after: SignedDuration, event: Event) {
        self.world.agenda.at(self.now + after, event);
    }

    /// Puts an event back because what it does is blocked.
    pub(crate) fn look_again(&mut self, event: Event) {
        self.later(LOOK_AGAIN, event);
    }

    /// Starts an operation of a provider in a region.
    pub(crate) fn operation(
        &mut self,
        provider: &str,
        id: &ResourceId,
        region: &Region,
        word: &'static str,
    ) -> Started {
        let operation = self.world.operation_id(provider);
        self.world.operations.start(operation.clone(), region.clone(), self.now, word);
        let subscription = id.subscription().unwrap_or_default();
        let (status_url, result_url) = urls(&self.world.endpoint, subscription, provider, region, &operation);
        Started { id: operation, status_url, result_url }
    }

    /// The standing fault that holds for a resource of a region, if any.
    pub(crate) fn standing(
        &mut self,
        region: &Region,
        provider: &str,
        resource: &str,
        wanted: impl Fn(&Effect) -> bool,
    ) -> Option<Effect> {
        if self.world.faults.none() {
            return None;
        }
        let sight = Sight { region: Some(region), provider, method: None, operation: "", resource };
        self.world.faults.standing(self.now, sight, wanted)
    }

    /// Whether operations of this provider do not end in this region for now.
    pub(crate) fn is_stuck(&mut self, region: &Region, provider: &str, resource: &str) -> bool {
        self.standing(region, provider, resource, |effect| *effect == Effect::OperationStuck).is_some()
    }
}

/// RFC 7396: what a PATCH does inside a body. `null` removes.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else if name == "tags" {
            target.insert(name.clone(), value.clone()); // tags are replaced as a whole
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
