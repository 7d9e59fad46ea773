//! Failing the alias over, and bringing it home (P1a, S25, D02, D03).

use jiff::SignedDuration;
use lifeboat_arm::{Method, ResourceId};
use lifeboat_plan::{
    Action, At, CallDraft, Citation, Condition, Is, Need, OnFailure, ReadId, Repeat, Step, StepId, Way,
    duration,
};
use serde_json::{Value, json};

use super::durations;
use super::namespace::{
    API, Namespace, alias_name, deletes_itself, host, name_of, names_partner, own_host, same_subscription,
};
use super::settings::{CrossSubscription, choice};
use super::{HEALTHY_FOR, reads, rules, traffic};
use crate::inventory::Look;
use crate::planning::DEPLOYED;
use crate::service::{Part, Planning, Refusal};
use crate::topology::Component;

/// Steps that move the alias to the standby side.
pub(super) fn fail_over(component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal> {
    refuse_what_has_no_alias(component, planning)?;
    let mut part = Part::default();
    let alias = alias_name(component, planning.workload, planning.seen);
    let after = vec![StepId::from(DEPLOYED)];
    let mut step = move_alias(component, planning, &alias, after, &mut part);
    if planning.planned {
        by_choice(&mut step, component, planning, &mut part)?;
    }
    let moved = step.id.clone();
    let resolves = resolves(component, planning, &alias, &moved, &mut part);
    let present = entities_are_there(component, planning, &moved, &mut part);
    part.steps.extend([step, resolves, present]);
    part.facts.extend(traffic::facts(component, planning));
    Ok(part)
}

/// Steps that bring the alias home. Not a failover backwards: home must be paired, replicated and quiet for a while,
/// before anything is written there, and only the safe way exists.
pub(super) fn fail_back(component: &Component, planning: &Planning<'_>) -> Result<Part, Refusal> {
    refuse_what_has_no_alias(component, planning)?;
    let mut part = Part::default();
    let alias = alias_name(component, planning.workload, planning.seen);
    let gate = home_is_fit(component, planning, &alias, &mut part);
    part.gates.push(gate.id.clone());
    let mut step =
        move_alias(component, planning, &alias, vec![StepId::from(DEPLOYED), gate.id.clone()], &mut part);
    by_choice(&mut step, component, planning, &mut part)?;
    step.because = Citation::new(
        &["P1a", "D02", "F32"],
        "fail-forward only: failing back is pairing again and failing over again",
    );
    let moved = step.id.clone();
    let resolves = resolves(component, planning, &alias, &moved, &mut part);
    let present = entities_are_there(component, planning, &moved, &mut part);
    part.steps.extend([gate, step, resolves, present]);
    part.facts.extend(traffic::facts(component, planning));
    Ok(part)
}

/// A namespace that can have no alias cannot be moved: its clients would have to be told another name. Nor can one
/// whose partner was never made: the failover is a request to that partner.
fn refuse_what_has_no_alias(component: &Component, planning: &Planning<'_>) -> Result<(), Refusal> {
    rules::refuse(component, planning, |id| id == "SB-SKU")?;
    let to = component.on(planning.standby());
    if planning.seen.resource(to) == Look::IsAbsent {
        let region = &planning.to().region;
        let why =
            format!("`{}` is not there: nothing was prepared in {region} that could take over", to.name());
        return Err(rules::refusal("SB-PAIRED", component, &why, planning.workload.declared_at(to)));
    }
    let alias = alias_name(component, planning.workload, planning.seen);
    let is_it = |one: &Value| name_of(one).is_some_and(|name| name.eq_ignore_ascii_case(&alias));
    // What was not looked at may be there: then Azure answers.
    let lacks = |id: &ResourceId, wanted: &dyn Fn(&Value) -> bool| {
        let seen = planning.seen.last_list(id, "disasterRecoveryConfigs");
        seen.is_some_and(|(aliases, _)| !aliases.iter().any(wanted))
    };
    let from = component.on(planning.active);
    if lacks(to, &is_it) && lacks(from, &|one| names_partner(one, to)) {
        let why = format!("`{}` was seen without the alias `{alias}`: the pair is broken", to.name());
        return Err(rules::refusal("SB-PAIRED", component, &why, planning.workload.declared_at(to)));
    }
    Ok(())
}

/// By choice, nothing is forced: a safe failover that cannot finish is reported, and the workload stays where it is.
/// Only where a safe one is impossible, across subscriptions, its owner may have declared that it be forced (D03).
fn by_choice(
    step: &mut Step,
    component: &Component,
    planning: &Planning<'_>,
    part: &mut Part,
) -> Result<(), Refusal> {
    let forced = step.ungraceful.take();
    let (from, to) = (component.on(planning.active), component.on(planning.standby()));
    if same_subscription(from, to) {
        return Ok(());
    }
    let choice = choice(&component.name, planning.workload).map(|choice| choice.cross_subscription);
    let (CrossSubscription::Force, Some(forced)) = (choice.unwrap_or_default(), forced) else {
        let why = "Azure refuses a safe failover across subscriptions, and nobody declared that a move by choice may \
                   be forced";
        return Err(rules::refusal(
            "SB-CROSS-SUBSCRIPTION",
            component,
            why,
            planning.workload.declared_at(to),
        ));
    };
    part.notes.push(format!(
        "`{}`: {} and {} are in two subscriptions, where Azure refuses a safe failover: it is forced, as the workload \
         file declares",
        component.name,
        from.name(),
        to.name()
    ));
    step.graceful = forced;
    Ok(())
}

/// A failover that arrives twice finds the alias moved, and is refused.
const REPEAT: Repeat = Repeat::Harmless;

/// The alias, addressed on the side that takes over: the other one may be dead.
fn move_alias(
    component: &Component,
    planning: &Planning<'_>,
    alias: &str,
    after: Vec<StepId>,
    part: &mut Part,
) -> Step {
    let standby = planning.standby();
    let to = component.on(standby);
    let read = reads::alias(part, component, standby, alias, planning);
    let path = format!("{}/failover?api-version={API}", to.child("disasterRecoveryConfigs", alias));
    let post =
        |body: Option<Value>| Action::Send(CallDraft::arm(Method::Post, path.clone(), body.map(Into::into)));
    let leads = leads(&read);
    let succeeded = Condition::equal(&read, "/properties/provisioningState", "Succeeded");
    // The pair is broken by every failover: fail-forward only. Who moved it by hand may have paired it again since.
    let partner = |is| Condition::test(&read, "/properties/partnerNamespace", is);
    // Azure shows an empty name (so an official SDK test after breaking a pair); none at all is no partner either.
    let alone = [partner(Is::Equal("".into())), partner(Is::Absent)];
    let again = reads::is_partner(&read, component.on(planning.active));
    let settled = Condition::Any(alone.into_iter().chain([again]).collect());
    let failed = format!("moving the alias `{alias}` to {} has failed in Azure", to.name());
    let not_failed = reads::not_failed(&read, leads.clone(), failed);
    let done = Condition::All(vec![not_failed, leads.clone(), succeeded, settled]);
    let losses = traffic::left_behind(component, planning);
    let graceful = Way {
        // A safe failover waits for what the old primary has not replicated yet: it must be alive.
        needs: [
            Need::ControlPlane(planning.from().region.clone()),
            Need::DataPlane(planning.from().region.clone()),
        ]
        .into(),
        started_when: Some(leads.clone()),
        repeat: REPEAT,
        loses: losses.clone(),
        ..Way::new(
            post(Some(json!({ "properties": { "IsSafeFailover": true } }))),
            done.clone(),
            durations::alias_failover(),
        )
    };
    let ungraceful = Way {
        started_when: Some(leads),
        repeat: REPEAT,
        loses: traffic::with_pending_metadata(losses, component, planning, alias),
        ..Way::new(post(None), done, durations::alias_failover())
    };
    Step {
        id: StepId::new(&component.name, "fail-over-alias"),
        component: component.name.clone(),
        title: format!("move the alias `{alias}` to {}", to.name()),
        after: after.into_iter().collect(),
        graceful,
        ungraceful: Some(ungraceful),
        because: Citation::new(
            &["P1a", "S21", "D03"],
            "failover is called on the secondary; safe waits for pending replication, forced does not",
        ),
    }
}

/// The namespace that is asked holds the alias.
pub(super) fn leads(alias: &ReadId) -> Condition {
    let roles = vec![json!("PrimaryNotReplicating"), json!("Primary")];
    Condition::test(alias, "/properties/role", Is::OneOf(roles))
}

/// Done is when clients can see it, not when Azure says so.
fn resolves(
    component: &Component,
    planning: &Planning<'_>,
    alias: &str,
    moved: &StepId,
    part: &mut Part,
) -> Step {
    let dns = reads::alias_dns(part, component, alias);
    let target = own_host(component, planning.standby(), planning.workload, planning.seen);
    part.hosts.insert(host(alias), planning.to().region.clone());
    Step {
        id: StepId::new(&component.name, "alias-resolves"),
        component: component.name.clone(),
        title: format!("see `{}` resolve to {target}", host(alias)),
        after: [moved.clone()].into(),
        graceful: Way {
            on_failure: OnFailure::Continue,
            ..Way::new(
                Action::Wait,
                Condition::test(&dns, "/chain", Is::Includes(json!([target]).into())),
                durations::alias_dns(),
            )
        },
        ungraceful: None,
        because: Citation::new(&["S25"], "the alias resolves to the secondary afterwards"),
    }
}

/// Every queue and topic that is known must be on the new side; what was pending at a forced failover may not be.
fn entities_are_there(
    component: &Component,
    planning: &Planning<'_>,
    moved: &StepId,
    part: &mut Part,
) -> Step {
    let namespace = Namespace::planned(planning.active, component, planning);
    let mut seen = Vec::new();
    for segment in ["queues", "topics"] {
        let names: Vec<&str> = namespace
            .entities()
            .iter()
            // These may vanish right after a failover: last-access times are not replicated (D05).
            .filter(|entity| entity.segment == segment && deletes_itself(entity.body).is_none())
            .map(|entity| entity.name)
            .collect();
        if !names.is_empty() {
            seen.push(Condition::Test {
                read: reads::list(part, component, planning.standby(), segment, planning),
                item: None,
                at: At::Field("/value".into(), "/name".into()),
                is: Is::Includes(json!(names).into()),
            });
        }
    }
    Step {
        id: StepId::new(&component.name, "entities-present"),
        component: component.name.clone(),
        title: format!("see all queues and topics on {}", component.on(planning.standby()).name()),
        after: [moved.clone()].into(),
        graceful: Way {
            on_failure: OnFailure::Continue,
            deadline: SignedDuration::from_mins(5),
            ..Way::new(Action::Wait, Condition::All(seen), durations::entity())
        },
        ungraceful: None,
        because: Citation::new(
            &["S21", "D05"],
            "after failover queues, topics and properties exist in the secondary",
        ),
    }
}

/// Home is fit when it is the partner, nothing is pending, and that has held for a while.
fn home_is_fit(component: &Component, planning: &Planning<'_>, alias: &str, part: &mut Part) -> Step {
    let read = reads::alias(part, component, planning.active, alias, planning);
    let home = component.on(planning.standby());
    let fit = Condition::All(vec![
        Condition::equal(&read, "/properties/role", "Primary"),
        Condition::equal(&read, "/properties/provisioningState", "Succeeded"),
        reads::is_partner(&read, home),
        reads::nothing_pending(&read),
    ]);
    Step {
        id: StepId::new(&component.name, "home-is-fit"),
        component: component.name.clone(),
        title: format!("see {} paired and quiet for {}", home.name(), duration(HEALTHY_FOR)),
        after: [].into(),
        graceful: Way {
            deadline: HEALTHY_FOR * 12,
            ..Way::new(
                Action::Wait,
                // Whoever is home already needs no gate: the plan may run a second time.
                Condition::Any(vec![
                    Condition::Held { n: 3, over: HEALTHY_FOR, of: Box::new(fit) },
                    leads(&reads::alias(part, component, planning.standby(), alias, planning)),
                ]),
                lifeboat_plan::Forecast::assumed(
                    HEALTHY_FOR.as_secs(),
                    HEALTHY_FOR.as_secs() * 2,
                    "our own gate",
                ),
            )
        },
        ungraceful: None,
        because: Citation::new(
            &["D02", "F32"],
            "failback only to a home that is paired, replicated and stable",
        ),
    }
}
