//! Which strategy for which component: the cheapest that together meet the recovery time.
//!
//! The total is the fixed terms (detection, hold-down, decision and so on) plus the critical path over the components'
//! dependencies, each with the recovery of its chosen strategy at p95.
//!
//! **A tighter objective never makes a component colder.** Taken alone, the cheapest set for one objective may use a
//! redeployment where the cheapest set for a looser one stands by; people who tighten an objective would see a standby
//! torn down. So sets are chosen along one chain, from the cheapest for any objective to the fastest, in which every
//! set only adds to the one before; the first that fits is the choice. The chain does not depend on the objective,
//! hence the choice is monotone.
//!
//! * Up to [`EXACT_MOST`] combinations, each link of the chain is the cheapest set that is faster than the one before
//!   and contains it, found by looking at all of them. Where the cheapest sets of all objectives contain each other
//!   anyway, the choice is the cheapest set; where not, [`Choice::cheapest`] says what the cheapest would cost.
//! * Beyond, each link speeds up one component of a critical path, the one that pays least per second saved. It meets
//!   the objective whenever any set does, and warms nothing that did not lie on a path that was too long. One link
//!   costs a walk along the critical path and the update of what it moves, so that thousands of components take
//!   milliseconds.

mod chain;
mod graph;
mod of_workload;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::SignedDuration;
use lifeboat_plan::duration;
use serde::Serialize;

use self::graph::Graph;
pub use self::of_workload::choose_for;
use crate::recovery_time::FixedTerms;
use crate::service::Strategy;

/// Up to how many combinations of strategies all are looked at.
pub const EXACT_MOST: usize = 1 << 14;

/// A component with the strategies that are possible for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The component's name.
    pub name: String,
    /// The components that must be back before this one can start.
    pub after: BTreeSet<String>,
    /// What is possible, at least one.
    pub options: Vec<Strategy>,
}

/// A term of the total.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Term {
    /// Until the loss is suspected.
    Detection,
    /// Until the suspicion counts.
    HoldDown,
    /// Until somebody has decided.
    Decision,
    /// Lifeboat's own work.
    Orchestration,
    /// Until resolvers have forgotten, and clients that hold on have let go.
    Dns,
    /// A component of the critical path.
    Component(String),
}

/// One line of the arithmetic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TermLine {
    /// What.
    pub term: Term,
    /// How long, at p95.
    pub takes: SignedDuration,
}

/// The strategies chosen, with the arithmetic.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// What each component gets.
    pub strategies: BTreeMap<String, Strategy>,
    /// Why, in a sentence for each component.
    pub reasons: BTreeMap<String, String>,
    /// The terms of the total, in order of time: the fixed ones, and the components of the critical path before DNS.
    pub lines: Vec<TermLine>,
    /// Their sum.
    pub total: SignedDuration,
    /// What was asked.
    pub objective: SignedDuration,
    /// What all strategies cost to keep, in the units of [`Strategy::standing_cost`].
    pub standing_cost: u64,
    /// What the cheapest set for this objective would cost, taken alone; none when it is not known or nothing fits.
    pub cheapest: Option<u64>,
    /// The term to look at when not even the fastest strategies meet the objective: the longest.
    pub blame: Option<Term>,
}

/// Why no strategies can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StrategyError {
    /// Nothing is possible for a component.
    #[error("`{component}` has no strategy")]
    NoOption {
        /// Which.
        component: String,
    },
    /// Two components of one name.
    #[error("`{component}` stands twice among the components")]
    Twice {
        /// Which.
        component: String,
    },
    /// A dependency on something else.
    #[error("`{component}` waits for `{missing}`, which is no component")]
    Unknown {
        /// Which.
        component: String,
        /// For what.
        missing: String,
    },
    /// Components that wait for each other.
    #[error("components wait for each other: {}", among.join(", "))]
    Circle {
        /// Which, or what depends on them.
        among: Vec<String>,
    },
}

/// Chooses strategies for an objective.
pub fn choose(
    candidates: &[Candidate],
    objective: SignedDuration,
    fixed: FixedTerms,
) -> Result<Choice, StrategyError> {
    let graph = Graph::new(candidates)?;
    let budget = objective.saturating_sub(fixed.sum());
    let (levels, cheapest) = chain::first_that_fits(&graph, budget);
    Ok(describe(&graph, &levels, cheapest, objective, fixed))
}

impl Choice {
    /// Whether the objective is met.
    pub fn fits(&self) -> bool {
        self.total <= self.objective
    }

    /// The arithmetic as a person would write it down.
    pub fn arithmetic(&self) -> Vec<String> {
        let mut text: Vec<String> =
            self.lines.iter().map(|line| format!("{} {}", line.term, duration(line.takes))).collect();
        let (total, objective) = (duration(self.total), duration(self.objective));
        text.push(match &self.blame {
            None => format!("total {total}, asked {objective}"),
            Some(term) => format!("total {total}, asked {objective}: missed, look at {term}"),
        });
        text.extend(self.cost());
        text
    }

    /// What it costs to keep, where less would do.
    pub fn cost(&self) -> Option<String> {
        let cheapest = self.cheapest.filter(|cheapest| *cheapest < self.standing_cost)?;
        Some(format!(
            "standing cost {}; {cheapest} would do, if what a looser objective keeps warm might grow cold",
            self.standing_cost
        ))
    }
}

fn describe(
    graph: &Graph<'_>,
    levels: &[usize],
    cheapest: Option<u64>,
    objective: SignedDuration,
    fixed: FixedTerms,
) -> Choice {
    let schedule = graph.schedule(levels);
    let total = fixed.sum() + schedule.length;
    let mut lines = vec![
        TermLine { term: Term::Detection, takes: fixed.detection },
        TermLine { term: Term::HoldDown, takes: fixed.hold_down },
        TermLine { term: Term::Decision, takes: fixed.decision },
        TermLine { term: Term::Orchestration, takes: fixed.orchestration },
    ];
    lines.extend(schedule.critical_path(graph, levels).into_iter().map(|which| TermLine {
        term: Term::Component(graph.name(which).to_owned()),
        takes: graph.option(which, levels[which]).recovery,
    }));
    lines.push(TermLine { term: Term::Dns, takes: fixed.dns });

    let through = schedule.through(graph, levels);
    let (mut strategies, mut reasons) = (BTreeMap::new(), BTreeMap::new());
    for (which, &level) in levels.iter().enumerate() {
        let chosen = graph.option(which, level);
        strategies.insert(graph.name(which).to_owned(), chosen.clone());
        let slower = (level > 0).then(|| graph.option(which, level - 1));
        let with_slower =
            slower.map(|slower| (slower, fixed.sum() + through[which] - chosen.recovery + slower.recovery));
        reasons.insert(graph.name(which).to_owned(), reason(chosen, with_slower, objective));
    }
    // The first of equals: what comes first in time was there before anything else could be.
    let longest = lines.iter().rev().max_by_key(|line| line.takes).map(|line| line.term.clone());
    Choice {
        strategies,
        reasons,
        total,
        objective,
        standing_cost: graph.cost(levels),
        cheapest,
        blame: longest.filter(|_| total > objective),
        lines,
    }
}

fn reason(
    chosen: &Strategy,
    with_slower: Option<(&Strategy, SignedDuration)>,
    objective: SignedDuration,
) -> String {
    let takes = duration(chosen.recovery);
    let asked = duration(objective);
    match with_slower {
        None => format!("{:?} takes {takes} and is the cheapest", chosen.kind),
        Some((slower, total)) => {
            let (slow, with) = (duration(slower.recovery), duration(total));
            let verdict = if total > objective {
                format!("is over the {asked} asked")
            } else {
                format!("would fit the {asked} asked, but a looser objective keeps it warm already")
            };
            format!(
                "{:?} takes {takes}; {:?} takes {slow}, and a total of {with} with it {verdict}",
                chosen.kind, slower.kind
            )
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Detection => "detection",
            Self::HoldDown => "hold-down",
            Self::Decision => "decision",
            Self::Orchestration => "orchestration",
            Self::Dns => "DNS and clients that hold on",
            Self::Component(name) => return write!(f, "`{name}`"),
        })
    }
}
