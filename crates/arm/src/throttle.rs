//! ARM's token buckets. The engine keeps its own copy to stay inside them, the lab keeps the true one.
//!
//! Source: "Understand how Azure Resource Manager throttles requests": per subscription and principal 250 reads
//! refilled at 25 a second, 200 writes and 200 deletes refilled at 10 a second.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call::Method;

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cost {
    /// GET and HEAD.
    Read,
    /// PUT, PATCH and POST.
    Write,
    /// DELETE.
    Delete,
}

impl Cost {
    /// Which bucket a verb draws from.
    pub fn of(method: Method) -> Self {
        match method {
            Method::Get | Method::Head => Self::Read,
            Method::Put | Method::Patch | Method::Post => Self::Write,
            Method::Delete => Self::Delete,
        }
    }

    /// The header that tells how many tokens remain.
    pub fn remaining_header(self) -> &'static str {
        match self {
            Self::Read => "x-ms-ratelimit-remaining-subscription-reads",
            Self::Write => "x-ms-ratelimit-remaining-subscription-writes",
            Self::Delete => "x-ms-ratelimit-remaining-subscription-deletes",
        }
    }

    /// A full bucket of this kind, as ARM gives each principal per subscription.
    pub fn bucket(self, now: Timestamp) -> Bucket {
        match self {
            Self::Read => Bucket::full(250, 25, now),
            Self::Write | Self::Delete => Bucket::full(200, 10, now),
        }
    }
}

/// A token bucket over an outside clock, exact in thousandths of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    capacity_milli: i64,
    refill_per_second: i64,
    milli: i64,
    at: Timestamp,
}

impl Bucket {
    /// A full bucket.
    pub fn full(capacity: u32, refill_per_second: u32, now: Timestamp) -> Self {
        let capacity_milli = i64::from(capacity) * 1000;
        Self {
            capacity_milli,
            refill_per_second: i64::from(refill_per_second),
            milli: capacity_milli,
            at: now,
        }
    }

    fn refill(&mut self, now: Timestamp) {
        let elapsed = now.duration_since(self.at);
        if elapsed <= SignedDuration::ZERO {
            return;
        }
        let millis = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        let gained = millis.saturating_mul(self.refill_per_second);
        self.milli = self.milli.saturating_add(gained).min(self.capacity_milli);
        self.at += SignedDuration::from_millis(millis);
    }

    /// Takes one token, or tells how long to wait for it.
    pub fn take(&mut self, now: Timestamp) -> Result<(), SignedDuration> {
        self.refill(now);
        if self.milli >= 1000 {
            self.milli -= 1000;
            return Ok(());
        }
        let missing = 1000 - self.milli;
        let millis = missing.div_euclid(self.refill_per_second)
            + i64::from(missing.rem_euclid(self.refill_per_second) > 0);
        Err(SignedDuration::from_millis(millis))
    }

    /// Whole tokens left.
    pub fn remaining(&mut self, now: Timestamp) -> u32 {
        self.refill(now);
        u32::try_from((self.milli / 1000).max(0)).unwrap_or(0)
    }

    /// Believes a server that says fewer remain: somebody else draws from the same bucket.
    pub fn at_most(&mut self, tokens: u32, now: Timestamp) {
        self.refill(now);
        self.milli = self.milli.min(i64::from(tokens) * 1000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut bucket = Cost::Write.bucket(now);
        for _ in 0..200 {
            bucket.take(now).unwrap();
        }
        let mut waited = SignedDuration::ZERO;
        for _ in 0..100 {
            while let Err(wait) = bucket.take(now) {
                now += wait;
                waited += wait;
            }
        }
        assert_eq!(waited, SignedDuration::from_secs(10));
    }

    #[test]
    fn a_server_that_says_less_is_believed() {
        let now = Timestamp::UNIX_EPOCH;
        let mut bucket = Cost::Read.bucket(now);
        bucket.at_most(3, now);
        assert_eq!(bucket.remaining(now), 3);
        bucket.at_most(200, now);
        assert_eq!(bucket.remaining(now), 3);
    }
}
