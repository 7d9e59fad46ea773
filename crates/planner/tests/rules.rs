//! Every rule with a world in which it fails, one in which it passes and one in which nobody can tell.

mod clients;
mod evidence;
mod fresh;
mod not_replicated;
mod pairing;
mod standing;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_planner::{Answer, FailoverPolicy, Finding, assess_with_objective, explained, rules};

use crate::fixtures::World;

/// One row of the table.
struct Row {
    /// The rule's id.
    rule: &'static str,
    /// `Proves: …`, the requirements and failures it stands for.
    proves: &'static str,
    /// What is the case.
    story: &'static str,
    /// The component that is asked about.
    on: &'static str,
    /// The world in which it is the case.
    world: fn() -> World,
    /// What the rule answers.
    expect: Answer,
    /// What the evidence says, in part.
    says: &'static str,
}

/// A row about the namespaces: rule, what it proves, story, answer, what the evidence says, world.
const fn bus(
    rule: &'static str,
    proves: &'static str,
    story: &'static str,
    expect: Answer,
    says: &'static str,
    world: fn() -> World,
) -> Row {
    Row { rule, proves, story, on: "orders-bus", world, expect, says }
}

/// A world after a change.
fn with(mut world: World, change: impl FnOnce(&mut World)) -> World {
    change(&mut world);
    world
}

/// Rules that always know: what they look at is in the workload itself.
const ALWAYS_KNOWS: &[(&str, &str)] = &[
    ("WL-NAME", "both names are in the ids that the workload is made of"),
    ("WL-ONE-SITE", "whether there is a counterpart is part of the workload"),
    ("SB-CROSS-SUBSCRIPTION", "both subscriptions are in the ids that the workload is made of"),
    ("SB-ALIAS-NAME", "without an observed alias the name is the one that would be chosen"),
    ("ANY-NO-RULES", "it depends on the type alone"),
];

/// Rules that cannot pass, because a component whose rule would pass belongs to another service.
const NEVER_PASSES: &[(&str, &str)] =
    &[("ANY-NO-RULES", "a resource whose service has rules is asked those rules instead")];

fn table() -> impl Iterator<Item = &'static Row> {
    [workload::ROWS, pairing::ROWS, standing::ROWS, fresh::ROWS, not_replicated::ROWS, clients::ROWS]
        .into_iter()
        .flatten()
}

fn findings(world: &World, rule: &str, on: &str) -> Vec<Finding> {
    let all = assess_with_objective(&world.workload, &world.seen, &FailoverPolicy::default());
    all.into_iter().filter(|finding| finding.rule == rule && finding.component == on).collect()
}

/// One answer of several: a failure tells, then a doubt.
fn overall(findings: &[Finding]) -> Option<Answer> {
    findings.iter().map(|finding| finding.answer).min()
}

/// Proves: S04, S05, S06, S11, S22, S23, S24, S25, S26, P1b, D01, D02, D03, D04, D05, D06, D07, F1, F19, F20 (each row says
/// which).
#[test]
fn every_rule_answers_as_the_table_says() {
    let mut wrong = Vec::new();
    for row in table() {
        let findings = findings(&(row.world)(), row.rule, row.on);
        let said = findings
            .iter()
            .filter(|finding| finding.answer == row.expect)
            .flat_map(|finding| &finding.evidence)
            .any(|evidence| evidence.says.contains(row.says));
        if overall(&findings) != Some(row.expect) || !said {
            let got: Vec<_> =
                findings.iter().map(|finding| (finding.answer, &finding.evidence[0].says)).collect();
            wrong.push(format!(
                "{} ({}): {}\n   expected {:?} saying {:?}\n   got {got:?}",
                row.rule, row.proves, row.story, row.expect, row.says
            ));
        }
    }
    assert!(wrong.is_empty(), "{} rows\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_has_a_row_for_every_answer_it_can_give() {
    let mut have: BTreeMap<&str, BTreeSet<Answer>> = BTreeMap::new();
    for row in table() {
        have.entry(row.rule).or_default().insert(row.expect);
    }
    let exempt = |table: &[(&str, &str)], rule: &str| table.iter().any(|(id, _)| *id == rule);
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    for (_, rule) in rules() {
        ids.insert(rule.id);
        let answers = have.get(rule.id).cloned().unwrap_or_default();
        for (answer, exempted) in [
            (Answer::Fail, false),
            (Answer::Unknown, exempt(ALWAYS_KNOWS, rule.id)),
            (Answer::Pass, exempt(NEVER_PASSES, rule.id)),
        ] {
            if answers.contains(&answer) == exempted {
                let is = if exempted { "has, and is said never to" } else { "lacks" };
                wrong.push(format!("{} {is} a row that answers {}", rule.id, answer.word()));
            }
        }
    }
    wrong.extend(have.keys().filter(|id| !ids.contains(**id)).map(|id| format!("{id} is no rule")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a rule cites is what its rows prove.
#[test]
fn a_row_proves_what_its_rule_cites() {
    for (_, rule) in rules() {
        let proved: BTreeSet<&str> = table()
            .filter(|row| row.rule == rule.id)
            .flat_map(|row| row.proves.trim_start_matches("Proves: ").split(", "))
            .collect();
        let cited: BTreeSet<&str> = rule.cites.iter().copied().collect();
        assert!(cited.is_subset(&proved), "{} cites {cited:?}, its rows prove {proved:?}", rule.id);
    }
}

/// Whatever id is printed, by a finding or a refusal, `explain` knows it.
#[test]
fn every_id_that_is_printed_can_be_explained() {
    fn is_id(text: &str) -> bool {
        let words: Vec<&str> = text.split('-').collect();
        let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
        ["WL", "SB", "ANY"].contains(&words[0]) && words.len() > 1 && words.iter().all(is_word)
    }
    let known: BTreeSet<&str> = explained().map(|(_, rule)| rule.id).collect();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap();
                found.extend(text.split('"').filter(|part| is_id(part)).map(str::to_owned));
            }
        }
    }
    assert!(found.contains("WL-CANNOT-LEAVE-OUT"), "{found:?}");
    let unknown: Vec<&String> = found.iter().filter(|id| !known.contains(id.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn a_rule_says_everything_a_person_needs() {
    let mut ids = BTreeSet::new();
    for (_, rule) in explained() {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        for text in [rule.title, rule.guidance, rule.why, rule.remedy, rule.fault] {
            assert!(text.len() > 10, "{}: {text:?}", rule.id);
        }
        assert!(!rule.cites.is_empty(), "{} cites nothing", rule.id);
    }
}
