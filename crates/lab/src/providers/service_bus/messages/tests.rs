//! Locks, deliveries, schedules, duplicates, sessions, expiry.

use super::*;

fn policy() -> Policy {
    Policy {
        lock: SignedDuration::from_secs(60),
        deliveries_max: 2,
        sessions: false,
        duplicates: None,
        time_to_live: None,
        dead_letter_expired: false,
        messages_max: u64::MAX,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn ids(store: &mut Store, now: Timestamp, policy: &Policy) -> Vec<String> {
    std::iter::from_fn(|| store.receive(now, policy, Half::Main, Session::Any))
        .map(|received| received.message.message_id.unwrap().to_string())
        .collect()
}

#[test]
fn a_lock_that_runs_out_gives_the_message_back_in_its_place() {
    let (mut store, policy) = (Store::default(), policy());
    for id in 1..=3_u64 {
        store.send(at(0), &policy, Message::new(id), None).unwrap();
    }
    let first = store.receive(at(0), &policy, Half::Main, Session::Any).unwrap();
    assert_eq!(store.complete(at(60), &policy, first.lock), Err(DataError::LockLost));
    assert_eq!(ids(&mut store, at(60), &policy), ["1", "2", "3"]);
}

#[test]
fn too_many_deliveries_make_a_dead_letter() {
    let (mut store, policy) = (Store::default(), policy());
    store.send(at(0), &policy, Message::new("m"), None).unwrap();
    for _ in 0..2 {
        let got = store.receive(at(0), &policy, Half::Main, Session::Any).unwrap();
        store.abandon(at(0), &policy, got.lock).unwrap();
    }
    assert!(store.receive(at(0), &policy, Half::Main, Session::Any).is_none());
    assert_eq!(store.counts(at(0)).dead_letter, 1);
    let dead = store.receive(at(0), &policy, Half::DeadLetters, Session::Any).unwrap();
    assert_eq!(dead.dead_letter_reason.as_deref(), Some("MaxDeliveryCountExceeded"));
    store.complete(at(0), &policy, dead.lock).unwrap();
    assert_eq!(store.counts(at(0)).total(), 0);
}

#[test]
fn a_scheduled_message_waits_for_its_time() {
    let (mut store, policy) = (Store::default(), policy());
    store.send(at(0), &policy, Message { scheduled: Some(at(30)), ..Message::new("later") }, None).unwrap();
    assert_eq!(store.counts(at(0)).scheduled, 1);
    assert!(ids(&mut store, at(29), &policy).is_empty());
    assert_eq!(ids(&mut store, at(30), &policy), ["later"]);
}

#[test]
fn a_message_that_becomes_due_stands_behind_those_that_came_meanwhile() {
    let (mut store, policy) = (Store::default(), policy());
    let later = Message { scheduled: Some(at(30)), ..Message::new("later") };
    assert_eq!(store.send(at(0), &policy, later, None).unwrap().sequence, 1);
    for (when, id) in [(10, "meanwhile"), (40, "afterwards")] {
        store.send(at(when), &policy, Message::new(id), None).unwrap();
    }
    let next = || store.receive(at(40), &policy, Half::Main, Session::Any);
    let got: Vec<_> = std::iter::from_fn(next)
        .map(|got| (got.message.message_id.unwrap().to_string(), got.sequence, got.enqueued_sequence))
        .collect();
    assert_eq!(got, [("meanwhile".into(), 2, 2), ("later".into(), 3, 3), ("afterwards".into(), 4, 4)]);
}

#[test]
fn due_messages_are_counted_as_active_before_anybody_reads() {
    let (mut store, policy) = (Store::default(), policy());
    store.send(at(0), &policy, Message { scheduled: Some(at(30)), ..Message::new("later") }, None).unwrap();
    let seen = |at| (store.counts(at).active, store.counts(at).scheduled);
    assert_eq!((seen(at(29)), seen(at(30))), ((0, 1), (1, 0)));
}

#[test]
fn duplicates_are_dropped_within_the_window_only() {
    let policy = Policy { duplicates: Some(SignedDuration::from_secs(10)), ..policy() };
    let mut store = Store::default();
    for (when, duplicate) in [(0, false), (10, true), (11, false)] {
        let sent = store.send(at(when), &policy, Message::new("once"), None).unwrap();
        assert_eq!(sent.duplicate, duplicate, "at {when}");
    }
    assert_eq!(store.sums().duplicates, 1);
}

#[test]
fn a_session_is_worked_on_by_one_receiver_and_in_order() {
    let policy = Policy { sessions: true, ..policy() };
    let mut store = Store::default();
    for (id, session) in [("a1", "a"), ("b1", "b"), ("a2", "a")] {
        let message = Message { session: Some(session.into()), ..Message::new(id) };
        store.send(at(0), &policy, message, None).unwrap();
    }
    assert_eq!(store.send(at(0), &policy, Message::new("x"), None), Err(DataError::SessionRequired));
    let mut next = |session| {
        store
            .receive(at(0), &policy, Half::Main, session)
            .map(|got| (got.message.message_id.unwrap().to_string(), got.lock))
    };
    let (first, lock) = next(Session::Any).unwrap();
    assert_eq!(first, "a1");
    assert_eq!(next(Session::Any).unwrap().0, "b1");
    assert_eq!(next(Session::Any), None, "both sessions are taken");
    store.abandon(at(0), &policy, lock).unwrap();
    assert_eq!(ids(&mut store, at(0), &policy), ["a1"]);
    let named = store.receive(at(0), &policy, Half::Main, Session::Named("a")).unwrap();
    assert_eq!(named.message.message_id.unwrap().to_string(), "a2");
}

#[test]
fn a_message_past_its_time_is_dropped_or_buried() {
    for (bury, expired, dead) in [(false, 1, 0), (true, 0, 1)] {
        let policy = Policy {
            time_to_live: Some(SignedDuration::from_secs(5)),
            dead_letter_expired: bury,
            ..policy()
        };
        let mut store = Store::default();
        store.send(at(0), &policy, Message::new("m"), None).unwrap();
        assert!(ids(&mut store, at(5), &policy).is_empty());
        assert_eq!((store.sums().expired, store.counts(at(0)).dead_letter), (expired, dead));
    }
}
