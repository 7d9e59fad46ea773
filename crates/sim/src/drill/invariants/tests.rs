//! Invariants are watched while a drill happens: what was broken in between is broken, and the time is told.

use jiff::SignedDuration;
use lifeboat_arm::Call;
use lifeboat_lab::{Message, MessageId, Session};
use lifeboat_plan::StepId;

use crate::station::Sent;
use crate::tests::example::{drill, mins, scenario};
use crate::{Drill, DrillOutcome, DrillVerdict};

const HOST: &str = "orders-bus-weu.servicebus.windows.net";
const BUSY: &str = "{ producers: 4, consumers: 4, messagesPerSecond: 1 }";
/// Nobody reads: what is sent stays where it is.
const NO_READERS: &str = "{ producers: 4, consumers: 0, messagesPerSecond: 1 }";

const CALM: &str = "{ at: 0s, operator: { answers: approve } }";

fn begun(clients: &str, hours: u32, events: &str) -> Drill {
    let text = format!("scenario: watched\nduration: {hours}h\nclients: {clients}\nevents: [{events}]\n");
    let mut drill = drill(scenario(&text), 1);
    drill.begin();
    drill
}

/// Goes on until this long into the drill.
fn until(drill: &mut Drill, into: SignedDuration) {
    while drill.opened.is_none_or(|opened| drill.world.now < opened + into) && drill.goes_on() {}
}

fn to_its_end(mut drill: Drill) -> DrillOutcome {
    while drill.goes_on() {}
    drill.end()
}

fn broken(outcome: &DrillOutcome) -> Vec<&str> {
    match &outcome.report.verdict {
        DrillVerdict::Broken(why) => why.iter().map(String::as_str).collect(),
        other => panic!("{other:?}"),
    }
}

/// When a breach was told on the timeline, in minutes into the drill.
fn told(outcome: &DrillOutcome, words: &str) -> Vec<i64> {
    let lines = outcome.report.timeline.iter();
    lines
        .filter(|line| line.what.starts_with("an invariant is broken: ") && line.what.contains(words))
        .map(|line| line.at.duration_since(outcome.report.started).as_mins())
        .collect()
}

/// Takes what lies in a queue away, behind everybody's back.
fn steal(drill: &mut Drill, queue: &str) -> Vec<Message> {
    steal_from(drill, HOST, queue)
}

fn steal_from(drill: &mut Drill, host: &str, queue: &str) -> Vec<Message> {
    let (now, lab) = (drill.world.now, &mut drill.world.lab);
    let mut stolen = Vec::new();
    while let Some(got) = lab.service_bus_mut(now).receive(host, queue, Session::Any).unwrap() {
        lab.service_bus_mut(now).complete(host, queue, got.lock).unwrap();
        stolen.push(got.message);
    }
    stolen
}

#[test]
fn messages_that_were_nowhere_for_a_while_were_lost_for_a_while() {
    let mut drill = begun(NO_READERS, 2, CALM);
    until(&mut drill, mins(31));
    let stolen = steal(&mut drill, "orders");
    assert!(stolen.len() > 100, "{}", stolen.len());
    until(&mut drill, mins(51));
    let now = drill.world.now;
    for message in stolen {
        drill.world.lab.service_bus_mut(now).send(HOST, "orders", message).unwrap();
    }
    let outcome = to_its_end(drill);
    assert_eq!(outcome.report.losses.lost, 0, "at the end all of it is there");
    let why = broken(&outcome);
    let [why] = why.as_slice() else { panic!("{why:?}") };
    assert!(why.contains("of `orders` exist nowhere and were never received, first seen 3"), "{why}");
    assert!(why.contains(" into the drill, and not since 5"), "{why}");
    let told = told(&outcome, "`orders` exist nowhere");
    assert!(matches!(told.as_slice(), [31..=36]), "once, when it was seen: {told:?}");
}

/// Goes on until a drain has brought something over, and takes the messages that lie in a queue of the new side.
fn drained(drill: &mut Drill) -> Vec<Message> {
    while drill.world.ledger.drained < 50 {
        assert!(drill.goes_on(), "nothing is drained");
    }
    let stolen = steal_from(drill, "orders-bus-neu.servicebus.windows.net", "orders");
    assert!(stolen.len() > 10, "{}", stolen.len());
    stolen
}

/// What a pump that does not keep ids would do: `change` makes of each message what is sent.
fn pumped(change: impl Fn(usize, Message) -> Vec<Message>) -> DrillOutcome {
    let events = "{ at: 10m, lose: { region: primary } }, { at: 2h, restore: { region: primary } }";
    let mut drill = begun(NO_READERS, 4, events);
    let stolen = drained(&mut drill);
    let (now, lab) = (drill.world.now, &mut drill.world.lab);
    for message in stolen.into_iter().enumerate().flat_map(|(at, message)| change(at, message)) {
        lab.service_bus_mut(now).send("orders-bus-neu.servicebus.windows.net", "orders", message).unwrap();
    }
    to_its_end(drill)
}

/// Proves: S21. A duplicate has the id of the message that it is a copy of. Judged by what lies there: nobody asks a pump.
#[test]
fn a_copy_under_another_id_is_a_breach_and_one_under_its_own_is_none() {
    let twice = pumped(|_, message| vec![message.clone(), message]);
    assert_eq!(twice.report.verdict, DrillVerdict::Passed, "{:#?}", twice.report.timeline);

    let another = Some("a-pump-made-this-up".into());
    let renamed = pumped(|at, message| match at {
        0..5 => vec![message.clone(), Message { message_id: another.clone(), ..message }],
        5..7 => vec![message.clone(), Message { message_id: None, ..message }],
        _ => vec![message],
    });
    let why = broken(&renamed);
    let [why] = why.as_slice() else { panic!("{why:?}") };
    assert!(why.starts_with("7 messages of `orders` found under another id than the producer gave"), "{why}");
    let told = told(&renamed, "found under another id");
    assert!(told.len() == 1 && told[0] < 140, "seen at the next look: {told:?}");

    // The id of another message is no better: both would be taken for one.
    let swapped = pumped(|at, message| match (at, &message.message_id) {
        (0, Some(MessageId::Number(id))) => vec![Message { message_id: Some((id + 1).into()), ..message }],
        _ => vec![message],
    });
    assert!(broken(&swapped)[0].starts_with("1 message of `orders` found under another id"));

    let two = pumped(|at, message| match at {
        0 => vec![message, Message::new("out of nothing")],
        _ => vec![message],
    });
    assert!(broken(&two)[0].starts_with("1 message found in `orders` that no producer sent"));
}

#[test]
fn a_request_without_an_intent_is_seen_when_it_has_left() {
    let mut drill = begun(BUSY, 2, CALM);
    until(&mut drill, mins(20));
    let call = Call::get("/subscriptions/s/resourceGroups/g", "2021-04-01");
    let sent = Sent { step: StepId::new("orders-bus", "secretly"), call, answer: None };
    drill.world.runs[0].station.sent.insert(u64::MAX, sent);
    let outcome = to_its_end(drill);
    let told = told(&outcome, "`orders-bus/secretly` was sent without an intent in the journal");
    assert!(matches!(told.as_slice(), [20..=25]), "{told:?}");
    assert_eq!(broken(&outcome).len(), 1);
}

#[test]
fn an_announcement_is_judged_when_what_lies_there_is_counted() {
    let events = "{ at: 10m, lose: { region: primary } }, { at: 2h, restore: { region: primary } }";
    let mut drill = begun(NO_READERS, 9, events);
    while drill.moves.is_empty() {
        assert!(drill.goes_on());
    }
    drill.moves[0].announced.losses.clear();
    let outcome = to_its_end(drill);
    let told = told(&outcome, "which the announcement did not name");
    assert!(!told.is_empty() && told.iter().all(|at| (120..140).contains(at)), "when it is back: {told:?}");
    assert!(broken(&outcome).iter().all(|why| why.contains(", first seen 2h ")), "{:?}", broken(&outcome));
}

/// Proves: S21. The answer to the last word about a message may be lost: the service let it go, and nothing is lost.
#[test]
fn a_message_whose_completion_was_not_answered_is_not_lost() {
    let fault = "{ at: 5m, fault: { region: primary, provider: Microsoft.ServiceBus, operation: complete, \
                 phase: after, effect: lost-answer, times: 40 } }";
    let outcome = to_its_end(begun(BUSY, 1, fault));
    assert_eq!(outcome.report.verdict, DrillVerdict::Passed, "{:#?}", outcome.report.timeline);
    assert!(outcome.report.timeline.iter().all(|line| !line.what.contains("never struck")));
}
