//! `lifeboat assess`.

use jiff::civil::Date;
use lifeboat_planner::{Finding, accept, assess_with_objective, blocking};

use super::{json_error, show};
use crate::args::{AssessArgs, Output};
use crate::errors::{CliError, Exit};
use crate::load::{Loaded, load};
use crate::output::{Surroundings, complain};
use crate::tables;

pub(super) fn assess(args: &AssessArgs, surroundings: &Surroundings) -> Result<Exit, CliError> {
    let loaded = load(&args.target)?;
    let findings = findings(&loaded, surroundings.today);
    match args.output {
        Output::Table => {
            for assumption in &loaded.assumptions {
                complain(&format!("assumed: {assumption}"));
            }
            show(&tables::findings(&findings, surroundings.stdout))?;
        }
        Output::Json => {
            let text = tables::findings_json(&findings, &loaded.assumptions).map_err(json_error)?;
            show(&text)?;
        }
    }
    Ok(if blocking(&findings).next().is_some() { Exit::Missed } else { Exit::Fine })
}

/// All findings, with what somebody accepted marked so.
fn findings(loaded: &Loaded, today: Date) -> Vec<Finding> {
    let seen = loaded.workload.declared_inventory();
    let mut findings = assess_with_objective(&loaded.workload, &seen, &loaded.policy);
    accept(&mut findings, &loaded.accept, today);
    findings
}
