//! Choices against all choices there are.

use insta::assert_snapshot;
use proptest::prelude::{Strategy as _, any, prop_assert, prop_assert_eq, prop_assume, proptest};

use super::*;
use crate::service::StrategyKind::{self, Pair, Redeploy, Restore, Standby};

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn option(kind: StrategyKind, recovery: i64, standing_cost: u32) -> Strategy {
    Strategy { kind, recovery: minutes(recovery), standing_cost, why: String::new() }
}

fn candidate(name: &str, after: &[&str], options: &[Strategy]) -> Candidate {
    let after = after.iter().map(|&name| name.to_owned()).collect();
    Candidate { name: name.to_owned(), after, options: options.to_vec() }
}

fn fixed() -> FixedTerms {
    FixedTerms {
        detection: minutes(1),
        hold_down: minutes(5),
        decision: minutes(2),
        orchestration: minutes(1),
        dns: minutes(1),
    }
}

/// Machines, functions, a factory, an API gateway in front of the functions.
fn workload() -> Vec<Candidate> {
    vec![
        candidate("bus", &[], &[option(Redeploy, 25, 0), option(Pair, 2, 60)]),
        candidate("machines", &[], &[option(Redeploy, 15, 0), option(Standby, 3, 80)]),
        candidate("functions", &["bus"], &[option(Redeploy, 6, 0), option(Standby, 2, 10)]),
        candidate("factory", &["bus"], &[option(Redeploy, 8, 0), option(Standby, 2, 5)]),
        candidate("api", &["functions"], &[option(Restore, 45, 10), option(Standby, 4, 100)]),
    ]
}

fn kinds(choice: &Choice) -> String {
    let each: Vec<String> =
        choice.strategies.iter().map(|(name, chosen)| format!("{name}={:?}", chosen.kind)).collect();
    each.join(" ")
}

fn at(objective: i64) -> Choice {
    choose(&workload(), minutes(objective), fixed()).unwrap()
}

/// Proves: S04 (four hours: everything is deployed anew), S11 (20 minutes: the restore alone exceeds it, and the
/// gateway stands by; two hours: restored again).
#[test]
fn the_objective_decides_what_stands_by() {
    let cold = "api=Restore bus=Redeploy factory=Redeploy functions=Redeploy machines=Redeploy";
    assert_eq!(kinds(&at(240)), cold);
    assert_eq!(kinds(&at(120)), cold);
    // Pairing the bus and keeping the functions warm costs 70 more, keeping the gateway warm 90 more.
    let paired = "api=Restore bus=Pair factory=Redeploy functions=Standby machines=Redeploy";
    assert_eq!(kinds(&at(60)), paired);
    let warm = "api=Standby bus=Pair factory=Redeploy functions=Standby machines=Standby";
    assert_eq!(kinds(&at(20)), warm);
}

#[test]
fn the_arithmetic_is_shown() {
    assert_snapshot!(at(20).arithmetic().join("\n"), @r"
    detection 1m
    hold-down 5m
    decision 2m
    orchestration 1m
    `bus` 2m
    `factory` 8m
    DNS and clients that hold on 1m
    total 20m, asked 20m
    ");
    let reasons: Vec<String> = at(20).reasons.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    assert_snapshot!(reasons.join("\n"), @r"
    api: Standby takes 4m; Restore takes 45m, and a total of 59m with it is over the 20m asked
    bus: Pair takes 2m; Redeploy takes 25m, and a total of 43m with it is over the 20m asked
    factory: Redeploy takes 8m and is the cheapest
    functions: Standby takes 2m; Redeploy takes 6m, and a total of 22m with it is over the 20m asked
    machines: Standby takes 3m; Redeploy takes 15m, and a total of 25m with it is over the 20m asked
    ");
}

#[test]
fn what_cannot_be_met_names_the_longest_term() {
    let choice = at(15);
    assert!(!choice.fits());
    assert_eq!(choice.blame, Some(Term::HoldDown));
    assert_eq!(choice.cheapest, None);
    assert_snapshot!(choice.arithmetic().join("\n"), @r"
    detection 1m
    hold-down 5m
    decision 2m
    orchestration 1m
    `bus` 2m
    `functions` 2m
    `api` 4m
    DNS and clients that hold on 1m
    total 18m, asked 15m: missed, look at hold-down
    ");
    let slow = [candidate("api", &[], &[option(Restore, 45, 10)])];
    let choice = choose(&slow, minutes(20), fixed()).unwrap();
    assert_eq!(choice.blame, Some(Term::Component("api".into())));
    assert_eq!(at(60).blame, None);
}

#[test]
fn a_workload_without_components_takes_what_deciding_takes() {
    let choice = choose(&[], minutes(10), fixed()).unwrap();
    assert!(choice.fits() && choice.strategies.is_empty());
    assert_eq!(choice.total, fixed().sum());
}

/// The cheapest sets alone would pair `a` at 130 minutes and not at 70: the price of never growing colder is said.
#[test]
fn what_a_looser_objective_keeps_warm_stays_warm_and_its_price_is_told() {
    let two = [
        candidate("a", &[], &[option(Redeploy, 60, 0), option(Standby, 10, 5)]),
        candidate("b", &["a"], &[option(Redeploy, 120, 0), option(Standby, 10, 8)]),
    ];
    let at = |objective| choose(&two, minutes(objective), FixedTerms::default()).unwrap();
    assert_eq!(kinds(&at(130)), "a=Standby b=Redeploy");
    assert_eq!((at(130).standing_cost, at(130).cheapest), (5, Some(5)));
    assert_eq!(kinds(&at(70)), "a=Standby b=Standby");
    assert_eq!((at(70).standing_cost, at(70).cheapest), (13, Some(8)));
    assert_snapshot!(at(70).arithmetic().join("\n"), @r"
    detection 0s
    hold-down 0s
    decision 0s
    orchestration 0s
    `a` 10m
    `b` 10m
    DNS and clients that hold on 0s
    total 20m, asked 1h 10m
    standing cost 13; 8 would do, if what a looser objective keeps warm might grow cold
    ");
    assert_snapshot!(at(70).reasons["a"], @"Standby takes 10m; Redeploy takes 1h, and a total of 1h 10m with it would fit the 1h 10m asked, but a looser objective keeps it warm already");
}

#[test]
fn an_option_that_is_slower_and_dearer_is_never_chosen() {
    let one =
        [candidate("a", &[], &[option(Redeploy, 60, 0), option(Restore, 90, 5), option(Standby, 60, 9)])];
    let choice = choose(&one, minutes(1), FixedTerms::default()).unwrap();
    assert_eq!(kinds(&choice), "a=Redeploy");
}

#[test]
fn a_graph_that_is_none_is_refused() {
    let options = [option(Redeploy, 1, 0)];
    for (candidates, message) in [
        (vec![candidate("a", &[], &[])], "`a` has no strategy"),
        (
            vec![candidate("a", &[], &options), candidate("a", &[], &options)],
            "`a` stands twice among the components",
        ),
        (vec![candidate("a", &["b"], &options)], "`a` waits for `b`, which is no component"),
        (
            vec![
                candidate("a", &["b"], &options),
                candidate("b", &["a"], &options),
                candidate("c", &[], &options),
            ],
            "components wait for each other: a, b",
        ),
    ] {
        assert_eq!(choose(&candidates, minutes(1), fixed()).unwrap_err().to_string(), message);
    }
}

/// Proves: the size that is promised (10,000 components in 10 layers) is chosen for without looking at everything.
#[test]
fn ten_thousand_components_in_ten_layers_are_chosen_for() {
    let name = |index: usize| format!("c{index:05}");
    let candidates: Vec<Candidate> = (0..10_000_usize)
        .map(|index| {
            let spread = i64::try_from(index * 7919 % 97).unwrap();
            let cost = u32::try_from(index * 104_729 % 89).unwrap();
            Candidate {
                name: name(index),
                after: index.checked_sub(1000).map(name).into_iter().collect(),
                options: vec![
                    option(Redeploy, 20 + spread, 0),
                    option(Restore, 10 + spread / 2, 1 + cost),
                    option(Standby, 1, 100 + cost),
                ],
            }
        })
        .collect();
    for (objective, fits) in [(2_000, true), (300, true), (30, true), (9, false)] {
        let choice = choose(&candidates, minutes(objective), FixedTerms::default()).unwrap();
        assert_eq!(choice.fits(), fits, "{objective}");
    }
}

/// Up to six components, each waiting for some of those before it, with up to three options each.
fn small() -> impl proptest::strategy::Strategy<Value = Vec<Candidate>> {
    let options = proptest::collection::vec((1..60_i64, 0..40_u32), 1..4);
    let one = (options, any::<[bool; 6]>());
    proptest::collection::vec(one, 1..7).prop_map(|components| {
        let name = |index: usize| format!("c{index}");
        components
            .into_iter()
            .enumerate()
            .map(|(index, (options, edges))| Candidate {
                name: name(index),
                after: (0..index).filter(|&earlier| edges[earlier]).map(name).collect(),
                options: options
                    .into_iter()
                    .zip([Redeploy, Restore, Standby])
                    .map(|((recovery, cost), kind)| option(kind, recovery, cost))
                    .collect(),
            })
            .collect()
    })
}

/// A combination of strategies.
struct Set<'a> {
    cost: u64,
    length: SignedDuration,
    picks: Vec<&'a Strategy>,
}

/// Every combination there is: what it costs and how long it takes, computed in another way than the planner's.
fn brute_force(candidates: &[Candidate]) -> Vec<Set<'_>> {
    fn finish(candidates: &[Candidate], picks: &[&Strategy], which: usize) -> SignedDuration {
        let before = candidates[which]
            .after
            .iter()
            .map(|name| candidates.iter().position(|other| other.name == *name).unwrap())
            .map(|earlier| finish(candidates, picks, earlier))
            .max();
        before.unwrap_or_default() + picks[which].recovery
    }
    let mut sets: Vec<Vec<&Strategy>> = vec![Vec::new()];
    for candidate in candidates {
        sets = sets
            .iter()
            .flat_map(|set| {
                candidate.options.iter().map(move |option| {
                    let mut longer = set.clone();
                    longer.push(option);
                    longer
                })
            })
            .collect();
    }
    sets.into_iter()
        .map(|picks| {
            let cost = picks.iter().map(|pick| u64::from(pick.standing_cost)).sum();
            let length = (0..picks.len()).map(|which| finish(candidates, &picks, which)).max();
            Set { cost, length: length.unwrap_or_default(), picks }
        })
        .collect()
}

fn is_colder(a: &Choice, b: &Choice) -> bool {
    a.strategies.iter().any(|(name, chosen)| chosen.recovery > b.strategies[name].recovery)
}

fn by_steps(candidates: &[Candidate], objective: SignedDuration) -> Choice {
    let graph = Graph::new(candidates).unwrap();
    let levels = chain::step_by_step_for_tests(&graph, objective);
    describe(&graph, &levels, None, objective, FixedTerms::default())
}

proptest! {
    /// Proves: S11 (it meets the objective whenever anything does, and knows what the cheapest would cost).
    #[test]
    fn it_fits_when_anything_fits_and_knows_the_cheapest(candidates in small(), objective in 0..400_i64) {
        let objective = minutes(objective);
        let fitting = brute_force(&candidates).into_iter().filter(|set| set.length <= objective);
        let cheapest = fitting.map(|set| set.cost).min();
        let choice = choose(&candidates, objective, FixedTerms::default()).unwrap();
        prop_assert_eq!(choice.cheapest, cheapest);
        prop_assert_eq!(choice.fits(), cheapest.is_some());
        prop_assert_eq!(by_steps(&candidates, objective).fits(), cheapest.is_some());
        prop_assert!(cheapest.is_none_or(|cheapest| choice.standing_cost >= cheapest));
    }

    /// Where the cheapest sets of all objectives contain each other, the choice is the cheapest set.
    #[test]
    fn it_is_the_cheapest_where_the_cheapest_sets_contain_each_other(candidates in small()) {
        let sets = brute_force(&candidates);
        let lengths: BTreeSet<SignedDuration> = sets.iter().map(|set| set.length).collect();
        // From the loosest objective to the tightest; of equal cost the fastest, as the chain takes it.
        let cheapest: Vec<&Set<'_>> = lengths
            .iter()
            .rev()
            .map(|objective| {
                let fitting = sets.iter().filter(|set| set.length <= *objective);
                fitting.min_by_key(|set| (set.cost, set.length)).unwrap()
            })
            .collect();
        let nested = cheapest.is_sorted_by(|looser, tighter| {
            looser.picks.iter().zip(&tighter.picks).all(|(a, b)| a.recovery >= b.recovery)
        });
        prop_assume!(nested);
        for (objective, set) in lengths.iter().rev().zip(cheapest) {
            let choice = choose(&candidates, *objective, FixedTerms::default()).unwrap();
            prop_assert_eq!((choice.standing_cost, choice.cheapest), (set.cost, Some(set.cost)));
        }
    }

    /// Proves: S04 (a tighter objective never makes a component colder), for both ways of choosing.
    #[test]
    fn a_tighter_objective_never_makes_a_component_colder(candidates in small()) {
        // Between two lengths that occur, nothing changes: these objectives are all there are.
        let lengths: BTreeSet<SignedDuration> = brute_force(&candidates).iter().map(|set| set.length).collect();
        let by_chain = |objective| choose(&candidates, objective, FixedTerms::default()).unwrap();
        let chosen: Vec<Choice> = lengths.iter().rev().map(|objective| by_chain(*objective)).collect();
        prop_assert!(chosen.windows(2).all(|pair| !is_colder(&pair[1], &pair[0])));
        let chosen: Vec<Choice> = lengths.iter().rev().map(|objective| by_steps(&candidates, *objective)).collect();
        prop_assert!(chosen.windows(2).all(|pair| !is_colder(&pair[1], &pair[0])));
    }

    /// The lines add up to the total, and the total is that of the strategies chosen.
    #[test]
    fn the_arithmetic_adds_up(candidates in small(), objective in 0..400_i64) {
        let choice = choose(&candidates, minutes(objective), fixed()).unwrap();
        let sum = choice.lines.iter().map(|line| line.takes).fold(SignedDuration::ZERO, |a, b| a + b);
        prop_assert_eq!(sum, choice.total);
        let chosen: Vec<Candidate> = candidates
            .iter()
            .map(|candidate| Candidate {
                options: vec![choice.strategies[&candidate.name].clone()],
                ..candidate.clone()
            })
            .collect();
        let only = &brute_force(&chosen)[0];
        prop_assert_eq!((only.cost, only.length), (choice.standing_cost, choice.total - fixed().sum()));
        prop_assert_eq!(choice.blame.is_some(), !choice.fits());
    }
}
