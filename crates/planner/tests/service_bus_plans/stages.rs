//! Fencing, draining and emptying: what is planned only when it is seen.

use jiff::SignedDuration;
use lifeboat_arm::Method;
use lifeboat_plan::{Action, Graph, Plan, PlanKind, Stage, Step, Transfer, Truth, WayKind};
use lifeboat_planner::{DeadLetters, Expanded, PlanError, Reprotect, ServiceBusChoice, Side, expand};
use serde_json::{Value, json};

use super::outline::moved;
use super::{path, sent, step};
use crate::fixtures::answers::Answered;
use crate::fixtures::{World, entity};

/// The side that returned.
const OLD: Side = Side::Primary;

fn stage(step: &Step) -> &Stage {
    match &step.graceful.action {
        Action::Expand(stage) => stage,
        other => panic!("{other:?}"),
    }
}

/// What a stage becomes when its reads answer as the world is now.
fn expanded(world: &World, plan: &Plan, id: &str) -> Result<Expanded, PlanError> {
    let stage = stage(step(plan, id));
    let answered = Answered::new(&plan.reads, &world.seen);
    let seen = answered.by_read().into_iter().filter(|(read, _)| stage.reads.contains(read)).collect();
    expand(&world.planning(plan.kind), stage, &seen)
}

fn ids(expanded: &Expanded) -> Vec<&str> {
    expanded.steps.iter().map(|step| step.id.as_str()).collect()
}

fn hold(world: &mut World, list: &str, name: &str, field: &str, count: u64) {
    world.edit_member(OLD, list, name, |entity| entity["properties"]["countDetails"][field] = json!(count));
}

fn done(world: &World, plan: &Plan, id: &str) -> Truth {
    Answered::new(&plan.reads, &world.seen).truth(&step(plan, id).graceful.done_when)
}

/// Proves: F13, F15 (first it must have left the alias; then nobody may send)
#[test]
fn the_fence_waits_for_the_alias_and_then_stops_senders() {
    let mut world = moved();
    let plan = world.plan(PlanKind::Fence);
    assert!(step(&plan, "orders-bus/stop-senders").after.contains(&"orders-bus/old-side-left-alias".into()));
    assert_eq!(done(&world, &plan, "orders-bus/old-side-left-alias"), Truth::Met);
    let mut believes = World { active: Side::Secondary, ..World::paired() };
    assert_eq!(done(&believes, &plan, "orders-bus/old-side-left-alias"), Truth::NotMet);
    believes.lose(&believes.bus_path(OLD, "disasterRecoveryConfigs/orders"));
    assert!(matches!(done(&believes, &plan, "orders-bus/old-side-left-alias"), Truth::Unknown(_)));

    let steps = expanded(&world, &plan, "orders-bus/stop-senders").unwrap();
    assert_eq!(
        ids(&steps),
        [
            "orders-bus/stop-senders-queues-incoming",
            "orders-bus/stop-senders-queues-audit",
            "orders-bus/stop-senders-topics-events"
        ]
    );
    let call = sent(&steps.steps[0], WayKind::Graceful).unwrap();
    assert_eq!(call.method, Method::Put);
    assert!(path(call).starts_with(&world.bus_path(OLD, "queues/incoming?")), "{}", call.path);
    // Everything that can be set is sent again, for a PUT replaces the whole; what is read-only is not.
    let body = call.body.as_ref().unwrap().sketch();
    assert_eq!(body["properties"]["status"], "SendDisabled");
    assert_eq!(body["properties"]["maxDeliveryCount"], 10);
    assert_eq!(body["properties"].get("countDetails"), None);

    for (list, name) in [("queues", "incoming"), ("queues", "audit"), ("topics", "events")] {
        assert_ne!(done(&world, &plan, "orders-bus/stop-senders"), Truth::Met);
        world.edit_member(OLD, list, name, |entity| entity["properties"]["status"] = json!("SendDisabled"));
    }
    assert_eq!(done(&world, &plan, "orders-bus/stop-senders"), Truth::Met);
}

/// Proves: F15 (what nobody may receive from stays closed when senders are stopped, too)
#[test]
fn what_was_closed_stays_closed() {
    for (was, becomes) in [
        ("Active", "SendDisabled"),
        ("SendDisabled", "SendDisabled"),
        ("ReceiveDisabled", "Disabled"),
        ("Disabled", "Disabled"),
    ] {
        let mut world = moved();
        world.edit_member(OLD, "queues", "incoming", |queue| queue["properties"]["status"] = json!(was));
        let plan = world.plan(PlanKind::Fence);
        let steps = expanded(&world, &plan, "orders-bus/stop-senders").unwrap();
        let call = sent(&steps.steps[0], WayKind::Graceful).unwrap();
        assert_eq!(call.body.as_ref().unwrap().sketch()["properties"]["status"], becomes, "{was}");
    }
}

/// A plan of another version, or of another workload: nothing to do is not what follows. Proves: F28
#[test]
fn a_stage_that_nobody_knows_is_refused() {
    let world = moved();
    for name in ["service-bus/drain no-such-component", "service-bus/no-such-stage orders-bus", "drain", ""] {
        let stage = Stage { name: name.to_owned(), reads: [].into(), needs: [].into() };
        let answer = expand(&world.planning(PlanKind::Drain), &stage, &[].into());
        assert!(
            matches!(&answer, Err(PlanError::UnknownStage(unknown)) if unknown == name),
            "{name}: {answer:?}"
        );
    }
}

fn transfers(expanded: &Expanded) -> Vec<&Transfer> {
    expanded
        .steps
        .iter()
        .map(|step| match &step.graceful.action {
            Action::Pump(transfer) => transfer,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn choose(world: &mut World, dead_letters: DeadLetters) {
    world.choose(|choice| choice.dead_letters = dead_letters);
}

/// Proves: S21 (only what holds messages is drained, and what identifies them is not their `MessageId`)
#[test]
fn the_drain_moves_what_is_held_and_nothing_else() {
    let mut world = moved();
    choose(&mut world, DeadLetters::Resend);
    let plan = world.plan(PlanKind::Drain);
    assert_eq!(done(&world, &plan, "orders-bus/drain"), Truth::Met, "nothing is stranded");
    hold(&mut world, "queues", "incoming", "activeMessageCount", 3);
    hold(&mut world, "topics/events/subscriptions", "billing", "deadLetterMessageCount", 2);
    assert_ne!(done(&world, &plan, "orders-bus/drain"), Truth::Met);
    let steps = expanded(&world, &plan, "orders-bus/drain").unwrap();
    assert_eq!(ids(&steps), ["orders-bus/drain-incoming", "orders-bus/drain-events"]);
    let [queue, topic] = transfers(&steps)[..] else { panic!("{:?}", ids(&steps)) };
    assert_eq!(queue.from_paths, ["incoming/$DeadLetterQueue", "incoming"]);
    assert_eq!(
        topic.from_paths,
        ["events/Subscriptions/billing/$DeadLetterQueue", "events/Subscriptions/billing"]
    );
    for (transfer, to) in [(queue, "incoming"), (topic, "events")] {
        assert_eq!(transfer.key, None, "one place each: there are no copies");
        assert_eq!(transfer.to_path, to);
        assert_eq!(transfer.from_host.literal(), Some("orders-bus-weu.servicebus.windows.net"));
        assert_eq!(transfer.to_host.literal(), Some("orders-bus-neu.servicebus.windows.net"));
    }
    let reads = plan.reads.clone().into_iter().chain(steps.reads.clone()).collect();
    let truth = |world: &World| Answered::new(&reads, &world.seen).truth(&steps.steps[0].graceful.done_when);
    assert_eq!(truth(&world), Truth::NotMet);
    hold(&mut world, "queues", "incoming", "activeMessageCount", 0);
    assert_eq!(truth(&world), Truth::Met);
}

/// Proves: S21 (what has nowhere to go is not taken: what is taken and given back counts as delivered once more)
#[test]
fn nothing_is_taken_for_an_entity_that_is_not_there() {
    let mut world = moved();
    hold(&mut world, "queues", "incoming", "activeMessageCount", 3);
    let plan = world.plan(PlanKind::Drain);
    let steps = expanded(&world, &plan, "orders-bus/drain").unwrap();
    let reads = plan.reads.clone().into_iter().chain(steps.reads.clone()).collect();
    let truth = |world: &World| Answered::new(&reads, &world.seen).truth(&steps.steps[0].graceful.done_when);
    assert_eq!(truth(&world), Truth::NotMet, "both sides have the queue");
    world.list(Side::Secondary, "queues", json!([]));
    let Truth::Refused(why) = truth(&world) else { panic!("{:?}", truth(&world)) };
    assert!(why.contains("orders-bus-neu has no `incoming`"), "{why}");
}

/// Proves: D05, S21. A queue that deletes itself when idle may have done so where it is needed: it is made again, as it was,
/// before anything is sent to it; one that is in use is left alone.
#[test]
fn a_queue_that_deleted_itself_is_made_again_before_it_is_drained_into() {
    let mut world = moved();
    let idle = |queue: &mut Value| queue["properties"]["autoDeleteOnIdle"] = json!("PT10M");
    for side in [Side::Primary, Side::Secondary] {
        world.edit_member(side, "queues", "incoming", idle);
    }
    world.edit_member(Side::Primary, "queues", "incoming", |queue| {
        queue["properties"]["status"] = json!("SendDisabled");
    });
    hold(&mut world, "queues", "incoming", "activeMessageCount", 3);
    let plan = world.plan(PlanKind::Drain);
    let there = expanded(&world, &plan, "orders-bus/drain").unwrap();
    let members = world.seen.look(&world.bus_path(Side::Secondary, "queues")).value().cloned().unwrap();
    world.list(Side::Secondary, "queues", json!([]));
    for steps in [&there, &expanded(&world, &plan, "orders-bus/drain").unwrap()] {
        assert_eq!(ids(steps), ["orders-bus/keep-incoming", "orders-bus/drain-incoming"]);
        assert_eq!(steps.steps[1].after, [steps.steps[0].id.clone()].into());
        let Action::Send(put) = &steps.steps[0].graceful.action else { panic!("it is made again") };
        let sent = serde_json::to_string(put).unwrap();
        assert!(sent.contains("orders-bus-neu/queues/incoming"), "{sent}");
        // What the fence did to the old one is no part of the queue, nor what only Azure can say.
        for (part, is_sent) in
            [("PT10M", true), ("\"Active\"", true), ("SendDisabled", false), ("countDetails", false)]
        {
            assert_eq!(sent.contains(part), is_sent, "{part} in {sent}");
        }
    }
    let reads = plan.reads.clone().into_iter().chain(there.reads.clone()).collect();
    let truth = |world: &World| Answered::new(&reads, &world.seen).truth(&there.steps[0].graceful.done_when);
    assert_ne!(truth(&world), Truth::Met, "it is gone");
    let drained = Answered::new(&reads, &world.seen).truth(&there.steps[1].graceful.done_when);
    assert_eq!(
        drained,
        Truth::NotMet,
        "left alone, the old one would go, too: it is drained whatever became of the other"
    );
    world.list(Side::Secondary, "queues", members);
    assert_eq!(truth(&world), Truth::NotMet, "it may go at any time");
    for field in ["accessedAt", "updatedAt"] {
        for (at, is) in [("2099-01-01T00:00:00Z", Truth::Met), ("0001-01-01T00:00:00Z", Truth::NotMet)] {
            world.edit_member(Side::Secondary, "queues", "incoming", |queue| {
                queue["properties"][field] = json!(at);
            });
            assert_eq!(truth(&world), is, "{field} {at}");
        }
    }
}

/// Proves: S21 (a dead letter is left unless the owner wants it sent on; either is said, and neither is silent)
#[test]
fn dead_letters_go_where_the_owner_wants_them() {
    for (choice, stays, says) in [
        (DeadLetters::Leave, true, "2 dead letters of `incoming` stay in orders-bus-weu"),
        (DeadLetters::Resend, false, "2 dead letters of `incoming` are sent on to its consumers again"),
    ] {
        let mut world = moved();
        choose(&mut world, choice);
        hold(&mut world, "queues", "incoming", "deadLetterMessageCount", 2);
        let plan = world.plan(PlanKind::Drain);
        assert!(plan.notes.iter().any(|note| note.contains(says)), "{:?}", plan.notes);
        assert_eq!(done(&world, &plan, "orders-bus/drain") == Truth::Met, stays);
        hold(&mut world, "queues", "incoming", "activeMessageCount", 3);
        let steps = expanded(&world, &plan, "orders-bus/drain").unwrap();
        let [transfer] = transfers(&steps)[..] else { panic!("{:?}", ids(&steps)) };
        assert_eq!(transfer.from_paths.iter().any(|path| path.ends_with("/$DeadLetterQueue")), !stays);
        let title = &steps.steps[0].title;
        assert_eq!(title.contains("5 messages of `incoming`, 2 of them dead letters"), !stays, "{title}");
    }
    // What stays keeps the namespace from being emptied, and the refusal says what to do.
    let mut world = moved();
    hold(&mut world, "queues", "incoming", "deadLetterMessageCount", 2);
    let plan = world.plan(PlanKind::Prepare);
    match expanded(&world, &plan, "orders-bus/empty-old-side") {
        Err(PlanError::Refused(refusal)) => {
            assert!(refusal.why.contains("holds 2 dead letters"), "{}", refusal.why);
            assert!(refusal.remedy.contains("deadLetters: resend"), "{}", refusal.remedy);
        }
        other => panic!("{other:?}"),
    }
}

/// Proves: S21 (copies are told by the number that their topic gave them, unless others number for it)
#[test]
fn copies_of_a_topic_are_told_by_its_number() {
    let two = |world: &mut World| {
        let list = world.bus_path(OLD, "topics/events/subscriptions");
        let both: Vec<Value> = ["audit", "billing"].map(|name| entity(&list, name)).into();
        world.list(OLD, "topics/events/subscriptions", json!(both));
        hold(world, "topics/events/subscriptions", "audit", "activeMessageCount", 300);
        hold(world, "topics/events/subscriptions", "billing", "activeMessageCount", 300);
    };
    let mut world = moved();
    two(&mut world);
    let plan = world.plan(PlanKind::Drain);
    let steps = expanded(&world, &plan, "orders-bus/drain").unwrap();
    assert_eq!(transfers(&steps)[0].key.as_deref(), Some("EnqueuedSequenceNumber"));
    assert_eq!(transfers(&steps)[0].from_paths.len(), 2);
    assert!(steps.steps[0].title.contains("every subscription gets them"), "{}", steps.steps[0].title);
    // What a queue forwards has that queue's number: two messages could share one.
    let queue = |entity: &mut Value| entity["properties"]["forwardTo"] = json!("Events");
    world.edit_member(OLD, "queues", "incoming", queue);
    let steps = expanded(&world, &plan, "orders-bus/drain").unwrap();
    assert_eq!(transfers(&steps)[0].key, None);
}

/// Proves: S21 (what could not be forwarded is drained from where it lies, and counts until it is gone)
#[test]
fn what_could_not_be_forwarded_is_drained() {
    let mut world = moved();
    world.edit_member(OLD, "queues", "audit", |entity| entity["properties"]["forwardTo"] = json!("incoming"));
    hold(&mut world, "queues", "audit", "transferDeadLetterMessageCount", 4);
    let plan = world.plan(PlanKind::Drain);
    assert_ne!(done(&world, &plan, "orders-bus/drain"), Truth::Met);
    let steps = expanded(&world, &plan, "orders-bus/drain").unwrap();
    assert_eq!(transfers(&steps)[0].from_paths, ["audit/$Transfer/$DeadLetterQueue"]);
    assert_eq!(transfers(&steps)[0].to_path, "audit");
    hold(&mut world, "queues", "audit", "transferDeadLetterMessageCount", 0);
    assert_eq!(done(&world, &plan, "orders-bus/drain"), Truth::Met);
}

/// Proves: S21 (a drain that waits for scheduled messages says so, and does not pretend to know for how long)
#[test]
fn a_drain_that_waits_says_for_what() {
    let mut world = moved();
    let quick = world.plan(PlanKind::Drain);
    hold(&mut world, "queues", "incoming", "scheduledMessageCount", 7);
    let waits = world.plan(PlanKind::Drain);
    let forecast = |plan: &Plan| step(plan, "orders-bus/drain").graceful.forecast.clone();
    assert!(forecast(&quick).p95 < SignedDuration::from_mins(1));
    assert_eq!(forecast(&waits).p95, step(&waits, "orders-bus/drain").graceful.deadline);
    assert!(format!("{:?}", forecast(&waits).basis).contains("waits for 7 scheduled messages"));
    let steps = expanded(&world, &waits, "orders-bus/drain").unwrap();
    assert_eq!(steps.steps[0].graceful.forecast.p95, steps.steps[0].graceful.deadline);
    // Where a fresh namespace protects next, what is not due within the hour stays.
    world.choose(|choice| choice.reprotect = Reprotect::Fresh);
    assert_eq!(forecast(&world.plan(PlanKind::Drain)).p95, SignedDuration::from_hours(1));
}

/// Proves: S21 (what was created since on the other side has nothing to bring over)
#[test]
fn a_topic_that_only_the_new_side_has_does_not_hold_up_the_drain() {
    let mut world = moved();
    let topics: Vec<Value> =
        ["events", "new"].map(|name| entity(&world.bus_path(Side::Secondary, "topics"), name)).into();
    world.list(Side::Secondary, "topics", json!(topics));
    world.miss(&world.bus_path(OLD, "topics/new/subscriptions"));
    let plan = world.plan(PlanKind::Drain);
    assert_eq!(done(&world, &plan, "orders-bus/drain"), Truth::Met);
}

/// The alias has the old namespace's name and leads to the new side: the old one goes by its alternate name. Proves: D04
#[test]
fn the_drain_reads_from_the_alternate_name() {
    let mut world = moved();
    let choice = ServiceBusChoice {
        alias: Some("orders-bus-weu".to_owned()),
        alternate_name: Some("orders-west".to_owned()),
        ..ServiceBusChoice::default()
    };
    world.choose(|chosen| *chosen = choice);
    world.failed_over(Side::Secondary, "orders-bus-weu");
    hold(&mut world, "queues", "incoming", "activeMessageCount", 3);
    let plan = world.plan(PlanKind::Drain);
    let steps = expanded(&world, &plan, "orders-bus/drain").unwrap();
    assert_eq!(transfers(&steps)[0].from_host.literal(), Some("orders-west.servicebus.windows.net"));
    assert!(plan.places.hosts.contains_key("orders-west.servicebus.windows.net"));
}

/// Proves: D02, F20 (queues and topics go, one by one)
#[test]
fn the_old_side_is_emptied_before_it_is_paired_again() {
    let world = moved();
    let plan = world.plan(PlanKind::Prepare);
    let steps = expanded(&world, &plan, "orders-bus/empty-old-side").unwrap();
    assert_eq!(steps.steps.len(), 3);
    for step in &steps.steps {
        let call = sent(step, WayKind::Graceful).unwrap();
        assert_eq!(call.method, Method::Delete);
        assert!(path(call).starts_with(world.bus_id(OLD).as_str()), "{}", call.path);
    }
}

/// Proves: D02, S21 (nothing is deleted that still holds a message, in whatever state and wherever it lies)
#[test]
fn what_still_holds_messages_is_never_emptied() {
    for (list, name, field) in [
        ("queues", "incoming", "activeMessageCount"),
        ("queues", "incoming", "deadLetterMessageCount"),
        ("queues", "audit", "scheduledMessageCount"),
        ("queues", "audit", "transferMessageCount"),
        ("queues", "audit", "transferDeadLetterMessageCount"),
        ("topics", "events", "scheduledMessageCount"),
        ("topics/events/subscriptions", "billing", "activeMessageCount"),
        ("topics/events/subscriptions", "billing", "deadLetterMessageCount"),
    ] {
        let mut world = moved();
        let plan = world.plan(PlanKind::Prepare);
        hold(&mut world, list, name, field, 1);
        match expanded(&world, &plan, "orders-bus/empty-old-side") {
            Err(PlanError::Refused(refusal)) => assert_eq!(refusal.rule, "SB-EMPTY"),
            other => panic!("{list}/{name} {field}: {other:?}"),
        }
    }
}

/// Proves: D02, S21 (between the stage's look and a removal lies time: the removal looks itself, and unknown is not empty)
#[test]
fn a_removal_is_refused_when_a_message_has_come_meanwhile() {
    let cases: [(&str, &str, &str, Value); 4] = [
        ("queues", "incoming", "remove-queues-incoming", json!(1)),
        ("queues", "incoming", "remove-queues-incoming", Value::Null),
        ("topics/events/subscriptions", "billing", "remove-topics-events", json!(1)),
        ("topics/events/subscriptions", "billing", "remove-topics-events", Value::Null),
    ];
    for (list, name, id, count) in cases {
        let mut world = moved();
        let plan = world.plan(PlanKind::Prepare);
        let steps = expanded(&world, &plan, "orders-bus/empty-old-side").unwrap();
        let removal = steps.steps.iter().find(|step| step.id.as_str().ends_with(id)).unwrap();
        let reads = plan.reads.clone().into_iter().chain(steps.reads.clone()).collect();
        let truth = |world: &World| Answered::new(&reads, &world.seen).truth(&removal.graceful.done_when);
        assert_eq!(truth(&world), Truth::NotMet, "it is there, and empty");
        world.edit_member(OLD, list, name, |entity| {
            entity["properties"]["countDetails"]["scheduledMessageCount"] = count.clone();
        });
        assert!(matches!(truth(&world), Truth::Refused(_)), "{id} {count}: {:?}", truth(&world));
        world.list(OLD, "queues", json!([]));
        world.list(OLD, "topics", json!([]));
        world.miss(&world.bus_path(OLD, "topics/events/subscriptions"));
        assert_eq!(truth(&world), Truth::Met, "it is gone");
    }
}

/// Proves: F13, F15 (a fence that is carried on after the workload has come home stops nobody there; what was removed by hand
/// needs no fence)
#[test]
fn a_fence_is_for_the_side_that_was_left_only() {
    let mut world = moved();
    let plan = world.plan(PlanKind::Fence);
    assert!(matches!(done(&World::paired(), &plan, "orders-bus/stop-senders"), Truth::Refused(_)));
    for list in ["queues", "topics", "disasterRecoveryConfigs/orders"] {
        world.miss(&world.bus_path(OLD, list));
    }
    assert_eq!(done(&world, &plan, "orders-bus/stop-senders"), Truth::Met);
}

/// Proves: D02, S21 (unknown is never empty)
#[test]
fn a_topic_whose_subscriptions_nobody_saw_is_never_emptied() {
    let mut world = moved();
    let plan = world.plan(PlanKind::Prepare);
    world.lose(&world.bus_path(OLD, "topics/events/subscriptions"));
    let refused = expanded(&world, &plan, "orders-bus/empty-old-side");
    assert!(
        matches!(&refused, Err(PlanError::Refused(refusal)) if refusal.rule == "SB-EMPTY"),
        "{refused:?}"
    );
    // A topic that nobody knew when the plan was made is seen too late for its subscriptions to be read.
    let mut world = moved();
    let topics: Vec<Value> =
        ["events", "late"].map(|name| entity(&world.bus_path(OLD, "topics"), name)).into();
    world.list(OLD, "topics", json!(topics));
    assert!(matches!(expanded(&world, &plan, "orders-bus/empty-old-side"), Err(PlanError::Refused(_))));
}

/// What stages add keeps to what they declared, and is a graph of its own. Proves: F1
#[test]
fn stages_keep_to_the_needs_they_declared() {
    let mut world = moved();
    hold(&mut world, "queues", "incoming", "activeMessageCount", 3);
    for (kind, id) in [(PlanKind::Fence, "orders-bus/stop-senders"), (PlanKind::Drain, "orders-bus/drain")] {
        let plan = world.plan(kind);
        let declared = &stage(step(&plan, id)).needs;
        let new = expanded(&world, &plan, id).unwrap();
        assert!(Graph::new(&new.steps).is_ok());
        for step in &new.steps {
            for needed in lifeboat_plan::needs_of(&step.graceful, &new.reads, &new.places) {
                assert!(declared.contains(&needed.need), "{}: {} via {}", step.id, needed.need, needed.via);
            }
        }
    }
}
