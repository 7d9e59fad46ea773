//! Resource groups: where they are, and the step that creates one.
//!
//! A group's metadata lives in the group's own region, whatever region its resources are in: while that region is down,
//! nothing in the group can be changed (F1). Azure moves no group, so what was seen of one counts, and not what a file
//! says.

use std::collections::BTreeSet;

use lifeboat_arm::{Call, Method, Region, ResourceId};
use lifeboat_plan::{Action, CallDraft, Citation, Condition, Is, ReadDraft, ReadId, Step, StepId, Way};
use serde_json::{Value, json};

use super::deploy::API;
use crate::durations;
use crate::inventory::{Fact, Inventory, Look};
use crate::service::{Part, Planning};
use crate::topology::{Site, Workload};

/// The reads that tell where the groups of a workload are.
pub fn group_reads(workload: &Workload) -> Vec<Call> {
    groups(workload).into_iter().map(|group| Call::get(group, API)).collect()
}

/// Every group that something is deployed to: those of the sites, and further ones that nested deployments name.
pub(super) fn groups(workload: &Workload) -> BTreeSet<ResourceId> {
    let own = workload.sites().map(|site| site.group.clone());
    own.chain(workload.declared().filter_map(|declared| declared.id.group_id())).collect()
}

/// Where a group is: as it was seen; for one that nobody has created or looked for yet, as the workload file says it of
/// a site's, and as a template says it of a further one.
///
/// # Errors
/// Why nobody knows.
pub(crate) fn located(group: &ResourceId, workload: &Workload, seen: &Inventory) -> Result<Region, String> {
    let declared = || {
        let site = workload.sites().find(|site| site.group == *group).map(|site| site.group_region.clone());
        let made = || workload.declaration(group).and_then(|declared| declared.location.clone());
        site.or_else(made).ok_or_else(|| "nobody declares it, and it was not seen".to_owned())
    };
    let fact = seen.fact(group.as_str());
    let text = |value: &Value| value.get("location").and_then(Value::as_str).map(str::to_owned);
    match (seen.resource(group), fact.and_then(Fact::last_known)) {
        (Look::Is(group), _) => region_of(text(group)),
        (Look::IsAbsent, _) => declared(),
        (Look::Unknown(_), Some(known)) => region_of(text(&known.value)),
        (Look::Unknown(_), None) if fact.is_none() => declared(),
        (Look::Unknown(why), None) => Err(why.to_owned()),
    }
}

fn region_of(location: Option<String>) -> Result<Region, String> {
    let location = location.ok_or("Azure shows no location of it")?;
    Region::parse(&location).map_err(|unknown| unknown.to_string())
}

/// Creates a site's group, or takes the one that is there unless it would be lost with the side that serves.
pub(super) fn group(verb: &str, site: &Site, planning: &Planning<'_>, part: &mut Part) -> Step {
    let read = ReadId::new(&format!("workload/{verb}@{}", site.region));
    let path = format!("{}?api-version={API}", site.group);
    part.reads.insert(read.clone(), ReadDraft::Arm(CallDraft::get(path.clone())));
    let body = json!({ "location": site.group_region.as_str() });
    let there = Condition::test(&read, "/location", Is::Present);
    let serving = &planning.from().region;
    // Where one group holds both sites by declaration, the rule has said so already.
    let done = if site.group_region == *serving {
        there
    } else {
        let words = [serving.as_str(), serving.display_name()].map(Value::from).into();
        let misplaced = Condition::Never {
            seen: Box::new(Condition::test(&read, "/location", Is::OneOf(words))),
            why: format!(
                "the group {} is located in {serving}: with that region nothing in it could be changed, and Azure moves no \
                 group; name another one in the workload file",
                site.group.name()
            ),
        };
        Condition::All(vec![misplaced, there])
    };
    Step {
        id: StepId::new("workload", verb),
        component: "workload".into(),
        title: format!("create the group {} in {}", site.group.name(), site.group_region),
        after: BTreeSet::new(),
        graceful: Way::new(
            Action::Send(CallDraft::arm(Method::Put, path, Some(body.into()))),
            done,
            durations::group(),
        ),
        ungraceful: None,
        because: Citation::new(
            &["F1"],
            "a group's metadata lives in its region: the standby's group must not be in the primary's",
        ),
    }
}
