//! Every run with every step: what was sent, what was seen, and why.

use lifeboat_plan::Verdict;
use lifeboat_sim::{DrillReport, FactLine, RunReport, StepReport};
use maud::{Markup, html};

use super::gantt::gantt;
use super::losses::announced;
use super::parts::{badge, chip, path, prose, seams, time};
use crate::format::{age, count, counted, difference, duration, region};
use crate::report::{independence_word, took};
use crate::style::Tone;

pub(super) fn runs(report: &DrillReport) -> Markup {
    html! { @for (index, run) in report.runs.iter().enumerate() { (one(run, index + 1)) } }
}

fn one(run: &RunReport, number: usize) -> Markup {
    let tone = if run.succeeded { Tone::of_outcome(&run.outcome) } else { Tone::Bad };
    let length = run.ended.duration_since(run.started);
    html! {
        article.run id={ "run-" (number) } aria-labelledby={ "run-" (number) "-h" } {
            h3 id={ "run-" (number) "-h" } { (number) ". " (run.kind) span.quiet { ": " (prose(&run.purpose)) } }
            p.verdict { (badge(tone, &run.outcome)) }
            p.numbers {
                span { (region(&run.from)) " → " (region(&run.to)) }
                span { (time(run.started)) " to " (time(run.ended)) }
                span { "took " strong { (duration(length)) } ", forecast " (duration(run.forecast)) " (" (difference(length - run.forecast)) ")" }
                span { (counted(run.steps.len(), "step")) }
                span { (count(run.requests)) " sent, " (count(run.reads)) " read, " (count(run.throttled)) " throttled" }
            }
            p.digest { "Plan " code { (run.digest) } }
            (gantt(run, number))
            (critical(run, number))
            (facts(&run.facts))
            @if !run.notes.is_empty() {
                h4 { "Deliberately not done" }
                ul { @for note in &run.notes { li { (prose(note)) } } }
            }
            h4 { "Steps" }
            @for (index, step) in run.steps.iter().enumerate() { (details(run, step, number, index + 1)) }
        }
    }
}

fn critical(run: &RunReport, number: usize) -> Markup {
    html! {
        @if !run.critical_path.is_empty() {
            h4 { "Critical path" }
            (chain(run, &run.critical_path, number))
            @if run.critical_path_forecast == run.critical_path {
                p.quiet { "As forecast." }
            } @else if !run.critical_path_forecast.is_empty() {
                p.quiet { "Forecast was another:" }
                (chain(run, &run.critical_path_forecast, number))
            }
        }
    }
}

fn chain(run: &RunReport, ids: &[String], number: usize) -> Markup {
    html! { ol.chain { @for id in ids { li { (step_link(run, id, number)) } } } }
}

/// A link to a step of the same run; only its id when the run has no such step.
fn step_link(run: &RunReport, id: &str, number: usize) -> Markup {
    let index = run.steps.iter().position(|step| step.id == id);
    html! {
        @match index {
            Some(index) => { a href={ "#run-" (number) "-step-" (index + 1) } { code { (id) } } }
            None => { code { (id) } }
        }
    }
}

fn facts(facts: &[FactLine]) -> Markup {
    html! {
        @if !facts.is_empty() {
            h4 { "Facts it rested on" }
            table.stack {
                thead { tr { th scope="col" { "Fact" } th scope="col" { "Value" } th scope="col" { "Age" } th scope="col" { "Source" } } }
                tbody {
                    @for fact in facts {
                        tr {
                            th scope="row" { code { (fact.key) } }
                            td { code { (fact.value) } }
                            td.nowrap { (age(fact.age)) }
                            td.quiet { (fact.source) }
                        }
                    }
                }
            }
        }
    }
}

fn details(run: &RunReport, step: &StepReport, number: usize, index: usize) -> Markup {
    let tone = Tone::of_outcome(&step.outcome);
    html! {
        details.step open[tone == Tone::Bad] id={ "run-" (number) "-step-" (index) } {
            summary {
                span.what { (badge(tone, &step.outcome)) " " strong { (prose(&step.title)) } }
                span.marks {
                    code { (step.id) }
                    @if step.critical { (chip("◆ critical")) }
                    @if step.way != "graceful" { (chip(&step.way)) }
                    @if let Some(verdict) = &step.independence {
                        @if *verdict != Verdict::Independent { (chip(independence_word(verdict).0)) }
                    }
                    @if let Some(length) = took(step) { span.length { (duration(length)) } }
                }
            }
            dl.facts {
                @if let Some(why) = &step.why { (item("Reason", &prose(why))) }
                (item("Waited for", &waited_for(run, step, number)))
                (item("Times", &times(step)))
                (item("Forecast", &html! {
                    (duration(step.forecast)) " typical, " (duration(step.forecast_p95)) " at p95; " (prose(&step.forecast_basis))
                }))
                @if let Some(request) = &step.request { (item("Request", &html! { pre { (seams(request)) } })) }
                @if let Some(body) = &step.body { (item("Body", &html! { pre { (body) } })) }
                @if let Some(answer) = &step.answer { (item("Answer", &html! { pre { (answer) } })) }
                @if let Some(started) = &step.started_when { (item("Under way when", &prose(started))) }
                (item("Done when", &prose(&step.done_when)))
                @if !step.evidence.is_empty() {
                    (item("Evidence", &html! { ul { @for seen in &step.evidence { li { (prose(seen)) } } } }))
                }
                @if let Some(verdict) = &step.independence { (item("Needs the other region", &independence(verdict))) }
                (item("Gives up", &announced(&step.loses)))
                (item("Why", &html! { (prose(&step.because.says)) " " @for id in &step.because.ids { (chip(id)) " " } }))
            }
        }
    }
}

fn item(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn waited_for(run: &RunReport, step: &StepReport, number: usize) -> Markup {
    html! {
        @if step.after.is_empty() { "nothing" }
        @for (index, id) in step.after.iter().enumerate() {
            @if index > 0 { ", " }
            (step_link(run, id, number))
        }
    }
}

fn times(step: &StepReport) -> Markup {
    let moments = [("ready", step.ready), ("sent", step.acted), ("ended", step.ended)];
    let known: Vec<_> = moments.into_iter().filter_map(|(word, at)| Some((word, at?))).collect();
    html! {
        @if known.is_empty() { "never looked at" }
        @for (index, (word, at)) in known.iter().enumerate() {
            @if index > 0 { ", " }
            (word) " " (time(*at))
        }
        @if let Some(length) = took(step) {
            "; took " (duration(length)) ", " (difference(length - step.forecast_p95)) " against p95"
        }
    }
}

fn independence(verdict: &Verdict) -> Markup {
    let (word, tone) = independence_word(verdict);
    let (says, paths) = match verdict {
        Verdict::Independent => ("needs nothing from there", [].as_slice()),
        Verdict::Contingent(paths) => ("until its deadline; then the other way takes over", paths.as_slice()),
        Verdict::Refused(paths) => ("cannot be done without it", paths.as_slice()),
    };
    html! {
        (badge(tone, word)) " " (says)
        @for needed in paths { (path(needed)) }
    }
}
