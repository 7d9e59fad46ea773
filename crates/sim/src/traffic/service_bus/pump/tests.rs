//! The pump against the lab: what arrives is what was there, all of it, and nothing else is taken away.

mod properties;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Call, Method};
use lifeboat_engine::FilledTransfer;
use lifeboat_lab::{Lab, Message, Received, Session, Settings};
use serde_json::{Value, json};

use super::*;
use crate::traffic::Pump as _;

const OLD: &str = "orders-old.servicebus.windows.net";
const NEW: &str = "orders-new.servicebus.windows.net";
const TRAVEL: SignedDuration = SignedDuration::from_millis(40);

/// Two namespaces with the same entities.
struct Bench {
    lab: Lab,
    now: Timestamp,
    /// The watermark as the journal holds it.
    watermark: Option<String>,
    moved: u64,
    duplicates: u64,
    left: u64,
}

impl Bench {
    fn new(entities: &[(&str, Value)]) -> Self {
        let now = Timestamp::from_second(1_772_000_000).unwrap();
        let subscription = "00000000-0000-0000-0000-000000000001";
        let lab = Lab::new(Settings::new(1, subscription, now));
        let mut bench = Self { lab, now, watermark: None, moved: 0, duplicates: 0, left: 0 };
        let group = format!("/subscriptions/{subscription}/resourceGroups/g");
        bench.put(&group, "2021-04-01", json!({ "location": "westeurope" }));
        for name in ["orders-old", "orders-new"] {
            let bus = format!("{group}/providers/Microsoft.ServiceBus/namespaces/{name}");
            let sku = json!({ "name": "Premium", "tier": "Premium", "capacity": 1 });
            bench.put(&bus, "2024-01-01", json!({ "location": "westeurope", "sku": sku }));
            bench.now += SignedDuration::from_mins(10);
            for (path, properties) in entities {
                bench.put(&format!("{bus}/{path}"), "2024-01-01", json!({ "properties": properties }));
            }
        }
        bench
    }

    fn put(&mut self, path: &str, api: &str, body: Value) {
        let call = Call::arm(Method::Put, format!("{path}?api-version={api}"), Some(body));
        let answer = self.lab.handle(self.now, &call).answer.unwrap();
        assert!(answer.is_success(), "{path}: {answer:?}");
    }

    fn send(&mut self, host: &str, entity: &str, message: Message) {
        self.lab.service_bus_mut(self.now).send(host, entity, message).unwrap();
    }

    /// One batch; a watermark survives it and nothing else.
    fn batch(&mut self, transfer: &FilledTransfer) -> Pumped {
        let mut pump = Pump::new(transfer.clone(), self.watermark.as_deref());
        let mut next = pump.begin();
        loop {
            match next {
                Next::Over(pumped) => {
                    self.watermark = Some(pumped.watermark.clone());
                    self.moved += pumped.moved;
                    self.duplicates += pumped.duplicates;
                    return pumped;
                }
                Next::Call(call) => {
                    self.now += TRAVEL;
                    let answer = self.lab.handle(self.now, &call).answer.ok_or_else(|| Lost("lost".into()));
                    next = pump.answered(self.now, &answer, &mut self.left);
                }
            }
        }
    }

    fn drain(&mut self, transfer: &FilledTransfer) {
        loop {
            let pumped = self.batch(transfer);
            assert_eq!(pumped.error, None);
            if pumped.finished {
                return;
            }
        }
    }

    fn take(&mut self, host: &str, entity: &str) -> Vec<Received> {
        let mut all = Vec::new();
        while let Some(received) =
            self.lab.service_bus_mut(self.now).receive(host, entity, Session::Any).unwrap()
        {
            self.lab.service_bus_mut(self.now).complete(host, entity, received.lock).unwrap();
            all.push(received);
        }
        all
    }

    fn held(&self, namespace: &str, entity: &str) -> u64 {
        self.lab.service_bus().counts(namespace, entity).unwrap().total()
    }
}

fn transfer(paths: &[&str], to: &str, key: Option<&str>) -> FilledTransfer {
    FilledTransfer {
        from_host: OLD.to_owned(),
        from_paths: paths.iter().map(|&path| path.to_owned()).collect(),
        to_host: NEW.to_owned(),
        to_path: to.to_owned(),
        key: key.map(str::to_owned),
    }
}

fn body(text: &str) -> Message {
    Message { body: Some(Arc::new(json!(text))), ..Message::default() }
}

fn bodies(received: &[Received]) -> Vec<&str> {
    received.iter().filter_map(|one| one.message.body.as_deref()?.as_str()).collect()
}

/// Proves: S21 (an id is optional: without one nothing is a duplicate of anything)
#[test]
fn messages_without_an_id_are_all_sent_on() {
    let mut bench = Bench::new(&[("queues/q", json!({}))]);
    for text in ["a", "b", "c"] {
        bench.send(OLD, "q", body(text));
    }
    bench.drain(&transfer(&["q"], "q", None));
    let arrived = bench.take(NEW, "q");
    assert_eq!(bodies(&arrived), ["a", "b", "c"]);
    assert!(arrived.iter().all(|one| one.message.message_id.is_none()), "nobody makes an id up");
    assert_eq!((bench.moved, bench.duplicates, bench.held("orders-old", "q")), (3, 0, 0));
}

/// Proves: S21 (in a queue that detects no duplicates two messages may have one id)
#[test]
fn two_messages_with_one_id_are_both_sent_on() {
    let mut bench = Bench::new(&[("queues/q", json!({}))]);
    for text in ["a", "b"] {
        bench.send(OLD, "q", Message { message_id: Some("same".into()), ..body(text) });
    }
    bench.drain(&transfer(&["q"], "q", None));
    assert_eq!(bodies(&bench.take(NEW, "q")), ["a", "b"]);
}

/// Proves: S21 (a topic's copies are one message, over batches; none is lost, and each subscription has each once)
#[test]
fn two_subscriptions_with_300_messages_each_get_300() {
    let entities = [
        ("topics/t", json!({})),
        ("topics/t/subscriptions/a", json!({})),
        ("topics/t/subscriptions/b", json!({})),
    ];
    let mut bench = Bench::new(&entities);
    for number in 0..300_u64 {
        // Ids tell nothing: some have none, some share one.
        let message = body(&number.to_string());
        let message_id = (number % 3 > 0).then(|| (number % 7).into());
        bench.send(OLD, "t", Message { message_id, ..message });
    }
    let paths = ["t/Subscriptions/a", "t/Subscriptions/b"];
    bench.drain(&transfer(&paths, "t", Some("EnqueuedSequenceNumber")));
    assert_eq!((bench.moved, bench.duplicates, bench.left), (600, 0, 600));
    let wanted: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    for subscription in paths {
        assert_eq!(bodies(&bench.take(NEW, subscription)), wanted, "{subscription}");
        assert_eq!(bench.held("orders-old", subscription), 0);
    }
    assert_eq!(bench.watermark.as_deref(), Some("0 1-300"), "what was sent on is remembered in few words");
}

/// Proves: S21 (what one subscription had read comes to it again, with the same id; what nobody had read is not lost)
#[test]
fn what_one_subscription_has_read_comes_again_with_its_id() {
    let entities = [
        ("topics/t", json!({})),
        ("topics/t/subscriptions/a", json!({})),
        ("topics/t/subscriptions/b", json!({})),
    ];
    let mut bench = Bench::new(&entities);
    (0..10_u64).for_each(|number| bench.send(OLD, "t", Message::new(number)));
    assert_eq!(bench.take(OLD, "t/Subscriptions/a").len(), 10);
    (10..15_u64).for_each(|number| bench.send(OLD, "t", Message::new(number)));
    let paths = ["t/Subscriptions/a", "t/Subscriptions/b"];
    bench.drain(&transfer(&paths, "t", Some("EnqueuedSequenceNumber")));
    assert_eq!(
        (bench.moved, bench.duplicates),
        (20, 0),
        "sent once each; 2 × 15 arrive where 20 were: 10 come again"
    );
    for subscription in paths {
        let ids = bench.take(NEW, subscription).into_iter().map(|one| one.message.message_id.unwrap());
        let mut ids: Vec<String> = ids.map(|id| id.to_string()).collect();
        ids.sort_by_key(|id| id.parse::<u64>().unwrap());
        assert_eq!(ids, (0..15).map(|id| id.to_string()).collect::<Vec<_>>(), "{subscription}");
    }
}

/// Proves: S21 (an executor that dies after sending and before completing makes a duplicate, and loses nothing)
#[test]
fn a_crash_between_sending_and_completing_sends_twice_with_the_same_id() {
    let mut bench = Bench::new(&[("queues/q", json!({}))]);
    bench.send(OLD, "q", Message::new("once"));
    let transfer = transfer(&["q"], "q", None);
    let mut dying = Pump::new(transfer.clone(), None);
    let Next::Call(peek) = dying.begin() else { panic!("a peek") };
    let locked = bench.lab.handle(bench.now, &peek).answer.unwrap();
    let Next::Call(send) = dying.answered(bench.now, &Ok(locked), &mut 0) else { panic!("a send") };
    assert!(bench.lab.handle(bench.now, &send).answer.unwrap().is_success());
    bench.drain(&transfer);
    assert_eq!(bench.held("orders-old", "q"), 1, "locked by the dead one: nobody takes it away unsent");
    bench.now += SignedDuration::from_mins(2);
    bench.drain(&transfer);
    let ids: Vec<String> =
        bench.take(NEW, "q").into_iter().map(|one| one.message.message_id.unwrap().to_string()).collect();
    assert_eq!((ids, bench.held("orders-old", "q")), (vec!["once".to_owned(); 2], 0));
}

/// Proves: S21 (a lock that ran out is no completion: what was sent on is sent again, and that is counted)
#[test]
fn a_lock_that_runs_out_is_counted_as_a_duplicate() {
    let mut bench = Bench::new(&[("queues/q", json!({ "lockDuration": "PT5S" }))]);
    bench.send(OLD, "q", Message::new("slow"));
    let mut pump = Pump::new(transfer(&["q"], "q", None), None);
    let mut next = pump.begin();
    let mut calls = 0;
    let pumped = loop {
        match next {
            Next::Over(pumped) => break pumped,
            Next::Call(call) => {
                calls += 1;
                bench.now += SignedDuration::from_secs(if calls == 3 { 6 } else { 1 });
                let answer = bench.lab.handle(bench.now, &call).answer.unwrap();
                next = pump.answered(bench.now, &Ok(answer), &mut 0);
            }
        }
    };
    assert_eq!((pumped.moved, pumped.duplicates), (1, 1));
    assert_eq!(bench.take(NEW, "q").len(), 2);
}

/// Proves: S21 (what may have come twice is counted, whichever answer is lost: never less than what really did)
#[test]
fn lost_answers_are_counted_as_what_may_have_come_twice() {
    use lifeboat_lab::{Effect, Fault, FaultMatch, Phase as Side};
    let refused =
        Effect::Status { status: 500, code: "Oops".into(), message: "no".into(), retry_after_seconds: None };
    // Struck five times each: what really comes twice, of what the pump must take into account.
    for (operation, phase, effect, twice, counted) in [
        ("send", Side::Before, Effect::Hang, 0, 5),
        ("send", Side::After, Effect::Hang, 5, 5),
        ("complete", Side::Before, Effect::Hang, 5, 5),
        ("complete", Side::After, Effect::Hang, 0, 5),
        ("complete", Side::Before, refused, 5, 5),
    ] {
        let name = format!("{operation} {phase:?} {effect:?}");
        let mut bench = Bench::new(&[("queues/q", json!({}))]);
        (0..40_u64).for_each(|number| bench.send(OLD, "q", Message::new(number)));
        let at = FaultMatch { operation: Some(operation.into()), phase, ..FaultMatch::default() };
        let fault = Fault { at, effect, times: Some(5), from: None, until: None, per_mille: None };
        bench.lab.inject(fault);
        while bench.batch(&transfer(&["q"], "q", None)).error.is_some() || bench.held("orders-old", "q") > 0 {
            bench.now += SignedDuration::from_mins(2); // whatever is locked is free again
        }
        let arrived = bench.take(NEW, "q");
        let ids: std::collections::BTreeSet<_> =
            arrived.iter().map(|one| one.message.message_id.clone()).collect();
        assert_eq!((ids.len(), arrived.len()), (40, 40 + twice), "{name}");
        assert_eq!(bench.duplicates, counted, "{name}");
    }
}

/// Proves: S21 (a dead letter that is sent on says why it was one)
#[test]
fn a_dead_letter_keeps_its_reason() {
    let mut bench = Bench::new(&[("queues/q", json!({ "maxDeliveryCount": 1 }))]);
    bench.send(OLD, "q", Message::new("poison"));
    let got = bench.lab.service_bus_mut(bench.now).receive(OLD, "q", Session::Any).unwrap().unwrap();
    bench.lab.service_bus_mut(bench.now).abandon(OLD, "q", got.lock).unwrap();
    bench.drain(&transfer(&["q/$DeadLetterQueue", "q"], "q", None));
    let arrived = bench.take(NEW, "q");
    let properties = arrived[0].message.properties.as_deref().unwrap();
    assert_eq!(properties["DeadLetterReason"], "MaxDeliveryCountExceeded");
    assert!(properties["DeadLetterErrorDescription"].as_str().unwrap().contains("delivery attempts"));
    assert_eq!(arrived[0].dead_letter_reason, None, "it is live again");
}

/// Proves: S21 (what could not be forwarded on the old side is forwarded on the new one)
#[test]
fn what_could_not_be_forwarded_is_drained_too() {
    let mut bench = Bench::new(&[
        ("queues/target", json!({ "status": "Disabled" })),
        ("queues/q", json!({ "forwardTo": "target" })),
    ]);
    bench.send(OLD, "q", Message::new("stuck"));
    assert_eq!(bench.lab.service_bus().counts("orders-old", "q").unwrap().transfer_dead_letter, 1);
    bench.drain(&transfer(&["q/$Transfer/$DeadLetterQueue"], "q", None));
    assert_eq!((bench.held("orders-old", "q"), bench.held("orders-new", "q")), (0, 1));
}

/// Proves: S21 (moving a message does not make it live longer; one whose time is up anyway starts anew as a dead letter)
#[test]
fn the_time_to_live_goes_on() {
    let mut bench = Bench::new(&[("queues/q", json!({ "deadLetteringOnMessageExpiration": true }))]);
    let short = Message { time_to_live: Some(SignedDuration::from_mins(10)), ..Message::new("short") };
    bench.send(OLD, "q", short.clone());
    let expires = bench.now + SignedDuration::from_mins(10);
    bench.now += SignedDuration::from_mins(7);
    bench.drain(&transfer(&["q"], "q", None));
    let arrived = bench.take(NEW, "q");
    let late = arrived[0].expires.unwrap().duration_since(expires);
    assert!(late >= SignedDuration::ZERO && late <= TRAVEL, "{late:?}");

    bench.send(OLD, "q", short);
    bench.now += SignedDuration::from_mins(30);
    assert!(bench.lab.service_bus_mut(bench.now).receive(OLD, "q", Session::Any).unwrap().is_none());
    bench.drain(&transfer(&["q/$DeadLetterQueue"], "q", None));
    let arrived = bench.take(NEW, "q");
    assert_eq!(arrived[0].expires, Some(arrived[0].enqueued + SignedDuration::from_mins(10)));
}
