//! Messages over the typed data plane and over REST, and that none is ever lost.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use lifeboat_arm::{Answer, Call, Method, Target};
use lifeboat_lab::{
    DataError, Effect, Fault, FaultMatch, Health, Lock, Message, Phase, Plane, Session, Silence,
};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use proptest::prop_assert_eq;
use serde_json::{Value, json};

use crate::bench::{Bench, Look as _, WEST};

const HOST: &str = "orders-weu.servicebus.windows.net";

fn with_queue(properties: Value) -> Bench {
    let mut bench = Bench::new();
    let bus = bench.bus("weu", "orders-weu", WEST);
    bench.put(&format!("{bus}/queues/Orders"), json!({ "properties": properties })).expect_status(200);
    bench
}

fn rest(bench: &mut Bench, method: Method, path: &str, broker: Option<Value>, body: Option<Value>) -> Answer {
    let mut call = Call::arm(method, path, body);
    call.target = Target::Host(HOST.into());
    if let Some(broker) = broker {
        call.headers.insert("brokerproperties".into(), broker.to_string());
    }
    bench.lab.handle(bench.now, &call).answer.expect("an answer")
}

/// Proves: S21. The documented runtime calls: send, peek-lock, renew, unlock, delete, dead letters.
#[test]
fn rest_calls_send_lock_and_settle() {
    let mut bench = with_queue(json!({ "maxDeliveryCount": 2 }));
    let broker = json!({ "MessageId": "m-1", "Label": "paid", "CorrelationId": "c" });
    rest(&mut bench, Method::Post, "/orders/messages", Some(broker), Some(json!({ "total": 7 })))
        .expect_status(201);
    rest(&mut bench, Method::Post, "/nobody/messages", None, None).expect_status(404);
    let locked =
        rest(&mut bench, Method::Post, "/orders/messages/head?timeout=5", None, None).expect_status(201);
    assert_eq!(locked.body, json!({ "total": 7 }));
    let broker: Value = serde_json::from_str(locked.header("brokerproperties").unwrap()).unwrap();
    assert_eq!(
        (&broker["MessageId"], &broker["DeliveryCount"], &broker["Label"]),
        (&json!("m-1"), &json!(1), &json!("paid"))
    );
    let location = locked.header("location").unwrap();
    let path = location.strip_prefix(&format!("https://{HOST}")).unwrap().to_owned();
    rest(&mut bench, Method::Post, "/orders/messages/head", None, None).expect_status(204);
    rest(&mut bench, Method::Post, &path, None, None).expect_status(200);
    rest(&mut bench, Method::Put, &path, None, None).expect_status(200);
    rest(&mut bench, Method::Delete, &path, None, None).expect_status(410);
    let again = rest(&mut bench, Method::Post, "/orders/messages/head", None, None).expect_status(201);
    let path = again.header("location").unwrap().strip_prefix(&format!("https://{HOST}")).unwrap().to_owned();
    rest(&mut bench, Method::Put, &path, None, None).expect_status(200);
    // Delivered as often as allowed: it is a dead letter now.
    rest(&mut bench, Method::Post, "/orders/messages/head", None, None).expect_status(204);
    let dead = rest(&mut bench, Method::Post, "/orders/$DeadLetterQueue/messages/head", None, None)
        .expect_status(201);
    // The reason is a property of the application's, in quotation marks like any text.
    assert_eq!(dead.headers["DeadLetterReason"], "\"MaxDeliveryCountExceeded\"");
    assert!(dead.headers["DeadLetterErrorDescription"].contains("maximum delivery attempts"));
    let path = dead.header("location").unwrap().strip_prefix(&format!("https://{HOST}")).unwrap().to_owned();
    rest(&mut bench, Method::Delete, &path, None, None).expect_status(200);
    assert_eq!(bench.lab.service_bus().counts("orders-weu", "orders").unwrap().total(), 0);
}

/// Proves: S21. No sender has to give an id, and nobody makes one up: such messages are no duplicates of each other.
#[test]
fn a_message_without_an_id_stays_without() {
    let mut bench = with_queue(json!({ "requiresDuplicateDetection": true }));
    for body in ["a", "b"] {
        rest(&mut bench, Method::Post, "/orders/messages", None, Some(json!(body))).expect_status(201);
    }
    for body in ["a", "b"] {
        let got = rest(&mut bench, Method::Post, "/orders/messages/head", None, None).expect_status(201);
        let broker: Value = serde_json::from_str(got.header("brokerproperties").unwrap()).unwrap();
        assert_eq!((broker.get("MessageId"), &got.body), (None, &json!(body)));
    }
}

/// Proves: S21. What a target does not take stays behind where it came from, counted as ARM shows it, until somebody takes
/// it from there.
#[test]
fn what_cannot_be_forwarded_is_a_transfer_dead_letter() {
    for (target, says) in [
        (None, "no such entity"),
        (Some(json!({ "status": "Disabled" })), "the entity is `Disabled`"),
        (Some(json!({ "maxSizeInMegabytes": 0 })), "the entity is full"),
        (Some(json!({ "forwardTo": "orders" })), "MaxTransferHopCountExceeded"),
    ] {
        let mut bench = with_queue(json!({}));
        let bus = crate::bench::namespace("weu", "orders-weu");
        let path = format!("{bus}/queues/target");
        bench.put(&path, json!({})).expect_status(200);
        let forwards = json!({ "properties": { "forwardTo": "target" } });
        bench.put(&format!("{bus}/queues/orders"), forwards).expect_status(200);
        match target {
            Some(properties) => bench.put(&path, json!({ "properties": properties })),
            None => bench.delete(&path),
        }
        .expect_status(200);
        bench
            .lab
            .service_bus_mut(bench.now)
            .send(HOST, "orders", Message::new(1))
            .expect("the sender is not told");
        let counts = bench.lab.service_bus().counts("orders-weu", "orders").unwrap();
        assert_eq!((counts.transfer_dead_letter, counts.total()), (1, 1), "{says}");
        let queue = bench.get(&format!("{bus}/queues/orders"));
        assert_eq!(queue.property("countDetails")["transferDeadLetterMessageCount"], 1, "{says}");
        let path = "orders/$Transfer/$DeadLetterQueue";
        let got = bench.lab.service_bus_mut(bench.now).receive(HOST, path, Session::Any).unwrap().unwrap();
        assert_eq!(got.dead_letter_reason.as_deref(), Some(says));
        bench.lab.service_bus_mut(bench.now).complete(HOST, path, got.lock).unwrap();
        assert_eq!(bench.lab.service_bus().counts("orders-weu", "orders").unwrap().total(), 0);
    }
}

/// Proves: D06. Sessions over REST are an extension of the lab; counts are what ARM shows.
#[test]
fn sessions_and_schedules_over_rest() {
    let mut bench = with_queue(json!({ "requiresSession": true }));
    rest(&mut bench, Method::Post, "/orders/messages", Some(json!({ "MessageId": 1 })), None)
        .expect_status(400);
    for (id, session) in [(1, "a"), (2, "b")] {
        let broker = json!({ "MessageId": id, "SessionId": session });
        rest(&mut bench, Method::Post, "/orders/messages", Some(broker), None).expect_status(201);
    }
    let later = (bench.now + SignedDuration::from_secs(600)).to_string();
    let broker = json!({ "MessageId": 3, "SessionId": "a", "ScheduledEnqueueTimeUtc": later });
    rest(&mut bench, Method::Post, "/orders/messages", Some(broker), None).expect_status(201);
    let got =
        rest(&mut bench, Method::Post, "/orders/messages/head?session=b", None, None).expect_status(201);
    assert!(got.header("brokerproperties").unwrap().contains("\"MessageId\":\"2\""));
    let queue = bench.get(&format!("{}/queues/orders", crate::bench::namespace("weu", "orders-weu")));
    let counts = queue.property("countDetails");
    assert_eq!((&counts["activeMessageCount"], &counts["scheduledMessageCount"]), (&json!(2), &json!(1)));
}

/// Proves: F13. `status` is how a drill quiesces producers.
#[test]
fn a_disabled_entity_takes_or_gives_nothing() {
    for (status, sends, receives) in [
        ("Active", true, true),
        ("SendDisabled", false, true),
        ("ReceiveDisabled", true, false),
        ("Disabled", false, false),
    ] {
        let mut bench = with_queue(json!({ "status": status }));
        assert_eq!(
            bench.lab.service_bus_mut(bench.now).send(HOST, "orders", Message::new(1)).is_ok(),
            sends,
            "{status}"
        );
        assert_eq!(
            bench.lab.service_bus_mut(bench.now).receive(HOST, "orders", Session::Any).is_ok(),
            receives,
            "{status}"
        );
    }
}

/// Proves: F1, F15. The planes of a region fail apart.
#[test]
fn members_run_while_the_control_plane_is_down_and_the_reverse() {
    let mut bench = with_queue(json!({}));
    let bus = crate::bench::namespace("weu", "orders-weu");
    bench.health(WEST, Plane::Control, Health::Down);
    bench.get(&bus).expect_status(503);
    bench.lab.service_bus_mut(bench.now).send(HOST, "orders", Message::new(1)).unwrap();
    bench.health(WEST, Plane::Control, Health::Up);
    bench.health(WEST, Plane::Data, Health::Down);
    bench.get(&bus).expect_status(200);
    assert_eq!(
        bench.lab.service_bus_mut(bench.now).send(HOST, "orders", Message::new(2)),
        Err(DataError::Unreachable)
    );
    let mut call = Call::arm(Method::Post, "/orders/messages", None);
    call.target = Target::Host(HOST.into());
    let reply = bench.lab.handle(bench.now, &call);
    assert_eq!((reply.answer, reply.silence), (None, Some(Silence::ConnectionRefused)));
    bench.health(WEST, Plane::Data, Health::Silent);
    assert_eq!(
        bench.lab.service_bus_mut(bench.now).send(HOST, "orders", Message::new(2)),
        Err(DataError::NoAnswer)
    );
    assert_eq!(
        bench.lab.service_bus_mut(bench.now).send("nobody.servicebus.windows.net", "q", Message::new(1)),
        Err(DataError::UnknownHost)
    );
}

/// Proves: S22. The secondary of a pair takes and gives no messages.
#[test]
fn the_secondary_of_a_pair_serves_nobody() {
    let mut bench = Bench::new();
    bench.pair(1);
    let own = "orders-neu.servicebus.windows.net";
    assert_eq!(
        bench.lab.service_bus_mut(bench.now).send(own, "q0", Message::new(1)),
        Err(DataError::Secondary)
    );
    assert_eq!(
        bench.lab.service_bus_mut(bench.now).receive(own, "q0", Session::Any),
        Err(DataError::Secondary)
    );
}

/// A send whose answer is lost happened: who sends again makes a duplicate, unless they are detected.
#[test]
fn a_lost_answer_makes_duplicates_unless_they_are_detected() {
    for (detects, there) in [(false, 2), (true, 1)] {
        let mut bench = with_queue(json!({ "requiresDuplicateDetection": detects }));
        bench.lab.inject(Fault {
            at: FaultMatch { operation: Some("send".into()), phase: Phase::After, ..FaultMatch::default() },
            effect: Effect::Hang,
            times: Some(1),
            from: None,
            until: None,
            per_mille: None,
        });
        assert_eq!(
            bench.lab.service_bus_mut(bench.now).send(HOST, "orders", Message::new(1)),
            Err(DataError::AnswerLost)
        );
        let again = bench.lab.service_bus_mut(bench.now).send(HOST, "orders", Message::new(1)).unwrap();
        assert_eq!(again.duplicate, detects);
        assert_eq!(bench.lab.service_bus().counts("orders-weu", "orders").unwrap().active, there);
    }
}

#[derive(Debug, Clone)]
enum Act {
    Send { id: u64, session: u8, delay: i64 },
    Receive { dead: bool },
    Complete(usize),
    Abandon(usize),
    DeadLetter(usize),
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..40_u64, 0..3_u8, 0..90_i64).prop_map(|(id, session, delay)| Act::Send { id, session, delay }),
        4 => any::<bool>().prop_map(|dead| Act::Receive { dead }),
        2 => (0..8_usize).prop_map(Act::Complete),
        1 => (0..8_usize).prop_map(Act::Abandon),
        1 => (0..8_usize).prop_map(Act::DeadLetter),
        1 => (1..120_i64).prop_map(Act::Wait),
    ]
}

proptest! {
    /// Proves: S21. Whatever happens, every accepted message is settled, expired, or still there; and what was settled
    /// was delivered to somebody. The oracle counts by itself.
    #[test]
    fn no_accepted_message_is_ever_lost(
        acts in prop::collection::vec(act(), 1..120),
        sessions in any::<bool>(),
        duplicates in any::<bool>(),
        expires in any::<bool>(),
    ) {
        let mut properties = json!({ "requiresSession": sessions, "requiresDuplicateDetection": duplicates,
            "maxDeliveryCount": 3, "lockDuration": "PT30S" });
        if expires {
            properties["defaultMessageTimeToLive"] = json!("PT2M");
        }
        let mut bench = with_queue(properties);
        let (mut accepted, mut completed) = (0_u64, 0_u64);
        let mut held: Vec<(&str, Lock)> = Vec::new();
        let mut delivered: BTreeMap<u64, u32> = BTreeMap::new();
        for act in acts {
            match act {
                Act::Send { id, session, delay } => {
                    let mut message = Message::new(id);
                    message.session = Some(session.to_string().into());
                    message.scheduled = Some(bench.now + SignedDuration::from_secs(delay));
                    let sent = bench.lab.service_bus_mut(bench.now).send(HOST, "orders", message).unwrap();
                    accepted += u64::from(!sent.duplicate);
                }
                Act::Receive { dead } => {
                    let path = if dead { "orders/$DeadLetterQueue" } else { "orders" };
                    if let Some(got) = bench.lab.service_bus_mut(bench.now).receive(HOST, path, Session::Any).unwrap() {
                        *delivered.entry(got.sequence).or_insert(0) += 1;
                        held.push((path, got.lock));
                    }
                }
                Act::Complete(at) if at < held.len() => {
                    let (path, lock) = held.swap_remove(at);
                    completed += u64::from(bench.lab.service_bus_mut(bench.now).complete(HOST, path, lock).is_ok());
                }
                Act::Abandon(at) if at < held.len() => {
                    let (path, lock) = held.swap_remove(at);
                    let outcome = bench.lab.service_bus_mut(bench.now).abandon(HOST, path, lock);
                    assert!(matches!(outcome, Ok(()) | Err(DataError::LockLost)));
                }
                Act::DeadLetter(at) if at < held.len() => {
                    let (path, lock) = held.swap_remove(at);
                    let outcome = bench.lab.service_bus_mut(bench.now).dead_letter(HOST, path, lock, "told to");
                    assert!(matches!(outcome, Ok(()) | Err(DataError::LockLost)));
                }
                Act::Wait(seconds) => bench.wait(seconds),
                Act::Complete(_) | Act::Abandon(_) | Act::DeadLetter(_) => {}
            }
            let counts = bench.lab.service_bus().counts("orders-weu", "orders").unwrap();
            let sums = bench.lab.service_bus().sums("orders-weu", "orders").unwrap();
            prop_assert_eq!(sums.accepted, accepted);
            prop_assert_eq!(sums.completed, completed);
            prop_assert_eq!(accepted, completed + sums.expired + counts.total());
        }
        // Left alone, everything that is there can be fetched, from the queue or from its dead letters.
        bench.wait(600);
        let mut fetched = 0;
        for path in ["orders", "orders/$DeadLetterQueue"] {
            while let Some(got) = bench.lab.service_bus_mut(bench.now).receive(HOST, path, Session::Any).unwrap() {
                bench.lab.service_bus_mut(bench.now).complete(HOST, path, got.lock).unwrap();
                fetched += 1;
            }
        }
        let sums = bench.lab.service_bus().sums("orders-weu", "orders").unwrap();
        prop_assert_eq!(accepted, completed + fetched + sums.expired);
        prop_assert_eq!(bench.lab.service_bus().counts("orders-weu", "orders").unwrap().total(), 0);
    }
}
