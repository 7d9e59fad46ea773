//! Azure Resource Manager's language as values: ids, regions, calls and answers, reads, errors, throttling, templates.
//!
//! Everything else in Lifeboat speaks this language. Nothing here does I/O, reads a clock or draws a random number.
//! Start with [`ResourceId`] and [`Call`].

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
pub use throttle::{Bucket, Cost, Reach};
