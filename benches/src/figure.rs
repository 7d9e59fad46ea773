//! A figure: what was measured, what was wanted, whether that is met.

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// What came out.
    pub measured: String,
    /// What was wanted; empty for what is only put on record.
    pub bound: String,
    /// Whether it is met.
    pub verdict: Verdict,
}

/// Whether a bound is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Met,
    /// It is not.
    Missed,
    /// There is no bound.
    OnRecord,
}

impl Figure {
    /// A number that must not be above another.
    pub fn at_most(what: impl Into<String>, measured: f64, bound: f64, unit: &str) -> Self {
        Self {
            what: what.into(),
            measured: number(measured, unit),
            bound: format!("≤ {}", number(bound, unit)),
            verdict: if measured <= bound { Verdict::Met } else { Verdict::Missed },
        }
    }

    /// A number for the record.
    pub fn on_record(what: impl Into<String>, measured: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            measured: measured.into(),
            bound: String::new(),
            verdict: Verdict::OnRecord,
        }
    }
}

/// Three digits that count, with the unit.
pub(crate) fn number(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        most if most >= 100.0 => 0,
        most if most >= 10.0 => 1,
        most if most >= 1.0 => 2,
        0.0 => 0,
        most if most >= 0.1 => 3,
        _ => 4,
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

/// The table.
pub fn render(figures: &[Figure]) -> String {
    let width = |of: fn(&Figure) -> &str| figures.iter().map(|figure| of(figure).chars().count()).max();
    let what = width(|figure| &figure.what).unwrap_or(0);
    let measured = width(|figure| &figure.measured).unwrap_or(0);
    let bound = width(|figure| &figure.bound).unwrap_or(0);
    figures
        .iter()
        .map(|figure| {
            let verdict = match figure.verdict {
                Verdict::Met => "met",
                Verdict::Missed => "MISSED",
                Verdict::OnRecord => "",
            };
            let line = format!(
                "{:what$}  {:>measured$}  {:bound$}  {verdict}",
                figure.what, figure.measured, figure.bound
            );
            line.trim_end().to_owned() + "\n"
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_whether_its_bound_is_met() {
        let figures = [Figure::at_most("a", 0.5, 1.0, "s"), Figure::at_most("longer", 120.0, 84.0, "s")];
        assert_eq!(render(&figures), "a       0.500 s  ≤ 1.00 s  met\nlonger    120 s  ≤ 84.0 s  MISSED\n");
    }
}
