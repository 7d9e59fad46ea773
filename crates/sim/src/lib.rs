//! A world in virtual time: engine, planner, lab, people and faults. One seed, one event log, byte for byte.

mod clients;
mod dice;
mod drill;
mod ledger;
mod log;
mod observe;
mod queue;
mod report;
mod reporting;
mod scenario;
mod station;
mod world;

pub use drill::{Drill, DrillError, DrillOutcome, DrillProgress, DrillSetup};
pub use report::{
    ClientReport, DrillReport, DrillVerdict, FactLine, Happening, LossReport, Minute, Missing, MoveLosses,
    PredictionReport, RpoReport, RtoReport, RtoTerms, RunReport, ScenarioSummary, StateLine, StepReport,
};
pub use scenario::{
    Answers, Clients, Effect, Fault, LostPlane, Outage, Phase, Place, Planned, Scenario, ScenarioError,
    ScenarioEvent, What,
};

#[cfg(test)]
mod tests;
