//! Deploying a site: one deployment of the same template that made the other site (S05, S06).

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use lifeboat_arm::template::SecurePlace;
use lifeboat_arm::{Call, Method, Region, ResourceId};
use lifeboat_plan::{
    Action, At, Basis, CallDraft, Citation, Condition, Draft, Forecast, Hole, Is, Need, PlanKind, ReadDraft,
    ReadId, SecretRef, Step, StepId, Values, Way, counted,
};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::drift::difference;
use super::group::{group, located};
use crate::durations;
use crate::finding::Severity;
use crate::inventory::Source;
use crate::reading::name_of;
use crate::rule::Rule;
use crate::service::{Part, Planning, Refusal};
use crate::services::service_for;
use crate::topology::{Component, Declared, Deployment, Roots, Site, Workload};

/// The step after which everything that templates bring is there. Every plan has it.
pub const DEPLOYED: &str = "workload/deploy";

pub(super) const API: &str = "2024-03-01";

/// What only planning can find: no assessment asks for it.
pub(crate) const REFUSALS: &[Rule] = &[CANNOT_LEAVE_OUT];

const CANNOT_LEAVE_OUT: Rule = Rule {
    id: "WL-CANNOT-LEAVE-OUT",
    title: "what is left out of a deployment is an element of its own",
    severity: Severity::Blocking,
    cites: &["S04", "S06"],
    guidance: "Leverage template parameters to minimize the changes required to the templates.",
    why: "Azure refuses a redeploy of a paired secondary, and what waits for the day must not run before: the same \
        template is sent without them, and an element can only be left out whole",
    remedy: "declare it as an element of its own in the regional template",
    remedied_by: None,
    fault: "one copy loop over a component that is redeployed on the day and one that stands by",
    check: |_| Vec::new(),
};

/// Group and deployment of the standby side, as far as the kind of plan wants them.
pub(super) fn deploy(planning: &Planning<'_>) -> Result<Part, Refusal> {
    let mut part = Part::default();
    let site = planning.to();
    let mut after = BTreeSet::new();
    if planning.kind == PlanKind::Prepare {
        for (verb, site) in
            [("group", site)].into_iter().chain(planning.workload.shared.iter().map(|s| ("shared-group", s)))
        {
            let step = group(verb, site, planning, &mut part);
            after.insert(step.id.clone());
            part.steps.push(step);
        }
        if let Some(shared) = &planning.workload.shared {
            let kept: Vec<&Declared> = shared.resources.iter().collect();
            // What exists once lies in a group of its own, and waits for no other.
            let group = BTreeSet::from([StepId::new("workload", "shared-group")]);
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

/// Requests that create the workload where it lives by choice: what its owner did long ago, and what a drill does first.
pub fn initial_deployments(workload: &Workload) -> Vec<Call> {
    let mut calls = Vec::new();
    let secrets: BTreeMap<SecretRef, &Value> = workload.secure_values().collect();
    let put_group = |site: &Site| {
        let body = json!({ "location": site.group_region.as_str() });
        Call::arm(Method::Put, format!("{}?api-version={API}", site.group), Some(body))
    };
    let put = |declared: &Declared| {
        let path = format!("{}?api-version={}", declared.id, declared.api_version);
        Call::arm(Method::Put, path, Some(Value::clone(&declared.body)))
    };
    for site in workload.shared.iter().chain([&workload.primary]) {
        calls.push(put_group(site));
        calls.extend(site.presumed.iter().map(put));
        let Request { path, body, .. } = request(Value::clone(&site.deployment.template), site, workload);
        let body = body.fill(&OwnSecrets(&secrets)).expect("a deployment has no holes but its own secrets");
        calls.push(Call::arm(Method::Put, path, Some(body)));
    }
    let there = &workload.secondary;
    if there.group != workload.primary.group && !there.presumed.is_empty() {
        calls.push(put_group(there));
        calls.extend(there.presumed.iter().map(put));
    }
    calls
}

/// What the owner of a workload fills in by himself.
struct OwnSecrets<'a>(&'a BTreeMap<SecretRef, &'a Value>);

impl Values for OwnSecrets<'_> {
    fn captured(&self, _: &StepId, _: &str) -> Option<Value> {
        None
    }
    fn fact(&self, _: &str) -> Option<Value> {
        None
    }
    fn secret(&self, secret: &SecretRef) -> Option<Value> {
        self.0.get(secret).map(|value| Value::clone(value))
    }
    fn run_id(&self) -> String {
        String::new()
    }
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
    let Request { path, body, tag } = request(template, site, planning.workload);
    let record = ReadId::new(&format!("workload/{verb}-record@{}", site.region));
    let resources = ReadId::new(&format!("workload/{verb}-resources@{}", site.region));
    part.reads.insert(record.clone(), ReadDraft::Arm(CallDraft::get(path.clone())));
    let list = format!("{}/resources?api-version={API}", site.group);
    part.reads.insert(resources.clone(), ReadDraft::Arm(CallDraft::get(list)));
    let top: Vec<&str> = kept
        .iter()
        .filter(|declared| declared.kind.segments().count() == 1 && declared.id.is_within(&site.group))
        .filter(|declared| declared.id.parent().is_some_and(|parent| parent == site.group))
        .map(|declared| declared.id.as_str())
        .collect();
    let state = |words: &[&str]| {
        let words = words.iter().map(|&word| word.into()).collect();
        Condition::test(&record, "/properties/provisioningState", Is::OneOf(words))
    };
    let all_there = Condition::Test {
        read: resources,
        item: None,
        at: At::Field("/value".into(), "/id".into()),
        is: Is::Includes(json!(top).into()),
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
    let done = if top.is_empty() && !kept.is_empty() {
        succeeded
    } else if adopts(kept, planning, part) {
        // What is there is there, by whatever means. But never call a deployment done that runs.
        let settled = Condition::Any(vec![Condition::status(&record, 404), state(&["Succeeded"])]);
        Condition::All(vec![all_there, settled])
    } else {
        Condition::All(vec![all_there, succeeded])
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
            format!(
                "nothing to deploy to {}: what is declared is there, or comes by itself",
                site.group.name()
            )
        } else {
            format!("deploy {} to {} in {}", counted(kept.len(), "resource"), site.group.name(), site.region)
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

/// Whether what stands may count as deployed though no record of just this deployment is there: somebody may have
/// deployed by other means. Preparing, it must have been seen to be as it is declared, or a change of the template would
/// never reach the standby. On the day, what preparing left is what there is.
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

/// A deployment as it is sent.
struct Request {
    path: String,
    body: Draft,
    /// What tells its content where the name does not.
    tag: Option<String>,
}

/// The tag of a deployment that holds the digest of its content.
const CONTENT: &str = "lifeboat-content";

/// Region and content are in the name: the same deployment is recognised, another one never collides with it. Where the
/// template reads its name, that stays what it was read with, and a tag tells the content.
///
/// Takes the template: it may be large, and `json!` would copy it. Values of secure types are holes: a plan is shown, saved
/// and approved, and whoever carries it out has them. They are no part of the digest either: from that they could be
/// guessed.
fn request(template: Value, site: &Site, workload: &Workload) -> Request {
    let mut body =
        json!({ "properties": { "mode": "Incremental", "parameters": site.deployment.parameters } });
    body["properties"]["template"] = template;
    let of = workload.deployment_of(site);
    let hole = |place: &SecurePlace| {
        let secret = SecretRef::Parameter { deployment: of.to_owned(), name: place.name.clone() };
        (format!("/properties{}", place.at), Hole::Secret(secret))
    };
    let mut body = Draft::with_holes(body, site.deployment.secrets.iter().map(hole));
    let content = short_digest(&body);
    let name = match &site.deployment.name {
        Some(name) => {
            let tags = json!({ CONTENT: content });
            match &mut body {
                Draft::Value(body) => body["tags"] = tags,
                Draft::Object(members) => {
                    members.insert("tags".to_owned(), tags.into());
                }
                _ => {}
            }
            name.clone()
        }
        None => format!("{}-{content}", name_of(&workload.name, &site.region)),
    };
    let path = format!("{}/providers/Microsoft.Resources/deployments/{name}?api-version={API}", site.group);
    Request { path, body, tag: site.deployment.name.is_some().then_some(content) }
}

fn short_digest(body: &Draft) -> String {
    let mut digest = sha2::Sha256::new();
    let written = match body {
        Draft::Value(body) => serde_json::to_writer(&mut digest, body),
        body => serde_json::to_writer(&mut digest, body),
    };
    written.expect("a digest takes whatever is written");
    let digest = digest.finalize();
    format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

/// Everything that services leave out, less what a kept resource waits for.
fn left_out(planning: &Planning<'_>) -> BTreeSet<ResourceId> {
    let side = planning.standby();
    let mut out: BTreeSet<ResourceId> = planning
        .workload
        .components
        .iter()
        .filter(|component| component.secondary.is_some())
        .flat_map(|component| service_for(&component.kind).left_out(component, side, planning))
        .map(|declared| declared.id.clone())
        .collect();
    let resources = &planning.workload.site(side).resources;
    // Only what merely waits for the day can be wanted earlier; what Azure refuses stays out.
    let stands = |component: &&Component| {
        planning.strategies.get(&component.name) != Some(&crate::service::StrategyKind::Redeploy)
    };
    let standing = Roots::new(
        planning.workload.components.iter().filter(stands).map(|component| component.declared(side)),
    );
    let refused: BTreeSet<ResourceId> =
        out.iter().filter(|id| standing.around(id).next().is_some()).cloned().collect();
    loop {
        let wanted: Vec<ResourceId> = resources
            .iter()
            .filter(|declared| !out.contains(&declared.id))
            .flat_map(|declared| &declared.depends_on)
            .filter(|id| out.contains(id) && !refused.contains(id))
            .cloned()
            .collect();
        if wanted.is_empty() {
            return out;
        }
        for id in wanted {
            out.remove(&id);
        }
    }
}

/// The same template with `"condition": false` on what is left out: ARM then skips a resource, and whoever waits for it
/// goes on. Nothing else of the template changes.
fn without(
    deployment: &Deployment,
    kept: &[&Declared],
    all: &[Declared],
    out: &BTreeSet<ResourceId>,
) -> Result<Value, Refusal> {
    let pointers = |declared: &Declared| deployment.elements.get(&declared.id).into_iter().flatten();
    let needed: BTreeSet<&str> =
        kept.iter().flat_map(|declared| pointers(declared)).map(|at| &**at).collect();
    let mut template = Value::clone(&deployment.template);
    for declared in all.iter().filter(|declared| out.contains(&declared.id)) {
        for at in pointers(declared) {
            let element = template.pointer_mut(at).and_then(Value::as_object_mut);
            let (false, Some(element)) = (needed.contains(&**at), element) else {
                let file = match &declared.source {
                    Source::Template { file, line, .. } => format!(" ({file}:{line})"),
                    _ => String::new(),
                };
                return Err(Refusal {
                    rule: CANNOT_LEAVE_OUT.id.into(),
                    component: declared.id.name().into(),
                    why: format!("the template element {at}{file} also brings resources that are needed"),
                    remedy: CANNOT_LEAVE_OUT.remedy.into(),
                });
            };
            element.insert("condition".into(), Value::Bool(false));
        }
    }
    Ok(template)
}

/// Where it creates something, what holds the groups that it creates it in, and where it asks for something while it runs:
/// neither a nested deployment's group nor an expression shows an id to look at.
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
    let further: BTreeSet<ResourceId> = further.filter(|group| *group != site.group).collect();
    let groups = further.into_iter().map(|group| match located(&group, workload, planning.seen) {
        Ok(region) => Need::GroupMetadata(region),
        Err(_) => Need::Unplaced(format!("the group `{}`, into which the template deploys", group.name())),
    });
    if kept.is_empty() { BTreeSet::new() } else { created.chain(groups).chain(asked).collect() }
}

/// The longest chain of creations, not their sum: ARM creates what does not wait in parallel.
fn forecast(kept: &[&Declared]) -> Forecast {
    if kept.is_empty() {
        return Forecast::assumed(1, 2, "nothing is deployed, only looked at");
    }
    let by_id: BTreeMap<&ResourceId, &Declared> =
        kept.iter().map(|declared| (&declared.id, *declared)).collect();
    let mut known: BTreeMap<&ResourceId, (SignedDuration, SignedDuration)> = BTreeMap::new();
    let mut longest = (SignedDuration::ZERO, SignedDuration::ZERO);
    for declared in kept {
        let chain = chain(&declared.id, &by_id, &mut known, 0);
        longest = (longest.0.max(chain.0), longest.1.max(chain.1));
    }
    let overhead = SignedDuration::from_secs(10);
    Forecast {
        typical: longest.0 + overhead,
        p95: longest.1 + overhead,
        basis: Basis::Documented(
            "the longest chain of creations in the template, each by its service's page".into(),
        ),
    }
}

fn chain<'a>(
    id: &'a ResourceId,
    by_id: &BTreeMap<&'a ResourceId, &'a Declared>,
    known: &mut BTreeMap<&'a ResourceId, (SignedDuration, SignedDuration)>,
    depth: usize,
) -> (SignedDuration, SignedDuration) {
    if let Some(chain) = known.get(id) {
        return *chain;
    }
    // Templates may be wrong; a ring or an absurd depth must not take us down with it.
    let Some(declared) = by_id.get(id).filter(|_| depth < 500) else {
        return (SignedDuration::ZERO, SignedDuration::ZERO);
    };
    known.insert(id, (SignedDuration::ZERO, SignedDuration::ZERO));
    let own = durations::creation(&declared.kind);
    let before = declared.depends_on.iter().map(|source| {
        let source = by_id.get_key_value(source).map(|(id, _)| *id);
        source.map_or((SignedDuration::ZERO, SignedDuration::ZERO), |source| {
            chain(source, by_id, known, depth + 1)
        })
    });
    let (typical, p95) = before.fold((SignedDuration::ZERO, SignedDuration::ZERO), |most, one| {
        (most.0.max(one.0), most.1.max(one.1))
    });
    let chain = (own.typical + typical, own.p95 + p95);
    known.insert(id, chain);
    chain
}
