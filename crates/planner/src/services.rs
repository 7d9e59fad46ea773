//! One file per Azure service, each with the same outline: see [`crate::Service`].

mod any_resource;
mod service_bus;

use lifeboat_arm::ResourceType;
use serde_json::Value;

pub(crate) use any_resource::AnyResource;
pub(crate) use service_bus::ServiceBus;

/// Puts in what Azure takes where a template says nothing, as far as a rule asks for it: what is sure to come is known.
pub(crate) fn say_defaults(kind: &ResourceType, body: &mut Value) {
    if kind.is("Microsoft.ServiceBus/namespaces") {
        service_bus::say_defaults(body);
    }
}
