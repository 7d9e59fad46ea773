//! What ARM answers by itself, from its own index: subscriptions, locations, resource lists, providers.
//!
//! Lists of a subscription leave out what lies in groups whose region is down: ARM's cache of a group lives with its
//! metadata, so the list is short and says nothing about it. That is why discovery must not trust a list in an outage.

use std::collections::BTreeMap;

use lifeboat_arm::{Answer, Region, ResourceId, ResourceType};
use serde_json::{Value, json};

use crate::health::Plane;
use crate::refusal::{Handled, Refused, common, refuse};
use crate::route::Request;
use crate::settings::Subscription;
use crate::world::Ctx;

pub(crate) fn subscriptions(ctx: &Ctx<'_>) -> Answer {
    let all: Vec<Value> = ctx.world.subscriptions.iter().map(to_wire).collect();
    Answer::new(200, json!({ "value": all }))
}

pub(crate) fn tenants(ctx: &Ctx<'_>) -> Answer {
    let mut tenants: Vec<&str> = ctx.world.subscriptions.iter().map(|known| known.tenant.as_str()).collect();
    tenants.dedup();
    let value: Vec<Value> = tenants
        .iter()
        .map(|tenant| json!({ "id": format!("/tenants/{tenant}"), "tenantId": tenant }))
        .collect();
    Answer::new(200, json!({ "value": value }))
}

pub(crate) fn get(request: &Request, ctx: &Ctx<'_>) -> Handled {
    let name = request.subscription_name();
    let found = ctx.world.subscriptions.iter().find(|known| known.id.eq_ignore_ascii_case(name));
    found.map(|known| Answer::new(200, to_wire(known))).ok_or_else(|| common::NO_SUBSCRIPTION.with(&[name]))
}

fn to_wire(subscription: &Subscription) -> Value {
    json!({
        "id": format!("/subscriptions/{}", subscription.id),
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": { "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off" },
        "managedByTenants": [],
    })
}

pub(crate) fn locations(request: &Request) -> Answer {
    let subscription = request.subscription_name();
    let id = |region: &Region| format!("/subscriptions/{subscription}/locations/{region}");
    let value: Vec<Value> = Region::all()
        .map(|region| {
            let pair: Vec<Value> = region
                .pair()
                .iter()
                .map(|pair| json!({ "name": pair.as_str(), "id": id(pair) }))
                .collect();
            json!({
                "id": id(&region),
                "name": region.as_str(),
                "type": "Region",
                "displayName": region.display_name(),
                "regionalDisplayName": format!("({}) {}", region.geography().unwrap_or_default(), region.display_name()),
                "metadata": {
                    "regionType": "Physical",
                    "regionCategory": "Recommended",
                    "geography": region.geography(),
                    "pairedRegion": pair,
                },
            })
        })
        .collect();
    Answer::new(200, json!({ "value": value }))
}

/// `GET …/resources`, of a group or of the subscription, with `$filter` on `resourceGroup`, `resourceType`, `location`
/// and `name`, each compared with `eq`.
pub(crate) fn resources(request: &Request, ctx: &Ctx<'_>) -> Handled {
    let subscription = request.subscription_name();
    let scope = match &request.group {
        Some(group) => {
            let region = ctx.world.groups.get(subscription, group).map(|group| &group.location);
            if let Some(region) = region {
                let down = !ctx.world.regions.is_up(region, Plane::Control);
                refuse(down, &common::REGION_DOWN, &[region.as_str()])?;
            }
            ResourceId::group(subscription, group)
        }
        None => ResourceId::parse(&format!("/subscriptions/{subscription}"))
            .map_err(|bad| Refused::new(400, "InvalidResourceId", bad.to_string()))?,
    };
    let filters = filters(request.query("$filter"));
    let top: usize = request.query("$top").parse().unwrap_or(usize::MAX);
    let mut value = Vec::new();
    for entry in ctx.world.index.within(&scope) {
        let answers = entry.id.group_name().is_none_or(|group| {
            ctx.world
                .groups
                .get(subscription, group)
                .is_none_or(|group| ctx.world.regions.is_up(&group.location, Plane::Control))
        });
        // Lists hold top-level resources: children and extensions are asked for at their parents.
        let top_level = entry.id.kind().is_some_and(|kind| kind.segments().count() == 1)
            && entry.id.as_str().to_ascii_lowercase().matches("/providers/").count() == 1;
        let wanted = filters.iter().all(|(name, text)| match name.as_str() {
            "resourcegroup" => entry.id.group_name().is_some_and(|group| group.eq_ignore_ascii_case(text)),
            "resourcetype" => entry.id.kind().is_some_and(|kind| kind.is(text)),
            "name" => entry.id.name().eq_ignore_ascii_case(text),
            "location" => entry.location.as_ref() == Some(&Region::lenient(text)),
            _ => true,
        });
        if answers && top_level && wanted && value.len() < top {
            value.push(entry.to_wire(request.query("$expand")));
        }
    }
    Ok(Answer::new(200, json!({ "value": value })))
}

/// `a eq 'x' and b eq 'y'`: names folded, values as they are.
fn filters(text: &str) -> Vec<(String, String)> {
    text.split(" and ")
        .filter_map(|part| part.split_once(" eq "))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().trim_matches('\'').to_owned()))
        .collect()
}

/// Providers are registered from the first. Their types are those with a global name and those that exist here: the lab
/// takes any type, so no list of it could be whole.
pub(crate) fn providers(request: &Request, namespace: Option<&str>, ctx: &Ctx<'_>) -> Answer {
    let subscription = format!("/subscriptions/{}", request.subscription_name());
    let mut types: Types = BTreeMap::new();
    let mut add = |kind: &ResourceType| {
        let path = kind.segments().collect::<Vec<_>>().join("/");
        types
            .entry(kind.namespace().to_ascii_lowercase())
            .or_default()
            .insert(path.to_ascii_lowercase(), path);
    };
    lifeboat_arm::globally_named().for_each(|kind| add(&kind));
    if let Ok(scope) = ResourceId::parse(&subscription) {
        ctx.world.index.within(&scope).filter_map(|entry| entry.id.kind()).for_each(|kind| add(&kind));
    }
    let none = BTreeMap::new();
    let Some(name) = namespace else {
        let all: Vec<Value> =
            types.iter().map(|(name, types)| provider(&subscription, name, types)).collect();
        return Answer::new(200, json!({ "value": all }));
    };
    let found = types.get(&name.to_ascii_lowercase()).unwrap_or(&none);
    Answer::new(200, provider(&subscription, name, found))
}

/// Types by their folded path, below their provider's folded namespace.
type Types = BTreeMap<String, BTreeMap<String, String>>;

fn provider(subscription: &str, name: &str, types: &BTreeMap<String, String>) -> Value {
    let regions: Vec<String> = Region::all().map(|region| region.display_name().to_owned()).collect();
    let types: Vec<Value> = types
        .values()
        .map(|path| json!({ "resourceType": path, "locations": regions, "apiVersions": ["2024-01-01"] }))
        .collect();
    json!({
        "id": format!("{subscription}/providers/{name}"),
        "namespace": name,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": types,
    })
}
