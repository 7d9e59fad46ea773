//! Plans for programs: the plan itself and everything that is derived from it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{
    Action, Digest, Plan, Scheduled, StepId, Verdict, WayKind, as_az_rest, describe_call, independence,
};
use serde::Serialize;

use super::{Times, chosen, fact_age, lost_region};
use crate::errors::CliError;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    assumptions: &'a [String],
    recovery_time: &'a [String],
    digest: String,
    forecast_p95: SignedDuration,
    critical_path: Vec<&'a str>,
    schedule: &'a [Scheduled],
    independence: BTreeMap<StepId, Verdict>,
    fact_ages: BTreeMap<&'a str, Option<SignedDuration>>,
    requests: Vec<Request<'a>>,
    plan: &'a Plan,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    step: &'a StepId,
    way: WayKind,
    call: String,
    az_rest: String,
}

/// The plan with its digest, schedule, critical path, independence proof and requests, what had to be assumed, and the sum
/// that makes the recovery time.
pub fn plan_json(
    plan: &Plan,
    assumptions: &[String],
    recovery: &[String],
    now: Timestamp,
) -> Result<String, CliError> {
    let times =
        Times::of(plan).map_err(|error| CliError::caused_by("the steps of the plan make no graph", error))?;
    let requests = plan.steps.iter().filter_map(|step| {
        let (kind, way) = chosen(plan, step);
        let Action::Send(call) = &way.action else { return None };
        Some(Request { step: &step.id, way: kind, call: describe_call(call), az_rest: as_az_rest(call) })
    });
    let document = Document {
        assumptions,
        recovery_time: recovery,
        digest: Digest::of(plan).to_string(),
        forecast_p95: times.total(),
        critical_path: times.critical_ids(),
        schedule: times.schedule(),
        independence: lost_region(plan).map(|lost| independence(plan, lost)).unwrap_or_default(),
        fact_ages: plan.facts.iter().map(|fact| (fact.key.as_str(), fact_age(fact, now))).collect(),
        requests: requests.collect(),
        plan,
    };
    serde_json::to_string_pretty(&document)
        .map_err(|error| CliError::caused_by("the plan cannot be written as JSON", error))
}
