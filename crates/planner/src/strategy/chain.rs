//! The chain of sets, each containing the one before, and the first of it that fits.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::EXACT_MOST;
use super::graph::Graph;

/// The first set of the chain whose critical path fits the budget, or the last set; and what the cheapest set that fits
/// would cost, where all were looked at.
pub(super) fn first_that_fits(graph: &Graph<'_>, budget: SignedDuration) -> (Vec<usize>, Option<u64>) {
    let combinations = (0..graph.len())
        .try_fold(1_usize, |product, which| product.checked_mul(graph.levels(which).len()))
        .filter(|product| *product <= EXACT_MOST);
    match combinations {
        Some(_) => by_looking_at_all(graph, budget),
        None => (step_by_step(graph, budget), None),
    }
}

/// One combination of strategies.
struct Set {
    cost: u64,
    length: SignedDuration,
    levels: Vec<usize>,
}

fn by_looking_at_all(graph: &Graph<'_>, budget: SignedDuration) -> (Vec<usize>, Option<u64>) {
    let mut sets = all(graph);
    sets.sort_by(|a, b| (a.cost, a.length, &a.levels).cmp(&(b.cost, b.length, &b.levels)));
    let cheapest = sets.iter().find(|set| set.length <= budget).map(|set| set.cost);
    let mut chosen = &sets[0];
    while chosen.length > budget {
        let contains = |set: &&Set| set.levels.iter().zip(&chosen.levels).all(|(new, old)| new >= old);
        let Some(next) = sets.iter().filter(|set| set.length < chosen.length).find(contains) else { break };
        chosen = next;
    }
    (chosen.levels.clone(), cheapest)
}

fn all(graph: &Graph<'_>) -> Vec<Set> {
    let mut sets = Vec::new();
    let mut levels = vec![0; graph.len()];
    loop {
        sets.push(Set {
            cost: graph.cost(&levels),
            length: graph.schedule(&levels).length,
            levels: levels.clone(),
        });
        // Counts like an odometer whose wheels have different sizes.
        let Some(wheel) = (0..graph.len()).find(|&which| levels[which] + 1 < graph.levels(which).len())
        else {
            return sets;
        };
        levels[..wheel].fill(0);
        levels[wheel] += 1;
    }
}

fn step_by_step(graph: &Graph<'_>, budget: SignedDuration) -> Vec<usize> {
    let mut levels = vec![0; graph.len()];
    let mut finish = graph.schedule(&levels).finish;
    let mut by_finish: BTreeSet<(SignedDuration, usize)> =
        finish.iter().copied().enumerate().map(|(which, at)| (at, which)).collect();
    while let Some(&(length, last)) = by_finish.last() {
        if length <= budget {
            break;
        }
        let path = graph.path_to(last, &finish);
        let Some((which, level)) = best_step(graph, &levels, &path) else { break };
        levels[which] = level;
        spread(graph, &levels, which, &mut finish, &mut by_finish);
    }
    levels
}

/// The step on this path that pays least per second saved; the first of equals.
fn best_step(graph: &Graph<'_>, levels: &[usize], path: &[usize]) -> Option<(usize, usize)> {
    let mut best: Option<(i128, i128, usize, usize)> = None;
    for &which in path {
        let now = graph.option(which, levels[which]);
        for level in levels[which] + 1..graph.levels(which).len() {
            let then = graph.option(which, level);
            let pays = i128::from(then.standing_cost - now.standing_cost);
            let saves = (now.recovery - then.recovery).as_nanos();
            // pays / saves < best.pays / best.saves, without the division.
            if best.is_none_or(|(least, most, ..)| pays * most < least * saves) {
                best = Some((pays, saves, which, level));
            }
        }
    }
    best.map(|(_, _, which, level)| (which, level))
}

/// Moves what waits for a component that became faster, and no more than that.
fn spread(
    graph: &Graph<'_>,
    levels: &[usize],
    from: usize,
    finish: &mut [SignedDuration],
    by_finish: &mut BTreeSet<(SignedDuration, usize)>,
) {
    // Numbers are an order of time, so the smallest is never moved twice.
    let mut moved = BTreeSet::from([from]);
    while let Some(which) = moved.pop_first() {
        let at = graph.finish_of(which, levels, finish);
        if at != finish[which] {
            by_finish.remove(&(finish[which], which));
            by_finish.insert((at, which));
            finish[which] = at;
            moved.extend(&graph.after[which]);
        }
    }
}

#[cfg(test)]
pub(super) fn step_by_step_for_tests(graph: &Graph<'_>, budget: SignedDuration) -> Vec<usize> {
    step_by_step(graph, budget)
}
