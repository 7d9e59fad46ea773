//! Seeded chance. A draw depends on the seed, its purpose and its key only, never on how many draws came before: a new
//! draw in one place cannot change what another place gets.

use jiff::SignedDuration;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use uuid::Uuid;

use crate::timing::Span;

/// The lab's only source of chance.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    seed: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    fn stream(&self, purpose: &str, key: &str) -> ChaCha8Rng {
        // FNV-1a: stable over versions and platforms, which the standard hasher does not promise.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in purpose.bytes().chain([0]).chain(key.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        ChaCha8Rng::seed_from_u64(hash)
    }

    /// A number between two bounds, both included.
    pub(crate) fn number(&self, least: u64, most: u64, purpose: &str, key: &str) -> u64 {
        least + self.stream(purpose, key).next_u64() % (most.saturating_sub(least) + 1)
    }

    /// A duration within the span, in whole milliseconds.
    pub(crate) fn pick(&self, span: Span, purpose: &str, key: &str) -> SignedDuration {
        let width = u64::try_from((span.most - span.least).as_millis()).unwrap_or(0);
        let extra = self.number(0, width, purpose, key);
        span.least + SignedDuration::from_millis(i64::try_from(extra).unwrap_or(0))
    }

    /// Whether something of this likelihood happens.
    pub(crate) fn chance(&self, per_mille: u16, purpose: &str, key: &str) -> bool {
        self.number(0, 999, purpose, key) < u64::from(per_mille)
    }

    /// Bytes for a key.
    pub(crate) fn bytes(&self, purpose: &str, key: &str) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.stream(purpose, key).fill_bytes(&mut bytes);
        bytes
    }

    /// An id that looks like Azure's.
    pub(crate) fn guid(&self, purpose: &str, key: &str) -> Uuid {
        Uuid::new_v5(&Uuid::from_u64_pair(self.seed, 0x1ab), format!("{purpose}\0{key}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_its_key_and_not_on_its_turn() {
        let dice = Dice::new(7);
        let first = dice.pick(Span::seconds(10, 20), "create", "a");
        let _between = dice.pick(Span::seconds(10, 20), "delete", "b");
        assert_eq!(dice.pick(Span::seconds(10, 20), "create", "a"), first);
        assert!(first >= SignedDuration::from_secs(10) && first <= SignedDuration::from_secs(20));
        assert_ne!(Dice::new(8).guid("x", "y"), dice.guid("x", "y"));
    }
}
