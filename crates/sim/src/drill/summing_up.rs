//! The end of a drill: what was asked, forecast and measured; what was lost; how it stands.

use jiff::SignedDuration;
use lifeboat_plan::{Action, Graph, LossKind, Plan, PlanKind, ReadDraft, ReadId, Step, Way};
use lifeboat_planner::lifecycle::Phase;
use lifeboat_planner::{Side, is_protected, service_for};

use super::{Drill, DrillOutcome, brief};
use crate::log::Tone;
use crate::report::{
    ClientReport, DrillReport, DrillVerdict, LossReport, RtoReport, RtoTerms, RunReport, ScenarioSummary,
    StateLine,
};
use crate::reporting::{platform_time, run_report};
use crate::world::{Purpose, Run};

/// What our own work adds to a run, at worst: requests one after another, and polls that come a little late.
const OUR_WORK: SignedDuration = SignedDuration::from_secs(60);

impl Drill {
    /// The last moment: whoever is still stranded is counted, and everything is looked at once more.
    pub(super) fn close(&mut self) {
        if self.milestones.moved.is_some() && self.stranded.is_empty() {
            self.count_stranded(self.life.active().other());
        }
        self.world.look();
    }

    /// The report.
    pub(super) fn sum_up(mut self) -> DrillOutcome {
        let runs: Vec<RunReport> = self.world.runs.iter().map(run_report).collect();
        let rto = self.rto(&runs);
        let losses = self.losses();
        let broken = self.broken_invariants();
        let missed = self.missed(&rto);
        let verdict = if !broken.is_empty() {
            DrillVerdict::Broken(broken)
        } else if !missed.is_empty() {
            DrillVerdict::Missed(missed)
        } else {
            DrillVerdict::Passed
        };
        let (tone, says) = match &verdict {
            DrillVerdict::Passed => (Tone::Good, "the drill passed".to_owned()),
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
            clients: self.clients(),
            losses,
            runs,
            findings: self.findings.clone(),
            timeline: self.world.log.timeline.clone(),
            predictions: self.predictions.clone(),
            state_after: self.state_after(),
            generic_types: self.generic_types(),
        };
        let journal = self.world.runs.iter().flat_map(|run| run.station.journal.iter().cloned()).collect();
        DrillOutcome { report, events: self.world.log.into_lines(), journal }
    }

    fn rto(&self, runs: &[RunReport]) -> RtoReport {
        let asked = self.world.workload.objectives.rto;
        let forecast = self.forecast();
        let marks = &self.milestones;
        let failover = self.world.runs.iter().position(|run| run.purpose.kind == PlanKind::Failover);
        let actual = failover.and_then(|index| {
            let run = &runs[index];
            let (lost, moved) = (marks.lost?, marks.moved?);
            let suspected = marks.suspected.unwrap_or(lost).max(lost);
            let down = marks.down.unwrap_or(suspected).max(suspected);
            let decided = marks.decided.unwrap_or(run.started).max(down);
            let platform = platform_time(run);
            Some(RtoTerms {
                detection: suspected.duration_since(lost),
                hold_down: down.duration_since(suspected),
                decision: run.started.duration_since(down).max(decided.duration_since(down)),
                orchestration: (moved.duration_since(run.started) - platform).max(SignedDuration::ZERO),
                platform,
                dns: marks
                    .recovered
                    .map_or(SignedDuration::ZERO, |at| at.duration_since(moved).max(SignedDuration::ZERO)),
            })
        });
        let error_percent = actual.as_ref().map(|actual| {
            let (actual, forecast) = (actual.total().as_secs_f64(), forecast.total().as_secs_f64());
            if forecast > 0.0 { (actual / forecast - 1.0) * 100.0 } else { 0.0 }
        });
        RtoReport { asked, forecast, actual, error_percent }
    }

    /// What could have been said before: documented durations, our settings, and nothing that only the lab knows.
    fn forecast(&self) -> RtoTerms {
        let deciding = &self.policy;
        let planned = self.is_planned_move();
        let run = self.world.runs.iter().find(|run| run.purpose.kind == PlanKind::Failover);
        // Seeing a name resolve to its new place is the clients' wait, counted apart.
        let path = |run: &Run| {
            let graph = Graph::new(&run.plan.steps).expect("the planner checked the graph");
            let p95 = |index: usize| {
                let step = &run.plan.steps[index];
                if watches_names(&run.plan, step) {
                    SignedDuration::ZERO
                } else {
                    way(run, step).forecast.p95
                }
            };
            graph.schedule(p95).iter().map(|entry| entry.finish).max().unwrap_or_default()
        };
        let dns = |run: &Run| {
            let names = run.plan.steps.iter().filter(|step| watches_names(&run.plan, step));
            let slowest = names.map(|step| way(run, step).forecast.p95).max();
            slowest.map_or(SignedDuration::ZERO, |ttl| ttl.max(deciding.clients_hold_on))
        };
        RtoTerms {
            detection: if planned { SignedDuration::ZERO } else { super::Probes::detection_bound() },
            hold_down: if planned { SignedDuration::ZERO } else { deciding.hold_down },
            decision: if planned { SignedDuration::ZERO } else { deciding.decision },
            orchestration: OUR_WORK,
            platform: run.map(path).unwrap_or_default(),
            dns: run.map(dns).unwrap_or_default(),
        }
    }

    fn is_planned_move(&self) -> bool {
        self.world
            .runs
            .iter()
            .any(|run| matches!(run.purpose, Purpose { kind: PlanKind::Failover, planned: true, .. }))
    }

    fn losses(&self) -> LossReport {
        let announced_stranded = self
            .announced
            .iter()
            .filter(|loss| loss.kind == LossKind::Stranded)
            .filter_map(|loss| loss.count)
            .sum();
        LossReport {
            announced: self.announced.clone(),
            announced_stranded,
            stranded: self.stranded.values().sum(),
            drained: self.drained.unwrap_or_else(|| self.world.ledger.drained_count()),
            duplicated: self.world.ledger.received_twice,
            lost: self.lost_by_channel().iter().map(|(_, count)| count).sum(),
        }
    }

    fn missed(&self, rto: &RtoReport) -> Vec<String> {
        let mut missed = self.trouble.clone();
        if let Some(actual) = &rto.actual
            && actual.total() > rto.asked
        {
            let worst = actual.named().into_iter().max_by_key(|(_, term)| *term).map_or("", |(name, _)| name);
            missed.push(format!(
                "recovery took {}, {} were asked; {worst} took the most",
                brief(actual.total()),
                brief(rto.asked)
            ));
        }
        if self.milestones.lost.is_some() && self.milestones.moved.is_none() && self.stands_in_a_region() {
            missed.push("the region was lost and the workload was never moved".to_owned());
        }
        if !is_protected(&self.world.workload, self.inventory()) && self.trouble.is_empty() {
            missed.push(format!("at the end the workload is {}", self.word()));
        }
        missed
    }

    /// Whether anything of the workload is lost with its region: global resources are not.
    fn stands_in_a_region(&self) -> bool {
        let site = &self.world.workload.primary;
        site.resources.iter().any(|declared| declared.location.as_ref() == Some(&site.region))
    }

    fn word(&self) -> &'static str {
        self.life.word(is_protected(&self.world.workload, self.inventory()))
    }

    fn clients(&self) -> ClientReport {
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
            longest_send_gap: ledger.longest_send_gap,
            longest_receive_gap: ledger.longest_receive_gap,
            minutes: ledger.minutes.clone(),
        }
    }

    fn state_after(&self) -> Vec<StateLine> {
        let workload = &self.world.workload;
        let active = self.life.active();
        let mut lines = vec![StateLine {
            component: "workload".to_owned(),
            state: self.word().to_owned(),
            says: match self.life.phase() {
                Phase::Serving => format!("serves from {}", workload.site(active).region),
                phase => format!("serves from {}, {phase}", workload.site(active).region),
            },
        }];
        for component in workload.components.iter().filter(|component| component.secondary.is_some()) {
            let protected = service_for(&component.kind).is_protected(component, workload, self.inventory());
            lines.push(StateLine {
                component: component.name.clone(),
                state: if protected { "protected" } else { "unprotected" }.to_owned(),
                says: format!(
                    "{} serves, {} stands by",
                    component.on(active).name(),
                    component.on(active.other()).name()
                ),
            });
        }
        lines
    }

    fn generic_types(&self) -> Vec<String> {
        let mut types: Vec<String> = self
            .world
            .workload
            .components
            .iter()
            .filter(|component| service_for(&component.kind).name() == "any resource")
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

    /// The side that is not serving.
    pub(super) fn left_side(&self) -> Side {
        self.life.active().other()
    }
}

fn way<'a>(run: &'a Run, step: &'a Step) -> &'a Way {
    step.way(run.plan.policy.prefer)
}

/// Whether all that a step does is to look where names lead.
fn watches_names(plan: &Plan, step: &Step) -> bool {
    let way = step.way(plan.policy.prefer);
    let reads = way.done_when.reads();
    let is_name = |id: &&ReadId| matches!(plan.reads.get(*id), Some(ReadDraft::Dns(_)));
    way.action == Action::Wait && !reads.is_empty() && reads.iter().all(is_name)
}
