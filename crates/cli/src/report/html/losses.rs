//! What was announced as lost, and what was.

use lifeboat_plan::{Loss, LossKind};
use lifeboat_sim::DrillReport;
use maud::{Markup, html};

use super::parts::{badge, prose, time};
use crate::format::count;
use crate::report::{LossSum, announced_lost, loss_word, sums};
use crate::style::Tone;

pub(super) fn losses(report: &DrillReport) -> Markup {
    let losses = &report.losses;
    let lost = if losses.lost == 0 { Tone::Good } else { Tone::Bad };
    html! {
        table.stack {
            thead { tr { th scope="col" { "Messages" } th.number scope="col" { "Announced" } th.number scope="col" { "Actual" } th scope="col" { "Meaning" } } }
            tbody {
                (row("stranded", Some(losses.announced_stranded), losses.stranded, "left in the region that was left, out of reach until it answers", None))
                (row("drained", None, losses.drained, "of the stranded, brought over later", None))
                (row("duplicated", None, losses.duplicated, "reached the other side twice, with one MessageId", None))
                (row("lost", Some(announced_lost(report)), losses.lost, "acknowledged, never received, and exist nowhere", Some(lost)))
            }
        }
        h3 { "Said before the button" }
        (announced(&losses.announced))
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
        LossKind::Stranded => Tone::Warn,
        LossKind::Reset => Tone::Plain,
    }
}
