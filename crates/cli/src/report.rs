//! What a drill found out, for three readers: a terminal, a program, and somebody with a browser at 3 a.m.

pub mod html;
pub mod json;
pub mod text;

use lifeboat_plan::{Loss, LossKind, Verdict};
use lifeboat_sim::{DrillReport, DrillVerdict, StepReport};

use crate::style::Tone;

/// The verdict in two words, its tone and its reasons.
pub(crate) fn verdict(report: &DrillReport) -> (&'static str, Tone, &[String]) {
    match &report.verdict {
        DrillVerdict::Passed => ("passed", Tone::Good, &[]),
        DrillVerdict::Missed(reasons) if reasons.iter().any(|why| why.starts_with("cannot be protected")) => {
            ("cannot be protected", Tone::Bad, reasons)
        }
        // Without a second region there is no failover whose objectives could be missed.
        DrillVerdict::Missed(reasons)
            if !reasons.is_empty() && reasons.iter().all(|why| why.starts_with("prepare ")) =>
        {
            ("could not be prepared", Tone::Bad, reasons)
        }
        DrillVerdict::Missed(reasons) => ("objective missed", Tone::Bad, reasons),
        DrillVerdict::Broken(reasons) => ("broken", Tone::Bad, reasons),
    }
}

/// The word for what becomes of something that is lost.
pub(crate) fn loss_word(kind: LossKind) -> &'static str {
    match kind {
        LossKind::Stranded => "stranded",
        LossKind::Lost => "lost",
        LossKind::Reset => "not carried over",
    }
}

/// A loss without its kind: `1,204 active messages in orders`.
pub(crate) fn loss_words(loss: &Loss) -> String {
    match loss.count {
        Some(1) => format!("1 {}", loss.what.replacen("messages", "message", 1)),
        Some(count) => format!("{} {}", crate::format::count(count), loss.what),
        None => format!("{}, count unknown", loss.what),
    }
}

/// The word for an independence verdict and its tone.
pub(crate) fn independence_word(verdict: &Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Independent => ("independent", Tone::Good),
        Verdict::Contingent(_) => ("contingent", Tone::Warn),
        Verdict::Refused(_) => ("refused", Tone::Bad),
    }
}

/// How long a step really took, from its request (or, without one, from its first look) to its outcome.
pub(crate) fn took(step: &StepReport) -> Option<jiff::SignedDuration> {
    let start = step.acted.or(step.ready)?;
    Some(step.ended?.duration_since(start))
}

/// What the plan announced as gone for good.
pub(crate) fn announced_lost(report: &DrillReport) -> u64 {
    let lost = |loss: &&Loss| loss.kind == LossKind::Lost;
    report.losses.announced.iter().filter(lost).filter_map(|loss| loss.count).sum()
}
