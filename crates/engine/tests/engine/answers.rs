//! Requests whose answer is lost, refused for now, or refused because somebody else was faster.

use jiff::SignedDuration;
use lifeboat_arm::Method;
use lifeboat_engine::{Decision, Event, Outcome, StepEvent};
use lifeboat_plan::{Repeat, Way};

use crate::asserts::{GET_A, PUT_A, changes, done, fault, outcome};
use crate::plans::{blind_bump_way, bump_way, plan, put, put_way, step, thing_path};
use crate::shell::Shell;
use crate::world::{Fault, World, epoch};

const BUMP: &str = "POST /subscriptions/s/counters/count/bump";

/// Proves: F29. A harmless request whose answer was lost is looked for, and sent again only if it shows nowhere.
#[test]
fn a_lost_harmless_request_is_sent_again_only_if_it_shows_nowhere() {
    for (how, requests) in [(Fault::LostOnTheWay, 2), (Fault::AnswerLost, 1)] {
        for repeat in [Repeat::Harmless, Repeat::Keyed] {
            let plan = plan(vec![step("a", &[], Way { repeat, ..put_way("a") })]);
            let mut shell = Shell::new(World::new());
            fault(&mut shell.world, PUT_A, std::slice::from_ref(&how));
            let summary = shell.run(&plan);
            assert!(done(&summary, "a"), "{summary:?}");
            assert_eq!(summary.requests, requests, "{how:?}");
            let intents = changes(&shell, "a")
                .iter()
                .filter(|change| matches!(change, StepEvent::Intended { .. }))
                .count();
            assert_eq!(intents, 1, "one intent, however often it is sent");
        }
    }
}

/// Proves: F29. A request that may not be repeated is left to a person, who is told what nobody knows.
#[test]
fn a_lost_request_that_may_not_be_repeated_is_left_to_a_person() {
    // (how it is lost, what the person says, requests, counter, outcome)
    let cases = [
        (Fault::LostOnTheWay, Decision::Approved, 2, 1, Outcome::Done),
        (Fault::LostOnTheWay, Decision::Declined, 1, 0, Outcome::OutcomeUnknown),
        (Fault::AnswerLost, Decision::Declined, 1, 1, Outcome::OutcomeUnknown),
    ];
    for (how, answer, requests, counter, wanted) in cases {
        let plan = plan(vec![step("count", &[], blind_bump_way("count"))]);
        let mut shell = Shell::new(World::new());
        fault(&mut shell.world, BUMP, std::slice::from_ref(&how));
        shell.person = Box::new(move |_, _, _, _| Some((SignedDuration::from_secs(60), answer)));
        let summary = shell.run(&plan);
        assert_eq!(outcome(&summary, "count"), Some(wanted), "{how:?}");
        assert_eq!(summary.requests, requests);
        assert_eq!(shell.world.counters.get("count").copied().unwrap_or(0), counter);
        assert!(shell.asked[0].contains("the answer to request 1 was lost"), "{:?}", shell.asked);
    }
}

#[test]
fn a_lost_request_that_shows_asks_nobody() {
    let plan = plan(vec![step("count", &[], bump_way("count"))]);
    let mut shell = Shell::new(World::new());
    fault(&mut shell.world, BUMP, &[Fault::AnswerLost]);
    let summary = shell.run(&plan);
    assert!(done(&summary, "count"));
    assert!(shell.asked.is_empty());
    assert_eq!(shell.world.counters["count"], 1);
}

/// Somebody puts it while our request travels: the look before it saw nothing, the look after it does.
#[test]
fn what_was_refused_because_somebody_else_did_it_is_done() {
    let plan = plan(vec![put("a", &[])]);
    let mut shell = Shell::new(World::new());
    fault(&mut shell.world, PUT_A, &[Fault::Refused(409, "AlreadyFailedOver", None)]);
    fault(&mut shell.world, GET_A, &[Fault::Refused(404, "NotFound", None)]);
    shell.world.handle(&lifeboat_arm::Call::arm(Method::Put, thing_path("a"), None), epoch());
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"), "{summary:?}");
    assert_eq!(summary.requests, 1);
}

/// Proves: P6. A refusal for now is waited out as long as the server says.
#[test]
fn retry_after_is_obeyed_and_the_intent_stays_one() {
    let plan = plan(vec![put("a", &[])]);
    let mut shell = Shell::new(World::new());
    let later = |code| Fault::Refused(429, code, Some(30));
    fault(
        &mut shell.world,
        PUT_A,
        &[later("TooManyRequests"), Fault::Refused(409, "AnotherOperationInProgress", None)],
    );
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"));
    assert_eq!(summary.requests, 3);
    let records = shell.records();
    let at = |wanted: fn(&StepEvent) -> bool| {
        records
            .iter()
            .find(|record| matches!(&record.event, Event::Step { change, .. } if wanted(change)))
            .unwrap()
            .at
    };
    let put_off = at(|change| matches!(change, StepEvent::PutOff { .. }));
    let again = at(|change| matches!(change, StepEvent::Sending { attempt: 2 }));
    assert!(again.duration_since(put_off) >= SignedDuration::from_secs(30));
}
