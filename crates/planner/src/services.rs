//! One file per Azure service, each with the same outline: see [`Service`].
//!
//! To add one, name it twice here: its module, and its place among [`SERVICES`].

mod any_resource;
pub(crate) mod service_bus;

use std::iter::successors;

use lifeboat_arm::ResourceType;

use crate::service::Service;

/// The services that plan for types of their own.
const SERVICES: &[&dyn Service] = &[&service_bus::ServiceBus];

/// The one for everything else.
const ANY: &dyn Service = &any_resource::AnyResource;

/// All services, the one for everything else last.
pub fn services() -> impl Iterator<Item = &'static dyn Service> {
    SERVICES.iter().copied().chain([ANY])
}

/// The service that plans for this type.
pub fn service_for(kind: &ResourceType) -> &'static dyn Service {
    own(kind).unwrap_or(ANY)
}

/// The service that knows this type: what plans for a resource knows what stands below it.
pub(crate) fn service_of(kind: &ResourceType) -> &'static dyn Service {
    let parents = successors(Some(kind.as_str()), |text| Some(text.rsplit_once('/')?.0));
    parents.map(ResourceType::new).find_map(|kind| own(&kind)).unwrap_or(ANY)
}

fn own(kind: &ResourceType) -> Option<&'static dyn Service> {
    SERVICES.iter().copied().find(|service| service.plans_for(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_knows_what_stands_below_what_it_plans_for() {
        let of = |text: &str| service_of(&ResourceType::new(text)).name();
        assert_eq!(of("microsoft.servicebus/namespaces/topics/subscriptions"), "Service Bus");
        assert_eq!(of("Microsoft.ServiceBus"), ANY.name());
        assert_eq!(of("Contoso.Things/things"), ANY.name());
        let queue = ResourceType::new("Microsoft.ServiceBus/namespaces/queues");
        assert_eq!(service_for(&queue).name(), ANY.name(), "nobody plans for a queue alone");
    }
}
