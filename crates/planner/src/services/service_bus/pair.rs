//! Pairing: the alias, its partner, and waiting until replication is finished (P1b, S22, S24).

use lifeboat_arm::{Method, ResourceId};
use lifeboat_plan::{
    Action, CallDraft, Citation, Condition, Draft, FactUsed, Is, ReadId, Step, StepId, Way, counted,
};
use serde_json::json;

use super::durations;
use super::namespace::{
    API, Namespace, alias_name, alias_property, alternate_name, names_partner, partner, pending,
};
use super::settings::wants_fresh;
use super::{empty, fresh, network, not_replicated, reads};
use crate::inventory::{Fact, Inventory, Source};
use crate::planning::DEPLOYED;
use crate::service::{Lead, Part, Planning, Refusal};
use crate::topology::{Component, Side};

/// Steps that put the component's two namespaces behind one alias, from whatever state they are in.
pub(super) fn prepare(component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal> {
    refuse_what_cannot_pair(component, planning)?;
    let mut part = Part::default();
    let alias = alias_name(component, planning.workload, planning.seen);
    let paired_already = paired(component, planning);

    let mut before_pairing = vec![StepId::from(DEPLOYED)];
    let mut steps = Vec::new();
    if !paired_already {
        steps.extend(empty::empty(component, planning, &alias, &mut part));
        steps.extend(network::copy(component, planning, &mut part));
    }
    // Roles are not the namespace's own: the secondary of a pair takes them too.
    steps.extend(not_replicated::copy_roles(component, planning, &mut part));
    if let Some(create) = fresh::create(component, planning, &mut part).filter(|_| !paired_already) {
        for step in &mut steps {
            step.after.insert(create.id.clone());
        }
        steps.insert(0, create);
    }
    before_pairing.extend(steps.iter().map(|step| step.id.clone()));
    part.steps.extend(steps);
    let pair = pair(component, planning, &alias, before_pairing, &mut part);
    let replicated = wait_until_replicated(component, planning, &alias, &pair.id, &mut part);
    part.steps.extend([pair, replicated]);
    part.facts.push(FactUsed {
        key: format!("{}/alias", component.name),
        value: json!(alias),
        observed_at: None,
        source: "the alias that exists, the template, the workload file or the component's name".to_owned(),
    });
    part.notes.push(format!(
        "`{}`: Geo-Replication of Service Bus Premium carries messages too; where losing sight of messages is not \
         acceptable, it serves better than the alias",
        component.name
    ));
    let former = component.former().iter();
    part.notes
        .extend(former.map(|id| format!("`{}`: {}", component.name, fresh::describe(id, planning.seen))));
    Ok(part)
}

/// Early refusal, before any write: the rules that make pairing impossible. Leftovers of our own are emptied, not
/// refused.
fn refuse_what_cannot_pair(component: &Component, planning: &Planning<'_>) -> Result<(), Refusal> {
    let emptied = planning.returning && !wants_fresh(&component.name, planning.workload);
    let forbids = |id: &str| super::rules::FORBIDS_PAIRING.contains(&id) && !(emptied && id == "SB-EMPTY");
    super::rules::refuse(component, planning, forbids)
}

/// Whether the two namespaces are partners already: then nothing is set up, only adopted.
pub(super) fn paired(component: &Component, planning: &Planning<'_>) -> bool {
    let namespace = Namespace::planned(planning.active, component, planning);
    let other = component.on(planning.standby());
    planning.observed(component.on(planning.active))
        && namespace.aliases().is_ok_and(|aliases| aliases.iter().any(|alias| names_partner(alias, other)))
}

fn pair(
    component: &Component,
    planning: &Planning<'_>,
    alias: &str,
    after: Vec<StepId>,
    part: &mut Part,
) -> Step {
    let (active, standby) = (planning.active, planning.standby());
    let namespace = Namespace::planned(active, component, planning);
    let partner_id = component.on(standby);
    let read = reads::alias(part, component, active, alias, planning);
    let mut properties = json!({ "partnerNamespace": partner_id.as_str() });
    if let Some(name) = alternate_name(component, active, planning.workload, planning.seen, alias) {
        properties["alternateName"] = json!(name);
    }
    let path = format!("{}?api-version={API}", component.on(active).child("disasterRecoveryConfigs", alias));
    let call = CallDraft::arm(Method::Put, path, Some(json!({ "properties": properties }).into()));
    let is_partner = reads::is_partner(&read, partner_id);
    let state = |state: &str| Condition::equal(&read, "/properties/provisioningState", state);
    let graceful = Way {
        // Azure answers 200 and has no operation URL: only the alias itself tells that pairing is under way.
        started_when: Some(Condition::All(vec![is_partner.clone(), state("Accepted")])),
        ..Way::new(
            Action::Send(call),
            Condition::All(vec![
                no_foreign_partner(&read, partner_id),
                reads::not_failed(&read, is_partner.clone(), pairing_failed(alias, partner_id)),
                is_partner,
                state("Succeeded"),
            ]),
            durations::pairing(namespace.entity_count()),
        )
    };
    Step {
        id: StepId::new(&component.name, "pair"),
        component: component.name.clone(),
        title: format!("pair with {} under the alias `{alias}`", partner_id.name()),
        after: after.into_iter().collect(),
        graceful,
        ungraceful: None,
        because: Citation::new(
            &["P1a", "P1b", "S22", "S25"],
            "Service Bus setup and failover flow: pair, create the alias",
        ),
    }
}

/// A partner that is not ours is shown and refused; nobody's pairing is broken by us.
fn no_foreign_partner(read: &ReadId, ours: &ResourceId) -> Condition {
    let partner = |is| Condition::test(read, "/properties/partnerNamespace", is);
    Condition::Never {
        seen: Box::new(Condition::All(vec![
            partner(Is::Present),
            Condition::Not(Box::new(partner(Is::Equal(Draft::from(""))))),
            Condition::Not(Box::new(reads::is_partner(read, ours))),
        ])),
        why: format!(
            "the alias is paired with another namespace than {ours}; break that pairing or name it in the templates"
        ),
    }
}

fn pairing_failed(alias: &str, partner: &ResourceId) -> String {
    format!(
        "pairing under the alias `{alias}` with {} has failed in Azure; break that pairing or remove the alias, then \
         prepare again",
        partner.name()
    )
}

/// The pair is ready when nothing is pending and the other side shows every queue and topic (D07).
fn wait_until_replicated(
    component: &Component,
    planning: &Planning<'_>,
    alias: &str,
    pair: &StepId,
    part: &mut Part,
) -> Step {
    let (active, standby) = (planning.active, planning.standby());
    let namespace = Namespace::planned(active, component, planning);
    let read = reads::alias(part, component, active, alias, planning);
    let partner = component.on(standby);
    let mut seen = vec![
        reads::not_failed(&read, reads::is_partner(&read, partner), pairing_failed(alias, partner)),
        Condition::equal(&read, "/properties/role", "Primary"),
        Condition::equal(&read, "/properties/provisioningState", "Succeeded"),
        reads::nothing_pending(&read),
    ];
    for segment in ["queues", "topics"] {
        let names: Vec<&str> = namespace
            .entities()
            .iter()
            .filter(|entity| entity.segment == segment)
            .map(|entity| entity.name)
            .collect();
        if !names.is_empty() {
            let list = reads::list(part, component, standby, segment, planning);
            seen.push(Condition::Test {
                read: list,
                item: None,
                at: lifeboat_plan::At::Field("/value".into(), "/name".into()),
                is: Is::Includes(json!(names).into()),
            });
        }
    }
    Step {
        id: StepId::new(&component.name, "replicated"),
        component: component.name.clone(),
        title: match namespace.entity_count() {
            1 => "wait until 1 entity is replicated".to_owned(),
            many => format!("wait until {} are replicated", counted(many, "entity")),
        },
        after: [pair.clone()].into(),
        graceful: Way::new(Action::Wait, Condition::All(seen), durations::pairing(namespace.entity_count())),
        ungraceful: None,
        because: Citation::new(&["S22", "D07"], "50 to 100 entities a minute; the pair is not ready before"),
    }
}

/// Whether the pair is ready for a failover by the latest that is known. A side that cannot be read says nothing new,
/// so the other side's word counts; but one record that has lost its partner is enough to know that the pair is broken.
pub(super) fn is_ready(component: &Component, seen: &Inventory) -> bool {
    let Some(_) = &component.secondary else { return true };
    let known: Vec<(Side, &serde_json::Value)> = [Side::Primary, Side::Secondary]
        .into_iter()
        .filter_map(|side| Some((side, seen.list(component.on(side), "disasterRecoveryConfigs").ok()?)))
        .flat_map(|(side, aliases)| aliases.iter().map(move |alias| (side, alias)))
        .collect();
    let pending = |side: Side, alias| pending(component.on(side), alias, seen);
    known.iter().all(|(side, alias)| {
        names_partner(alias, component.on(side.other()))
            && alias_property(alias, "provisioningState") == Some("Succeeded")
            && pending(*side, alias).is_none_or(|pending| pending == 0)
    }) && known.iter().any(|(side, alias)| pending(*side, alias) == Some(0))
}

/// Which namespace holds the alias, by records that were just read: what was known of a region before it was lost says
/// nothing now. A region back from the dead may claim an alias that has moved; then nobody can tell.
pub(super) fn leads(component: &Component, seen: &Inventory) -> Lead {
    let observed = |side: Side| {
        let path = format!("{}/disasterRecoveryConfigs", component.on(side));
        let Some(Fact::Known(known)) = seen.fact(&path) else { return &[][..] };
        let records = known.value.as_array().filter(|_| known.source == Source::Observed);
        records.map_or(&[][..], Vec::as_slice)
    };
    let holds = |side: Side| {
        observed(side).iter().any(|alias| {
            let role = alias_property(alias, "role");
            let is_through = alias_property(alias, "provisioningState") == Some("Succeeded");
            is_through && matches!(role, Some("Primary" | "PrimaryNotReplicating"))
        })
    };
    match (holds(Side::Primary), holds(Side::Secondary)) {
        (true, false) => Lead::To(Side::Primary),
        (false, true) => Lead::To(Side::Secondary),
        _ => Lead::Unknown,
    }
}

/// What an alias record says, for people.
pub(super) fn describe(alias: &serde_json::Value, pending: Option<u64>) -> String {
    let of = |name| alias_property(alias, name).unwrap_or("?");
    let partner = partner(alias).map_or("nobody", |text| text.rsplit('/').next().unwrap_or(text));
    let pending = pending.map_or_else(|| "nobody knows how many".to_owned(), |count| count.to_string());
    format!("role {}, {}, partner {partner}, {pending} pending", of("role"), of("provisioningState"))
}
