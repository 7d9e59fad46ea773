//! ARM's token buckets. The engine keeps its own copy to stay inside them, the lab keeps the true one.
//!
//! Source: "Understand how Azure Resource Manager throttles requests": per subscription and principal 250 reads
//! refilled at 25 a second, 200 writes and 200 deletes refilled at 10 a second. Behind ARM, each provider has limits of
//! its own, per subscription and region of the resource.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call::{Answer, Method};
use crate::error::is_locked;

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
            Self::Read => Bucket::full(250, self.per_second(), now),
            Self::Write | Self::Delete => Bucket::full(200, self.per_second(), now),
        }
    }

    /// How many tokens are refilled in a second.
    pub fn per_second(self) -> u32 {
        match self {
            Self::Read => 25,
            Self::Write | Self::Delete => 10,
        }
    }
}

/// Whom a refusal for now (429) concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleScope {
    /// Every request that draws from the same bucket: ARM itself refused.
    Bucket,
    /// Requests of the same kind to the same provider, in the same region: ARM let it through, the provider did not.
    Provider,
    /// Requests to the same object: another operation has it.
    Object,
}

impl ThrottleScope {
    /// Reads it from the refusal. What remains in ARM's bucket tells who refused, since ARM counts what it lets through;
    /// the code tells only where no count is given, for it names the subscription even where a single operation is meant.
    pub fn of(refusal: &Answer, cost: Cost) -> Self {
        let code = refusal.error().map(|error| error.innermost().code.clone()).unwrap_or_default();
        let remaining = refusal.header(cost.remaining_header()).and_then(|text| text.trim().parse().ok());
        match remaining {
            _ if is_locked(&code) => Self::Object,
            Some(0_u32) => Self::Bucket,
            None if code == "SubscriptionRequestsThrottled" => Self::Bucket,
            Some(_) | None => Self::Provider,
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

    /// The same with less room: as much less as is refilled in this time.
    #[must_use]
    pub fn holding_back(mut self, refilled_in: SignedDuration) -> Self {
        let millis = i64::try_from(refilled_in.as_millis()).unwrap_or(i64::MAX);
        let less = self.refill_per_second.saturating_mul(millis);
        self.capacity_milli = self.capacity_milli.saturating_sub(less).max(1000);
        self.milli = self.milli.min(self.capacity_milli);
        self
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

    /// So many are left, as far as there is room: a server has said so, and nothing was known before.
    pub fn exactly(&mut self, tokens: u32, now: Timestamp) {
        self.refill(now);
        self.milli = (i64::from(tokens) * 1000).min(self.capacity_milli);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ArmError;

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

    #[test]
    fn what_is_held_back_is_never_given() {
        let now = Timestamp::UNIX_EPOCH;
        for (cost, room) in [(Cost::Read, 225), (Cost::Write, 190), (Cost::Delete, 190)] {
            let mut bucket = cost.bucket(now).holding_back(SignedDuration::from_secs(1));
            assert_eq!(bucket.remaining(now), room);
            bucket.exactly(250, now);
            assert_eq!(bucket.remaining(now + SignedDuration::from_hours(1)), room);
            bucket.exactly(7, now + SignedDuration::from_hours(1));
            assert_eq!(bucket.remaining(now + SignedDuration::from_hours(1)), 7);
        }
        let mut tiny = Cost::Write.bucket(now).holding_back(SignedDuration::from_hours(1));
        assert_eq!(tiny.take(now), Ok(()), "room for one is always left");
    }

    #[test]
    fn a_refusal_concerns_whom_it_names() {
        let header = Cost::Write.remaining_header();
        // (code, what remains of the writes, whom it concerns)
        let cases = [
            ("SubscriptionRequestsThrottled", Some("0"), ThrottleScope::Bucket),
            ("SubscriptionRequestsThrottled", None, ThrottleScope::Bucket),
            // "… and operation '…' exceeded the backend storage limit": of one operation, whatever the code says.
            ("SubscriptionRequestsThrottled", Some("173"), ThrottleScope::Provider),
            ("TooManyRequests", Some("0"), ThrottleScope::Bucket),
            ("TooManyRequests", Some("150"), ThrottleScope::Provider),
            ("TooManyRequests", None, ThrottleScope::Provider),
            ("ResourceRequestsThrottled", None, ThrottleScope::Provider),
            ("RetryableErrorDueToAnotherOperation", Some("150"), ThrottleScope::Object),
            ("AnotherOperationInProgress", None, ThrottleScope::Object),
        ];
        for (code, remaining, reach) in cases {
            let refusal = Answer::refusal(429, &ArmError::new(code, "slow down"));
            let refusal = remaining.map_or(refusal.clone(), |left| refusal.with_header(header, left));
            assert_eq!(ThrottleScope::of(&refusal, Cost::Write), reach, "{code} {remaining:?}");
        }
        let of_reads =
            Answer::refusal(429, &ArmError::new("TooManyRequests", "slow down")).with_header(header, "0");
        assert_eq!(
            ThrottleScope::of(&of_reads, Cost::Read),
            ThrottleScope::Provider,
            "another kind's count tells nothing"
        );
    }
}
