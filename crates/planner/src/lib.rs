//! From what was observed to findings, strategies and plans: pure functions, one file per Azure service.

mod finding;
mod workload;

pub use finding::{Answer, Evidence, Finding, Severity};
pub use workload::{
    Acceptance, Approver, ComponentName, DataStore, DecisionPolicy, FailoverPolicy, FilePath, GroupName,
    NamespaceName, Objectives, Reprotect, RuleId, ServiceBusEntry, SharedTemplate, Site, StaleReads,
    SubscriptionId, Templates, WorkloadError, WorkloadFile, WorkloadName,
};
// Strict reading of YAML, for the files of other crates that must fail as helpfully as the workload file does.
pub use workload::{
    Complaint, Fields, Node, Position, Problem, Reader, parse_duration, read_strictly, render_duration,
    render_problems,
};
