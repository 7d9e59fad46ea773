//! The lab through its front door: request → status, body, next state. One test per documented behaviour; each names the
//! requirement or failure it proves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so; its tools may do the same")]
#![expect(
    clippy::needless_pass_by_value,
    reason = "`json!` makes values, and borrowing each would only add noise"
)]

mod anything;
mod arm;
mod bench;
mod deployments;
mod faults;
mod history;
mod looking;
mod messages;
mod pairing;
mod refusals;
mod scopes;
mod topics;
mod unsettled;
