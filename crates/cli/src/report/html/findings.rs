//! What rules found beforehand, and what was predicted against what was found.

use lifeboat_planner::{Answer, Finding};
use lifeboat_sim::DrillReport;
use maud::{Markup, html};

use super::parts::{badge, prose, seams};
use crate::format::counted;
use crate::style::Tone;
use crate::tables::{finding_tone, findings_summary, passed_everywhere, place, worst_first};

/// So many components are shown for one rule with one answer.
const ALIKE: usize = 3;
/// So many predictions are shown that came true, or did not.
const PREDICTIONS: usize = 40;

pub(super) fn findings(report: &DrillReport) -> Markup {
    let open: Vec<&Finding> =
        worst_first(&report.findings).into_iter().filter(|finding| finding.answer != Answer::Pass).collect();
    let alike = |a: &&Finding, b: &&Finding| {
        (&a.rule, a.answer, a.accepted.is_some()) == (&b.rule, b.answer, b.accepted.is_some())
    };
    let passed = passed_everywhere(&report.findings);
    html! {
        p { (findings_summary(&report.findings)) "." }
        @if open.is_empty() { p { (badge(Tone::Good, "pass")) " No rule asks for anything." } }
        @else {
            table.stack.findings {
                thead { tr { th scope="col" { "Answer" } th scope="col" { "Rule" } th scope="col" { "Component" } th scope="col" { "What was seen, why it matters, what to do" } } }
                tbody {
                    @for group in open.chunk_by(alike) {
                        @for finding in group.iter().take(ALIKE) { (row(finding)) }
                        @if group.len() > ALIKE { tr { td.quiet colspan="4" { (counted(group.len() - ALIKE, "more component")) " with the same answer to " code { (group[0].rule) } " in report.json" } } }
                    }
                }
            }
        }
        @if !passed.is_empty() {
            details {
                summary { (counted(passed.len(), "rule")) " passed wherever they apply" }
                ul.passed { @for (rule, title) in passed { li { code { (rule) } " " (prose(title)) } } }
            }
        }
    }
}

fn row(finding: &Finding) -> Markup {
    let word = match (&finding.accepted, finding.answer) {
        (Some(_), _) => "accepted",
        (None, Answer::Fail) => finding.severity.word(),
        (None, answer) => answer.word(),
    };
    html! {
        tr {
            td { (badge(finding_tone(finding), word)) }
            th scope="row" { code { (finding.rule) } }
            td { code { (finding.component) } }
            td {
                // What was seen; the rule's title says what should be, and must not be taken for it.
                @for evidence in &finding.evidence {
                    div { strong { (prose(&evidence.says)) } @if let Some(place) = place(evidence) { " " code.quiet { (place) } } }
                }
                div.quiet { "Rule: " (prose(&finding.title)) }
                @if let Some(accepted) = &finding.accepted { div { "Accepted: " (prose(accepted)) } }
                @else {
                    div.quiet { (prose(&finding.why)) }
                    div { span.do { "Do: " } (prose(&finding.remedy)) }
                }
                @if let Some(resource) = &finding.resource { div { code.quiet.small { (seams(resource.as_str())) } } }
            }
        }
    }
}

pub(super) fn predictions(report: &DrillReport) -> Markup {
    let all = &report.predictions;
    let right = all.iter().filter(|prediction| prediction.agrees).count();
    let tone = if right == all.len() { Tone::Good } else { Tone::Warn };
    let mut sorted: Vec<_> = all.iter().collect();
    sorted.sort_by_key(|prediction| prediction.agrees);
    sorted.truncate(PREDICTIONS);
    html! {
        p { (badge(tone, &format!("{right} of {}", counted(all.len(), "prediction")))) " about the world after a run came true." }
        @if !sorted.is_empty() {
            table.stack.predictions {
                thead { tr { th scope="col" { "" } th scope="col" { "After" } th scope="col" { "Fact" } th scope="col" { "Predicted" } th scope="col" { "Found" } } }
                tbody {
                    @for prediction in sorted {
                        tr {
                            td { @if prediction.agrees { (badge(Tone::Good, "agrees")) } @else { (badge(Tone::Warn, "differs")) } }
                            td data-label="after" { (prediction.after) }
                            th scope="row" { (seams(&prediction.fact)) }
                            td data-label="predicted" { code { (prediction.predicted) } }
                            td data-label="found" { code { (prediction.found) } }
                        }
                    }
                }
            }
            @if all.len() > PREDICTIONS { p.quiet { (all.len() - PREDICTIONS) " more are in report.json." } }
        }
    }
}
