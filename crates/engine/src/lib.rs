//! Executes a plan as a pure state machine: [`Engine::step`] takes an [`Input`] and returns [`Effect`]s.
//!
//! What may not live here: sockets, clocks, files, and any knowledge of a service. The engine sends the requests that
//! steps hold, follows their operations and looks at their conditions; a shell performs the effects and hands back what
//! came of them. The same engine therefore runs against Azure, against the lab and in virtual time.
//!
//! What a shell owes the engine:
//!
//! * one input for each ticket, however long it takes ([`Lost`] when it gives up on a request);
//! * [`Effect::Write`] appended and synced before [`Input::Written`]; a write that fails ends the execution;
//! * effects performed in the order given, except that requests may travel at the same time;
//! * one file per execution, created exclusively, its lines made by [`encode`] with the hash of the line before, through
//!   all files; [`join`] puts the files of a run together for [`Engine::recover`];
//! * secrets only where [`Effect::FetchSecret`] says, already reduced to the value at the reference's pointer.
//!
//! Start with [`Effect`] and [`Input`], then [`StepState::after`], the one table of transitions that the live path and
//! recovery share.

mod effect;
mod outcome;

mod record;
mod step_state;

mod journal;

mod run;

mod recover;

mod backoff;
mod budget;
mod reads;
mod schedule;
mod scope;

mod engine;

mod act;
mod advance;
mod answers;
mod expand;
mod follow;
mod judge;
mod look;
mod people;
mod shortfall;
mod view;

pub use effect::{
    Decision, Effect, Expansion, FilledTransfer, Input, Lost, Pumped, RunId, Secret, Settings, Ticket, Which,
};
pub use engine::Engine;
pub use journal::{GENESIS, Joined, JournalError, decode, encode, hash_of, join};
pub use outcome::{Outcome, RunEnd, StepView, Summary, Times};
pub use record::{Event, OperationKind, OperationRef, Pin, Record, StepEvent};
pub use recover::RecoverError;
pub use run::Broken;
pub use step_state::{About, IllegalTransition, StepState};
