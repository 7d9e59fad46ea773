//! What became of every message, kept by somebody who sees everything: the truth that announcements are held against.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::report::{Gap, Minute};

/// Where and how often each message was seen, one byte a message.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    marks: Vec<u8>,
    channels: Vec<u16>,
    /// Seconds from the start until each was acknowledged.
    acknowledged_at: Vec<u32>,
    /// Messages that drains brought over.
    pub(crate) drained: u64,
    pub(crate) acknowledged: u64,
    pub(crate) failed_sends: u64,
    pub(crate) received: u64,
    pub(crate) received_twice: u64,
    /// Received although nobody was promised anything: the service took them, and its answer was lost.
    pub(crate) received_unpromised: u64,
    /// Of the received, by channel: those that came under another id than their producer's …
    pub(crate) renamed: BTreeMap<usize, u64>,
    /// … and those that no producer sent.
    pub(crate) nobodys: BTreeMap<usize, u64>,
    /// Stretches in which nobody could send.
    pub(crate) gaps: Vec<Gap>,
    /// Whether a send has failed since the last one that was acknowledged.
    failing: bool,
    pub(crate) minutes: Vec<Minute>,
    start: Option<Timestamp>,
    last_send: Option<Timestamp>,
    last_receive: Option<Timestamp>,
    pub(crate) longest_send_gap: SignedDuration,
    pub(crate) longest_receive_gap: SignedDuration,
}

/// What is shorter than this is a client's own retry, and no gap.
const GAP: SignedDuration = SignedDuration::from_mins(1);

const ACKNOWLEDGED: u8 = 1;
const RECEIVED: u8 = 2;
/// Taken in the primary region.
const AT_HOME: u8 = 4;

impl Ledger {
    /// Starts counting minutes.
    pub(crate) fn start(&mut self, now: Timestamp) {
        self.start = Some(now);
        self.last_send = Some(now);
        self.last_receive = Some(now);
    }

    /// The id of the next message, to be sent to this channel.
    pub(crate) fn next_id(&mut self, channel: usize) -> u64 {
        self.marks.push(0);
        self.channels.push(u16::try_from(channel).unwrap_or(u16::MAX));
        self.acknowledged_at.push(u32::MAX);
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
        self.promise(now, id, at_primary);
        self.acknowledged += 1;
        if let Some(last) = self.last_send.replace(now) {
            self.nobody_sent(last, now);
        }
        if let Some(minute) = self.minute(now) {
            minute.acknowledged += 1;
            minute.at_primary += u32::from(at_primary);
        }
    }

    /// The service has taken a message, or a message of which this is one more copy.
    pub(crate) fn promise(&mut self, now: Timestamp, id: u64, at_primary: bool) {
        self.mark(id, if at_primary { ACKNOWLEDGED | AT_HOME } else { ACKNOWLEDGED });
        let since = self.start.map_or(0, |start| now.duration_since(start).as_secs());
        if let Some(at) = usize::try_from(id).ok().and_then(|id| self.acknowledged_at.get_mut(id)) {
            *at = u32::try_from(since).unwrap_or(u32::MAX);
        }
    }

    /// Whether this is a message, or a copy, for this channel.
    pub(crate) fn is_for(&self, id: u64, channel: usize) -> bool {
        self.channel_of(id) == Some(channel)
    }

    /// Whether a producer ever drew this id.
    pub(crate) fn knows(&self, id: u64) -> bool {
        self.channel_of(id).is_some()
    }

    /// To which channel a message was sent.
    pub(crate) fn channel_of(&self, id: u64) -> Option<usize> {
        usize::try_from(id).ok().and_then(|id| self.channels.get(id)).map(|channel| usize::from(*channel))
    }

    /// Nothing was acknowledged between two moments. Where sends failed meanwhile, that is a gap.
    fn nobody_sent(&mut self, from: Timestamp, to: Timestamp) {
        let length = to.duration_since(from);
        self.longest_send_gap = self.longest_send_gap.max(length);
        if std::mem::take(&mut self.failing) && length >= GAP {
            self.gaps.push(Gap { from, to });
        }
    }

    /// A send failed; nobody was promised anything.
    pub(crate) fn fail(&mut self, now: Timestamp) {
        self.failed_sends += 1;
        self.failing = true;
        if let Some(minute) = self.minute(now) {
            minute.failed += 1;
        }
    }

    /// A consumer has got a message.
    pub(crate) fn receive(&mut self, now: Timestamp, id: u64) {
        let before = self.marks_of(id);
        if before & RECEIVED != 0 {
            self.received_twice += 1;
        }
        self.received_unpromised += u64::from(before & (ACKNOWLEDGED | RECEIVED) == 0);
        self.mark(id, RECEIVED);
        self.received += 1;
        if let Some(last) = self.last_receive.replace(now) {
            self.longest_receive_gap = self.longest_receive_gap.max(now.duration_since(last));
        }
        if let Some(minute) = self.minute(now) {
            minute.received += 1;
        }
    }

    /// The end: a gap that is still open counts.
    pub(crate) fn close(&mut self, now: Timestamp) {
        if let Some(last) = self.last_send {
            self.nobody_sent(last, now);
        }
        if let Some(last) = self.last_receive {
            self.longest_receive_gap = self.longest_receive_gap.max(now.duration_since(last));
        }
    }

    /// Whether a send has failed since the last one that was acknowledged.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing
    }

    /// When a producer last got a message acknowledged.
    pub(crate) fn last_acknowledged(&self) -> Option<Timestamp> {
        self.last_send.filter(|_| self.acknowledged > 0)
    }

    /// Whether a consumer ever got a message.
    pub(crate) fn was_received(&self, id: u64) -> bool {
        self.marks_of(id) & RECEIVED != 0
    }

    fn marks_of(&self, id: u64) -> u8 {
        self.marks.get(usize::try_from(id).unwrap_or(usize::MAX)).copied().unwrap_or(0)
    }

    fn mark(&mut self, id: u64, bit: u8) {
        if let Some(mark) = usize::try_from(id).ok().and_then(|id| self.marks.get_mut(id)) {
            *mark |= bit;
        }
    }

    /// Acknowledged and never received, with the channel and the time: each must still be held somewhere, or it is lost.
    pub(crate) fn outstanding(&self) -> impl Iterator<Item = Outstanding> {
        let marked = self
            .marks
            .iter()
            .enumerate()
            .filter(|(_, mark)| **mark & (ACKNOWLEDGED | RECEIVED) == ACKNOWLEDGED);
        marked.map(|(id, _)| Outstanding {
            id: id as u64,
            channel: usize::from(self.channels[id]),
            acknowledged: self.when(id),
        })
    }

    /// How many messages one side took for a channel between two moments.
    pub(crate) fn taken(&self, channel: usize, at_home: bool, from: Timestamp, until: Timestamp) -> u64 {
        let side = if at_home { ACKNOWLEDGED | AT_HOME } else { ACKNOWLEDGED };
        let here = (0..self.marks.len())
            .filter(|id| self.marks[*id] & (ACKNOWLEDGED | AT_HOME) == side)
            .filter(|id| usize::from(self.channels[*id]) == channel);
        // Times are kept in whole seconds.
        let from = from - SignedDuration::from_secs(1);
        here.filter(|id| (from..=until).contains(&self.when(*id))).count() as u64
    }

    fn when(&self, id: usize) -> Timestamp {
        let start = self.start.unwrap_or(Timestamp::UNIX_EPOCH);
        start + SignedDuration::from_secs(i64::from(self.acknowledged_at[id]))
    }
}

/// A message that was promised to somebody and that nobody has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outstanding {
    pub(crate) id: u64,
    pub(crate) channel: usize,
    pub(crate) acknowledged: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What came to the other side, or before or after, covers no message that lies on this one unannounced.
    #[test]
    fn what_a_side_took_is_counted_by_side_and_time() {
        let start = Timestamp::UNIX_EPOCH;
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        let mut ledger = Ledger::default();
        ledger.start(start);
        for (seconds, channel, at_home) in
            [(10, 0, true), (20, 0, true), (20, 1, true), (20, 0, false), (90, 0, true)]
        {
            let id = ledger.next_id(channel);
            ledger.acknowledge(at(seconds), id, at_home);
        }
        assert_eq!(ledger.taken(0, true, at(15), at(60)), 1);
        assert_eq!(ledger.taken(0, false, at(0), at(60)), 1);
        assert_eq!(ledger.taken(0, true, at(0), at(90)), 3);
        assert_eq!(ledger.taken(1, true, at(0), at(90)), 1);
    }
}
