//! The lab's refusal of the workload's own first deployment, with the place in the template that it is about.

use lifeboat_arm::{ArmError, ResourceId};
use lifeboat_planner::{Declared, Source, Workload};

/// Why the workload cannot be deployed where it lives.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refused {
    /// Why, with the resource that it is about, if one is.
    pub why: String,
    /// Where that resource is declared: file and line.
    pub at: Option<(String, u32)>,
}

impl Refused {
    /// From what the lab answered about a deployment.
    pub(crate) fn of(error: &ArmError, workload: &Workload) -> Self {
        let says = error.innermost();
        let target = targets(error).into_iter().rev().find_map(|id| {
            let declared = workload.declared().find(|declared| declared.id == id)?;
            Some((declared, &declared.source))
        });
        let named = || declared_at(&says.to_string(), workload).map(|declared| (declared, &declared.source));
        let Some((declared, source)) = target.or_else(named) else { return Self::from(says.to_string()) };
        let at = match source {
            Source::Template { file, line, .. } => Some((file.to_string(), *line)),
            _ => None,
        };
        Self { why: format!("`{}` ({}): {says}", declared.id.name(), declared.kind), at }
    }
}

/// The resource whose element of the sent template a message points into, the innermost one.
fn declared_at<'w>(says: &str, workload: &'w Workload) -> Option<&'w Declared> {
    // What is deployed first is where the workload lives, and what exists once.
    let sites = [&workload.primary].into_iter().chain(&workload.shared);
    let elements = sites.flat_map(|site| site.deployment.elements.iter().map(move |(id, at)| (site, id, at)));
    let (_, (_, site, id)) = elements
        .flat_map(|(site, id, at)| at.iter().map(move |at| (at, site, id)))
        .filter(|(at, ..)| ["/", ":"].iter().any(|end| says.contains(&format!("{at}{end}"))))
        .enumerate()
        .max_by_key(|(index, (at, ..))| (at.len(), std::cmp::Reverse(*index)))?;
    site.resources.find(id)
}

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Self { why, at: None }
    }
}

/// The resources that an error names, outermost first.
fn targets(error: &ArmError) -> Vec<ResourceId> {
    let own = error.target.as_deref().and_then(|target| ResourceId::parse(target).ok());
    own.into_iter().chain(error.details.iter().flat_map(targets)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::example::workload;

    #[test]
    fn a_place_in_what_was_sent_becomes_a_place_in_the_users_template() {
        let workload = workload();
        let of = |says: &str| Refused::of(&ArmError::new("InvalidTemplate", says), &workload);
        let refused = of("Deployment template validation failed: '/resources/0/properties/x: no such [x]'.");
        assert!(refused.why.starts_with("`orders-bus-weu` (Microsoft.ServiceBus/namespaces): "), "{refused}");
        let (file, line) = refused.at.unwrap();
        assert!(file.ends_with("infra/regional.json") && line > 1, "{file}:{line}");
        assert_eq!(of("Deployment template validation failed: 'the template: no'.").at, None);
    }
}
