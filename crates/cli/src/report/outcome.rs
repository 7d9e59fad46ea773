//! What came of a drill, in the words that the terminal and the page share: recovery time and point, messages.

use lifeboat_sim::{DrillReport, Missing, RtoReport};

use super::announced_lost;
use crate::format::{counted, duration};
use crate::style::Tone;

/// One line about messages: what, announced, actual.
pub(crate) struct LossRow {
    pub(crate) what: String,
    pub(crate) announced: Option<u64>,
    pub(crate) actual: u64,
    pub(crate) meaning: &'static str,
    pub(crate) tone: Option<Tone>,
}

/// What each move left behind, and what became of it all.
pub(crate) fn loss_rows(report: &DrillReport) -> Vec<LossRow> {
    let losses = &report.losses;
    let row = |what: &str, announced, actual, meaning| LossRow {
        what: what.to_owned(),
        announced,
        actual,
        meaning,
        tone: None,
    };
    let mut rows = Vec::new();
    for one in &losses.moves {
        let what = format!("stranded: {}", one.purpose);
        rows.push(row(&what, Some(one.announced_stranded), one.stranded, "in the region that was left"));
        // A drain also brings what came due, or arrived, after the count.
        let brought = if one.drained > one.stranded {
            "brought over, with what came there after the count"
        } else {
            "of these, brought over"
        };
        rows.push(row("  drained", None, one.drained, brought));
        let read = one.stranded.saturating_sub(one.drained + one.left);
        if read > 0 {
            rows.push(row("  read there", None, read, "of these, before they were drained"));
        }
        if one.left > 0 {
            rows.push(row("  left there", None, one.left, "in the region that was left, not drained"));
        }
    }
    let lost = if losses.lost == 0 { Tone::Good } else { Tone::Bad };
    rows.push(row("duplicated", None, losses.duplicated, "copies beyond the first, under one MessageId"));
    rows.push(LossRow {
        tone: Some(lost),
        ..row("lost", announced_lost(report), losses.lost, "acknowledged, and exist nowhere")
    });
    rows
}

/// The recovery point in words: what was asked, and what was missing.
pub(crate) fn recovery_point(report: &DrillReport) -> (String, Tone) {
    let rpo = &report.rpo;
    let asked = format!("recovery point: {} asked", duration(rpo.asked));
    if report.clients.producers == 0 {
        return (format!("{asked}; not measured: nobody sends"), Tone::Plain);
    }
    let some = |missing: &Missing| {
        format!(
            "{}, the oldest {} old at the loss",
            counted(missing.messages, "message"),
            duration(missing.reaches_back)
        )
    };
    let at_recovery = match &rpo.missing_at_recovery {
        Some(missing) if missing.messages > 0 && report.rto.without_loss.is_some() => {
            let messages = counted(missing.messages, "message");
            format!("; there was no loss, and out of reach when the failover was over: {messages}")
        }
        Some(missing) if missing.messages > 0 => {
            format!("; out of reach when service was back: {}", some(missing))
        }
        _ => String::new(),
    };
    let gone = &rpo.never_came_back;
    let tone = match (rpo.is_met(), gone.messages) {
        (false, _) => Tone::Bad,
        (true, 0) if rpo.unmeasured.is_empty() => Tone::Good,
        (true, _) => Tone::Warn,
    };
    let in_the_end = match gone.messages {
        0 if !rpo.unmeasured.is_empty() => {
            format!("; not measured: nobody looked what became of {}", counted_words(&rpo.unmeasured))
        }
        0 if rpo.left_aside > 0 => "; nothing else was missing in the end".to_owned(),
        0 => "; nothing was missing in the end".to_owned(),
        _ => format!("; out of reach at the end: {}", some(gone)),
    };
    // They are no part of the objective, and the reason belongs beside it.
    let aside = match rpo.left_aside {
        0 => String::new(),
        some => format!(
            "; not counted: {} left out of use and in reach, which readers have had",
            counted(some, "dead letter")
        ),
    };
    (format!("{asked}{at_recovery}{in_the_end}{aside}"), tone)
}

/// The first few of them, and how many more.
fn counted_words(what: &[String]) -> String {
    const NAMED: usize = 3;
    let named = what.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match what.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// What is said in the place of a recovery time that was not measured.
pub(crate) fn no_recovery(rto: &RtoReport) -> (String, Tone) {
    match (rto.unrecovered, rto.without_loss) {
        (Some(without), _) if rto.back_by_itself && without <= rto.asked => {
            (format!("back by itself after {}", duration(without)), Tone::Good)
        }
        (None, Some(took)) => (format!("no outage; the failover itself took {}", duration(took)), Tone::Warn),
        (Some(without), _) => (format!("not recovered in {}", duration(without)), Tone::Bad),
        (None, None) => ("nothing failed over".to_owned(), Tone::Plain),
    }
}
