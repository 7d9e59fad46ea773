//! The end of a drill: what was asked, forecast and measured; what was lost; how it stands.

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{Plan, counted};
use lifeboat_planner::{FixedTerms, is_protected, moves_names, platform_p95, service_for};

use super::episodes::{Episode, without_loss};
use super::outage::{Milestones, Whereabouts};
use super::{Drill, DrillOutcome, brief};
use crate::log::Tone;
use crate::report::{
    ClientReport, DrillReport, DrillVerdict, LossReport, RpoReport, RtoReport, RtoTerms, RunReport,
    ScenarioSummary,
};
use crate::reporting::{names_time, platform_time, run_report};
use crate::traffic::{Holding, holdings};

/// So many missing queues and subscriptions are named.
const PLACES_NAMED: usize = 4;

impl Drill {
    /// The last moment: whoever is still stranded is counted, and everything is looked at once more.
    pub(super) fn close(&mut self) {
        self.count_stranded(self.left_side());
        self.name_idle_faults();
        self.world.ledger.close(self.world.now);
        self.world.look();
    }

    /// The report.
    pub(super) fn sum_up(mut self) -> DrillOutcome {
        let runs: Vec<RunReport> =
            self.world.runs.iter().map(|run| run_report(run, self.world.now)).collect();
        let found = self.whereabouts();
        let episodes = self.all_episodes();
        let (rto, rpo) = (self.rto(&episodes, &runs), self.rpo(&found, &episodes));
        let losses = self.losses(&found);
        let broken = self.broken_invariants();
        let missed = self.missed(&episodes[0].marks, &rto, &rpo);
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

    fn rto(&self, episodes: &[Episode], runs: &[RunReport]) -> RtoReport {
        // The first outage in full; the others by themselves.
        let first = &episodes[0];
        let asked = self.world.workload.objectives.rto;
        // Nothing was lost: the forecast for the loss that might have been.
        let lost_something = first.marks.lost.is_some();
        let kept = self.kept_plan().filter(|_| !lost_something);
        let forecast = first.forecast.clone().or_else(|| kept.map(|plan| self.forecast_of(plan, false)));
        let actual = self.actual(&first.marks, runs);
        let error_percent = actual.as_ref().zip(forecast.as_ref()).map(|(actual, forecast)| {
            let (actual, forecast) = (actual.total().as_secs_f64(), forecast.total().as_secs_f64());
            if forecast > 0.0 { (actual / forecast - 1.0) * 100.0 } else { 0.0 }
        });
        RtoReport {
            asked,
            forecast,
            actual,
            unrecovered: self.unrecovered(&first.marks),
            back_by_itself: self.is_back(&first.marks),
            without_loss: without_loss(&first.marks),
            later: self.later_outages(episodes, runs),
            error_percent,
        }
    }

    /// What was measured, when a failover brought the clients back.
    pub(super) fn actual(&self, marks: &Milestones, runs: &[RunReport]) -> Option<RtoTerms> {
        let (lost, (number, moved), recovered) = (marks.lost?, marks.moved?, marks.recovered?);
        let suspected = marks.suspected.unwrap_or(lost).max(lost);
        let down = marks.down.unwrap_or(suspected).max(suspected);
        let began = marks.began?.max(down);
        let recovered = recovered.max(moved);
        // What a term lasts without the time in which there was nowhere to go.
        let term = |from: Timestamp, to: Timestamp| to.duration_since(from) - self.nowhere(from, to);
        // Waiting for a person between two attempts is their time, and what Azure did not finish in an attempt is Azure's.
        let span = term(began, moved);
        let waited = marks.waited.min(span);
        let attempts =
            runs[..=number].iter().filter(|run| run.kind == runs[number].kind && run.started >= began);
        // An attempt that failed got nothing from Azure, for as long as it tried.
        let took = |run: &RunReport| {
            if run.started < runs[number].started {
                run.ended.duration_since(run.started)
            } else {
                platform_time(run)
            }
        };
        let names = names_time(&self.world.runs[number]).min(span - waited);
        let platform = attempts.map(took).fold(SignedDuration::ZERO, |sum, part| sum + part);
        let platform = (platform - names).max(SignedDuration::ZERO).min(span - waited - names);
        Some(RtoTerms {
            detection: term(lost, suspected),
            hold_down: term(suspected, down),
            decision: term(down, began) + waited,
            // What is left of all attempts is our own work.
            orchestration: span - waited - platform - names,
            platform,
            dns: term(moved, recovered) + names,
            nowhere: self.nowhere(lost, recovered),
        })
    }

    /// What can be said beforehand: from a failover plan, documented durations and our own settings.
    pub(super) fn forecast_of(&self, plan: &Plan, planned: bool) -> RtoTerms {
        let policy = &self.policy;
        let fixed = if planned { FixedTerms::of_planned_move(policy) } else { FixedTerms::of(policy) };
        RtoTerms {
            detection: fixed.detection,
            hold_down: fixed.hold_down,
            decision: fixed.decision,
            orchestration: fixed.orchestration,
            platform: platform_p95(plan),
            dns: if moves_names(plan) { fixed.dns } else { SignedDuration::ZERO },
            nowhere: SignedDuration::ZERO,
        }
    }

    fn losses(&self, found: &Whereabouts) -> LossReport {
        let moves = self.move_losses();
        LossReport {
            announced: moves.iter().flat_map(|one| one.announced.iter().cloned()).collect(),
            announced_stranded: moves.iter().map(|one| one.announced_stranded).sum(),
            stranded: moves.iter().map(|one| one.stranded).sum(),
            drained: moves.iter().map(|one| one.drained).sum(),
            moves,
            duplicated: self.world.ledger.received_twice + found.again,
            lost: found.lost.len() as u64,
        }
    }

    fn missed(&self, first: &Milestones, rto: &RtoReport, rpo: &RpoReport) -> Vec<String> {
        let mut missed = self.trouble.clone();
        if self.is_forbidden() {
            // Nothing was run: neither a recovery nor a state at the end is anybody's failure.
            return missed;
        }
        if let Some(actual) = &rto.actual
            && actual.total() > rto.asked
        {
            let (worst, term) = actual.named().into_iter().max_by_key(|(_, term)| *term).unwrap_or_default();
            let why = if term == actual.nowhere {
                format!("for {} of it both regions were lost", brief(term))
            } else {
                format!("{worst} took the most ({})", brief(term))
            };
            missed.push(format!(
                "recovery took {}, {} were asked; {why}",
                brief(actual.total()),
                brief(rto.asked)
            ));
        }
        // What is back by itself in time was away no longer than was asked.
        let late = |without: &SignedDuration| *without > rto.asked || !rto.back_by_itself;
        if let Some(without) = rto.unrecovered.filter(late) {
            missed.push(self.why_unrecovered(first, without, rto.asked));
        }
        missed.extend(self.missed_later(&rto.later));
        missed.extend(missed_point(rpo));
        if !is_protected(&self.world.workload, self.inventory()) && self.trouble.is_empty() {
            missed.push(format!("at the end the workload is {}", self.word()));
        }
        missed
    }

    /// A loss that no failover ended, in words.
    pub(super) fn why_unrecovered(
        &self,
        marks: &Milestones,
        without: SignedDuration,
        asked: SignedDuration,
    ) -> String {
        let lost = marks.lost.unwrap_or(self.world.now);
        let until = match (self.served_again(lost), marks.restored) {
            (Some(served), restored) if restored.is_none_or(|restored| served < restored) => {
                "until sends were acknowledged again"
            }
            (_, Some(_)) => "until the region was back",
            (_, None) => "until the end of the drill",
        };
        let why = match (marks.moved, marks.began, marks.down) {
            (Some(_), _, _) if marks.back_by_itself => {
                "clients were back because the region was, and the failover came after it".to_owned()
            }
            (Some(_), _, _) => self.why_nobody_followed(),
            (None, Some(_), _) => "no failover succeeded".to_owned(),
            (None, None, Some(_)) => "no failover was begun".to_owned(),
            (None, None, None) if marks.restored.is_none() && without < self.policy.hold_down * 2 => {
                return format!(
                    "the drill ended {} after the loss, before the hold-down of {} was over: give the scenario a longer \
                     duration",
                    brief(without),
                    brief(self.policy.hold_down)
                );
            }
            (None, None, None) => "the region was never taken for lost".to_owned(),
        };
        let clients = self.world.clients.as_ref().map_or((0, 0), crate::clients::Clients::counts);
        let who = if clients == (0, 0) { "the workload was" } else { "clients were" };
        let nowhere = self.nowhere(lost, lost + without);
        let nowhere = if nowhere.is_zero() {
            String::new()
        } else {
            format!("; for {} of it both regions were lost", brief(nowhere))
        };
        format!(
            "not recovered by a failover: {who} without service for {}, {until}; {} were asked; {why}{nowhere}",
            brief(without),
            brief(asked)
        )
    }

    /// A failover succeeded, and clients have no service: what they use is not there, or they hold on to the old address.
    fn why_nobody_followed(&self) -> String {
        let active = self.life.active();
        let standing = self.world.standing();
        let there = holdings(&self.world.lab);
        let channels = self.world.clients.as_ref().map_or(&[][..], |clients| &clients.channels);
        let missing: Vec<(&str, &str)> = channels
            .iter()
            .filter_map(|channel| {
                let component =
                    standing.components.iter().find(|component| component.name == channel.component)?;
                let resource = component.on(active).name();
                let stands = |one: &Holding| {
                    one.resource.eq_ignore_ascii_case(resource)
                        && one.place.eq_ignore_ascii_case(&channel.place)
                };
                (!there.iter().any(stands)).then_some((channel.name.as_str(), resource))
            })
            .collect();
        let Some((_, resource)) = missing.first() else {
            return "the failover succeeded, and clients had not all followed".to_owned();
        };
        let named: Vec<String> =
            missing.iter().take(PLACES_NAMED).map(|(name, _)| format!("`{name}`")).collect();
        let more = match missing.len().saturating_sub(PLACES_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(
            "the alias moved, and {}{more} are missing in {resource}: nobody can send to them there, and no drain can bring \
             over what lies in them; create them there, and protect the workload before it is needed again",
            named.join(", ")
        )
    }

    fn word(&self) -> &'static str {
        self.life.word(is_protected(&self.world.workload, self.inventory()))
    }

    fn clients(&self, found: &Whereabouts) -> ClientReport {
        let (producers, consumers) =
            self.world.clients.as_ref().map_or((0, 0), crate::clients::Clients::counts);
        let ledger = &self.world.ledger;
        let out_of_reach = (found.behind.len() + found.aside.len()) as u64;
        ClientReport {
            producers,
            consumers,
            acknowledged: ledger.acknowledged,
            failed_sends: ledger.failed_sends,
            received: ledger.received,
            received_twice: ledger.received_twice,
            received_unacknowledged: ledger.received_unpromised,
            still_held: found.held + out_of_reach,
            out_of_reach,
            send_gaps: ledger.gaps.clone(),
            // Where nobody tries, there is no gap.
            longest_send_gap: if producers == 0 { SignedDuration::ZERO } else { ledger.longest_send_gap },
            longest_receive_gap: if consumers == 0 {
                SignedDuration::ZERO
            } else {
                ledger.longest_receive_gap
            },
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
    if rpo.is_met() {
        return None;
    }
    let judged = rpo.judged();
    let when = if Some(judged) == rpo.missing_at_recovery {
        "were out of reach when service was back"
    } else {
        "are out of reach at the end"
    };
    Some(format!(
        "recovery point: {} from up to {} before the loss {when}, {} were asked",
        counted(judged.messages, "message"),
        brief(judged.reaches_back),
        if rpo.asked.is_zero() { "none".to_owned() } else { brief(rpo.asked) }
    ))
}
