//! Authorization rules and what `listKeys` answers: connection strings of the namespace and, while there is an alias, of
//! the alias. Keys travel with the metadata of a pair, so the alias string is the same before and after a failover (S25).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::entity::AuthRule;
use crate::dice::Dice;
use crate::refusal::{Refused, refuse};

use super::refusals;

/// The rule every namespace is born with.
pub(crate) const ROOT: &str = "RootManageSharedAccessKey";

/// A new rule with keys of its own.
pub(crate) fn rule(name: &str, rights: Vec<String>, owner: &str, dice: &Dice, serial: u64) -> AuthRule {
    AuthRule {
        name: name.to_owned(),
        rights,
        primary: key(dice, owner, name, "primary", serial),
        secondary: key(dice, owner, name, "secondary", serial),
    }
}

/// A key: 32 bytes, as Azure's are.
pub(crate) fn key(dice: &Dice, owner: &str, name: &str, which: &str, serial: u64) -> String {
    STANDARD.encode(dice.bytes("sas-key", &format!("{owner}/{name}/{which}/{serial}")))
}

/// The rights in a body, checked.
pub(crate) fn rights(body: &Value) -> Result<Vec<String>, Refused> {
    let rights: Vec<String> = body
        .pointer("/properties/rights")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|right| right.as_str().map(str::to_owned))
        .collect();
    let has = |word: &str| rights.iter().any(|right| right == word);
    refuse(has("Manage") && !(has("Send") && has("Listen")), &refusals::MANAGE_ALONE, &[])?;
    Ok(rights)
}

/// What `listKeys` and `regenerateKeys` answer.
pub(crate) fn to_wire(rule: &AuthRule, host: &str, alias_host: Option<&str>, entity: Option<&str>) -> Value {
    let path = entity.map_or_else(String::new, |entity| format!(";EntityPath={entity}"));
    let string = |host: &str, key: &str| {
        format!("Endpoint=sb://{host}/;SharedAccessKeyName={};SharedAccessKey={key}{path}", rule.name)
    };
    let mut wire = json!({
        "primaryConnectionString": string(host, &rule.primary),
        "secondaryConnectionString": string(host, &rule.secondary),
        "primaryKey": rule.primary,
        "secondaryKey": rule.secondary,
        "keyName": rule.name,
    });
    if let Some(alias) = alias_host {
        wire["aliasPrimaryConnectionString"] = json!(string(alias, &rule.primary));
        wire["aliasSecondaryConnectionString"] = json!(string(alias, &rule.secondary));
    }
    wire
}
