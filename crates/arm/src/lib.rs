#![doc = include_str!("../README.md")]
//!
//! # What is here
//!
//! * [`template`]: templates and parameter files. Start at [`template::Template::parse`] and [`template::expand`].
//! * [`tree`]: JSON with places, comments and Azure's leniencies: what diagnostics point into.
//! * [`ResourceId`], [`ResourceType`]: ids, compared as Azure compares them.
//! * [`Region`]: regions by either name, with their pairs.
//! * [`Call`], [`Answer`], [`Operation`], [`Pages`]: requests as data, what comes back, and what runs on.
//! * [`ArmError`], [`retry`], [`Bucket`]: errors in Azure's shape, what may be sent again, and how often one may ask.
//!
//! Not here: I/O of any kind, clocks, chance, anything that knows what a failover is.
//!
//! # Ids
//!
//! ```
//! use lifeboat_arm::{ResourceId, ResourceType};
//!
//! let queue = ResourceId::parse(
//!     "/subscriptions/0/resourceGroups/shop/providers/Microsoft.ServiceBus/namespaces/bus/queues/orders",
//! )?;
//! assert_eq!(queue.kind(), Some(ResourceType::new("microsoft.servicebus/NAMESPACES/queues")));
//! assert_eq!(queue.parent().expect("a queue has one").name(), "bus");
//! assert!(queue.is_within(&ResourceId::group("0", "SHOP")));
//! # Ok::<(), lifeboat_arm::BadResourceId>(())
//! ```
//!
//! # Diagnostics
//!
//! Mistakes never end an expansion: what could be expanded is there, and each mistake tells its place.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use lifeboat_arm::template::{Context, NoLinks, Template, expand};
//!
//! let text = r#"{ "resources": [], "outputs": { "a": { "type": "string", "value": "[tolowr('A')]" } } }"#;
//! let template = Template::parse("main.json", text).expect("it is a template");
//! let context = Context::for_group("0", "shop", "westeurope", "2026-01-01T00:00:00Z".parse()?);
//! let expansion = expand(&template, &BTreeMap::new(), &context, &NoLinks);
//! let [mistake] = &expansion.diagnostics[..] else { panic!("there is one mistake") };
//! assert_eq!(mistake.message, "there is no function `tolowr`");
//! assert_eq!((mistake.position.line, mistake.pointer.as_str()), (1, "/outputs/a/value"));
//! assert_eq!(mistake.hint.as_deref(), Some("did you mean `toLower`?"));
//! # Ok::<(), jiff::Error>(())
//! ```

mod call;
mod error;
mod global_name;
mod id;
mod operation;
mod pages;
mod region;
mod suggest;
pub mod template;
mod throttle;
pub mod tree;

pub use call::{Answer, Call, Method, Read, Target};
pub use error::{ArmError, Retry, retry};
pub use global_name::{global_name_max, global_suffix, globally_named};
pub use id::{BadResourceId, ResourceId, ResourceType};
pub use operation::{Operation, Progress, is_terminal};
pub use pages::{Paged, Pages, next_link};
pub use region::{Region, UnknownRegion};
pub use suggest::nearest;
pub use throttle::{Bucket, Cost, ThrottleScope};
