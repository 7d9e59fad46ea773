//! `lifeboat drill`.

use std::path::Path;

use lifeboat_planner::Workload;
use lifeboat_sim::{
    Drill, DrillError, DrillOutcome, DrillProgress, DrillSetup, DrillVerdict, Refused, Scenario,
};

use super::{json_error, show, strategies};
use crate::args::{DrillArgs, Output};
use crate::errors::{CliError, Exit};
use crate::interrupt::Watch;
use crate::load::{epoch, is_file_of, load, of_line, of_problems, text_of};
use crate::output::{Surroundings, can_write_into, complain, report_files, save_all};
use crate::progress::{Progress, Reporter};
use crate::report::{json, text};

pub(super) fn drill(args: &DrillArgs, surroundings: &Surroundings) -> Result<Exit, CliError> {
    let loaded = load(&args.target)?;
    let scenario = scenario(args, &loaded.workload)?;
    if let Some(folder) = &args.report {
        can_write_into(folder)?;
    }
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

fn scenario(args: &DrillArgs, workload: &Workload) -> Result<Scenario, CliError> {
    let Some(path) = &args.scenario else {
        return Ok(if args.planned { Scenario::planned_move() } else { Scenario::sudden_loss() });
    };
    let content = text_of(path)?;
    let name = path.display().to_string();
    let scenario = Scenario::parse(&name, &content).map_err(|error| {
        if is_file_of(&content, "workload") && !is_file_of(&content, "scenario") {
            return CliError::failed(format!("`{name}` is a workload file, not a scenario"))
                .with_hint("name a file that begins with `scenario:`, or leave `--scenario` out");
        }
        of_problems(&error.file, &content, &error.problems)
    })?;
    let strangers = scenario.strangers(workload);
    if strangers.is_empty() { Ok(scenario) } else { Err(of_problems(&name, &content, &strangers)) }
}

/// Plays the drill with progress on stderr, until it ends or somebody presses Ctrl-C.
fn play(setup: DrillSetup, surroundings: &Surroundings) -> Result<DrillOutcome, CliError> {
    let watch = Watch::new()?;
    let mut reporter = Reporter::to_stderr(surroundings.stderr_is_terminal);
    let mut show = |progress: &DrillProgress<'_>| {
        reporter.show(&Progress {
            at: progress.at,
            phase: progress.phase.to_owned(),
            text: format!("played {:.0} %", progress.share * 100.0),
            share: progress.share,
        });
        !watch.is_pressed()
    };
    let played = Drill::new(setup).and_then(|drill| drill.play(&mut show));
    // Between the last look and here somebody may have pressed it, too: nothing is written then.
    if watch.is_pressed() {
        return Err(CliError::Interrupted);
    }
    played.map_err(|error| match error {
        DrillError::Interrupted => CliError::Interrupted,
        DrillError::CannotDeploy(refused) => cannot_deploy(refused),
    })
}

/// The refusal at the resource that it is about, where one is.
fn cannot_deploy(refused: Refused) -> CliError {
    const ADVICE: &str = "Azure would refuse it too: mend the template, or give other parameters";
    let message = format!("the workload cannot be deployed where it lives: {}", refused.why);
    let place = refused.at.and_then(|(file, line)| Some((text_of(Path::new(&file)).ok()?, file, line)));
    match place {
        Some((text, file, line)) => of_line(file, text, line, message, ADVICE).into(),
        None => CliError::failed(message).with_hint(ADVICE),
    }
}

fn save(folder: &Path, outcome: &DrillOutcome) -> Result<(), CliError> {
    let page = folder.join("report.html");
    let replaces = if page.exists() { ", in the place of an earlier one" } else { "" };
    save_all(folder, &report_files(&outcome.report, &outcome.events, &outcome.journal)?)?;
    complain(&format!("the report is in {}{replaces}", page.display()));
    Ok(())
}
