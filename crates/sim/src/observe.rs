//! Looking at the world: everything that the services ask to see, with what cannot be read left as unknown.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeboat_arm::{Answer, Call, Paged, Pages};
use lifeboat_lab::Lab;
use lifeboat_planner::{Inventory, Workload, group_reads, service_for};

/// Rounds of "what else do you want to see?".
const ROUNDS: usize = 4;

/// Observes every group and every component. What cannot be read keeps its last known value beside the reason; one dead region never
/// keeps the rest from being seen.
pub(crate) fn observe(lab: &mut Lab, now: Timestamp, workload: &Workload, before: &Inventory) -> Inventory {
    let mut seen = before.clone();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for _ in 0..ROUNDS {
        let of_components = workload
            .components
            .iter()
            .flat_map(|component| service_for(&component.kind).observes(component, workload, &seen));
        let wanted: Vec<Call> = group_reads(workload)
            .into_iter()
            .chain(of_components)
            .filter(|call| asked.insert(call.path.to_ascii_lowercase()))
            .collect();
        if wanted.is_empty() {
            break;
        }
        for call in wanted {
            let path = call.path.clone();
            let answer = list(lab, now, call);
            seen.observe(&path, now, answer.as_ref().ok_or("no answer within 20 s"));
        }
    }
    seen
}

/// The answer to a read, with every page of it.
fn list(lab: &mut Lab, now: Timestamp, call: Call) -> Option<Answer> {
    let mut pages = Pages::of(call.clone());
    let mut next = call;
    loop {
        match pages.take(lab.handle(now, &next).answer?) {
            Paged::All(answer) => return Some(answer),
            Paged::More(call) => next = call,
        }
    }
}
