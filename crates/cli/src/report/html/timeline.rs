//! What happened, over time: regions, who accepted messages, runs, messages per minute, and every change of state.

use jiff::Timestamp;
use lifeboat_sim::{DrillReport, Happening, Minute};
use maud::{Markup, html};

use super::charts::{area, failed_label, minute_peak};
use super::parts::{prose, sign, time};
use super::scale::{Scale, pct};
use crate::format::{count, duration, offset, region};
use crate::style::Tone;

const LANE: u32 = 46;
const RUN: u32 = 24;
const CHART: u32 = 150;

pub(super) fn timeline(report: &DrillReport) -> Markup {
    html! { (chart(report)) (happenings(report)) }
}

fn chart(report: &DrillReport) -> Markup {
    let scale = Scale::between(report.started, report.ended);
    let runs_top = 3 * LANE + 18;
    let runs_height = u32::try_from(report.runs.len()).unwrap_or(u32::MAX / RUN) * RUN;
    let chart_top = runs_top + runs_height + 34;
    let floor = chart_top + CHART;
    let height = floor + 26;
    let summary = format!(
        "Timeline of {}: health of both regions, where messages were accepted, {} runs, messages per minute",
        duration(report.ended.duration_since(report.started)),
        report.runs.len()
    );
    html! {
        figure.timeline {
            svg width="100%" height=(height) role="group" aria-label=(summary) {
                (hatches())
                (grid(&scale, floor))
                (events(report, &scale, 0, floor))
                (health(report, &report.primary, "primary", 0, &scale))
                (health(report, &report.secondary, "secondary", LANE, &scale))
                (accepted_by(report, 2 * LANE, &scale))
                text.lane x="0" y=(runs_top - 6) { "Runs" }
                @for (index, run) in report.runs.iter().enumerate() {
                    @let y = runs_top + u32::try_from(index).unwrap_or_default() * RUN;
                    @let (from, to) = (scale.at(run.started), scale.at(run.ended));
                    @let label = format!("{}. {}, {}", index + 1, run.kind, duration(run.ended.duration_since(run.started)));
                    a href={ "#run-" (index + 1) } {
                        rect class={ "bar " (run_tone(run).word()) } x=(pct(from)) y=(y + 4) width=(pct((to - from).max(0.3))) height="14" rx="2" {
                            title { (label) ": " (run.purpose) ", " (run.outcome) }
                        }
                        @if from < 55.0 {
                            text.mark x=(pct(to)) dx="6" y=(y + 15) { (label) }
                        } @else {
                            text.mark.end x=(pct(from)) dx="-6" y=(y + 15) { (label) }
                        }
                    }
                }
                text.lane x="0" y=(chart_top - 10) { "Messages per minute" }
                text.axis.end x="100%" y=(chart_top - 10) { "up to " (count(u64::from(minute_peak(&report.clients.minutes)))) }
                (area(report, &scale, chart_top, CHART))
                (failed_label(report, &scale, chart_top, CHART))
                (events(report, &scale, chart_top, floor))
            }
            figcaption {
                (legend())
            }
        }
    }
}

/// Patterns: what is down is hatched as well as red.
fn hatches() -> Markup {
    html! {
        defs {
            pattern id="down" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect.hatch-ground width="7" height="7" {}
                rect.hatch-line width="2.5" height="7" {}
            }
        }
    }
}

fn grid(scale: &Scale, floor: u32) -> Markup {
    html! {
        g.grid {
            @for (index, tick) in scale.ticks(10).iter().enumerate() {
                @let x = pct(tick.percent);
                line x1=(x) x2=(x) y1="0" y2=(floor + 5) {}
                text class=(tick_class(index, tick.percent)) x=(x) y=(floor + 20) { (tick.label) }
            }
        }
    }
}

/// Labels at the edges stay inside; every second one goes where there is little room.
pub(super) fn tick_class(index: usize, percent: f64) -> &'static str {
    match (percent, index % 2) {
        (at, _) if at < 1.0 => "axis",
        (at, 1) if at > 97.0 => "axis end odd",
        (at, _) if at > 97.0 => "axis end",
        (_, 1) => "axis mid odd",
        _ => "axis mid",
    }
}

/// One region: up until the world says otherwise.
fn health(report: &DrillReport, name: &str, role: &str, y: u32, scale: &Scale) -> Markup {
    html! {
        text.lane x="0" y=(y + 14) { (region(name)) tspan.role { "  " (role) } }
        @for stretch in stretches(report, name) {
            @let (from, to) = (scale.at(stretch.from), scale.at(stretch.to));
            rect class={ "health " (stretch.tone.word()) } x=(pct(from)) y=(y + 20) width=(pct(to - from)) height="18" {
                title { (stretch.says) }
            }
            @if to - from > 9.0 {
                text class={ "in " (stretch.tone.word()) } x=(pct(from)) dx="7" y=(y + 33) { (stretch.tone.sign()) " " (stretch.word) }
            }
        }
    }
}

struct Stretch<'a> {
    from: Timestamp,
    to: Timestamp,
    tone: Tone,
    word: &'static str,
    says: &'a str,
}

/// What the world did to a region, in stretches. A happening belongs to a region when it names it.
fn stretches<'a>(report: &'a DrillReport, name: &str) -> Vec<Stretch<'a>> {
    let display = region(name).to_lowercase();
    let about = |happening: &&Happening| {
        let what = happening.what.to_lowercase();
        happening.who == "world" && (what.contains(&display) || what.contains(&name.to_lowercase()))
    };
    let up = |from| Stretch { from, to: report.ended, tone: Tone::Good, word: "answers", says: "answers" };
    let mut stretches = vec![up(report.started)];
    for happening in report.timeline.iter().filter(about) {
        let (tone, word) = match Tone::of_happening(&happening.tone) {
            Tone::Bad => (Tone::Bad, "lost"),
            Tone::Warn => (Tone::Warn, "disturbed"),
            Tone::Good => (Tone::Good, "answers again"),
            _ => continue,
        };
        if let Some(last) = stretches.last_mut() {
            last.to = happening.at;
        }
        stretches.push(Stretch { from: happening.at, to: report.ended, tone, word, says: &happening.what });
    }
    stretches.retain(|stretch| stretch.to > stretch.from);
    stretches
}

/// Which region acknowledged messages, minute by minute.
fn accepted_by(report: &DrillReport, y: u32, scale: &Scale) -> Markup {
    let place = |minute: &Minute| match (minute.acknowledged, minute.at_primary) {
        (0, _) => ("nobody", None),
        (all, here) if here * 2 >= all => ("at-primary", Some(report.primary.as_str())),
        _ => ("at-secondary", Some(report.secondary.as_str())),
    };
    let mut merged: Vec<(&str, Option<&str>, u32, u32)> = Vec::new();
    for minute in &report.clients.minutes {
        let (class, name) = place(minute);
        match merged.last_mut() {
            Some(last) if last.0 == class && last.3 == minute.minute => last.3 = minute.minute + 1,
            _ => merged.push((class, name, minute.minute, minute.minute + 1)),
        }
    }
    html! {
        text.lane x="0" y=(y + 14) { "Messages accepted by" }
        @for (class, name, from, to) in merged {
            @let (from, to) = (scale.after(minutes(from)), scale.after(minutes(to)));
            rect class={ "serves " (class) } x=(pct(from)) y=(y + 20) width=(pct(to - from)) height="18" {}
            @if to - from > 9.0 {
                text class={ "in " (class) } x=(pct(from)) dx="7" y=(y + 33) { (name.map_or_else(|| "nobody".to_owned(), region)) }
            }
        }
    }
}

pub(super) fn minutes(minutes: u32) -> jiff::SignedDuration {
    jiff::SignedDuration::from_mins(i64::from(minutes))
}

fn run_tone(run: &lifeboat_sim::RunReport) -> Tone {
    if run.succeeded { Tone::of_outcome(&run.outcome) } else { Tone::Bad }
}

/// What the world did, as thin lines: behind everything from top to floor, and once more over the curves.
fn events(report: &DrillReport, scale: &Scale, top: u32, floor: u32) -> Markup {
    html! {
        g.events {
            @for happening in report.timeline.iter().filter(|happening| happening.who == "world") {
                @let x = pct(scale.at(happening.at));
                line class=(Tone::of_happening(&happening.tone).word()) x1=(x) x2=(x) y1=(top) y2=(floor) {
                    title { (happening.what) }
                }
            }
        }
    }
}

fn legend() -> Markup {
    html! {
        ul.legend {
            li { span.swatch.sent {} "sent and acknowledged" }
            li { span.swatch.failed {} "failed" }
            li { span.swatch.received {} "received" }
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
