//! Time spent: on the wall, and of the processor.

use std::time::{Duration, Instant};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// On the wall: disturbed by whatever else the machine does.
    pub wall: Duration,
    /// User and system time: disturbed far less.
    pub cpu: Duration,
}

impl Spent {
    /// Runs `work` and tells what it took.
    pub fn on<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let (wall, cpu) = (now(), own_cpu());
        let made = work();
        (made, Self { wall: wall.elapsed(), cpu: own_cpu().saturating_sub(cpu) })
    }
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this crate is for")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn own_cpu() -> Duration {
    getrusage(UsageWho::RUSAGE_SELF).map_or(Duration::ZERO, |usage| cpu_of(&usage))
}

pub(crate) fn cpu_of(usage: &Usage) -> Duration {
    duration(usage.user_time()) + duration(usage.system_time())
}

fn duration(time: TimeVal) -> Duration {
    let part = |number: i64| u64::try_from(number).unwrap_or(0);
    Duration::from_secs(part(time.tv_sec())) + Duration::from_micros(part(time.tv_usec()))
}

/// The middle one; of two middle ones the larger.
pub(crate) fn median<T: PartialOrd + Copy>(mut of: Vec<T>) -> Option<T> {
    of.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    of.get(of.len() / 2).copied()
}
