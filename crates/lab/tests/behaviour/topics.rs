//! Topics: a copy for each subscription, by its rules, when the message is due.

use std::sync::Arc;

use jiff::SignedDuration;
use lifeboat_lab::{BrokerProperties, Counts, DataError, Lab, Message, Session};
use serde_json::{Value, json};

use crate::bench::{Bench, Look as _, WEST, alias};

const HOST: &str = "orders-weu.servicebus.windows.net";

/// A namespace with the topic `events` and two subscriptions, `all` and `paid`.
fn with_topic(properties: Value) -> (Bench, String) {
    let mut bench = Bench::new();
    let bus = bench.bus("weu", "orders-weu", WEST);
    bench.put(&format!("{bus}/topics/events"), json!({ "properties": properties })).expect_status(200);
    for name in ["all", "paid"] {
        bench.put(&format!("{bus}/topics/events/subscriptions/{name}"), json!({})).expect_status(200);
    }
    (bench, bus)
}

fn counts(lab: &Lab, path: &str) -> Counts {
    lab.service_bus().counts("orders-weu", path).unwrap()
}

/// Waiting, scheduled, dead letters.
fn holds(bench: &Bench, path: &str) -> (u64, u64, u64) {
    let counts = counts(&bench.lab, path);
    (counts.active, counts.scheduled, counts.dead_letter)
}

impl Bench {
    pub(super) fn schedule(&mut self, to: &str, id: u64, seconds: i64) -> lifeboat_lab::SendOk {
        let due = self.now + SignedDuration::from_secs(seconds);
        let message = Message { scheduled: Some(due), ..Message::new(id) };
        self.lab.service_bus_mut(self.now).send(HOST, to, message).unwrap()
    }

    fn pass(&mut self, seconds: i64) {
        self.wait(seconds);
        self.lab.advance(self.now);
    }
}

/// Proves: S21. All copies of one message have the number that their topic gave it, and each its own sequence.
#[test]
fn copies_share_the_number_of_their_topic() {
    let mut bench = Bench::new();
    let bus = bench.bus("weu", "orders-weu", WEST);
    bench.put(&format!("{bus}/topics/events"), json!({})).expect_status(200);
    let add = |bench: &mut Bench, name: &str| {
        bench.put(&format!("{bus}/topics/events/subscriptions/{name}"), json!({})).expect_status(200);
    };
    add(&mut bench, "early");
    bench.lab.service_bus_mut(bench.now).send(HOST, "events", Message::new(1)).unwrap();
    add(&mut bench, "late");
    bench.lab.service_bus_mut(bench.now).send(HOST, "events", Message::default()).unwrap();
    let mut numbers = |subscription: &str| -> Vec<(u64, u64)> {
        let path = format!("events/subscriptions/{subscription}");
        let receive = || bench.lab.service_bus_mut(bench.now).receive(HOST, &path, Session::Any).unwrap();
        std::iter::from_fn(receive).map(|got| (got.sequence, got.enqueued_sequence)).collect()
    };
    assert_eq!((numbers("early"), numbers("late")), (vec![(1, 1), (2, 2)], vec![(1, 2)]));
}

/// Proves: S21. A topic gives each subscription its own copy, as its rules say; forwarding goes on from there.
#[test]
fn a_topic_fans_out_by_rules() {
    let mut bench = Bench::new();
    let bus = bench.bus("weu", "orders-weu", WEST);
    bench.put(&format!("{bus}/topics/events"), json!({})).expect_status(200);
    bench.put(&format!("{bus}/queues/archive"), json!({})).expect_status(200);
    let subscriptions = format!("{bus}/topics/events/subscriptions");
    bench.put(&format!("{subscriptions}/all"), json!({})).expect_status(200);
    bench.put(&format!("{subscriptions}/paid"), json!({})).expect_status(200);
    bench
        .put(&format!("{subscriptions}/kept"), json!({ "properties": { "forwardTo": "archive" } }))
        .expect_status(200);
    bench.delete(&format!("{subscriptions}/paid/rules/%24Default")).expect_status(200);
    let rule = json!({ "properties": { "filterType": "CorrelationFilter", "correlationFilter": { "label": "paid" } } });
    bench.put(&format!("{subscriptions}/paid/rules/paid"), rule).expect_status(200);
    for (id, label) in [(1, "paid"), (2, "open")] {
        let broker = BrokerProperties { label: Some(label.into()), ..BrokerProperties::default() };
        let message = Message { broker: Some(Arc::new(broker)), ..Message::new(id) };
        bench.lab.service_bus_mut(bench.now).send(HOST, "events", message).unwrap();
    }
    let counts =
        |bench: &Bench, path: &str| bench.lab.service_bus().counts("orders-weu", path).unwrap().active;
    assert_eq!(counts(&bench, "events/subscriptions/all"), 2);
    assert_eq!(counts(&bench, "events/subscriptions/paid"), 1);
    assert_eq!(counts(&bench, "events/subscriptions/kept"), 0);
    assert_eq!(counts(&bench, "archive"), 2);
    let locked = bench
        .lab
        .service_bus_mut(bench.now)
        .receive(HOST, "events/Subscriptions/paid", Session::Any)
        .unwrap()
        .unwrap();
    bench.lab.service_bus_mut(bench.now).complete(HOST, "events/subscriptions/paid", locked.lock).unwrap();
}

/// Proves: S21, D06. What is not due yet lies in the topic, and nowhere else: ARM says so, and no subscription has it.
#[test]
fn a_scheduled_message_waits_in_its_topic() {
    let (mut bench, bus) = with_topic(json!({}));
    assert_eq!(bench.schedule("events", 7, 600).sequence, 1);
    let details = |bench: &mut Bench, path: &str| {
        let details = bench.get(&format!("{bus}/topics/{path}")).property("countDetails");
        let count = |name: &str| details[name].as_u64().unwrap();
        (count("activeMessageCount"), count("scheduledMessageCount"))
    };
    assert_eq!(details(&mut bench, "events"), (0, 1));
    assert_eq!(details(&mut bench, "events/subscriptions/all"), (0, 0));
    let places =
        |bench: &Bench| bench.lab.service_bus().held().map(|held| held.entity.to_owned()).collect::<Vec<_>>();
    assert_eq!(places(&bench), ["events"]);
    bench.pass(599);
    assert_eq!(
        bench.lab.service_bus_mut(bench.now).receive(HOST, "events/subscriptions/all", Session::Any),
        Ok(None)
    );
    bench.pass(1);
    assert_eq!(details(&mut bench, "events"), (0, 0));
    assert_eq!(places(&bench), ["events/subscriptions/all", "events/subscriptions/paid"]);
    // It was appended when it became due, with a number of that moment, which all its copies share.
    for path in ["events/subscriptions/all", "events/subscriptions/paid"] {
        let got = bench.lab.service_bus_mut(bench.now).receive(HOST, path, Session::Any).unwrap().unwrap();
        assert_eq!((got.enqueued, got.enqueued_sequence), (bench.now, 2));
    }
    let sums = bench.lab.service_bus().sums("orders-weu", "events").unwrap();
    assert_eq!((sums.accepted, sums.passed_on), (1, 1));
}

/// Proves: S21. The rules are asked when a message is due, not when it is sent.
#[test]
fn rules_and_subscriptions_of_the_day_decide() {
    let (mut bench, bus) = with_topic(json!({}));
    let subscriptions = format!("{bus}/topics/events/subscriptions");
    for (id, seconds) in [(1, 600), (2, 300), (3, 300)] {
        bench.schedule("events", id, seconds);
    }
    bench.delete(&format!("{subscriptions}/paid/rules/%24Default")).expect_status(200);
    bench.put(&format!("{subscriptions}/late"), json!({})).expect_status(200);
    bench.pass(300);
    let active = |bench: &Bench| {
        ["all", "paid", "late"].map(|name| holds(bench, &format!("events/subscriptions/{name}")).0)
    };
    assert_eq!((active(&bench), holds(&bench, "events").1), ([2, 0, 2], 1));
    bench.delete(&format!("{subscriptions}/late")).expect_status(200);
    bench.put(&format!("{subscriptions}/late"), json!({})).expect_status(200);
    bench.pass(300);
    assert_eq!((active(&bench), holds(&bench, "events").1), ([3, 0, 1], 0));
    // With the topic goes what waited in it.
    bench.schedule("events", 4, 60);
    bench.delete(&format!("{bus}/topics/events")).expect_status(200);
    bench.pass(60);
    assert_eq!(bench.lab.service_bus().held().count(), 0);
}

/// Proves: S21. A message is a duplicate or none when it is sent, however late it is due.
#[test]
fn duplicates_of_scheduled_messages_are_detected_when_they_are_sent() {
    let detects =
        json!({ "requiresDuplicateDetection": true, "duplicateDetectionHistoryTimeWindow": "PT1M" });
    let (mut bench, _) = with_topic(detects);
    assert!(!bench.schedule("events", 1, 600).duplicate);
    assert!(bench.schedule("events", 1, 600).duplicate);
    bench.pass(120);
    assert!(!bench.schedule("events", 1, 600).duplicate, "the window is over");
    bench.pass(600);
    assert_eq!(holds(&bench, "events/subscriptions/all"), (2, 0, 0));
}

/// A topic's own limit holds for all copies, and time to live begins when a message is due.
#[test]
fn no_copy_outlives_what_its_topic_allows() {
    let (mut bench, _) = with_topic(json!({ "defaultMessageTimeToLive": "PT1M" }));
    bench.schedule("events", 1, 600);
    for (seconds, there) in [(659, true), (1, false)] {
        bench.pass(seconds);
        let path = "events/subscriptions/all";
        let got = bench.lab.service_bus_mut(bench.now).receive(HOST, path, Session::Any).unwrap();
        assert_eq!(got.is_some(), there);
        if let Some(got) = got {
            bench.lab.service_bus_mut(bench.now).abandon(HOST, path, got.lock).unwrap();
        }
    }
}

/// What waits in a topic fills it.
#[test]
fn a_full_topic_takes_nothing_that_it_has_to_keep() {
    let (mut bench, _) = with_topic(json!({ "maxSizeInMegabytes": 0 }));
    let due = bench.now + SignedDuration::from_secs(60);
    let later = Message { scheduled: Some(due), ..Message::new(1) };
    assert_eq!(bench.lab.service_bus_mut(bench.now).send(HOST, "events", later), Err(DataError::Full));
    bench.lab.service_bus_mut(bench.now).send(HOST, "events", Message::new(2)).unwrap();
    assert_eq!(holds(&bench, "events/subscriptions/all"), (1, 0, 0));
}

/// Proves: S21. A subscription takes whatever its topic took: its status is about receiving, and without the session that
/// it requires a message is a dead letter there, while the others have their copies.
#[test]
fn a_subscription_never_refuses_a_copy() {
    let (mut bench, bus) = with_topic(json!({}));
    for (name, properties) in
        [("off", json!({ "status": "Disabled" })), ("ordered", json!({ "requiresSession": true }))]
    {
        let path = format!("{bus}/topics/events/subscriptions/{name}");
        bench.put(&path, json!({ "properties": properties })).expect_status(200);
    }
    bench.lab.service_bus_mut(bench.now).send(HOST, "events", Message::new(1)).unwrap();
    bench.schedule("events", 2, 60);
    bench.pass(60);
    assert_eq!(holds(&bench, "events/subscriptions/all"), (2, 0, 0));
    assert_eq!(holds(&bench, "events/subscriptions/off"), (2, 0, 0));
    assert_eq!(holds(&bench, "events/subscriptions/ordered"), (0, 0, 2));
    let path = "events/subscriptions/ordered/$DeadLetterQueue";
    let dead = bench.lab.service_bus_mut(bench.now).receive(HOST, path, Session::Any).unwrap().unwrap();
    assert_eq!(dead.dead_letter_reason.as_deref(), Some("Session id is null."));
}

/// A queue that forwards keeps what is not due yet, too; once it forwards no longer, it keeps it for good.
#[test]
fn what_forwards_waits_until_a_message_is_due() {
    let mut bench = Bench::new();
    let bus = bench.bus("weu", "orders-weu", WEST);
    let forward = |bench: &mut Bench, properties: Value| {
        bench.put(&format!("{bus}/queues/front"), json!({ "properties": properties })).expect_status(200);
    };
    bench.put(&format!("{bus}/queues/back"), json!({})).expect_status(200);
    forward(&mut bench, json!({ "forwardTo": "back" }));
    bench.schedule("front", 1, 60);
    bench.schedule("front", 2, 120);
    assert_eq!((holds(&bench, "front"), holds(&bench, "back")), ((0, 2, 0), (0, 0, 0)));
    bench.pass(60);
    assert_eq!((holds(&bench, "front"), holds(&bench, "back")), ((0, 1, 0), (1, 0, 0)));
    forward(&mut bench, json!({}));
    bench.pass(60);
    assert_eq!((holds(&bench, "front"), holds(&bench, "back")), ((1, 0, 0), (1, 0, 0)));
    bench.schedule("front", 3, 60);
    forward(&mut bench, json!({ "forwardTo": "back" }));
    bench.pass(60);
    assert_eq!(holds(&bench, "back"), (2, 0, 0));
}

/// Proves: S21, D06. A failover moves the alias and leaves scheduled messages in the topic of the namespace it left.
#[test]
fn scheduled_messages_of_a_topic_stay_behind() {
    let mut bench = Bench::new();
    let (primary, secondary) = bench.pair(0);
    bench.put(&format!("{primary}/topics/events"), json!({})).expect_status(200);
    bench.put(&format!("{primary}/topics/events/subscriptions/all"), json!({})).expect_status(200);
    bench.wait(60);
    bench.schedule("events", 1, 3600);
    bench.post(&format!("{}/failover", alias(&secondary))).expect_status(200);
    bench.wait(300);
    let scheduled = |bench: &mut Bench, namespace: &str| {
        bench.get(&format!("{namespace}/topics/events")).property("countDetails")["scheduledMessageCount"]
            .clone()
    };
    assert_eq!((scheduled(&mut bench, &primary), scheduled(&mut bench, &secondary)), (json!(1), json!(0)));
    bench.pass(3600);
    let active = |bench: &Bench, namespace: &str| {
        bench.lab.service_bus().counts(namespace, "events/subscriptions/all").unwrap().active
    };
    assert_eq!((active(&bench, "orders-weu"), active(&bench, "orders-neu")), (1, 0));
}

/// Proves: D05. Copies that arrive are no use: a subscription from which nobody receives deletes itself.
#[test]
fn a_subscription_that_only_gets_copies_is_idle() {
    let (mut bench, bus) = with_topic(json!({}));
    let path = |name: &str| format!("{bus}/topics/events/subscriptions/{name}");
    for name in ["read", "unread"] {
        bench.put(&path(name), json!({ "properties": { "autoDeleteOnIdle": "PT10M" } })).expect_status(200);
    }
    for id in 0..4 {
        bench.wait(240);
        bench.lab.service_bus_mut(bench.now).send(HOST, "events", Message::new(id)).unwrap();
        bench
            .lab
            .service_bus_mut(bench.now)
            .receive(HOST, "events/subscriptions/read", Session::Any)
            .unwrap();
    }
    bench.get(&path("read")).expect_status(200);
    bench.get(&path("unread")).expect_status(404);
}

/// Proves: D05. A topic is used where its subscriptions are.
#[test]
fn a_topic_whose_subscription_is_read_is_not_idle() {
    let (mut bench, bus) = with_topic(json!({}));
    let idle = || json!({ "properties": { "autoDeleteOnIdle": "PT10M" } });
    for topic in ["read", "unread"] {
        bench.put(&format!("{bus}/topics/{topic}"), idle()).expect_status(200);
        bench.put(&format!("{bus}/topics/{topic}/subscriptions/all"), json!({})).expect_status(200);
    }
    for _ in 0..4 {
        bench.wait(240);
        bench.lab.service_bus_mut(bench.now).receive(HOST, "read/subscriptions/all", Session::Any).unwrap();
    }
    bench.get(&format!("{bus}/topics/read")).expect_status(200);
    bench.get(&format!("{bus}/topics/unread")).expect_status(404);
}

/// What a full topic did not take is no duplicate when it comes again.
#[test]
fn a_message_that_was_not_taken_is_not_remembered() {
    let (mut bench, _) = with_topic(json!({
        "maxSizeInMegabytes": 1,
        "requiresDuplicateDetection": true,
        "duplicateDetectionHistoryTimeWindow": "PT10M",
    }));
    let due = bench.now + SignedDuration::from_hours(1);
    let mut send = |id: u64| {
        let message = Message { scheduled: Some(due), ..Message::new(id) };
        bench.lab.service_bus_mut(bench.now).send(HOST, "events", message)
    };
    let refused = (0..1_000_000).find(|id| send(*id).is_err()).unwrap();
    for _ in 0..2 {
        assert_eq!(send(refused), Err(DataError::Full), "message {refused}");
    }
}
