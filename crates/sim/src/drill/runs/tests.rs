//! What the end of a run shows.

use lifeboat_planner::Claim;

use crate::tests::example::{drill, scenario};

/// What does not come out as predicted is named, whichever pointer it is.
#[test]
fn a_prediction_that_does_not_come_true_is_named() {
    let text = "scenario: calm\nduration: 1h\nclients: { producers: 2, consumers: 2, messagesPerSecond: 1 }\n\
                events: [{ at: 0s, operator: { answers: approve } }]\n";
    let mut drill = drill(scenario(text), 1);
    drill.begin();
    let prepared = &mut drill.world.runs[0];
    for one in &mut prepared.predicted {
        if let Claim::Includes { values, .. } = &mut one.claim {
            values.push("a-queue-that-nobody-made".into());
        }
    }
    while drill.goes_on() {}
    let wrong = drill.end().report.predictions.into_iter().filter(|one| !one.agrees);
    let wrong: Vec<String> = wrong.map(|one| format!("{}: {}", one.fact, one.found)).collect();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].starts_with("Microsoft.ServiceBus/namespaces/orders-bus-neu/queues"), "{wrong:?}");
    assert!(wrong.iter().all(|one| one.ends_with(": without a-queue-that-nobody-made")), "{wrong:?}");
}
