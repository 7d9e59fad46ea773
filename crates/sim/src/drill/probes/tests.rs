//! Whom the probers ask, and what they take for an answer.

use super::{LATE, LOST_PER_MILLE, PATIENCE, Prober, SampleHealth};
use crate::dice::Dice;
use crate::drill::Drill;
use crate::scenario::Vantage;
use crate::tests::seen::with_two_namespaces;

/// Proves: F13 (a workload is as well as the worst of what serves it)
#[test]
fn every_data_plane_is_asked_from_every_vantage_point() {
    let drill: Drill = with_two_namespaces();
    let rounds = drill.rounds();
    assert_eq!(rounds.len(), 2, "both sides");
    for round in &rounds {
        let hosts: Vec<&str> = round.hosts.iter().map(|look| look.host.as_str()).collect();
        assert_eq!(hosts.len(), 2, "{hosts:?}");
        assert!(hosts.iter().any(|host| host.contains("-too.")), "{hosts:?}");
    }
}

#[test]
fn a_line_of_ones_own_loses_a_little_and_an_answer_may_be_late() {
    let mut prober = Prober { vantage: Vantage::North, travel: (0, 0), dice: Dice::new(1, "north") };
    let mut count = |after, is_well| {
        let all = (0..10_000).map(|_| prober.judges(after, is_well));
        let bad = all.filter(|health| *health == SampleHealth::Bad).count();
        u32::try_from(bad).unwrap()
    };
    let lost = count(LATE, true);
    assert!((1..=LOST_PER_MILLE * 20).contains(&lost), "{lost} of 10000 were lost");
    assert_eq!(count(LATE, false), 10_000);
    assert_eq!(count(PATIENCE * 2, true), 10_000);
    let late = (0..100).filter(|_| prober.judges(LATE * 2, true) == SampleHealth::Slow).count();
    assert!(late > 90, "{late}");
}
