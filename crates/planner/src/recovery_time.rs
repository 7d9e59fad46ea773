//! How long a recovery takes, as can be said beforehand: from settings and documented durations, and from nothing that
//! only the world knows. The choice of strategies and the forecast of a drill add up the same terms.

use jiff::SignedDuration;
use lifeboat_plan::{Action, Graph, Plan, ReadDraft, Step, Way, duration};
use serde::Serialize;

use crate::detector::DetectorSettings;
use crate::workload::{DecisionPolicy, FailoverPolicy};

/// Requests one after another, and polls that come a little late.
const ORCHESTRATION: SignedDuration = SignedDuration::from_secs(60);
/// A record that is made to be moved lives a minute in resolvers.
const DNS: SignedDuration = SignedDuration::from_secs(60);

/// What a recovery takes besides the components themselves. One after the other: their sum counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FixedTerms {
    /// From the loss until it is suspected.
    pub detection: SignedDuration,
    /// From the suspicion until it counts.
    pub hold_down: SignedDuration,
    /// What people may take to decide; nothing when the policy is automatic.
    pub decision: SignedDuration,
    /// Lifeboat's own work between Azure's.
    pub orchestration: SignedDuration,
    /// Until resolvers have forgotten the old address, clients that hold on included.
    pub dns: SignedDuration,
}

impl FixedTerms {
    /// What a failover takes under this policy after a loss that nobody announced.
    pub fn of(policy: &FailoverPolicy) -> Self {
        Self {
            detection: DetectorSettings::usual(policy.hold_down).detection_bound(),
            hold_down: policy.hold_down,
            decision: match policy.policy {
                DecisionPolicy::Automatic => SignedDuration::ZERO,
                DecisionPolicy::Manual | DecisionPolicy::Propose => policy.decision,
            },
            orchestration: ORCHESTRATION,
            dns: DNS.max(policy.clients_hold_on),
        }
    }

    /// The same for a move by choice: nothing must be found out, and it is decided already.
    pub fn of_planned_move(policy: &FailoverPolicy) -> Self {
        let zero = SignedDuration::ZERO;
        Self { detection: zero, hold_down: zero, decision: zero, ..Self::of(policy) }
    }

    /// All of them.
    pub fn sum(&self) -> SignedDuration {
        self.detection + self.hold_down + self.decision + self.orchestration + self.dns
    }
}

/// The recovery time of a failover after a loss that nobody announced, as its plan and the settings tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Foreseen {
    /// What it takes besides the platform; nothing for names where the plan moves none.
    pub fixed: FixedTerms,
    /// The platform's part, at p95.
    pub platform: SignedDuration,
}

impl Foreseen {
    /// Of a plan for an unplanned failover.
    pub fn of(plan: &Plan, policy: &FailoverPolicy) -> Self {
        let fixed = FixedTerms::of(policy);
        let dns = if moves_names(plan) { fixed.dns } else { SignedDuration::ZERO };
        Self { fixed: FixedTerms { dns, ..fixed }, platform: platform_p95(plan) }
    }

    /// All terms by name, in order of time.
    pub fn named(&self) -> [(&'static str, SignedDuration); 6] {
        [
            ("detection", self.fixed.detection),
            ("hold-down", self.fixed.hold_down),
            ("decision", self.fixed.decision),
            ("orchestration", self.fixed.orchestration),
            ("platform", self.platform),
            ("DNS and clients", self.fixed.dns),
        ]
    }

    /// The recovery time.
    pub fn total(&self) -> SignedDuration {
        self.fixed.sum() + self.platform
    }

    /// Whether it is in time.
    pub fn meets(&self, objective: SignedDuration) -> bool {
        self.total() <= objective
    }

    /// The sum as a person would write it down, against what was asked.
    pub fn lines(&self, objective: SignedDuration) -> Vec<String> {
        let named = self.named();
        let mut lines: Vec<String> =
            named.iter().map(|(name, takes)| format!("{name} {}", duration(*takes))).collect();
        lines.push(self.verdict(objective));
        lines
    }

    /// The sum in a line.
    pub fn verdict(&self, objective: SignedDuration) -> String {
        let sum = format!("total {}, asked {}", duration(self.total()), duration(objective));
        let named = self.named();
        // Of equals the first: it is the one that can be had without waiting for anything else.
        let longest = named.iter().rev().max_by_key(|(_, takes)| *takes).map_or("", |(name, _)| *name);
        if self.meets(objective) { sum } else { format!("{sum}: missed, {longest} takes the most") }
    }
}

/// What the platform takes for a plan, at p95 along its critical path. Seeing a name resolve to its new place is the
/// clients' wait and not counted here.
pub fn platform_p95(plan: &Plan) -> SignedDuration {
    let Ok(graph) = Graph::new(&plan.steps) else { return SignedDuration::ZERO };
    let p95 = |index: usize| {
        let step = &plan.steps[index];
        if watches_names(plan, step) { SignedDuration::ZERO } else { way(plan, step).forecast.p95 }
    };
    graph.schedule(p95).iter().map(|entry| entry.finish).max().unwrap_or_default()
}

/// Whether clients must follow a name for the plan to have done its work.
pub fn moves_names(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| watches_names(plan, step))
}

fn way<'a>(plan: &Plan, step: &'a Step) -> &'a Way {
    step.way(plan.policy.prefer)
}

/// Whether all that a step does is to look where names lead.
fn watches_names(plan: &Plan, step: &Step) -> bool {
    let way = way(plan, step);
    let reads = way.done_when.reads();
    let is_name = |id| matches!(plan.reads.get(id), Some(ReadDraft::Dns(_)));
    way.action == Action::Wait && !reads.is_empty() && reads.into_iter().all(is_name)
}
