//! The JSON Schema of the workload file, for editors. Tests hold it against the reader's own lists of fields.

use serde_json::{Value, json};

use crate::settings::sections;

const GUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
const DURATION: &str = "^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$";

pub(super) fn json_schema() -> Value {
    let mut schema = file();
    for section in sections() {
        schema["properties"][section.key] = json!({
            "description": format!("{} Default: none.", section.description),
            "type": "array",
            "items": object(section.entry, section.required, &(section.schema)()),
        });
    }
    schema
}

/// What every workload file may hold.
fn file() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Lifeboat workload file",
        "type": "object",
        "additionalProperties": false,
        "required": ["workload", "subscription", "objectives", "primary", "secondary", "templates"],
        "properties": {
            "workload": {
                "description": "The workload's name. It names journals, snapshots and deployments: changing it starts a new history.",
                "type": "string",
                "pattern": "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$",
            },
            "subscription": {
                "description": "The GUID of the subscription that holds all of the workload.",
                "type": "string",
                "pattern": GUID,
            },
            "objectives": objectives(),
            "primary": site("Where the workload runs, and comes home to."),
            "secondary": site("Where the workload goes when the primary is lost. Another region than the primary's."),
            "templates": templates(),
            "failover": failover(),
            "data": {
                "description": "Data stores with promises that the application makes. Default: none.",
                "type": "array",
                "items": data_store(),
            },
            "accept": {
                "description": "Findings that somebody took responsibility for. Default: none.",
                "type": "array",
                "items": acceptance(),
            },
        },
    })
}

fn object(description: &str, required: &[&str], properties: &Value) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

/// Any text but an empty one.
pub(crate) fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string", "minLength": 1 })
}

/// One of a few words; the first of them holds where none is given.
pub(crate) fn words<T>(description: &str, words: &[(&str, T)]) -> Value {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json!({ "description": description, "default": words.first(), "enum": words })
}

fn duration(description: &str) -> Value {
    json!({ "description": description, "type": "string", "pattern": DURATION, "examples": ["45m", "1h30m", "90s"] })
}

fn region(description: &str) -> Value {
    let known: Vec<String> = lifeboat_arm::Region::all().map(|region| region.to_string()).collect();
    // Display names and other casing are read too, so the list is an offer to editors and not an `enum`.
    json!({ "description": description, "type": "string", "examples": known })
}

fn files(description: &str) -> Value {
    json!({
        "description": description,
        "oneOf": [
            { "type": "string", "minLength": 1 },
            { "type": "array", "items": { "type": "string", "minLength": 1 } },
        ],
    })
}

fn objectives() -> Value {
    object(
        "What the business asked for.",
        &["rto", "rpo"],
        &json!({
            "rto": duration("From the loss of the primary until clients are served again. The shorter, the more stands by, and costs."),
            "rpo": duration("How far back, counted from the loss, acknowledged data may reach that nobody can get when service is back. At `0s` nothing may be missing."),
        }),
    )
}

fn site(description: &str) -> Value {
    object(
        description,
        &["region", "resourceGroup"],
        &json!({
            "region": region("The region."),
            "resourceGroup": text("The group that holds the regional template's resources there. No other role may use it."),
            "parameters": files("Parameter files for the regional template, a later one overriding an earlier one. Default: none."),
        }),
    )
}

fn templates() -> Value {
    object(
        "The templates that describe the workload; paths are relative to this file.",
        &["regional"],
        &json!({
            "regional": text("What is deployed once per region, with that region's parameters."),
            "shared": object(
                "What exists once, such as Traffic Manager or the alias. Default: nothing does.",
                &["file", "resourceGroup", "region"],
                &json!({
                    "file": text("The template."),
                    "resourceGroup": text("The group it is deployed to. A group in the primary region is a finding."),
                    "region": region("The region of that group's metadata."),
                    "parameters": files("Its parameter files. Default: none."),
                }),
            ),
        }),
    )
}

fn failover() -> Value {
    object(
        "Who decides about a failover, and when.",
        &[],
        &json!({
            "policy": {
                "description": "manual: a person starts it. propose: Lifeboat asks after the hold-down. automatic: Lifeboat acts within its budget. Failback always asks.",
                "enum": ["manual", "propose", "automatic"],
                "default": "manual",
            },
            "holdDown": duration("How long the primary must be dead before that counts; part of the RTO. Default: 15m."),
            "decision": duration("How long people may take to decide; part of the RTO unless the policy is automatic. Default: 10m."),
            "approvers": {
                "description": "Who may answer. Default: anybody who may run Lifeboat.",
                "type": "array",
                "items": { "type": "string", "minLength": 1 },
            },
            "clientsHoldOn": duration("How long the slowest clients go on using an address after DNS has changed; part of the RTO. Default: 10m."),
        }),
    )
}

fn data_store() -> Value {
    object(
        "A data store and the promises around it.",
        &["store"],
        &json!({
            "store": text("The component's name."),
            "staleReads": object(
                "That readers accept old data while the primary is lost. Default: they do not.",
                &["maxAge"],
                &json!({ "maxAge": duration("How old it may be. A replica that lags further counts as unavailable.") }),
            ),
        }),
    )
}

fn acceptance() -> Value {
    object(
        "A finding that somebody took responsibility for.",
        &["rule", "reason", "until"],
        &json!({
            "rule": text("The rule's id, such as SB-SKU."),
            "reason": text("Why it is all right. Printed with the finding."),
            "until": {
                "description": "The last day on which it holds; afterwards the finding counts again.",
                "type": "string",
                "format": "date",
            },
            "component": text("The one component it is about. Default: all of them."),
        }),
    )
}
