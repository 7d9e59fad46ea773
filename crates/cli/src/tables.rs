//! Tables for commands that act on nothing: findings, plans, rules.

mod expansion;
mod findings;
mod lifted;
mod plan;
mod rule;
mod ties;

pub use expansion::{expansion, expansion_json};
pub use findings::{Assessed, finding_tone, findings, findings_json, many_findings, many_findings_json};
pub(crate) use findings::{finding_words, findings_summary, passed_everywhere, place, worst_first};
pub(crate) use lifted::{is_settled, lifted, lifted_json};
pub use plan::{PlanView, plan, plan_json};
pub use rule::{RuleDoc, rule, rule_json};
pub use ties::{ties, ties_json};
