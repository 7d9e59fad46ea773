//! Runs of a drill: planned when the lifecycle intends them, executed by the engine, told of when they end.

#[cfg(test)]
mod tests;

use jiff::SignedDuration;
use lifeboat_engine::{Outcome, RunEnd, Summary};
use lifeboat_plan::{PlanKind, StepId};
use lifeboat_planner::lifecycle::{Happened, Health, RunOutcome};
use lifeboat_planner::{Side, leads};

use super::kept::Made;
use super::{Drill, brief};
use crate::log::Tone;
use crate::reporting::predictions;
use crate::traffic;
use crate::world::Purpose;

impl Drill {
    pub(super) fn run_plan(&mut self, kind: PlanKind, active: Side, planned: bool) {
        self.may_break();
        self.world.look();
        let returning = self.life.generation() > 0;
        let purpose = Purpose { kind, active, planned, returning };
        if matches!(kind, PlanKind::Fence | PlanKind::Drain) {
            self.count_stranded(active.other());
        }
        let says = self.says(purpose);
        self.phase.clone_from(&says);
        let Made { plan, says: origin } = self.plan_for(purpose);
        if let Some(origin) = origin {
            self.world.log.happens(self.world.now, "engine", Tone::Plain, format!("{says}: {origin}"));
        }
        let started = plan.and_then(|plan| {
            if matches!(kind, PlanKind::Failover | PlanKind::Failback) {
                self.begin_move(&says, active, &plan, planned);
            }
            if kind == PlanKind::Failover {
                self.milestones.began.get_or_insert(self.world.now);
                // A loss was forecast when it came; a move by choice when its plan is known.
                if self.forecast.is_none() && self.milestones.lost.is_none() {
                    self.forecast = Some(self.forecast_of(&plan, planned));
                }
            }
            self.world.start(purpose, &says, plan)
        });
        match started {
            Ok(None) => {}
            Ok(Some((number, summary))) => self.run_ended(number, &summary),
            Err(why) => {
                let trouble = format!("{says}: no plan: {why}");
                self.world.log.happens(self.world.now, "engine", Tone::Bad, trouble.clone());
                self.note_trouble(purpose, trouble);
                self.finished(kind, RunOutcome::Refused(why));
            }
        }
    }

    fn says(&self, purpose: Purpose) -> String {
        let region = |side: Side| &self.world.workload.site(side).region;
        let (from, to) = (region(purpose.active), region(purpose.active.other()));
        match (purpose.kind, purpose.returning) {
            (PlanKind::Prepare, false) => format!("prepare {to}"),
            (PlanKind::Prepare, true) => format!("protect again in {to}"),
            (PlanKind::Failover, _) if purpose.planned => format!("move to {to}"),
            (PlanKind::Failover, _) => format!("fail over from {from} to {to}"),
            (PlanKind::Failback, _) => format!("go home to {to}"),
            (PlanKind::Fence, _) => format!("fence {to}"),
            (PlanKind::Drain, _) => format!("drain {to}"),
        }
    }

    /// Ends a run before its end: it is paused in its journal, and nothing that comes back for it is acted on any more.
    pub(super) fn stop_run(&mut self, kind: PlanKind) {
        let Some(number) = self.world.stop(kind) else { return };
        self.may_break();
        let says = &self.world.runs[number].says;
        let why = self.why_stopped(kind);
        let says = format!("{says} is stopped: {why}");
        self.world.log.happens(self.world.now, "engine", Tone::Plain, says);
        self.finished(kind, RunOutcome::Stopped);
    }

    fn why_stopped(&self, kind: PlanKind) -> String {
        let active = self.life.active();
        let is_lost = |side: &Side| self.life.health(*side) != Health::Answers;
        match [active, active.other()].iter().find(|side| is_lost(side)) {
            Some(lost) if matches!(kind, PlanKind::Failover | PlanKind::Failback) => {
                let region = &self.world.workload.site(*lost).region;
                format!("good order needs {region}, which is lost; what was begun may still come through")
            }
            Some(lost) => {
                let region = &self.world.workload.site(*lost).region;
                format!("it cannot end before {region} answers, and begins anew then")
            }
            None => "the region it works on serves now".to_owned(),
        }
    }

    pub(super) fn run_ended(&mut self, number: usize, summary: &Summary) {
        self.may_break();
        let now = self.world.now;
        let run = &self.world.runs[number];
        let (purpose, says) = (run.purpose, run.says.clone());
        let took = now.duration_since(run.started);
        self.world.look();
        let outcome = match summary.end {
            RunEnd::Degraded if self.may_stay(purpose.kind, summary) => {
                let says = format!("{says}: what is left stays where it is: {}", why(summary));
                self.world.log.happens(now, "engine", Tone::Plain, says);
                RunOutcome::Done
            }
            RunEnd::Done => RunOutcome::Done,
            RunEnd::Degraded => RunOutcome::Partly(why(summary)),
            RunEnd::Failed => RunOutcome::Failed(why(summary)),
        };
        let (tone, word) = match &outcome {
            RunOutcome::Done => (Tone::Good, "done".to_owned()),
            RunOutcome::Partly(why) => (Tone::Plain, format!("degraded: {why}")),
            RunOutcome::Failed(why) | RunOutcome::Refused(why) => (Tone::Bad, format!("failed: {why}")),
            RunOutcome::Stopped => (Tone::Bad, "stopped".to_owned()),
        };
        self.world.log.happens(now, "engine", tone, ended(&says, &word, took));
        if outcome == RunOutcome::Done {
            self.cure(purpose);
            let run = &self.world.runs[number];
            self.predictions.extend(predictions(&says, &run.predicted, &self.world.inventory, now));
        } else {
            self.note_trouble(purpose, format!("{says}: {word}"));
        }
        if let Some(clients) = &mut self.world.clients {
            let workload = self.world.workload.as_observed(&self.world.inventory);
            traffic::move_home(&workload, &self.world.inventory, &mut clients.channels);
            if traffic::give_aliases(&workload, &self.world.inventory, &mut clients.channels) {
                let says = "their owner gives them the alias, and they work through it from now on";
                self.world.log.happens(now, "clients", Tone::Good, says);
            }
        }
        if purpose.kind == PlanKind::Drain {
            self.count_drained();
        }
        let moved = matches!(outcome, RunOutcome::Done | RunOutcome::Partly(_));
        if moved && matches!(purpose.kind, PlanKind::Failover | PlanKind::Failback) {
            self.has_moved();
        }
        if purpose.kind == PlanKind::Failover && moved && self.milestones.moved.is_none() {
            self.milestones.moved = Some((number, now));
        }
        self.finished(purpose.kind, outcome);
    }

    /// Whether all that a drain could not bring over lies where a fresh resource protects next.
    fn may_stay(&self, kind: PlanKind, summary: &Summary) -> bool {
        let bad = summary.outcomes.iter().filter(|(_, outcome)| !outcome.is_good()).map(|(step, _)| step);
        let mut left = bad.chain(summary.not_started.keys());
        let workload = &self.world.workload;
        kind == PlanKind::Drain
            && left.all(|step| step.as_str().split('/').next().is_some_and(|name| workload.wants_fresh(name)))
    }

    /// The same failure, tried again, is one trouble.
    fn note_trouble(&mut self, purpose: Purpose, trouble: String) {
        self.curable.entry((purpose.kind, purpose.active)).or_default().push(trouble.clone());
        if !self.trouble.contains(&trouble) {
            self.trouble.push(trouble);
        }
    }

    /// What failed and then succeeded is no trouble any more: what it cost in time and messages is measured by itself.
    fn cure(&mut self, purpose: Purpose) {
        let cured = self.curable.remove(&(purpose.kind, purpose.active)).unwrap_or_default();
        self.trouble.retain(|trouble| !cured.contains(trouble));
    }

    /// A move that a run gave up may come through in Azure later: then nothing else tells of it than a look.
    pub(super) fn notice_late_move(&mut self) {
        let led = leads(&self.world.workload, &self.world.inventory);
        if self.life.is_unfinished() && led == Some(self.life.active().other()) {
            self.life_goes_on(Happened::Tick);
        }
    }

    /// A move by choice is given up, and the region that it was to leave serves on: nobody is, or was, without service.
    pub(super) fn stays_where_it_serves(&mut self) {
        let marks = &mut self.milestones;
        // The clock of a wish starts all at once; that of a loss does not.
        let wished = marks.lost.is_some() && marks.lost == marks.suspected && marks.lost == marks.decided;
        if wished && marks.moved.is_none() && self.life.health(self.life.active()) == Health::Answers {
            for mark in
                [&mut marks.lost, &mut marks.suspected, &mut marks.down, &mut marks.decided, &mut marks.began]
            {
                *mark = None;
            }
            self.forecast = None;
        }
    }

    /// Such a move has come through: it is one that succeeded.
    pub(super) fn follow(&mut self, to: Side) {
        let now = self.world.now;
        let is_move = |kind| matches!(kind, PlanKind::Failover | PlanKind::Failback);
        let Some(number) = self.world.runs.iter().rposition(|run| is_move(run.purpose.kind)) else { return };
        let purpose = self.world.runs[number].purpose;
        let kind = purpose.kind;
        let region = &self.world.workload.site(to).region;
        let says = format!("the alias now points at {region}: the {} came through late", kind.word());
        self.world.log.happens(now, "lifecycle", Tone::Good, says);
        self.cure(purpose);
        self.people.saw(kind, &RunOutcome::Done);
        if kind == PlanKind::Failover && self.milestones.moved.is_none() {
            let marks = &mut self.milestones;
            marks.moved = Some((number, now));
            // Clients are without their side since then, where nothing was lost before.
            for mark in
                [&mut marks.lost, &mut marks.suspected, &mut marks.down, &mut marks.decided, &mut marks.began]
            {
                mark.get_or_insert(now);
            }
        }
    }

    fn finished(&mut self, kind: PlanKind, outcome: RunOutcome) {
        let first = kind == PlanKind::Prepare && !self.prepared;
        self.prepared |= kind == PlanKind::Prepare;
        self.people.saw(kind, &outcome);
        "watching".clone_into(&mut self.phase);
        self.life_goes_on(Happened::RunFinished { kind, outcome });
        if first {
            self.open();
        }
    }
}

/// The time before the reason: behind it, it would read as part of it.
fn ended(says: &str, word: &str, took: SignedDuration) -> String {
    match word.split_once(": ") {
        Some((word, why)) => format!("{says}: {word} after {}: {why}", brief(took)),
        None => format!("{says}: {word} after {}", brief(took)),
    }
}

fn why(summary: &Summary) -> String {
    let bad = summary.outcomes.iter().filter(|(_, outcome)| !outcome.is_good());
    let told = |(step, outcome): (&StepId, &Outcome)| match outcome {
        Outcome::Failed { why } => format!("{step}: {why}"),
        other => format!("{step} {other}"),
    };
    bad.map(told).take(3).collect::<Vec<_>>().join("; ")
}
