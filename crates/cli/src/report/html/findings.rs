//! What rules found beforehand, and what was predicted against what was found.

use lifeboat_planner::{Answer, Finding};
use lifeboat_sim::DrillReport;
use maud::{Markup, html};

use super::parts::{badge, prose, seams};
use crate::style::Tone;
use crate::tables::{finding_tone, place, worst_first};

pub(super) fn findings(report: &DrillReport) -> Markup {
    let (passed, open): (Vec<_>, Vec<_>) =
        worst_first(&report.findings).into_iter().partition(|finding| finding.answer == Answer::Pass);
    html! {
        @if open.is_empty() { p { (badge(Tone::Good, "pass")) " No rule asks for anything." } }
        @else {
            table.stack.findings {
                thead { tr { th scope="col" { "Answer" } th scope="col" { "Rule" } th scope="col" { "Component" } th scope="col" { "What was seen, why it matters, what to do" } } }
                tbody { @for finding in open { (row(finding)) } }
            }
        }
        @if !passed.is_empty() {
            details {
                summary { (passed.len()) " passed" }
                ul.passed { @for finding in passed { li { code { (finding.rule) } " " (finding.component) ": " (finding.title) } } }
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
                strong { (prose(&finding.title)) }
                @for evidence in &finding.evidence {
                    div { (prose(&evidence.says)) @if let Some(place) = place(evidence) { " " code.quiet { (place) } } }
                }
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
    html! {
        p { (badge(tone, &format!("{right} of {}", all.len()))) " predictions about the world after a run came true." }
        @if !sorted.is_empty() {
            table.stack {
                thead { tr { th scope="col" { "" } th scope="col" { "After" } th scope="col" { "Fact" } th scope="col" { "Predicted" } th scope="col" { "Found" } } }
                tbody {
                    @for prediction in sorted {
                        tr {
                            td { @if prediction.agrees { (badge(Tone::Good, "agrees")) } @else { (badge(Tone::Warn, "differs")) } }
                            td data-label="after" { (prediction.after) }
                            th scope="row" { code { (prediction.fact) } }
                            td data-label="predicted" { code { (prediction.predicted) } }
                            td data-label="found" { code { (prediction.found) } }
                        }
                    }
                }
            }
        }
    }
}
