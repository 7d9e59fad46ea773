use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::condition::Condition;
use crate::forecast::Forecast;
use crate::step::{Action, Citation, OnFailure, Repeat, Way};

fn step(id: &str, after: &[&str]) -> Step {
    Step {
        id: id.into(),
        component: "c".into(),
        title: String::new(),
        after: after.iter().map(|&id| id.into()).collect::<BTreeSet<_>>(),
        graceful: Way {
            needs: BTreeSet::new(),
            action: Action::Wait,
            started_when: None,
            done_when: Condition::All(Vec::new()),
            repeat: Repeat::Harmless,
            captures: Vec::new(),
            deadline: SignedDuration::from_secs(1),
            on_failure: OnFailure::Stop,
            forecast: Forecast::assumed(1, 1, "test"),
            loses: crate::loss::LossStatement::default(),
        },
        ungraceful: None,
        because: Citation::new(&[], ""),
    }
}

fn seconds(list: &[i64]) -> impl Fn(usize) -> SignedDuration + '_ {
    |index| SignedDuration::from_secs(list[index])
}

#[test]
fn the_critical_path_is_the_longest_chain_and_not_a_sum() {
    let steps = [step("a", &[]), step("b", &["a"]), step("c", &["a"]), step("d", &["b", "c"])];
    let graph = Graph::new(&steps).unwrap();
    let durations = [1, 10, 20, 5];
    let path: Vec<_> = graph.critical_path(seconds(&durations)).iter().map(ToString::to_string).collect();
    assert_eq!(path, ["a", "c", "d"]);
    let schedule = graph.schedule(seconds(&durations));
    let b = schedule.iter().find(|entry| entry.id.as_str() == "b").unwrap();
    assert_eq!((b.start.as_secs(), b.finish.as_secs(), b.slack.as_secs()), (1, 11, 10));
    assert_eq!(schedule.last().unwrap().finish.as_secs(), 26);
}

#[test]
fn a_ring_is_named_and_so_is_what_is_missing() {
    let ring = [step("a", &[]), step("b", &["d"]), step("c", &["b", "a"]), step("d", &["c"])];
    let message = Graph::new(&ring).unwrap_err().to_string();
    assert_eq!(message, "steps wait for each other: c → d → b → c");
    let missing = [step("a", &["ghost"])];
    assert_eq!(
        Graph::new(&missing).unwrap_err().to_string(),
        "`a` waits for `ghost`, which is not in the plan"
    );
    let twice = [step("a", &[]), step("a", &[])];
    assert_eq!(Graph::new(&twice).unwrap_err(), GraphError::Twice("a".into()));
}

fn chain(index: usize, after: &[Vec<&str>], durations: &[i64]) -> i64 {
    let before = after[index].iter().map(|name| chain(name.parse().unwrap(), after, durations)).max();
    durations[index] + before.unwrap_or(0)
}

proptest! {
    /// Against brute force: the end of the schedule is the longest of all chains.
    #[test]
    fn schedule_equals_the_longest_chain(edges in proptest::collection::vec((0usize..8, 0usize..8), 0..14),
                                         durations in proptest::collection::vec(0i64..50, 8)) {
        let names = ["0", "1", "2", "3", "4", "5", "6", "7"];
        let mut after: Vec<Vec<&str>> = vec![Vec::new(); 8];
        for (a, b) in edges {
            if a < b {
                after[b].push(names[a]);
            }
        }
        let steps: Vec<Step> = (0..8).map(|index| step(names[index], &after[index])).collect();
        let graph = Graph::new(&steps).unwrap();
        let brute = (0..8).map(|index| chain(index, &after, &durations)).max().unwrap();
        let end = graph.schedule(seconds(&durations)).iter().map(|entry| entry.finish.as_secs()).max().unwrap();
        prop_assert_eq!(end, brute);
        let along: i64 = graph.critical_path(seconds(&durations)).iter()
            .map(|id| durations[id.as_str().parse::<usize>().unwrap()]).sum();
        prop_assert_eq!(along, brute);
    }
}
