//! Which parts of a drill deserve a close-up: half an hour of action in a day is a sliver.

use jiff::{SignedDuration, Timestamp};
use lifeboat_sim::{DrillReport, Truth};

/// A part of the drill that is drawn again, larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CloseUp {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// More of them than this say no more.
const MOST: usize = 6;

/// The parts in which something was done or lost, in order; none when that is most of the drill anyway.
pub(super) fn close_ups(report: &DrillReport) -> Vec<CloseUp> {
    let whole = report.ended.duration_since(report.started);
    // What lies closer together would overlap in the overview, or is one story: a hold-down takes a quarter of an hour.
    let near = (whole / 40).max(SignedDuration::from_mins(20));
    let mut parts: Vec<CloseUp> = Vec::new();
    for (from, to) in busy(report) {
        match parts.last_mut() {
            Some(last) if from <= last.to + near => last.to = last.to.max(to),
            _ => parts.push(CloseUp { from, to }),
        }
    }
    while parts.len() > MOST {
        let gap = |at: &usize| parts[at + 1].from.duration_since(parts[*at].to);
        let Some(at) = (0..parts.len() - 1).min_by_key(gap) else { break };
        parts[at].to = parts.remove(at + 1).to;
    }
    let parts: Vec<CloseUp> = parts.into_iter().map(|part| part.with_margin(report)).collect();
    let shown: SignedDuration = parts.iter().map(|part| part.to.duration_since(part.from)).sum();
    if shown * 2 > whole { Vec::new() } else { parts }
}

impl CloseUp {
    fn with_margin(self, report: &DrillReport) -> Self {
        let minute = SignedDuration::from_mins(1);
        let margin = (self.to.duration_since(self.from) / 12).max(minute);
        let minutes = |at: Timestamp| at.duration_since(report.started).as_mins();
        let at = |minutes| report.started + minute * i32::try_from(minutes).unwrap_or(i32::MAX);
        Self {
            from: at(minutes(self.from - margin)).max(report.started),
            to: at(minutes(self.to + margin) + 1).min(report.ended),
        }
    }
}

/// Stretches in which something went on, by their beginning.
fn busy(report: &DrillReport) -> Vec<(Timestamp, Timestamp)> {
    let runs = report.runs.iter().map(|run| (run.started, run.ended));
    let lost = report.planes.iter().flat_map(|plane| &plane.truth).filter(|part| part.is == Truth::Down);
    let edges = lost.flat_map(|part| [(part.from, part.from), (part.to, part.to)]);
    // Service comes and goes without anybody's doing, too.
    let gaps = report.clients.send_gaps.iter().flat_map(|gap| [(gap.from, gap.from), (gap.to, gap.to)]);
    let faults = report.faults.iter().filter_map(|fault| fault.until).map(|until| (until, until));
    let told = report.timeline.iter().map(|happening| (happening.at, happening.at));
    let mut busy: Vec<_> = runs
        .chain(edges)
        .chain(gaps)
        .chain(faults)
        .chain(told)
        // The first and the last moment stand at the edges of the overview.
        .filter(|(from, to)| *to > report.started && *from < report.ended)
        .map(|(from, to)| (from.max(report.started), to))
        .collect();
    busy.sort_unstable();
    busy
}
