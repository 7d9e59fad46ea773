//! ARM's token buckets: per subscription and principal, and fifteen times as large for all principals together.
//!
//! Source: "Understand how Azure Resource Manager throttles requests". The principal of a request is its
//! `x-lab-principal` header; requests without one share a principal.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, ArmError, Bucket, Cost};

/// How many principals' worth of tokens a subscription has in all.
const PRINCIPALS: u32 = 15;

/// The buckets that were drawn from so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Throttle {
    own: BTreeMap<(String, String, Cost), Bucket>,
    all: BTreeMap<(String, Cost), Bucket>,
}

/// What is left after a request.
pub(crate) struct Remaining {
    cost: Cost,
    own: u32,
    all: u32,
}

impl Throttle {
    /// Takes one token of each bucket, or refuses with 429.
    pub(crate) fn take(
        &mut self,
        now: Timestamp,
        subscription: &str,
        principal: &str,
        cost: Cost,
    ) -> Result<Remaining, Box<Answer>> {
        let subscription = subscription.to_ascii_lowercase();
        let own = self
            .own
            .entry((subscription.clone(), principal.to_owned(), cost))
            .or_insert_with(|| cost.bucket(now));
        let all = self.all.entry((subscription.clone(), cost)).or_insert_with(|| match cost {
            Cost::Read => Bucket::full(250 * PRINCIPALS, 25 * PRINCIPALS, now),
            Cost::Write | Cost::Delete => Bucket::full(200 * PRINCIPALS, 10 * PRINCIPALS, now),
        });
        own.take(now)
            .and_then(|()| all.take(now))
            .map_err(|wait| Box::new(too_many(&subscription, cost, wait)))?;
        Ok(Remaining { cost, own: own.remaining(now), all: all.remaining(now) })
    }
}

impl Remaining {
    pub(crate) fn tell(&self, answer: Answer) -> Answer {
        let own = self.cost.remaining_header();
        let all = own.replace("subscription-", "subscription-global-");
        answer.with_header(own, self.own.to_string()).with_header(&all, self.all.to_string())
    }
}

/// 429 with `Retry-After` in whole seconds, rounded up so that obeying it is enough.
pub(crate) fn too_many(subscription: &str, cost: Cost, wait: SignedDuration) -> Answer {
    let seconds = wait.as_secs() + i64::from(wait.subsec_nanos() > 0);
    let error = ArmError::new(
        "SubscriptionRequestsThrottled",
        format!(
            "Number of requests for subscription '{subscription}' exceeded the limit. Retry after {seconds} s."
        ),
    );
    Answer::refusal(429, &error)
        .with_header("retry-after", seconds.max(1).to_string())
        .with_header(cost.remaining_header(), "0")
}
