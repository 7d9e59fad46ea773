//! Seeds: fixed by default, replayed by `LIFEBOAT_SEED`, more of them by `LIFEBOAT_RUNS`.

use std::cell::Cell;
use std::ops::RangeInclusive;

/// Runs a property for each seed. A failure prints the seed and how to replay it.
pub(super) fn for_each_seed(test: &'static str, usual: u64, property: impl Fn(u64)) {
    run(test, chosen().unwrap_or(1..=usual), property);
}

/// The same for seeds that are known to meet something rare. Says how many of them did, unless somebody chose others:
/// those need not.
pub(super) fn for_rare_seeds(
    test: &'static str,
    rare: &[u64],
    property: impl Fn(u64) -> bool,
) -> Option<usize> {
    let met = Cell::new(0);
    let counted = |seed| met.set(met.get() + usize::from(property(seed)));
    if let Some(seeds) = chosen() {
        run(test, seeds, counted);
        return None;
    }
    run(test, rare.iter().copied(), counted);
    Some(met.get())
}

/// The seeds that whoever runs the tests wants.
fn chosen() -> Option<RangeInclusive<u64>> {
    match setting("LIFEBOAT_SEED") {
        Some(seed) => Some(seed..=seed),
        None => setting("LIFEBOAT_RUNS").map(|runs| 1..=runs),
    }
}

fn run(test: &'static str, seeds: impl IntoIterator<Item = u64>, property: impl Fn(u64)) {
    for seed in seeds {
        let teller = Teller { test, seed };
        property(seed);
        std::mem::forget(teller);
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says which seeds")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Speaks when it is dropped by a panic.
struct Teller {
    test: &'static str,
    seed: u64,
}

impl Drop for Teller {
    fn drop(&mut self) {
        println!(
            "seed {} fails; replay: LIFEBOAT_SEED={} cargo test -p lifeboat-sim {} -- --nocapture",
            self.seed, self.seed, self.test
        );
    }
}
