//! A world in virtual time: engine, planner, lab, people and faults. One seed, one event log, byte for byte.

mod clients;
mod dice;
mod drill;
mod ledger;
mod log;
mod observe;
mod planes;
mod queue;
mod refused;
mod report;
mod reporting;
mod scenario;
mod station;
mod traffic;
mod vault;
mod world;

pub use drill::{Drill, DrillError, DrillOutcome, DrillProgress, DrillSetup};
pub use refused::Refused;
pub use report::{
    Belief, BelievedStretch, ClientReport, DrillReport, DrillVerdict, FactLine, FaultReport, Gap, Happening,
    Held, LaterOutage, LossReport, Minute, Missing, MoveLosses, PlaneReport, PredictionReport, RpoReport,
    RtoReport, RtoTerms, RunReport, ScenarioSummary, StateLine, StepReport, TrueStretch, Truth,
};
pub use scenario::{
    Answers, Clients, Effect, Fault, LostPlane, Outage, Phase, Place, Places, Planned, Scenario,
    ScenarioError, ScenarioEvent, Unseen, Vantage, What,
};

#[cfg(test)]
mod tests;
