//! What is on its way between the station and the lab, and for whom.

use jiff::Timestamp;
use lifeboat_arm::{Answer, Call};
use lifeboat_engine::{Lost, Ticket};

/// Something that reaches the station or the lab later.
#[derive(Debug, Clone)]
pub(crate) enum Post {
    /// A request arrives at the lab.
    Arrives(Errand, Call),
    /// A name is looked up.
    Resolves(Errand, String),
    /// An answer arrives at the station.
    Returns(Errand, Result<Answer, Lost>),
    /// The engine asked to be woken.
    Wakes(Timestamp),
}

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// The engine's, by ticket.
    Engine(Ticket),
    /// A pump's, by its ticket.
    Pump(Ticket),
    /// For a secret that the engine needs, by ticket: nobody else gets to see the answer.
    Secret(Ticket),
}
