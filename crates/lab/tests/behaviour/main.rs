//! The lab through its front door: request → status, body, next state. One test per documented behaviour; each names the
//! requirement or failure it proves.

mod arm;
mod bench;
mod deployments;
mod faults;
mod messages;
mod pairing;
mod refusals;
