//! `report.json`: the same data for programs.

use lifeboat_sim::DrillReport;
use serde::Serialize;

/// The version of the document's shape. It grows when something is renamed or removed, not when something is added.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    #[serde(flatten)]
    report: &'a DrillReport,
}

/// The report as JSON, indented, with a line break at its end. Durations are ISO 8601, times RFC 3339.
pub fn render(report: &DrillReport) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&Document { schema: SCHEMA, report })?;
    text.push('\n');
    Ok(text)
}
