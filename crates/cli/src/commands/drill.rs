//! `lifeboat drill`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lifeboat_sim::{Drill, DrillError, DrillOutcome, DrillProgress, DrillSetup, DrillVerdict, Scenario};

use super::{json_error, show, strategies};
use crate::args::{DrillArgs, Output};
use crate::errors::{CliError, Exit};
use crate::load::{epoch, load, of_scenario, text_of};
use crate::output::{Surroundings, complain, report_files, save_all};
use crate::progress::{Progress, Reporter};
use crate::report::{json, text};

pub(super) fn drill(args: &DrillArgs, surroundings: &Surroundings) -> Result<Exit, CliError> {
    let loaded = load(&args.target)?;
    let scenario = scenario(args)?;
    let setup = DrillSetup {
        strategies: strategies(&loaded, &loaded.workload.declared_inventory())?.of,
        workload: loaded.workload,
        policy: loaded.policy,
        scenario,
        seed: args.seed,
        start: epoch(),
        assumptions: loaded.assumptions,
        accept: loaded.accept,
        today: surroundings.today,
    };
    let outcome = play(setup, surroundings)?;
    if let Some(folder) = &args.report {
        save(folder, &outcome)?;
    }
    match args.output {
        Output::Table => show(&text::render(&outcome.report, surroundings.stdout))?,
        Output::Json => show(&json::render(&outcome.report).map_err(json_error)?)?,
    }
    Ok(if outcome.report.verdict == DrillVerdict::Passed { Exit::Fine } else { Exit::Missed })
}

fn scenario(args: &DrillArgs) -> Result<Scenario, CliError> {
    let Some(path) = &args.scenario else {
        return Ok(if args.planned { Scenario::planned_move() } else { Scenario::sudden_loss() });
    };
    let content = text_of(path)?;
    Scenario::parse(&path.display().to_string(), &content).map_err(|error| of_scenario(&content, &error))
}

/// Plays the drill with progress on stderr, until it ends or somebody presses Ctrl-C.
fn play(setup: DrillSetup, surroundings: &Surroundings) -> Result<DrillOutcome, CliError> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|error| CliError::caused_by("cannot listen for Ctrl-C", error))?;
    let mut reporter = Reporter::to_stderr(surroundings.stderr_is_terminal);
    let mut show = |progress: &DrillProgress<'_>| {
        reporter.show(&Progress {
            at: progress.at,
            phase: progress.phase.to_owned(),
            text: format!("{:.0} %", progress.share * 100.0),
            share: progress.share,
        });
        !interrupted.load(Ordering::Relaxed)
    };
    Drill::new(setup).and_then(|drill| drill.play(&mut show)).map_err(|error| match error {
        DrillError::Interrupted => CliError::Interrupted,
        DrillError::CannotDeploy(why) => {
            CliError::failed(format!("the workload cannot be deployed where it lives: {why}"))
                .with_hint("Azure would refuse it too: mend the template, or give other parameters")
        }
    })
}

fn save(folder: &Path, outcome: &DrillOutcome) -> Result<(), CliError> {
    save_all(folder, &report_files(&outcome.report, &outcome.events, &outcome.journal)?)?;
    complain(&format!("the report is in {}", folder.join("report.html").display()));
    Ok(())
}
