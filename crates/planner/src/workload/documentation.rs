//! The page about the workload file and the published schema, held against what is read.

use super::*;

const PAGE: &str = include_str!("../../../../docs/workload-file.md");

/// The first column of each table under a heading.
fn tables(heading: &str) -> Vec<Vec<&str>> {
    let start = format!("\n## {heading}\n");
    let at = PAGE.find(&start).unwrap_or_else(|| panic!("no heading `{heading}`")) + start.len();
    let section = PAGE[at..].split("\n## ").next().unwrap();
    let cell = |line: &'static str| line.strip_prefix("| `")?.split('`').next();
    let tables = section.split("\n\n").map(|part| part.lines().filter_map(cell).collect::<Vec<_>>());
    tables.filter(|table| !table.is_empty()).collect()
}

#[test]
fn the_page_has_the_fields_that_are_read_and_no_others() {
    for (heading, fields) in [
        ("The file", &*read::fields()),
        ("`objectives`", read::OBJECTIVES),
        ("`primary` and `secondary`", read::SITE),
        ("`templates`", read::TEMPLATES),
        ("`templates.shared`", read::SHARED),
        ("`failover`", read::FAILOVER),
        ("`data`", read::DATA),
        ("`data.staleReads`", read::STALE_READS),
        ("`accept`", read::ACCEPT),
    ] {
        assert_eq!(tables(heading), [fields], "{heading}");
    }
    for section in crate::settings::sections() {
        assert_eq!(tables(&format!("`{}`", section.key)), [section.fields], "{}", section.key);
    }
}

#[test]
fn the_example_of_the_page_is_read() {
    let example = PAGE.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    WorkloadFile::parse("workload-file.md", example).unwrap();
}

/// `LIFEBOAT_BLESS=1` writes it.
#[test]
fn the_published_schema_is_the_one_that_is_made() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lifeboat.schema.json");
    let made = serde_json::to_string_pretty(&WorkloadFile::json_schema()).unwrap() + "\n";
    if std::env::var_os("LIFEBOAT_BLESS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), made, "LIFEBOAT_BLESS=1 writes it");
}
