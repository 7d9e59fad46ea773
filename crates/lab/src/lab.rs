//! The front door: a request goes in with the instant at which it arrives, an answer comes out with the time it takes.
//!
//! The way of a request to the management plane (`lab/handling.rs`): understood (`route.rs`), paid for (`throttle.rs`), perhaps
//! hit by a fault (`fault.rs`), let through (`gate.rs`), handled by its provider, perhaps hit again on the way back.

mod handling;

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call, Method, Region, ResourceId, Target};
use serde::{Deserialize, Serialize};

use crate::agenda::{Agenda, Event};
use crate::deployment::{Deployments, Published};
use crate::dice::Dice;
use crate::dns::DnsAnswer;
use crate::fault::{Fault, Faults};
use crate::health::{Health, Plane, Regions};
use crate::providers::Providers;
use crate::settings::{Quota, Settings};
use crate::world::{Ctx, World};
use crate::{group, names};

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The answer; none when it never arrives.
    pub answer: Option<Answer>,
    /// How long the lab takes: until the answer leaves or the connection is refused.
    pub after: SignedDuration,
    /// Whether the request did what it asked for, answered or not.
    pub happened: bool,
    /// Why there is no answer.
    pub silence: Option<Silence>,
}

/// Why a request gets no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Silence {
    /// Nothing listens: the client knows at once.
    ConnectionRefused,
    /// Something listens: the client waits until it gives up.
    NoAnswer,
}

/// One request as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// When it arrived.
    pub at: Timestamp,
    /// The host, unless it was the management plane.
    pub host: Option<String>,
    /// The verb.
    pub method: Method,
    /// The path with its query.
    pub path: String,
    /// The region it needed.
    pub region: Option<Region>,
    /// What it was answered; none for no answer.
    pub status: Option<u16>,
    /// ARM's code, when it was refused.
    pub code: Option<String>,
    /// Whether it did what it asked for.
    pub happened: bool,
}

/// Azure in miniature.
#[derive(Debug, Clone)]
pub struct Lab {
    pub(crate) world: World,
    pub(crate) providers: Providers,
    pub(crate) deployments: Deployments,
    pub(crate) published: Published,
    pub(crate) now: Timestamp,
    trace: VecDeque<Trace>,
    trace_max: usize,
}

/// What a request inside the lab comes to: deployments send such requests too.
pub(crate) enum Dispatched {
    Answered(Answer),
    Silent,
}

impl Lab {
    /// An empty lab.
    pub fn new(settings: Settings) -> Self {
        let world = World {
            endpoint: settings.endpoint,
            subscriptions: settings.subscriptions,
            quotas: settings.quotas,
            timing: settings.timing,
            dice: Dice::new(settings.seed),
            regions: Regions::default(),
            groups: group::Groups::default(),
            homes: BTreeMap::new(),
            index: crate::index::Index::default(),
            names: names::Names::default(),
            operations: crate::operation::Operations::default(),
            agenda: Agenda::default(),
            faults: Faults::default(),
            throttle: crate::throttle::Throttle::default(),
            gone: Vec::new(),
            serial: 0,
            requests: 0,
        };
        Self {
            world,
            providers: Providers::default(),
            deployments: Deployments::default(),
            published: Published::default(),
            now: settings.start,
            trace: VecDeque::new(),
            trace_max: settings.trace_max,
        }
    }

    /// Answers a request that arrives now. Everything that was due before happens first.
    pub fn handle(&mut self, now: Timestamp, call: &Call) -> Reply {
        self.advance(now);
        match &call.target {
            Target::Arm => self.handle_arm(call),
            Target::Host(host) => self.handle_host(host, call),
        }
    }

    /// Lets everything happen that is due. Time never runs backwards: an earlier instant changes nothing.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some((at, event)) = self.world.agenda.due(now) {
            self.now = self.now.max(at);
            self.happens(event);
        }
        self.now = self.now.max(now);
    }

    /// When something will happen by itself next.
    pub fn next_event(&self) -> Option<Timestamp> {
        self.world.agenda.next()
    }

    /// The instant the lab has reached.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Takes a plane of a region down or brings it back.
    pub fn set_health(&mut self, now: Timestamp, region: &Region, plane: Plane, health: Health) {
        self.advance(now);
        if self.world.regions.set(region, plane, health) {
            let mut ctx = Ctx { now: self.now, world: &mut self.world };
            self.providers.plane_changed(region, plane, health, &mut ctx);
        }
    }

    /// How a plane of a region is.
    pub fn health(&self, region: &Region, plane: Plane) -> Health {
        self.world.regions.health(region, plane)
    }

    /// Adds a fault.
    pub fn inject(&mut self, fault: Fault) {
        self.world.faults.add(fault);
    }

    /// How often each fault has struck, in the order in which they were added.
    pub fn faults_struck(&self) -> &[u64] {
        self.world.faults.struck()
    }

    /// Sets how many resources of a type a region takes from now on. What exists beyond that stays.
    pub fn limit(&mut self, quota: Quota) {
        let quotas = &mut self.world.quotas;
        quotas.retain(|known| known.region != quota.region || !known.kind.eq_ignore_ascii_case(&quota.kind));
        quotas.push(quota);
    }

    /// Removes all faults. What they caused stays.
    pub fn clear_faults(&mut self) {
        self.world.faults.clear();
    }

    /// What a host name resolves to now, as the authority says it.
    pub fn resolve(&mut self, now: Timestamp, name: &str) -> DnsAnswer {
        self.advance(now);
        let mut ctx = Ctx { now: self.now, world: &mut self.world };
        self.providers.resolve(&name.trim_end_matches('.').to_ascii_lowercase(), &mut ctx)
    }

    /// All resources with their region (none for global ones and children), in the order of their ids.
    pub fn resources(&self) -> impl Iterator<Item = (&ResourceId, Option<&Region>)> {
        self.world.index.all().map(|entry| (&entry.id, entry.location.as_ref()))
    }

    /// All groups with the region of their metadata, in the order of their names.
    pub fn groups(&self) -> impl Iterator<Item = (&ResourceId, &Region)> {
        self.world.groups.all.values().map(|group| (&group.id, &group.location))
    }

    /// The last requests, oldest first.
    pub fn trace(&self) -> impl Iterator<Item = &Trace> {
        self.trace.iter()
    }

    /// Forgets the trace.
    pub fn clear_trace(&mut self) {
        self.trace.clear();
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Provider(event) => {
                let mut ctx = Ctx { now: self.now, world: &mut self.world };
                self.providers.happens(&event, &mut ctx);
            }
            Event::NameFree(host) => self.world.names.free(&host),
            Event::GroupDeleted(key) => self.delete_group(&key),
            Event::Deployment(serial) => self.run_deployment(serial),
        }
        self.forget_gone();
    }

    fn forget_gone(&mut self) {
        for id in std::mem::take(&mut self.world.gone) {
            self.providers.forget(&id);
            self.forget_blobs(&id);
        }
    }
}
