//! The deployment itself, its parameters and variables, and the cloud.

use std::ops::Range;
use std::rc::Rc;

use super::{Function, bad, record, scoped, special, want_string};
use crate::template::diagnostic::did_you_mean;
use crate::template::language::evaluate::Env;
use crate::template::language::expression::Expression;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::value::{Key, Value};
use crate::tree::Node;

pub(super) const FUNCTIONS: &[Function] = &[
    scoped("deployer", 0, 0, |env, _| {
        let tenant = Value::string(super::scope::around(env)?.tenant());
        let object = Value::string("00000000-0000-0000-0000-000000000000");
        record([("tenantId", tenant), ("objectId", object), ("userPrincipalName", Value::string(""))])
    }),
    scoped("deployment", 0, 0, |env, _| super::scope::around(env)?.deployment()),
    scoped("environment", 0, 0, |_, _| environment()),
    special("extensions", 1, 1, extensions),
    special("fail", 1, 1, |env, _, arguments, span| {
        let message = env.evaluate(&arguments[0])?;
        let message = message.as_str().ok_or_else(|| bad("`fail` takes a string").at(span))?;
        Err(Fault::new("fail", message).at(span))
    }),
    special("parameters", 1, 1, parameters),
    special("variables", 1, 1, variables),
];

fn parameters(env: &Env<'_>, _: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let name = &*name(env, arguments, span)?;
    let around = super::scope::around(env)?;
    if env.arguments.is_some() {
        return env.argument(name).ok_or_else(|| {
            Fault::new("parameter-unknown", format!("the function has no parameter `{name}`")).at(span)
        });
    }
    around.parameter(name).map_err(|fault| fault.at(span))
}

fn variables(env: &Env<'_>, _: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let name = &*name(env, arguments, span)?;
    let around = super::scope::around(env)?;
    if env.arguments.is_some() && !around.is_version_two() {
        let hint =
            "write `\"languageVersion\": \"2.0\"` into the template, or give it as an argument".to_owned();
        let fault = Fault::new("variable-unknown", "a user-defined function cannot see variables");
        return Err(fault.at(span).hint(Some(hint)));
    }
    around.variable(name).map_err(|fault| fault.at(span))
}

/// What is asked for: nearly always written out.
fn name(env: &Env<'_>, arguments: &[Expression], span: &Range<usize>) -> Outcome<Rc<str>> {
    match &arguments[0] {
        Expression::Value(Value::String(name)) => Ok(Rc::clone(name)),
        other => {
            let value = env.evaluate(other)?;
            want_string(&[value], 0).map(Rc::from).map_err(|fault| fault.at(span))
        }
    }
}

/// What the template declares of an extension: its name, version and configuration. What the deployment configures, and the
/// declaration leaves open, is null.
fn extensions(env: &Env<'_>, _: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let values = env.evaluate_all(arguments)?;
    let name = want_string(&values, 0).map_err(|fault| fault.at(span))?;
    let template = super::scope::around(env)?.template();
    let declared = template.get("extensions").or_else(|| template.get("imports"));
    let Some(extension) = declared.and_then(|declared| declared.get(name)) else {
        let known = declared.and_then(Node::members).unwrap_or_default();
        let hint = did_you_mean(name, known.iter().map(|member| &*member.key));
        let message = format!("the template declares no extension `{name}`");
        return Err(Fault::new("extension-undeclared", message).at(span).hint(hint));
    };
    let mut config = Vec::new();
    for member in extension.get("config").and_then(Node::members).unwrap_or_default() {
        let value = match member.value.get("defaultValue") {
            Some(default) => env.node(default)?,
            None => Value::Null,
        };
        config.push((Key::clone(&member.key), record([("value", value)])?));
    }
    let text = |key: &str| extension.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
    record([
        ("name", Value::string(text("name"))),
        ("version", Value::string(text("version"))),
        ("config", Value::object(config)?),
    ])
}

/// The public cloud.
fn environment() -> Outcome {
    let text = Value::string;
    record([
        ("name", text("AzureCloud")),
        ("gallery", text("https://gallery.azure.com/")),
        ("graph", text("https://graph.windows.net/")),
        ("portal", text("https://portal.azure.com")),
        ("graphAudience", text("https://graph.windows.net/")),
        ("activeDirectoryDataLake", text("https://datalake.azure.net/")),
        ("batch", text("https://batch.core.windows.net/")),
        ("media", text("https://rest.media.azure.net")),
        ("sqlManagement", text("https://management.core.windows.net:8443/")),
        (
            "vmImageAliasDoc",
            text(
                "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
            ),
        ),
        ("resourceManager", text("https://management.azure.com/")),
        (
            "authentication",
            record([
                ("loginEndpoint", text("https://login.microsoftonline.com/")),
                (
                    "audiences",
                    Value::array(vec![
                        text("https://management.core.windows.net/"),
                        text("https://management.azure.com/"),
                    ])?,
                ),
                ("tenant", text("common")),
                ("identityProvider", text("AAD")),
            ])?,
        ),
        (
            "suffixes",
            record([
                ("acrLoginServer", text(".azurecr.io")),
                ("azureDatalakeAnalyticsCatalogAndJob", text("azuredatalakeanalytics.net")),
                ("azureDatalakeStoreFileSystem", text("azuredatalakestore.net")),
                ("azureFrontDoorEndpointSuffix", text("azurefd.net")),
                ("keyvaultDns", text(".vault.azure.net")),
                ("sqlServerHostname", text(".database.windows.net")),
                ("storage", text("core.windows.net")),
            ])?,
        ),
    ])
}
