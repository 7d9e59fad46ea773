//! Looking at the world: everything that the services ask to see, with what cannot be read left as unknown.
//!
//! What is seen leads to what else must be seen: a namespace to its topics, a topic to its subscriptions. So the services
//! are asked again until they want nothing new. An observation has a deadline, and ARM answers only so many reads in that
//! time: who wants more, or asks in circles for ever new things, is told that it was not read.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, Call, Cost, Paged, Pages};
use lifeboat_lab::Lab;
use lifeboat_planner::{Inventory, Workload, group_reads, service_for};

/// How long an observation may take.
const DEADLINE: SignedDuration = SignedDuration::from_secs(20);

/// Observes every group and every component. What cannot be read keeps its last known value beside the reason; one dead
/// region never keeps the rest from being seen.
pub(crate) fn observe(lab: &mut Lab, now: Timestamp, workload: &Workload, before: &Inventory) -> Inventory {
    let wanted = |seen: &Inventory| {
        let components = workload.components.iter();
        let of_components =
            components.flat_map(|component| service_for(&component.kind).observes(component, workload, seen));
        group_reads(workload).into_iter().chain(of_components).collect()
    };
    until_nothing_is_new(now, before, wanted, |call| lab.handle(now, call).answer)
}

/// Reads what is wanted, then what is wanted by then, until nothing new is. Only what was not asked for yet counts as new,
/// so that it ends as soon as a round brings nothing; and no later than when the reads are used up.
fn until_nothing_is_new(
    now: Timestamp,
    before: &Inventory,
    wanted: impl Fn(&Inventory) -> Vec<Call>,
    mut read: impl FnMut(&Call) -> Option<Answer>,
) -> Inventory {
    let mut seen = before.clone();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut left = reads_max(now);
    loop {
        let mut new = wanted(&seen);
        new.retain(|call| asked.insert(call.path.to_ascii_lowercase()));
        if new.is_empty() {
            return seen;
        }
        let used_up = left == 0;
        for call in new {
            let path = call.path.clone();
            let answer = list(call, &mut left, &mut read);
            seen.observe(&path, now, answer.as_ref().map_err(String::as_str));
        }
        if used_up {
            return seen;
        }
    }
}

/// How many reads ARM answers one principal before the deadline: a full bucket, and what is refilled meanwhile.
fn reads_max(now: Timestamp) -> u32 {
    let meanwhile = Cost::Read.per_second() * u32::try_from(DEADLINE.as_secs()).unwrap_or_default();
    Cost::Read.bucket(now).remaining(now) + meanwhile
}

/// The answer to a read, with every page of it, or why there is none.
fn list(
    call: Call,
    left: &mut u32,
    read: &mut impl FnMut(&Call) -> Option<Answer>,
) -> Result<Answer, String> {
    let mut pages = Pages::of(call.clone());
    let mut next = call;
    loop {
        *left = left.checked_sub(1).ok_or_else(|| {
            format!(
                "it was not read: ARM answers no more reads than were made before it, in the {} that an observation takes",
                lifeboat_plan::duration(DEADLINE)
            )
        })?;
        let answer =
            read(&next).ok_or_else(|| format!("no answer within {}", lifeboat_plan::duration(DEADLINE)))?;
        match pages.take(answer) {
            Paged::All(answer) => return Ok(answer),
            Paged::More(call) => next = call,
        }
    }
}

#[cfg(test)]
mod tests {
    use lifeboat_planner::{Fact, Look};
    use serde_json::json;

    use super::*;

    const CHAIN: &str = "/subscriptions/s/resourceGroups/g/providers/A.B/links";

    fn link(number: u32) -> String {
        format!("{CHAIN}/{number}")
    }

    /// A service that learns from each link where the next one is.
    fn next_link(seen: &Inventory) -> Vec<Call> {
        let known = (0..u32::MAX).take_while(|number| seen.look(&link(*number)).value().is_some()).count();
        (0..=u32::try_from(known).unwrap()).map(|number| Call::get(link(number), "1")).collect()
    }

    fn follow(length: u32) -> (Inventory, u32) {
        let mut reads = 0;
        let seen = until_nothing_is_new(Timestamp::UNIX_EPOCH, &Inventory::default(), next_link, |call| {
            reads += 1;
            let number: u32 = call.path.rsplit('/').next()?.split('?').next()?.parse().ok()?;
            let there = number < length;
            Some(Answer::new(if there { 200 } else { 404 }, json!({ "number": number })))
        });
        (seen, reads)
    }

    #[test]
    fn what_is_seen_is_followed_to_its_end() {
        for length in [1, 4, 5, 40] {
            let (seen, reads) = follow(length);
            assert_eq!(reads, length + 1, "each link once, and the one that is not there");
            assert_eq!(seen.look(&link(length)), Look::IsAbsent);
        }
    }

    #[test]
    fn a_chain_without_end_is_left_off_and_says_why() {
        let (seen, reads) = follow(u32::MAX);
        assert_eq!(reads, 250 + 20 * 25, "as many as ARM answers in twenty seconds");
        assert!(matches!(seen.fact(&link(reads - 1)), Some(Fact::Known(_))));
        assert!(
            matches!(seen.look(&link(reads)), Look::Unknown(why) if why.starts_with("it was not read: ARM")),
            "{:?}",
            seen.look(&link(reads))
        );
    }

    #[test]
    fn one_read_without_an_answer_keeps_none_of_the_others_from_being_seen() {
        let wanted = |_: &Inventory| (0..3).map(|number| Call::get(link(number), "1")).collect();
        let seen = until_nothing_is_new(Timestamp::UNIX_EPOCH, &Inventory::default(), wanted, |call| {
            (!call.path.contains("links/1")).then(|| Answer::new(200, json!({})))
        });
        assert_eq!(seen.look(&link(1)), Look::Unknown("no answer within 20s"));
        assert!([0, 2].iter().all(|number| seen.look(&link(*number)).value().is_some()));
    }
}
