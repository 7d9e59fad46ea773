//! `lifeboat explain RULE`.

use lifeboat_arm::nearest;
use lifeboat_planner::{explained, is_enforced};

use super::{json_error, show};
use crate::args::{ExplainArgs, Output};
use crate::errors::{CliError, Exit};
use crate::output::Surroundings;
use crate::tables::{self, RuleDoc};

pub(super) fn explain(args: &ExplainArgs, surroundings: &Surroundings) -> Result<Exit, CliError> {
    let Some((service, rule)) = explained().find(|(_, rule)| rule.id.eq_ignore_ascii_case(&args.rule)) else {
        let known = explained().map(|(_, rule)| rule.id);
        let hint = nearest(&args.rule, known).map_or_else(
            || {
                format!(
                    "the rules are {}",
                    explained().map(|(_, rule)| rule.id).collect::<Vec<_>>().join(", ")
                )
            },
            |near| format!("did you mean `{near}`?"),
        );
        return Err(CliError::failed(format!("there is no rule `{}`", args.rule)).with_hint(hint));
    };
    let citation = format!("{} ({})", rule.guidance, rule.cites.join(", "));
    let doc = RuleDoc {
        id: rule.id,
        service,
        title: rule.title,
        severity: rule.severity,
        why: rule.why,
        citation: &citation,
        remedy: rule.remedy,
        remedied_by: rule.remedied_by,
        enforced: is_enforced(rule.id),
        fault: rule.fault,
    };
    match args.output {
        Output::Table => show(&tables::rule(&doc, surroundings.stdout))?,
        Output::Json => show(&tables::rule_json(&doc).map_err(json_error)?)?,
    }
    Ok(Exit::Fine)
}
