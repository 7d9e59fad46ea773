//! The end of a drill: what was asked, forecast and measured; what was lost; how it stands.

use jiff::SignedDuration;
use lifeboat_plan::Plan;
use lifeboat_planner::{FixedTerms, is_protected, moves_names, platform_p95, service_for};

use super::outage::Whereabouts;
use super::{Drill, DrillOutcome, brief};
use crate::log::Tone;
use crate::report::{
    ClientReport, DrillReport, DrillVerdict, LossReport, RpoReport, RtoReport, RtoTerms, RunReport,
    ScenarioSummary,
};
use crate::reporting::{platform_time, run_report};

impl Drill {
    /// The last moment: whoever is still stranded is counted, and everything is looked at once more.
    pub(super) fn close(&mut self) {
        self.count_stranded(self.left_side());
        self.name_idle_faults();
        self.mark_nowhere(false);
        self.world.ledger.close(self.world.now);
        self.world.look();
    }

    /// The report.
    pub(super) fn sum_up(mut self) -> DrillOutcome {
        let runs: Vec<RunReport> = self.world.runs.iter().map(run_report).collect();
        let found = self.whereabouts();
        let (rto, rpo) = (self.rto(&runs), self.rpo(&found));
        let losses = self.losses(&found);
        let broken = self.broken_invariants();
        let missed = self.missed(&rto, &rpo);
        let verdict = if !broken.is_empty() {
            DrillVerdict::Broken(broken)
        } else if !missed.is_empty() {
            DrillVerdict::Missed(missed)
        } else {
            DrillVerdict::Passed
        };
        let (tone, says) = match &verdict {
            DrillVerdict::Passed => match self.reservations().as_slice() {
                [] => (Tone::Good, "the drill passed".to_owned()),
                why => (
                    Tone::Plain,
                    format!("the drill passed, as far as Lifeboat has rules: {}", why.join("; ")),
                ),
            },
            DrillVerdict::Missed(why) => (Tone::Bad, format!("missed: {}", why.join("; "))),
            DrillVerdict::Broken(why) => (Tone::Bad, format!("broken: {}", why.join("; "))),
        };
        self.world.log.happens(self.world.now, "world", tone, says);
        self.log_minutes();
        let report = DrillReport {
            workload: self.world.workload.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: self.world.seed,
            scenario: ScenarioSummary {
                name: self.scenario.name.clone(),
                story: self.scenario.story.clone(),
            },
            primary: self.world.workload.primary.region.to_string(),
            secondary: self.world.workload.secondary.region.to_string(),
            started: self.opened.unwrap_or(self.world.start),
            ended: self.world.now,
            assumptions: self.assumptions.clone(),
            verdict,
            rto,
            rpo,
            clients: self.clients(&found),
            losses,
            runs,
            findings: self.findings.clone(),
            timeline: self.world.log.timeline.clone(),
            planes: self.planes(),
            faults: self.world.log.planes.faults(),
            predictions: self.predictions.clone(),
            state_after: self.state_after(),
            reservations: self.reservations(),
            generic_types: self.generic_types(),
        };
        let journal = self.world.runs.iter().flat_map(|run| run.station.journal.iter().cloned()).collect();
        DrillOutcome { report, events: self.world.log.into_lines(), journal }
    }

    fn rto(&self, runs: &[RunReport]) -> RtoReport {
        let asked = self.world.workload.objectives.rto;
        // Nothing was lost: the forecast for the loss that might have been.
        let forecast = self.forecast.clone().unwrap_or_else(|| self.forecast_of(self.kept.as_ref(), false));
        let actual = self.actual(runs);
        let error_percent = actual.as_ref().map(|actual| {
            let (actual, forecast) = (actual.total().as_secs_f64(), forecast.total().as_secs_f64());
            if forecast > 0.0 { (actual / forecast - 1.0) * 100.0 } else { 0.0 }
        });
        RtoReport { asked, forecast, actual, unrecovered: self.unrecovered(), error_percent }
    }

    /// What was measured, when a failover brought the clients back.
    fn actual(&self, runs: &[RunReport]) -> Option<RtoTerms> {
        let marks = &self.milestones;
        let (lost, (number, moved), recovered) = (marks.lost?, marks.moved?, marks.recovered?);
        let suspected = marks.suspected.unwrap_or(lost).max(lost);
        let down = marks.down.unwrap_or(suspected).max(suspected);
        let began = marks.began?.max(down);
        let platform = platform_time(&runs[number]);
        Some(RtoTerms {
            detection: suspected.duration_since(lost),
            hold_down: down.duration_since(suspected),
            decision: began.duration_since(down),
            // Attempts that failed before the one that succeeded are our own work, too.
            orchestration: (moved.duration_since(began) - platform).max(SignedDuration::ZERO),
            platform,
            dns: recovered.duration_since(moved).max(SignedDuration::ZERO),
        })
    }

    /// What can be said beforehand: from a failover plan, documented durations and our own settings.
    pub(super) fn forecast_of(&self, plan: Option<&Plan>, planned: bool) -> RtoTerms {
        let policy = &self.policy;
        let fixed = if planned { FixedTerms::of_planned_move(policy) } else { FixedTerms::of(policy) };
        RtoTerms {
            detection: fixed.detection,
            hold_down: fixed.hold_down,
            decision: fixed.decision,
            orchestration: fixed.orchestration,
            platform: plan.map(platform_p95).unwrap_or_default(),
            dns: if plan.is_some_and(moves_names) { fixed.dns } else { SignedDuration::ZERO },
        }
    }

    fn losses(&self, found: &Whereabouts) -> LossReport {
        let moves = self.move_losses();
        LossReport {
            announced: moves.first().map(|one| one.announced.clone()).unwrap_or_default(),
            announced_stranded: moves.iter().map(|one| one.announced_stranded).sum(),
            stranded: moves.iter().map(|one| one.stranded).sum(),
            drained: moves.iter().map(|one| one.drained).sum(),
            moves,
            duplicated: self.world.ledger.received_twice,
            lost: found.lost.len() as u64,
        }
    }

    fn missed(&self, rto: &RtoReport, rpo: &RpoReport) -> Vec<String> {
        let mut missed = self.trouble.clone();
        if let Some(actual) = &rto.actual
            && actual.total() > rto.asked
        {
            let worst = actual.named().into_iter().max_by_key(|(_, term)| *term).map_or("", |(name, _)| name);
            let nowhere = self.milestones.nowhere;
            let why = if worst == "decision" && nowhere > actual.decision / 2 {
                format!("for {} of it both regions were lost", brief(nowhere))
            } else {
                format!("{worst} took the most")
            };
            missed.push(format!(
                "recovery took {}, {} were asked; {why}",
                brief(actual.total()),
                brief(rto.asked)
            ));
        }
        if let Some(without) = rto.unrecovered {
            missed.push(self.why_unrecovered(without, rto.asked));
        }
        missed.extend(missed_point(rpo));
        if !is_protected(&self.world.workload, self.inventory()) && self.trouble.is_empty() {
            missed.push(format!("at the end the workload is {}", self.word()));
        }
        missed
    }

    /// A loss that no failover ended, in words.
    fn why_unrecovered(&self, without: SignedDuration, asked: SignedDuration) -> String {
        let marks = &self.milestones;
        let without = brief(without);
        let until = match marks.restored {
            Some(_) => "until the region was back",
            None => "until the end of the drill",
        };
        let why = match (marks.moved, marks.began, marks.down) {
            (Some(_), _, _) => "the failover succeeded, and clients had not all followed",
            (None, Some(_), _) => "no failover succeeded",
            (None, None, Some(_)) => "no failover was begun",
            (None, None, None) => {
                return format!(
                    "the drill ended {without} after the loss, before the hold-down of {} was over: give the scenario \
                     a longer duration",
                    brief(self.policy.hold_down)
                );
            }
        };
        format!(
            "not recovered: clients were without service for {without}, {until}; {} were asked; {why}",
            brief(asked)
        )
    }

    fn word(&self) -> &'static str {
        self.life.word(is_protected(&self.world.workload, self.inventory()))
    }

    fn clients(&self, found: &Whereabouts) -> ClientReport {
        let (producers, consumers) =
            self.world.clients.as_ref().map_or((0, 0), crate::clients::Clients::counts);
        let ledger = &self.world.ledger;
        ClientReport {
            producers,
            consumers,
            acknowledged: ledger.acknowledged,
            failed_sends: ledger.failed_sends,
            received: ledger.received,
            received_twice: ledger.received_twice,
            still_held: found.held + found.behind.len() as u64,
            longest_send_gap: ledger.longest_send_gap,
            longest_receive_gap: ledger.longest_receive_gap,
            minutes: ledger.minutes.clone(),
            held: self.held(),
        }
    }

    fn generic_types(&self) -> Vec<String> {
        let mut types: Vec<String> = self
            .world
            .workload
            .components
            .iter()
            .filter(|component| !service_for(&component.kind).has_rules())
            .map(|component| component.kind.to_string())
            .collect();
        types.sort();
        types.dedup();
        types
    }

    /// Counts per minute, into the event log.
    fn log_minutes(&mut self) {
        let Some(opened) = self.opened else { return };
        for minute in &self.world.ledger.minutes {
            let at = opened + SignedDuration::from_mins(i64::from(minute.minute) + 1);
            let counts = serde_json::json!({
                "acknowledged": minute.acknowledged,
                "failed": minute.failed,
                "received": minute.received,
                "atPrimary": minute.at_primary,
            });
            self.world.log.detail(at, "clients", "minute", counts);
        }
    }
}

/// The recovery point, when it was missed.
fn missed_point(rpo: &RpoReport) -> Option<String> {
    let gone = rpo.never_came_back;
    if gone.messages > 0 && gone.reaches_back > rpo.asked {
        return Some(format!(
            "{} messages from up to {} before the loss never came back, {} were asked",
            gone.messages,
            brief(gone.reaches_back),
            brief(rpo.asked)
        ));
    }
    let missing = rpo.missing_at_recovery.filter(|missing| rpo.asked.is_zero() && missing.messages > 0)?;
    Some(format!(
        "{} messages were missing when service came back, and a recovery point of nothing was asked",
        missing.messages
    ))
}
