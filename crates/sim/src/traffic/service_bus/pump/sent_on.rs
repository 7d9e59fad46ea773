//! Which messages with copies were sent on, in few words: it goes into the journal with every batch.

use std::collections::BTreeMap;
use std::fmt;

/// Ranges that are remembered. What is forgotten beyond them is sent on once more, with the same `MessageId`.
const RANGES_MAX: usize = 256;

/// Numbers as ranges: a topic numbers its messages in the order in which it takes them, so there are few gaps.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SentOn(BTreeMap<u64, u64>);

impl SentOn {
    /// Reads `1-300,305`. What cannot be read is not remembered.
    pub(super) fn parse(text: &str) -> Self {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some((first, last))
        };
        Self(text.split(',').filter_map(range).collect())
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        self.0.range(..=number).next_back().is_some_and(|(_, last)| number <= *last)
    }

    pub(super) fn insert(&mut self, number: u64) {
        if self.contains(number) {
            return;
        }
        let before = self.0.range(..number).next_back().filter(|(_, last)| **last + 1 == number);
        let first = before.map_or(number, |(first, _)| *first);
        let after = number.checked_add(1).and_then(|next| self.0.remove(&next));
        self.0.insert(first, after.unwrap_or(number));
        if self.0.len() > RANGES_MAX {
            self.0.pop_first();
        }
    }
}

impl fmt::Display for SentOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{prop, proptest};
    use proptest::{prop_assert, prop_assert_eq};

    use super::*;

    proptest! {
        /// Proves: S21. Whatever order they come in, what was sent on is known, and nothing else.
        #[test]
        fn what_was_sent_on_is_known_and_nothing_else(numbers in prop::collection::vec(0..200_u64, 0..200)) {
            let mut sent_on = SentOn::default();
            for number in &numbers {
                sent_on.insert(*number);
            }
            let all: BTreeSet<u64> = numbers.into_iter().collect();
            for number in 0..=200 {
                prop_assert_eq!(sent_on.contains(number), all.contains(&number), "{}", number);
            }
            prop_assert_eq!(SentOn::parse(&sent_on.to_string()), sent_on);
        }

        /// The journal's lines stay short; what is forgotten is never taken for sent.
        #[test]
        fn memory_is_bounded_and_errs_on_sending_again(step in 2..9_u64) {
            let mut sent_on = SentOn::default();
            for number in 0..2_000 {
                sent_on.insert(number * step);
            }
            prop_assert!(sent_on.0.len() <= RANGES_MAX);
            for number in 0..2_000 * step {
                prop_assert!(!sent_on.contains(number) || number % step == 0);
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_remembered() {
        assert_eq!(SentOn::parse("7,x,9-8,3-4").to_string(), "3-4,7");
        assert_eq!(SentOn::parse(""), SentOn::default());
        let mut last = SentOn::parse(&u64::MAX.to_string());
        last.insert(u64::MAX - 1);
        assert_eq!(last.to_string(), format!("{}-{}", u64::MAX - 1, u64::MAX));
    }
}
