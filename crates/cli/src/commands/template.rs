//! `lifeboat template …`.

use super::{json_error, show};
use crate::args::{ExpandArgs, ExpandOutput, GraphFormat};
use crate::errors::{CliError, Exit};
use crate::graph::{self, Graph};
use crate::load::{Expanded, expanded};
use crate::output::{Surroundings, complain};
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
