//! Producers and consumers: the application, with DNS caches of its own and no idea of what goes on.
//!
//! Here: their pace, their DNS caches and their work. Not here: what a service does with what they ask (`traffic.rs`).

use jiff::{SignedDuration, Timestamp};
use lifeboat_lab::{DnsRecord, Lab};

use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::traffic::{Channel, Draft, Taken, Which, Work};

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

/// What one client believes of DNS.
#[derive(Debug, Clone)]
struct Resolver {
    answer: Option<(String, Timestamp)>,
    /// For how long it keeps an answer, whatever the TTL says; none for those that obey it.
    holds_on: Option<SignedDuration>,
}

impl Resolver {
    /// The host behind the alias, as this client sees it.
    fn resolve(&mut self, lab: &mut Lab, now: Timestamp, alias: &str) -> Option<String> {
        if let Some((host, until)) = &self.answer
            && now < *until
        {
            return Some(host.clone());
        }
        let answer = lab.resolve(now, alias);
        answer.address()?;
        // The chain leads from the alias to a resource in its own domain and on to machines; clients talk to the resource.
        let domain = alias.find('.').map_or("", |dot| &alias[dot..]);
        let resource = answer.chain.iter().find_map(|record| match record {
            DnsRecord::Cname(name) if name.ends_with(domain) => Some(name.clone()),
            _ => None,
        });
        let host = resource.unwrap_or_else(|| alias.to_owned());
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
    at_work: Option<AtWork>,
}

/// A message that a consumer works on. It is finished when the work is done, and only then.
#[derive(Debug)]
struct AtWork {
    /// Its entry in the ledger, if it has one for this channel.
    message: Option<u64>,
    /// What it is, as its reader sees it.
    which: Which,
}

/// All clients.
pub(crate) struct Clients {
    pub(crate) channels: Vec<Channel>,
    producers: Vec<Client>,
    consumers: Vec<Client>,
    interval: SignedDuration,
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
        // Where anybody reads at all, every channel is read.
        let least = if load.consumers == 0 { 0 } else { u32::try_from(channels.len()).unwrap_or(u32::MAX) };
        let consumers = group(load.consumers.max(least), &readers);
        let rate = load.messages_per_second.max(0.001);
        let interval = SignedDuration::from_secs_f64(f64::from(load.producers.max(1)) / rate);
        Self { channels, producers, consumers, interval, dice }
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
        let channel = &mut self.channels[client.channel];
        let copies = client.channel..client.channel + usize::try_from(channel.copies).unwrap_or(1);
        let id = ledger.next_id(client.channel);
        copies.clone().skip(1).for_each(|copy| _ = ledger.next_id(copy));
        let Some(host) = client.resolver.resolve(lab, now, &channel.host) else {
            ledger.fail(now);
            return;
        };
        let due = id.is_multiple_of(REMINDERS).then(|| now + REMINDED_AFTER);
        if channel.line.send(lab, now, &host, Draft { id, due, sender: index }) {
            let at_home = host == channel.home;
            ledger.acknowledge(now, id, at_home);
            (id + 1..id + channel.copies).for_each(|copy| ledger.promise(now, copy, at_home));
            copies.for_each(|channel| self.wake(channel, now, next));
        } else {
            ledger.fail(now);
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
        let channel = &mut self.channels[client.channel];
        let again = match client.resolver.resolve(lab, now, &channel.host) {
            None => RETRY,
            Some(host) => match channel.line.take(lab, now, &host, index) {
                Taken::Message(which) => {
                    // What was forwarded from elsewhere is not promised here.
                    let entry = which.draft().map(|id| id + channel.copy);
                    let message = entry.filter(|id| ledger.is_for(*id, client.channel));
                    client.at_work = Some(AtWork { message, which });
                    self.dice.millis(WORK.0, WORK.1)
                }
                Taken::Nothing => {
                    client.idle = true;
                    return;
                }
                Taken::Refused => RETRY,
            },
        };
        next.push((now + again, Turn::Consume(index)));
    }

    /// Finishes a message whose work is done. Where that fails, somebody will get it again. One that nobody can read is set
    /// aside; if that fails, the next consumer will do it.
    fn finish(&mut self, index: usize, now: Timestamp, lab: &mut Lab, ledger: &mut Ledger) {
        let client = &mut self.consumers[index];
        let Some(AtWork { message, which }) = client.at_work.take() else { return };
        let unreadable = message.is_some_and(|message| message.is_multiple_of(POISON));
        let work = if unreadable { Work::Unreadable } else { Work::Done };
        let received = self.channels[client.channel].line.finish(lab, now, index, work);
        if !received {
            return;
        }
        if which.draft().is_none_or(|id| !ledger.knows(id)) {
            *ledger.nobodys.entry(client.channel).or_default() += 1;
        }
        let Some(message) = message else { return };
        ledger.receive(now, message);
        if matches!(which, Which::Renamed(_)) {
            *ledger.renamed.entry(client.channel).or_default() += 1;
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
