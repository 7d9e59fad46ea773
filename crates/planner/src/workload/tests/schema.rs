//! The schema that editors use says what the reader reads.

use serde_json::Value as Json;

use super::*;

/// The properties of one object of the schema, in order of the alphabet.
fn properties(pointer: &str) -> Vec<String> {
    let schema = WorkloadFile::json_schema();
    let object = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
    assert_eq!(object["additionalProperties"], Json::Bool(false), "{pointer}");
    object["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_schema_has_the_fields_that_are_read_and_no_others() {
    for (pointer, fields) in [
        ("", &*read::fields()),
        ("/properties/objectives", read::OBJECTIVES),
        ("/properties/primary", read::SITE),
        ("/properties/secondary", read::SITE),
        ("/properties/templates", read::TEMPLATES),
        ("/properties/templates/properties/shared", read::SHARED),
        ("/properties/failover", read::FAILOVER),
        ("/properties/data/items", read::DATA),
        ("/properties/data/items/properties/staleReads", read::STALE_READS),
        ("/properties/accept/items", read::ACCEPT),
    ] {
        let mut fields: Vec<String> = fields.iter().map(|&field| field.to_owned()).collect();
        fields.sort();
        assert_eq!(properties(pointer), fields, "{pointer}");
    }
    for section in sections() {
        let mut fields: Vec<String> = section.fields.iter().map(|&field| field.to_owned()).collect();
        fields.sort();
        assert_eq!(properties(&format!("/properties/{}/items", section.key)), fields, "{}", section.key);
    }
}

/// Asserts that a tree holds exactly what the schema describes: every property, each documented, each required one
/// needed.
fn same_shape(node: &Node, schema: &Json, path: &str) {
    assert!(
        path.is_empty() || schema["description"].is_string() || path.ends_with(']'),
        "{path} is documented"
    );
    match &node.value {
        Value::Map(entries) => {
            let names: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
            let mut written: Vec<&String> = entries.iter().map(|(key, _)| &key.name).collect();
            written.sort();
            assert_eq!(written, names, "{path}");
            for (key, value) in entries {
                same_shape(value, &schema["properties"][&key.name], &format!("{path}.{}", key.name));
            }
        }
        Value::List(items) if schema.get("items").is_some_and(|items| items["properties"].is_object()) => {
            for item in items {
                same_shape(item, &schema["items"], &format!("{path}[]"));
            }
        }
        _ => {}
    }
}

#[test]
fn the_schema_describes_the_full_example() {
    let tree = source::read(&full()).unwrap();
    same_shape(&tree, &WorkloadFile::json_schema(), "");
}

#[test]
fn what_the_schema_requires_the_reader_misses() {
    let schema = WorkloadFile::json_schema();
    for field in schema["required"].as_array().unwrap() {
        let field = field.as_str().unwrap();
        let text: String = LEAST.split_inclusive('\n').filter(|line| !line.starts_with(field)).collect();
        assert_eq!(
            problems(&text),
            format!("lifeboat.yaml:1:1: `{field}` is missing in the workload file"),
            "{field}"
        );
    }
}

#[test]
fn the_words_of_the_schema_are_the_words_that_are_read() {
    let schema = WorkloadFile::json_schema();
    let words = |pointer: &str| -> Vec<String> {
        let list = schema.pointer(pointer).unwrap().as_array().unwrap();
        list.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words("/properties/failover/properties/policy/enum"), read::POLICIES.map(|(word, _)| word));
}

proptest::proptest! {
    /// Whatever is cut out of a file: it is read, or there is at least one problem with a place inside it.
    #[test]
    fn a_damaged_file_is_read_or_refused_and_never_crashes(start in 0..full().len(), length in 1..40_usize) {
        let full = full();
        let text: String = full.chars().take(start).chain(full.chars().skip(start + length)).collect();
        if let Err(error) = WorkloadFile::parse("lifeboat.yaml", &text) {
            let lines = u32::try_from(text.lines().count()).unwrap() + 1;
            proptest::prop_assert!(!error.problems.is_empty());
            for problem in &error.problems {
                proptest::prop_assert!((1..=lines).contains(&problem.at.line), "{problem} in {text}");
            }
        }
    }
}
