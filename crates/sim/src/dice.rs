//! Chance, from one seed: a generator per purpose, so that a new draw here changes nothing there.

use jiff::SignedDuration;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// A generator for one purpose.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The generator of this purpose. The purpose's name is part of the seed.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let mut mixed = seed ^ 0x9e37_79b9_7f4a_7c15;
        for byte in purpose.bytes() {
            mixed = (mixed ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(ChaCha8Rng::seed_from_u64(mixed))
    }

    /// Somewhere between these, ends included.
    pub(crate) fn millis(&mut self, least: i64, most: i64) -> SignedDuration {
        SignedDuration::from_millis(self.0.random_range(least..=most))
    }

    /// True in so many of a thousand cases.
    pub(crate) fn per_mille(&mut self, per_mille: u32) -> bool {
        self.0.random_range(0..1_000) < per_mille
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }
}
