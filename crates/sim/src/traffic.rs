//! What clients do with a service, and what becomes of what they send: the one place where the simulation meets a service.
//!
//! Here: the outline that each file of `traffic/` follows, and the table of them. The drill, its probes, invariants and
//! moves, the clients and the station ask this outline and name no service. Not here: who sends when, DNS caches and the
//! work of a consumer (`clients.rs`), what was promised to whom (`ledger.rs`), how a service behaves (the lab).
//!
//! To add a service: write its file and name it in [`SERVICES`]. Nothing in the outline is about queues. A service of
//! events with partitions says where a group of readers is with the [`Line`] of its channel (a checkpoint is its own
//! state there), and what is read again is counted as received twice.

mod service_bus;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_arm::{Answer, Call, Method, ResourceType, Target};
use lifeboat_engine::{FilledTransfer, Lost, Pumped};
use lifeboat_lab::Lab;
use lifeboat_plan::StepId;
use lifeboat_planner::{Component, Inventory, Side, Workload, service_for};

/// The services that clients of a drill know to use.
const SERVICES: &[&dyn Traffic] = &[&service_bus::ServiceBus];

/// One service, as its clients see it.
pub(crate) trait Traffic: Sync {
    /// Whether components of this type are its own.
    fn is_for(&self, kind: &ResourceType) -> bool;

    /// What is added to a component that takes nothing yet, so that there is traffic. None where there is no need.
    fn opening(&self, component: &Component, seen: &Inventory) -> Option<Opening>;

    /// The host that clients of a component are given: the one that leads to whichever side serves. None where there is
    /// none yet; then they know the primary's own host, and nothing moves them.
    fn alias(&self, component: &Component, seen: &Inventory) -> Option<String>;

    /// Where clients of a component send and read now. Which hosts they know is filled in by [`channels`].
    fn channels(&self, component: &Component, seen: &Inventory, lab: &Lab) -> Vec<Channel>;

    /// What a prober asks a host: whatever the answer is, somebody is at home.
    fn probe(&self, host: &str) -> Call;

    /// Everything that is held anywhere, one by one: for checks, never for clients.
    fn held<'a>(&self, lab: &'a Lab) -> Box<dyn Iterator<Item = Held<'a>> + 'a>;

    /// The same in numbers, in the order of resources and places.
    fn holdings(&self, lab: &Lab) -> Vec<Holding>;

    /// Who moves one batch of a transfer, beginning at a watermark.
    fn pump(&self, transfer: FilledTransfer, watermark: Option<&str>) -> Box<dyn Pump>;
}

/// A request that adds something which takes messages, and what is told of it.
pub(crate) struct Opening {
    pub(crate) call: Call,
    pub(crate) says: String,
}

/// A place that producers send to and consumers read from. Where several groups of readers get each message, as the
/// subscriptions of a topic do, each has a channel of its own, side by side: the message is promised to all of them, under
/// an entry of the ledger for each.
pub(crate) struct Channel {
    /// Of which component.
    pub(crate) component: String,
    /// The host that its clients know: the alias's, or the resource's own where there is no alias. What an alias leads to lies
    /// in the same domain.
    pub(crate) host: String,
    /// The own host of the resource in the primary region.
    pub(crate) home: String,
    /// Where it is read, as [`Held`] and [`Holding`] call it.
    pub(crate) place: String,
    /// The same, as plans and people call it.
    pub(crate) name: String,
    /// Where it is sent to. Where that is another place, what is not due yet may lie there, once for all readers.
    pub(crate) entrance: String,
    /// Other entrances from which the service brings messages here by itself.
    pub(crate) fed_by: Vec<String>,
    /// Which of a message's copies is read here: the first channel of those side by side also sends.
    pub(crate) copy: u64,
    /// How many copies there are.
    pub(crate) copies: u64,
    /// What the service does on it.
    pub(crate) line: Box<dyn Line>,
}

impl Channel {
    /// Whether its clients are led to whichever side serves.
    pub(crate) fn has_alias(&self) -> bool {
        self.host != self.home
    }

    /// Whether what was sent to it may lie in this place.
    pub(crate) fn keeps_in(&self, place: &str) -> bool {
        [&self.place, &self.entrance].into_iter().any(|own| own.eq_ignore_ascii_case(place))
    }

    /// Where what comes to it may have lain before, as plans call it.
    pub(crate) fn comes_from(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.entrance).chain(&self.fed_by).map(String::as_str)
    }

    /// Whether the service brings messages here that were sent to this place.
    pub(crate) fn is_fed_by(&self, entrance: &str) -> bool {
        self.fed_by.iter().any(|from| from.eq_ignore_ascii_case(entrance))
    }
}

/// What clients do on one channel: the service's own part, with whatever it must remember of its readers.
pub(crate) trait Line {
    /// A producer sends. False when nobody was promised anything.
    fn send(&mut self, lab: &mut Lab, now: Timestamp, host: &str, draft: Draft) -> bool;

    /// A consumer looks for its next message and begins to work on it. Consumers are told apart by their numbers.
    fn take(&mut self, lab: &mut Lab, now: Timestamp, host: &str, reader: usize) -> Taken;

    /// The consumer's work is over. Whether the message is received for good; if not, somebody may get it again.
    fn finish(&mut self, lab: &mut Lab, now: Timestamp, reader: usize, work: Work) -> bool;
}

/// A message that is to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft {
    pub(crate) id: u64,
    /// Not to be read before, where the service can do that.
    pub(crate) due: Option<Timestamp>,
    /// The producer's number: what one producer sends belongs together, where the service has a way to say so.
    pub(crate) sender: usize,
}

/// Which message something is, by what it says: whoever carries a message on cannot make it another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The draft with this id, under the id that its producer gave it. Where a service has no ids, any is.
    Draft(u64),
    /// The draft with this id, under another id or none: nobody can tell that it is the same.
    Renamed(u64),
    /// Nothing that a producer of the drill sent.
    Unknown,
}

impl Which {
    /// The id of the draft.
    pub(crate) fn draft(self) -> Option<u64> {
        match self {
            Self::Draft(id) | Self::Renamed(id) => Some(id),
            Self::Unknown => None,
        }
    }
}

/// What a consumer finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A message.
    Message(Which),
    /// Nothing to read.
    Nothing,
    /// The service does not answer, or refuses.
    Refused,
}

/// How a consumer's work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// It is done.
    Done,
    /// The message cannot be read: it is set aside, where the service can do that.
    Unreadable,
}

/// One message, where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held<'a> {
    /// The resource's name.
    pub(crate) resource: &'a str,
    pub(crate) place: &'a str,
    pub(crate) which: Which,
    /// Whether it waits for a person: a consumer or the service has given it up.
    pub(crate) set_aside: bool,
}

/// How much lies in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holding {
    /// The resource's name.
    pub(crate) resource: String,
    pub(crate) place: String,
    /// The place, as plans and people call it.
    pub(crate) name: String,
    pub(crate) waiting: u64,
    pub(crate) scheduled: u64,
    pub(crate) set_aside: u64,
}

impl Holding {
    /// All that is there.
    pub(crate) fn total(&self) -> u64 {
        self.waiting + self.scheduled + self.set_aside
    }
}

/// One batch of a transfer on its way.
pub(crate) trait Pump {
    /// The first call of the batch, or the end of it.
    fn begin(&mut self) -> Next;

    /// What follows from an answer. `left` counts the messages that the old side holds no longer.
    fn answered(&mut self, now: Timestamp, answer: &Result<Answer, Lost>, left: &mut u64) -> Next;
}

/// What follows from an answer.
pub(crate) enum Next {
    /// The next call.
    Call(Call),
    /// The batch is over.
    Over(Pumped),
}

/// The service whose clients use components of a type; none where there is nothing to send.
fn traffic_of(kind: &ResourceType) -> Option<&'static dyn Traffic> {
    SERVICES.iter().copied().find(|service| service.is_for(kind))
}

/// What a prober asks the host of a component's data plane. Of what nobody sends to, it asks for anything.
pub(crate) fn probe(kind: &ResourceType, host: &str) -> Call {
    traffic_of(kind).map_or_else(|| to_host(host, Method::Get, "/"), |service| service.probe(host))
}

/// A call to a data plane.
fn to_host(host: &str, method: Method, path: impl Into<String>) -> Call {
    let mut call = Call::arm(method, path, None);
    call.target = Target::Host(host.to_owned());
    call
}

/// What has to be added so that there is traffic: to every component with two sides that takes nothing yet.
pub(crate) fn openings(workload: &Workload, seen: &Inventory) -> Vec<Opening> {
    let moved = workload.components.iter().filter(|component| component.secondary.is_some());
    moved.filter_map(|component| traffic_of(&component.kind)?.opening(component, seen)).collect()
}

/// Every channel of a workload now.
pub(crate) fn channels(workload: &Workload, seen: &Inventory, lab: &Lab) -> Vec<Channel> {
    let moved = workload.components.iter().filter(|component| component.secondary.is_some());
    let mut channels: Vec<Channel> = moved
        .filter_map(|component| Some(traffic_of(&component.kind)?.channels(component, seen, lab)))
        .flatten()
        .collect();
    move_home(workload, seen, &mut channels);
    for channel in &mut channels {
        channel.host.clone_from(&channel.home);
    }
    give_aliases(workload, seen, &mut channels);
    channels
}

/// Clients that know only the primary's own host are given the alias that there is by now. Whether any was.
pub(crate) fn give_aliases(workload: &Workload, seen: &Inventory, channels: &mut [Channel]) -> bool {
    let mut given = false;
    for channel in channels.iter_mut().filter(|channel| !channel.has_alias()) {
        let component = workload.components.iter().find(|component| component.name == channel.component);
        let alias = component.and_then(|component| traffic_of(&component.kind)?.alias(component, seen));
        if let Some(alias) = alias {
            channel.host = alias;
            given = true;
        }
    }
    given
}

/// A fresh resource in the primary region is home as the former one was.
pub(crate) fn move_home(workload: &Workload, seen: &Inventory, channels: &mut [Channel]) {
    for channel in channels {
        let component = workload.components.iter().find(|component| component.name == channel.component);
        let home = component.and_then(|component| {
            service_for(&component.kind).host(component, Side::Primary, workload, seen)
        });
        channel.home = home.unwrap_or_else(|| std::mem::take(&mut channel.home));
    }
}

/// The channels that each get a copy of what is sent to the first of them.
pub(crate) fn copies(channels: &[Channel], first: usize) -> &[Channel] {
    let count = channels.get(first).map_or(0, |channel| usize::try_from(channel.copies).unwrap_or(1));
    channels.get(first..first + count).unwrap_or_default()
}

/// Everything that is held anywhere, whatever the service.
pub(crate) fn held(lab: &Lab) -> impl Iterator<Item = Held<'_>> {
    SERVICES.iter().flat_map(|service| service.held(lab))
}

/// The same in numbers.
pub(crate) fn holdings(lab: &Lab) -> Vec<Holding> {
    SERVICES.iter().flat_map(|service| service.holdings(lab)).collect()
}

/// Who pumps for which step: a transfer is of the service whose component the step is for.
#[derive(Default)]
pub(crate) struct Pumps(BTreeMap<String, &'static dyn Traffic>);

impl Pumps {
    pub(crate) fn of(workload: &Workload) -> Self {
        let known = workload.components.iter();
        Self(known.filter_map(|one| Some((one.name.clone(), traffic_of(&one.kind)?))).collect())
    }

    /// None when nobody knows how to move what the step's component holds.
    pub(crate) fn pump(
        &self,
        step: &StepId,
        transfer: FilledTransfer,
        watermark: Option<&str>,
    ) -> Option<Box<dyn Pump>> {
        let component = step.as_str().split('/').next()?;
        Some(self.0.get(component)?.pump(transfer, watermark))
    }
}
