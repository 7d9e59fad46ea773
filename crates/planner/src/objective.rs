//! The recovery time that is asked for, against the one that can be foreseen: known long before the day, so said then.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_plan::{Endpoint, Plan, PlanKind};

use crate::finding::{Answer, Evidence, Finding, Severity};
use crate::inventory::Inventory;
use crate::planning::plan;
use crate::predict::predict;
use crate::recovery_time::Foreseen;
use crate::rule::Rule;
use crate::service::{Planning, StrategyKind};
use crate::strategy::choose_for;
use crate::topology::{Side, Workload};
use crate::workload::FailoverPolicy;

/// Asked once of the whole workload, and with the failover's policy: the table of rules asks by component.
pub(crate) const RULES: &[Rule] = &[RTO];

const RTO: Rule = Rule {
    id: "WL-RTO",
    title: "the recovery time that is asked for can be kept",
    severity: Severity::High,
    cites: &["S11"],
    guidance: "If RTO does not allow time for redeployment, the recommendation is to deploy all primary region \
        resources in a secondary region also.",
    why: "the terms of a recovery are known beforehand: an objective that their sum misses is missed on the day, too",
    remedy: "shorten the longest term (`failover.holdDown`, `failover.decision`, `failover.policy`, \
        `failover.clientsHoldOn`), or ask for the recovery time that there is in `objectives.rto`",
    remedied_by: None,
    fault: "a recovery time of 20 minutes is asked for, and the hold-down alone takes 15",
    check: |_| Vec::new(),
};

/// Whether the recovery time can be kept, by the plan that would be made now.
pub(crate) fn finding(workload: &Workload, seen: &Inventory, policy: &FailoverPolicy) -> Finding {
    let asked = workload.objectives.rto;
    let (answer, says) = match foreseen(workload, seen, policy) {
        Err(why) => (Answer::Unknown, why),
        Ok(foreseen) if foreseen.meets(asked) => (Answer::Pass, foreseen.verdict(asked)),
        Ok(foreseen) => (Answer::Fail, foreseen.lines(asked).join("; ")),
    };
    Finding {
        rule: RTO.id.to_owned(),
        answer,
        severity: RTO.severity,
        component: "workload".to_owned(),
        resource: None,
        title: RTO.title.to_owned(),
        evidence: vec![Evidence::says(says)],
        why: RTO.why.to_owned(),
        remedy: RTO.advice(answer),
        accepted: None,
    }
}

/// The recovery time of a failover once everything is prepared; or why nobody can tell.
fn foreseen(workload: &Workload, seen: &Inventory, policy: &FailoverPolicy) -> Result<Foreseen, String> {
    let chosen =
        choose_for(workload, seen, policy).map_err(|why| format!("no strategies can be chosen: {why}"))?;
    let strategies: BTreeMap<String, StrategyKind> =
        chosen.strategies.into_iter().map(|(name, strategy)| (name, strategy.kind)).collect();
    let endpoint = Endpoint::Lab("offline".to_owned());
    let made = |kind: PlanKind, planned: bool, seen: &Inventory| -> Result<Plan, String> {
        let planning = Planning {
            kind,
            workload,
            seen,
            endpoint: &endpoint,
            active: Side::Primary,
            planned,
            returning: false,
            strategies: &strategies,
            now: Timestamp::UNIX_EPOCH,
        };
        plan(&planning).map_err(|why| format!("there is no plan to {}: {why}", kind.word()))
    };
    let prepared = predict(seen, &made(PlanKind::Prepare, true, seen)?);
    Ok(Foreseen::of(&made(PlanKind::Failover, false, &prepared)?, policy))
}
