//! `lifeboat explain`: one rule in full.

use lifeboat_planner::Severity;
use serde::Serialize;

use crate::layout::Layout;
use crate::style::Tone;

/// Everything that can be said about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleDoc<'a> {
    /// Its id, such as `SB-SKU`.
    pub id: &'a str,
    /// The service it belongs to; `workload` for the workload as a whole.
    pub service: &'a str,
    /// What must be true, in one line.
    pub title: &'a str,
    /// How much a failure matters.
    pub severity: Severity,
    /// Why it matters.
    pub why: &'a str,
    /// The sentence it comes from.
    pub citation: &'a str,
    /// What to do when it fails.
    pub remedy: &'a str,
    /// The verb of the step that remedies it, if a plan can.
    pub remedied_by: Option<&'a str>,
    /// Whether Azure itself refuses what fails it: then no acceptance helps.
    pub enforced: bool,
    /// The fault or mistake that turns it red.
    pub fault: &'a str,
}

/// The rule for people.
pub fn rule(doc: &RuleDoc<'_>, layout: Layout) -> String {
    let mut out = layout.hang("", &format!("{}: {}", doc.id, doc.title), Tone::Strong);
    out.push('\n');
    let enforced = if doc.enforced { "; Azure refuses what fails it, so it cannot be accepted" } else { "" };
    let severity = format!("{} ({}){enforced}", doc.severity.word(), doc.service);
    let step = doc.remedied_by.map_or_else(
        || "none: no plan remedies it".to_owned(),
        |verb| format!("`{verb}`, as part of a plan (`lifeboat plan prepare`)"),
    );
    for (lead, text) in [
        ("severity  ", severity.as_str()),
        ("why       ", doc.why),
        ("source    ", doc.citation),
        ("do        ", doc.remedy),
        ("step      ", &step),
        ("fault     ", doc.fault),
    ] {
        out += &layout.hang(&format!("  {lead}"), text, Tone::Plain);
    }
    out
}

/// The rule for programs.
pub fn rule_json(doc: &RuleDoc<'_>) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(doc)
}
