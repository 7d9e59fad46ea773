//! Rules: executable checks with an id.

use lifeboat_arm::ResourceId;

use crate::finding::{Answer, Evidence, Finding, Severity};
use crate::inventory::Inventory;
use crate::topology::{Component, Side, Workload};

/// One executable check.
pub struct Rule {
    /// Its id, such as `SB-SKU`.
    pub id: &'static str,
    /// What must be true, in one line.
    pub title: &'static str,
    /// How much a failure matters.
    pub severity: Severity,
    /// Requirement and failure ids it comes from.
    pub cites: &'static [&'static str],
    /// The sentence of the guidance or page behind it.
    pub guidance: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do when it fails.
    pub remedy: &'static str,
    /// The verb of the step that remedies it, if a plan can.
    pub remedied_by: Option<&'static str>,
    /// The fault or mistake that turns it red.
    pub fault: &'static str,
    /// The check.
    pub check: fn(&Subject<'_>) -> Vec<Checked>,
}

/// What a rule looks at.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The component.
    pub component: &'a Component,
    /// The workload it belongs to.
    pub workload: &'a Workload,
    /// What was observed.
    pub seen: &'a Inventory,
    /// The side that serves, as far as whoever asks knows; what is observed may tell otherwise.
    pub active: Side,
}

/// One answer of a rule. A rule answers once per resource that it is about; no answer means it does not apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The answer.
    pub answer: Answer,
    /// The resource.
    pub resource: Option<ResourceId>,
    /// What was seen.
    pub evidence: Vec<Evidence>,
}

impl Checked {
    /// All is well.
    pub fn pass(resource: &ResourceId, evidence: Evidence) -> Self {
        Self { answer: Answer::Pass, resource: Some(resource.clone()), evidence: vec![evidence] }
    }

    /// Something must be done.
    pub fn fail(resource: &ResourceId, evidence: Evidence) -> Self {
        Self { answer: Answer::Fail, resource: Some(resource.clone()), evidence: vec![evidence] }
    }

    /// Pass or fail.
    pub fn that(holds: bool, resource: &ResourceId, evidence: Evidence) -> Self {
        if holds { Self::pass(resource, evidence) } else { Self::fail(resource, evidence) }
    }

    /// Nobody can tell.
    pub fn unknown(resource: &ResourceId, why: impl Into<String>) -> Self {
        Self {
            answer: Answer::Unknown,
            resource: Some(resource.clone()),
            evidence: vec![Evidence::says(why)],
        }
    }
}

impl Rule {
    /// The findings of this rule about one component.
    pub fn findings(&self, subject: &Subject<'_>) -> Vec<Finding> {
        (self.check)(subject)
            .into_iter()
            .map(|checked| Finding {
                rule: self.id.to_owned(),
                answer: checked.answer,
                severity: self.severity,
                component: subject.component.name.clone(),
                title: self.title.to_owned(),
                remedy: self.advice(checked.answer),
                evidence: placed(checked.evidence, checked.resource.as_ref(), subject.seen),
                resource: checked.resource,
                why: self.why.to_owned(),
                accepted: None,
            })
            .collect()
    }

    /// What to do: nobody mends what may be whole.
    pub(crate) fn advice(&self, answer: Answer) -> String {
        if answer == Answer::Unknown {
            return format!(
                "look first: templates do not tell, a drill does in the lab, and so does the real resource; if it \
                 fails: {}",
                self.remedy
            );
        }
        self.remedy.to_owned()
    }
}

/// Evidence without a place is shown where the resource is declared.
fn placed(evidence: Vec<Evidence>, resource: Option<&ResourceId>, seen: &Inventory) -> Vec<Evidence> {
    let place = |evidence: Evidence| match (resource, &evidence.pointer) {
        (Some(resource), None) => {
            let declared = seen.evidence(resource.as_str(), evidence.says.clone());
            if declared.file.is_some() { declared } else { evidence }
        }
        _ => evidence,
    };
    evidence.into_iter().map(place).collect()
}
