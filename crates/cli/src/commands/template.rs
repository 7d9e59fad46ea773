//! `lifeboat template …`.

use super::{json_error, show};
use crate::args::{ExpandArgs, ExpandOutput};
use crate::errors::{CliError, Exit};
use crate::load::expanded;
use crate::output::{Surroundings, complain};
use crate::tables;

/// What can be told is told; what is wrong follows on stderr, all of it.
pub(super) fn expand(args: &ExpandArgs, surroundings: &Surroundings) -> Result<Exit, CliError> {
    let expanded = expanded(args)?;
    match args.output {
        ExpandOutput::Table => {
            for assumption in &expanded.assumptions {
                complain(&format!("assumed: {assumption}"));
            }
            show(&tables::expansion(&expanded.expansion, surroundings.stdout))?;
        }
        ExpandOutput::Json => show(&tables::expansion_json(&expanded.expansion).map_err(json_error)?)?,
    }
    expanded.mistakes.map_or(Ok(Exit::Fine), Err)
}
