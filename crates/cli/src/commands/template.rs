//! `lifeboat template …`.

use std::path::Path;

use lifeboat_arm::template::regions::Level;

use super::{json_error, show};
use crate::args::{ExpandArgs, ExpandOutput, GraphFormat, Output, RegionsArgs};
use crate::errors::{CliError, Exit};
use crate::graph::{self, Graph};
use crate::load::{Expanded, PassedOver, expanded, lifted, tied};
use crate::output::{Surroundings, complain, save_all};
use crate::tables;

/// What can be told is told; what is wrong follows on stderr, all of it.
pub(super) fn expand(args: &ExpandArgs, surroundings: &Surroundings) -> Result<Exit, CliError> {
    let expanded = expanded(args)?;
    if let Some(format) = args.graph {
        warn(&expanded);
        show(&drawn(&expanded, format, args))?;
        return expanded.mistakes.map_or(Ok(Exit::Fine), Err);
    }
    match args.output {
        ExpandOutput::Table => {
            warn(&expanded);
            show(&tables::expansion(&expanded.expansion, surroundings.stdout))?;
        }
        ExpandOutput::Json => show(&tables::expansion_json(&expanded.expansion).map_err(json_error)?)?,
    }
    expanded.mistakes.map_or(Ok(Exit::Fine), Err)
}

/// What had to be assumed, and what somebody should look at.
fn warn(expanded: &Expanded) {
    for assumption in &expanded.assumptions {
        complain(&format!("assumed: {assumption}"));
    }
    for doubt in &expanded.doubts {
        complain(&format!("warning: {doubt}"));
    }
}

fn drawn(expanded: &Expanded, format: GraphFormat, args: &ExpandArgs) -> String {
    let graph = Graph::of(&expanded.expansion);
    match format {
        GraphFormat::Dot => graph::dot(&graph),
        GraphFormat::Svg => graph::svg(&graph, &args.file.display().to_string()),
    }
}

/// What was found is told; files that cannot be read follow on stderr, all of them.
pub(super) fn regions(args: &RegionsArgs, surroundings: &Surroundings) -> Result<Exit, CliError> {
    if args.fix {
        return fix(args, surroundings);
    }
    let tied = tied(args)?;
    note(&tied.passed_over);
    match args.output {
        Output::Table => show(&tables::ties(&tied.ties, tied.files, tied.unread, surroundings.stdout))?,
        Output::Json => show(&tables::ties_json(&tied.ties, tied.files, tied.unread).map_err(json_error)?)?,
    }
    if let Some(mistakes) = tied.mistakes {
        return Err(mistakes);
    }
    let must_change = tied.ties.iter().any(|tie| tie.kind.level() == Level::MustChange);
    Ok(if must_change { Exit::Missed } else { Exit::Fine })
}

/// What was passed over, so that nobody takes it for clean.
fn note(passed_over: &PassedOver) {
    if let Some(says) = passed_over.says() {
        complain(&format!("note: {says}"));
    }
}

/// Each template is lifted, or left with the reason; files are written only once all of it was decided.
fn fix(args: &RegionsArgs, surroundings: &Surroundings) -> Result<Exit, CliError> {
    let outcome = lifted(args)?;
    note(&outcome.passed_over);
    if let Some(out) = args.out.as_deref().filter(|_| outcome.files().next().is_some()) {
        let files: Vec<(&Path, String)> =
            outcome.files().map(|(path, text)| (path, text.to_owned())).collect();
        save_all(out, &files)?;
    }
    match args.output {
        Output::Table => show(&tables::lifted(&outcome.all, args.out.as_deref(), surroundings.stdout))?,
        Output::Json => show(&tables::lifted_json(&outcome.all).map_err(json_error)?)?,
    }
    if let Some(mistakes) = outcome.mistakes {
        return Err(mistakes);
    }
    Ok(if outcome.all.iter().all(tables::is_settled) { Exit::Fine } else { Exit::Missed })
}
