//! What was announced as lost, and what was.

use lifeboat_plan::{Loss, LossKind};
use lifeboat_sim::DrillReport;
use maud::{Markup, html};

use super::parts::{badge, prose, time};
use crate::format::count;
use crate::report::{announced_lost, loss_word, loss_words};
use crate::style::Tone;

pub(super) fn losses(report: &DrillReport) -> Markup {
    let losses = &report.losses;
    let lost = if losses.lost == 0 { Tone::Good } else { Tone::Bad };
    html! {
        table.stack {
            thead { tr { th scope="col" { "Messages" } th.number scope="col" { "Announced" } th.number scope="col" { "True" } th scope="col" { "Meaning" } } }
            tbody {
                (row("stranded", Some(losses.announced_stranded), losses.stranded, "left in the lost region, out of reach until it returned", None))
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
            td.number data-label="true" { @if let Some(tone) = tone { (badge(tone, &count(truth))) } @else { strong { (count(truth)) } } }
            td.quiet { (meaning) }
        }
    }
}

/// A list of losses as they are announced.
pub(super) fn announced(losses: &[Loss]) -> Markup {
    html! {
        @if losses.is_empty() { p.quiet { "Nothing is given up." } }
        @else {
            ul.losses {
                @for loss in losses {
                    li {
                        (badge(tone(loss.kind), loss_word(loss.kind))) " " (prose(&loss_words(loss)))
                        @if let Some(at) = loss.observed_at { span.quiet { ", as seen at " (time(at)) } }
                    }
                }
            }
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
