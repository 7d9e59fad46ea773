//! Messages of one queue or subscription: peek-lock, sessions, schedules, duplicates, dead letters.
//!
//! Everything that depends on time (locks that run out, messages that become due) is settled lazily by whoever touches
//! the store next, so that half a million messages a second cost no events. Source: Service Bus documentation, "Message
//! transfers, locks, and settlement", "Message sessions", "Duplicate detection". One simplification: a session is taken
//! by whoever holds a lock on one of its messages; there is no lock of the session itself (`lanes.rs`).

mod lanes;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::providers::service_bus::data_plane::{
    Counts, DataError, Lock, Message, MessageId, Received, SendOk, Session, Sums,
};

/// What of an entity's properties the store obeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) lock: SignedDuration,
    pub(crate) deliveries_max: u32,
    pub(crate) sessions: bool,
    /// The history window, where duplicates are detected.
    pub(crate) duplicates: Option<SignedDuration>,
    pub(crate) time_to_live: Option<SignedDuration>,
    pub(crate) dead_letter_expired: bool,
    /// How many messages fit. The lab counts messages of one kibibyte, not bytes.
    pub(crate) messages_max: u64,
}

/// Which part of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Main,
    DeadLetters,
    /// What could not be forwarded.
    TransferDeadLetters,
}

#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) message: Message,
    sequence: u64,
    /// The sequence where it was first sent to, if that was elsewhere.
    origin: Option<u64>,
    enqueued: Timestamp,
    deliveries: u32,
    expires: Option<Timestamp>,
    reason: Option<Arc<str>>,
}

#[derive(Debug, Clone)]
pub(super) struct Locked {
    pub(super) stored: Stored,
    until: Timestamp,
    pub(super) half: Half,
}

/// The messages of one queue or subscription.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    sequence: u64,
    token: u64,
    pub(super) active: VecDeque<Stored>,
    /// Where sessions are required: each one's messages …
    pub(super) lanes: BTreeMap<Arc<str>, VecDeque<Stored>>,
    /// … those that nobody works on, by the sequence of their first message …
    ready: BTreeMap<u64, Arc<str>>,
    /// … and how many locks are held in each of the others.
    busy: BTreeMap<Arc<str>, u32>,
    in_lanes: u64,
    pub(super) locked: BTreeMap<u64, Locked>,
    expiry: BTreeSet<(Timestamp, u64)>,
    pub(super) scheduled: BTreeMap<(Timestamp, u64), Stored>,
    pub(super) dead: VecDeque<Stored>,
    pub(super) undelivered: VecDeque<Stored>,
    seen: BTreeSet<MessageId>,
    seen_at: VecDeque<(Timestamp, MessageId)>,
    sums: Sums,
}

impl Store {
    /// Takes a message in, unless it was sent before. `origin` is its sequence where it was first sent to, if that was
    /// elsewhere.
    pub(crate) fn send(
        &mut self,
        now: Timestamp,
        policy: &Policy,
        message: Message,
        origin: Option<u64>,
    ) -> Result<SendOk, DataError> {
        if policy.sessions && message.session.is_none() {
            return Err(DataError::SessionRequired);
        }
        if self.is_full(policy) {
            return Err(DataError::Full);
        }
        if !self.is_new(now, policy, message.message_id.as_ref()) {
            return Ok(SendOk { sequence: self.sequence, duplicate: true });
        }
        Ok(self.take(now, policy, message, origin))
    }

    /// Takes a message in that nothing speaks against, whether it is due or not.
    pub(crate) fn take(
        &mut self,
        now: Timestamp,
        policy: &Policy,
        message: Message,
        origin: Option<u64>,
    ) -> SendOk {
        // What became due meanwhile was there before.
        self.settle(now, policy);
        let stored = self.accept(now, policy, message, origin);
        let sequence = stored.sequence;
        if stored.enqueued > now {
            self.scheduled.insert((stored.enqueued, sequence), stored);
        } else {
            self.place(policy, stored);
        }
        SendOk { sequence, duplicate: false }
    }

    /// Keeps a message that cannot go where it should: as a dead letter, or as one that could not be forwarded.
    pub(crate) fn set_aside(
        &mut self,
        now: Timestamp,
        policy: &Policy,
        message: Message,
        origin: Option<u64>,
        (half, reason): (Half, &str),
    ) -> SendOk {
        let mut stored = self.accept(now, policy, message, origin);
        let sequence = stored.sequence;
        if half == Half::TransferDeadLetters {
            stored.reason = Some(reason.into());
            self.sums.dead_lettered += 1;
            self.undelivered.push_back(stored);
        } else {
            self.bury(stored, reason);
        }
        SendOk { sequence, duplicate: false }
    }

    /// Keeps a message that whoever passes it on must not pass on yet. Nobody can read it here.
    pub(crate) fn keep_until_due(&mut self, now: Timestamp, policy: &Policy, message: Message) -> SendOk {
        let stored = self.accept(now, policy, message, None);
        let sequence = stored.sequence;
        self.scheduled.insert((stored.enqueued, sequence), stored);
        SendOk { sequence, duplicate: false }
    }

    /// Gives up what is due now of the messages that were kept to be passed on, in the order of their times.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<Message> {
        let later = self.scheduled.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut self.scheduled, later);
        self.sums.passed_on += due.len() as u64;
        due.into_values().map(|stored| stored.message).collect()
    }

    /// When the next of its scheduled messages is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.scheduled.first_key_value().map(|((due, _), _)| *due)
    }

    /// The next sequence, for what passes through: a topic, or an entity that forwards.
    pub(crate) fn pass(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub(super) fn is_full(&self, policy: &Policy) -> bool {
        let gone = self.sums.completed + self.sums.expired + self.sums.passed_on;
        self.sums.accepted - gone >= policy.messages_max
    }

    fn accept(&mut self, now: Timestamp, policy: &Policy, message: Message, origin: Option<u64>) -> Stored {
        self.sequence += 1;
        self.sums.accepted += 1;
        let sequence = self.sequence;
        let lives = match (message.time_to_live, policy.time_to_live) {
            (Some(own), Some(most)) => Some(own.min(most)),
            (own, most) => own.or(most),
        };
        let begins = message.scheduled.map_or(now, |at| at.max(now));
        Stored {
            sequence,
            origin,
            enqueued: begins,
            deliveries: 0,
            expires: lives.and_then(|lives| begins.checked_add(lives).ok()),
            reason: None,
            message,
        }
    }

    /// Remembers an id, where duplicates are detected; tells whether it was not seen within the window. What has no id
    /// is never a duplicate.
    pub(crate) fn is_new(&mut self, now: Timestamp, policy: &Policy, id: Option<&MessageId>) -> bool {
        let (Some(window), Some(id)) = (policy.duplicates, id) else { return true };
        while let Some((at, _)) = self.seen_at.front()
            && now.duration_since(*at) > window
        {
            if let Some((_, id)) = self.seen_at.pop_front() {
                self.seen.remove(&id);
            }
        }
        if !self.seen.insert(id.clone()) {
            self.sums.duplicates += 1;
            return false;
        }
        self.seen_at.push_back((now, id.clone()));
        true
    }

    /// Delivers the next message and locks it.
    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        policy: &Policy,
        half: Half,
        session: Session<'_>,
    ) -> Option<Received> {
        self.settle(now, policy);
        loop {
            let mut stored = match (half, policy.sessions) {
                (Half::DeadLetters, _) => self.dead.pop_front()?,
                (Half::TransferDeadLetters, _) => self.undelivered.pop_front()?,
                (Half::Main, false) => self.active.pop_front()?,
                (Half::Main, true) => self.next_of_session(session)?,
            };
            if half == Half::Main && stored.expires.is_some_and(|expires| expires <= now) {
                self.leave_lane(policy, stored.message.session.as_ref());
                self.expire(policy, stored);
                continue;
            }
            stored.deliveries += 1;
            self.token += 1;
            let until = now + policy.lock;
            let received = Received {
                message: stored.message.clone(),
                sequence: stored.sequence,
                enqueued_sequence: stored.origin.unwrap_or(stored.sequence),
                deliveries: stored.deliveries,
                enqueued: stored.enqueued,
                expires: stored.expires,
                lock: Lock(self.token),
                locked_until: until,
                dead_letter_reason: stored.reason.clone(),
            };
            self.expiry.insert((until, self.token));
            self.locked.insert(self.token, Locked { stored, until, half });
            return Some(received);
        }
    }

    /// A receiver is done with a message.
    pub(crate) fn complete(&mut self, now: Timestamp, policy: &Policy, lock: Lock) -> Result<(), DataError> {
        let locked = self.unlock(now, policy, lock)?;
        self.sums.completed += 1;
        if locked.half == Half::Main {
            self.leave_lane(policy, locked.stored.message.session.as_ref());
        }
        Ok(())
    }

    /// A receiver gives a message back.
    pub(crate) fn abandon(&mut self, now: Timestamp, policy: &Policy, lock: Lock) -> Result<(), DataError> {
        let locked = self.unlock(now, policy, lock)?;
        self.give_back(policy, locked);
        Ok(())
    }

    /// A receiver declares a message undeliverable.
    pub(crate) fn dead_letter(
        &mut self,
        now: Timestamp,
        policy: &Policy,
        lock: Lock,
        reason: &str,
    ) -> Result<(), DataError> {
        let locked = self.unlock(now, policy, lock)?;
        let session = locked.stored.message.session.clone();
        self.bury(locked.stored, reason);
        if locked.half == Half::Main {
            self.leave_lane(policy, session.as_ref());
        }
        Ok(())
    }

    /// Another lock duration for a message that is being worked on.
    pub(crate) fn renew(
        &mut self,
        now: Timestamp,
        policy: &Policy,
        lock: Lock,
    ) -> Result<Timestamp, DataError> {
        self.settle(now, policy);
        let locked = self.locked.get_mut(&lock.0).ok_or(DataError::LockLost)?;
        self.expiry.remove(&(locked.until, lock.0));
        locked.until = now + policy.lock;
        self.expiry.insert((locked.until, lock.0));
        Ok(locked.until)
    }

    /// What is there at an instant. Whether anybody has looked since a message became due makes no difference.
    pub(crate) fn counts(&self, now: Timestamp) -> Counts {
        let due = self.scheduled.range(..=(now, u64::MAX)).count() as u64;
        let locked = |half| self.locked.values().filter(|locked| locked.half == half).count() as u64;
        Counts {
            active: self.active.len() as u64 + self.in_lanes + locked(Half::Main) + due,
            locked: self.locked.len() as u64,
            dead_letter: self.dead.len() as u64 + locked(Half::DeadLetters),
            transfer_dead_letter: self.undelivered.len() as u64 + locked(Half::TransferDeadLetters),
            scheduled: self.scheduled.len() as u64 - due,
            sessions: self.lanes.len() as u64,
        }
    }

    pub(crate) fn sums(&self) -> Sums {
        self.sums
    }

    /// Lets locks run out and scheduled messages become due. One that does is appended as if it had been enqueued then,
    /// with a number of its own ("Message sequencing and timestamps").
    pub(crate) fn settle(&mut self, now: Timestamp, policy: &Policy) {
        while let Some(&(until, token)) = self.expiry.first()
            && until <= now
        {
            self.expiry.pop_first();
            if let Some(locked) = self.locked.remove(&token) {
                self.give_back(policy, locked);
            }
        }
        while let Some((&(at, _), _)) = self.scheduled.first_key_value()
            && at <= now
        {
            if let Some((_, mut stored)) = self.scheduled.pop_first() {
                stored.sequence = self.pass();
                self.place(policy, stored);
            }
        }
    }

    fn unlock(&mut self, now: Timestamp, policy: &Policy, lock: Lock) -> Result<Locked, DataError> {
        self.settle(now, policy);
        let locked = self.locked.remove(&lock.0).ok_or(DataError::LockLost)?;
        self.expiry.remove(&(locked.until, lock.0));
        Ok(locked)
    }

    fn give_back(&mut self, policy: &Policy, locked: Locked) {
        let dead = match locked.half {
            Half::Main => None,
            Half::DeadLetters => Some(&mut self.dead),
            Half::TransferDeadLetters => Some(&mut self.undelivered),
        };
        if let Some(dead) = dead {
            let at = dead.partition_point(|dead| dead.sequence < locked.stored.sequence);
            dead.insert(at, locked.stored);
            return;
        }
        let session = locked.stored.message.session.clone();
        if locked.stored.deliveries >= policy.deliveries_max {
            self.bury(locked.stored, "MaxDeliveryCountExceeded");
        } else {
            self.place(policy, locked.stored);
        }
        self.leave_lane(policy, session.as_ref());
    }

    fn expire(&mut self, policy: &Policy, stored: Stored) {
        if policy.dead_letter_expired {
            self.bury(stored, "TTLExpiredException");
        } else {
            self.sums.expired += 1;
        }
    }

    fn bury(&mut self, mut stored: Stored, reason: &str) {
        self.sums.dead_lettered += 1;
        stored.reason = Some(reason.into());
        stored.deliveries = 0;
        let at = self.dead.partition_point(|dead| dead.sequence < stored.sequence);
        self.dead.insert(at, stored);
    }
}
