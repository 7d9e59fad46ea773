//! Losses in sums: with hundreds of queues, a line for each says nothing.

use jiff::Timestamp;
use lifeboat_plan::{Loss, LossKind};

use crate::format::count;

/// Losses of one kind and one sort, over all places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LossSum {
    pub(crate) kind: LossKind,
    /// `active messages`, `duplicate detection`.
    pub(crate) what: String,
    /// How many together; none when nobody knows of any.
    pub(crate) count: Option<u64>,
    /// The oldest look that it rests on.
    pub(crate) observed_at: Option<Timestamp>,
    /// Where, the most first.
    places: Vec<(String, Option<u64>)>,
}

/// So many places are named.
const NAMED: usize = 4;

/// The sums, in the order in which their first parts were announced.
pub(crate) fn sums(losses: &[Loss]) -> Vec<LossSum> {
    let mut sums: Vec<LossSum> = Vec::new();
    for loss in losses {
        let (what, place) = split(&loss.what);
        let found = sums.iter_mut().find(|sum| sum.kind == loss.kind && sum.what == what);
        let place = place.map(|place| (place.to_owned(), loss.count));
        match found {
            Some(sum) => {
                sum.count = match (sum.count, loss.count) {
                    (Some(a), Some(b)) => Some(a + b),
                    (a, b) => a.or(b),
                };
                sum.observed_at = sum.observed_at.into_iter().chain(loss.observed_at).min();
                sum.places.extend(place);
            }
            None => sums.push(LossSum {
                kind: loss.kind,
                what: what.to_owned(),
                count: loss.count,
                observed_at: loss.observed_at,
                places: place.into_iter().collect(),
            }),
        }
    }
    for sum in &mut sums {
        sum.places.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        if sum.count == Some(1) {
            sum.what = sum.what.replacen("messages", "message", 1);
        }
    }
    sums
}

/// What ends in the name of a place is a sort and a place; any other sentence is a sort alone.
fn split(what: &str) -> (&str, Option<&str>) {
    let place = |lead: &str| {
        let (sort, place) = what.strip_suffix('`')?.split_once(lead)?;
        (!place.contains('`')).then_some((sort, place))
    };
    match place(" in `").or_else(|| place(" of `")) {
        Some((sort, place)) => (sort, Some(place)),
        None => (what, None),
    }
}

impl LossSum {
    /// How many, in words: a number, or that nobody knows.
    pub(crate) fn number(&self) -> String {
        self.count.map_or_else(|| "unknown".to_owned(), count)
    }

    /// Where: the places that lose most, and how many more there are.
    pub(crate) fn whereabouts(&self) -> String {
        let with_count = self.places.len() > 1;
        let mut named: Vec<String> = self
            .places
            .iter()
            .take(NAMED)
            .map(|(place, number)| match number {
                Some(number) if with_count => format!("{place} {}", count(*number)),
                _ => place.clone(),
            })
            .collect();
        let (empty, full): (Vec<_>, Vec<_>) =
            self.places.iter().skip(NAMED).partition(|(_, number)| *number == Some(0));
        for (rest, word) in [(full, "more"), (empty, "empty when seen")] {
            if !rest.is_empty() {
                named.push(format!("{} {word}", count(rest.len() as u64)));
            }
        }
        named.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(kind: LossKind, what: &str, count: Option<u64>) -> Loss {
        Loss { kind, what: what.to_owned(), count, observed_at: None }
    }

    #[test]
    fn losses_of_one_sort_become_one_sum() {
        let stranded = |what, count| loss(LossKind::Stranded, what, Some(count));
        let losses = [
            stranded("active messages in `a`", 1),
            stranded("active messages in `b`", 1_200),
            stranded("dead-lettered messages in `a`", 1),
            stranded("active messages in `c`", 3),
            stranded("active messages in `d`", 4),
            stranded("active messages in `e/f`", 5),
            stranded("active messages in `g`", 0),
            loss(LossKind::Lost, "changes of queues that `x` had not replicated", None),
        ];
        let told: Vec<String> = sums(&losses)
            .iter()
            .map(|sum| format!("{} {}: {}", sum.number(), sum.what, sum.whereabouts()))
            .collect();
        assert_eq!(
            told,
            [
                "1,213 active messages: b 1,200, e/f 5, d 4, c 3, 1 more, 1 empty when seen",
                "1 dead-lettered message: a",
                "unknown changes of queues that `x` had not replicated: ",
            ]
        );
    }
}
