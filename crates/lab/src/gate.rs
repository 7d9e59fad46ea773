//! What stands before every provider: subscription, group, api-version, health of the regions involved, location,
//! unique names, quota and capacity. In this order, so that a request is refused for the reason Azure would give.
//!
//! The strict reading of group metadata is here ([`common::GROUP_REGION_DOWN`]): with the group's region down no write
//! below the group passes, wherever the member lives; a GET goes to the member's own region.

use lifeboat_arm::{Method, Region, ResourceId, global_suffix};
use serde_json::Value;

use crate::fault::Effect;
use crate::health::{Health, Plane};
use crate::index::location_of;
use crate::names::{self, Holder};
use crate::refusal::{Refused, common, refuse};
use crate::route::{Request, Route};
use crate::world::Ctx;

/// Why a request does not get through.
pub(crate) enum Stop {
    /// It is answered here.
    Refused(Refused),
    /// It is never answered.
    Silent,
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// Which regions a request needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    /// Where the member lives; none for what is global.
    pub(crate) member: Option<Region>,
    /// Where the group's metadata lives.
    pub(crate) group: Option<Region>,
}

/// Finds the regions of a request.
pub(crate) fn place(request: &Request, ctx: &Ctx<'_>) -> Place {
    let group = ctx
        .world
        .groups
        .get(request.subscription_name(), request.group_name())
        .map(|group| group.location.clone());
    let member = match &request.route {
        Route::Operation { region, .. } => Some(region.clone()),
        Route::Resource(id) => ctx.world.index.region(id).or_else(|| location_of(&request.body)),
        Route::Collection { within, .. } | Route::Action { on: within, .. } => ctx.world.index.region(within),
        Route::Deployment(route) if route.scope.group().is_some() => group.clone(),
        Route::Deployment(route) => {
            // Above groups it says itself where its record is kept.
            let known =
                route.target.name().and_then(|name| ctx.world.homes.get(&route.scope.deployment(name)));
            known.cloned().or_else(|| location_of(&request.body))
        }
        _ => None,
    };
    Place { member, group }
}

/// Lets a request pass, or stops it.
pub(crate) fn pass(request: &Request, place: &Place, ctx: &mut Ctx<'_>) -> Result<(), Stop> {
    if let Some(subscription) = &request.subscription {
        let known = ctx.world.knows(subscription);
        refuse(!known, &common::NO_SUBSCRIPTION, &[subscription])?;
    }
    api_version(request)?;
    if let Some(name) = request.group.as_deref().filter(|_| request.route != Route::Group) {
        let group = ctx.world.groups.get(request.subscription_name(), name);
        refuse(group.is_none(), &common::NO_GROUP, &[name])?;
        let going = group.is_some_and(|group| group.deleting.is_some());
        let creates = request.method == Method::Put;
        refuse(going && creates, &common::GROUP_BEING_DELETED, &[name])?;
    }
    health(request, place, ctx)?;
    if let (Route::Resource(id), Method::Put) = (&request.route, request.method) {
        create(id, request, ctx)?;
    }
    Ok(())
}

fn api_version(request: &Request) -> Result<(), Refused> {
    let text = request.query("api-version");
    refuse(text.is_empty(), &common::NO_API_VERSION, &[])?;
    refuse(!text.is_empty() && !is_version(text), &common::BAD_API_VERSION, &[text])
}

/// Any well-formed version passes: a closed list would only age.
fn is_version(text: &str) -> bool {
    let mut parts = text.splitn(4, '-');
    let mut number = |length: usize| {
        parts
            .next()
            .is_some_and(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    // Batch's data plane counts on after the date: 2024-02-01.19.0
    let date = number(4) && number(2);
    let day = parts.next().unwrap_or_default().split('.').next().unwrap_or_default();
    date && day.len() == 2
        && day.bytes().all(|byte| byte.is_ascii_digit())
        && parts
            .next()
            .is_none_or(|suffix| !suffix.is_empty() && suffix.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn health(request: &Request, place: &Place, ctx: &Ctx<'_>) -> Result<(), Stop> {
    if let Some(region) = &place.group
        && !request.only_reads()
    {
        match ctx.world.regions.health(region, Plane::Control) {
            Health::Up => {}
            Health::Silent => return Err(Stop::Silent),
            Health::Down => {
                let name = request.group_name();
                refuse(true, &common::GROUP_REGION_DOWN, &[name, region.as_str()])?;
            }
        }
    }
    if let Some(region) = &place.member {
        match ctx.world.regions.health(region, Plane::Control) {
            Health::Up => {}
            Health::Silent => return Err(Stop::Silent),
            Health::Down => refuse(true, &common::REGION_DOWN, &[region.as_str()])?,
        }
    }
    Ok(())
}

/// What a PUT has to satisfy when the resource is new, and that it does not move when it is not.
fn create(id: &ResourceId, request: &Request, ctx: &mut Ctx<'_>) -> Result<(), Refused> {
    let is_child = id.kind().is_some_and(|kind| kind.segments().count() > 1);
    if let Some(parent) = id.parent().filter(|_| is_child && ctx.world.index.get(id).is_none()) {
        let parent_known = ctx.world.index.is_there(&parent);
        refuse(!parent_known, &common::NO_PARENT, &[parent.as_str()])?;
    }
    preflight(request, ctx)
}

/// The part of it that can be known before anything else is there: places, names, limits.
pub(crate) fn preflight(request: &Request, ctx: &mut Ctx<'_>) -> Result<(), Refused> {
    let Route::Resource(id) = &request.route else { return Ok(()) };
    let Some(kind) = id.kind() else { return Ok(()) };
    let wanted = location_of(&request.body);
    if let Some(entry) = ctx.world.index.get(id) {
        let (there, here) = (entry.location.as_ref(), wanted.as_ref());
        let moves = matches!((there, here), (Some(there), Some(here)) if there != here);
        let text = |region: Option<&Region>| region.map_or("global", Region::as_str).to_owned();
        return refuse(
            moves,
            &common::RESOURCE_ELSEWHERE,
            &[id.as_str(), &text(there), request.group_name(), &text(here)],
        );
    }
    if let Some(suffix) = global_suffix(&kind) {
        let host = names::host(id.name(), suffix);
        let taken = ctx.world.names.holder(&host).is_some();
        refuse(taken, &common::NAME_TAKEN, &[id.name(), kind.as_str()])?;
        let text = request.body.get("location").and_then(Value::as_str);
        refuse(text.is_none(), &common::LOCATION_REQUIRED, &[])?;
    }
    if let Some(region) = &wanted {
        let used = ctx
            .world
            .index
            .within(&scope(request))
            .filter(|entry| {
                entry.location.as_ref() == Some(region) && entry.id.kind().as_ref() == Some(&kind)
            })
            .count();
        let limit = ctx.world.quotas.iter().find(|quota| &quota.region == region && kind.is(&quota.kind));
        if let Some(limit) = limit {
            let (full, text) = (used >= limit.limit as usize, limit.limit.to_string());
            refuse(full, &common::QUOTA, &[&text, kind.as_str(), region.as_str()])?;
        }
        let full = ctx
            .standing(region, kind.namespace(), id.as_str(), |effect| *effect == Effect::NoCapacity)
            .is_some();
        refuse(full, &common::NO_CAPACITY, &[kind.as_str(), region.as_str()])?;
    }
    Ok(())
}

/// Takes the name of a resource that was created, so that nobody else can.
pub(crate) fn claim(id: &ResourceId, ctx: &mut Ctx<'_>) {
    if let Some(suffix) = id.kind().as_ref().and_then(global_suffix) {
        let host = names::host(id.name(), suffix);
        if ctx.world.names.holder(&host).is_none() {
            ctx.world.names.take(host, Holder::Resource(id.clone()));
        }
    }
}

fn scope(request: &Request) -> ResourceId {
    ResourceId::parse(&format!("/subscriptions/{}", request.subscription_name()))
        .unwrap_or_else(|_| ResourceId::group(request.subscription_name(), request.group_name()))
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn any_well_formed_api_version_passes() {
        for good in ["2024-01-01", "2026-07-01-preview", "2024-02-01.19.0"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["latest", "2024-1-1", "2024-01-01-", "2024-01"] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
