//! What was announced as lost, and what was.

use lifeboat_plan::{Loss, LossKind};
use lifeboat_sim::DrillReport;
use maud::{Markup, html};

use super::parts::{badge, prose, time};
use crate::format::count;
use crate::report::{LossSum, loss_rows, loss_word, recovery_point, sums};
use crate::style::Tone;

pub(super) fn losses(report: &DrillReport) -> Markup {
    let (point, tone) = recovery_point(report);
    html! {
        table.stack {
            thead { tr { th scope="col" { "Messages" } th.number scope="col" { "Announced" } th.number scope="col" { "Actual" } th scope="col" { "Meaning" } } }
            tbody {
                @for one in loss_rows(report) { (row(&one.what, one.announced, one.actual, one.meaning, one.tone)) }
            }
        }
        p { (badge(tone, point_word(report))) " " (point) "." }
        @for one in &report.losses.moves {
            h3 { "Said before: " (one.purpose) }
            (announced(&one.announced))
        }
    }
}

/// What nobody could measure is not met.
fn point_word(report: &DrillReport) -> &'static str {
    match (report.rpo.is_met(), report.clients.producers) {
        (_, 0) => "not measured",
        (false, _) => "missed",
        (true, _) if !report.rpo.unmeasured.is_empty() => "not measured",
        (true, _) => "met",
    }
}

fn row(what: &str, announced: Option<u64>, truth: u64, meaning: &str, tone: Option<Tone>) -> Markup {
    html! {
        tr {
            th scope="row" { (what) }
            td.number data-label="announced" { (announced.map_or_else(|| "–".to_owned(), count)) }
            td.number data-label="actual" { @if let Some(tone) = tone { (badge(tone, &count(truth))) } @else { strong { (count(truth)) } } }
            td.quiet { (meaning) }
        }
    }
}

/// Losses as they are announced: a sum for each sort, and where the most of it is.
pub(super) fn announced(losses: &[Loss]) -> Markup {
    html! {
        @if losses.is_empty() { p.quiet { "Nothing." } }
        @else {
            table.stack.losses {
                thead { tr { th scope="col" { "What becomes of it" } th.number scope="col" { "How many" } th scope="col" { "What" } th scope="col" { "Where" } th scope="col" { "Seen at" } } }
                tbody { @for sum in sums(losses) { (line(&sum)) } }
            }
        }
    }
}

fn line(sum: &LossSum) -> Markup {
    html! {
        tr {
            td { (badge(tone(sum.kind), loss_word(sum.kind))) }
            td.number data-label="how many" { (sum.number()) }
            td { (prose(&sum.what)) }
            td.quiet { (sum.whereabouts()) }
            td.quiet.nowrap data-label="seen at" { @match sum.observed_at { Some(at) => (time(at)), None => "–" } }
        }
    }
}

fn tone(kind: LossKind) -> Tone {
    match kind {
        LossKind::Lost => Tone::Bad,
        LossKind::Stranded | LossKind::Unknown => Tone::Warn,
        LossKind::Reset => Tone::Plain,
    }
}
