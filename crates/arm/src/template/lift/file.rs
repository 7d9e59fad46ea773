//! The text of a parameter file.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

/// A parameter file with these values and these references to secrets of key vaults, in the order of their names.
pub fn parameter_file(values: &BTreeMap<String, Json>, references: &BTreeMap<String, Json>) -> String {
    const SCHEMA: &str = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#";
    let value = |(name, value): (&String, &Json)| (name.clone(), json!({ "value": value }));
    let reference = |(name, to): (&String, &Json)| (name.clone(), json!({ "reference": to }));
    // A map of values sorts by name.
    let all: BTreeMap<String, Json> =
        values.iter().map(value).chain(references.iter().map(reference)).collect();
    let parameters: Map<String, Json> = all.into_iter().collect();
    let all = json!({ "$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": parameters });
    format!("{all:#}\n")
}
