//! Checks of the pair itself.

use super::super::namespace::{
    Namespace, alias_name, alias_property, name_of, names_partner, partner, pending, same_subscription,
};
use super::super::pair::describe;
use super::super::settings::choice;
use super::super::{durations, fresh};
use crate::finding::Evidence;
use crate::inventory::Look;
use crate::rule::{Checked, Subject};
use crate::topology::{Side, Standby};
use lifeboat_plan::{counted, duration};
use serde_json::Value;

const SIDES: [Side; 2] = [Side::Primary, Side::Secondary];

fn namespace<'a>(subject: &Subject<'a>, side: Side) -> Namespace<'a> {
    Namespace::on(side, subject.component, subject.workload, subject.seen)
}

/// Both namespaces, if there are two.
fn pair<'a>(subject: &Subject<'a>) -> Option<(Namespace<'a>, Namespace<'a>)> {
    subject.component.secondary.as_ref()?;
    Some((namespace(subject, Side::Primary), namespace(subject, Side::Secondary)))
}

pub(super) fn sku(subject: &Subject<'_>) -> Vec<Checked> {
    let sides = if subject.component.secondary.is_some() { &SIDES[..] } else { &SIDES[..1] };
    sides
        .iter()
        .map(|&side| {
            let namespace = namespace(subject, side);
            let sku = namespace.answer().map(|body| body.pointer("/sku/name").and_then(Value::as_str));
            match sku {
                Err(why) => Checked::unknown(namespace.id, why),
                Ok(None) => Checked::unknown(namespace.id, "its SKU was not observed"),
                Ok(Some(sku)) => {
                    let says = format!("{} has the SKU {sku}", namespace.id.name());
                    let evidence = subject.seen.evidence(namespace.id.as_str(), says);
                    Checked::that(sku.eq_ignore_ascii_case("Premium"), namespace.id, evidence)
                }
            }
        })
        .collect()
}

pub(super) fn regions(subject: &Subject<'_>) -> Vec<Checked> {
    let Some((a, b)) = pair(subject) else { return Vec::new() };
    if let Err(why) = a.answer().and(b.answer()) {
        return vec![Checked::unknown(b.id, why)];
    }
    match (a.region(), b.region()) {
        (Some(first), Some(second)) => {
            let says = format!("{} is in {first}, {} in {second}", a.id.name(), b.id.name());
            vec![Checked::that(first != second, b.id, subject.seen.evidence(b.id.as_str(), says))]
        }
        _ => vec![Checked::unknown(b.id, "the region of one of them is not known")],
    }
}

pub(super) fn partitions(subject: &Subject<'_>) -> Vec<Checked> {
    let Some((a, b)) = pair(subject) else { return Vec::new() };
    if let Err(why) = a.answer().and(b.answer()) {
        return vec![Checked::unknown(b.id, why)];
    }
    let partitions = counted(a.partitions(), "partition");
    let says = format!("{} has {partitions}, {} has {}", a.id.name(), b.id.name(), b.partitions());
    // One partition and none are the same thing.
    vec![Checked::that(a.partitions() == b.partitions(), b.id, subject.seen.evidence(b.id.as_str(), says))]
}

pub(super) fn endpoint_parity(subject: &Subject<'_>) -> Vec<Checked> {
    let Some((a, b)) = pair(subject) else { return Vec::new() };
    let count = |namespace: &Namespace<'_>| match subject
        .seen
        .list(namespace.id, "privateEndpointConnections")
    {
        Ok(members) => Ok(members.len()),
        Err(_) if namespace.look() == Look::IsAbsent => Ok(0),
        Err(why) => Err(format!("whether {} has private endpoints is unknown: {why}", namespace.id.name())),
    };
    // Endpoints are resources beside the namespace: preparing deploys them before it pairs.
    let will_have =
        |namespace: &Namespace<'_>| count(namespace).map(|seen| seen.max(namespace.declared_endpoints()));
    match (count(&a), will_have(&b)) {
        (Ok(first), Ok(second)) => {
            let says = format!("{first} private endpoints on {}, {second} on {}", a.id.name(), b.id.name());
            let path = format!("{}/privateEndpointConnections", b.id);
            vec![Checked::that((first > 0) == (second > 0), b.id, subject.seen.evidence(&path, says))]
        }
        (Err(why), _) => vec![Checked::unknown(a.id, why)],
        (_, Err(why)) => vec![Checked::unknown(b.id, why)],
    }
}

fn partner_of(subject: &Subject<'_>, side: Side) -> Vec<Checked> {
    let namespace = namespace(subject, side);
    let other = subject.component.on(side.other());
    match namespace.aliases() {
        Err(_) if namespace.look() == Look::IsAbsent => {
            vec![Checked::pass(namespace.id, Evidence::says("it does not exist yet"))]
        }
        Err(why) => vec![Checked::unknown(namespace.id, format!("its aliases: {why}"))],
        Ok(aliases) => {
            let foreign =
                aliases.iter().find(|alias| partner(alias).is_some() && !names_partner(alias, other));
            let path = format!("{}/disasterRecoveryConfigs", namespace.id);
            match foreign {
                Some(alias) => {
                    let partner = partner(alias).unwrap_or_default();
                    let says = format!(
                        "{} is paired with {partner}, the workload's partner is {other}",
                        namespace.id.name()
                    );
                    vec![Checked::fail(namespace.id, subject.seen.evidence(&path, says))]
                }
                None => vec![Checked::pass(namespace.id, subject.seen.evidence(&path, "no foreign partner"))],
            }
        }
    }
}

pub(super) fn foreign_partner(subject: &Subject<'_>) -> Vec<Checked> {
    if subject.component.secondary.is_none() {
        return Vec::new();
    }
    SIDES.iter().flat_map(|&side| partner_of(subject, side)).collect()
}

/// Only where a pair is still to be made, and only of what was really observed: what a template declares for the
/// secondary is left out of the deployment. The side that becomes the secondary is the one that does not hold the
/// alias.
pub(super) fn empty(subject: &Subject<'_>) -> Vec<Checked> {
    let Some((a, b)) = pair(subject) else { return Vec::new() };
    let has = |namespace: &Namespace<'_>, test: &dyn Fn(&Value) -> bool| {
        namespace.aliases().is_ok_and(|aliases| aliases.iter().any(test))
    };
    let led_by_b = has(&b, &|alias| partner(alias).is_none());
    // A region that returned may still name a partner that has left it.
    let paired = !led_by_b && (has(&a, &|alias| partner(alias).is_some()) || has(&b, &|_| true));
    let (joins, side) = if led_by_b { (a.id, Side::Primary) } else { (b.id, Side::Secondary) };
    let next = fresh::standing(subject.component, subject.workload, subject.seen, Standby::ToCome);
    if let Some(next) = next.filter(|next| next.on(side) != joins) {
        let says = format!("it stays as it is: {} is to stand by", next.on(side).name());
        return vec![Checked::pass(joins, Evidence::says(says))];
    }
    if paired || !subject.seen.was_observed(joins.as_str()) {
        return vec![Checked::pass(joins, Evidence::says("it is paired already, or does not exist yet"))];
    }
    [("queues", "queue"), ("topics", "topic")]
        .into_iter()
        .map(|(segment, one)| match subject.seen.list(joins, segment) {
            Err(why) => Checked::unknown(joins, format!("its {segment}: {why}")),
            Ok(members) => {
                let says = format!("{} holds {}", joins.name(), counted(members.len(), one));
                let path = format!("{joins}/{segment}");
                Checked::that(members.is_empty(), joins, subject.seen.evidence(&path, says))
            }
        })
        .collect()
}

/// The side that holds an alias, by what its own records say; the one that serves where none does, or both.
fn leading(subject: &Subject<'_>) -> Side {
    let holds = |side: &Side| {
        let roles = ["Primary", "PrimaryNotReplicating"].map(Some);
        let aliases = namespace(subject, *side).aliases();
        aliases.is_ok_and(|all| all.iter().any(|alias| roles.contains(&alias_property(alias, "role"))))
    };
    match SIDES.into_iter().filter(holds).collect::<Vec<_>>()[..] {
        [side] => side,
        _ => subject.active,
    }
}

pub(super) fn alias_name_is_good(subject: &Subject<'_>) -> Vec<Checked> {
    if subject.component.secondary.is_none() {
        return Vec::new();
    }
    let active = leading(subject);
    let (pairs, joins) = (namespace(subject, active).id, namespace(subject, active.other()).id);
    let alias = alias_name(subject.component, subject.workload, subject.seen);
    let is_there = SIDES.into_iter().any(|side| {
        let aliases = namespace(subject, side).aliases().unwrap_or_default();
        aliases.iter().filter_map(name_of).any(|name| name.eq_ignore_ascii_case(&alias))
    });
    if is_there {
        // Whatever it is called, Azure has accepted it; after a move it may well be called like the side that was left.
        return vec![Checked::pass(pairs, Evidence::says(format!("the alias is `{alias}`, and it exists")))];
    }
    let choice = choice(&subject.component.name, subject.workload);
    let alternate = choice.and_then(|choice| choice.alternate_name.as_deref());
    let word = |side| if side == Side::Primary { "primary" } else { "secondary" };
    let problem = if alias.eq_ignore_ascii_case(joins.name()) {
        Some(format!("the alias `{alias}` is the name of the {} namespace", word(active.other())))
    } else if alternate.is_some() && !alias.eq_ignore_ascii_case(subject.component.declared(active).name()) {
        Some(format!(
            "an alternate name is given, but the alias `{alias}` is not the {} namespace's name",
            word(active)
        ))
    } else if alias.len() > 50
        || alias.is_empty()
        || !alias.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    {
        Some(format!("`{alias}` is not 1 to 50 letters, digits and hyphens"))
    } else {
        None
    };
    vec![match problem {
        Some(says) => Checked::fail(pairs, Evidence::says(says)),
        None => Checked::pass(pairs, Evidence::says(format!("the alias is `{alias}`"))),
    }]
}

/// One record that has lost its partner is enough to know that the pair is broken: a region that returned may believe
/// for a while that it still leads. A side that cannot be read says nothing against the other side's word.
pub(super) fn stands(subject: &Subject<'_>) -> Vec<Checked> {
    let Some((a, b)) = pair(subject) else { return Vec::new() };
    let mut unknown = None;
    let mut leading = None;
    let mut counted = false;
    for (namespace, other) in [(&a, &b), (&b, &a)] {
        let aliases = match namespace.aliases() {
            Err(why) => {
                unknown = Some(format!("aliases of {}: {why}", namespace.id.name()));
                continue;
            }
            Ok(aliases) => aliases,
        };
        let path = format!("{}/disasterRecoveryConfigs", namespace.id);
        for alias in aliases.iter().filter(|alias| alias_property(alias, "role").is_some()) {
            let pending = pending(namespace.id, alias, subject.seen);
            counted |= pending.is_some();
            let good = names_partner(alias, other.id)
                && alias_property(alias, "provisioningState") == Some("Succeeded")
                && pending.is_none_or(|pending| pending == 0);
            let evidence = subject.seen.evidence(&path, describe(alias, pending));
            if !good {
                return vec![Checked::fail(namespace.id, evidence)];
            }
            if alias_property(alias, "role") == Some("Primary") {
                leading.get_or_insert(Checked::pass(namespace.id, evidence));
            }
        }
    }
    match (leading, unknown) {
        (Some(_), _) if !counted => {
            vec![Checked::unknown(a.id, "neither record shows how much is yet to be replicated")]
        }
        (Some(pass), _) => vec![pass],
        (None, Some(why)) => vec![Checked::unknown(a.id, why)],
        (None, None) => {
            vec![Checked::fail(a.id, Evidence::says("neither namespace is the primary of a pair"))]
        }
    }
}

pub(super) fn one_subscription(subject: &Subject<'_>) -> Vec<Checked> {
    let Some((a, b)) = pair(subject) else { return Vec::new() };
    let says = format!("{} and {}", a.id.subscription().unwrap_or("?"), b.id.subscription().unwrap_or("?"));
    let same = same_subscription(a.id, b.id);
    vec![Checked::that(same, b.id, Evidence::says(says))]
}

pub(super) fn replication_time(subject: &Subject<'_>) -> Vec<Checked> {
    let Some((a, _)) = pair(subject) else { return Vec::new() };
    if let Err(why) = a.current_entities() {
        return vec![Checked::unknown(a.id, why)];
    }
    let forecast = durations::pairing(a.entity_count());
    let says = format!(
        "{}, about {} to replicate, at worst {}",
        counted(a.entity_count(), "entity"),
        duration(forecast.typical),
        duration(forecast.p95)
    );
    vec![Checked::that(forecast.p95 <= subject.workload.objectives.rto, a.id, Evidence::says(says))]
}
