//! Plans as tables and as JSON.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::{Method, Region, ResourceId, ResourceType};
use lifeboat_cli::layout::Layout;
use lifeboat_cli::style::Style;
use lifeboat_cli::tables::{PlanView, plan, plan_json};
use lifeboat_plan::{
    Action, CallDraft, Citation, Condition, Draft, Endpoint, FactUsed, Forecast, Hole, Loss, LossKind,
    LossStatement, OnFailure, Piece, Places, Plan, PlanKind, Policy, Question, ReadDraft, ReadId, Repeat,
    Step, Text, Way, WayKind,
};
use serde_json::{Value, json};

use crate::fixture::{at, secs};

const SUBSCRIPTION: &str = "5f0c7a6e-93c4-4d0e-b9a1-2f6f6c1a7d11";

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn resource(group: &str, kind: &str, name: &str) -> ResourceId {
    ResourceId::group(SUBSCRIPTION, group).resource(&ResourceType::new(kind), &[name])
}

fn bus() -> ResourceId {
    resource("orders-neu", "Microsoft.ServiceBus/namespaces", "orders-bus-neu")
}

fn account() -> ResourceId {
    resource("orders-weu", "Microsoft.Storage/storageAccounts", "ordersst")
}

fn way(action: Action, done_when: Condition, forecast: Forecast) -> Way {
    Way {
        needs: BTreeSet::new(),
        action,
        started_when: None,
        done_when,
        repeat: Repeat::Harmless,
        captures: Vec::new(),
        deadline: secs(900),
        on_failure: OnFailure::Stop,
        forecast,
        loses: LossStatement::default(),
    }
}

fn step(id: &str, title: &str, after: &[&str], graceful: Way, ungraceful: Option<Way>) -> Step {
    Step {
        id: id.into(),
        component: id.split('/').next().unwrap().into(),
        title: title.into(),
        after: after.iter().map(|&id| id.into()).collect(),
        graceful,
        ungraceful,
        because: Citation::new(&["P1a"], "started by the customer, from the secondary"),
    }
}

fn storage_way(storage: &ReadId) -> Way {
    let path = Text::of([
        Piece::Literal(format!("{}/failover?api-version=2023-05-01&run=", account())),
        Piece::Hole(Hole::RunId),
    ]);
    let body = Draft::Object(BTreeMap::from([(
        "since".to_owned(),
        Draft::Hole(Hole::Fact("orders-st/lastSyncTime".into())),
    )]));
    way(
        Action::Send(CallDraft::arm(Method::Post, path, Some(body))),
        Condition::equal(storage, "/properties/primaryLocation", "northeurope"),
        Forecast::assumed(600, 3_600, "Azure says \"about an hour\""),
    )
}

/// Three steps: one independent, one contingent, one refused because it waits for nobody but acts in the lost group.
fn failover(prefer: WayKind) -> Plan {
    let alias = ReadId::new("orders-bus/alias@northeurope");
    let storage = ReadId::new("orders-st/account@westeurope");
    let alias_path = format!("{}/disasterRecoveryConfigs/orders", bus());
    let primary = Condition::equal(&alias, "/properties/role", "Primary");
    let fail_over = |safe: bool| {
        let body = json!({"properties": {"IsSafeFailover": safe}});
        Action::Send(CallDraft::arm(
            Method::Post,
            format!("{alias_path}/failover?api-version=2024-01-01"),
            Some(body.into()),
        ))
    };
    let mut forced = way(
        fail_over(false),
        primary.clone(),
        Forecast::documented(120, 240, "Service Bus, geo-disaster recovery"),
    );
    forced.started_when = Some(Condition::equal(&alias, "/properties/provisioningState", "Accepted"));
    forced.repeat = Repeat::Ask;
    forced.loses = LossStatement(vec![Loss {
        kind: LossKind::Stranded,
        what: "active messages in `orders-in`".into(),
        count: Some(1_180),
        observed_at: Some(at(570)),
    }]);
    let safe = way(
        fail_over(true),
        Condition::All(vec![primary, Condition::status(&storage, 200)]),
        Forecast::documented(180, 600, "Service Bus, geo-disaster recovery"),
    );
    let storage_way = storage_way(&storage);
    let question = Question {
        text: "are the consumers in North Europe well?".into(),
        approvers: vec!["oncall@example.com".into()],
    };
    let ask = way(
        Action::Ask(question),
        Condition::equal(&alias, "/properties/role", "Primary"),
        Forecast::assumed(60, 300, "a person looks"),
    );
    Plan {
        kind: PlanKind::Failover,
        workload: "orders".into(),
        endpoint: Endpoint::Lab("orders-7".into()),
        from: region("westeurope"),
        to: region("northeurope"),
        policy: Policy { prefer, may_switch: true, approvers: Vec::new() },
        steps: vec![
            step(
                "orders-bus/fail-over-alias",
                "Fail the alias over to North Europe",
                &[],
                safe,
                Some(forced),
            ),
            step("orders-st/fail-over", "Fail the storage account over", &[], storage_way, None),
            step(
                "orders-func/confirm",
                "Ask whether consumers are well",
                &["orders-bus/fail-over-alias"],
                ask,
                None,
            ),
        ],
        reads: BTreeMap::from([
            (alias, ReadDraft::Arm(CallDraft::get(format!("{alias_path}?api-version=2024-01-01")))),
            (storage, ReadDraft::Arm(CallDraft::get(format!("{}?api-version=2023-05-01", account())))),
        ]),
        places: Places {
            groups: BTreeMap::from([
                (ResourceId::group(SUBSCRIPTION, "orders-weu"), region("westeurope")),
                (ResourceId::group(SUBSCRIPTION, "orders-neu"), region("northeurope")),
            ]),
            resources: BTreeMap::from([
                (bus(), Some(region("northeurope"))),
                (account(), Some(region("westeurope"))),
            ]),
            hosts: BTreeMap::new(),
        },
        facts: vec![
            FactUsed {
                key: "orders-st/lastSyncTime".into(),
                value: json!("2026-11-23T08:06:12Z"),
                observed_at: Some(at(570)),
                source: "snapshot of 08:09:30Z".into(),
            },
            FactUsed {
                key: "failover/policy".into(),
                value: json!("propose"),
                observed_at: None,
                source: "lifeboat.yaml".into(),
            },
        ],
        notes: vec!["`orders-sql` has a failover group of its own: Azure moves it".into()],
    }
}

fn view(width: usize, requests: bool) -> PlanView {
    PlanView { now: at(2_007), requests, layout: Layout { width, style: Style::Plain } }
}

#[test]
fn a_plan_says_what_it_needs_and_what_it_gives_up() {
    insta::assert_snapshot!(plan(&failover(WayKind::Ungraceful), &[], view(100, false)).unwrap());
}

#[test]
fn a_planned_move_starts_gracefully() {
    let text = plan(&failover(WayKind::Graceful), &[], view(80, false)).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn requests_are_exact_and_can_be_pasted() {
    insta::assert_snapshot!(plan(&failover(WayKind::Ungraceful), &[], view(100, true)).unwrap());
}

#[test]
fn programs_get_the_plan_and_its_proofs() {
    let document: Value =
        serde_json::from_str(&plan_json(&failover(WayKind::Ungraceful), &[], &[], at(2_007)).unwrap())
            .unwrap();
    assert_eq!(document["digest"].as_str().unwrap().len(), 64);
    assert_eq!(document["criticalPath"], json!(["orders-st/fail-over"]));
    assert!(document["independence"]["orders-st/fail-over"]["refused"].is_array());
    assert_eq!(
        document["independence"]["orders-bus/fail-over-alias"]["contingent"][0]["need"],
        json!({"controlPlane": "westeurope"})
    );
    assert_eq!(document["factAges"]["orders-st/lastSyncTime"], "PT23M57S");
    assert_eq!(document["requests"].as_array().unwrap().len(), 2);
    assert_eq!(document["plan"]["workload"], "orders");
}
