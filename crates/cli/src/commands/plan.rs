//! `lifeboat plan prepare|failover|failback`: offline, for the world as the plans before it would leave it.

use std::collections::BTreeMap;
use std::path::Path;

use lifeboat_plan::{Digest, Endpoint, Plan, PlanKind};
use lifeboat_planner::{
    Foreseen, Inventory, PlanError, Planning, Side, StrategyKind, Workload, plan as plan_for, predict,
};

use super::{show, strategies};
use crate::args::{Output, PlanArgs, PlanKindArg};
use crate::errors::{CliError, Exit};
use crate::load::{Loaded, epoch, load};
use crate::output::{Surroundings, complain, save_all};
use crate::tables::{self, PlanView};

pub(super) fn plan(args: &PlanArgs, surroundings: &Surroundings) -> Result<Exit, CliError> {
    if let Some(path) = &args.save {
        place_of(path)?;
    }
    let loaded = load(&args.target)?;
    if args.output == Output::Table {
        for assumption in &loaded.assumptions {
            complain(&format!("assumed: {assumption}"));
        }
    }
    let seen = loaded.workload.declared_inventory();
    let strategies = strategies(&loaded, &seen)?;
    let made = match make(args, &loaded, seen, strategies.of.clone()) {
        Ok(made) => made,
        Err(PlanError::Refused(refusal)) => {
            let hint = format!("{}; `lifeboat explain {}` says more", refusal.remedy, refusal.rule);
            complain(&crate::errors::render(
                &CliError::failed(format!("no plan: {refusal}")).with_hint(hint),
                surroundings.stderr,
            ));
            return Ok(Exit::Missed);
        }
        Err(error @ (PlanError::Graph(_) | PlanError::UnknownStage(_))) => {
            return Err(CliError::caused_by("the steps make no plan", error));
        }
    };
    // Only an unplanned failover has all the terms of the sum.
    let unplanned = args.kind == PlanKindArg::Failover && !args.planned;
    let foreseen = unplanned.then(|| Foreseen::of(&made, &loaded.policy));
    let asked = loaded.workload.objectives.rto;
    let mut recovery = foreseen.map(|foreseen| foreseen.lines(asked)).unwrap_or_default();
    recovery.extend(strategies.cost.filter(|_| unplanned));
    match args.output {
        Output::Table => {
            let view = PlanView { now: epoch(), requests: args.requests, layout: surroundings.stdout };
            let text = tables::plan(&made, &recovery, view)
                .map_err(|error| CliError::caused_by("the steps make no plan", error))?;
            show(&text)?;
        }
        Output::Json => show(&tables::plan_json(&made, &loaded.assumptions, &recovery, epoch())?)?,
    }
    if let Some(path) = &args.save {
        save(path, &made)?;
    }
    // Whoever reads the answer of a script only must learn it, too.
    Ok(if foreseen.is_none_or(|foreseen| foreseen.meets(asked)) { Exit::Fine } else { Exit::Missed })
}

/// The folder and the name of the file to save: told before anything is planned. A slip in a path makes no folders.
fn place_of(path: &Path) -> Result<(&Path, &str), CliError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(CliError::failed(format!("`{}` names no file", path.display()))
            .with_hint("name a file, such as `--save failback.json`"));
    };
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok((folder, name));
    }
    Err(CliError::failed(format!("there is no folder `{}`", folder.display()))
        .with_hint("make it first, or name a file in a folder that is there"))
}

fn save(path: &Path, made: &Plan) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(made).map_err(super::json_error)?;
    let (folder, name) = place_of(path)?;
    save_all(folder, &[(name, text + "\n")])?;
    complain(&format!("saved to {} with the digest {}", path.display(), Digest::of(made)));
    Ok(())
}

/// A world in which plans are made one after another, each for what the one before would leave.
struct Ahead<'a> {
    workload: &'a Workload,
    endpoint: Endpoint,
    strategies: BTreeMap<String, StrategyKind>,
    seen: Inventory,
}

impl Ahead<'_> {
    fn plan(&self, kind: PlanKind, active: Side, planned: bool, returning: bool) -> Result<Plan, PlanError> {
        plan_for(&Planning {
            kind,
            workload: self.workload,
            seen: &self.seen,
            endpoint: &self.endpoint,
            active,
            planned,
            returning,
            strategies: &self.strategies,
            now: epoch(),
        })
    }

    fn goes_well(
        &mut self,
        kind: PlanKind,
        active: Side,
        planned: bool,
        returning: bool,
    ) -> Result<(), PlanError> {
        let made = self.plan(kind, active, planned, returning)?;
        self.seen = predict(&self.seen, &made);
        Ok(())
    }
}

fn make(
    args: &PlanArgs,
    loaded: &Loaded,
    seen: Inventory,
    strategies: BTreeMap<String, StrategyKind>,
) -> Result<Plan, PlanError> {
    use PlanKind::{Drain, Failback, Failover, Fence, Prepare};
    let mut world =
        Ahead { workload: &loaded.workload, endpoint: Endpoint::Lab("offline".to_owned()), strategies, seen };
    if args.kind == PlanKindArg::Prepare {
        return world.plan(Prepare, Side::Primary, true, false);
    }
    world.goes_well(Prepare, Side::Primary, true, false)?;
    if args.kind == PlanKindArg::Failover {
        return world.plan(Failover, Side::Primary, args.planned, false);
    }
    world.goes_well(Failover, Side::Primary, args.planned, false)?;
    for kind in [Fence, Drain, Prepare] {
        world.goes_well(kind, Side::Secondary, true, true)?;
    }
    world.plan(Failback, Side::Secondary, true, true)
}
