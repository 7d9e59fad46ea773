//! Ids that are written out: of images, of other resources, of subscriptions, of groups.

use std::ops::Range;

use super::{TieKind, Ties, shown};
use crate::template::walk::literal::Literal;
use crate::template::walk::{Place, Role};

/// A literal with an id in it.
pub(super) fn look(place: &Place<'_, '_>, literal: &Literal, ties: &mut Ties<'_>) -> bool {
    let text = literal.text.as_str();
    let Some((kind, range)) = written_out(place, literal) else { return false };
    let given = match place.role {
        Role::Default(name) => format!("give `{name}` in each region's parameter file"),
        _ => String::new(),
    };
    let change = match kind {
        _ if !given.is_empty() => given.as_str(),
        TieKind::ImageId => "make it a parameter; the image must be replicated to the other region",
        TieKind::ResourceId => "use `resourceId(…)` with parameters, or make the id a parameter",
        TieKind::SubscriptionId => "use `subscription().subscriptionId`, or a parameter",
        _ if place.is_in_a_group() => "make it a parameter, or use `resourceGroup().name`",
        _ => "make it a parameter, with another value in each region's parameter file",
    };
    let found = shown(&text[range.clone()]);
    let plain = literal.range.len() == text.len();
    let start = literal.range.start;
    let at = if plain { start + range.start..start + range.end } else { literal.range.clone() };
    ties.push(kind, at, place.pointer(), found, change.to_owned());
    true
}

/// What kind of id a literal holds, and where in it.
pub(in crate::template) fn written_out(
    place: &Place<'_, '_>,
    literal: &Literal,
) -> Option<(TieKind, Range<usize>)> {
    let whole = 0..literal.text.len();
    id(&literal.text)
        .or_else(|| subscription(place, literal).then(|| (TieKind::SubscriptionId, whole.clone())))
        .or_else(|| group(place, literal).then_some((TieKind::GroupLiteral, whole)))
}

const SUBSCRIPTIONS: &str = "/subscriptions/";

/// `/subscriptions/…` with something written out behind it.
fn id(text: &str) -> Option<(TieKind, Range<usize>)> {
    let lower = text.to_ascii_lowercase();
    let start = lower.find(SUBSCRIPTIONS)?;
    let rest = &lower[start..];
    let length = rest.find(|c: char| c.is_whitespace() || "\"'<>|?#,;)".contains(c)).unwrap_or(rest.len());
    let id = rest[..length].trim_end_matches('/');
    let subscription = id[SUBSCRIPTIONS.len().min(id.len())..].split('/').next().unwrap_or_default();
    let grouped = id.contains("/resourcegroups/");
    // A subscription of zeros stands for any; an id with a group in it is one certain resource all the same.
    if !is_guid(subscription) || is_placeholder(subscription) && !grouped {
        return None;
    }
    let kind = if !grouped {
        TieKind::SubscriptionId
    } else if id.contains("/microsoft.compute/images/") || id.contains("/microsoft.compute/galleries/") {
        TieKind::ImageId
    } else {
        TieKind::ResourceId
    };
    Some((kind, start..start + id.len()))
}

/// Where in an id its subscription stands: of what exists in every subscription, such as a role, only that is a matter of the
/// deployment.
pub(in crate::template) fn subscription_in(id: &str) -> Option<Range<usize>> {
    let start = id.to_ascii_lowercase().find(SUBSCRIPTIONS)? + SUBSCRIPTIONS.len();
    let end = id[start..].find('/').map_or(id.len(), |at| start + at);
    is_guid(&id[start..end]).then_some(start..end)
}

/// A GUID where a subscription's id belongs.
fn subscription(place: &Place<'_, '_>, literal: &Literal) -> bool {
    if !is_guid(&literal.text) || is_placeholder(&literal.text) {
        return false;
    }
    let named = |name: &str| name.to_ascii_lowercase().ends_with("subscriptionid");
    let by_role = match place.role {
        Role::Default(name) | Role::Variable(name) => named(name),
        _ => false,
    };
    // Of a role definition or a policy the id is a GUID, too, and never the first argument.
    let first = literal.within.as_ref().is_some_and(|within| within.argument == 0);
    by_role || named(&place.key()) || first && literal.in_call(&["resourceid", "subscriptionresourceid"])
}

/// The group that a nested deployment goes into.
fn group(place: &Place<'_, '_>, literal: &Literal) -> bool {
    let whole = literal.within.is_none() && !literal.text.is_empty();
    whole && place.role == Role::Resource && place.key() == "resourcegroup"
}

pub(super) fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// All zeros, or one digit everywhere: nobody's subscription.
fn is_placeholder(guid: &str) -> bool {
    let mut digits = guid.bytes().filter(|byte| *byte != b'-');
    let first = digits.next();
    digits.all(|digit| Some(digit) == first)
}
