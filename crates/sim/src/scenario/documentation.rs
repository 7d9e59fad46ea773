//! The page about scenarios and the published schema, held against what is read.

use super::*;

const PAGE: &str = include_str!("../../../../docs/scenarios.md");

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
        ("The file", read::SCENARIO),
        ("`clients`", read::CLIENTS),
        ("Events", read::EVENT),
        ("`lose` and `restore`", read::OUTAGE),
        ("`flap`", read::FLAP),
        ("`unseen`", read::UNSEEN),
        ("`quota`", read::QUOTA),
        ("`operator`", read::OPERATOR),
    ] {
        assert_eq!(tables(heading), [fields], "{heading}");
    }
    assert_eq!(tables("`fault`"), [read::FAULT, &read::effect_words()]);
}

#[test]
fn the_schema_has_the_fields_that_are_read_and_no_others() {
    let schema = Scenario::json_schema();
    for (pointer, fields) in [
        ("", read::SCENARIO),
        ("/properties/clients", read::CLIENTS),
        ("/properties/events/items", read::EVENT),
        ("/properties/events/items/properties/lose", read::OUTAGE),
        ("/properties/events/items/properties/restore", read::OUTAGE),
        ("/properties/events/items/properties/flap", read::FLAP),
        ("/properties/events/items/properties/unseen", read::UNSEEN),
        ("/properties/events/items/properties/fault", read::FAULT),
        ("/properties/events/items/properties/quota", read::QUOTA),
        ("/properties/events/items/properties/operator", read::OPERATOR),
    ] {
        let object = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
        let mut fields = fields.to_vec();
        fields.sort_unstable();
        let described: Vec<&String> = object["properties"].as_object().unwrap().keys().collect();
        assert_eq!(described, fields, "{pointer}");
        assert_eq!(object["additionalProperties"], serde_json::Value::Bool(false), "{pointer}");
    }
}

#[test]
fn the_example_of_the_page_is_read() {
    let example = PAGE.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    Scenario::parse("scenarios.md", example).unwrap();
}

/// `LIFEBOAT_BLESS=1` writes it.
#[test]
fn the_published_schema_is_the_one_that_is_made() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/scenario.schema.json");
    let made = serde_json::to_string_pretty(&Scenario::json_schema()).unwrap() + "\n";
    if std::env::var_os("LIFEBOAT_BLESS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), made, "LIFEBOAT_BLESS=1 writes it");
}
