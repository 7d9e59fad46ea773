//! From a world that has come to its end to the report about it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call, Target};
use lifeboat_engine::{Outcome, RunEnd, StepView};
use lifeboat_plan::{
    Action, Basis, CallDraft, Digest, Graph, Plan, PlanKind, ReadDraft, Step, StepId, Way, WayKind, counted,
    describe_call, describe_condition, independence,
};
use lifeboat_planner::{Inventory, Prediction};

use crate::report::{FactLine, PredictionReport, RunReport, StepReport};
use crate::station::Station;
use crate::world::Run;

/// The report about one run; `now` is when the drill is over, for a run that is not.
pub(crate) fn run_report(run: &Run, now: Timestamp) -> RunReport {
    let plan = run.station.engine.plan();
    // Only a failover from a region that is gone must stand on its own.
    let is_unplanned = run.purpose.kind == PlanKind::Failover && !run.purpose.planned;
    let verdicts = if is_unplanned { independence(plan, &plan.from) } else { BTreeMap::new() };
    let critical = critical_path(&run.station, plan);
    let steps: Vec<StepReport> = run
        .station
        .engine
        .steps()
        .map(|view| {
            let mut report = step_report(&run.station, view.step, &view);
            report.independence = verdicts.get(view.id).cloned();
            report.critical = critical.contains(view.id);
            // A step that a stage brought waits for its stage.
            report.stage = view.parent.map(ToString::to_string);
            report.after.extend(report.stage.clone());
            report
        })
        .collect();
    let (outcome, succeeded) = match &run.station.finished {
        None if run.ended.is_some() => ("stopped".to_owned(), false),
        None => ("under way when the drill ended".to_owned(), false),
        Some(summary) => match summary.end {
            RunEnd::Done => ("done".to_owned(), true),
            RunEnd::Degraded => (format!("degraded: {}", worst(&steps)), true),
            RunEnd::Failed => (format!("failed: {}", worst(&steps)), false),
        },
    };
    let p95 = |index: usize| way_of(&run.plan.steps[index], &run.plan).forecast.p95;
    let graph = Graph::new(&run.plan.steps).expect("the planner checked the graph");
    RunReport {
        kind: run.purpose.kind.word().to_owned(),
        purpose: run.says.clone(),
        digest: Digest::of(&run.plan).to_string(),
        from: run.plan.from.to_string(),
        to: run.plan.to.to_string(),
        started: run.started,
        ended: run.ended.unwrap_or(now),
        outcome,
        succeeded,
        forecast: graph.schedule(p95).iter().map(|entry| entry.finish).max().unwrap_or_default(),
        critical_path_forecast: graph.critical_path(p95).iter().map(ToString::to_string).collect(),
        critical_path: critical.iter().map(ToString::to_string).collect(),
        steps,
        requests: run.station.engine.requests_sent(),
        reads: run.station.engine.looks_taken(),
        throttled: run.station.throttled,
        facts: facts(&run.plan, run.started),
        notes: run.plan.notes.clone(),
    }
}

fn way_of<'a>(step: &'a Step, plan: &Plan) -> &'a Way {
    step.way(plan.policy.prefer)
}

fn worst(steps: &[StepReport]) -> String {
    let bad: Vec<String> = steps
        .iter()
        .filter(|step| !matches!(step.outcome.as_str(), "done" | "already done"))
        .map(|step| format!("{} {}", step.id, step.outcome))
        .take(3)
        .collect();
    bad.join("; ")
}

/// The chain that really decided how long the run took: from the step that ended last, always back to the predecessor
/// that ended last.
fn critical_path(station: &Station, plan: &Plan) -> Vec<StepId> {
    let ended = |id: &StepId| station.engine.state(id).and_then(|view| view.times.ended);
    let mut path = Vec::new();
    let mut at =
        plan.steps.iter().map(|step| &step.id).filter(|id| ended(id).is_some()).max_by_key(|id| ended(id));
    while let Some(id) = at {
        path.push(id.clone());
        let step = plan.steps.iter().find(|step| step.id == *id);
        at = step
            .and_then(|step| step.after.iter().filter(|id| ended(id).is_some()).max_by_key(|id| ended(id)));
    }
    path.reverse();
    path
}

fn step_report(station: &Station, step: &Step, view: &StepView<'_>) -> StepReport {
    let way = step.way(view.way);
    let sent = station.sent.values().rfind(|sent| sent.step == step.id);
    StepReport {
        id: step.id.to_string(),
        component: step.component.clone(),
        title: step.title.clone(),
        after: step.after.iter().map(ToString::to_string).collect(),
        because: step.because.clone(),
        way: match (view.way, &step.ungraceful) {
            (WayKind::Ungraceful, Some(_)) => "ungraceful".to_owned(),
            _ => "graceful".to_owned(),
        },
        outcome: view
            .outcome()
            .map_or_else(|| "not started".to_owned(), |outcome| short_outcome(outcome, way)),
        why: match view.outcome() {
            Some(outcome) if outcome.is_good() => None,
            Some(outcome) => reason(outcome).or_else(|| view.says.map(str::to_owned)),
            None => view.says.map(str::to_owned),
        },
        forecast: way.forecast.typical,
        forecast_p95: way.forecast.p95,
        forecast_basis: basis(&way.forecast.basis),
        ready: view.times.begun,
        acted: view.times.acted.or(view.times.intended),
        ended: view.times.ended,
        request: sent.map(|sent| one_line(&sent.call)).or_else(|| planned_request(way)),
        body: sent.and_then(|sent| sent_body(way, &sent.call)),
        answer: sent
            .and_then(|sent| sent.answer.as_ref())
            .map(|answer| match answer {
                Ok(answer) => describe_answer(answer),
                Err(lost) => lost.0.clone(),
            })
            .or_else(|| matches!(way.action, Action::Pump(_)).then(|| moved_words(view.moved))),
        started_when: way.started_when.as_ref().map(describe_condition),
        done_when: describe_condition(&way.done_when),
        evidence: evidence(station, way),
        stage: None,
        independence: None,
        loses: way.loses.0.clone(),
        critical: false,
    }
}

/// What was sent, with secrets named instead of shown.
fn sent_body(way: &Way, call: &Call) -> Option<String> {
    let mut body = call.body.clone()?;
    if let Action::Send(CallDraft { body: Some(draft), .. }) = &way.action {
        draft.hide_secrets(&mut body);
    }
    Some(format!("{body:#}"))
}

fn short_outcome(outcome: &Outcome, way: &Way) -> String {
    match outcome {
        // Who only waits has nothing to send: seeing it is all there is to do.
        Outcome::AlreadyDone if way.action == Action::Wait => "done".to_owned(),
        Outcome::Failed { .. } => "failed".to_owned(),
        Outcome::Skipped { .. } => "skipped".to_owned(),
        Outcome::Deferred { .. } => "deferred".to_owned(),
        Outcome::Stuck { .. } => "stuck".to_owned(),
        other => other.to_string(),
    }
}

fn reason(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { why } | Outcome::Stuck { why } => Some(why.clone()),
        Outcome::Skipped { by, why } => Some(format!("{by}: {why}")),
        _ => None,
    }
}

/// Where a forecast comes from, for people.
pub(crate) fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Documented(page) => page.clone(),
        Basis::Measured { runs } => format!("measured in {}", counted(*runs, "run")),
        Basis::Declared => "declared by the owner".to_owned(),
        Basis::Assumed(why) => format!("assumed: {why}"),
    }
}

fn one_line(call: &Call) -> String {
    match &call.target {
        Target::Arm => format!("{} {}", call.method, call.path),
        Target::Host(host) => format!("{} https://{host}{}", call.method, call.path),
    }
}

fn planned_request(way: &Way) -> Option<String> {
    match &way.action {
        Action::Send(call) => Some(format!("{} (not sent)", describe_call(call))),
        Action::Pump(transfer) => Some(format!(
            "peek-lock, send, complete: https://{}/{} → https://{}/{}",
            transfer.from_host,
            transfer.from_paths.join(", "),
            transfer.to_host,
            transfer.to_path
        )),
        Action::Expand(stage) => Some(format!("asks the planner for the steps of `{}`", stage.name)),
        Action::Ask(_) | Action::Wait => None,
    }
}

/// What a transfer knows of itself: how many messages really came twice, only who sees both sides can tell.
fn moved_words((moved, again): (u64, u64)) -> String {
    let sent_on = format!("{} sent on", counted(moved, "message"));
    match again {
        0 => sent_on,
        again => format!(
            "{sent_on}; an answer was lost or a lock ran out: up to {again} may have come more than once"
        ),
    }
}

fn describe_answer(answer: &Answer) -> String {
    match answer.error() {
        Some(error) => format!("{} {}", answer.status, error.innermost()),
        None => format!("{}", answer.status),
    }
}

/// The last look at each read that the condition names: what "done" rests on.
fn evidence(station: &Station, way: &Way) -> Vec<String> {
    let mut lines = Vec::new();
    for read in way.done_when.reads() {
        let Some((at, answer)) = station.looked.get(read) else { continue };
        let says = match answer {
            Ok(answer) => {
                let mut text = answer.body.to_string();
                if text.len() > 600 {
                    text = format!("{}… ({} bytes)", text.chars().take(600).collect::<String>(), text.len());
                }
                format!("{} {text}", answer.status)
            }
            Err(lost) => lost.0.clone(),
        };
        let line = format!("{at} `{read}`: {says}");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// The facts a plan rests on, with their age.
pub(crate) fn facts(plan: &Plan, now: Timestamp) -> Vec<FactLine> {
    plan.facts
        .iter()
        .map(|fact| FactLine {
            key: fact.key.clone(),
            value: fact.value.as_str().map_or_else(|| fact.value.to_string(), str::to_owned),
            age: fact.observed_at.map(|at| now.duration_since(at)),
            source: fact.source.clone(),
        })
        .collect()
}

/// Compares what a run's plan predicted with what was seen when the run was over. What nobody looks at is left out.
pub(crate) fn predictions(
    after: &str,
    predicted: &[Prediction],
    seen: &Inventory,
    now: Timestamp,
) -> Vec<PredictionReport> {
    let compared = predicted.iter().filter_map(|one| Some((one, one.found(seen, now)?)));
    compared
        .map(|(one, found)| PredictionReport {
            after: after.to_owned(),
            fact: format!("{} ({})", one.about(), one.step),
            predicted: one.claim.to_string(),
            found: found.says,
            agrees: found.agrees,
        })
        .collect()
}

/// How long the platform worked for a run: from accepted to done, along its critical path.
pub(crate) fn platform_time(run: &RunReport) -> SignedDuration {
    run.steps
        .iter()
        .filter(|step| step.critical)
        .filter_map(|step| Some(step.ended?.duration_since(step.acted?)))
        .fold(SignedDuration::ZERO, |sum, part| sum + part)
}

/// How long a run waited for names to lead elsewhere, along its critical path: that is neither Azure's work nor ours.
pub(crate) fn names_time(run: &Run) -> SignedDuration {
    let plan = run.station.engine.plan();
    let critical = critical_path(&run.station, plan);
    let waits = |view: &StepView<'_>| {
        let reads = view.step.way(view.way).done_when.reads();
        let is_name = |id| matches!(plan.reads.get(id), Some(ReadDraft::Dns(_)));
        critical.contains(view.id) && !reads.is_empty() && reads.into_iter().all(is_name)
    };
    let took = |view: StepView<'_>| {
        Some(view.times.ended?.duration_since(view.times.acted.or(view.times.intended)?))
    };
    let parts = run.station.engine.steps().filter(waits).filter_map(took);
    parts.fold(SignedDuration::ZERO, |sum, part| sum + part)
}
