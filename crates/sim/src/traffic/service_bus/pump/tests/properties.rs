//! Any message at all: whatever a sender may set arrives as it was.

use std::collections::BTreeMap;

use lifeboat_lab::BrokerProperties;
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};

use super::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9 ]{1,12}", any::<String>()]
}

fn broker() -> impl Strategy<Value = Option<BrokerProperties>> {
    let maybe = || prop::option::of(text());
    let fields =
        (prop::option::of("[a-z]{1,8}/[a-z]{1,8}"), maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    prop::option::of(fields.prop_map(
        |(content_type, correlation_id, label, to, reply_to, reply_to_session, partition_key)| {
            BrokerProperties {
                content_type,
                correlation_id,
                label,
                to,
                reply_to,
                reply_to_session,
                partition_key,
            }
        },
    ))
    .prop_map(|broker| broker.filter(|broker| *broker != BrokerProperties::default()))
}

fn own() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let value = prop_oneof![
        text().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (-1_000_000..1_000_000_i32).prop_map(|number| json!(f64::from(number) / 8.0)),
    ];
    // Names keep their case; those of HTTP's own headers cannot be told apart.
    prop::collection::btree_map("[A-Z][a-zA-Z]{8,12}X", value, 0..5)
}

fn message() -> impl Strategy<Value = Message> {
    let id = prop::option::of(prop_oneof![
        any::<u64>().prop_map(Into::into),
        text().prop_map(|id| id.as_str().into())
    ]);
    let session = prop::option::of(text());
    let lives = prop::option::of(60_000..600_000_i64);
    (id, session, lives, broker(), own(), prop::option::of(text())).prop_map(
        |(message_id, session, lives, broker, own, body)| Message {
            message_id,
            session: session.map(Into::into),
            scheduled: None,
            time_to_live: lives.map(SignedDuration::from_millis),
            broker: broker.map(Arc::new),
            properties: (!own.is_empty()).then(|| Arc::new(own)),
            body: body.map(|body| Arc::new(json!(body))),
        },
    )
}

proptest! {
    /// Proves: S21. Whatever a message carries, and whatever it is called, it arrives with all of it, in its order.
    #[test]
    fn messages_arrive_as_they_were(messages in prop::collection::vec(message(), 1..8), scheduled in any::<bool>()) {
        let mut bench = Bench::new(&[("queues/q", json!({}))]);
        let due = bench.now + SignedDuration::from_secs(30);
        let mut messages = messages;
        for message in &mut messages {
            message.scheduled = scheduled.then_some(due);
            bench.send(OLD, "q", message.clone());
        }
        let sent = if scheduled { due } else { bench.now };
        bench.now += SignedDuration::from_secs(45);
        bench.drain(&transfer(&["q"], "q", None));
        let arrived = bench.take(NEW, "q");
        prop_assert_eq!(arrived.len(), messages.len());
        prop_assert_eq!(bench.held("orders-old", "q"), 0);
        for (received, message) in arrived.into_iter().zip(messages) {
            match (received.expires, message.time_to_live) {
                (Some(expires), Some(lives)) => {
                    let late = expires.duration_since(sent + lives);
                    prop_assert!(late <= TRAVEL && late > -SignedDuration::from_millis(1), "{:?}", late);
                }
                (expires, lives) => prop_assert_eq!(expires.is_some(), lives.is_some()),
            }
            let received = Message { time_to_live: None, ..received.message };
            prop_assert_eq!(received, Message { time_to_live: None, ..message });
        }
    }
}
