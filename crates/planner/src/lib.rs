//! From what was observed to findings, strategies and plans: pure functions, one file per Azure service.
//!
//! Data flows one way: a [`Workload`] and an [`Inventory`] go into [`assess`] (findings) and [`plan`] (steps).
//! `services/` holds one file per Azure service, each with the outline of [`Service`]; to add a service, copy the shape
//! of `services/any_resource.rs`, then of `services/service_bus.rs`. Nothing here does I/O or knows how a call travels.

mod assess;
pub mod detector;
mod durations;
mod finding;
mod inventory;
mod leading;
pub mod lifecycle;
mod objective;
mod planning;
mod predict;
mod reading;
mod recovery_time;
mod rule;
mod service;
mod services;
mod settings;
pub mod strategy;
mod topology;
mod workload;
mod workload_rules;

pub use assess::{
    accept, assess, assess_with_objective, blocking, explained, is_enforced, is_protected, rules,
};
pub use finding::{Answer, Evidence, Finding, Severity};
pub use inventory::{Fact, Inventory, Known, Look, Source};
pub use leading::leads;
pub use planning::{DEPLOYED, Expanded, PlanError, expand, group_reads, initial_deployments, plan};
pub use predict::{Claim, Found, Prediction, predict, predictions};
pub use reading::{About, Assumed, Assumption, Bare, BareError, NOWHERE, SiteTemplate, read, read_bare};
pub use recovery_time::{FixedTerms, Foreseen, moves_names, platform_p95};
pub use rule::{Checked, Rule, Subject};
pub use service::{Answers, Lead, Part, Planning, Refusal, Service, Strategy, StrategyKind};
// What an embedder may choose without a file; the cli never names it.
pub use services::service_bus::{CrossSubscription, DeadLetters, Reprotect, ServiceBusChoice};
pub use services::{service_for, services};
pub use settings::{Entry, Section, Setting, Settings, Unasked};
pub use strategy::{Candidate, Choice, EXACT_MOST, StrategyError, Term, TermLine, choose, choose_for};
pub use topology::{
    Component, Declared, Deployment, Objectives, Replaced, Resources, Side, Site, Standby, Workload,
    components,
};
pub use workload::{
    Acceptance, Approver, ComponentName, DataStore, DecisionPolicy, FailoverPolicy, FilePath, GroupName,
    RuleId, SharedTemplate, SiteEntry, StaleReads, SubscriptionId, Templates, WorkloadError, WorkloadFile,
    WorkloadName,
};
// Strict reading of YAML, for the files of other crates that must fail as helpfully as the workload file does.
pub use workload::{
    Complaint, Fields, Node, Position, Problem, Reader, parse_duration, read_strictly, render_duration,
    render_problems,
};
