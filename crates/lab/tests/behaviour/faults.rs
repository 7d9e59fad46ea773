//! Faults as data: before the act, after it, late, limited, in a region, for a while.

use jiff::SignedDuration;
use lifeboat_arm::{Method, Region};
use lifeboat_lab::{Effect, Fault, FaultMatch, Phase, Silence};
use serde_json::json;

use crate::bench::{Bench, Look as _, NORTH, WEST, alias, group};

fn thing(group_name: &str, name: &str) -> String {
    format!("{}/providers/Microsoft.Things/things/{name}", group(group_name))
}

fn fault(at: FaultMatch, effect: Effect) -> Fault {
    Fault { at, effect, times: Some(1), from: None, until: None, per_mille: None }
}

fn put() -> FaultMatch {
    FaultMatch {
        provider: Some("microsoft.THINGS".into()),
        method: Some(Method::Put),
        ..FaultMatch::default()
    }
}

fn storm() -> Effect {
    Effect::Status {
        status: 429,
        code: "TooManyRequests".into(),
        message: "everybody fails over".into(),
        retry_after_seconds: Some(17),
    }
}

/// The answer is lost although it happened; and the reverse: it looks the same and did not happen.
#[test]
fn an_answer_may_be_lost_on_either_side_of_the_act() {
    for (phase, happened, then) in [(Phase::Before, false, 404), (Phase::After, true, 200)] {
        let mut bench = Bench::new();
        bench.lab.inject(fault(FaultMatch { phase, ..put() }, Effect::Hang));
        let reply = bench.reply(Method::Put, &thing("weu", "x"), Some(json!({ "location": WEST })));
        assert_eq!((reply.answer, reply.happened, reply.silence), (None, happened, Some(Silence::NoAnswer)));
        assert_eq!(bench.get(&thing("weu", "x")).status, then);
        let traced =
            bench.lab.trace().find(|one| one.method == Method::Put && one.path.contains("things")).unwrap();
        assert_eq!((traced.status, traced.happened), (None, happened));
    }
}

/// A failover that answers 500 and happened all the same.
#[test]
fn a_failover_may_answer_an_error_with_success_behind_it() {
    let mut bench = Bench::new();
    let (_, secondary) = bench.pair(0);
    let at = FaultMatch {
        operation: Some("Microsoft.ServiceBus/namespaces/disasterRecoveryConfigs/failover".into()),
        phase: Phase::After,
        ..FaultMatch::default()
    };
    let effect = Effect::Status {
        status: 500,
        code: "InternalServerError".into(),
        message: "oh".into(),
        retry_after_seconds: None,
    };
    bench.lab.inject(fault(at, effect));
    let reply = bench.reply(Method::Post, &format!("{}/failover", alias(&secondary)), None);
    assert_eq!((reply.answer.unwrap().status, reply.happened), (500, true));
    bench.wait(200);
    assert_eq!(bench.get(&alias(&secondary)).property("role"), json!("PrimaryNotReplicating"));
}

/// A storm of 429 in one region, for a while.
#[test]
fn a_storm_hits_one_region_for_a_while() {
    let mut bench = Bench::new();
    let at = FaultMatch { region: Some(Region::lenient(NORTH)), ..put() };
    let until = bench.now + SignedDuration::from_secs(60);
    bench.lab.inject(Fault { times: None, until: Some(until), ..fault(at, storm()) });
    bench.put(&thing("weu", "x"), json!({ "location": WEST })).expect_status(201);
    for _ in 0..3 {
        let refused = bench.put(&thing("neu", "x"), json!({ "location": NORTH })).expect_status(429);
        assert_eq!(refused.header("retry-after"), Some("17"));
    }
    bench.wait(60);
    bench.put(&thing("neu", "x"), json!({ "location": NORTH })).expect_status(201);
}

#[test]
fn a_delay_makes_the_answer_late_and_changes_nothing_else() {
    let mut bench = Bench::new();
    bench.lab.inject(fault(put(), Effect::Delay(SignedDuration::from_secs(70))));
    let slow = bench.reply(Method::Put, &thing("weu", "x"), Some(json!({})));
    assert!(slow.after >= SignedDuration::from_secs(70));
    assert_eq!(slow.answer.unwrap().status, 201);
    let quick = bench.reply(Method::Put, &thing("weu", "y"), Some(json!({})));
    assert!(quick.after < SignedDuration::from_secs(2));
}

/// An operation that never ends, until somebody lifts the fault.
#[test]
fn an_operation_may_never_end() {
    let mut bench = Bench::new();
    bench.lab.inject(Fault { times: None, ..fault(FaultMatch::default(), Effect::OperationStuck) });
    let url = bench.put(&thing("weu", "x"), json!({ "location": WEST }));
    let url = url.expect_status(201).header("azure-asyncoperation").unwrap().to_owned();
    bench.wait(24 * 3600);
    assert_eq!(bench.get(&url).body["status"], "Creating");
    bench.lab.clear_faults();
    bench.wait(20);
    assert_eq!(bench.get(&url).body["status"], "Succeeded");
}

#[test]
fn a_share_of_requests_may_fail() {
    let mut bench = Bench::new();
    bench.lab.inject(Fault {
        times: None,
        per_mille: Some(300),
        ..fault(FaultMatch { method: Some(Method::Get), ..FaultMatch::default() }, storm())
    });
    let failed = (0..200).filter(|_| bench.get(&group("weu")).status == 429).count();
    assert!((30..=90).contains(&failed), "{failed} of 200");
}
