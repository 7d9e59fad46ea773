//! What the end of a run shows.

use lifeboat_plan::PlanKind;
use lifeboat_planner::{Claim, Side};

use crate::tests::example::{drill, scenario};
use crate::world::Purpose;
use crate::{DrillVerdict, Scenario};

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

/// What was to be made ready and was not is a trouble until it is, whatever else is made ready meanwhile.
#[test]
fn a_region_that_could_not_be_made_ready_is_not_helped_by_the_other_one() {
    let to = |active| Purpose { kind: PlanKind::Prepare, active, planned: true, returning: false };
    for (succeeds, passes) in [(Side::Primary, true), (Side::Secondary, false)] {
        let mut drill = drill(Scenario::sudden_loss(), 1);
        drill.note_trouble(to(Side::Primary), "prepare northeurope: failed".to_owned());
        drill.cure(to(succeeds));
        assert_eq!(drill.trouble.is_empty(), passes, "{succeeds:?}");
        let DrillVerdict::Missed(why) = drill.sum_up().report.verdict else { panic!("nothing was run") };
        assert_eq!(why.contains(&"prepare northeurope: failed".to_owned()), !passes, "{why:?}");
    }
}
