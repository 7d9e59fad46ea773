//! Our own copy of ARM's token buckets, so that no request is sent to be refused; and what providers have closed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Bucket, Cost, ThrottleScope};

use crate::scope::{BucketKey, Scope};

/// How long a 429 that does not say closes what it closes.
const UNTOLD: SignedDuration = SignedDuration::from_secs(10);

/// By how much one request may travel longer than another. ARM counts a request when it arrives, we when it leaves: a
/// bucket that was full refills from the first arrival on, so what we believe to be refilled within this time is not
/// there yet. That much of a full bucket is left alone.
const TRAVEL: SignedDuration = SignedDuration::from_secs(1);

/// The buckets.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    meters: BTreeMap<BucketKey, Meter>,
    /// What a provider refuses for now, and until when.
    closed: BTreeMap<Scope, Timestamp>,
    /// Whether another execution has drawn from these buckets before.
    inherited: bool,
}

#[derive(Debug)]
struct Meter {
    bucket: Bucket,
    closed_until: Timestamp,
    /// Tokens taken so far.
    taken: i64,
    /// Tokens given up so far because the server had fewer than we thought.
    given_up: i64,
    /// Nobody has told yet how many there are.
    guessed: bool,
}

/// A token taken, with what is needed to compare our count with the server's when the answer comes.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    scope: Scope,
    remained: i64,
    taken: i64,
    given_up: i64,
}

impl Meter {
    fn new(cost: Cost, inherited: bool, now: Timestamp) -> Self {
        let mut bucket = cost.bucket(now).holding_back(TRAVEL);
        // The journal tells who acted, not who looked: one request finds out how many reads are left.
        let guessed = inherited && cost == Cost::Read;
        if guessed {
            bucket.at_most(1, now);
        }
        Self { bucket, closed_until: Timestamp::MIN, taken: 0, given_up: 0, guessed }
    }
}

impl Budget {
    /// The buckets that an execution finds which takes over from another one.
    pub(crate) fn inherited() -> Self {
        Self { inherited: true, ..Self::default() }
    }

    fn meter(&mut self, key: &BucketKey, now: Timestamp) -> &mut Meter {
        let inherited = self.inherited;
        self.meters.entry(key.clone()).or_insert_with(|| Meter::new(key.cost(), inherited, now))
    }

    /// Takes a token, or tells when there will be one.
    pub(crate) fn take(&mut self, scope: &Scope, now: Timestamp) -> Result<Token, Timestamp> {
        let opens = self.opens_at(scope).max(self.meter(&scope.bucket, now).closed_until);
        if now < opens {
            return Err(opens);
        }
        let meter = self.meter(&scope.bucket, now);
        meter.bucket.take(now).map_err(|wait| now + wait)?;
        meter.taken += 1;
        Ok(Token {
            scope: scope.clone(),
            remained: meter.bucket.remaining(now).into(),
            taken: meter.taken,
            given_up: meter.given_up,
        })
    }

    /// When there will be a token.
    pub(crate) fn ready_at(&mut self, scope: &Scope, now: Timestamp) -> Timestamp {
        let meter = self.meter(&scope.bucket, now);
        let refilled = meter.bucket.clone().take(now).map_or_else(|wait| now + wait, |()| now);
        refilled.max(meter.closed_until).max(self.opens_at(scope))
    }

    /// Until when a provider has closed this scope.
    pub(crate) fn opens_at(&self, scope: &Scope) -> Timestamp {
        self.closed.get(scope).copied().unwrap_or(Timestamp::MIN)
    }

    /// Learns from an answer.
    pub(crate) fn learn(&mut self, token: &Token, answer: &Answer, now: Timestamp) {
        let cost = token.scope.bucket.cost();
        if answer.status == 429 {
            let until = now + answer.retry_after().unwrap_or(UNTOLD);
            match ThrottleScope::of(answer, cost) {
                ThrottleScope::Object => {}
                ThrottleScope::Provider if token.scope.provider.is_some() => {
                    let opens = self.closed.entry(token.scope.clone()).or_insert(until);
                    *opens = until.max(*opens);
                }
                ThrottleScope::Bucket | ThrottleScope::Provider => {
                    return self.meter(&token.scope.bucket, now).empty(until, now);
                }
            }
        }
        let remain = answer.header(cost.remaining_header()).and_then(|text| text.trim().parse().ok());
        if let Some(remain) = remain {
            self.meter(&token.scope.bucket, now).compare(token, remain, now);
        }
    }
}

impl Meter {
    /// The server has none until then.
    fn empty(&mut self, until: Timestamp, now: Timestamp) {
        self.closed_until = self.closed_until.max(until);
        self.given_up += i64::from(self.bucket.remaining(now));
        self.bucket.at_most(0, now);
        self.guessed = false;
    }

    /// Compares our count with the server's. What was only guessed is replaced; else our count is only ever lowered: a
    /// server that has more was refilled meanwhile, or does not count as we do.
    fn compare(&mut self, token: &Token, remain: i64, now: Timestamp) {
        // The server may have charged our later requests already, or may not.
        let later = self.taken - token.taken;
        if self.guessed {
            self.guessed = false;
            return self.bucket.exactly(tokens(remain - later), now);
        }
        // Like is compared with like: what we thought when this request left, less what we have given up since, against
        // what the server says.
        let thought = token.remained - (self.given_up - token.given_up);
        let missing = thought - remain - later;
        if missing > 0 {
            let left = i64::from(self.bucket.remaining(now)) - missing;
            self.bucket.at_most(tokens(left), now);
            self.given_up += missing;
        }
    }
}

fn tokens(count: i64) -> u32 {
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
