//! Producers and consumers: the application, with DNS caches of its own and no idea of what goes on.

use jiff::{SignedDuration, Timestamp};
use lifeboat_lab::{DataError, DnsRecord, Lab, Lock, Message, MessageId, Session};

use crate::dice::Dice;
use crate::ledger::Ledger;

/// What the hosts of namespaces and aliases end in.
const SUFFIX: &str = ".servicebus.windows.net";
/// How long a client that ignores the TTL keeps an answer of DNS, in milliseconds: each has its own pace.
const HOLDS_ON: (i64, i64) = (300_000, 600_000);
/// How long a consumer waits before it tries again after an error.
const RETRY: SignedDuration = SignedDuration::from_secs(5);
/// How long a consumer works on a message, in milliseconds: three consumers of a channel are just enough.
const WORK: (i64, i64) = (900, 3_700);
/// Every so many messages one is a reminder, scheduled for later.
const REMINDERS: u64 = 97;
/// How much later.
const REMINDED_AFTER: SignedDuration = SignedDuration::from_mins(20);
/// Every so many messages one cannot be read and is set aside as a dead letter.
const POISON: u64 = 5_003;
/// How often an idle consumer looks by itself.
const LOOK_AROUND: SignedDuration = SignedDuration::from_secs(30);

/// An entity that producers send to and consumers read from. A topic has one for each subscription, side by side: its
/// message is promised to all of them, under an entry of the ledger for each.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    /// The alias's host.
    pub(crate) host: String,
    /// Where producers send: a queue or a topic.
    pub(crate) send_to: String,
    /// Where consumers read: the queue, or a subscription of the topic.
    pub(crate) read_from: String,
    /// Which of a message's copies is read here: the first channel of a topic also sends.
    pub(crate) copy: u64,
    /// How many copies there are.
    pub(crate) copies: u64,
    /// Whether messages must name a session.
    pub(crate) sessions: bool,
    /// The host of the namespace in the primary region.
    pub(crate) primary_host: String,
}

/// What one client believes of DNS.
#[derive(Debug, Clone)]
struct Resolver {
    answer: Option<(String, Timestamp)>,
    /// For how long it keeps an answer, whatever the TTL says; none for those that obey it.
    holds_on: Option<SignedDuration>,
}

impl Resolver {
    /// The namespace's host behind the alias, as this client sees it.
    fn resolve(&mut self, lab: &mut Lab, now: Timestamp, alias: &str) -> Option<String> {
        if let Some((host, until)) = &self.answer
            && now < *until
        {
            return Some(host.clone());
        }
        let answer = lab.resolve(now, alias);
        answer.address()?;
        // The chain leads from the alias to a namespace and on to machines; clients talk to the namespace.
        let namespace = answer.chain.iter().find_map(|record| match record {
            DnsRecord::Cname(name) if name.ends_with(SUFFIX) => Some(name.clone()),
            _ => None,
        });
        let host = namespace.unwrap_or_else(|| alias.to_owned());
        let keep = self.holds_on.map_or(answer.ttl, |own| own.max(answer.ttl));
        self.answer = Some((host.clone(), now + keep));
        Some(host)
    }
}

/// One client: a producer or a consumer on one channel.
#[derive(Debug)]
struct Client {
    channel: usize,
    resolver: Resolver,
    /// Consumers only: waiting for the next message rather than for a retry.
    idle: bool,
    /// Consumers only: the message it works on.
    at_work: Option<Work>,
}

/// A message that a consumer works on. It is completed when the work is done, and only then.
#[derive(Debug)]
struct Work {
    host: String,
    lock: Lock,
    /// Its entry in the ledger, if it has one for this channel.
    message: Option<u64>,
}

/// All clients.
pub(crate) struct Clients {
    pub(crate) channels: Vec<Channel>,
    producers: Vec<Client>,
    consumers: Vec<Client>,
    interval: SignedDuration,
    sessions: Vec<std::sync::Arc<str>>,
    dice: Dice,
}

/// What a client wants to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// This producer sends.
    Produce(usize),
    /// This consumer reads.
    Consume(usize),
    /// Every idle consumer looks: something may have been moved there, or the alias may have moved.
    LookAround,
}

/// How many clients, and how busy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) producers: u32,
    pub(crate) consumers: u32,
    pub(crate) messages_per_second: f64,
    pub(crate) ignore_ttl_percent: u32,
}

impl Clients {
    pub(crate) fn new(channels: Vec<Channel>, load: Load, seed: u64) -> Self {
        let mut dice = Dice::new(seed, "clients");
        let holds_on = |dice: &mut Dice| {
            dice.percent(load.ignore_ttl_percent).then(|| dice.millis(HOLDS_ON.0, HOLDS_ON.1))
        };
        let readers: Vec<usize> = (0..channels.len()).collect();
        let senders: Vec<usize> =
            readers.iter().copied().filter(|index| channels[*index].copy == 0).collect();
        let mut group = |count: u32, places: &[usize]| -> Vec<Client> {
            (0..if places.is_empty() { 0 } else { count as usize })
                .map(|index| Client {
                    channel: places[index % places.len()],
                    resolver: Resolver { answer: None, holds_on: holds_on(&mut dice) },
                    idle: false,
                    at_work: None,
                })
                .collect()
        };
        let producers = group(load.producers, &senders);
        let consumers = load.consumers.max(u32::try_from(channels.len()).unwrap_or(u32::MAX));
        let consumers = group(consumers, &readers);
        let rate = load.messages_per_second.max(0.001);
        let interval = SignedDuration::from_secs_f64(f64::from(load.producers.max(1)) / rate);
        let sessions = (0..8).map(|number| format!("session-{number}").into()).collect();
        Self { channels, producers, consumers, interval, sessions, dice }
    }

    pub(crate) fn counts(&self) -> (u32, u32) {
        let count = |clients: &[Client]| u32::try_from(clients.len()).unwrap_or(u32::MAX);
        (count(&self.producers), count(&self.consumers))
    }

    /// The first turns: producers spread over one interval, consumers at once.
    pub(crate) fn begin(&mut self, now: Timestamp) -> Vec<(Timestamp, Turn)> {
        let spread = i64::try_from(self.interval.as_millis()).unwrap_or(i64::MAX);
        let mut turns = Vec::new();
        for producer in 0..self.producers.len() {
            turns.push((now + self.dice.millis(0, spread), Turn::Produce(producer)));
        }
        for consumer in 0..self.consumers.len() {
            turns.push((now + self.dice.millis(0, 1000), Turn::Consume(consumer)));
        }
        turns.push((now + LOOK_AROUND, Turn::LookAround));
        turns
    }

    /// Takes a turn; what follows from it goes into `next`.
    pub(crate) fn take(
        &mut self,
        turn: Turn,
        now: Timestamp,
        lab: &mut Lab,
        ledger: &mut Ledger,
        next: &mut Vec<(Timestamp, Turn)>,
    ) {
        match turn {
            Turn::Produce(index) => self.produce(index, now, lab, ledger, next),
            Turn::Consume(index) => self.consume(index, now, lab, ledger, next),
            Turn::LookAround => {
                for (index, consumer) in
                    self.consumers.iter_mut().enumerate().filter(|(_, consumer)| consumer.idle)
                {
                    consumer.idle = false;
                    next.push((now, Turn::Consume(index)));
                }
                next.push((now + LOOK_AROUND, Turn::LookAround));
            }
        }
    }

    fn produce(
        &mut self,
        index: usize,
        now: Timestamp,
        lab: &mut Lab,
        ledger: &mut Ledger,
        next: &mut Vec<(Timestamp, Turn)>,
    ) {
        next.push((now + self.interval, Turn::Produce(index)));
        let client = &mut self.producers[index];
        let channel = &self.channels[client.channel];
        let copies = client.channel..client.channel + usize::try_from(channel.copies).unwrap_or(1);
        let id = ledger.next_id(client.channel);
        copies.clone().skip(1).for_each(|copy| _ = ledger.next_id(copy));
        let Some(host) = client.resolver.resolve(lab, now, &channel.host) else {
            ledger.fail(now);
            return;
        };
        let mut message = Message::new(id);
        if id.is_multiple_of(REMINDERS) {
            message.scheduled = Some(now + REMINDED_AFTER);
        }
        if channel.sessions {
            message.session = Some(self.sessions[index % self.sessions.len()].clone());
        }
        match lab.send(now, &host, &channel.send_to, message) {
            Ok(_) => {
                ledger.acknowledge(now, id, host == channel.primary_host);
                (id + 1..id + channel.copies).for_each(|copy| ledger.promise(now, copy));
                copies.for_each(|channel| self.wake(channel, now, next));
            }
            Err(_) => ledger.fail(now),
        }
    }

    /// A message has come: an idle consumer of the channel gets its turn.
    fn wake(&mut self, channel: usize, now: Timestamp, next: &mut Vec<(Timestamp, Turn)>) {
        let idle = self.consumers.iter().position(|consumer| consumer.idle && consumer.channel == channel);
        if let Some(index) = idle {
            self.consumers[index].idle = false;
            next.push((now + SignedDuration::from_millis(40), Turn::Consume(index)));
        }
    }

    /// Finishes the message it works on, takes the next one, or waits to be woken.
    fn consume(
        &mut self,
        index: usize,
        now: Timestamp,
        lab: &mut Lab,
        ledger: &mut Ledger,
        next: &mut Vec<(Timestamp, Turn)>,
    ) {
        self.finish(index, now, lab, ledger);
        let client = &mut self.consumers[index];
        let channel = &self.channels[client.channel];
        let again = match client.resolver.resolve(lab, now, &channel.host) {
            None => RETRY,
            Some(host) => match lab.receive(now, &host, &channel.read_from, Session::Any) {
                Ok(Some(received)) => {
                    // What was forwarded from elsewhere is not promised here.
                    let message = match received.message.message_id {
                        Some(MessageId::Number(id)) => {
                            Some(id + channel.copy).filter(|id| ledger.is_for(*id, client.channel))
                        }
                        _ => None,
                    };
                    client.at_work = Some(Work { host, lock: received.lock, message });
                    self.dice.millis(WORK.0, WORK.1)
                }
                Ok(None) => {
                    client.idle = true;
                    return;
                }
                Err(_) => RETRY,
            },
        };
        next.push((now + again, Turn::Consume(index)));
    }

    /// Completes a message whose work is done. A completion that fails means that somebody will get it again.
    fn finish(&mut self, index: usize, now: Timestamp, lab: &mut Lab, ledger: &mut Ledger) {
        let client = &mut self.consumers[index];
        let Some(Work { host, lock, message }) = client.at_work.take() else { return };
        let read_from = &self.channels[client.channel].read_from;
        if message.is_some_and(|message| message.is_multiple_of(POISON)) {
            // Nobody can read it: set aside by the consumer. If that fails, the next one will do it; either way it is there.
            let _set_aside: Result<(), DataError> =
                lab.dead_letter(now, &host, read_from, lock, "cannot be read");
        } else if lab.complete(now, &host, read_from, lock).is_ok()
            && let Some(message) = message
        {
            ledger.receive(now, message);
        }
    }

    /// The first moment's view: how many clients still believe in this host.
    pub(crate) fn still_at(&self, host: &str, now: Timestamp) -> usize {
        let believes = |client: &&Client| {
            client.resolver.answer.as_ref().is_some_and(|(believed, until)| believed == host && now < *until)
        };
        self.producers.iter().chain(&self.consumers).filter(believes).count()
    }
}
