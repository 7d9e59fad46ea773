//! Who goes first when not everybody can: the step with the longest way still to go.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{Graph, GraphError, Step, WayKind};

use crate::budget::{Budget, Token};
use crate::scope::{BucketKey, Scope};

/// A step's place in the queue: longest remaining path first, then the order of the plan.
pub(crate) type Rank = (Reverse<SignedDuration>, usize);

/// For how long, in requests, steps look ahead of their turn to act. Enough that no token is left lying while looks
/// are short; little enough that what was seen still holds when the turn comes.
const AHEAD_SECONDS: u32 = 20;

/// The ranks of these steps. `parents` says which stage brought a step: whatever waits for the stage waits for its steps.
pub(crate) fn ranks(
    steps: &[Step],
    parents: &[Option<usize>],
    prefer: WayKind,
) -> Result<Vec<Rank>, GraphError> {
    let mut linked = steps.to_vec();
    for (index, parent) in parents.iter().enumerate() {
        if let Some(parent) = *parent {
            linked[parent].after.insert(steps[index].id.clone());
        }
    }
    let graph = Graph::new(&linked)?;
    let remaining = graph.remaining(|index| linked[index].way(prefer).forecast.p95);
    Ok(remaining.into_iter().map(Reverse).zip(0..).collect())
}

/// What things wait for that wait together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    /// They need a token of this scope; what draws from no bucket never waits.
    pub(crate) scope: Option<Scope>,
    /// They look ahead of requests that will need a token of this bucket. There is no point in that while enough
    /// requests wait for one already.
    pub(crate) ahead_of: Option<BucketKey>,
}

/// Things that wait, by line.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    lines: BTreeMap<Line, BTreeSet<(Rank, T)>>,
}

impl<T: Ord + Clone> Queue<T> {
    pub(crate) fn new() -> Self {
        Self { lines: BTreeMap::new() }
    }

    pub(crate) fn push(&mut self, line: Line, rank: Rank, item: T) {
        self.lines.entry(line).or_default().insert((rank, item));
    }

    /// The most urgent thing for which there is a token now, unless it looks ahead of a bucket that is `crowded`.
    /// `still` says whether a thing still wants its turn.
    pub(crate) fn pop(
        &mut self,
        budget: &mut Budget,
        crowded: &BTreeSet<BucketKey>,
        now: Timestamp,
        mut still: impl FnMut(&T) -> bool,
    ) -> Option<(T, Option<Token>)> {
        let mut first: Option<(Rank, Line)> = None;
        for (line, items) in &mut self.lines {
            let may = line.scope.as_ref().is_none_or(|scope| budget.ready_at(scope, now) <= now);
            if !may || line.is_held(crowded) {
                continue;
            }
            while items.first().is_some_and(|(_, item)| !still(item)) {
                items.pop_first();
            }
            if let Some((rank, _)) = items.first()
                && first.as_ref().is_none_or(|(best, _)| rank < best)
            {
                first = Some((*rank, line.clone()));
            }
        }
        self.lines.retain(|_, items| !items.is_empty());
        let (_, line) = first?;
        let token = match &line.scope {
            None => None,
            Some(scope) => Some(budget.take(scope, now).ok()?),
        };
        let (_, item) = self.lines.get_mut(&line)?.pop_first()?;
        Some((item, token))
    }

    /// When the next thing can have a token.
    pub(crate) fn next(
        &self,
        budget: &mut Budget,
        crowded: &BTreeSet<BucketKey>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.lines
            .iter()
            .filter(|(line, items)| !items.is_empty() && !line.is_held(crowded))
            .map(|(line, _)| line.scope.as_ref().map_or(now, |scope| budget.ready_at(scope, now)))
            .min()
    }

    /// The buckets for whose tokens enough things wait. What a provider has closed waits for something else.
    pub(crate) fn crowded(&self, budget: &Budget, now: Timestamp) -> BTreeSet<BucketKey> {
        let mut waiting: BTreeMap<&BucketKey, usize> = BTreeMap::new();
        for (line, items) in &self.lines {
            if let Some(scope) = line.scope.as_ref().filter(|scope| budget.opens_at(scope) <= now) {
                *waiting.entry(&scope.bucket).or_default() += items.len();
            }
        }
        let enough = |key: &BucketKey| (key.cost().per_second() * AHEAD_SECONDS) as usize;
        waiting.into_iter().filter(|(key, count)| *count >= enough(key)).map(|(key, _)| key.clone()).collect()
    }
}

impl Line {
    fn is_held(&self, crowded: &BTreeSet<BucketKey>) -> bool {
        self.ahead_of.as_ref().is_some_and(|bucket| crowded.contains(bucket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_arm::{Answer, ArmError, Call, Method};
    use lifeboat_plan::Places;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn scope(path: &str) -> Scope {
        Scope::of_call(&Call::arm(Method::Put, path, None), &Places::default()).unwrap()
    }
    fn line(path: &str) -> Line {
        Line { scope: Some(scope(path)), ahead_of: None }
    }
    fn rank(seconds: i64, place: usize) -> Rank {
        (Reverse(SignedDuration::from_secs(seconds)), place)
    }
    fn order(queue: &mut Queue<&'static str>, budget: &mut Budget, crowded: &[Scope]) -> Vec<&'static str> {
        let crowded = crowded.iter().map(|scope| scope.bucket.clone()).collect();
        std::iter::from_fn(|| queue.pop(budget, &crowded, NOW, |_| true)).map(|(item, _)| item).collect()
    }

    /// Lines that draw from one bucket go in one order; a closed one is passed by until it opens.
    #[test]
    fn the_most_urgent_of_all_open_lines_goes_first() {
        let (one, two) = ("/subscriptions/s/providers/P.One/a/b", "/subscriptions/s/providers/P.Two/a/b");
        for closed in [false, true] {
            let (mut queue, mut budget) = (Queue::new(), Budget::default());
            queue.push(line(one), rank(30, 0), "one, urgent");
            queue.push(line(two), rank(20, 1), "two");
            queue.push(line(one), rank(10, 2), "one");
            let mut wanted = vec!["one, urgent", "two", "one"];
            if closed {
                let token = budget.take(&scope(one), NOW).unwrap();
                let refusal = Answer::refusal(429, &ArmError::new("TooManyRequests", "slow down"));
                budget.learn(&token, &refusal.with_header("Retry-After", "9"), NOW);
                wanted = vec!["two"];
            }
            assert_eq!(order(&mut queue, &mut budget, &[]), wanted);
            let opens = closed.then(|| NOW + SignedDuration::from_secs(9));
            assert_eq!(queue.next(&mut budget, &BTreeSet::new(), NOW), opens);
        }
    }

    /// Looks ahead of requests wait while enough requests wait; other looks do not.
    #[test]
    fn nobody_looks_ahead_of_a_crowded_bucket() {
        let (mut sends, mut budget) = (Queue::new(), Budget::default());
        let acts = scope("/subscriptions/s/resourceGroups/g");
        for place in 0..199 {
            sends.push(line("/subscriptions/s/resourceGroups/g"), rank(1, place), place);
        }
        assert!(sends.crowded(&budget, NOW).is_empty(), "not yet the requests of 20 s");
        sends.push(line("/subscriptions/s/resourceGroups/h"), rank(1, 199), 199);
        assert_eq!(sends.crowded(&budget, NOW), [acts.bucket.clone()].into());
        let mut looks = Queue::new();
        let ahead = Line { scope: None, ahead_of: Some(acts.bucket.clone()) };
        looks.push(ahead, rank(30, 0), "ahead");
        looks.push(Line { scope: None, ahead_of: None }, rank(1, 1), "poll");
        assert_eq!(order(&mut looks, &mut budget, std::slice::from_ref(&acts)), ["poll"]);
        assert_eq!(order(&mut looks, &mut budget, &[]), ["ahead"]);
    }
}
