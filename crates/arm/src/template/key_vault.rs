//! Secrets of key vaults: `{"keyVault": {"id": …}, "secretName": …, "secretVersion": …}` where a parameter's value would
//! stand, in a parameter file or in the parameters of a nested deployment, and nowhere else.
//!
//! A secret is never a value here. It stays a call, `listKeyVaultSecret`, that is asked when the deployment runs.
//! Source: Azure Resource Manager, "Use Azure Key Vault to pass secure parameter value during deployment".

use super::diagnostic::did_you_mean;
use super::language::expression::Expression;
use super::language::fault::{Fault, Outcome};
use super::language::functions::record;
use super::language::types::ParameterType;
use super::language::value::Value;

/// The call that stands for a secret.
const CALL: &str = "listKeyVaultSecret";
/// The api-version that secrets are asked with.
const API_VERSION: &str = "2022-07-01";
/// What holds secrets.
const VAULTS: &str = "Microsoft.KeyVault/vaults";

const SHAPE: &str = "write `\"reference\": { \"keyVault\": { \"id\": … }, \"secretName\": … }`; the vault must have \
                     `enabledForTemplateDeployment`";

/// A secret of a key vault, asked when the deployment runs. Parts that only the run knows are not looked at.
pub(crate) fn secret(reference: &Value) -> Outcome {
    check_members(reference, "reference", &["keyVault", "secretName", "secretVersion"])?;
    let vault = member(reference, "reference", "keyVault")?;
    check_members(&vault, "keyVault", &["id"])?;
    let id = text(member(&vault, "keyVault", "id")?, "the key vault's `id`")?;
    check_vault(&id)?;
    let name = text(member(reference, "reference", "secretName")?, "`secretName`")?;
    let mut body = vec![("secretName", name)];
    if let Some(version) = part(reference, "secretVersion") {
        body.push(("secretVersion", text(version, "`secretVersion`")?));
    }
    let arguments = [id, Value::string(API_VERSION), record(body)?];
    Value::deferred(Expression::call(CALL, arguments.map(Expression::Value).into()))
}

/// The same of a parameter file, where nothing may be left empty. Templates compute theirs, often of parameters that are
/// empty until somebody deploys them.
pub(crate) fn literal_secret(reference: &Value) -> Outcome {
    let found = secret(reference)?;
    let vault = part(reference, "keyVault").and_then(|vault| part(&vault, "id"));
    let empty = |value: Option<Value>| {
        value.as_ref().and_then(Value::as_str).is_some_and(|text| text.trim().is_empty())
    };
    if vault.as_ref().and_then(Value::as_str).is_some_and(|id| id.ends_with('/')) {
        return Err(wrong("the key vault's `id` ends without a name".to_owned()));
    }
    match ["secretName", "secretVersion"].into_iter().find(|key| empty(part(reference, key))) {
        Some(key) => Err(wrong(format!("`{key}` is empty"))),
        None => Ok(found),
    }
}

/// Whether a parameter of this type may get this value, if it is a secret; and whether a warning is due.
pub(crate) fn check_type(kind: ParameterType, value: &Value, what: &str) -> Outcome<Option<Fault>> {
    let Value::Deferred(deferred) = value else { return Ok(None) };
    if !matches!(&deferred.expression, Expression::Call { name, .. } if &**name == CALL) {
        return Ok(None);
    }
    match kind {
        ParameterType::SecureString | ParameterType::SecureObject => Ok(None),
        ParameterType::String | ParameterType::Any => {
            let message = format!("{what} takes a secret of a key vault, and its type keeps nothing secret");
            let hint =
                "declare it as `securestring`: what the deployment makes of it can be read in its history"
                    .to_owned();
            Ok(Some(Fault::new("key-vault-shown", message).hint(Some(hint))))
        }
        ParameterType::Int | ParameterType::Bool | ParameterType::Array | ParameterType::Object => {
            let message = format!("{what} is of type {}, and a secret of a key vault is text", kind.name());
            let hint = "declare it as `securestring`, or give its value instead of a `reference`".to_owned();
            Err(Fault::new("key-vault-type", message).hint(Some(hint)))
        }
    }
}

fn wrong(message: String) -> Fault {
    Fault::new("key-vault", message).hint(Some(SHAPE.to_owned()))
}

fn part(value: &Value, key: &str) -> Option<Value> {
    value.as_object()?.get(key).filter(|part| !matches!(part, Value::Null)).cloned()
}

fn member(value: &Value, of: &str, key: &str) -> Outcome {
    part(value, key).ok_or_else(|| wrong(format!("the `{of}` to a secret of a key vault has no `{key}`")))
}

fn check_members(value: &Value, of: &str, known: &[&str]) -> Outcome<()> {
    if matches!(value, Value::Deferred(_)) {
        return Ok(());
    }
    let Some(object) = value.as_object() else {
        return Err(wrong(format!(
            "the `{of}` to a secret of a key vault must be an object, is {}",
            value.kind_name()
        )));
    };
    let stranger =
        object.entries.iter().find(|(key, _)| !known.iter().any(|known| known.eq_ignore_ascii_case(key)));
    let Some((stranger, _)) = stranger else { return Ok(()) };
    let hint = did_you_mean(stranger, known.iter().copied()).unwrap_or_else(|| SHAPE.to_owned());
    let message = format!("the `{of}` to a secret of a key vault has no member `{stranger}`");
    Err(wrong(message).hint(Some(hint)))
}

/// Text, or what only the run knows.
fn text(value: Value, what: &str) -> Outcome {
    match &value {
        Value::Deferred(_) | Value::String(_) => Ok(value),
        other => Err(wrong(format!("{what} must be a string, is {}", other.kind_name()))),
    }
}

/// A known id must be a vault's. That of a secret is what people paste instead: the portal shows it beside the vault's.
fn check_vault(id: &Value) -> Outcome<()> {
    let Some(text) = id.as_str() else { return Ok(()) };
    let folded = text.to_ascii_lowercase();
    let name = folded.rsplit_once(&format!("/providers/{VAULTS}/").to_ascii_lowercase());
    if text.starts_with('/') && name.is_some_and(|(_, name)| !name.contains('/')) {
        return Ok(());
    }
    let hint = if text.contains("://") {
        "an address is no id: `az keyvault show --name NAME --query id` tells the id".to_owned()
    } else {
        format!("it ends in `/providers/{VAULTS}/NAME`; the secret is named by `secretName`")
    };
    Err(wrong(format!("`{text}` is not the id of a key vault")).hint(Some(hint)))
}
