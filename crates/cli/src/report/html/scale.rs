//! Time as a position from 0 to 100 percent.

use jiff::{SignedDuration, Timestamp};

use crate::format::duration;

/// A stretch of time laid over the width of a figure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// Where offsets are counted from.
    origin: Timestamp,
    start: Timestamp,
    seconds: f64,
}

/// A mark on the axis.
pub(super) struct Tick {
    pub(super) percent: f64,
    pub(super) label: String,
}

const STEPS_SECONDS: [i64; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

impl Scale {
    /// From one instant to another; at least a second, so that nothing is divided by zero.
    pub(super) fn between(start: Timestamp, end: Timestamp) -> Self {
        Self { origin: start, start, seconds: end.duration_since(start).as_secs_f64().max(1.0) }
    }

    /// The same stretch, its ticks counted from an earlier instant.
    pub(super) fn since(self, origin: Timestamp) -> Self {
        Self { origin, ..self }
    }

    /// How long it is.
    pub(super) fn length(&self) -> SignedDuration {
        SignedDuration::from_secs_f64(self.seconds)
    }

    /// Where an instant lies; what is outside lies on the edge.
    pub(super) fn at(&self, instant: Timestamp) -> f64 {
        self.share(instant.duration_since(self.start))
    }

    /// The part of a stretch that is to be seen: from where to where, if any of it is.
    pub(super) fn span(&self, from: Timestamp, to: Timestamp) -> Option<(f64, f64)> {
        let end = self.start + self.length();
        (from <= end && to >= self.start).then(|| (self.at(from), self.at(to)))
    }

    fn share(&self, offset: SignedDuration) -> f64 {
        (offset.as_secs_f64() / self.seconds * 100.0).clamp(0.0, 100.0)
    }

    /// The first step of the table that leaves at most so many ticks.
    pub(super) fn ticks(&self, most: u32) -> Vec<Tick> {
        #[expect(clippy::cast_precision_loss, reason = "a day's seconds fit")]
        let fits = |step: &i64| self.seconds / *step as f64 <= f64::from(most);
        let days = STEPS_SECONDS[STEPS_SECONDS.len() - 1];
        let step = STEPS_SECONDS.into_iter().find(fits).unwrap_or_else(|| {
            let mut step = days;
            while !fits(&step) {
                step *= 2;
            }
            step
        });
        let before = self.start.duration_since(self.origin).as_secs();
        let first = before.div_euclid(step) * step + if before.rem_euclid(step) == 0 { 0 } else { step };
        let offsets = std::iter::successors(Some(first), |at| Some(at + step)).map(SignedDuration::from_secs);
        let shown = |offset: SignedDuration| self.origin.duration_since(self.start) + offset;
        offsets
            .take_while(|offset| shown(*offset).as_secs_f64() <= self.seconds)
            .map(|offset| Tick { percent: self.share(shown(offset)), label: duration(offset) })
            .collect()
    }
}

/// A percentage for an attribute: `12.34%`.
pub(super) fn pct(percent: f64) -> String {
    format!("{percent:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(seconds: i64) -> Scale {
        let start = Timestamp::from_second(1_000_000).unwrap();
        Scale::between(start, start + SignedDuration::from_secs(seconds))
    }

    #[test]
    fn instants_lie_between_the_edges() {
        let scale = scale(200);
        for (second, percent) in
            [(1_000_000, "0.00%"), (1_000_050, "25.00%"), (1_000_900, "100.00%"), (0, "0.00%")]
        {
            assert_eq!(pct(scale.at(Timestamp::from_second(second).unwrap())), percent);
        }
    }

    #[test]
    fn a_close_up_keeps_the_offsets_of_the_whole() {
        let start = Timestamp::from_second(1_000_000).unwrap();
        let at = |minutes| start + SignedDuration::from_mins(minutes);
        let scale = Scale::between(at(118), at(158)).since(start);
        let labels: Vec<String> = scale.ticks(6).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["2h", "2h 10m", "2h 20m", "2h 30m"]);
        assert_eq!(scale.span(at(0), at(128)), Some((0.0, 25.0)));
        assert_eq!(scale.span(at(0), at(100)), None);
    }

    #[test]
    fn ticks_are_round_and_few() {
        for (seconds, step, number) in
            [(0, "1s", 2), (20, "5s", 5), (621, "2m", 6), (9_000, "30m", 6), (864_000, "2d", 6)]
        {
            let ticks = scale(seconds).ticks(6);
            assert_eq!((ticks[1].label.as_str(), ticks.len()), (step, number), "{seconds}");
        }
    }
}
