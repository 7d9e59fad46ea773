//! Azure in miniature: [`Lab::handle`] takes an instant and a request and gives an answer. No socket, no clock, no chance
//! that does not come from the seed.
//!
//! Start with `lab.rs`, the front door. A request is understood in `route.rs`, let through in `gate.rs` (groups, health,
//! names, quota) and handled by a provider below `providers/`: one file per Azure service, each with the same outline.
//! What happens by itself (operations that end, entities that replicate) waits in `agenda.rs`. Every refusal is a row
//! with an id: [`refusals`].
//!
//! Not here: what a planner or an engine thinks of all this, and HTTP.

mod agenda;
mod blobs;
mod deployment;
mod dice;
mod dns;
mod fault;
mod gate;
mod group;
mod health;
mod implied;
mod index;
mod lab;
mod names;
mod operation;
mod pages;
mod providers;
mod refusal;
mod route;
mod scope;
mod settings;
mod subscription;
mod throttle;
mod timing;
mod world;

pub use dns::{DnsAnswer, DnsRecord};
pub use fault::{Effect, Fault, FaultMatch, Phase};
pub use health::{Health, Plane};
pub use lab::{Lab, Reply, Silence, Trace};
pub use providers::any_resource::timing::AnyResourceTiming;
pub use providers::operations;
pub use providers::service_bus::data_plane::{
    BrokerProperties, Counts, DataError, Held, Lock, Message, MessageId, Received, SendOk, ServiceBusClient,
    ServiceBusView, Session, Sums,
};
pub use providers::service_bus::timing::ServiceBusTiming;
pub use refusal::Refusal;
pub use settings::{Quota, Settings, Subscription};
pub use timing::{Span, Timing};

/// All refusals of the lab, ARM's own first.
pub fn refusals() -> impl Iterator<Item = &'static Refusal> {
    refusal::common::ALL.iter().chain(deployment::refusals::ALL).chain(providers::refusals())
}
