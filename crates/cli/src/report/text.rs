//! The report on a terminal, after a drill: what matters, in the order in which it is asked.

use jiff::SignedDuration;
use lifeboat_planner::Answer;
use lifeboat_sim::{DrillReport, RunReport};

use super::{
    NO_FORECAST, forecast_words, held_words, is_forbidden, later_words, loss_rows, loss_word, no_recovery,
    outage_words, reason_words, received_words, recovery_point, run_tone, step_counts, sums, term_rows, took,
    total_difference, verdict,
};
use crate::format::{clock, count, counted, difference, duration, instant, offset, region};
use crate::layout::{Cell, Columns, Layout};
use crate::style::Tone;
use crate::tables::{finding_tone, finding_words, findings_summary, worst_first};

/// The whole report. No line is wider than the layout's width.
pub fn render(report: &DrillReport, layout: Layout) -> String {
    if is_forbidden(report) {
        // No run, no recovery, no losses: only why.
        return [
            head(report, layout),
            assumptions(report, layout),
            findings(report, layout),
            state_after(report, layout),
        ]
        .concat();
    }
    [
        head(report, layout),
        assumptions(report, layout),
        timeline(report, layout),
        recovery_time(report, layout),
        clients(report, layout),
        losses(report, layout),
        runs(report, layout),
        predictions(report, layout),
        findings(report, layout),
        state_after(report, layout),
    ]
    .concat()
}

fn head(report: &DrillReport, layout: Layout) -> String {
    let (word, tone, reasons) = verdict(report);
    let title =
        format!("Drill of {}: {} → {}", report.workload, region(&report.primary), region(&report.secondary));
    let mut out = layout.hang("", &title, Tone::Strong);
    out += &layout.hang(&format!("{} ", tone.sign()), word, tone);
    for reason in reasons {
        out += &layout.hang("  - ", reason_words(word, reason), tone);
    }
    let told = if report.scenario.story.is_empty() { "" } else { ": " };
    let story = format!("{}{told}{}", report.scenario.name, report.scenario.story);
    if is_forbidden(report) {
        // A story that nobody played, and a time that did not pass, would read as if they had.
        let origin = format!("not run: seed {}, lifeboat {}", report.seed, report.version);
        return out + &layout.hang("", &origin, Tone::Quiet);
    }
    out += &layout.hang("", &story, Tone::Plain);
    let span = report.ended.duration_since(report.started);
    let origin = format!(
        "seed {}, lifeboat {}, virtual time {} to {} ({})",
        report.seed,
        report.version,
        instant(report.started),
        instant(report.ended),
        duration(span)
    );
    out + &layout.hang("", &origin, Tone::Quiet)
}

fn assumptions(report: &DrillReport, layout: Layout) -> String {
    if report.assumptions.is_empty() {
        return String::new();
    }
    let mut out = layout.heading("Assumed, because nobody said it");
    for assumption in &report.assumptions {
        out += &layout.hang("  - ", assumption, Tone::Plain);
    }
    out
}

fn timeline(report: &DrillReport, layout: Layout) -> String {
    let mut table = Columns::bare(&[">after", "clock", "who", "sign", "what"]);
    for happening in &report.timeline {
        let tone = Tone::of_happening(&happening.tone);
        table.row([
            Cell::from(offset(report.started, happening.at)),
            Cell::toned(clock(happening.at), Tone::Quiet),
            Cell::from(happening.who.as_str()),
            Cell::toned(tone.sign(), tone),
            Cell::toned(happening.what.as_str(), tone),
        ]);
    }
    layout.heading("Timeline") + &table.render(layout, 2)
}

fn recovery_time(report: &DrillReport, layout: Layout) -> String {
    let rto = &report.rto;
    let mut table = Columns::headed(&["", ">asked", ">forecast", ">actual", ">difference", ""]);
    let known = |term: Option<SignedDuration>| term.map_or_else(|| "–".to_owned(), duration);
    for (name, forecast, actual) in term_rows(rto) {
        let off = actual.zip(forecast).map(|(actual, forecast)| difference(actual - forecast));
        table.row([
            Cell::from(name),
            Cell::from(""),
            Cell::from(known(forecast)),
            Cell::from(known(actual)),
            Cell::toned(off.unwrap_or_default(), Tone::Quiet),
            Cell::from(""),
        ]);
    }
    let total = rto.actual.as_ref().map(lifeboat_sim::RtoTerms::total);
    let tone = match total {
        Some(total) if total > rto.asked => Tone::Bad,
        Some(_) => Tone::Good,
        None => no_recovery(rto).1,
    };
    let says = match total {
        Some(total) if total > rto.asked => format!("✗ {} too long", duration(total - rto.asked)),
        Some(total) => format!("✓ {} to spare", duration(rto.asked - total)),
        None => {
            let (words, tone) = no_recovery(rto);
            if tone == Tone::Bad { format!("✗ {words}") } else { words }
        }
    };
    table.row([
        Cell::toned("total", Tone::Strong),
        Cell::toned(duration(rto.asked), Tone::Strong),
        Cell::toned(forecast_words(rto), Tone::Strong),
        Cell::toned(total.map_or_else(|| "–".to_owned(), duration), tone),
        Cell::toned(total_difference(rto).unwrap_or_default(), Tone::Quiet),
        Cell::toned(says, tone),
    ]);
    let mut out = layout.heading("Recovery time (forecast at p95)") + &table.render(layout, 2);
    if rto.forecast.is_none() {
        out += &layout.hang("  ", NO_FORECAST, Tone::Quiet);
    }
    if let Some(words) = outage_words(report) {
        out += &layout.hang("  ", &words, Tone::Quiet);
    }
    for (words, tone) in later_words(report) {
        out += &layout.hang(&format!("  {} ", tone.sign()), &words, tone);
    }
    out
}

fn clients(report: &DrillReport, layout: Layout) -> String {
    let seen = &report.clients;
    if seen.producers + seen.consumers == 0 {
        return String::new();
    }
    let mut table = Columns::bare(&["what", ">number", "says"]);
    let bad_if = |is: bool| if is { Tone::Bad } else { Tone::Plain };
    let gap = |gap: SignedDuration| if gap.is_zero() { "none".to_owned() } else { duration(gap) };
    for (what, number, tone, says) in [
        ("sent and acknowledged", count(seen.acknowledged), Tone::Plain, counted(seen.producers, "producer")),
        ("sends that failed", count(seen.failed_sends), Tone::Plain, String::new()),
        ("received", count(seen.received), Tone::Plain, received_words(seen)),
        (
            "received twice",
            count(seen.received_twice),
            Tone::Plain,
            "same MessageId, at least once".to_owned(),
        ),
        ("still held", count(seen.still_held), Tone::Plain, held_words(seen)),
        (
            "longest gap, sending",
            gap(seen.longest_send_gap),
            bad_if(seen.longest_send_gap > report.rto.asked),
            String::new(),
        ),
        (
            "longest gap, receiving",
            gap(seen.longest_receive_gap),
            bad_if(seen.longest_receive_gap > report.rto.asked),
            String::new(),
        ),
    ] {
        table.row([Cell::from(what), Cell::toned(number, tone), Cell::toned(says, Tone::Quiet)]);
    }
    layout.heading("What clients saw") + &table.render(layout, 2)
}

fn losses(report: &DrillReport, layout: Layout) -> String {
    let mut out = layout.heading("Losses");
    let mut table = Columns::headed(&["", ">announced", ">actual", ""]);
    for row in loss_rows(report) {
        table.row([
            Cell::from(row.what),
            Cell::from(row.announced.map_or_else(|| "–".to_owned(), count)),
            Cell::toned(count(row.actual), row.tone.unwrap_or(Tone::Plain)),
            Cell::toned(row.meaning, Tone::Quiet),
        ]);
    }
    out += &table.render(layout, 2);
    let (words, tone) = recovery_point(report);
    out += &layout.hang("  ", &format!("{} {words}", tone.sign()), tone);
    for one in &report.losses.moves {
        let said = sums(&one.announced);
        if said.is_empty() {
            continue;
        }
        out += &layout.hang("  ", &format!("said before: {}:", one.purpose), Tone::Quiet);
        let mut table = Columns::bare(&["kind", ">number", "what", "where"]);
        for sum in &said {
            table.row([
                Cell::toned(loss_word(sum.kind), Tone::Quiet),
                Cell::from(sum.number()),
                Cell::from(sum.what.as_str()),
                Cell::toned(sum.whereabouts(), Tone::Quiet),
            ]);
        }
        out += &table.render(layout, 4);
    }
    out
}

fn runs(report: &DrillReport, layout: Layout) -> String {
    let mut out = layout.heading("Runs");
    let mut table =
        Columns::headed(&["", "", "run", ">took", ">forecast", ">steps", ">requests", ">reads", "outcome"]);
    for (index, run) in report.runs.iter().enumerate() {
        let tone = run_tone(run);
        table.row([
            Cell::from((index + 1).to_string()),
            Cell::toned(tone.sign(), tone),
            Cell::from(run.kind.as_str()),
            Cell::from(duration(run.ended.duration_since(run.started))),
            Cell::from(duration(run.forecast)),
            Cell::from(step_counts(run)),
            Cell::from(count(run.requests)),
            Cell::from(count(run.reads)),
            Cell::toned(run.outcome.as_str(), tone),
        ]);
    }
    out += &table.render(layout, 2);
    if report.runs.iter().any(|run| run.steps.iter().any(|step| step.stage.is_some())) {
        out += &layout.hang("  ", "steps: as planned + found on the way", Tone::Quiet);
    }
    let paths = report.runs.iter().enumerate().filter(|(_, run)| !run.critical_path.is_empty());
    let mut paths: Vec<String> = paths.map(|(index, run)| critical_path(index + 1, run, layout)).collect();
    // Lines before tables: a heading would otherwise seem to hold the lines behind it.
    paths.sort_by_key(|path| path.starts_with('\n'));
    out + &paths.concat()
}

/// The chain that decided a run's duration: a line when it was forecast, a table when it was not.
fn critical_path(number: usize, run: &RunReport, layout: Layout) -> String {
    if run.critical_path == run.critical_path_forecast && run.succeeded && run.outcome == "done" {
        let lead = format!("  critical path of {number}, as forecast: ");
        return layout.hang(&lead, &run.critical_path.join(" → "), Tone::Quiet);
    }
    let mut out = layout.heading(&format!("Critical path of {number} {} ({})", run.kind, run.purpose));
    if run.critical_path != run.critical_path_forecast {
        let forecast = run.critical_path_forecast.join(" → ");
        out += &layout.hang("  forecast was: ", &forecast, Tone::Quiet);
    }
    let mut table = Columns::headed(&["step", ">took", ">forecast", "outcome"]);
    for id in &run.critical_path {
        let Some(step) = run.steps.iter().find(|step| step.id == *id) else { continue };
        let why = step.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        table.row([
            Cell::from(id.as_str()),
            Cell::from(took(step).map_or_else(|| "–".to_owned(), duration)),
            Cell::from(duration(step.forecast_p95)),
            Cell::toned(format!("{}{why}", step.outcome), Tone::of_outcome(&step.outcome)),
        ]);
    }
    out + &table.render(layout, 2)
}

fn predictions(report: &DrillReport, layout: Layout) -> String {
    let wrong: Vec<_> = report.predictions.iter().filter(|prediction| !prediction.agrees).collect();
    let right = report.predictions.len() - wrong.len();
    if report.predictions.is_empty() {
        return String::new();
    }
    let mut out = layout.heading("Predictions");
    out += &layout.hang("  ", &format!("{right} of {} came true", report.predictions.len()), Tone::Plain);
    for prediction in wrong {
        let text = format!(
            "after {}, {}: predicted {}, found {}",
            prediction.after, prediction.fact, prediction.predicted, prediction.found
        );
        out += &layout.hang("  ! ", &text, Tone::Warn);
    }
    out
}

fn findings(report: &DrillReport, layout: Layout) -> String {
    let mut out = layout.heading("Findings before anything was done");
    out += &layout.hang("  ", &findings_summary(&report.findings), Tone::Plain);
    for finding in worst_first(&report.findings).into_iter().filter(|finding| finding.answer != Answer::Pass)
    {
        let tone = finding_tone(finding);
        let lead = format!("  {} {}  ", tone.sign(), finding.rule);
        let word = if finding.accepted.is_some() { "accepted" } else { finding.severity.word() };
        let text = format!("{}: {} ({word})", finding.component, finding_words(finding));
        out += &layout.hang(&lead, &text, tone);
    }
    out
}

fn state_after(report: &DrillReport, layout: Layout) -> String {
    let mut table = Columns::bare(&["sign", "component", "state", "says"]);
    for line in &report.state_after {
        let tone = Tone::of_state(&line.state);
        table.row([
            Cell::toned(tone.sign(), tone),
            Cell::from(line.component.as_str()),
            Cell::toned(line.state.as_str(), tone),
            Cell::from(line.says.as_str()),
        ]);
    }
    let mut out = layout.heading("State afterwards") + &table.render(layout, 2);
    if !report.generic_types.is_empty() {
        let text = format!(
            "without rules of their own, redeployed as they are: {}",
            report.generic_types.join(", ")
        );
        out += &layout.hang("  ! ", &text, Tone::Warn);
    }
    out
}
