//! A world in virtual time: engine, planner, lab, people and faults. One seed, one event log, byte for byte.

mod report;

pub use report::{
    ClientReport, DrillReport, DrillVerdict, FactLine, Happening, LossReport, Minute, PredictionReport,
    RtoReport, RtoTerms, RunReport, ScenarioSummary, StateLine, StepReport,
};
