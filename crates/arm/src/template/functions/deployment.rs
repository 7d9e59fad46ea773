//! The deployment itself, its parameters and variables, and the cloud.

use std::ops::Range;
use std::rc::Rc;

use super::{Function, bad, record, scoped, special, want_string};
use crate::template::evaluate::Env;
use crate::template::expression::Expression;
use crate::template::fault::{Fault, Outcome};
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    scoped("deployer", 0, 0, |env, _| {
        let tenant = Value::string(super::scope::frame(env)?.engine.context.tenant.as_str());
        let object = Value::string("00000000-0000-0000-0000-000000000000");
        record([("tenantId", tenant), ("objectId", object), ("userPrincipalName", Value::string(""))])
    }),
    scoped("deployment", 0, 0, |env, _| super::scope::frame(env)?.deployment_object()),
    scoped("environment", 0, 0, |_, _| environment()),
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
    let frame = super::scope::frame(env)?;
    if env.arguments.is_some() {
        return env.argument(name).ok_or_else(|| {
            Fault::new("parameter-unknown", format!("the function has no parameter `{name}`")).at(span)
        });
    }
    frame.parameter(name).map_err(|fault| fault.at(span))
}

fn variables(env: &Env<'_>, _: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let name = &*name(env, arguments, span)?;
    if env.arguments.is_some() {
        return Err(Fault::new("variable-unknown", "a user-defined function cannot see variables").at(span));
    }
    super::scope::frame(env)?.variable(name).map_err(|fault| fault.at(span))
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
