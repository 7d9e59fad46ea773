//! Deploying a site: one deployment of the same template that made the other site (S05, S06).

mod forecast;
mod left_out;
mod request;

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::{Method, Region, ResourceId};
use lifeboat_plan::{
    Action, At, CallDraft, Citation, Condition, Is, Need, PlanKind, ReadDraft, ReadId, Step, StepId, Way,
    counted,
};
use serde_json::{Value, json};

use self::forecast::forecast;
use self::left_out::{left_out, without};
use self::request::{CONTENT, Request, request};
use super::drift::difference;
use super::group::{group, located};
use crate::service::{Part, Planning, Refusal};
use crate::topology::{Declared, Site};

pub(crate) use self::left_out::REFUSALS;
pub use self::request::initial_deployments;

/// The step after which everything that templates bring is there. Every plan has it.
pub const DEPLOYED: &str = "workload/deploy";

pub(super) const API: &str = "2024-03-01";

/// Group and deployment of the standby side, as far as the kind of plan wants them.
pub(super) fn deploy(planning: &Planning<'_>) -> Result<Part, Refusal> {
    let mut part = Part::default();
    let site = planning.to();
    let mut after = BTreeSet::new();
    if planning.kind == PlanKind::Prepare {
        let shared = planning.workload.shared.iter().map(|shared| ("shared-group", shared));
        let groups = [("group", site)].into_iter().chain(shared);
        for (verb, site) in groups.filter(|(_, site)| site.is_deployed_to_its_group()) {
            let step = group(verb, site, planning, &mut part);
            after.insert(step.id.clone());
            part.steps.push(step);
        }
        if let Some(shared) = &planning.workload.shared {
            let kept: Vec<&Declared> = shared.resources.iter().collect();
            // What exists once lies in a group of its own, and waits for no other.
            let group = StepId::new("workload", "shared-group");
            let group = BTreeSet::from_iter(after.contains(&group).then_some(group));
            let step = deployment(
                "deploy-shared",
                shared,
                Value::clone(&shared.deployment.template),
                &kept,
                group,
                planning,
                &mut part,
            );
            after.insert(step.id.clone());
            part.steps.push(step);
        }
    }
    let deploys = matches!(planning.kind, PlanKind::Prepare | PlanKind::Failover | PlanKind::Failback);
    if !deploys {
        return Ok(part);
    }
    let left_out = left_out(planning);
    let kept: Vec<&Declared> =
        site.resources.iter().filter(|declared| !left_out.contains(&declared.id)).collect();
    let template = without(&site.deployment, &kept, &site.resources, &left_out)?;
    let top: Vec<&str> = site
        .resources
        .iter()
        .filter(|declared| left_out.contains(&declared.id) && declared.kind.segments().count() == 1)
        .filter(|declared| declared.id.parent().is_some_and(|parent| parent.kind().is_none()))
        .map(|declared| declared.id.name())
        .collect();
    if !top.is_empty() {
        let names = top.join(", ");
        part.notes.push(format!(
            "the deployment leaves out {names}: Azure would refuse it there, or it waits for the day"
        ));
    }
    let step = deployment("deploy", site, template, &kept, after, planning, &mut part);
    part.steps.push(step);
    Ok(part)
}

fn deployment(
    verb: &str,
    site: &Site,
    template: Value,
    kept: &[&Declared],
    after: BTreeSet<StepId>,
    planning: &Planning<'_>,
    part: &mut Part,
) -> Step {
    let Request { record, path, body, tag } = request(template, site, planning.workload);
    if !site.is_deployed_to_its_group() {
        part.records.insert(record, site.region.clone());
    }
    let record = ReadId::new(&format!("workload/{verb}-record@{}", site.region));
    part.reads.insert(record.clone(), ReadDraft::Arm(CallDraft::get(path.clone())));
    let all_there = all_there(verb, site, kept, part);
    let state = |words: &[&str]| {
        let words = words.iter().map(|&word| word.into()).collect();
        Condition::test(&record, "/properties/provisioningState", Is::OneOf(words))
    };
    // Under a name that stays, another content may have been deployed.
    let succeeded = match tag {
        None => state(&["Succeeded"]),
        Some(tag) => {
            let is_this = Condition::equal(&record, &format!("/tags/{CONTENT}"), tag.as_str());
            Condition::All(vec![state(&["Succeeded"]), is_this])
        }
    };
    // A group's list names no children: where only children are deployed, only the deployment itself tells.
    let done = match all_there {
        None => succeeded,
        Some(mut all) => {
            // What is there is there, by whatever means. But never call a deployment done that runs.
            all.push(if adopts(kept, planning, part) {
                Condition::Any(vec![Condition::status(&record, 404), state(&["Succeeded"])])
            } else {
                succeeded
            });
            Condition::All(all)
        }
    };
    let action = if kept.is_empty() {
        Action::Wait
    } else {
        Action::Send(CallDraft::arm(Method::Put, path, Some(body)))
    };
    let way = Way {
        needs: needs(site, kept, planning),
        started_when: Some(state(&["Accepted", "Running", "Creating", "Updating"])),
        ..Way::new(action, done, forecast(kept))
    };
    Step {
        id: StepId::new("workload", verb),
        component: "workload".into(),
        title: if kept.is_empty() {
            format!("nothing to deploy to {}: what is declared is there, or comes by itself", target(site))
        } else {
            format!("deploy {} to {} in {}", counted(kept.len(), "resource"), target(site), site.region)
        },
        after,
        graceful: way,
        ungraceful: None,
        because: Citation::new(
            &["S04", "S05", "S06"],
            "redeploy by ARM template; the regions differ by parameters only",
        ),
    }
}

/// That each group lists what is deployed straight into it; none where nothing is, but children of what is there.
fn all_there(verb: &str, site: &Site, kept: &[&Declared], part: &mut Part) -> Option<Vec<Condition>> {
    let mut groups: BTreeMap<ResourceId, Vec<&str>> = BTreeMap::new();
    if kept.is_empty() {
        // A group that the template makes is there when something is in it.
        if !site.is_deployed_to_its_group() {
            return Some(Vec::new());
        }
        groups.insert(site.group.clone(), Vec::new());
    }
    for declared in kept.iter().filter(|declared| declared.kind.segments().count() == 1) {
        let group =
            declared.id.parent().filter(|parent| parent.kind().is_none() && parent.group_name().is_some());
        if let Some(group) = group {
            groups.entry(group).or_default().push(declared.id.as_str());
        }
    }
    let listed = groups.into_iter().map(|(group, ids)| {
        let of = if group == site.group { String::new() } else { format!("-{}", group.name()) };
        let read = ReadId::new(&format!("workload/{verb}-resources{of}@{}", site.region));
        let list = format!("{group}/resources?api-version={API}");
        part.reads.insert(read.clone(), ReadDraft::Arm(CallDraft::get(list)));
        let at = At::Field("/value".into(), "/id".into());
        Condition::Test { read, item: None, at, is: Is::Includes(json!(ids).into()) }
    });
    let listed: Vec<Condition> = listed.collect();
    (!listed.is_empty()).then_some(listed)
}

/// What a site's template is deployed to, for people.
fn target(site: &Site) -> &str {
    if site.is_deployed_to_its_group() { site.group.name() } else { "the subscription" }
}

/// Whether what stands may count as deployed though no record of just this deployment is there: somebody may have
/// deployed by other means. Preparing, it must have been seen to be as it is declared, or a change of the template
/// would never reach the standby. On the day, what preparing left is what there is.
fn adopts(kept: &[&Declared], planning: &Planning<'_>, part: &mut Part) -> bool {
    if planning.kind != PlanKind::Prepare {
        return true;
    }
    let different = kept.iter().filter_map(|declared| Some((declared, difference(declared, planning.seen)?)));
    let different: Vec<(&&Declared, String)> = different.collect();
    let drifted = different.iter().filter(|(_, at)| !at.is_empty());
    part.notes.extend(
        drifted.map(|(declared, at)| format!("{} is not as it is declared: {at}", declared.id.name())),
    );
    different.is_empty()
}

/// Where it creates something, what holds the groups that it creates it in, and where it asks for something while it
/// runs: neither a nested deployment's group nor an expression shows an id to look at.
fn needs(site: &Site, kept: &[&Declared], planning: &Planning<'_>) -> BTreeSet<Need> {
    let workload = planning.workload;
    let control_plane =
        |region: &Region| (region.as_str() != "global").then(|| Need::ControlPlane(region.clone()));
    let ids: BTreeSet<&ResourceId> = kept.iter().map(|declared| &declared.id).collect();
    let places = workload.regions();
    let asked = site.deployment.asked_for(&ids).filter_map(|asked| {
        let mut around = std::iter::successors(Some(asked.clone()), ResourceId::parent);
        match around.find_map(|id| places.get(&id).copied()) {
            Some(region) => control_plane(region),
            None => Some(Need::Unplaced(format!("`{asked}`, which the template asks"))),
        }
    });
    let created = kept.iter().filter_map(|declared| control_plane(declared.location.as_ref()?));
    let further = kept.iter().filter_map(|declared| declared.id.group_id());
    let further: BTreeSet<ResourceId> = further.filter(|group| *group != site.scope).collect();
    let groups = further.into_iter().map(|group| match located(&group, workload, planning.seen) {
        Ok(region) => Need::GroupMetadata(region),
        Err(_) => Need::Unplaced(format!("the group `{}`, into which the template deploys", group.name())),
    });
    if kept.is_empty() { BTreeSet::new() } else { created.chain(groups).chain(asked).collect() }
}
