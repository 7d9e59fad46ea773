//! The wiring: from what was typed to what is shown.

mod assess;
mod drill;
mod explain;
mod plan;
mod template;

use std::collections::BTreeMap;

use lifeboat_planner::{Inventory, StrategyError, StrategyKind, choose_for};

use crate::args::{Args, Command, TemplateCommand};
use crate::errors::{CliError, Exit};
use crate::load::Loaded;
use crate::output::{Surroundings, say};

/// Runs one command.
pub fn run(args: &Args, surroundings: &Surroundings) -> Result<Exit, CliError> {
    match &args.command {
        Command::Drill(args) => drill::drill(args, surroundings),
        Command::Assess(args) => assess::assess(args, surroundings),
        Command::Explain(args) => explain::explain(args, surroundings),
        Command::Plan(args) => plan::plan(args, surroundings),
        Command::Template(TemplateCommand::Expand(args)) => template::expand(args, surroundings),
        Command::Template(TemplateCommand::Regions(args)) => template::regions(args, surroundings),
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

/// Chosen strategies, and why they are in time.
#[derive(Default)]
struct Strategies {
    /// By component.
    of: BTreeMap<String, StrategyKind>,
    /// What they cost, where less would do.
    cost: Option<String>,
}

/// The strategies that meet the recovery time, by component. One that cannot be chosen is left to the services.
fn strategies(loaded: &Loaded, seen: &Inventory) -> Result<Strategies, CliError> {
    let choice = match choose_for(&loaded.workload, seen, &loaded.policy) {
        Ok(choice) => choice,
        // Resources below two components may wait for each other's, which Azure can order and a choice by component
        // cannot.
        Err(StrategyError::Circle { .. }) => return Ok(Strategies::default()),
        Err(error) => return Err(CliError::caused_by("no strategies can be chosen", error)),
    };
    Ok(Strategies {
        cost: choice.cost(),
        of: choice.strategies.into_iter().map(|(name, strategy)| (name, strategy.kind)).collect(),
    })
}
