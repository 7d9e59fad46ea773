use super::*;
use crate::record::OperationKind;
use lifeboat_plan::{Digest, Places};
use std::collections::BTreeMap;

fn states() -> Vec<StepState> {
    use StepState as S;
    let way = WayKind::Graceful;
    let operation = OperationRef { kind: OperationKind::Status, key: "1".to_owned() };
    vec![
        S::Waiting,
        S::Begun { way },
        S::Intended { way, attempt: 1 },
        S::PutOff { way, attempt: 1, until: Timestamp::UNIX_EPOCH },
        S::Unclear { way, attempt: 1 },
        S::Rejected { way, why: "why".to_owned(), operation: false },
        S::Acting { way, operation: None },
        S::Acting { way, operation: Some(operation) },
        S::Asked { way, about: About::Outcome { attempt: 1 } },
        S::Asked { way, about: About::Failure { why: "why".to_owned() } },
        S::Asked { way, about: About::Degraded { have: 1, want: 2 } },
        S::Ended { outcome: Outcome::Done, go_on: true },
        S::Ended { outcome: Outcome::Failed { why: "why".to_owned() }, go_on: false },
    ]
}

fn events() -> Vec<(&'static str, StepEvent)> {
    use StepEvent as E;
    let captured = BTreeMap::new;
    let (by, why) = ("ann".to_owned(), "why".to_owned());
    let until = Timestamp::UNIX_EPOCH;
    let digest = Digest::of_steps(&[]);
    let decided = |answer| E::Decided { by: "ann".to_owned(), answer, go_on: false };
    vec![
        ("began", E::Began { way: WayKind::Graceful }),
        ("found done", E::FoundDone { captured: captured() }),
        ("found under way", E::FoundUnderWay { captured: captured() }),
        ("intended", E::Intended { request: String::new(), captured: captured() }),
        ("sending", E::Sending { attempt: 2 }),
        ("put off", E::PutOff { until, why: why.clone() }),
        ("answer lost", E::AnswerLost { why: why.clone() }),
        ("rejected", E::Rejected { why: why.clone(), operation: false }),
        ("accepted", E::Accepted { status: None, operation: None, captured: captured() }),
        ("moved", E::Moved { watermark: String::new(), moved: 0, duplicates: 0, finished: false }),
        (
            "expanded",
            E::Expanded { digest, steps: vec![], reads: BTreeMap::new(), places: Places::default() },
        ),
        ("seen done", E::SeenDone { captured: captured() }),
        ("asked", E::Asked { about: About::Failure { why: why.clone() } }),
        ("approved", decided(Decision::Approved)),
        ("declined", decided(Decision::Declined)),
        ("switched", E::Switched { by: by.clone(), why: why.clone(), abandons: vec![] }),
        ("failed", E::Failed { why: why.clone(), go_on: false }),
        ("degraded", E::Degraded { have: 1, want: 2, go_on: true }),
        ("skipped", E::Skipped { by: by.clone(), why: why.clone() }),
        ("deferred", E::Deferred { by, until, why }),
    ]
}

/// The whole table: columns are the states above, dots are impossible. A change here is a change of the engine's
/// promises and of how old journals are read.
#[test]
fn the_table_of_transitions() {
    let table: Vec<String> = events()
        .iter()
        .map(|(name, event)| {
            let row: Vec<&str> = states()
                .iter()
                .map(|state| match state.after(event) {
                    Err(_) => ".",
                    Ok(StepState::Ended { outcome, .. }) => match outcome {
                        Outcome::Done => "done",
                        Outcome::AlreadyDone => "already",
                        Outcome::Degraded { .. } => "degraded",
                        Outcome::Failed { .. } => "failed",
                        Outcome::OutcomeUnknown => "unknown",
                        Outcome::Skipped { .. } => "skipped",
                        Outcome::Deferred { .. } => "deferred",
                        Outcome::Stuck { .. } => "stuck",
                    },
                    Ok(next) => next.word(),
                })
                .collect();
            format!("{name}: {}", row.join(" | "))
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"));
}

/// The ungraceful way is the last one.
#[test]
fn there_is_no_way_back_from_the_ungraceful_way() {
    let switched = StepEvent::Switched { by: "ann".to_owned(), why: "why".to_owned(), abandons: vec![] };
    let begun = StepState::Begun { way: WayKind::Graceful }.after(&switched).unwrap();
    assert_eq!(begun, StepState::Begun { way: WayKind::Ungraceful });
    assert!(begun.after(&switched).is_err());
}
