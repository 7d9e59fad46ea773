//! The frame: what happened in one glance, then section after section.

use lifeboat_sim::{DrillReport, RtoTerms};
use maud::{DOCTYPE, Markup, html};

use super::parts::{badge, figure, prose, section, sign};
use super::{charts, findings, losses, steps, style, timeline};
use crate::format::{count, counted, duration, instant, region};
use crate::report::{
    NO_FORECAST, forecast_words, is_forbidden, no_recovery, reason_words, total_difference, verdict,
};
use crate::style::Tone;

pub(super) fn page(report: &DrillReport) -> Markup {
    let (word, _, _) = verdict(report);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "lifeboat " (report.version) };
                title { "Drill of " (report.workload) ": " (word) }
                (style::sheet())
            }
            body {
                a.skip href={ "#" (chapters(report)[0].anchor()) } { "Skip to what happened" }
                header.top { (head(report)) }
                main {
                    (assumptions(report))
                    @if !is_forbidden(report) { (tiles(report)) }
                    (contents(report))
                    @for chapter in chapters(report) { (chapter.section(report)) }
                }
                footer {
                    p {
                        "Made by Lifeboat " (report.version) " in the lab, in virtual time, with seed " code { (report.seed) }
                        ". The same seed and version give the same drill, byte for byte."
                    }
                }
                (style::script())
            }
        }
    }
}

/// What the page tells, in the order in which it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chapter {
    Timeline,
    Recovery,
    Clients,
    Losses,
    State,
    Runs,
    Findings,
    Predictions,
}

/// The chapters that have something to tell. Of a workload that no run may touch, there is only why.
fn chapters(report: &DrillReport) -> Vec<Chapter> {
    use Chapter::{Clients, Findings, Losses, Predictions, Recovery, Runs, State, Timeline};
    if is_forbidden(report) {
        return vec![Findings, State];
    }
    let all = [Timeline, Recovery, Clients, Losses, State, Runs, Findings, Predictions];
    let seen = &report.clients;
    let tells = |chapter: &Chapter| match chapter {
        Clients => seen.producers + seen.consumers > 0,
        Predictions => !report.predictions.is_empty(),
        _ => true,
    };
    all.into_iter().filter(tells).collect()
}

impl Chapter {
    fn anchor(self) -> &'static str {
        match self {
            Self::Timeline => "timeline",
            Self::Recovery => "rto",
            Self::Clients => "clients",
            Self::Losses => "losses",
            Self::State => "state",
            Self::Runs => "runs",
            Self::Findings => "findings",
            Self::Predictions => "predictions",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Timeline => "What happened",
            Self::Recovery => "Recovery time",
            Self::Clients => "What clients saw",
            Self::Losses => "Losses",
            Self::State => "State afterwards",
            Self::Runs => "Runs",
            Self::Findings => "Findings before anything was done",
            Self::Predictions => "Predicted and found",
        }
    }

    fn section(self, report: &DrillReport) -> Markup {
        let (lead, body) = match self {
            Self::Timeline => ("", timeline::timeline(report)),
            Self::Recovery => {
                ("From the loss until clients worked again; forecast at p95.", charts::recovery(report))
            }
            Self::Clients => ("", charts::clients(report)),
            Self::Losses => {
                ("What the plan said before the button, and what came true.", losses::losses(report))
            }
            Self::State => ("", state_after(report)),
            Self::Runs => (
                "Bars run from the request to the outcome; what overlaps ran at the same time.",
                steps::runs(report),
            ),
            Self::Findings => ("", findings::findings(report)),
            Self::Predictions => ("", findings::predictions(report)),
        };
        section(self.anchor(), self.title(), lead, &body)
    }
}

fn head(report: &DrillReport) -> Markup {
    let (word, tone, reasons) = verdict(report);
    html! {
        p.eyebrow { "Lifeboat drill" }
        h1 {
            (report.workload)
            span.route { (region(&report.primary)) span aria-hidden="true" { " → " } span.unseen { " to " } (region(&report.secondary)) }
        }
        p.verdict { (badge(tone, word)) }
        @if !reasons.is_empty() {
            ul.reasons { @for reason in reasons { li { (prose(reason_words(word, reason))) } } }
        }
        p.story {
            strong { (report.scenario.name) }
            @if !report.scenario.story.is_empty() { ": " (prose(&report.scenario.story)) }
            "."
        }
        p.meta {
            "Virtual time " time datetime=(report.started) { (instant(report.started)) } " to "
            time datetime=(report.ended) { (instant(report.ended)) }
            " (" (duration(report.ended.duration_since(report.started))) "), seed " (report.seed) ", version " (report.version)
        }
    }
}

fn assumptions(report: &DrillReport) -> Markup {
    html! {
        @if !report.assumptions.is_empty() {
            aside.assumed aria-labelledby="assumed-h" {
                h2 id="assumed-h" { "Assumed, because nobody said it" }
                ul { @for assumption in &report.assumptions { li { (prose(assumption)) } } }
            }
        }
    }
}

fn tiles(report: &DrillReport) -> Markup {
    let rto = &report.rto;
    let asked = format!("asked {}", duration(rto.asked));
    let (actual, tone) = match rto.actual.as_ref().map(RtoTerms::total) {
        Some(total) => (duration(total), if total > rto.asked { Tone::Bad } else { Tone::Good }),
        None => no_recovery(rto),
    };
    let forecast_says = if rto.forecast.is_none() {
        Some(NO_FORECAST.to_owned())
    } else {
        total_difference(rto).map(|difference| format!("actual {difference}"))
    };
    let forecast_says = forecast_says.unwrap_or_default();
    let lost = if report.losses.lost == 0 { Tone::Good } else { Tone::Bad };
    let stranded =
        format!("{} stranded, {} drained", count(report.losses.stranded), count(report.losses.drained));
    let failed = format!("{} failed", counted(report.clients.failed_sends, "send"));
    let protected =
        report.state_after.iter().filter(|line| Tone::of_state(&line.state) == Tone::Good).count();
    let after = if protected == report.state_after.len() { Tone::Good } else { Tone::Warn };
    html! {
        dl.tiles {
            (figure("Recovery time", &actual, &asked, tone))
            (figure("Forecast", &forecast_words(rto), &forecast_says, Tone::Plain))
            (figure("Messages lost", &count(report.losses.lost), &stranded, lost))
            (figure("Longest gap, sending", &duration(report.clients.longest_send_gap), &failed, Tone::Plain))
            (figure("Afterwards", &format!("{protected} of {}", report.state_after.len()), "components protected", after))
        }
    }
}

fn contents(report: &DrillReport) -> Markup {
    html! {
        nav.contents aria-label="Contents" {
            @for chapter in chapters(report) { a href={ "#" (chapter.anchor()) } { (chapter.title()) } }
        }
    }
}

fn state_after(report: &DrillReport) -> Markup {
    html! {
        table.stack {
            thead { tr { th scope="col" { "Component" } th scope="col" { "State" } th scope="col" { "What was seen" } } }
            tbody {
                @for line in &report.state_after {
                    tr {
                        th scope="row" { code { (line.component) } }
                        td { (badge(Tone::of_state(&line.state), &line.state)) }
                        td { (prose(&line.says)) }
                    }
                }
            }
        }
        @if !report.generic_types.is_empty() {
            p.note {
                (sign(Tone::Warn, "attention")) " Without rules of their own, redeployed as they are: "
                @for (index, kind) in report.generic_types.iter().enumerate() {
                    @if index > 0 { ", " }
                    code { (kind) }
                }
            }
        }
    }
}
