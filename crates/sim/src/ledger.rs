//! What became of every message, kept by somebody who sees everything: the truth that announcements are held against.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::report::Minute;

/// Where and how often each message was seen, one byte a message.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    marks: Vec<u8>,
    entities: Vec<u16>,
    pub(crate) acknowledged: u64,
    pub(crate) failed_sends: u64,
    pub(crate) received: u64,
    pub(crate) received_twice: u64,
    pub(crate) minutes: Vec<Minute>,
    start: Option<Timestamp>,
    last_send: Option<Timestamp>,
    last_receive: Option<Timestamp>,
    pub(crate) longest_send_gap: SignedDuration,
    pub(crate) longest_receive_gap: SignedDuration,
}

const ACKNOWLEDGED: u8 = 1;
const RECEIVED: u8 = 2;
const DRAINED: u8 = 4;

impl Ledger {
    /// Starts counting minutes.
    pub(crate) fn start(&mut self, now: Timestamp) {
        self.start = Some(now);
        self.last_send = Some(now);
        self.last_receive = Some(now);
    }

    /// The id of the next message, to be sent to this entity.
    pub(crate) fn next_id(&mut self, entity: usize) -> u64 {
        self.marks.push(0);
        self.entities.push(u16::try_from(entity).unwrap_or(u16::MAX));
        self.marks.len() as u64 - 1
    }

    fn minute(&mut self, now: Timestamp) -> Option<&mut Minute> {
        let minute = usize::try_from(now.duration_since(self.start?).as_mins()).ok()?;
        while self.minutes.len() <= minute {
            let minute = u32::try_from(self.minutes.len()).unwrap_or(u32::MAX);
            self.minutes.push(Minute { minute, ..Minute::default() });
        }
        self.minutes.get_mut(minute)
    }

    /// The service has taken a message.
    pub(crate) fn acknowledge(&mut self, now: Timestamp, id: u64, at_primary: bool) {
        self.mark(id, ACKNOWLEDGED);
        self.acknowledged += 1;
        if let Some(last) = self.last_send.replace(now) {
            self.longest_send_gap = self.longest_send_gap.max(now.duration_since(last));
        }
        if let Some(minute) = self.minute(now) {
            minute.acknowledged += 1;
            minute.at_primary += u32::from(at_primary);
        }
    }

    /// A send failed; nobody was promised anything.
    pub(crate) fn fail(&mut self, now: Timestamp) {
        self.failed_sends += 1;
        if let Some(minute) = self.minute(now) {
            minute.failed += 1;
        }
    }

    /// A consumer has got a message.
    pub(crate) fn receive(&mut self, now: Timestamp, id: u64) {
        let before = self.marks.get(usize::try_from(id).unwrap_or(usize::MAX)).copied().unwrap_or(0);
        if before & RECEIVED != 0 {
            self.received_twice += 1;
        }
        self.mark(id, RECEIVED);
        self.received += 1;
        if let Some(last) = self.last_receive.replace(now) {
            self.longest_receive_gap = self.longest_receive_gap.max(now.duration_since(last));
        }
        if let Some(minute) = self.minute(now) {
            minute.received += 1;
        }
    }

    /// The drain has sent a message on.
    pub(crate) fn drained(&mut self, id: u64) {
        self.mark(id, DRAINED);
    }

    fn mark(&mut self, id: u64, bit: u8) {
        if let Some(mark) = usize::try_from(id).ok().and_then(|id| self.marks.get_mut(id)) {
            *mark |= bit;
        }
    }

    fn count(&self, mask: u8, value: u8) -> u64 {
        self.marks.iter().filter(|mark| **mark & mask == value).count() as u64
    }

    /// How many the drain sent on.
    pub(crate) fn drained_count(&self) -> u64 {
        self.count(DRAINED, DRAINED)
    }

    /// Acknowledged and never received, by entity: each must still be held somewhere, or it is lost.
    pub(crate) fn outstanding_by_entity(&self) -> BTreeMap<usize, u64> {
        let mut counts = BTreeMap::new();
        for (mark, entity) in self.marks.iter().zip(&self.entities) {
            if mark & (ACKNOWLEDGED | RECEIVED) == ACKNOWLEDGED {
                *counts.entry(usize::from(*entity)).or_insert(0) += 1;
            }
        }
        counts
    }
}
