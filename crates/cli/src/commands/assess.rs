//! `lifeboat assess`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil::Date;
use lifeboat_planner::{Finding, accept, assess_with_objective, blocking};

use super::{json_error, show};
use crate::args::{AssessArgs, Output, TargetArgs};
use crate::errors::{self, CliError, Exit};
use crate::load::{Loaded, Targets, load, targets};
use crate::output::{Surroundings, complain};
use crate::tables::{self, Assessed};

pub(super) fn assess(args: &AssessArgs, surroundings: &Surroundings) -> Result<Exit, CliError> {
    let Targets { all, several, passed_over } = targets(&args.targets)?;
    if let Some(says) = passed_over.says() {
        complain(&format!("note: {says}"));
    }
    match all.as_slice() {
        [only] if !several => one(args, only, surroundings),
        _ => many(args, &all, surroundings),
    }
}

fn one(args: &AssessArgs, target: &Path, surroundings: &Surroundings) -> Result<Exit, CliError> {
    let Assessed { findings, assumptions } = assessed(args, target, surroundings.today)?;
    match args.output {
        Output::Table => {
            for assumption in &assumptions {
                complain(&format!("assumed: {assumption}"));
            }
            show(&tables::findings(&findings, surroundings.stdout))?;
        }
        Output::Json => show(&tables::findings_json(&findings, &assumptions).map_err(json_error)?)?,
    }
    Ok(if blocking(&findings).next().is_some() { Exit::Missed } else { Exit::Fine })
}

/// Each on its own. What cannot be read is told, the others are assessed even so, and the exit code tells of the worst.
fn many(args: &AssessArgs, targets: &[PathBuf], surroundings: &Surroundings) -> Result<Exit, CliError> {
    of_one_template(args, targets.len())?;
    let all = each(targets, |target| assessed(args, target, surroundings.today));
    let mut results = Vec::new();
    for (target, result) in targets.iter().zip(all) {
        let name = target.display().to_string();
        let result = result.map_err(|error| {
            if args.output == Output::Table {
                complain(&format!("{name}\n{}", errors::render(&error, surroundings.stderr)));
            }
            errors::plain(&error)
        });
        results.push((name, result));
    }
    match args.output {
        Output::Table => show(&tables::many_findings(&results, surroundings.stdout))?,
        Output::Json => show(&tables::many_findings_json(&results).map_err(json_error)?)?,
    }
    let blocks = |assessed: &Assessed| blocking(&assessed.findings).next().is_some();
    Ok(if results.iter().any(|(_, result)| result.is_err()) {
        Exit::Input
    } else if results.iter().any(|(_, result)| result.as_ref().is_ok_and(blocks)) {
        Exit::Missed
    } else {
        Exit::Fine
    })
}

/// Values are for one template: what fits one is a mistake in another.
fn of_one_template(args: &AssessArgs, count: usize) -> Result<(), CliError> {
    let template = &args.template;
    let given = [
        (!template.parameters.is_empty(), "--parameters"),
        (!template.secondary_parameters.is_empty(), "--secondary-parameters"),
        (!template.set.is_empty(), "--set"),
    ];
    let Some((_, option)) = given.into_iter().find(|(given, _)| *given) else { return Ok(()) };
    Err(CliError::failed(format!("`{option}` is for one template, and here are {count}"))
        .with_hint("assess that one on its own"))
}

/// Does the same to all, as many at once as the machine has processors; results in the order of what was given.
fn each<T: Sync, R: Send>(all: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(all.len()));
    let work = || {
        while let Some((at, one)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, all.get(at)?)))
        {
            let result = act(one);
            done.lock().expect("nobody panics while it is held").push((at, result));
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(all.len());
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().expect("nobody panics while it is held");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn assessed(args: &AssessArgs, target: &Path, today: Date) -> Result<Assessed, CliError> {
    let loaded = load(&TargetArgs { target: target.to_owned(), template: args.template.clone() })?;
    Ok(Assessed { findings: findings(&loaded, today), assumptions: loaded.assumptions })
}

/// All findings, with what somebody accepted marked so.
fn findings(loaded: &Loaded, today: Date) -> Vec<Finding> {
    let seen = loaded.workload.declared_inventory();
    let mut findings = assess_with_objective(&loaded.workload, &seen, &loaded.policy);
    accept(&mut findings, &loaded.accept, today);
    findings
}
