//! Assessing: every rule of every service, and the rules about the workload as a whole.

use crate::finding::{Answer, Finding};
use crate::inventory::Inventory;
use crate::rule::{Rule, Subject};
use crate::service::{service_for, services};
use crate::topology::Workload;
use crate::workload_rules;

/// All findings, the worst first; pass included, so that nobody has to guess what was looked at.
pub fn assess(workload: &Workload, seen: &Inventory) -> Vec<Finding> {
    let workload = &*workload.as_observed(seen);
    let mut findings: Vec<Finding> = workload
        .components
        .iter()
        .flat_map(|component| {
            let subject = Subject { component, workload, seen };
            workload_rules::RULES
                .iter()
                .chain(service_for(&component.kind).rules())
                .flat_map(|rule| rule.findings(&subject))
                .collect::<Vec<_>>()
        })
        .collect();
    findings.sort_by(|a, b| {
        let rank = |finding: &Finding| (finding.answer, finding.severity);
        rank(a).cmp(&rank(b)).then_with(|| a.component.cmp(&b.component)).then_with(|| a.rule.cmp(&b.rule))
    });
    findings
}

/// Every rule there is, with the name of the service it belongs to.
pub fn rules() -> impl Iterator<Item = (&'static str, &'static Rule)> {
    let workload = workload_rules::RULES.iter().map(|rule| ("workload", rule));
    workload.chain(
        services().iter().flat_map(|service| service.rules().iter().map(|rule| (service.name(), rule))),
    )
}

/// Findings that forbid a run.
pub fn blocking(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.answer == Answer::Fail && finding.blocks())
}

/// Whether the workload could be moved now, by the latest that is known. Computed, never stored: after any failover it is
/// false until pairs, replication and backups stand again.
pub fn is_protected(workload: &Workload, seen: &Inventory) -> bool {
    let workload = &*workload.as_observed(seen);
    workload
        .components
        .iter()
        .all(|component| service_for(&component.kind).is_protected(component, workload, seen))
}
