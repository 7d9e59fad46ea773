//! One run as bars: what ran at the same time, what was forecast, what decided the end.

use jiff::Timestamp;
use lifeboat_sim::{RunReport, StepReport};
use maud::{Markup, html};

use super::lanes::tick_class;
use super::parts::sign;
use super::scale::{Scale, pct};
use crate::format::{difference, duration, offset};
use crate::report::took;
use crate::style::Tone;

/// Bars over a common axis; where the page is narrow, a list with the same numbers in words.
pub(super) fn gantt(run: &RunReport, shown: &[usize], number: usize) -> Markup {
    let scale = Scale::between(run.started, horizon(run));
    html! {
        figure.gantt {
            div.axis-row aria-hidden="true" {
                span {}
                svg width="100%" height="20" {
                    @for (index, tick) in scale.ticks(8).iter().enumerate() {
                        text class=(tick_class(index, tick.percent)) x=(pct(tick.percent)) y="14" { (tick.label) }
                    }
                }
                span {}
            }
            ol { @for index in shown { (row(run, &run.steps[*index], &scale, number, index + 1)) } }
        }
    }
}

/// What the bars of all runs mean.
pub(super) fn legend() -> Markup {
    html! {
        ul.legend.bars {
            li { span.swatch.waits {} "ready, not yet sent" }
            li { span.swatch.looks {} "only looked, sent nothing" }
            li { span.swatch.acts {} "from request to outcome" }
            li { span.swatch.partly {} "done in part" }
            li { span.swatch.failed {} "failed" }
            li { span.swatch.critical {} "◆ decided the duration" }
            li { span.swatch.tick {} "forecast at p95" }
            li { span.beyond { "› 15m" } " forecast beyond the scale" }
        }
    }
}

/// The end of the axis: the run's end, or a forecast shortly behind it. One forecast far off must not squeeze the rest; it
/// is written at the edge, for which there is room.
fn horizon(run: &RunReport) -> Timestamp {
    let length = run.ended.duration_since(run.started);
    let limit = run.started + length + length / 4;
    let (near, far): (Vec<_>, Vec<_>) = run.steps.iter().filter_map(expected).partition(|&at| at <= limit);
    let end = near.into_iter().max().unwrap_or(run.ended).max(run.ended);
    if far.is_empty() { end } else { end.max(run.ended + length / 8) }
}

/// When the step should have ended at the latest, had its forecast been right.
fn expected(step: &StepReport) -> Option<Timestamp> {
    step.acted.or(step.ready).map(|start| start + step.forecast_p95)
}

fn row(run: &RunReport, step: &StepReport, scale: &Scale, number: usize, index: usize) -> Markup {
    let tone = Tone::of_outcome(&step.outcome);
    let length = took(step);
    html! {
        li class=[step.critical.then_some("critical")] {
            a.name href={ "#run-" (number) "-step-" (index) } {
                (sign(tone, &step.outcome)) " " span.id { (step.id) }
                @if step.critical { " " span.diamond role="img" aria-label="on the critical path" title="on the critical path" { "◆" } }
            }
            svg class={ "track" @if step.ready.is_none() { " empty" } } width="100%" height="24" aria-hidden="true" {
                g.grid { @for tick in scale.ticks(8) { line x1=(pct(tick.percent)) x2=(pct(tick.percent)) y1="0" y2="24" {} } }
                (bars(run, step, scale, tone))
            }
            span.took {
                @match length { Some(length) => (duration(length)), None => span.quiet { (step.outcome) } }
            }
            span.words { (words(run, step)) }
        }
    }
}

fn bars(run: &RunReport, step: &StepReport, scale: &Scale, tone: Tone) -> Markup {
    let end = step.ended.unwrap_or(run.ended);
    let forecast = expected(step);
    html! {
        @if let Some(ready) = step.ready {
            @let acted = step.acted.unwrap_or(end);
            @let (from, sent, to) = (scale.at(ready), scale.at(acted), scale.at(end));
            @if step.acted.is_none() {
                rect.looks x=(pct(from)) y="7" width=(pct((to - from).max(0.5))) height="10" rx="2" { title { (step.outcome) } }
            } @else {
                rect.waits x=(pct(from)) y="10" width=(pct((sent - from).max(0.2))) height="4" {}
                rect class={ "acts " (tone.word()) @if step.critical { " critical" } } x=(pct(sent)) y="5" width=(pct((to - sent).max(0.5))) height="14" rx="2" {
                    title { (step.outcome) ": " (words(run, step)) }
                }
            }
        }
        @if let Some(forecast) = forecast {
            @if forecast.duration_since(run.started) > scale.length() {
                // At the edge a line would say that it was right.
                text.beyond.end x="100%" dx="-3" y="16" { "› " (duration(step.forecast_p95)) }
            } @else {
                @let x = pct(scale.at(forecast));
                line.forecast x1=(x) x2=(x) y1="2" y2="22" { title { "forecast at p95: " (duration(step.forecast_p95)) } }
            }
        }
    }
}

/// The same as the bar, in words.
fn words(run: &RunReport, step: &StepReport) -> String {
    let since = |at: Timestamp| offset(run.started, at);
    let times = match (step.acted.or(step.ready), step.ended) {
        (Some(start), Some(end)) => {
            let length = end.duration_since(start);
            format!(
                "{} to {}, took {}, {} against p95",
                since(start),
                since(end),
                duration(length),
                difference(length - step.forecast_p95)
            )
        }
        (Some(start), None) => format!("ready at {}, {}", since(start), step.outcome),
        (None, _) => step.outcome.clone(),
    };
    format!("{times}; forecast {}", duration(step.forecast_p95))
}
