//! Resource ids, and the calls that only a running deployment can answer.

use std::ops::Range;

use super::{Body, Function, MANY, bad, record, scoped, special, want_string};
use crate::template::language::evaluate::Env;
use crate::template::language::expression::Expression;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::scope::{self, Scope};
use crate::template::language::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    scoped("extensionResourceId", 3, MANY, |_, values| {
        let base = want_string(values, 0)?;
        if !values[1..].first().and_then(Value::as_str).is_some_and(|kind| kind.contains('/')) {
            return Err(bad("argument 2 must be a type"));
        }
        Ok(Value::string(format!("{base}/providers/{}", typed_names(&values[1..])?)))
    }),
    scoped("managementGroupResourceId", 2, MANY, management_group_id),
    scoped("providers", 1, 2, providers),
    special("reference", 1, 3, reference),
    special("references", 1, 2, references),
    scoped("resourceId", 2, MANY, resource_id),
    special("resourceInfo", 1, 1, resource_info),
    scoped("subscriptionResourceId", 2, MANY, subscription_id),
    scoped("tenantResourceId", 2, MANY, |_, values| {
        Ok(Value::string(format!("/providers/{}", typed_names(values)?)))
    }),
];

/// `listKeys`, `listSecrets` and whatever else a provider offers.
pub(super) static LIST: Function = Function { name: "list*", min: 1, max: 3, body: Body::Special(list) };

/// The leading arguments before the type, which is the first with a slash.
fn leading(values: &[Value]) -> Outcome<usize> {
    for leading in 0..values.len() {
        if want_string(values, leading)?.contains('/') {
            return Ok(leading);
        }
    }
    Err(bad("no argument is a type such as `Microsoft.Storage/storageAccounts`"))
}

/// `type, name, name, …` as the tail of an id.
fn typed_names(values: &[Value]) -> Outcome<String> {
    let kind = want_string(values, 0)?;
    let mut names = Vec::new();
    for index in 1..values.len() {
        // `resourceId(type, 'a/b')` is tolerated: the service splits names too
        names.extend(want_string(values, index)?.split('/'));
    }
    scope::interleave(kind, &names)
}

fn resource_id(env: &Env<'_>, values: &[Value]) -> Outcome {
    let leading = leading(values)?;
    let tail = typed_names(&values[leading..])?;
    let at = |index: usize| want_string(values, index);
    let prefix = match leading {
        2 => format!("/subscriptions/{}/resourceGroups/{}", at(0)?, at(1)?),
        0 | 1 => match (super::scope::around(env)?.scope(), leading) {
            (Scope::Group { subscription, .. }, 1) if !is_guid(at(0)?) => {
                format!("/subscriptions/{subscription}/resourceGroups/{}", at(0)?)
            }
            (Scope::Group { name, .. }, 1) => format!("/subscriptions/{}/resourceGroups/{name}", at(0)?),
            (Scope::Subscription(_), 1) if is_guid(at(0)?) => format!("/subscriptions/{}", at(0)?),
            (Scope::Subscription(subscription), 1) => {
                format!("/subscriptions/{subscription}/resourceGroups/{}", at(0)?)
            }
            (Scope::ManagementGroup(_) | Scope::Tenant, 1) if is_guid(at(0)?) => {
                format!("/subscriptions/{}", at(0)?)
            }
            // above subscriptions an id of no scope belongs to the tenant
            (Scope::ManagementGroup(_) | Scope::Tenant, _) => String::new(),
            (scope, _) => scope.id(),
        },
        _ => return Err(bad("at most a subscription and a group stand before the type")),
    };
    Ok(Value::string(format!("{prefix}/providers/{tail}")))
}

fn is_guid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
}

fn subscription_id(env: &Env<'_>, values: &[Value]) -> Outcome {
    let leading = leading(values)?;
    let tail = typed_names(&values[leading..])?;
    let subscription = match leading {
        0 => {
            let scope = super::scope::around(env)?.scope();
            scope.subscription().ok_or_else(|| bad("there is no subscription in this scope"))?
        }
        1 => want_string(values, 0)?,
        _ => return Err(bad("only a subscription stands before the type")),
    };
    Ok(Value::string(format!("/subscriptions/{subscription}/providers/{tail}")))
}

fn management_group_id(env: &Env<'_>, values: &[Value]) -> Outcome {
    let leading = leading(values)?;
    let tail = typed_names(&values[leading..])?;
    let name = match leading {
        0 => match super::scope::around(env)?.scope() {
            Scope::ManagementGroup(name) => name.as_str(),
            _ => super::scope::around(env)?
                .management_group()
                .ok_or_else(|| bad("there is no management group in this scope"))?,
        },
        1 => want_string(values, 0)?,
        _ => return Err(bad("only a management group stands before the type")),
    };
    Ok(Value::string(format!("/providers/Microsoft.Management/managementGroups/{name}/providers/{tail}")))
}

/// Deprecated by Azure. Without a directory of providers the answer holds one api-version that most accept.
fn providers(_: &Env<'_>, values: &[Value]) -> Outcome {
    let namespace = want_string(values, 0)?;
    let describe = |kind: &str| {
        record([
            ("resourceType", Value::string(kind)),
            ("locations", Value::array(Vec::new())?),
            ("apiVersions", Value::array(vec![Value::string("2021-04-01")])?),
        ])
    };
    match values.get(1) {
        Some(_) => describe(want_string(values, 1)?),
        None => {
            record([("namespace", Value::string(namespace)), ("resourceTypes", Value::array(Vec::new())?)])
        }
    }
}

fn waits(values: &[Value]) -> bool {
    values.iter().any(Value::is_deferred)
}

fn later(name: &str, values: Vec<Value>) -> Outcome {
    Value::deferred(Expression::call(name, values.into_iter().map(Expression::Value).collect()))
}

fn too_early(name: &str, span: &Range<usize>) -> Fault {
    Fault::new("runtime-call", format!("`{name}` has no answer before the deployment runs"))
        .at(span)
        .hint(Some("use it in `properties` of a resource or in an output".into()))
}

fn reference(env: &Env<'_>, name: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let values = env.evaluate_all(arguments)?;
    if env.runtime.is_none() && env.neighbours.is_none() {
        return Err(too_early(name, span));
    }
    if waits(&values) {
        return later(name, values);
    }
    let target = want_string(&values, 0).map_err(|fault| fault.at(span))?;
    let api_version = match values.get(1) {
        None | Some(Value::Null) => None,
        Some(_) => Some(want_string(&values, 1)?).filter(|version| !version.is_empty()),
    };
    let full = match values.get(2) {
        None => false,
        Some(_) => want_string(&values, 2)?.eq_ignore_ascii_case("full"),
    };
    if let Some(runtime) = env.runtime {
        let answer = runtime.reference(target, api_version, full);
        return Value::from_json(&answer.map_err(|message| Fault::new("reference", message).at(span))?);
    }
    let neighbours = env.neighbours.ok_or_else(|| too_early(name, span))?;
    neighbours.reference(env, target, api_version, full).map_err(|fault| fault.at(span))
}

fn references(env: &Env<'_>, name: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let values = env.evaluate_all(arguments)?;
    let neighbours = env.neighbours.ok_or_else(|| too_early(name, span))?;
    let loop_name = want_string(&values, 0).map_err(|fault| fault.at(span))?;
    let full = values.get(1).and_then(Value::as_str).is_some_and(|text| text.eq_ignore_ascii_case("full"));
    neighbours.references(env, loop_name, full).map_err(|fault| fault.at(span))
}

fn resource_info(env: &Env<'_>, name: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let values = env.evaluate_all(arguments)?;
    let neighbours = env.neighbours.ok_or_else(|| too_early(name, span))?;
    neighbours.resource_info(want_string(&values, 0)?).map_err(|fault| fault.at(span))
}

fn list(env: &Env<'_>, name: &str, arguments: &[Expression], span: &Range<usize>) -> Outcome {
    let mut values = env.evaluate_all(arguments)?;
    if env.runtime.is_none() && env.neighbours.is_none() {
        return Err(too_early(name, span));
    }
    if waits(&values) {
        return later(name, values);
    }
    let target = want_string(&values, 0).map_err(|fault| fault.at(span))?;
    let api_version = if values.len() > 1 { want_string(&values, 1)? } else { "" };
    if let Some(runtime) = env.runtime {
        let body = values.get(2).map(Value::to_plain_json);
        let answer = runtime.list(name, target, api_version, body.as_ref());
        return Value::from_json(&answer.map_err(|message| Fault::new("list", message).at(span))?);
    }
    let neighbours = env.neighbours.ok_or_else(|| too_early(name, span))?;
    let (id, version) = neighbours.locate(env, target).map_err(|fault| fault.at(span))?;
    values[0] = Value::string(id);
    if values.len() == 1 {
        values.push(Value::string(version.unwrap_or_default()));
    }
    later(name, values)
}
