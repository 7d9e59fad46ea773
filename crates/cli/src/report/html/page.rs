//! The frame: what happened in one glance, then section after section.

use lifeboat_sim::{DrillReport, RtoTerms};
use maud::{DOCTYPE, Markup, html};

use super::parts::{badge, figure, prose, section, sign};
use super::{charts, findings, losses, steps, style, timeline};
use crate::format::{count, duration, instant, percent, region};
use crate::report::verdict;
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
                a.skip href="#timeline" { "Skip to what happened" }
                header.top { (head(report)) }
                main {
                    (assumptions(report))
                    (tiles(report))
                    (contents(report))
                    (section("timeline", "What happened", "", &timeline::timeline(report)))
                    (section("rto", "Recovery time", "From the loss until clients worked again; forecast at p95.", &charts::recovery(report)))
                    (section("clients", "What clients saw", "", &charts::clients(report)))
                    (section("losses", "Losses", "What the plan said before the button, and what came true.", &losses::losses(report)))
                    (section("state", "State afterwards", "", &state_after(report)))
                    (section("runs", "Runs", "Bars run from the request to the outcome; what overlaps ran at the same time.", &steps::runs(report)))
                    (section("findings", "Findings before anything was done", "", &findings::findings(report)))
                    (section("predictions", "Predicted and found", "", &findings::predictions(report)))
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
            ul.reasons { @for reason in reasons { li { (prose(reason)) } } }
        }
        p.story { strong { (report.scenario.name) } ": " (prose(&report.scenario.story)) "." }
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
        None => ("nothing failed over".to_owned(), Tone::Plain),
    };
    let forecast_says =
        rto.error_percent.map(|error| format!("actual {}", percent(error))).unwrap_or_default();
    let lost = if report.losses.lost == 0 { Tone::Good } else { Tone::Bad };
    let stranded =
        format!("{} stranded, {} drained", count(report.losses.stranded), count(report.losses.drained));
    let failed = format!("{} sends failed", count(report.clients.failed_sends));
    let protected =
        report.state_after.iter().filter(|line| Tone::of_state(&line.state) == Tone::Good).count();
    let after = if protected == report.state_after.len() { Tone::Good } else { Tone::Warn };
    html! {
        dl.tiles {
            (figure("Recovery time", &actual, &asked, tone))
            (figure("Forecast", &duration(rto.forecast.total()), &forecast_says, Tone::Plain))
            (figure("Messages lost", &count(report.losses.lost), &stranded, lost))
            (figure("Longest gap, sending", &duration(report.clients.longest_send_gap), &failed, Tone::Plain))
            (figure("Afterwards", &format!("{protected} of {}", report.state_after.len()), "components protected", after))
        }
    }
}

fn contents(report: &DrillReport) -> Markup {
    html! {
        nav.contents aria-label="Contents" {
            @for (anchor, title) in [
                ("timeline", "What happened"), ("rto", "Recovery time"), ("clients", "Clients"), ("losses", "Losses"),
                ("state", "State afterwards"), ("runs", "Runs"), ("findings", "Findings"), ("predictions", "Predictions"),
            ] {
                a href={ "#" (anchor) } { (title) }
                @if anchor == "runs" {
                    @for (index, run) in report.runs.iter().enumerate() {
                        a.sub href={ "#run-" (index + 1) } { (index + 1) " " (run.kind) }
                    }
                }
            }
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
