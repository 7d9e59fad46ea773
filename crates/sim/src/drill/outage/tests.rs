//! What became of messages, held against what really lies there.

use std::collections::BTreeMap;

use crate::DrillVerdict;
use crate::tests::example::{drill, scenario};

/// Proves: S21. Answers are lost while a drain sends and completes: what came twice is counted where it lies, and the
/// drain, which cannot know, says at least as many.
#[test]
fn what_a_drain_with_lost_answers_sends_twice_is_counted() {
    let lost = |region: &str, operation: &str, phase: &str, times: u32| {
        format!(
            "{{ at: 2h, fault: {{ region: {region}, provider: Microsoft.ServiceBus, operation: {operation}, \
             phase: {phase}, effect: hang, times: {times} }} }}"
        )
    };
    let events = [
        "{ at: 10m, lose: { region: primary } }".to_owned(),
        lost("primary", "complete", "before", 7),
        lost("primary", "complete", "after", 4),
        lost("secondary", "send", "after", 900),
        "{ at: 2h, restore: { region: primary } }".to_owned(),
    ];
    let clients = "{ producers: 4, consumers: 0, messagesPerSecond: 1 }";
    let text =
        format!("scenario: twice\nduration: 6h\nclients: {clients}\nevents: [{}]\n", events.join(", "));
    let mut drill = drill(scenario(&text), 1);
    drill.begin();
    while drill.goes_on() {}
    let mut copies: BTreeMap<String, u64> = BTreeMap::new();
    for held in drill.world.lab.service_bus().held() {
        *copies.entry(held.id.map(ToString::to_string).unwrap_or_default()).or_default() += 1;
    }
    let twice: u64 = copies.values().map(|copies| copies - 1).sum();
    let said: u64 =
        drill.world.runs.iter().flat_map(|run| run.station.engine.steps()).map(|step| step.moved.1).sum();
    let outcome = drill.end();
    assert!(!matches!(outcome.report.verdict, DrillVerdict::Broken(_)), "{:?}", outcome.report.verdict);
    assert_eq!(outcome.report.losses.duplicated, twice);
    assert!(7 < twice && twice <= said, "{twice} of {said}");
    let answers =
        outcome.report.runs.iter().flat_map(|run| &run.steps).filter_map(|step| step.answer.as_deref());
    assert!(
        answers.clone().any(|says| says.contains("may have come more than once")),
        "{:?}",
        answers.collect::<Vec<_>>()
    );
}
