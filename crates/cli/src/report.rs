//! What a drill found out, for three readers: a terminal, a program, and somebody with a browser at 3 a.m.

mod facts;
pub mod html;
pub mod json;
mod losses;
mod outcome;
pub mod text;

use jiff::SignedDuration;
use lifeboat_plan::{Loss, LossKind, Verdict};
use lifeboat_planner::Finding;
use lifeboat_sim::{ClientReport, DrillReport, DrillVerdict, RtoReport, RtoTerms, RunReport, StepReport};

use crate::format::{count, counted, difference, duration, offset, percent};
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

/// A reason below the verdict's word, which it need not repeat.
pub(crate) fn reason_words<'a>(word: &str, reason: &'a str) -> &'a str {
    reason.strip_prefix(word).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(reason)
}

/// Whether one of the two numbers that were asked was missed by a recovery that there was.
fn missed_objective(report: &DrillReport) -> bool {
    let later = report.rto.later.iter().any(|one| !one.met);
    later
        || report
            .rto
            .actual
            .as_ref()
            .is_some_and(|actual| actual.total() > report.rto.asked || !report.rpo.is_met())
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

/// Which number is which: every silence that clients saw, and the moment when the last of them was back.
pub(crate) fn outage_words(report: &DrillReport) -> Option<String> {
    let seen = &report.clients;
    let gaps: Vec<SignedDuration> =
        seen.send_gaps.iter().map(|gap| gap.to.duration_since(gap.from)).collect();
    let longest = gaps.iter().max()?;
    let sum = gaps.iter().fold(SignedDuration::ZERO, |sum, gap| sum + *gap);
    let silence = match gaps.len() {
        1 => format!("for {} nobody could send", duration(sum)),
        many => {
            format!(
                "nobody could send {many} times, for {} together, the longest {}",
                duration(sum),
                duration(*longest)
            )
        }
    };
    let clients = counted(seen.producers + seen.consumers, "client");
    Some(match &report.rto.actual {
        Some(actual) => format!(
            "{silence}; {} after the loss the last of {clients} was back: that is the recovery time",
            duration(actual.total())
        ),
        None => silence,
    })
}

/// Each outage after the first, held against the same objective.
pub(crate) fn later_words(report: &DrillReport) -> Vec<(String, Tone)> {
    let told = report.rto.later.iter().map(|one| {
        let terms = one.actual.as_ref().map(|terms| {
            let named = terms.named().into_iter().filter(|(_, term)| !term.is_zero());
            let named: Vec<String> = named.map(|(name, term)| format!("{name} {}", duration(term))).collect();
            format!(" ({})", named.join(", "))
        });
        let missing = one.missing.filter(|missing| missing.messages > 0).map(|missing| {
            format!("; out of reach when service was back: {}", counted(missing.messages, "message"))
        });
        let words = format!(
            "another outage at {}: {} asked, {} actual{}: {}{}",
            offset(report.started, one.from),
            duration(report.rto.asked),
            duration(one.lasted),
            terms.unwrap_or_default(),
            one.says,
            missing.unwrap_or_default()
        );
        (words, if one.met { Tone::Good } else { Tone::Bad })
    });
    told.collect()
}

/// The difference of the totals, as a time and in percent: `−28s (−2 %)`.
pub(crate) fn total_difference(rto: &RtoReport) -> Option<String> {
    let difference = difference(rto.actual.as_ref()?.total() - rto.forecast.as_ref()?.total());
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
    let lies = if parts.is_empty() { "nothing waits anywhere".to_owned() } else { parts.join(", ") };
    // Where answers were lost, some of what lies there was promised to nobody.
    let unpromised = if seen.received_unacknowledged > 0 { " or never acknowledged" } else { "" };
    let more = [
        (
            copies,
            format!(
                "; {} of them {}{unpromised}",
                count(copies),
                if copies == 1 { "a copy" } else { "copies" }
            ),
        ),
        (seen.out_of_reach, format!("; {} out of reach", counted(seen.out_of_reach, "message"))),
    ];
    more.into_iter().filter(|(number, _)| *number > 0).fold(lies, |lies, (_, words)| lies + &words)
}

/// What is said beside the messages that were received: more than were acknowledged needs its reason.
pub(crate) fn received_words(seen: &ClientReport) -> String {
    let consumers = counted(seen.consumers, "consumer");
    match seen.received_unacknowledged {
        0 => consumers,
        number => {
            format!("{consumers}; of {} the sender was never told that they had been taken", count(number))
        }
    }
}

/// The forecast, or why there is none.
pub(crate) fn forecast_words(rto: &RtoReport) -> String {
    rto.forecast.as_ref().map_or_else(|| "none".to_owned(), |forecast| duration(forecast.total()))
}

/// What there is to say about a forecast that was not made.
pub(crate) const NO_FORECAST: &str = "no forecast: not protected";

/// The terms of a recovery time by name: forecast, and measured. A term that both leave out is left out.
pub(crate) fn term_rows(
    rto: &RtoReport,
) -> Vec<(&'static str, Option<SignedDuration>, Option<SignedDuration>)> {
    let forecast = rto.forecast.as_ref().map(RtoTerms::named);
    let actual = rto.actual.as_ref().map(RtoTerms::named);
    let rows = RtoTerms::default().named().into_iter().enumerate().map(|(index, (name, _))| {
        let of = |terms: &Option<[(&str, SignedDuration); 7]>| terms.as_ref().map(|terms| terms[index].1);
        (name, of(&forecast), of(&actual))
    });
    let is_nothing = |term: Option<SignedDuration>| term.is_none_or(|term| term.is_zero());
    // That both regions are lost is told where it happened.
    rows.enumerate()
        .filter(|(index, (_, forecast, actual))| *index < 6 || !is_nothing(*forecast) || !is_nothing(*actual))
        .map(|(_, row)| row)
        .collect()
}

/// How long a step really took, from its request (or, without one, from its first look) to its outcome.
pub(crate) fn took(step: &StepReport) -> Option<SignedDuration> {
    // What was done before has taken this run no time.
    let start = step.acted.or(step.ready).filter(|_| step.outcome != "already done")?;
    Some(step.ended?.duration_since(start))
}

/// How many messages the plans announced as gone for good: changes of queues and the like are no messages. None when
/// nothing of the kind was announced.
pub(crate) fn announced_lost(report: &DrillReport) -> Option<u64> {
    let lost = |loss: &&Loss| loss.kind == LossKind::Lost && loss.what.contains("message");
    let counts: Vec<u64> =
        report.losses.announced.iter().filter(lost).filter_map(|loss| loss.count).collect();
    (!counts.is_empty()).then(|| counts.iter().sum())
}
