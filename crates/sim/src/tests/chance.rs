//! Seeds: fixed by default, replayed by `LIFEBOAT_SEED`, more of them by `LIFEBOAT_RUNS`.

/// Runs a property for each seed. A failure prints the seed and how to replay it.
pub(super) fn for_each_seed(test: &'static str, usual: u64, property: impl Fn(u64)) {
    let seeds = match setting("LIFEBOAT_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=setting("LIFEBOAT_RUNS").unwrap_or(usual),
    };
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
