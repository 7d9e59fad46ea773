//! Azure's services inside the lab. **One file per service**, each with the same outline: state, wire, rules, faults,
//! tests; `any_resource.rs` stands in for everything that has no file of its own.
//!
//! To add a service: write its file and name it wherever `service_bus` stands below: its module, its field of
//! [`Providers`], its namespace in [`Providers::of`] and [`is_modelled`], its place in [`Providers::all`] and [`refusals`],
//! and, if things happen in it by themselves, its variant of [`ProviderEvent`].

use jiff::SignedDuration;
use lifeboat_arm::{Answer, Call, Region, ResourceId};

use crate::dns::DnsAnswer;
use crate::health::{Health, Plane};
use crate::refusal::{Handled, Refusal};
use crate::route::Request;
use crate::world::Ctx;

pub(crate) mod any_resource;
pub(crate) mod service_bus;

/// What the lab asks of a service.
pub(crate) trait Provider {
    /// A request of the management plane that passed the gate.
    fn handle(&mut self, request: &Request, ctx: &mut Ctx<'_>) -> Handled;

    /// A plane of a region went down or came back.
    fn plane_changed(&mut self, _region: &Region, _plane: Plane, _health: Health, _ctx: &mut Ctx<'_>) {}

    /// A resource went, whoever it belonged to: drop what is kept below it.
    fn forget(&mut self, _id: &ResourceId) {}

    /// How many members a page of its lists has.
    fn page(&self) -> usize {
        crate::pages::PAGE
    }

    /// What a host name of this service resolves to.
    fn resolve(&mut self, _name: &str, _ctx: &mut Ctx<'_>) -> Option<DnsAnswer> {
        None
    }

    /// A request to a host of this service; none when the host is not its own.
    fn host_call(&mut self, _host: &str, _call: &Call, _ctx: &mut Ctx<'_>) -> Option<HostOutcome> {
        None
    }
}

/// What a data plane makes of a request.
pub(crate) enum HostOutcome {
    /// An answer, and whether it changed something.
    Answered(Answer, bool),
    /// Nothing listens there.
    Refused,
    /// It listens and never answers.
    Silent,
}

/// Something that happens in a service by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProviderEvent {
    AnyResource(any_resource::Event),
    ServiceBus(service_bus::Event),
}

/// All services.
#[derive(Debug, Clone, Default)]
pub(crate) struct Providers {
    pub(crate) any_resource: any_resource::AnyResources,
    pub(crate) service_bus: service_bus::ServiceBus,
}

/// Whether a provider's namespace has a file of its own.
pub(crate) fn is_modelled(namespace: &str) -> bool {
    namespace.eq_ignore_ascii_case(service_bus::NAMESPACE)
}

impl Providers {
    /// The service behind a provider's namespace.
    pub(crate) fn of(&mut self, namespace: &str) -> &mut dyn Provider {
        if is_modelled(namespace) {
            return &mut self.service_bus;
        }
        &mut self.any_resource
    }

    /// The service behind the typed data plane.
    pub(crate) fn messages(&self) -> &service_bus::ServiceBus {
        &self.service_bus
    }

    /// The same, to send and receive.
    pub(crate) fn messages_mut(&mut self) -> &mut service_bus::ServiceBus {
        &mut self.service_bus
    }

    fn all(&mut self) -> [&mut dyn Provider; 2] {
        [&mut self.service_bus, &mut self.any_resource]
    }

    pub(crate) fn happens(&mut self, event: ProviderEvent, ctx: &mut Ctx<'_>) {
        match event {
            ProviderEvent::AnyResource(event) => self.any_resource.happens(event, ctx),
            ProviderEvent::ServiceBus(event) => self.service_bus.happens(event, ctx),
        }
    }

    pub(crate) fn plane_changed(&mut self, region: &Region, plane: Plane, health: Health, ctx: &mut Ctx<'_>) {
        for provider in self.all() {
            provider.plane_changed(region, plane, health, ctx);
        }
    }

    pub(crate) fn forget(&mut self, id: &ResourceId) {
        for provider in self.all() {
            provider.forget(id);
        }
    }

    pub(crate) fn resolve(&mut self, name: &str, ctx: &mut Ctx<'_>) -> DnsAnswer {
        for provider in self.all() {
            if let Some(answer) = provider.resolve(name, ctx) {
                return answer;
            }
        }
        DnsAnswer::missing()
    }

    pub(crate) fn host_call(&mut self, host: &str, call: &Call, ctx: &mut Ctx<'_>) -> HostOutcome {
        for provider in self.all() {
            if let Some(outcome) = provider.host_call(host, call, ctx) {
                return outcome;
            }
        }
        HostOutcome::Refused
    }
}

/// The refusals of all services.
pub(crate) fn refusals() -> impl Iterator<Item = &'static Refusal> {
    service_bus::REFUSALS.iter().chain(any_resource::REFUSALS)
}

/// How long a name of the lab may be cached.
pub(crate) const DNS_TTL: SignedDuration = SignedDuration::from_secs(60);
