//! Azure's services inside the lab. **One file per service**, each with the same outline: state, wire, rules, faults,
//! tests; `any_resource.rs` stands in for everything that has no file of its own.
//!
//! To add a service: write its file and name it here twice: as a module, and its row in [`MODELLED`].

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use jiff::SignedDuration;
use lifeboat_arm::{Answer, Call, Region, ResourceId};

use crate::dns::DnsAnswer;
use crate::health::{Health, Plane};
use crate::refusal::{Handled, Refusal};
use crate::route::Request;
use crate::world::Ctx;

pub(crate) mod any_resource;
pub(crate) mod service_bus;

/// The services that have a file of their own, in the order in which they are offered a host.
const MODELLED: &[Row] = &[service_bus::ROW];

/// One service in the table.
pub(crate) struct Row {
    /// The provider's namespace.
    pub(crate) namespace: &'static str,
    /// Everything it refuses.
    pub(crate) refusals: &'static [Refusal],
    /// What can be asked of it: its types below the namespace, their actions, and what clients do.
    pub(crate) operations: &'static [&'static str],
    /// The service of a lab that is still empty.
    pub(crate) empty: fn() -> Box<dyn Provider>,
}

/// What the lab asks of a service.
pub(crate) trait Provider: Any + Debug + Send + Sync {
    /// A copy: a lab can be copied with everything in it.
    fn copied(&self) -> Box<dyn Provider>;

    /// A request of the management plane that passed the gate.
    fn handle(&mut self, request: &Request, ctx: &mut Ctx<'_>) -> Handled;

    /// Something of its own comes due: what it put into a [`ProviderEvent`].
    fn happens(&mut self, event: &dyn Any, ctx: &mut Ctx<'_>);

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
#[derive(Debug, Clone)]
pub(crate) struct ProviderEvent {
    namespace: &'static str,
    what: Arc<dyn Happening>,
}

/// What only its own service understands.
trait Happening: Any + Debug + Send + Sync {}

impl<T: Any + Debug + Send + Sync> Happening for T {}

impl ProviderEvent {
    /// An event of the service with this namespace.
    pub(crate) fn new(namespace: &'static str, what: impl Any + Debug + Send + Sync) -> Self {
        Self { namespace, what: Arc::new(what) }
    }
}

/// All services.
#[derive(Debug)]
pub(crate) struct Providers {
    /// Row by row, as in [`MODELLED`].
    modelled: Vec<Box<dyn Provider>>,
    any_resource: any_resource::AnyResources,
}

impl Default for Providers {
    fn default() -> Self {
        let modelled = MODELLED.iter().map(|row| (row.empty)()).collect();
        Self { modelled, any_resource: any_resource::AnyResources::default() }
    }
}

impl Clone for Providers {
    fn clone(&self) -> Self {
        let modelled = self.modelled.iter().map(|provider| provider.copied()).collect();
        Self { modelled, any_resource: self.any_resource.clone() }
    }
}

fn row(namespace: &str) -> Option<usize> {
    MODELLED.iter().position(|row| row.namespace.eq_ignore_ascii_case(namespace))
}

/// Whether a provider's namespace has a file of its own.
pub(crate) fn is_modelled(namespace: &str) -> bool {
    row(namespace).is_some()
}

/// What can be asked of a service besides reading and changing what stands in a template: its types below its namespace,
/// their actions, and what clients do. Empty for what the lab keeps as it was sent.
pub fn operations(namespace: &str) -> &'static [&'static str] {
    row(namespace).map_or(&[], |row| MODELLED[row].operations)
}

impl Providers {
    /// The service behind a provider's namespace.
    pub(crate) fn of(&mut self, namespace: &str) -> &mut dyn Provider {
        match row(namespace) {
            Some(row) => &mut *self.modelled[row],
            None => &mut self.any_resource,
        }
    }

    /// A service as itself, for its own typed calls.
    pub(crate) fn the<P: Provider>(&self) -> &P {
        let mut own = self.modelled.iter().filter_map(|provider| (&**provider as &dyn Any).downcast_ref());
        own.next().expect("a service with typed calls stands in the table")
    }

    /// The same, to change it.
    pub(crate) fn the_mut<P: Provider>(&mut self) -> &mut P {
        let all = self.modelled.iter_mut();
        let mut own = all.filter_map(|provider| (&mut **provider as &mut dyn Any).downcast_mut());
        own.next().expect("a service with typed calls stands in the table")
    }

    fn all(&mut self) -> impl Iterator<Item = &mut dyn Provider> {
        let any: &mut dyn Provider = &mut self.any_resource;
        self.modelled.iter_mut().map(|provider| &mut **provider as &mut dyn Provider).chain([any])
    }

    pub(crate) fn happens(&mut self, event: &ProviderEvent, ctx: &mut Ctx<'_>) {
        self.of(event.namespace).happens(&*event.what, ctx);
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

    /// A host is whoever's knows it: services may share a domain.
    pub(crate) fn resolve(&mut self, name: &str, ctx: &mut Ctx<'_>) -> DnsAnswer {
        self.all().find_map(|provider| provider.resolve(name, ctx)).unwrap_or_else(DnsAnswer::missing)
    }

    pub(crate) fn host_call(&mut self, host: &str, call: &Call, ctx: &mut Ctx<'_>) -> HostOutcome {
        self.all().find_map(|provider| provider.host_call(host, call, ctx)).unwrap_or(HostOutcome::Refused)
    }
}

/// The refusals of all services.
pub(crate) fn refusals() -> impl Iterator<Item = &'static Refusal> {
    MODELLED.iter().flat_map(|row| row.refusals).chain(any_resource::REFUSALS)
}

/// How long a name of the lab may be cached.
pub(crate) const DNS_TTL: SignedDuration = SignedDuration::from_secs(60);

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use lifeboat_arm::{Method, Target};
    use serde_json::Value;

    use super::*;
    use crate::dns::DnsRecord;
    use crate::{Lab, Settings};

    const THEIRS: &str = "hub.servicebus.windows.net";

    /// A second service under the same domain.
    #[derive(Debug, Clone)]
    struct Hubs;

    impl Provider for Hubs {
        fn copied(&self) -> Box<dyn Provider> {
            Box::new(self.clone())
        }

        fn handle(&mut self, _: &Request, _: &mut Ctx<'_>) -> Handled {
            Ok(Answer::new(200, Value::Null))
        }

        fn happens(&mut self, _: &dyn Any, _: &mut Ctx<'_>) {}

        fn resolve(&mut self, name: &str, _: &mut Ctx<'_>) -> Option<DnsAnswer> {
            let chain = vec![DnsRecord::A("10.9.9.9".to_owned())];
            (name == THEIRS).then_some(DnsAnswer { chain, ttl: DNS_TTL })
        }

        fn host_call(&mut self, host: &str, _: &Call, _: &mut Ctx<'_>) -> Option<HostOutcome> {
            (host == THEIRS).then(|| HostOutcome::Answered(Answer::new(201, Value::Null), true))
        }
    }

    #[test]
    fn a_host_that_is_not_the_first_service_s_own_is_offered_to_the_next() {
        let now = Timestamp::UNIX_EPOCH;
        let mut lab = Lab::new(Settings::new(1, "00000000-0000-0000-0000-000000000001", now));
        lab.providers.modelled.push(Box::new(Hubs));
        let mut lab = lab.clone();
        let mut call = |host: &str| {
            let mut call = Call::arm(Method::Post, "/events/messages", None);
            call.target = Target::Host(host.to_owned());
            lab.handle(now, &call).answer.map(|answer| answer.status)
        };
        assert_eq!(call(THEIRS), Some(201));
        assert_eq!(call("nobody.servicebus.windows.net"), None, "a host of nobody refuses");
        assert_eq!(lab.resolve(now, THEIRS).address(), Some("10.9.9.9"));
        assert_eq!(lab.resolve(now, "nobody.servicebus.windows.net"), DnsAnswer::missing());
    }
}
