//! How long to wait before trying again: growing, jittered, and the same for the same seed.

use jiff::SignedDuration;

/// The longest pause that we choose ourselves.
const LONGEST: SignedDuration = SignedDuration::from_secs(30);

/// A pause before attempt `attempt + 1`: 1, 2, 4 … 30 s, of which the upper half is jitter.
pub(crate) fn pause(seed: u64, salt: u64, attempt: u32) -> SignedDuration {
    let whole = SignedDuration::from_secs(1 << attempt.saturating_sub(1).min(5)).min(LONGEST);
    let half = whole / 2;
    half + fraction(half, draw(seed, salt, attempt))
}

/// A server's own pause, and a little more so that not everybody returns at once.
pub(crate) fn after(asked: SignedDuration, seed: u64, salt: u64, attempt: u32) -> SignedDuration {
    let most = (asked / 10).min(SignedDuration::from_secs(2));
    asked + fraction(most, draw(seed, salt, attempt))
}

fn fraction(of: SignedDuration, thousandths: u32) -> SignedDuration {
    let millis = i64::try_from(of.as_millis()).unwrap_or(0);
    SignedDuration::from_millis(millis * i64::from(thousandths) / 1000)
}

/// A number below 1000 (`SplitMix64`).
fn draw(seed: u64, salt: u64, attempt: u32) -> u32 {
    let mut z = seed
        .wrapping_add(salt.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_add(u64::from(attempt).wrapping_mul(0xD1B5_4A32_D192_ED03))
        .wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    u32::try_from((z ^ (z >> 31)) % 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_and_repeat_for_a_seed() {
        for attempt in 1..10 {
            let pause = pause(7, 3, attempt);
            assert!(pause >= SignedDuration::from_millis(500) && pause <= LONGEST, "{attempt}: {pause}");
            assert_eq!(pause, super::pause(7, 3, attempt));
        }
        assert!(pause(7, 3, 9) >= SignedDuration::from_secs(15));
        assert_ne!(pause(7, 3, 4), pause(7, 4, 4));
    }

    #[test]
    fn a_server_is_never_hurried() {
        let asked = SignedDuration::from_secs(17);
        assert!(after(asked, 1, 1, 1) >= asked);
        assert!(after(asked, 1, 1, 1) <= asked + SignedDuration::from_secs(2));
    }
}
