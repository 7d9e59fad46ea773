//! The report as one self-contained page: no script is needed to read it, nothing is fetched.
//!
//! Geometry is in percent inside SVGs that are as wide as the page, so text is never scaled: the same figure reads at
//! 400 pixels, at 1280 and on paper. All text goes through `maud`, which escapes it; only the constant style sheet and
//! script are written as they are.

mod charts;
mod closeups;
mod findings;
mod gantt;
mod lanes;
mod losses;
mod page;
mod parts;
mod scale;
mod steps;
mod style;
mod timeline;

use lifeboat_sim::DrillReport;

/// The whole page, from `<!DOCTYPE html>` to `</html>`.
pub fn render(report: &DrillReport) -> String {
    page::page(report).into_string()
}
