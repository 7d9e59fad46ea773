//! The workload file as people write it, and as they slip.

mod schema;

use insta::assert_snapshot;

use super::source::Value;
use super::*;
use crate::settings::sections;

/// The example of the manual.
const EXAMPLE: &str = "\
# yaml-language-server: $schema=./lifeboat.schema.json
workload: orders
subscription: 00000000-0000-0000-0000-000000000000
objectives: { rto: 45m, rpo: 15m }
primary:   { region: westeurope,  resourceGroup: orders-weu, parameters: infra/weu.parameters.json }
secondary: { region: northeurope, resourceGroup: orders-neu, parameters: infra/neu.parameters.json }
templates: { regional: infra/regional.json, shared: { file: infra/shared.json, resourceGroup: orders-global, region: northeurope } }
failover:  { policy: propose, holdDown: 15m, decision: 10m, approvers: [oncall@example.com] }
data:
  - { store: ordersst, staleReads: { maxAge: 5m } }
accept:
  - { rule: SB-NOT-REPLICATED-RBAC, reason: role assignments come from the platform team, until: 2027-03-31 }
";

/// Every field of the file's own.
const FULL: &str = "\
workload: orders
subscription: 00000000-0000-0000-0000-000000000000
objectives: { rto: 45m, rpo: 15m }
primary: { region: West Europe, resourceGroup: orders-weu, parameters: [infra/all.json, infra/weu.json] }
secondary: { region: northeurope, resourceGroup: orders-neu, parameters: infra/neu.json }
templates:
  regional: infra/regional.json
  shared: { file: infra/shared.json, resourceGroup: orders-global, region: northeurope, parameters: infra/shared.parameters.json }
failover: { policy: automatic, holdDown: 20m, decision: 5m, approvers: [oncall@example.com], clientsHoldOn: 4m }
data:
  - { store: ordersst, staleReads: { maxAge: 5m } }
accept:
  - { rule: SB-SKU, reason: on order, until: 2027-03-31, component: orders-bus }
";

/// Every field there is, with an entry in each section of a service.
fn full() -> String {
    let sections = sections().map(|section| format!("{}: [{}]\n", section.key, section.example));
    FULL.to_owned() + &sections.collect::<String>()
}

/// The least that is a workload file.
const LEAST: &str = "\
workload: orders
subscription: 00000000-0000-0000-0000-000000000000
objectives: { rto: 4h, rpo: 0s }
primary: { region: westeurope, resourceGroup: orders-weu }
secondary: { region: northeurope, resourceGroup: orders-neu }
templates: { regional: infra/regional.json }
";

fn problems(text: &str) -> String {
    WorkloadFile::parse("lifeboat.yaml", text).unwrap_err().to_string()
}

/// The example with one line replaced: what comes of it.
fn with_line(starts: &str, line: &str) -> String {
    assert_eq!(LEAST.lines().filter(|l| l.starts_with(starts)).count(), 1, "{starts}");
    let lines: Vec<&str> = LEAST.lines().map(|l| if l.starts_with(starts) { line } else { l }).collect();
    problems(&lines.join("\n"))
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

#[test]
fn the_example_is_read() {
    let file = WorkloadFile::parse("lifeboat.yaml", EXAMPLE).unwrap();
    assert_eq!(file.workload.as_str(), "orders");
    assert_eq!(file.objectives, Objectives { rto: minutes(45), rpo: minutes(15) });
    assert_eq!(file.primary.region.as_str(), "westeurope");
    assert_eq!(file.secondary.parameters[0].as_str(), "infra/neu.parameters.json");
    assert_eq!(file.templates.shared.as_ref().unwrap().resource_group.as_str(), "orders-global");
    assert_eq!(file.failover.policy, DecisionPolicy::Propose);
    assert_eq!(file.failover.approvers[0].as_str(), "oncall@example.com");
    assert_eq!(file.data[0].stale_reads, Some(StaleReads { max_age: minutes(5) }));
    assert_eq!(file.accept[0].until, jiff::civil::date(2027, 3, 31));
    assert_eq!(file.place("/secondary/region"), Some(Position { line: 6, column: 22 }));
    assert_eq!(file.place("/accept/0/rule"), Some(Position { line: 12, column: 13 }));
}

#[test]
fn the_examples_of_the_repository_are_read() {
    let text = include_str!("../../../../examples/minimal/lifeboat.yaml");
    let file = WorkloadFile::parse("lifeboat.yaml", text).unwrap();
    assert_eq!(file.workload.as_str(), "orders");
}

#[test]
fn every_field_is_read() {
    let file = WorkloadFile::parse("lifeboat.yaml", &full()).unwrap();
    assert_eq!(file.primary.region.as_str(), "westeurope", "a display name is a region too");
    assert_eq!(file.primary.parameters.len(), 2);
    assert_eq!(file.failover.policy, DecisionPolicy::Automatic);
    let read = file.settings.iter().map(|entry| entry.section.key);
    assert!(read.eq(sections().map(|section| section.key)), "{:?}", file.settings);
    assert_eq!(file.accept[0].component.as_ref().unwrap().as_str(), "orders-bus");
}

/// Proves: D08 (the hold-down's default lies in the 15 to 20 minutes that Azure's guidance suggests).
#[test]
fn what_is_left_out_has_its_documented_default() {
    let file = WorkloadFile::parse("lifeboat.yaml", LEAST).unwrap();
    assert_eq!(file.failover.policy, DecisionPolicy::Manual);
    assert_eq!(file.failover.hold_down, minutes(15));
    assert_eq!(file.failover.decision, minutes(10));
    assert_eq!(file.failover.clients_hold_on, minutes(10));
    assert!(file.failover.approvers.is_empty() && file.settings.is_empty() && file.accept.is_empty());
    assert_eq!(file.templates.shared, None);
    let partly = WorkloadFile::parse("lifeboat.yaml", &format!("{LEAST}failover: {{ policy: propose }}\n"));
    assert_eq!(partly.unwrap().failover.hold_down, minutes(15));
}

#[test]
fn an_acceptance_covers_its_rule_its_component_and_its_time() {
    let file = WorkloadFile::parse("lifeboat.yaml", FULL).unwrap();
    let day = jiff::civil::date(2027, 3, 31);
    let accepted = &file.accept[0];
    assert!(accepted.is_about("SB-SKU", "orders-bus") && accepted.holds_on(day));
    assert!(!accepted.is_about("SB-SKU", "other-bus"));
    assert!(!accepted.is_about("SB-RBAC", "orders-bus"));
    assert!(!accepted.holds_on(day.tomorrow().unwrap()));
}

#[test]
fn a_shared_group_in_the_primary_region_is_no_error_of_the_file() {
    let text = EXAMPLE.replace("orders-global, region: northeurope", "orders-global, region: westeurope");
    assert!(WorkloadFile::parse("lifeboat.yaml", &text).is_ok());
}

#[test]
fn every_problem_is_told_in_one_go() {
    let text = "\
workload: Orders
subscription: orders
objectives: { rto: 45, rpo: soon }
primry: { region: westeurope, resourceGroup: orders-weu }
secondary: { region: northeurop, resourceGroup: orders., extra: 1 }
templates: infra/regional.json
failover: { policy: automatc, holdDown: 0s, approvers: oncall@example.com }
accept:
  - { rule: sb-sku, until: 2027-02-30 }
";
    assert_snapshot!(problems(text), @r"
    lifeboat.yaml:1:11: `Orders` is not a workload's name
      hint: 1 to 40 lower-case letters, digits and `-`, a letter first, no `-` last
    lifeboat.yaml:2:15: `orders` is not a subscription's id
      hint: a GUID is wanted; `az account show --query id` prints it
    lifeboat.yaml:3:20: `45` is not a duration
      hint: it has no unit: `45m` or `45s`?
    lifeboat.yaml:3:29: `soon` is not a duration
      hint: write it like `45m`, `1h30m` or `90s`
    lifeboat.yaml:4:1: `primry` is not a field of the workload file
      hint: did you mean `primary`?
    lifeboat.yaml:5:22: `northeurop` is not an Azure region
      hint: did you mean `northeurope`?
    lifeboat.yaml:5:49: `orders.` is not a resource group's name
      hint: 1 to 90 letters, digits, `_`, `-`, `.`, `(` and `)`, no `.` last
    lifeboat.yaml:5:58: `extra` is not a field of secondary
      hint: it may hold `region`, `resourceGroup` and `parameters`
    lifeboat.yaml:6:12: `templates` is a text, not a mapping with `regional` and `shared`
    lifeboat.yaml:7:21: `automatc` is no value of `policy`
      hint: did you mean `automatic`?
    lifeboat.yaml:7:41: `holdDown` is nothing
      hint: without a hold-down every blip moves the workload: 15m is usual
    lifeboat.yaml:7:56: `approvers` is a text, not a list
    lifeboat.yaml:9:5: `reason` is missing in an `accept` entry
    lifeboat.yaml:9:13: `sb-sku` is not a rule's id
      hint: did you mean `SB-SKU`?
    lifeboat.yaml:9:28: `2027-02-30` is not a date
      hint: write it like `2027-03-31`
    ");
}

#[test]
fn each_slip_names_its_place_and_what_was_meant() {
    for (starts, line, expected) in [
        (
            "primary",
            "primary: { region: atlantis, resourceGroup: g }",
            "lifeboat.yaml:4:20: `atlantis` is not an Azure region\n  hint: `az account list-locations --output table` lists the regions",
        ),
        (
            "secondary",
            "secondary: { region: West Europe, resourceGroup: orders-neu }",
            "lifeboat.yaml:5:22: primary and secondary are both in `westeurope`\n  hint: `northeurope` is the region that Azure pairs with it",
        ),
        (
            "secondary",
            "secondary: { region: northeurope, resourceGroup: Orders-WEU }",
            "lifeboat.yaml:5:50: `Orders-WEU` is the group of primary and of secondary\n  hint: give each its own group: what happens to one must not touch the other",
        ),
        (
            "templates",
            "templates: { regional: r.json, shared: { file: s.json, resourceGroup: orders-neu, region: westus } }",
            "lifeboat.yaml:6:71: `orders-neu` is the group of secondary and of templates.shared\n  hint: give each its own group: what happens to one must not touch the other",
        ),
        (
            "subscription",
            "subscription: 5",
            "lifeboat.yaml:2:15: `5` is not a subscription's id\n  hint: a GUID is wanted; `az account show --query id` prints it",
        ),
        (
            "subscription",
            "subscription:",
            "lifeboat.yaml:2:1: `subscription` is missing in the workload file",
        ),
        (
            "objectives",
            "objectives: { rto: 0s, rpo: 0s }",
            "lifeboat.yaml:3:20: `rto` is nothing\n  hint: no failover takes no time: write the longest outage you can bear",
        ),
        (
            "objectives",
            "objectives: { rto: true, rpo: 0s }",
            "lifeboat.yaml:3:20: `rto` is true or false, not a text",
        ),
        (
            "objectives",
            "objectives: 45m",
            "lifeboat.yaml:3:13: `objectives` is a text, not a mapping with `rto` and `rpo`",
        ),
        (
            "workload",
            "workload: orders\nworkload: orders",
            "lifeboat.yaml:2:1: `workload` stands twice in the workload file\n  hint: the first is in line 1: remove one of them",
        ),
        (
            "templates",
            "templates: { regional: r.json }\naccept: [{ rule: SB-SKU, until: 2027-03-31 }]",
            "lifeboat.yaml:7:10: `reason` is missing in an `accept` entry",
        ),
        (
            "templates",
            "templates: { regional: r.json }\naccept: [{ rule: SB-SKU, reason: ' ', until: 2027-03-31 }]",
            "lifeboat.yaml:7:34: `reason` is blank\n  hint: say why the finding is all right: it is printed with the finding",
        ),
        (
            "templates",
            "templates: { regional: r.json }\nserviceBus: [{ namespace: a, alias: orders-alias }, { namespace: A, alias: orders-other }]",
            "lifeboat.yaml:7:66: `A` stands twice in `serviceBus`\n  hint: join the two entries",
        ),
        (
            "templates",
            "templates: { regional: r.json }\nserviceBus: [{ namespace: a, alias: orders-alias, reprotect: new }]",
            "lifeboat.yaml:7:62: `new` is no value of `reprotect`\n  hint: write `emptied` or `fresh`",
        ),
        (
            "templates",
            "templates: { regional: r.json }\ndata: ordersst",
            "lifeboat.yaml:7:7: `data` is a text, not a list",
        ),
    ] {
        assert_eq!(with_line(starts, line), expected);
    }
}

#[test]
fn a_key_that_nobody_knows_is_answered_with_those_that_are_known() {
    let words: Vec<String> = read::fields().iter().map(|field| format!("`{field}`")).collect();
    let (last, words) = words.split_last().unwrap();
    let known = format!("{} and {last}", words.join(", "));
    assert_eq!(
        problems(&format!("{LEAST}tunnel: yes\n")),
        format!(
            "lifeboat.yaml:7:1: `tunnel` is not a field of the workload file\n  hint: it may hold {known}"
        )
    );
}

#[test]
fn what_is_no_yaml_names_its_place() {
    for text in ["", "\n\n", "# nothing yet\n", "~", "\u{feff}"] {
        let said = problems(text);
        assert!(
            said.starts_with("lifeboat.yaml:1:1: the workload file is empty\n  hint: "),
            "{text:?}: {said}"
        );
    }
    assert!(problems("- a\n- b\n").starts_with("lifeboat.yaml:1:1: `the workload file` is a list"));
    assert_snapshot!(problems("workload: [orders\nsubscription: x\n"), @r"
    lifeboat.yaml:2:13: illegal placement of ':' indicator
      hint: a bracket, brace or quote before this place may be open, or the line indented wrongly
    ");
    assert_snapshot!(problems("workload: orders\n\tsubscription: x\n"), @r"
    lifeboat.yaml:1:11: while scanning a plain scalar, found a tab
      hint: YAML indents with blanks, not with tabs
    ");
    assert_snapshot!(problems("workload: orders\n---\nworkload: orders\n"), @r"
    lifeboat.yaml:3:1: the file holds more than one document
      hint: keep one and remove the `---` that starts the second
    ");
    assert_snapshot!(problems("a: &a { x: 1 }\nb: { <<: *a }\n"), @r"
    lifeboat.yaml:2:6: `<<` is not read here
      hint: write the fields out instead of merging them
    ");
    assert_snapshot!(problems("workload: *nowhere\n"), @"lifeboat.yaml:1:11: alias references unknown anchor");
}

#[test]
fn a_file_may_start_with_a_byte_order_mark_and_end_lines_as_windows_does() {
    let text = format!("\u{feff}{}", LEAST.replace('\n', "\r\n"));
    assert!(WorkloadFile::parse("lifeboat.yaml", &text).is_ok());
}
