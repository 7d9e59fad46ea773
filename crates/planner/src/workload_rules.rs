//! Rules about the workload as a whole: places, names, what stands where.

use lifeboat_arm::global_suffix;

use crate::finding::Severity;
use crate::planning::located;
use crate::rule::{Checked, Rule, Subject};
use crate::topology::Side;

const TEMPLATES: &str = "Stateless servers should be redeployed using Infrastructure as Code (ARM templates) when \
    feasible. Leverage template parameters to minimize the changes required to the templates.";

/// The rules.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "WL-GROUP-REGION",
        title: "the standby's group is outside the primary region",
        severity: Severity::Blocking,
        cites: &["F1"],
        guidance: "If RTO does not allow time for redeployment, the recommendation is to deploy all primary region \
            resources in a secondary region also.",
        why: "a group's metadata lives in its region: with that region gone, nothing in the group can be changed, \
            wherever its members are",
        remedy: "put standby and global resources into a group that is located in the secondary or a third region",
        remedied_by: Some("group"),
        fault: "the control plane of the primary region down, the standby in a group located there",
        check: group_region,
    },
    Rule {
        id: "WL-NAME",
        title: "the two regions do not compete for one name",
        severity: Severity::Blocking,
        cites: &["S06"],
        guidance: TEMPLATES,
        why: "a globally unique name can exist once: the second deployment is refused",
        remedy: "make the name a parameter, with another value per region",
        remedied_by: None,
        fault: "a literal namespace name in the regional template",
        check: names,
    },
    Rule {
        id: "WL-LOCATION",
        title: "each region's resources are in that region",
        severity: Severity::High,
        cites: &["S06"],
        guidance: TEMPLATES,
        why: "a standby that is deployed to the primary's region is lost with it",
        remedy: "take the location from a parameter or from `resourceGroup().location`",
        remedied_by: None,
        fault: "a literal location in the regional template",
        check: location,
    },
    Rule {
        id: "WL-ONE-SITE",
        title: "the component has a counterpart in the other region",
        severity: Severity::Info,
        cites: &["S04"],
        guidance: "Consider Re-Deployment through automation over replication when feasible for stateless layers.",
        why: "what exists once is not moved: it must be global, or outlive the region by itself",
        remedy: "declare it in the regional template, or keep it in the shared one if it is global",
        remedied_by: None,
        fault: "a resource in the shared template",
        check: one_site,
    },
];

/// Of these, what Azure itself refuses: it creates no second resource of a name that exists once.
pub(crate) const ENFORCED: &[&str] = &["WL-NAME"];

fn group_region(subject: &Subject<'_>) -> Vec<Checked> {
    let workload = subject.workload;
    let lost = &workload.primary.region;
    let component = subject.component;
    // What exists once must be manageable without the primary; so must the standby.
    let id = component.secondary.as_ref().unwrap_or(&component.primary);
    let Some(group) = id.group_id() else { return Vec::new() };
    match located(&group, workload, subject.seen) {
        Err(why) => vec![Checked::unknown(id, format!("where the group {} is: {why}", group.name()))],
        Ok(region) => {
            let says = format!("its group {} is located in {region}", group.name());
            vec![Checked::that(region != *lost, id, subject.seen.evidence(id.as_str(), says))]
        }
    }
}

fn names(subject: &Subject<'_>) -> Vec<Checked> {
    let component = subject.component;
    let Some(secondary) = &component.secondary else { return Vec::new() };
    // One resource of one group cannot be in two regions, whatever its type.
    let is_one = component.primary == *secondary;
    if global_suffix(&component.kind).is_none() && !is_one {
        return Vec::new();
    }
    let same = component.primary.name().eq_ignore_ascii_case(secondary.name());
    let says = format!("{} in the primary, {} in the secondary", component.primary.name(), secondary.name());
    vec![Checked::that(!same, secondary, subject.seen.evidence(secondary.as_str(), says))]
}

fn location(subject: &Subject<'_>) -> Vec<Checked> {
    let Some(secondary) = &subject.component.secondary else { return Vec::new() };
    let declared = subject.workload.secondary.resources.find(subject.component.declared(Side::Secondary));
    match declared.map(|declared| &declared.location) {
        None => vec![Checked::unknown(secondary, "the template does not declare it")],
        Some(None) => Vec::new(),
        Some(Some(region)) => {
            let lost = region == &subject.workload.primary.region;
            let says = format!("its location is {region}");
            vec![Checked::that(!lost, secondary, subject.seen.evidence(secondary.as_str(), says))]
        }
    }
}

fn one_site(subject: &Subject<'_>) -> Vec<Checked> {
    let component = subject.component;
    let says = match &component.secondary {
        Some(secondary) => format!("{} and {}", component.primary.name(), secondary.name()),
        None => format!("{} exists once", component.primary.name()),
    };
    let evidence = subject.seen.evidence(component.primary.as_str(), says);
    vec![Checked::that(component.secondary.is_some(), &component.primary, evidence)]
}
