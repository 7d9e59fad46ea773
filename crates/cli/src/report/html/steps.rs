//! Every run with every step: what was sent, what was seen, and why.

use lifeboat_plan::Verdict;
use lifeboat_sim::{DrillReport, FactLine, RunReport, StepReport};
use maud::{Markup, html};

use super::gantt::{gantt, legend};
use super::losses::announced;
use super::parts::{badge, chip, cut, path, prose, seams, time};
use crate::format::{age, count, counted, difference, duration, region};
use crate::report::{fact_words, need_word, run_tone, short_source, step_counts, took};
use crate::style::Tone;

/// In a run with more steps than this, those that tell something are shown.
const STEPS_SHOWN: usize = 24;
/// More facts than this are not read.
const FACTS_SHOWN: usize = 12;
/// Longer texts are cut, in characters.
const TEXT: usize = 600;
/// So many answers are shown as evidence.
const EVIDENCE: usize = 4;

pub(super) fn runs(report: &DrillReport) -> Markup {
    html! {
        @if report.runs.is_empty() { p { "Nothing was run." } } @else { (legend()) }
        @for (index, run) in report.runs.iter().enumerate() { (one(run, index + 1)) }
    }
}

fn one(run: &RunReport, number: usize) -> Markup {
    let tone = run_tone(run);
    let shown = shown(run);
    let length = run.ended.duration_since(run.started);
    html! {
        article.run id={ "run-" (number) } aria-labelledby={ "run-" (number) "-h" } {
            h3 id={ "run-" (number) "-h" } { (number) ". " (run.kind) span.quiet { ": " (prose(&run.purpose)) } }
            p.verdict { (badge(tone, &run.outcome)) }
            p.numbers {
                span { (region(&run.from)) " → " (region(&run.to)) }
                span { (time(run.started)) " to " (time(run.ended)) }
                span { "took " strong { (duration(length)) } ", forecast " (duration(run.forecast)) " (" (difference(length - run.forecast)) ")" }
                span { (steps_words(run)) }
                span { (count(run.requests)) " sent, " (count(run.reads)) " read, " (count(run.throttled)) " throttled" }
            }
            p.digest { "Plan " code { (run.digest) } }
            (gantt(run, &shown, number))
            (critical(run, number))
            (facts(&run.facts))
            @if !run.notes.is_empty() {
                h4 { "Deliberately not done" }
                ul { @for note in &run.notes { li { (prose(note)) } } }
            }
            h4.steps-head { "Steps" }
            @for index in &shown { (details(run, &run.steps[*index], number, index + 1)) }
            (on_paper(run, &shown))
            @if shown.len() < run.steps.len() {
                p.quiet { (counted(run.steps.len() - shown.len(), "more step")) " in report.json, none of which failed or decided the duration." }
            }
        }
    }
}

/// All steps; of very many, those that did not go well, those that decided the duration, and the longest.
pub(super) fn shown(run: &RunReport) -> Vec<usize> {
    let mut all: Vec<usize> = (0..run.steps.len()).collect();
    if all.len() > STEPS_SHOWN {
        let calm = |step: &StepReport| Tone::of_outcome(&step.outcome) == Tone::Good;
        all.sort_by_key(|index| {
            let step = &run.steps[*index];
            (calm(step), !step.critical, std::cmp::Reverse(took(step)))
        });
        all.truncate(STEPS_SHOWN);
        all.sort_unstable();
    }
    all
}

fn steps_words(run: &RunReport) -> String {
    let counts = step_counts(run);
    match counts.split_once(" + ") {
        Some(("1", found)) => format!("1 step planned, {found} found on the way"),
        Some((planned, found)) => format!("{planned} steps planned, {found} found on the way"),
        None if counts == "1" => "1 step".to_owned(),
        None => format!("{counts} steps"),
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
    let index = shown(run).into_iter().find(|index| run.steps[*index].id == id);
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
            table.stack.known {
                thead { tr { th scope="col" { "Fact" } th scope="col" { "Value" } th scope="col" { "Age" } th scope="col" { "Source" } } }
                tbody {
                    @for fact in facts.iter().take(FACTS_SHOWN) {
                        tr {
                            th scope="row" { (seams(&fact.key)) }
                            td { (cut(&fact_words(&fact.value), TEXT)) }
                            td.nowrap data-label="age" { (age(fact.age)) }
                            td.quiet { (seams(&short_source(&fact.source))) }
                        }
                    }
                }
            }
            @if facts.len() > FACTS_SHOWN { p.quiet { (facts.len() - FACTS_SHOWN) " more facts are in report.json." } }
        }
    }
}

/// The steps for paper, where nothing can be opened: what each sent, and what it waited to see.
fn on_paper(run: &RunReport, shown: &[usize]) -> Markup {
    html! {
        ol.on-paper {
            @for step in shown.iter().map(|index| &run.steps[*index]) {
                li {
                    (badge(Tone::of_outcome(&step.outcome), &step.outcome)) " " strong { (prose(&step.title)) } " " code { (step.id) }
                    @if let Some(length) = took(step) { ", " (duration(length)) }
                    @if let Some(why) = &step.why { div { "Reason: " (prose(&cut(why, TEXT))) } }
                    @if let Some(request) = &step.request { div { "Request: " code { (seams(&cut(request, TEXT))) } } }
                    @if let Some(answer) = &step.answer { div { "Answer: " (cut(answer, TEXT)) } }
                    @if let Some(started) = &step.started_when { div { "Under way when: " (prose(&cut(started, TEXT))) } }
                    div { "Done when: " (prose(&cut(&step.done_when, TEXT))) }
                }
            }
        }
        p.on-paper { "Bodies of requests and the evidence of each step are in report.json." }
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
                        @if *verdict != Verdict::Independent {
                            (chip(&format!("needs {}: {}", region(&run.from), need_word(verdict).0)))
                        }
                    }
                    @if let Some(length) = took(step) { span.length { (duration(length)) } }
                }
            }
            dl.facts {
                @if let Some(why) = &step.why { (item("Reason", &prose(&cut(why, TEXT)))) }
                (item("Waited for", &waited_for(run, step, number)))
                (item("Times", &times(step)))
                (item("Forecast", &html! {
                    (duration(step.forecast)) " typical, " (duration(step.forecast_p95)) " at p95; " (prose(&step.forecast_basis))
                }))
                @if let Some(request) = &step.request { (item("Request", &html! { pre { (seams(&cut(request, TEXT))) } })) }
                @if let Some(body) = &step.body { (item("Body", &html! { pre { (cut(body, TEXT)) } })) }
                @if let Some(answer) = &step.answer { (item("Answer", &html! { pre { (cut(answer, TEXT)) } })) }
                @if let Some(started) = &step.started_when { (item("Under way when", &prose(&cut(started, TEXT)))) }
                (item("Done when", &prose(&cut(&step.done_when, TEXT))))
                @if !step.evidence.is_empty() {
                    (item("Evidence", &html! { ul {
                        @for seen in step.evidence.iter().take(EVIDENCE) { li { (prose(&cut(seen, TEXT))) } }
                        @if step.evidence.len() > EVIDENCE { li.quiet { (step.evidence.len() - EVIDENCE) " more in report.json" } }
                    } }))
                }
                @if let Some(verdict) = &step.independence { (item(&format!("Needs {}", region(&run.from)), &independence(verdict))) }
                @if !step.loses.is_empty() { (item("Losses", &announced(&step.loses))) }
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
    let (word, tone) = need_word(verdict);
    let paths = match verdict {
        Verdict::Independent => [].as_slice(),
        Verdict::Contingent(paths) | Verdict::Refused(paths) => paths.as_slice(),
    };
    html! {
        (badge(tone, word))
        @for needed in paths { (path(needed)) }
    }
}
