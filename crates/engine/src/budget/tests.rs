use super::*;
use lifeboat_arm::{ArmError, Call, Method};
use lifeboat_plan::Places;
use proptest::prelude::*;
use serde_json::Value;

const EPOCH: Timestamp = Timestamp::UNIX_EPOCH;

fn scope(method: Method, path: &str) -> Scope {
    Scope::of_call(&Call::arm(method, path, None), &Places::default()).unwrap()
}
fn write() -> Scope {
    scope(Method::Put, "/subscriptions/S/resourceGroups/g")
}
fn look() -> Scope {
    scope(Method::Get, "/subscriptions/S/resourceGroups/g")
}
fn says(cost: Cost, remaining: i64) -> Answer {
    Answer::new(200, Value::Null).with_header(cost.remaining_header(), remaining.to_string())
}
fn refusal(code: &str, remaining: Option<&str>) -> Answer {
    let refusal = Answer::refusal(429, &ArmError::new(code, "slow down")).with_header("Retry-After", "7");
    match remaining {
        Some(left) => refusal.with_header(Cost::Write.remaining_header(), left),
        None => refusal,
    }
}
fn left(budget: &mut Budget, scope: &Scope, now: Timestamp) -> usize {
    (0..300).take_while(|_| budget.take(scope, now).is_ok()).count()
}

#[test]
fn a_server_that_counts_as_we_do_takes_nothing_away() {
    let mut budget = Budget::default();
    let tokens: Vec<Token> = (0..190).map(|_| budget.take(&write(), EPOCH).unwrap()).collect();
    let later = EPOCH + SignedDuration::from_millis(150);
    for (nth, token) in (1..).zip(&tokens) {
        budget.learn(token, &says(Cost::Write, 200 - nth), later);
    }
    assert!(budget.take(&write(), later).is_ok(), "the refill of 150 ms is one token");
}

#[test]
fn a_server_that_has_less_is_believed_once() {
    let mut budget = Budget::default();
    let tokens: Vec<Token> = (0..10).map(|_| budget.take(&write(), EPOCH).unwrap()).collect();
    for (nth, token) in (1..).zip(&tokens) {
        budget.learn(token, &says(Cost::Write, 150 - nth), EPOCH); // somebody else has taken 50
    }
    let left = left(&mut budget, &write(), EPOCH);
    assert!((140..=150).contains(&left), "{left}");
}

/// A 429 closes what it covers and nothing else: (code, what remains, path refused) against who may still send.
#[test]
fn a_refusal_closes_only_what_it_covers() {
    let group = "/subscriptions/s/resourceGroups/g";
    let one = format!("{group}/providers/P.One/things/t");
    let two = format!("{group}/providers/P.Two/things/t");
    let near = "/subscriptions/s/providers/P.One/locations/northeurope/things";
    let far = "/subscriptions/s/providers/P.One/locations/westeurope/things";
    let (bucket, provider) = (("SubscriptionRequestsThrottled", Some("0")), ("TooManyRequests", None));
    let locked = ("RetryableErrorDueToAnotherOperation", Some("150"));
    // (refusal, path refused, closed, open)
    let cases: [(_, &str, &[&str], &[&str]); 6] = [
        (
            bucket,
            &one,
            &[&one, &two, near, group],
            &["/subscriptions/t/resourceGroups/g", "/providers/P.One/q"],
        ),
        (provider, &one, &[&one], &[&two, group, near]),
        (("TooManyRequests", Some("150")), &one, &[&one], &[&two, group]),
        (provider, near, &[near], &[far, &one, group]),
        (locked, &one, &[], &[&one, &two, group]),
        // Nobody but ARM stands behind a group.
        (provider, group, &[group, &one, &two], &["/subscriptions/t/resourceGroups/g"]),
    ];
    for ((code, remaining), refused, closed, open) in cases {
        let mut budget = Budget::default();
        let token = budget.take(&scope(Method::Put, refused), EPOCH).unwrap();
        budget.learn(&token, &refusal(code, remaining), EPOCH);
        for path in closed {
            let until = EPOCH + SignedDuration::from_secs(7);
            assert_eq!(budget.take(&scope(Method::Put, path), EPOCH).unwrap_err(), until, "{code}: {path}");
            assert_eq!(budget.ready_at(&scope(Method::Put, path), EPOCH), until, "{code}: {path}");
            assert!(budget.take(&scope(Method::Put, path), until).is_ok(), "{code}: {path}");
        }
        for path in open {
            assert!(budget.take(&scope(Method::Put, path), EPOCH).is_ok(), "{code}: {path}");
        }
        for other in [Method::Get, Method::Delete] {
            assert!(budget.take(&scope(other, refused), EPOCH).is_ok(), "{code}: {other} is another kind");
        }
    }
}

/// Whoever takes over knows nothing of the looks before: one finds out, and the server's word then counts both ways.
#[test]
fn inherited_reads_are_what_the_first_answer_says() {
    // (what the server says remains, looks sent before it said so, looks that may be sent then)
    for (remain, sent, wanted) in
        [(249, 1, 225), (180, 1, 180), (3, 1, 3), (0, 1, 0), (180, 3, 178), (1, 3, 0)]
    {
        let mut budget = Budget::inherited();
        let first = budget.take(&look(), EPOCH).unwrap();
        assert!(budget.take(&look(), EPOCH).is_err(), "one at first");
        let mut now = EPOCH;
        for _ in 1..sent {
            now += SignedDuration::from_millis(40);
            budget.take(&look(), now).unwrap();
            assert!(budget.take(&look(), now).is_err(), "then as they are refilled");
        }
        budget.learn(&first, &says(Cost::Read, remain), now);
        assert_eq!(left(&mut budget, &look(), now), wanted, "{remain} after {sent}");
        let hour = now + SignedDuration::from_hours(1);
        let token = budget.take(&look(), hour).unwrap();
        budget.learn(&token, &says(Cost::Read, 10), hour);
        assert_eq!(left(&mut budget, &look(), hour), 10, "later answers only lower it");
    }
    let mut budget = Budget::inherited();
    assert_eq!(left(&mut budget, &write(), EPOCH), 190, "the journal tells of writes");
}

/// How many a server refuses that counts requests as they arrive. Each leaves so long after the one before it, as soon as
/// it has a token; `travels` says how long it is on its way, by number and the time at which it left.
fn refused(cost: Cost, pauses: &[i64], travels: impl Fn(usize, SignedDuration) -> SignedDuration) -> usize {
    let scope = if cost == Cost::Read { look() } else { write() };
    let (mut budget, mut now) = (Budget::default(), EPOCH);
    let mut arrivals = Vec::new();
    for (nth, pause) in pauses.iter().enumerate() {
        now += SignedDuration::from_millis(*pause);
        while let Err(at) = budget.take(&scope, now) {
            now = at;
        }
        arrivals.push(now + travels(nth, now.duration_since(EPOCH)));
    }
    arrivals.sort_unstable();
    let mut server = cost.bucket(EPOCH);
    arrivals.into_iter().filter(|at| server.take(*at).is_err()).count()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However requests travel, as long as none takes a second longer than another, none is refused.
    #[test]
    fn what_arrives_is_never_more_than_the_bucket_holds(
        wishes in prop::collection::vec((0_i64..60, 5_i64..1000), 1..600),
        reads in any::<bool>(),
    ) {
        let cost = if reads { Cost::Read } else { Cost::Write };
        let (pauses, travels): (Vec<i64>, Vec<i64>) = wishes.into_iter().unzip();
        prop_assert_eq!(refused(cost, &pauses, |nth, _| SignedDuration::from_millis(travels[nth])), 0);
    }

    /// The same at the worst: whatever leaves within a time arrives at its end, all at once, from a full bucket.
    #[test]
    fn a_burst_that_piles_up_on_its_way_is_not_refused(late in 0_i64..=1000, reads in any::<bool>()) {
        let cost = if reads { Cost::Read } else { Cost::Write };
        let late = SignedDuration::from_millis(late);
        prop_assert_eq!(refused(cost, &[0; 500], |_, left| (late - left).max(SignedDuration::ZERO)), 0);
    }
}
