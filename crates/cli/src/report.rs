//! What a drill found out, for three readers: a terminal, a program, and somebody with a browser at 3 a.m.

mod facts;
pub mod html;
pub mod json;
mod losses;
mod outcome;
pub mod text;

use lifeboat_plan::{Loss, LossKind, Verdict};
use lifeboat_planner::Finding;
use lifeboat_sim::{ClientReport, DrillReport, DrillVerdict, RtoReport, RunReport, StepReport};

use crate::format::{count, counted, difference, duration, percent};
use crate::style::Tone;

pub(crate) use facts::{fact_words, short_source};
pub(crate) use losses::{LossSum, sums};
pub(crate) use outcome::{loss_rows, no_recovery, recovery_point};

/// The verdict in two words, its tone and its reasons.
pub(crate) fn verdict(report: &DrillReport) -> (&'static str, Tone, &[String]) {
    match &report.verdict {
        DrillVerdict::Passed if report.reservations.is_empty() => ("passed", Tone::Good, &[]),
        DrillVerdict::Passed => ("passed, as far as Lifeboat has rules", Tone::Warn, &report.reservations),
        DrillVerdict::Missed(reasons) if reasons.iter().any(|why| why.starts_with("cannot be protected")) => {
            ("cannot be protected", Tone::Bad, reasons)
        }
        // Without a second region there is no failover whose objectives could be missed.
        DrillVerdict::Missed(reasons)
            if !reasons.is_empty() && reasons.iter().all(|why| why.starts_with("prepare ")) =>
        {
            ("could not be prepared", Tone::Bad, reasons)
        }
        DrillVerdict::Missed(reasons) if missed_objective(report) => ("objective missed", Tone::Bad, reasons),
        DrillVerdict::Missed(reasons) => ("failed", Tone::Bad, reasons),
        DrillVerdict::Broken(reasons) => ("broken", Tone::Bad, reasons),
    }
}

/// Whether the recovery time was missed: everything else that can be missed has no number that was asked.
fn missed_objective(report: &DrillReport) -> bool {
    report.rto.actual.as_ref().is_some_and(|actual| actual.total() > report.rto.asked)
}

/// The word for what becomes of something that is lost.
pub(crate) fn loss_word(kind: LossKind) -> &'static str {
    match kind {
        LossKind::Stranded => "stranded",
        LossKind::Lost => "lost",
        LossKind::Reset => "not carried over",
        LossKind::Unknown => "unknown, nothing copies it",
    }
}

/// What an unplanned failover's step needs from the region that is gone, in a word that cannot be taken for an outcome.
pub(crate) fn need_word(verdict: &Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Independent => ("no", Tone::Good),
        Verdict::Contingent(_) => ("only for the graceful way", Tone::Warn),
        Verdict::Refused(_) => ("yes", Tone::Bad),
    }
}

/// How a run should stand out.
pub(crate) fn run_tone(run: &RunReport) -> Tone {
    if run.succeeded { Tone::of_outcome(&run.outcome) } else { Tone::Bad }
}

/// The steps of a run as they were planned, and how many more its stages brought: `2`, `2 + 4`.
pub(crate) fn step_counts(run: &RunReport) -> String {
    let brought = run.steps.iter().filter(|step| step.stage.is_some()).count();
    match (run.steps.len() - brought, brought) {
        (planned, 0) => planned.to_string(),
        (planned, brought) => format!("{planned} + {brought}"),
    }
}

/// Whether the drill ended before it began: a rule forbids every run.
pub(crate) fn is_forbidden(report: &DrillReport) -> bool {
    report.runs.is_empty() && report.findings.iter().any(Finding::blocks)
}

/// Which number is which: the longest silence that clients saw, and the moment when the last of them was back.
pub(crate) fn outage_words(report: &DrillReport) -> Option<String> {
    let total = report.rto.actual.as_ref()?.total();
    let gap = report.clients.longest_send_gap;
    let clients = (report.clients.producers + report.clients.consumers) as usize;
    // A recovery that clients did not see explains nothing.
    (clients > 0 && !gap.is_zero() && gap <= total).then(|| {
        format!(
            "for {} nobody could send: that was the outage; after {} the last of {} was back: that is the recovery time",
            duration(gap),
            duration(total),
            counted(clients, "client")
        )
    })
}

/// The difference of the totals, as a time and in percent: `−28s (−2 %)`.
pub(crate) fn total_difference(rto: &RtoReport) -> Option<String> {
    let difference = difference(rto.actual.as_ref()?.total() - rto.forecast.total());
    Some(match rto.error_percent {
        Some(error) => format!("{difference} ({})", percent(error)),
        None => difference,
    })
}

/// What becomes of acknowledged messages, so that the numbers add up: the messages still held, and where.
pub(crate) fn held_words(seen: &ClientReport) -> String {
    let held = seen.held;
    let parts =
        [(held.queued, "queued"), (held.scheduled, "scheduled"), (held.dead_lettered, "dead-lettered")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{} {word}", count(number)))
        .collect();
    let copies = (held.queued + held.scheduled + held.dead_lettered).saturating_sub(seen.still_held);
    match (parts.is_empty(), copies) {
        (true, _) => "nothing waits anywhere".to_owned(),
        (false, 0) => parts.join(", "),
        (false, copies) => format!("{}; {} of them copies", parts.join(", "), count(copies)),
    }
}

/// How long a step really took, from its request (or, without one, from its first look) to its outcome.
pub(crate) fn took(step: &StepReport) -> Option<jiff::SignedDuration> {
    // What was done before has taken this run no time.
    let start = step.acted.or(step.ready).filter(|_| step.outcome != "already done")?;
    Some(step.ended?.duration_since(start))
}

/// What the plan announced as gone for good.
pub(crate) fn announced_lost(report: &DrillReport) -> u64 {
    let lost = |loss: &&Loss| loss.kind == LossKind::Lost;
    report.losses.announced.iter().filter(lost).filter_map(|loss| loss.count).sum()
}
