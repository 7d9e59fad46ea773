//! Components as a graph of numbers: options that are worth having, dependencies, schedules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::{Candidate, StrategyError};
use crate::service::Strategy;

/// Components by number, in an order in which each comes after what it waits for.
pub(super) struct Graph<'a> {
    names: Vec<&'a str>,
    /// Per component, from the cheapest to the fastest: each is faster and costs more than the one before.
    levels: Vec<Vec<&'a Strategy>>,
    pub(super) before: Vec<Vec<usize>>,
    pub(super) after: Vec<Vec<usize>>,
}

/// When each component is back, counted from the start of the first.
pub(super) struct Schedule {
    pub(super) finish: Vec<SignedDuration>,
    pub(super) length: SignedDuration,
}

impl<'a> Graph<'a> {
    pub(super) fn new(candidates: &'a [Candidate]) -> Result<Self, StrategyError> {
        let mut by_name: BTreeMap<&str, &Candidate> = BTreeMap::new();
        for candidate in candidates {
            if by_name.insert(&candidate.name, candidate).is_some() {
                return Err(StrategyError::Twice { component: candidate.name.clone() });
            }
        }
        let order = in_order(&by_name)?;
        let number: BTreeMap<&str, usize> =
            order.iter().enumerate().map(|(which, candidate)| (candidate.name.as_str(), which)).collect();
        let mut graph = Self {
            names: order.iter().map(|candidate| candidate.name.as_str()).collect(),
            levels: Vec::with_capacity(order.len()),
            before: Vec::with_capacity(order.len()),
            after: vec![Vec::new(); order.len()],
        };
        for (which, candidate) in order.iter().enumerate() {
            let levels = worth_having(&candidate.options);
            if levels.is_empty() {
                return Err(StrategyError::NoOption { component: candidate.name.clone() });
            }
            graph.levels.push(levels);
            let before: Vec<usize> = candidate.after.iter().map(|name| number[name.as_str()]).collect();
            for &earlier in &before {
                graph.after[earlier].push(which);
            }
            graph.before.push(before);
        }
        Ok(graph)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn name(&self, which: usize) -> &'a str {
        self.names[which]
    }

    pub(super) fn levels(&self, which: usize) -> &[&'a Strategy] {
        &self.levels[which]
    }

    pub(super) fn option(&self, which: usize, level: usize) -> &'a Strategy {
        self.levels[which][level]
    }

    pub(super) fn cost(&self, levels: &[usize]) -> u64 {
        levels
            .iter()
            .enumerate()
            .map(|(which, &level)| u64::from(self.option(which, level).standing_cost))
            .sum()
    }

    /// When this component is back, given when the ones before it are.
    pub(super) fn finish_of(
        &self,
        which: usize,
        levels: &[usize],
        finish: &[SignedDuration],
    ) -> SignedDuration {
        let start = self.before[which].iter().map(|&earlier| finish[earlier]).max().unwrap_or_default();
        start + self.option(which, levels[which]).recovery
    }

    pub(super) fn schedule(&self, levels: &[usize]) -> Schedule {
        let mut finish = vec![SignedDuration::ZERO; self.len()];
        for which in 0..self.len() {
            finish[which] = self.finish_of(which, levels, &finish);
        }
        let length = finish.iter().copied().max().unwrap_or_default();
        Schedule { finish, length }
    }

    /// A longest path that ends with this component, in order of time.
    pub(super) fn path_to(&self, last: usize, finish: &[SignedDuration]) -> Vec<usize> {
        let mut path = vec![last];
        let mut at = last;
        // The first of equals, so that the path does not depend on anything but the graph.
        while let Some(&earlier) = self.before[at].iter().rev().max_by_key(|&&earlier| finish[earlier]) {
            path.push(earlier);
            at = earlier;
        }
        path.reverse();
        path
    }
}

impl Schedule {
    pub(super) fn critical_path(&self, graph: &Graph<'_>, levels: &[usize]) -> Vec<usize> {
        debug_assert_eq!(levels.len(), self.finish.len());
        let last = (0..graph.len()).rev().max_by_key(|&which| self.finish[which]);
        last.map_or_else(Vec::new, |last| graph.path_to(last, &self.finish))
    }

    /// The longest path through each component.
    pub(super) fn through(&self, graph: &Graph<'_>, levels: &[usize]) -> Vec<SignedDuration> {
        let mut tail = vec![SignedDuration::ZERO; graph.len()];
        for which in (0..graph.len()).rev() {
            let longest = graph.after[which]
                .iter()
                .map(|&later| tail[later] + graph.option(later, levels[later]).recovery)
                .max();
            tail[which] = longest.unwrap_or_default();
        }
        (0..graph.len()).map(|which| self.finish[which] + tail[which]).collect()
    }
}

/// Every component after what it waits for; by name where that leaves a choice.
fn in_order<'a>(by_name: &BTreeMap<&'a str, &'a Candidate>) -> Result<Vec<&'a Candidate>, StrategyError> {
    let mut waits: BTreeMap<&str, usize> = BTreeMap::new();
    let mut waiting: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, candidate) in by_name {
        for earlier in &candidate.after {
            if !by_name.contains_key(earlier.as_str()) {
                let (component, missing) = (candidate.name.clone(), earlier.clone());
                return Err(StrategyError::Unknown { component, missing });
            }
            waiting.entry(earlier).or_default().push(name);
        }
        waits.insert(name, candidate.after.len());
    }
    let mut ready: BTreeSet<&str> =
        waits.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut order = Vec::with_capacity(by_name.len());
    while let Some(name) = ready.pop_first() {
        waits.remove(name);
        order.push(by_name[name]);
        for later in waiting.get(name).into_iter().flatten() {
            let count = waits.get_mut(later).expect("what waits is not done");
            *count -= 1;
            if *count == 0 {
                ready.insert(later);
            }
        }
    }
    if waits.is_empty() {
        return Ok(order);
    }
    Err(StrategyError::Circle { among: waits.into_keys().map(str::to_owned).collect() })
}

/// The options that are the cheapest for their speed, from the cheapest to the fastest.
fn worth_having(options: &[Strategy]) -> Vec<&Strategy> {
    let mut sorted: Vec<&Strategy> = options.iter().collect();
    sorted.sort_by_key(|option| (option.standing_cost, option.recovery, option.kind));
    let mut kept: Vec<&Strategy> = Vec::new();
    for option in sorted {
        if kept.last().is_none_or(|last| option.recovery < last.recovery) {
            kept.push(option);
        }
    }
    kept
}
