//! The language of plans: a plan is data.
//!
//! A [`Plan`] is an immutable graph of [`Step`]s. Each step holds the request it will send (with named holes), the
//! conditions under which it is under way and done, what it needs to be alive and what it loses. Planners write plans,
//! the engine executes them, people read them; none of the three needs to know the others.
//!
//! Nothing here knows an Azure service or acts. Start with [`Step`], then [`Condition`], then [`independence`].

mod condition;
mod digest;
mod draft;
mod evaluate;
mod forecast;
mod graph;
mod holes;
mod independence;
mod loss;
mod need;
mod print;
mod step;
mod words;

pub use condition::{At, Condition, Is, Item, Threshold, Truth};
pub use digest::Digest;
pub use draft::{
    CallDraft, Draft, Hole, MissingValue, Piece, ReadDraft, SecretRef, TargetDraft, Text, Values,
};
pub use evaluate::{Observation, Observations, Streaks, evaluate};
pub use forecast::{Basis, Forecast};
pub use graph::{Graph, GraphError, Scheduled};
pub use independence::{Verdict, independence};
pub use loss::{Loss, LossKind, LossStatement};
pub use need::{Need, Needed, Places, needs_of};
pub use print::{as_az_rest, describe_call, describe_condition};
pub use step::{
    Action, Capture, CaptureFrom, Citation, Endpoint, FactUsed, OnFailure, Plan, PlanKind, Policy, Question,
    ReadId, Repeat, Stage, Step, StepId, Transfer, Way, WayKind,
};
pub use words::{count, counted, duration};
