//! The text of a parameter file.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

/// A parameter file with these values, in the order of their names.
pub fn parameter_file(values: &BTreeMap<String, Json>) -> String {
    const SCHEMA: &str = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#";
    let parameters: Map<String, Json> =
        values.iter().map(|(name, value)| (name.clone(), json!({ "value": value }))).collect();
    let all = json!({ "$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": parameters });
    format!("{all:#}\n")
}
