//! How much a deployment may be: the size of its request, and of each template the parameters, variables, resources and
//! outputs.
//!
//! Here: what is counted. How many there may be is said beside the template engine, which warns of too many resources
//! itself. Known gaps: what a false condition leaves out is not counted, nor is the size of what is linked to.

use std::collections::BTreeSet;

use lifeboat_arm::template::limits::{
    DEPLOYMENT_RESOURCES_MAX, OUTPUTS_MAX, PARAMETERS_MAX, REQUEST_BYTES_MAX, VARIABLES_MAX,
};
use serde_json::Value;

use super::program::Program;
use super::refusals::{TEMPLATE_LIMIT, TOO_LARGE};
use crate::refusal::{Refused, refuse};

/// Refuses a request that is too large to be read.
pub(super) fn check_size(body: &Value) -> Result<(), Refused> {
    refuse(body.to_string().len() > REQUEST_BYTES_MAX, &TOO_LARGE, &[])
}

/// Refuses the first template of a deployment that holds too much, the outermost first.
pub(super) fn check(program: &Program) -> Result<(), Refused> {
    check_one(&program.whole, program, None)?;
    let mut checked = BTreeSet::new();
    for (at, resource, _) in program.nested() {
        // A loop deploys one template many times, and counts alike in each turn but for its own loops.
        let template = program.written_at(at).filter(|_| checked.insert(&resource.origin.written_at));
        check_one(template.unwrap_or(&Value::Null), program, Some(at)).map_err(|mut refused| {
            refused.error.target = Some(resource.name.clone());
            refused
        })?;
    }
    Ok(())
}

fn check_one(template: &Value, program: &Program, within: Option<usize>) -> Result<(), Refused> {
    let sent = program.own(within).filter(|at| !program.resources[*at].existing).count();
    for (what, actual, limit) in [
        ("parameters", members(template, "parameters"), PARAMETERS_MAX),
        ("variables", variables(template), VARIABLES_MAX),
        ("resources", sent, DEPLOYMENT_RESOURCES_MAX),
        ("outputs", members(template, "outputs"), OUTPUTS_MAX),
    ] {
        let arguments = [what, &limit.to_string(), &actual.to_string()];
        refuse(actual > limit, &TEMPLATE_LIMIT, &arguments)?;
    }
    Ok(())
}

/// A variable that a loop makes is one as well.
fn variables(template: &Value) -> usize {
    let loops = section(template, "variables").and_then(|all| all.get("copy")?.as_array());
    members(template, "variables") + loops.map_or(0, Vec::len) - usize::from(loops.is_some())
}

fn members(template: &Value, name: &str) -> usize {
    section(template, name).map_or(0, serde_json::Map::len)
}

fn section<'t>(template: &'t Value, name: &str) -> Option<&'t serde_json::Map<String, Value>> {
    let found = template.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.and_then(|(_, section)| section.as_object())
}
