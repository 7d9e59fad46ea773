//! What happened, over time: the whole drill at a glance, its busy parts as close-ups, and every change of state.

use lifeboat_sim::{DrillReport, RunReport};
use maud::{Markup, html};

use super::closeups::{CloseUp, close_ups};
use super::lanes::{FAULTS_DRAWN, Strip, faults_told};
use super::parts::{prose, sign, time};
use super::scale::{Scale, pct};
use crate::format::{duration, offset, region};
use crate::style::Tone;

pub(super) fn timeline(report: &DrillReport) -> Markup {
    let parts = close_ups(report);
    let whole = Strip { report, scale: Scale::between(report.started, report.ended) };
    html! {
        (hatches())
        figure.timeline {
            (planes_and_faults(&whole))
            (served(&whole, 108))
            // Without close-ups there is room for the runs here.
            @if parts.is_empty() { (runs(&whole, report.started, report.ended)) } @else { (markers(&whole, &parts)) }
            (whole.axis())
            figcaption { (legend(report)) (faults_told(report)) }
        }
        @for (index, part) in parts.iter().enumerate() { (close_up(report, index + 1, *part)) }
        (happenings(report))
    }
}

fn planes_and_faults(strip: &Strip<'_>) -> Markup {
    html! {
        @for plane in &strip.report.planes { (strip.plane(plane)) }
        @for (index, fault) in strip.report.faults.iter().enumerate().take(FAULTS_DRAWN) { (strip.fault(index + 1, fault)) }
    }
}

/// What clients saw, if there are any.
fn served(strip: &Strip<'_>, height: u32) -> Markup {
    html! {
        @if !strip.report.clients.minutes.is_empty() { (strip.accepted_by()) (strip.messages(height)) }
    }
}

fn runs(strip: &Strip<'_>, from: jiff::Timestamp, to: jiff::Timestamp) -> Markup {
    let within = |run: &RunReport| run.ended >= from && run.started <= to;
    html! {
        @for (index, run) in strip.report.runs.iter().enumerate().filter(|(_, run)| within(run)) { (strip.run(index, run)) }
    }
}

/// Where the close-ups lie in the whole.
fn markers(strip: &Strip<'_>, parts: &[CloseUp]) -> Markup {
    let name = html! { span.who { strong { "Close-ups" } } };
    let marks = html! {
        @for (index, part) in parts.iter().enumerate() {
            @if let Some((from, to)) = strip.scale.span(part.from, part.to) {
                a href={ "#close-up-" (index + 1) } {
                    rect.frame x=(pct(from)) y="3" width=(pct((to - from).max(1.2))) height="18" rx="3" {}
                    text.mid.frame-word x=(pct(f64::midpoint(from, to.max(from + 1.2)))) y="16" { (index + 1) }
                }
            }
        }
    };
    strip.lane("", &name, "Which parts are shown larger below", 24, &marks)
}

fn close_up(report: &DrillReport, number: usize, part: CloseUp) -> Markup {
    let strip = Strip { report, scale: Scale::between(part.from, part.to).since(report.started) };
    let length = duration(part.to.duration_since(part.from));
    html! {
        figure.timeline.close-up id={ "close-up-" (number) } {
            h3 { span.frame-number { (number) } " " (offset(report.started, part.from)) " to " (offset(report.started, part.to)) span.quiet { ", " (length) } }
            (planes_and_faults(&strip))
            (runs(&strip, part.from, part.to))
            (served(&strip, 78))
            (strip.axis())
        }
    }
}

/// Patterns: what is down is hatched as well as red.
fn hatches() -> Markup {
    html! {
        svg.defs width="0" height="0" aria-hidden="true" {
            defs {
                pattern id="down" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect.hatch-ground width="7" height="7" {}
                    rect.hatch-line width="2.5" height="7" {}
                }
            }
        }
    }
}

/// Every mark that is drawn, and none that is not.
fn legend(report: &DrillReport) -> Markup {
    html! {
        ul.legend {
            li { span.swatch.up {} "answers" }
            li { span.swatch.down {} "down" }
            li { span.swatch.suspected {} "suspected" }
            li { span.swatch.believed {} "taken for down" }
            li { span.swatch.returning {} "taken for returning" }
            @if !report.faults.is_empty() { li { span.swatch.fault {} "requests that were made to go wrong" } }
            @if !report.clients.minutes.is_empty() {
                li { span.swatch.at-primary {} "accepted by " (region(&report.primary)) }
                li { span.swatch.at-secondary {} "by " (region(&report.secondary)) }
                li { span.swatch.nobody {} "by nobody" }
                li { span.swatch.sent {} "sent and acknowledged" }
                li { span.swatch.failed {} "failed" }
                li { span.swatch.received {} "received" }
            }
            li { span.swatch.world {} "the world changed" }
        }
    }
}

fn happenings(report: &DrillReport) -> Markup {
    html! {
        table.happenings {
            thead { tr { th scope="col" { "After" } th scope="col" { "UTC" } th scope="col" { "Who" } th scope="col" { "What" } } }
            tbody {
                @for happening in &report.timeline {
                    @let tone = Tone::of_happening(&happening.tone);
                    tr class=(tone.word()) {
                        td.number { (offset(report.started, happening.at)) }
                        td.quiet { (time(happening.at)) }
                        td { (happening.who) }
                        td { (sign(tone, meaning(tone))) " " (prose(&happening.what)) }
                    }
                }
            }
        }
    }
}

fn meaning(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "for the worse",
        Tone::Good => "for the better",
        Tone::Warn => "attention",
        _ => "note",
    }
}
