//! Draining: what was stranded on the old side is sent on to where the workload lives now (S21).
//!
//! A queue's messages go to the queue. A topic's lie in its subscriptions, and nobody can send to a subscription: they
//! go to the topic, each once, whichever subscriptions held a copy of it. The topic hands it to all of its
//! subscriptions again, also where it was read before; such a duplicate has the same `MessageId`, and the step's title
//! says so.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lifeboat_plan::{
    Action, Citation, Condition, Need, OnFailure, ReadId, Stage, Step, StepId, Threshold, Transfer, Way,
    counted,
};
use serde_json::Value;

use super::counts::{
    DEAD_LETTERS, SCHEDULED, UNDELIVERED, count, dead_letters, each_is_drained, is_drained, listed, to_drain,
};
use super::durations;
use super::namespace::{Namespace, deletes_itself, last_segment, own_host};
use super::reads;
use super::settings::{DeadLetters, wants_fresh};
use crate::service::{Answers, Part, Planning};
use crate::topology::Component;

mod receiver;

/// The stage that finds what is stranded.
pub(super) const STAGE: &str = "service-bus/drain";

/// After how long a drain that waits is given up: of one queue or topic, and of all.
const ENTITY_GIVEN_UP: SignedDuration = SignedDuration::from_hours(2);
const ALL_GIVEN_UP: SignedDuration = SignedDuration::from_hours(4);
/// The same where a fresh namespace protects next: what cannot be drained may stay, and being unprotected is worse.
/// What takes its time to be sent gets it; what is not due yet is not waited for any longer.
const BESIDE_FRESH: SignedDuration = SignedDuration::from_hours(1);

/// The workload serves from `planning.active`; the other side holds what was stranded.
pub(super) fn drain(component: &Component, planning: &Planning<'_>) -> Part {
    let mut part = Part::default();
    let lists = lists(component, planning, &mut part);
    place_hosts(component, planning, &mut part);
    let dead_letters = dead_letters(component, planning);
    // What is not there at all, because it was created on the other side since, holds nothing either.
    let nothing_held = Condition::All(
        lists
            .iter()
            .map(|list| {
                let empty = Condition::Each {
                    read: list.clone(),
                    list: "/value".into(),
                    holds: each_is_drained(dead_letters),
                    at_least: Threshold::All,
                };
                Condition::Any(vec![empty, Condition::status(list, 404)])
            })
            .collect(),
    );
    let old = planning.standby();
    let stranded = stranded(component, planning);
    let sum = |of: fn(&Value) -> u64| stranded.iter().map(|(_, body)| of(body)).sum::<u64>();
    let scheduled = sum(|body| count(body, SCHEDULED).unwrap_or(0));
    let messages = stranded.iter().map(|(_, body)| to_drain(body, dead_letters)).sum();
    part.notes.extend(staying(&stranded, component.on(old).name(), dead_letters));
    let action = Action::Expand(Stage {
        name: format!("{STAGE} {}", component.name),
        reads: lists.into_iter().collect(),
        needs: [
            Need::ControlPlane(planning.to().region.clone()),
            Need::ControlPlane(planning.from().region.clone()),
            // A queue that deleted itself there is made again.
            Need::GroupMetadata(planning.from().group_region.clone()),
            Need::DataPlane(planning.to().region.clone()),
            Need::DataPlane(planning.from().region.clone()),
        ]
        .into(),
    });
    let fresh = wants_fresh(&component.name, planning.workload);
    let deadline = given_up(messages, if fresh { BESIDE_FRESH } else { ALL_GIVEN_UP }, fresh);
    part.steps.push(Step {
        id: StepId::new(&component.name, "drain"),
        component: component.name.clone(),
        title: format!("bring over what is stranded in {}", component.on(old).name()),
        after: [].into(),
        graceful: Way {
            deadline,
            on_failure: if fresh { OnFailure::Continue } else { OnFailure::Stop },
            ..Way::new(action, nothing_held, durations::drain(messages, scheduled, deadline))
        },
        ungraceful: None,
        because: Citation::new(
            &["S21"],
            "messages are not replicated; they are drained when the old primary returns",
        ),
    });
    part
}

/// When a drain is given up: a fresh namespace waits for as long as sending so many messages may take, and no longer.
fn given_up(messages: u64, patience: SignedDuration, fresh: bool) -> SignedDuration {
    let sending = durations::drain(messages, 0, patience).p95 * 4;
    if fresh { patience.max(sending) } else { patience }
}

fn place_hosts(component: &Component, planning: &Planning<'_>, part: &mut Part) {
    for side in [planning.active, planning.standby()] {
        let region = planning.workload.site(side).region.clone();
        part.hosts.insert(own_host(component, side, planning.workload, planning.seen), region);
    }
}

/// Queues, topics, and the subscriptions of every topic that is known.
fn lists(component: &Component, planning: &Planning<'_>, part: &mut Part) -> Vec<ReadId> {
    let old = planning.standby();
    let mut lists: Vec<ReadId> =
        ["queues", "topics"].map(|segment| reads::list(part, component, old, segment, planning)).into();
    let topics: BTreeSet<String> = Namespace::planned(planning.active, component, planning)
        .entities()
        .into_iter()
        .chain(Namespace::planned(old, component, planning).entities())
        .filter(|entity| entity.segment == "topics")
        .map(|entity| entity.name.to_owned())
        .collect();
    for topic in topics {
        lists.push(reads::list(part, component, old, &format!("topics/{topic}/subscriptions"), planning));
    }
    lists
}

/// Queues and subscriptions of the old side, as last seen, by their paths.
fn stranded<'a>(component: &'a Component, planning: &Planning<'a>) -> Vec<(String, &'a Value)> {
    let namespace = Namespace::planned(planning.standby(), component, planning);
    let mut all = Vec::new();
    for entity in namespace.entities() {
        all.push((entity.name.to_owned(), entity.body));
        if entity.segment == "topics" {
            for subscription in namespace.subscriptions(entity.name) {
                let name = subscription.get("name").and_then(Value::as_str).map_or("?", last_segment);
                all.push((format!("{}/{name}", entity.name), subscription));
            }
        }
    }
    all
}

/// What becomes of dead letters is said before anything is sent.
fn staying(stranded: &[(String, &Value)], namespace: &str, dead_letters: DeadLetters) -> Vec<String> {
    let counts = stranded.iter().filter_map(|(path, body)| Some((path, count(body, DEAD_LETTERS)?)));
    counts
        .filter(|(_, count)| *count > 0)
        .map(|(path, count)| {
            let letters = counted(count, "dead letter");
            let (stay, are, them) = if count == 1 { ("stays", "is", "it") } else { ("stay", "are", "them") };
            match dead_letters {
                DeadLetters::Leave => format!(
                    "{letters} of `{path}` {stay} in {namespace} (`deadLetters: leave`), which cannot be emptied before \
                     somebody has taken {them} out"
                ),
                DeadLetters::Resend => format!(
                    "{letters} of `{path}` {are} sent on to its consumers again (`deadLetters: resend`), with \
                     DeadLetterReason and DeadLetterErrorDescription as properties"
                ),
            }
        })
        .collect()
}

/// One transfer per queue or topic that holds anything to be brought over.
pub(super) fn expand(component: &Component, planning: &Planning<'_>, seen: &Answers<'_>) -> Part {
    let mut part = Part::default();
    place_hosts(component, planning, &mut part);
    let old = planning.standby();
    let dead_letters = dead_letters(component, planning);
    let queues = reads::list(&mut part, component, old, "queues", planning);
    let topics = reads::list(&mut part, component, old, "topics", planning);
    let mut targets = forwarded_to(listed(seen, &queues));
    let mut found = Vec::new();
    for queue in listed(seen, &queues) {
        let Some(name) = queue.get("name").and_then(Value::as_str) else { continue };
        let mut drained = Drained::new("queues", name, dead_letters);
        drained.add(name, queue, &queues, component.on(old).child("queues", name).as_str());
        drained.queue = Some(queue);
        found.push(drained);
    }
    for topic in listed(seen, &topics) {
        let Some(name) = topic.get("name").and_then(Value::as_str) else { continue };
        let list = reads::list(&mut part, component, old, &format!("topics/{name}/subscriptions"), planning);
        let id = component.on(old).child("topics", name);
        let mut drained = Drained::new("topics", name, dead_letters);
        drained.add_topic(topic, &topics, id.as_str());
        for subscription in listed(seen, &list) {
            let Some(below) = subscription.get("name").and_then(Value::as_str) else { continue };
            let path = format!("{name}/Subscriptions/{below}");
            drained.add(&path, subscription, &list, id.child("subscriptions", below).as_str());
            drained.subscriptions += 1;
        }
        targets.extend(forwarded_to(listed(seen, &list)));
        found.push(drained);
    }
    let hosts =
        [old, planning.active].map(|side| own_host(component, side, planning.workload, planning.seen));
    let steps = found.into_iter().filter(|drained| drained.messages > 0);
    let mut reads = Part::default();
    for drained in steps {
        let name = &drained.name;
        let numbered = !targets.contains(&name.to_ascii_lowercase());
        // What deletes itself when nobody uses it would be gone with its messages: taking from it is what keeps it.
        let there = if drained.fleeting {
            Condition::All(Vec::new())
        } else {
            receiver::stands(drained.segment, name, component, planning, &mut reads)
        };
        let again = drained.queue.filter(|_| drained.fleeting);
        let again = again.map(|queue| receiver::made_again(queue, name, component, planning, &mut reads));
        let fresh = wants_fresh(&component.name, planning.workload);
        let mut step = drained.step(there, component, &hosts, numbered, fresh);
        step.after.extend(again.iter().map(|again| again.id.clone()));
        part.steps.extend(again.into_iter().chain([step]));
    }
    part.reads.extend(reads.reads);
    part
}

/// The queues and topics that these entities forward to, in lower case.
fn forwarded_to(entities: &[Value]) -> BTreeSet<String> {
    entities.iter().filter_map(forwards).map(str::to_ascii_lowercase).collect()
}

fn forwards(entity: &Value) -> Option<&str> {
    entity.pointer("/properties/forwardTo")?.as_str().filter(|target| !target.is_empty())
}

/// What is brought over of one queue or topic.
struct Drained<'a> {
    /// `queues` or `topics`.
    segment: &'static str,
    /// Whether it, or a subscription of it, deletes itself after a time without use.
    fleeting: bool,
    /// The queue as the old side shows it; none of a topic.
    queue: Option<&'a Value>,
    name: String,
    dead_letters: DeadLetters,
    subscriptions: usize,
    /// Dead letters first: where a topic made copies, the one with the reason is the one that is sent on.
    dead: Vec<String>,
    live: Vec<String>,
    messages: u64,
    scheduled: u64,
    resent: u64,
    conditions: Vec<Condition>,
}

impl Drained<'_> {
    fn new(segment: &'static str, name: &str, dead_letters: DeadLetters) -> Self {
        Self {
            segment,
            fleeting: false,
            queue: None,
            name: name.to_owned(),
            dead_letters,
            subscriptions: 0,
            dead: Vec::new(),
            live: Vec::new(),
            messages: 0,
            scheduled: 0,
            resent: 0,
            conditions: Vec::new(),
        }
    }

    /// Of a topic itself only what is scheduled: it comes to the subscriptions when it is due.
    fn add_topic(&mut self, body: &Value, list: &ReadId, id: &str) {
        self.fleeting |= deletes_itself(body).is_some();
        self.messages += to_drain(body, self.dead_letters);
        self.scheduled += count(body, SCHEDULED).unwrap_or(0);
        self.conditions.push(is_drained(list, id, self.dead_letters));
    }

    /// A queue or a subscription, with the paths from which its messages are read.
    fn add(&mut self, path: &str, body: &Value, list: &ReadId, id: &str) {
        self.add_topic(body, list, id);
        if self.dead_letters == DeadLetters::Resend {
            self.dead.push(format!("{path}/$DeadLetterQueue"));
            self.resent += count(body, DEAD_LETTERS).unwrap_or(0);
        }
        // What forwards holds nothing that can be read, but perhaps what it could not forward.
        if forwards(body).is_none() {
            self.live.push(path.to_owned());
        }
        if forwards(body).is_some() || count(body, UNDELIVERED).is_some_and(|count| count > 0) {
            self.live.push(format!("{path}/$Transfer/$DeadLetterQueue"));
        }
    }

    fn title(&self) -> String {
        let resent = match self.resent {
            0 => String::new(),
            1 => ", 1 of them a dead letter".to_owned(),
            dead => format!(", {dead} of them dead letters"),
        };
        let again = if self.subscriptions > 1 {
            "; every subscription gets them, also where they were read before"
        } else {
            ""
        };
        let (messages, name) = (counted(self.messages, "message"), &self.name);
        format!("send on {messages} of `{name}`{resent}, at least once, MessageId kept{again}")
    }

    /// `numbered`: whether the topic gave all of its messages their number itself, so that copies can be told by it.
    /// `there`: what must hold before a message is taken.
    fn step(
        self,
        there: Condition,
        component: &Component,
        [from, to]: &[String; 2],
        numbered: bool,
        fresh: bool,
    ) -> Step {
        let title = self.title();
        let deadline = given_up(self.messages, if fresh { BESIDE_FRESH } else { ENTITY_GIVEN_UP }, fresh);
        let forecast = durations::drain(self.messages, self.scheduled, deadline);
        let done = [there].into_iter().chain(self.conditions).collect();
        let key = (self.subscriptions > 1 && numbered).then(|| "EnqueuedSequenceNumber".to_owned());
        let transfer = Transfer {
            from_host: from.clone().into(),
            from_paths: self.dead.into_iter().chain(self.live).collect(),
            to_host: to.clone().into(),
            to_path: self.name.clone(),
            key,
        };
        Step {
            id: StepId::new(&component.name, &format!("drain-{}", self.name)),
            component: component.name.clone(),
            title,
            after: [].into(),
            graceful: Way {
                deadline,
                on_failure: OnFailure::Continue,
                ..Way::new(Action::Pump(transfer), Condition::All(done), forecast)
            },
            ungraceful: None,
            because: Citation::new(
                &["S21"],
                "none lost, duplicates only with the same MessageId, and counted",
            ),
        }
    }
}
