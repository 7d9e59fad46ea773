//! The wiring: from what was typed to what is shown.

mod assess;
mod drill;
mod explain;
mod plan;

use std::collections::BTreeMap;

use lifeboat_planner::{StrategyKind, Workload, service_for};

use crate::args::{Args, Command};
use crate::errors::{CliError, Exit};
use crate::output::{Surroundings, say};

/// Runs one command.
pub fn run(args: &Args, surroundings: &Surroundings) -> Result<Exit, CliError> {
    match &args.command {
        Command::Drill(args) => drill::drill(args, surroundings),
        Command::Assess(args) => assess::assess(args, surroundings),
        Command::Explain(args) => explain::explain(args, surroundings),
        Command::Plan(args) => plan::plan(args, surroundings),
    }
}

/// Prints a result.
fn show(text: &str) -> Result<(), CliError> {
    say(text).map_err(|error| CliError::caused_by("cannot write to stdout", error))
}

/// A value as pretty JSON.
fn json_error(error: serde_json::Error) -> CliError {
    CliError::caused_by("the result cannot be written as JSON", error)
}

/// The cheapest strategy of each component that is ready in time: each on its own, the workload's RTO over all.
fn strategies(workload: &Workload) -> BTreeMap<String, StrategyKind> {
    let seen = workload.declared_inventory();
    workload
        .components
        .iter()
        .filter_map(|component| {
            let mut options = service_for(&component.kind).strategies(component, workload, &seen);
            options.sort_by_key(|option| option.standing_cost);
            let budget = workload.objectives.rto - workload.deciding.hold_down - workload.deciding.decision;
            let fits = options.iter().find(|option| option.recovery <= budget);
            // A pair is taken wherever it can be had: a namespace under another name is no recovery for its clients.
            let chosen = options
                .iter()
                .find(|option| option.kind == StrategyKind::Pair)
                .or(fits)
                .or(options.iter().min_by_key(|option| option.recovery))?;
            Some((component.name.clone(), chosen.kind))
        })
        .collect()
}
