//! `lifeboat explain`: one rule in full.

use serde::Serialize;

use crate::layout::Layout;
use crate::style::Tone;

/// Everything that can be said about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleDoc<'a> {
    /// Its id, such as `SB-SKU`.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// What it looks at and when it passes.
    pub checks: &'a str,
    /// Why it matters.
    pub why: &'a str,
    /// The sentence it comes from.
    pub citation: &'a str,
    /// The step or the change that cures it, if something does.
    pub remedied_by: Option<&'a str>,
    /// The fault of the lab that shows what happens without it, if there is one.
    pub fault: Option<&'a str>,
}

/// The rule for people.
pub fn rule(doc: &RuleDoc<'_>, layout: Layout) -> String {
    let mut out = layout.hang("", &format!("{}: {}", doc.id, doc.title), Tone::Strong);
    out.push('\n');
    for (lead, text) in [
        ("checks  ", Some(doc.checks)),
        ("why     ", Some(doc.why)),
        ("source  ", Some(doc.citation)),
        ("cure    ", doc.remedied_by),
        ("fault   ", doc.fault),
    ] {
        if let Some(text) = text {
            out += &layout.hang(&format!("  {lead}"), text, Tone::Plain);
        }
    }
    out
}

/// The rule for programs.
pub fn rule_json(doc: &RuleDoc<'_>) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(doc)
}
