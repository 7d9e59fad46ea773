//! What surrounds the deployment: group, subscription, management group, tenant.

use super::{Function, record, scoped};
use crate::template::language::evaluate::Env;
use crate::template::language::expression::Expression;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::scope::Scope;
use crate::template::language::surroundings::Surroundings;
use crate::template::language::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    scoped("managementGroup", 0, 0, |env, _| management_group(env)),
    scoped("resourceGroup", 0, 0, |env, _| resource_group(env)),
    scoped("subscription", 0, 0, |env, _| subscription(env)),
    scoped("tenant", 0, 0, |env, _| tenant(env)),
];

const GROUPS: &str = "/providers/Microsoft.Management/managementGroups";

/// The template around; a deferred expression that is finished later has none any more.
pub(crate) fn around<'a>(env: &Env<'a>) -> Outcome<&'a dyn Surroundings> {
    env.surroundings.ok_or_else(|| Fault::new("scope", "the scope of the deployment is not known here"))
}

fn not_here(function: &str, scope: &str) -> Fault {
    Fault::new("scope", format!("`{function}` has no answer in a deployment to a {scope}"))
}

fn resource_group(env: &Env<'_>) -> Outcome {
    match around(env)?.scope() {
        scope @ Scope::Group { name, location, .. } => {
            let id = scope.id();
            let location = match location {
                Some(location) => Value::string(location.as_str()),
                // nobody said where that group is; it can be asked when the deployment runs
                None => Value::deferred(Expression::Property {
                    base: Box::new(Expression::call(
                        "reference",
                        [id.as_str(), "2021-04-01", "Full"]
                            .map(|argument| Expression::Value(Value::string(argument)))
                            .into(),
                    )),
                    name: "location".into(),
                    span: 0..0,
                })?,
            };
            record([
                ("id", Value::string(id)),
                ("name", Value::string(name.as_str())),
                ("type", Value::string("Microsoft.Resources/resourceGroups")),
                ("location", location),
                ("tags", Value::object(Vec::new())?),
                ("properties", record([("provisioningState", Value::string("Succeeded"))])?),
            ])
        }
        Scope::Subscription(_) => Err(not_here("resourceGroup", "subscription")),
        Scope::ManagementGroup(_) => Err(not_here("resourceGroup", "management group")),
        Scope::Tenant => Err(not_here("resourceGroup", "tenant")),
    }
}

fn subscription(env: &Env<'_>) -> Outcome {
    let around = around(env)?;
    let Some(subscription) = around.scope().subscription() else {
        return Err(not_here("subscription", "management group or tenant"));
    };
    record([
        ("id", Value::string(format!("/subscriptions/{subscription}"))),
        ("subscriptionId", Value::string(subscription)),
        ("tenantId", Value::string(around.tenant())),
        ("displayName", Value::string(subscription)),
    ])
}

fn tenant(env: &Env<'_>) -> Outcome {
    let tenant = around(env)?.tenant();
    record([
        ("id", Value::string(format!("/tenants/{tenant}"))),
        ("tenantId", Value::string(tenant)),
        ("countryCode", Value::string("US")),
        ("displayName", Value::string(tenant)),
    ])
}

fn management_group(env: &Env<'_>) -> Outcome {
    let around = around(env)?;
    let name = match around.scope() {
        Scope::ManagementGroup(name) => name.as_str(),
        _ => around
            .management_group()
            .ok_or_else(|| not_here("managementGroup", "subscription of unknown management group"))?,
    };
    // the group at the top of a tenant has the tenant's own id for a name
    let root = around.tenant();
    record([
        ("id", Value::string(format!("{GROUPS}/{name}"))),
        ("name", Value::string(name)),
        ("type", Value::string(GROUPS)),
        (
            "properties",
            record([
                ("displayName", Value::string(name)),
                ("tenantId", Value::string(root)),
                (
                    "details",
                    record([(
                        "parent",
                        record([
                            ("displayName", Value::string("Tenant Root Group")),
                            ("id", Value::string(format!("{GROUPS}/{root}"))),
                            ("name", Value::string(root)),
                        ])?,
                    )])?,
                ),
            ])?,
        ),
    ])
}

/// Puts the scope into a call that waits for the run, where the scope is no longer known.
pub(crate) fn anchor(env: &Env<'_>, name: &str, mut values: Vec<Value>) -> Vec<Value> {
    let Some(around) = env.surroundings else { return values };
    let leading =
        values.iter().take_while(|value| value.as_str().is_some_and(|text| !text.contains('/'))).count();
    let mut put = |index: usize, text: &str| values.insert(index, Value::string(text));
    match (name.to_ascii_lowercase().as_str(), around.scope()) {
        ("resourceid", Scope::Group { subscription, name, .. }) if leading < 2 => {
            if leading == 0 {
                put(0, name);
            }
            put(0, subscription);
        }
        ("resourceid" | "subscriptionresourceid", Scope::Subscription(subscription)) if leading == 0 => {
            put(0, subscription);
        }
        ("subscriptionresourceid", Scope::Group { subscription, .. }) if leading == 0 => put(0, subscription),
        _ => {}
    }
    values
}
