//! The graph of steps: order, cycles, schedule, critical path.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Serialize;

use crate::step::{Step, StepId};

/// Why steps make no graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Steps wait for each other in a ring.
    #[error("steps wait for each other: {}", .0.iter().map(StepId::as_str).collect::<Vec<_>>().join(" → "))]
    Cycle(Vec<StepId>),
    /// A step waits for one that does not exist.
    #[error("`{step}` waits for `{missing}`, which is not in the plan")]
    Missing {
        /// The step that waits.
        step: StepId,
        /// What it waits for.
        missing: StepId,
    },
    /// Two steps have one id.
    #[error("the id `{0}` is given to two steps")]
    Twice(StepId),
}

/// The steps of a plan as a graph, by position in the slice it was made from.
#[derive(Debug, Clone)]
pub struct Graph {
    ids: Vec<StepId>,
    before: Vec<Vec<usize>>,
    behind: Vec<Vec<usize>>,
    order: Vec<usize>,
}

/// One step's place in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scheduled {
    /// The step.
    pub id: StepId,
    /// When it can start, from the start of the run.
    pub start: SignedDuration,
    /// When it is done.
    pub finish: SignedDuration,
    /// How much later it could finish without delaying the end.
    pub slack: SignedDuration,
}

impl Graph {
    /// Checks the steps and orders them. Linear in steps and edges.
    pub fn new(steps: &[Step]) -> Result<Self, GraphError> {
        let mut position = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            if position.insert(&step.id, index).is_some() {
                return Err(GraphError::Twice(step.id.clone()));
            }
        }
        let mut before = vec![Vec::new(); steps.len()];
        let mut behind = vec![Vec::new(); steps.len()];
        for (index, step) in steps.iter().enumerate() {
            for wanted in &step.after {
                let Some(&source) = position.get(wanted) else {
                    return Err(GraphError::Missing { step: step.id.clone(), missing: wanted.clone() });
                };
                before[index].push(source);
                behind[source].push(index);
            }
        }
        let ids: Vec<StepId> = steps.iter().map(|step| step.id.clone()).collect();
        let order = sort(&before, &behind).ok_or_else(|| GraphError::Cycle(ring(&ids, &before)))?;
        Ok(Self { ids, before, behind, order })
    }

    /// Positions in an order in which each step stands after all that it waits for; ties keep the given order.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Positions of the steps that the step at `index` waits for.
    pub fn before(&self, index: usize) -> &[usize] {
        &self.before[index]
    }

    /// Positions of the steps that wait for the step at `index`.
    pub fn behind(&self, index: usize) -> &[usize] {
        &self.behind[index]
    }

    /// How long it takes from the start of each step to the end of the run, by position: what a scheduler goes by.
    pub fn remaining(&self, duration: impl Fn(usize) -> SignedDuration) -> Vec<SignedDuration> {
        let mut remaining = vec![SignedDuration::ZERO; self.ids.len()];
        for &index in self.order.iter().rev() {
            let behind = self.behind[index].iter().map(|&next| remaining[next]).max().unwrap_or_default();
            remaining[index] = duration(index) + behind;
        }
        remaining
    }

    /// When each step starts and ends if every step takes this long and nothing else limits them, in run order.
    pub fn schedule(&self, duration: impl Fn(usize) -> SignedDuration) -> Vec<Scheduled> {
        let mut finish = vec![SignedDuration::ZERO; self.ids.len()];
        let mut start = finish.clone();
        for &index in &self.order {
            start[index] = self.before[index].iter().map(|&source| finish[source]).max().unwrap_or_default();
            finish[index] = start[index] + duration(index);
        }
        let end = finish.iter().copied().max().unwrap_or_default();
        let remaining = self.remaining(&duration);
        self.order
            .iter()
            .map(|&index| Scheduled {
                id: self.ids[index].clone(),
                start: start[index],
                finish: finish[index],
                slack: end - start[index] - remaining[index],
            })
            .collect()
    }

    /// The chain of steps that decides how long the run takes.
    pub fn critical_path(&self, duration: impl Fn(usize) -> SignedDuration) -> Vec<StepId> {
        let remaining = self.remaining(duration);
        let longest = |candidates: &mut dyn Iterator<Item = usize>| {
            candidates.max_by_key(|&index| (remaining[index], std::cmp::Reverse(index)))
        };
        let mut path = Vec::new();
        let mut at = longest(&mut (0..self.ids.len()).filter(|&index| self.before[index].is_empty()));
        while let Some(index) = at {
            path.push(self.ids[index].clone());
            at = longest(&mut self.behind[index].iter().copied());
        }
        path
    }
}

/// Kahn's algorithm; the ready set is a heap by position, so that the order is the same on every machine.
fn sort(before: &[Vec<usize>], behind: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut waiting: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut ready: std::collections::BinaryHeap<std::cmp::Reverse<usize>> =
        (0..before.len()).filter(|&index| waiting[index] == 0).map(std::cmp::Reverse).collect();
    let mut order = Vec::with_capacity(before.len());
    while let Some(std::cmp::Reverse(index)) = ready.pop() {
        order.push(index);
        for &next in &behind[index] {
            waiting[next] -= 1;
            if waiting[next] == 0 {
                ready.push(std::cmp::Reverse(next));
            }
        }
    }
    (order.len() == before.len()).then_some(order)
}

/// One ring of steps, for the message. Only called when there is one.
fn ring(ids: &[StepId], before: &[Vec<usize>]) -> Vec<StepId> {
    let mut left = vec![true; before.len()];
    // Whatever waits for nothing that is left is not part of a ring.
    while let Some(free) =
        (0..before.len()).find(|&index| left[index] && before[index].iter().all(|&source| !left[source]))
    {
        left[free] = false;
    }
    let Some(start) = left.iter().position(|&in_ring| in_ring) else { return Vec::new() };
    let mut path = vec![start];
    loop {
        let at = path[path.len() - 1];
        let Some(&next) = before[at].iter().find(|&&source| left[source]) else { return Vec::new() };
        if let Some(first) = path.iter().position(|&seen| seen == next) {
            let mut ring: Vec<StepId> = path[first..].iter().rev().map(|&index| ids[index].clone()).collect();
            ring.push(ring[0].clone());
            return ring;
        }
        path.push(next);
    }
}

#[cfg(test)]
mod tests;
