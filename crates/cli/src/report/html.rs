//! The report as one self-contained page.
use lifeboat_sim::DrillReport;
/// The page.
pub fn render(_report: &DrillReport) -> String { String::new() }
