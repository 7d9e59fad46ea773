//! A realistic drill: West Europe is lost at 08:10, its control plane answers again at 09:40.

mod planes;
mod runs;

use std::str::FromStr as _;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::ResourceId;
use lifeboat_plan::{Loss, LossKind};
use lifeboat_planner::{Answer, Evidence, Finding, Severity};
use lifeboat_sim::{
    ClientReport, DrillReport, DrillVerdict, Gap, Happening, Held, LossReport, Minute, Missing, MoveLosses,
    PredictionReport, RpoReport, RtoReport, RtoTerms, ScenarioSummary, StateLine,
};

const ALIAS: &str = "/subscriptions/5f0c7a6e-93c4-4d0e-b9a1-2f6f6c1a7d11/resourceGroups/orders-neu/providers/Microsoft.ServiceBus/namespaces/orders-bus-neu/disasterRecoveryConfigs/orders";

/// So many seconds after 08:00.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_str("2026-11-23T08:00:00Z").unwrap() + secs(seconds)
}

pub(crate) fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// The whole report.
pub(crate) fn report() -> DrillReport {
    DrillReport {
        workload: "orders".into(),
        version: "0.1.0".into(),
        seed: 7,
        scenario: ScenarioSummary {
            name: "region-lost".into(),
            story: "West Europe goes dark without warning; after 90 minutes its control plane answers again, with \
                    its triggers still firing"
                .into(),
        },
        primary: "westeurope".into(),
        secondary: "northeurope".into(),
        started: at(0),
        ended: at(9_000),
        assumptions: owned(&[
            "nobody said how long a decision takes: 10m, the default of `propose`",
            "parameter `vnetPrefix` has no value: the placeholder `10.0.0.0/16` was used",
            "no secondary was named: `northeurope`, the pair of `westeurope`",
        ]),
        verdict: DrillVerdict::Passed,
        rto: RtoReport {
            asked: secs(2_700),
            forecast: Some(terms([120, 900, 600, 40, 540, 60])),
            actual: Some(terms([95, 900, 412, 33, 588, 74])),
            unrecovered: None,
            back_by_itself: false,
            without_loss: None,
            later: Vec::new(),
            error_percent: Some(-7.0),
        },
        rpo: RpoReport {
            asked: secs(900),
            missing_at_recovery: Some(Missing { messages: 1_187, reaches_back: secs(312) }),
            never_came_back: Missing::default(),
            left_aside: 0,
            unmeasured: Vec::new(),
        },
        clients: clients(),
        losses: LossReport {
            moves: moves(),
            announced: vec![
                loss(LossKind::Stranded, "active messages in `orders-in`", Some(1_180), Some(at(570))),
                loss(LossKind::Reset, "sequence numbers of all queues", None, None),
            ],
            announced_stranded: 1_180,
            stranded: 1_204,
            drained: 1_204,
            duplicated: 17,
            lost: 0,
        },
        runs: runs::runs(),
        findings: findings(),
        timeline: timeline(),
        planes: planes::planes(),
        faults: planes::faults(),
        predictions: predictions(),
        state_after: state_after(),
        reservations: Vec::new(),
        generic_types: owned(&["Microsoft.Insights/components"]),
    }
}

fn terms([detection, hold_down, decision, orchestration, platform, dns]: [i64; 6]) -> RtoTerms {
    RtoTerms {
        detection: secs(detection),
        hold_down: secs(hold_down),
        decision: secs(decision),
        orchestration: secs(orchestration),
        platform: secs(platform),
        dns: secs(dns),
        nowhere: secs(0),
    }
}

/// There and back: the way home leaves something behind, too.
fn moves() -> Vec<MoveLosses> {
    vec![
        MoveLosses {
            purpose: "fail over from westeurope to northeurope".into(),
            announced: vec![
                loss(LossKind::Stranded, "active messages in `orders-in`", Some(1_180), Some(at(570))),
                loss(LossKind::Reset, "sequence numbers of all queues", None, None),
            ],
            announced_stranded: 1_180,
            seen_ago: Some(secs(1_560)),
            stranded: 1_204,
            drained: 1_204,
            left: 0,
        },
        MoveLosses {
            purpose: "go home to westeurope".into(),
            announced: vec![loss(
                LossKind::Stranded,
                "active messages in `orders-in`",
                Some(3),
                Some(at(8_000)),
            )],
            announced_stranded: 3,
            seen_ago: Some(secs(2)),
            stranded: 3,
            drained: 1,
            left: 1,
        },
    ]
}

fn loss(kind: LossKind, what: &str, count: Option<u64>, observed_at: Option<Timestamp>) -> Loss {
    Loss { kind, what: what.into(), count, observed_at }
}

/// 150 minutes: 60 messages a minute, dead from minute 10 to 45, a backlog afterwards.
fn clients() -> ClientReport {
    let minutes: Vec<Minute> = (0..150)
        .map(|minute| {
            let ripple = minute * 7 % 11;
            let (acknowledged, failed, received) = match minute {
                0..10 => (56 + ripple, 0, 55 + ripple),
                10 => (12, 38, 9),
                11..45 => (0, 44 + ripple, 0),
                45 => (31, 22, 18),
                46..58 => (104 - (minute - 46) * 4 + ripple, ripple / 5, 92 - (minute - 46) * 3 + ripple),
                104..116 => (56 + ripple, 0, 150 - (minute - 104) * 5 + ripple),
                _ => (56 + ripple, 0, 56 + ripple),
            };
            let at_primary = if minute <= 10 { acknowledged } else { 0 };
            Minute { minute, acknowledged, failed, received, at_primary }
        })
        .collect();
    let sum = |part: fn(&Minute) -> u32| minutes.iter().map(|minute| u64::from(part(minute))).sum();
    ClientReport {
        producers: 6,
        consumers: 4,
        acknowledged: sum(|minute| minute.acknowledged),
        failed_sends: sum(|minute| minute.failed),
        received: sum(|minute| minute.received),
        received_twice: 17,
        received_unacknowledged: 0,
        still_held: 37,
        out_of_reach: 0,
        send_gaps: vec![Gap { from: at(606), to: at(2_712) }],
        longest_send_gap: secs(2_106),
        longest_receive_gap: secs(2_118),
        held: Held { queued: 20, scheduled: 12, dead_lettered: 5 },
        minutes,
    }
}

/// Findings of every answer and severity.
pub(crate) fn findings() -> Vec<Finding> {
    let finding = |rule: &str, answer, severity, component: &str, title: &str| Finding {
        rule: rule.into(),
        answer,
        severity,
        component: component.into(),
        resource: ResourceId::parse(ALIAS).ok(),
        title: title.into(),
        evidence: vec![Evidence {
            says: "the namespace is `Standard`".into(),
            file: Some("infra/regional.json".into()),
            line: Some(41),
            pointer: Some("/resources/0/sku/name".into()),
        }],
        why: "Geo-disaster recovery exists in the Premium tier only; pairing is refused with 400".into(),
        remedy: "set `sku.name` to `Premium` in both regions".into(),
        accepted: None,
    };
    let mut accepted = finding(
        "SB-NOT-REPLICATED-RBAC",
        Answer::Fail,
        Severity::High,
        "orders-bus",
        "role assignments are not replicated",
    );
    accepted.accepted = Some("role assignments come from the platform team, until 2027-03-31".into());
    vec![
        finding(
            "TM-GROUP",
            Answer::Pass,
            Severity::Blocking,
            "orders-tm",
            "Traffic Manager sits outside the primary",
        ),
        finding("SB-SKU", Answer::Fail, Severity::Blocking, "orders-bus", "the namespace cannot be paired"),
        accepted,
        finding(
            "ST-LAST-SYNC",
            Answer::Unknown,
            Severity::High,
            "orders-st",
            "nobody knows how far replication is",
        ),
        finding(
            "VMSS-CAPACITY",
            Answer::Fail,
            Severity::Medium,
            "orders-vmss",
            "the quota allows 3 of 5 instances",
        ),
        finding("TM-TTL", Answer::Fail, Severity::Info, "orders-tm", "the TTL is 60 seconds"),
    ]
}

fn timeline() -> Vec<Happening> {
    [
        (60, "lifecycle", "plain", "prepare starts: make northeurope ready"),
        (361, "lifecycle", "good", "the workload is protected"),
        (600, "world", "bad", "West Europe is lost: control plane and data plane"),
        (618, "clients", "bad", "the first send fails"),
        (695, "detector", "bad", "suspected: 3 of 3 vantage points see the data plane dead"),
        (1_595, "detector", "bad", "sure: dead for 15m"),
        (2_007, "operator", "plain", "approves the failover, knowing of 1,180 stranded messages"),
        (2_188, "engine", "good", "the alias points to North Europe"),
        (2_595, "engine", "warn", "orders-vmss is degraded: 3 of 5 instances"),
        (2_702, "clients", "good", "the first send is acknowledged in North Europe"),
        (2_702, "lifecycle", "bad", "the workload is unprotected"),
        (5_400, "world", "good", "the control plane of West Europe answers again"),
        (5_412, "lifecycle", "plain", "fence starts before anything else"),
        (6_868, "engine", "good", "1,204 stranded messages are brought over, 17 arrive twice"),
        (7_234, "lifecycle", "warn", "protected but for storage: replication waits for Azure"),
    ]
    .into_iter()
    .map(|(seconds, who, tone, what)| Happening {
        at: at(seconds),
        who: who.into(),
        tone: tone.into(),
        what: what.into(),
    })
    .collect()
}

fn predictions() -> Vec<PredictionReport> {
    let prediction = |after: &str, fact: &str, predicted: &str, found: &str| PredictionReport {
        after: after.into(),
        fact: fact.into(),
        predicted: predicted.into(),
        found: found.into(),
        agrees: predicted == found,
    };
    vec![
        prediction("prepare", "orders-bus/alias/role", "Primary", "Primary"),
        prediction("failover", "orders-bus/alias/role", "PrimaryNotReplicating", "PrimaryNotReplicating"),
        prediction("failover", "orders-vmss/instances", "5", "3"),
        prediction("prepare", "orders-st/sku", "Standard_RAGRS", "Standard_LRS"),
    ]
}

fn state_after() -> Vec<StateLine> {
    [
        ("orders-bus", "protected", "paired again, North Europe is primary, nothing pending"),
        ("orders-func", "protected", "runs in North Europe, stopped in West Europe"),
        (
            "orders-st",
            "unprotected",
            "LRS in North Europe since the failover; replication is asked for again in 30m",
        ),
        ("orders-vmss", "degraded", "3 of 5 instances"),
        ("orders-tm", "protected", "latched on North Europe"),
    ]
    .into_iter()
    .map(|(component, state, says)| StateLine {
        component: component.into(),
        state: state.into(),
        says: says.into(),
    })
    .collect()
}
