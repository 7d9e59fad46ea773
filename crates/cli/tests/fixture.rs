//! A realistic drill: West Europe is lost at 08:10, its control plane answers again at 09:40.

use std::str::FromStr as _;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Region, ResourceId};
use lifeboat_plan::{Citation, Loss, LossKind, Need, Needed, Verdict};
use lifeboat_planner::{Answer, Evidence, Finding, Severity};
use lifeboat_sim::{
    ClientReport, DrillReport, DrillVerdict, FactLine, Happening, LossReport, Minute, PredictionReport,
    RtoReport, RtoTerms, RunReport, ScenarioSummary, StateLine, StepReport,
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
            forecast: terms([120, 900, 600, 40, 540, 60]),
            actual: Some(terms([95, 900, 412, 33, 588, 74])),
            error_percent: Some(-7.0),
        },
        clients: clients(),
        losses: LossReport {
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
        runs: runs(),
        findings: findings(),
        timeline: timeline(),
        predictions: predictions(),
        state_after: state_after(),
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
    }
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
        longest_send_gap: secs(2_106),
        longest_receive_gap: secs(2_118),
        minutes,
    }
}

/// Id, title, after, ready, acted, ended, typical, p95, outcome, critical.
struct Row(
    &'static str,
    &'static str,
    &'static [&'static str],
    Option<[i64; 3]>,
    [i64; 2],
    &'static str,
    bool,
);

fn step(row: &Row, base: i64) -> StepReport {
    let Row(id, title, after, times, [typical, p95], outcome, critical) = *row;
    StepReport {
        id: id.into(),
        component: id.split('/').next().unwrap().into(),
        title: title.into(),
        after: owned(after),
        because: Citation::new(&["P1a", "F1"], "The failover is started by the customer, from the secondary namespace"),
        way: "graceful".into(),
        outcome: outcome.into(),
        why: None,
        forecast: secs(typical),
        forecast_p95: secs(p95),
        forecast_basis: "documented: Service Bus, geo-disaster recovery".into(),
        ready: times.map(|times| at(base + times[0])),
        acted: times.filter(|_| outcome != "already done").map(|times| at(base + times[1])),
        ended: times.map(|times| at(base + times[2])),
        request: Some(format!("PUT {ALIAS}?api-version=2024-01-01")),
        body: None,
        answer: Some("200 OK".into()),
        started_when: None,
        done_when: "`orders-bus/alias@northeurope` status = 200".into(),
        evidence: owned(&["`orders-bus/alias@northeurope` → 200, role Primary"]),
        independence: Some(Verdict::Independent),
        loses: Vec::new(),
        critical,
    }
}

fn run(kind: &str, purpose: &str, [start, end]: [i64; 2], forecast: i64, steps: Vec<StepReport>) -> RunReport {
    let critical_path: Vec<String> =
        steps.iter().filter(|step| step.critical).map(|step| step.id.clone()).collect();
    RunReport {
        kind: kind.into(),
        purpose: purpose.into(),
        digest: "9f2b6c1e4a7d0835b1c6ef90a2d47718c35e6b09f8a1d2437c5b9e60f1a8d3e4".into(),
        from: "westeurope".into(),
        to: "northeurope".into(),
        started: at(start),
        ended: at(end),
        outcome: "done".into(),
        succeeded: true,
        forecast: secs(forecast),
        critical_path_forecast: critical_path.clone(),
        critical_path,
        requests: steps.len() as u64,
        reads: steps.len() as u64 * 9,
        throttled: 0,
        steps,
        facts: Vec::new(),
        notes: Vec::new(),
    }
}

fn rows(rows: &[Row], base: i64) -> Vec<StepReport> {
    rows.iter().map(|row| step(row, base)).collect()
}

fn runs() -> Vec<RunReport> {
    let prepare = rows(
        &[
            Row("orders-neu/create-group", "Create the group in North Europe", &[], Some([0, 1, 3]), [2, 5], "already done", false),
            Row("orders-bus/deploy", "Deploy the second namespace", &["orders-neu/create-group"], Some([3, 4, 142]), [120, 240], "done", true),
            Row("orders-bus/pair", "Pair the namespaces under the alias", &["orders-bus/deploy"], Some([142, 143, 301]), [90, 180], "done", true),
            Row("orders-func/deploy", "Deploy the functions, stopped", &["orders-neu/create-group"], Some([3, 5, 88]), [60, 120], "done", false),
            Row("orders-st/replicate", "Ask for RA-GRS", &[], Some([0, 2, 64]), [30, 60], "done", false),
            Row("orders-tm/add-endpoint", "Add the second endpoint to Traffic Manager", &["orders-func/deploy"], Some([88, 89, 95]), [5, 15], "done", false),
        ],
        60,
    );
    let fence = rows(
        &[
            Row("orders-func/stop-primary", "Stop the functions in West Europe", &[], Some([0, 1, 14]), [10, 30], "done", true),
            Row("orders-adf/stop-triggers", "Stop the triggers in West Europe", &[], Some([0, 1, 9]), [5, 20], "done", false),
        ],
        5_412,
    );
    let drain = rows(
        &[
            Row("orders-bus/list-queues", "Find what was stranded", &[], Some([0, 1, 4]), [5, 10], "done", true),
            Row("orders-bus/drain", "Bring 1,204 stranded messages over", &["orders-bus/list-queues"], Some([4, 5, 668]), [600, 900], "done", true),
        ],
        6_200,
    );
    let again = rows(
        &[
            Row("orders-bus/empty", "Empty the old namespace", &[], Some([0, 2, 48]), [30, 90], "done", true),
            Row("orders-bus/pair", "Pair again, the other way round", &["orders-bus/empty"], Some([48, 50, 214]), [90, 180], "done", true),
            Row("orders-st/replicate", "Ask for RA-GRS again", &[], Some([0, 1, 0]), [30, 60], "not started", false),
        ],
        7_020,
    );
    let mut again = run("prepare", "protect again in westeurope", [7_020, 7_234], 270, again);
    again.outcome = "degraded: storage replication waits for Azure".into();
    let waiting = &mut again.steps[2];
    (waiting.acted, waiting.ended) = (None, None);
    waiting.why = Some("the account still fails over; asked again in 30m".into());
    vec![
        run("prepare", "make northeurope ready", [60, 361], 480, prepare),
        failover(),
        run("fence", "keep westeurope from doing harm", [5_412, 5_426], 30, fence),
        run("drain", "bring home what was stranded", [6_200, 6_868], 910, drain),
        again,
    ]
}

fn failover() -> RunReport {
    let mut steps = rows(
        &[
            Row("orders-bus/fail-over-alias", "Fail the alias over to North Europe", &[], Some([0, 1, 181]), [120, 240], "done", true),
            Row("orders-st/fail-over", "Fail the storage account over", &[], Some([0, 2, 497]), [420, 540], "done", false),
            Row("orders-func/start", "Start the functions in North Europe", &["orders-bus/fail-over-alias"], Some([181, 182, 236]), [45, 90], "done", true),
            Row("orders-func/restart", "Restart what holds stale links", &["orders-func/start"], Some([236, 237, 301]), [30, 60], "done", true),
            Row("orders-adf/start-triggers", "Start exactly the triggers that ran", &["orders-st/fail-over"], Some([497, 499, 533]), [20, 60], "done", false),
            Row("orders-vmss/scale", "Scale out to 5 instances", &[], Some([0, 3, 588]), [240, 420], "degraded 3/5", false),
            Row("orders-tm/disable-primary", "Latch Traffic Manager on North Europe", &["orders-func/restart"], Some([301, 302, 306]), [5, 10], "done", true),
            Row("orders-tm/moved", "Wait until clients resolve the new place", &["orders-tm/disable-primary"], Some([306, 306, 621]), [60, 120], "done", true),
            Row("orders-apim/restore", "Restore API Management", &[], None, [1_800, 2_700], "skipped", false),
        ],
        2_007,
    );
    let alias = &mut steps[0];
    alias.request = Some(format!("POST {ALIAS}/failover?api-version=2024-01-01"));
    alias.body = Some("{\n  \"properties\": {\n    \"IsSafeFailover\": false\n  }\n}".into());
    alias.way = "ungraceful".into();
    alias.started_when = Some("`orders-bus/alias@northeurope` /properties/provisioningState = \"Accepted\"".into());
    alias.loses = vec![loss(LossKind::Stranded, "active messages in `orders-in`", Some(1_180), Some(at(570)))];
    let region = Region::parse("westeurope").unwrap();
    let storage = &mut steps[1];
    storage.independence = Some(Verdict::Contingent(vec![Needed {
        need: Need::ControlPlane(region.clone()),
        via: "done when → `orders-st/account@westeurope` → GET /subscriptions/5f0c7a6e-93c4-4d0e-b9a1-2f6f6c1a7d11/resourceGroups/orders-weu/providers/Microsoft.Storage/storageAccounts/ordersst?api-version=2023-05-01".into(),
    }]));
    storage.forecast_basis = "measured in 6 runs".into();
    steps[5].why = Some("capacity: `SkuNotAvailable` for 2 of 5 instances until the deadline".into());
    let apim = &mut steps[8];
    apim.why = Some("accepted: `APIM-RESTORE-TIME`, the relay answers meanwhile".into());
    apim.independence = Some(Verdict::Refused(vec![Needed {
        need: Need::GroupMetadata(region),
        via: "action → POST /subscriptions/5f0c7a6e/resourceGroups/orders-weu/providers/Microsoft.ApiManagement/service/orders/restore".into(),
    }]));
    let mut run = run("failover", "westeurope is lost, northeurope takes over", [2_007, 2_628], 580, steps);
    run.outcome = "degraded: orders-vmss has 3 of 5 instances".into();
    run.critical_path_forecast = owned(&["orders-st/fail-over", "orders-adf/start-triggers"]);
    run.throttled = 2;
    run.facts = vec![
        fact("orders-bus/messages/active", "1180", Some(37), "GET …/queues/orders-in, from the snapshot"),
        fact("orders-adf/triggers/started", "[\"hourly\",\"nightly\"]", Some(37), "snapshot of 08:09:30Z"),
        fact("orders-st/lastSyncTime", "2026-11-23T08:06:12Z", Some(2_007), "snapshot of 08:09:30Z"),
        fact("failover/policy", "propose", None, "lifeboat.yaml"),
    ];
    run.notes = owned(&["`orders-sql` has a failover group of its own: Azure moves it"]);
    run
}

fn fact(key: &str, value: &str, age: Option<i64>, source: &str) -> FactLine {
    FactLine { key: key.into(), value: value.into(), age: age.map(secs), source: source.into() }
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
        finding("TM-GROUP", Answer::Pass, Severity::Blocking, "orders-tm", "Traffic Manager sits outside the primary"),
        finding("SB-SKU", Answer::Fail, Severity::Blocking, "orders-bus", "the namespace cannot be paired"),
        accepted,
        finding("ST-LAST-SYNC", Answer::Unknown, Severity::High, "orders-st", "nobody knows how far replication is"),
        finding("VMSS-CAPACITY", Answer::Fail, Severity::Medium, "orders-vmss", "the quota allows 3 of 5 instances"),
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
        ("orders-st", "unprotected", "LRS in North Europe since the failover; replication is asked for again in 30m"),
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
