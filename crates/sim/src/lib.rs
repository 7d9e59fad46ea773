//! A world in virtual time: engine, planner, lab, people and faults. One seed, one event log, byte for byte.

mod report;
mod scenario;

pub use report::{
    ClientReport, DrillReport, DrillVerdict, FactLine, Happening, LossReport, Minute, PredictionReport,
    RtoReport, RtoTerms, RunReport, ScenarioSummary, StateLine, StepReport,
};
pub use scenario::{
    Answers, Clients, Effect, Fault, LostPlane, Outage, Phase, Place, Planned, Scenario, ScenarioError,
    ScenarioEvent, What,
};
