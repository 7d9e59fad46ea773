//! What happens next: events in order of time, ties in the order in which they were scheduled.
//!
//! Virtual time goes in milliseconds, so that every time in reports, events and journals is written with one precision.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use jiff::{SignedDuration, Timestamp};

/// Events to come.
pub(crate) struct Queue<E> {
    heap: BinaryHeap<Reverse<Entry<E>>>,
    serial: u64,
}

struct Entry<E> {
    at: Timestamp,
    serial: u64,
    event: E,
}

impl<E> Queue<E> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new(), serial: 0 }
    }

    pub(crate) fn at(&mut self, at: Timestamp, event: E) {
        self.serial += 1;
        self.heap.push(Reverse(Entry { at: millisecond(at), serial: self.serial, event }));
    }

    /// The next event, unless it lies behind `until`.
    pub(crate) fn next(&mut self, until: Timestamp) -> Option<(Timestamp, E)> {
        if self.heap.peek()?.0.at > until {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}

/// The first millisecond that is not before a time: whoever set a timer is not woken too early.
fn millisecond(at: Timestamp) -> Timestamp {
    let whole = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
    if whole < at { whole + SignedDuration::from_millis(1) } else { whole }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.serial == other.serial
    }
}
impl<E> Eq for Entry<E> {}
impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.serial).cmp(&(other.at, other.serial))
    }
}
