//! Assessing: every rule of every service, and the rules about the workload as a whole.

use jiff::civil::Date;

use crate::finding::{Answer, Evidence, Finding};
use crate::inventory::Inventory;
use crate::objective;
use crate::rule::{Rule, Subject};
use crate::service::Service;
use crate::services::{service_for, services};
use crate::topology::{Side, Workload};
use crate::workload::{Acceptance, FailoverPolicy};
use crate::workload_rules;

/// All findings, the worst first; pass included, so that nobody has to guess what was looked at.
pub fn assess(workload: &Workload, seen: &Inventory) -> Vec<Finding> {
    let workload = &*workload.as_observed(seen);
    let mut findings: Vec<Finding> = workload
        .components
        .iter()
        .flat_map(|component| {
            let subject = Subject { component, workload, seen, active: Side::Primary };
            workload_rules::RULES
                .iter()
                .chain(service_for(&component.kind).rules())
                .flat_map(|rule| rule.findings(&subject))
                .collect::<Vec<_>>()
        })
        .collect();
    sort(&mut findings);
    findings
}

/// The same, and whether the recovery time that is asked for can be kept under this policy.
pub fn assess_with_objective(workload: &Workload, seen: &Inventory, policy: &FailoverPolicy) -> Vec<Finding> {
    let mut findings = assess(workload, seen);
    findings.push(objective::finding(workload, seen, policy));
    sort(&mut findings);
    findings
}

/// The worst first.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let rank = |finding: &Finding| (finding.answer, finding.severity);
        rank(a).cmp(&rank(b)).then_with(|| a.component.cmp(&b.component)).then_with(|| a.rule.cmp(&b.rule))
    });
}

/// Marks what somebody took responsibility for. An acceptance that is over says so in the finding, which counts again;
/// so does one of what Azure itself refuses: nobody can take responsibility for a request that is never granted.
pub fn accept(findings: &mut [Finding], acceptances: &[Acceptance], today: Date) {
    for finding in findings.iter_mut().filter(|finding| finding.answer != Answer::Pass) {
        let about = || acceptances.iter().filter(|one| one.is_about(&finding.rule, &finding.component));
        let words = |one: &Acceptance| format!("{} (until {})", one.reason, one.until);
        if let Some(holds) = about().find(|one| one.holds_on(today)) {
            if finding.answer == Answer::Fail && is_enforced(&finding.rule) {
                let says = format!(
                    "accepted, but Azure refuses it all the same, and a plan is not possible: {}",
                    words(holds)
                );
                finding.evidence.push(Evidence::says(says));
            } else {
                finding.accepted = Some(words(holds));
            }
        } else if let Some(over) = about().max_by_key(|one| one.until) {
            let says = format!("was accepted, and no longer is: {}; today is {today}", words(over));
            finding.evidence.push(Evidence::says(says));
        }
    }
}

/// Every rule there is, with the name of the service it belongs to.
pub fn rules() -> impl Iterator<Item = (&'static str, &'static Rule)> {
    let workload = workload_rules::RULES.iter().chain(objective::RULES).map(|rule| ("workload", rule));
    workload.chain(services().flat_map(|service| service.rules().iter().map(|rule| (service.name(), rule))))
}

/// Every rule that anything printed can name: also those by which only a plan is refused.
pub fn explained() -> impl Iterator<Item = (&'static str, &'static Rule)> {
    rules().chain(crate::planning::REFUSALS.iter().map(|rule| ("workload", rule)))
}

/// Whether Azure itself refuses what fails this rule, whatever anybody accepts.
pub fn is_enforced(rule: &str) -> bool {
    let services = services().flat_map(Service::enforced);
    workload_rules::ENFORCED.iter().chain(services).any(|id| *id == rule)
}

/// Findings that forbid a run.
pub fn blocking(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.answer == Answer::Fail && finding.blocks())
}

/// Whether the workload could be moved now, by the latest that is known. Computed, never stored: after any failover it
/// is false until pairs, replication and backups stand again.
pub fn is_protected(workload: &Workload, seen: &Inventory) -> bool {
    let workload = &*workload.as_observed(seen);
    workload
        .components
        .iter()
        .all(|component| service_for(&component.kind).is_protected(component, workload, seen))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::finding::Severity;
    use crate::workload::{ComponentName, RuleId};

    fn finding(answer: Answer) -> Finding {
        Finding {
            rule: "SB-PAIRED".into(),
            answer,
            severity: Severity::Blocking,
            component: "orders-bus".into(),
            resource: None,
            title: String::new(),
            evidence: Vec::new(),
            why: String::new(),
            remedy: String::new(),
            accepted: None,
        }
    }

    fn accepted(component: Option<&str>) -> Acceptance {
        Acceptance {
            rule: RuleId::parse("SB-PAIRED").unwrap(),
            reason: "made tomorrow".into(),
            until: date(2026, 6, 30),
            component: component.map(|name| ComponentName::parse(name).unwrap()),
        }
    }

    fn weighed(answer: Answer, acceptance: Acceptance, today: Date) -> Finding {
        let mut findings = [finding(answer)];
        accept(&mut findings, &[acceptance], today);
        let [finding] = findings;
        finding
    }

    #[test]
    fn what_somebody_accepted_blocks_nothing_until_the_day_is_over() {
        let last = weighed(Answer::Fail, accepted(None), date(2026, 6, 30));
        assert_eq!(last.accepted.as_deref(), Some("made tomorrow (until 2026-06-30)"));
        assert!(!last.blocks());

        let after = weighed(Answer::Fail, accepted(None), date(2026, 7, 1));
        assert!(after.accepted.is_none() && after.blocks());
        assert!(
            after.evidence[0].says.contains("no longer is: made tomorrow (until 2026-06-30)"),
            "{after:?}"
        );
    }

    #[test]
    fn what_azure_refuses_is_refused_whoever_accepts_it() {
        let rule = "SB-SKU";
        let mut findings =
            [Answer::Fail, Answer::Unknown].map(|answer| Finding { rule: rule.into(), ..finding(answer) });
        let acceptance = Acceptance { rule: RuleId::parse(rule).unwrap(), ..accepted(None) };
        accept(&mut findings, &[acceptance], date(2026, 1, 1));
        let [fails, unknown] = findings;
        assert!(fails.blocks() && fails.accepted.is_none(), "{fails:?}");
        assert!(fails.evidence[0].says.starts_with("accepted, but Azure refuses it"), "{fails:?}");
        assert!(unknown.accepted.is_some(), "nobody knows yet whether Azure will");
    }

    #[test]
    fn what_azure_enforces_are_rules_that_block() {
        let enforced: Vec<&Rule> =
            rules().map(|(_, rule)| rule).filter(|rule| is_enforced(rule.id)).collect();
        assert!(enforced.len() >= 6, "{}", enforced.len());
        assert!(enforced.iter().all(|rule| rule.severity == Severity::Blocking));
    }

    #[test]
    fn an_acceptance_leaves_alone_what_it_is_not_about() {
        let day = date(2026, 1, 1);
        assert!(weighed(Answer::Fail, accepted(Some("other-bus")), day).blocks());
        assert_eq!(weighed(Answer::Pass, accepted(None), day).accepted, None);
    }
}
