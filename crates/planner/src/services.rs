//! One file per Azure service, each with the same outline: see [`crate::Service`].

mod any_resource;
mod service_bus;

pub(crate) use any_resource::AnyResource;
pub(crate) use service_bus::ServiceBus;
