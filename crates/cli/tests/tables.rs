//! Findings and rules as tables and as JSON.

use lifeboat_cli::layout::Layout;
use lifeboat_cli::report::json;
use lifeboat_cli::style::Style;
use lifeboat_cli::tables::{RuleDoc, findings, findings_json, rule};
use lifeboat_planner::Severity;
use serde_json::Value;

use crate::fixture;

const PLAIN: Layout = Layout { width: 100, style: Style::Plain };

#[test]
fn findings_come_worst_first_and_say_what_to_do() {
    insta::assert_snapshot!(findings(&fixture::findings(), PLAIN));
}

#[test]
fn without_findings_nothing_blocks() {
    assert_eq!(findings(&[], PLAIN), "0 fail, 0 unknown, 0 pass; nothing blocks a failover\n");
}

#[test]
fn the_order_of_findings_does_not_reach_the_output() {
    let mut reversed = fixture::findings();
    reversed.reverse();
    assert_eq!(findings(&reversed, PLAIN), findings(&fixture::findings(), PLAIN));
    assert_eq!(findings_json(&reversed, &[]).unwrap(), findings_json(&fixture::findings(), &[]).unwrap());
}

#[test]
fn programs_get_counts_and_findings() {
    let assumptions = ["the region is westeurope".to_owned()];
    let text = findings_json(&fixture::findings(), &assumptions).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["assumptions"], serde_json::json!(["the region is westeurope"]));
    assert_eq!(document["counts"]["blocking"], 1);
    assert_eq!(document["counts"]["accepted"], 1);
    assert_eq!(document["findings"][0]["rule"], "SB-SKU");
    assert_eq!(document["findings"].as_array().unwrap().len(), 6);
}

#[test]
fn a_rule_explains_itself() {
    let doc = RuleDoc {
        id: "SB-SKU",
        service: "Service Bus",
        title: "both namespaces are Premium",
        severity: Severity::Blocking,
        why: "Geo-disaster recovery exists in the Premium tier only; pairing is refused with 400, and the day of \
              the outage is late to find out",
        citation: "Service Bus, geo-disaster recovery: \"The feature is available for the Premium SKU\"",
        remedy: "a new Premium namespace; a Standard one cannot be upgraded in place without its new name",
        remedied_by: Some("pair"),
        enforced: true,
        fault: "a namespace with the Standard SKU",
    };
    insta::assert_snapshot!(rule(&doc, PLAIN));
}

#[test]
fn the_report_for_programs_holds_everything() {
    let report = fixture::report();
    let document: Value = serde_json::from_str(&json::render(&report).unwrap()).unwrap();
    assert_eq!(document["schema"], 1);
    assert_eq!(document["workload"], "orders");
    assert_eq!(document["verdict"]["kind"], "passed");
    assert_eq!(document["runs"].as_array().unwrap().len(), report.runs.len());
    assert_eq!(document["rto"]["asked"], "PT45M");
}
