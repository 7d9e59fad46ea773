//! Our own copy of ARM's token buckets, one per subscription and cost, so that no request is sent to be refused.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Bucket, Call, Cost, Read, Target};

/// How long a bucket stays closed after a 429 that does not say.
const UNTOLD: SignedDuration = SignedDuration::from_secs(10);

/// Whose bucket a request draws from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BucketKey {
    subscription: String,
    cost: Cost,
}

impl BucketKey {
    /// The bucket of a request; data planes and DNS have none that we know.
    pub(crate) fn of_call(call: &Call) -> Option<Self> {
        if call.target != Target::Arm {
            return None;
        }
        let mut parts = call.path_only().split('/').filter(|part| !part.is_empty());
        let subscription = match parts.next() {
            Some(word) if word.eq_ignore_ascii_case("subscriptions") => parts.next().unwrap_or_default(),
            _ => "",
        };
        Some(Self { subscription: subscription.to_ascii_lowercase(), cost: Cost::of(call.method) })
    }

    /// The same for a read.
    pub(crate) fn of_read(read: &Read) -> Option<Self> {
        match read {
            Read::Arm(call) => Self::of_call(call),
            Read::Http(_) | Read::Dns(_) => None,
        }
    }
}

/// The buckets.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    meters: BTreeMap<BucketKey, Meter>,
}

#[derive(Debug)]
struct Meter {
    bucket: Bucket,
    closed_until: Timestamp,
    /// Tokens taken so far.
    taken: i64,
    /// Tokens given up so far because the server had fewer than we thought.
    given_up: i64,
}

/// A token taken, with what is needed to compare our count with the server's when the answer comes.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    key: BucketKey,
    remained: i64,
    taken: i64,
    given_up: i64,
}

impl Budget {
    fn meter(&mut self, key: &BucketKey, now: Timestamp) -> &mut Meter {
        self.meters.entry(key.clone()).or_insert_with(|| Meter {
            bucket: key.cost.bucket(now),
            closed_until: Timestamp::MIN,
            taken: 0,
            given_up: 0,
        })
    }

    /// Takes a token, or tells when there will be one.
    pub(crate) fn take(&mut self, key: &BucketKey, now: Timestamp) -> Result<Token, Timestamp> {
        let meter = self.meter(key, now);
        if now < meter.closed_until {
            return Err(meter.closed_until);
        }
        meter.bucket.take(now).map_err(|wait| now + wait)?;
        meter.taken += 1;
        Ok(Token {
            key: key.clone(),
            remained: meter.bucket.remaining(now).into(),
            taken: meter.taken,
            given_up: meter.given_up,
        })
    }

    /// When there will be a token.
    pub(crate) fn ready_at(&mut self, key: &BucketKey, now: Timestamp) -> Timestamp {
        let meter = self.meter(key, now);
        let refilled = meter.bucket.clone().take(now).map_or_else(|wait| now + wait, |()| now);
        refilled.max(meter.closed_until)
    }

    /// Learns from an answer. Only ever lowers our count: a server that has more was refilled meanwhile, or does not
    /// count as we do.
    pub(crate) fn learn(&mut self, token: &Token, answer: &Answer, now: Timestamp) {
        let meter = self.meter(&token.key, now);
        if answer.status == 429 {
            let until = now + answer.retry_after().unwrap_or(UNTOLD);
            meter.closed_until = meter.closed_until.max(until);
            meter.given_up += i64::from(meter.bucket.remaining(now));
            meter.bucket.at_most(0, now);
            return;
        }
        let Some(remain) =
            answer.header(token.key.cost.remaining_header()).and_then(|text| text.parse().ok())
        else {
            return;
        };
        let remain: i64 = remain;
        // Like is compared with like: what we thought when this request left, less what we have given up since, against
        // what the server says, to which our later requests may already have been charged.
        let thought = token.remained - (meter.given_up - token.given_up);
        let missing = thought - remain - (meter.taken - token.taken);
        if missing > 0 {
            let left = (i64::from(meter.bucket.remaining(now)) - missing).max(0);
            meter.bucket.at_most(u32::try_from(left).unwrap_or(0), now);
            meter.given_up += missing;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_arm::Method;
    use serde_json::Value;

    fn key() -> BucketKey {
        BucketKey::of_call(&Call::arm(Method::Put, "/subscriptions/S/resourceGroups/g", None)).unwrap()
    }
    fn says(remaining: i64) -> Answer {
        Answer::new(200, Value::Null).with_header(Cost::Write.remaining_header(), remaining.to_string())
    }

    #[test]
    fn a_server_that_counts_as_we_do_takes_nothing_away() {
        let (mut budget, now) = (Budget::default(), Timestamp::UNIX_EPOCH);
        let tokens: Vec<Token> = (0..200).map(|_| budget.take(&key(), now).unwrap()).collect();
        let later = now + SignedDuration::from_millis(150);
        for (nth, token) in (1..).zip(&tokens) {
            budget.learn(token, &says(200 - nth), later);
        }
        assert!(budget.take(&key(), later).is_ok(), "the refill of 150 ms is one token");
    }

    #[test]
    fn a_server_that_has_less_is_believed_once() {
        let (mut budget, now) = (Budget::default(), Timestamp::UNIX_EPOCH);
        let tokens: Vec<Token> = (0..10).map(|_| budget.take(&key(), now).unwrap()).collect();
        for (nth, token) in (1..).zip(&tokens) {
            budget.learn(token, &says(150 - nth), now); // somebody else has taken 50
        }
        let left = (0..250).take_while(|_| budget.take(&key(), now).is_ok()).count();
        assert!((140..=150).contains(&left), "{left}");
    }

    #[test]
    fn a_429_closes_the_bucket() {
        let (mut budget, now) = (Budget::default(), Timestamp::UNIX_EPOCH);
        let token = budget.take(&key(), now).unwrap();
        budget.learn(&token, &Answer::new(429, Value::Null).with_header("Retry-After", "7"), now);
        assert_eq!(budget.take(&key(), now).unwrap_err(), now + SignedDuration::from_secs(7));
    }

    #[test]
    fn data_planes_have_no_bucket() {
        let mut call = Call::arm(Method::Put, "/x", None);
        assert!(BucketKey::of_call(&call).is_some());
        call.target = Target::Host("h".into());
        assert_eq!(BucketKey::of_call(&call), None);
    }
}
