//! Who goes first when not everybody can: the step with the longest way still to go.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{Graph, GraphError, Step, WayKind};

use crate::budget::{BucketKey, Budget, Token};

/// A step's place in the queue: longest remaining path first, then the order of the plan.
pub(crate) type Rank = (Reverse<SignedDuration>, usize);

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

/// Things that wait for tokens, by bucket. What draws from no bucket never waits.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    lines: BTreeMap<Option<BucketKey>, BTreeSet<(Rank, T)>>,
}

impl<T: Ord + Clone> Queue<T> {
    pub(crate) fn new() -> Self {
        Self { lines: BTreeMap::new() }
    }

    pub(crate) fn push(&mut self, key: Option<BucketKey>, rank: Rank, item: T) {
        self.lines.entry(key).or_default().insert((rank, item));
    }

    /// The next thing for which there is a token now. `still` says whether a thing still wants its turn.
    pub(crate) fn pop(
        &mut self,
        budget: &mut Budget,
        now: Timestamp,
        mut still: impl FnMut(&T) -> bool,
    ) -> Option<(T, Option<Token>)> {
        for (key, line) in &mut self.lines {
            while line.first().is_some_and(|(_, item)| !still(item)) {
                line.pop_first();
            }
            if line.is_empty() {
                continue;
            }
            let token = match key {
                None => None,
                Some(key) => match budget.take(key, now) {
                    Ok(token) => Some(token),
                    Err(_) => continue,
                },
            };
            let (_, item) = line.pop_first()?;
            return Some((item, token));
        }
        None
    }

    /// When the next thing can have a token.
    pub(crate) fn next(&self, budget: &mut Budget, now: Timestamp) -> Option<Timestamp> {
        self.lines
            .iter()
            .filter(|(_, line)| !line.is_empty())
            .map(|(key, _)| key.as_ref().map_or(now, |key| budget.ready_at(key, now)))
            .min()
    }
}
