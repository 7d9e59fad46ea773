//! An alias makes a subscription (`Microsoft.Subscription/aliases`), so that what is deployed into it finds it there.
//!
//! Known gaps: billing, management groups, renaming, cancelling. Reference: REST api-version 2021-10-01, `Alias_Create`.

use lifeboat_arm::ResourceId;
use serde_json::{Value, json};

use crate::settings::Subscription;
use crate::world::Ctx;

const KIND: &str = "Microsoft.Subscription/aliases";

/// The body of an alias with the subscription that it stands for, which is there from now on. Other bodies stay.
pub(super) fn with_subscription(id: &ResourceId, mut body: Value, ctx: &mut Ctx<'_>) -> Value {
    if !id.kind().is_some_and(|kind| kind.is(KIND)) {
        return body;
    }
    let properties = &mut body["properties"];
    if !properties.is_object() {
        *properties = json!({});
    }
    let given = properties["subscriptionId"].as_str().map(str::to_owned);
    let drawn = || ctx.world.dice.guid("subscription", id.folded()).to_string();
    let subscription = given.unwrap_or_else(drawn);
    properties["subscriptionId"] = json!(subscription);
    let known = ctx.world.subscriptions.iter().any(|one| one.id.eq_ignore_ascii_case(&subscription));
    if !known {
        let name = properties["displayName"].as_str().unwrap_or_else(|| id.name()).to_owned();
        let tenant = ctx.world.subscriptions.first().map(|first| first.tenant.clone()).unwrap_or_default();
        ctx.world.subscriptions.push(Subscription { id: subscription, tenant, name });
    }
    body
}
