//! Paths of deployments: the same below every scope, and two old spellings below groups and subscriptions.

use crate::scope::Scope;

/// A path about deployments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeploymentRoute {
    /// Where the deployments are.
    pub(crate) scope: Scope,
    pub(crate) target: Target,
}

/// What of the deployments of a scope is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    All,
    One {
        name: String,
    },
    /// A POST: `validate`, `whatIf`, `cancel`, `exportTemplate`, in lower case.
    Action {
        name: String,
        action: String,
    },
    Operations {
        name: String,
        operation: Option<String>,
    },
    /// Where a client follows a deployment.
    Status {
        name: String,
        operation: String,
    },
}

impl Target {
    /// The deployment's name.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::One { name }
            | Self::Action { name, .. }
            | Self::Operations { name, .. }
            | Self::Status { name, .. } => Some(name),
        }
    }

    /// Whether it only looks although it is a POST.
    pub(crate) fn only_reads(&self) -> bool {
        matches!(self, Self::Action { action, .. } if matches!(action.as_str(), "validate" | "whatif" | "exporttemplate"))
    }
}

/// Understands the parts of a path, if it is about deployments.
pub(super) fn route(parts: &[&str]) -> Option<DeploymentRoute> {
    let is = |at: usize, word: &str| parts.get(at).is_some_and(|part| part.eq_ignore_ascii_case(word));
    let last = parts.iter().rposition(|part| part.eq_ignore_ascii_case("providers"));
    let (before, rest) = match last {
        Some(at) if is(at + 1, "Microsoft.Resources") && is(at + 2, "deployments") => (at, at + 3),
        // `…/resourcegroups/{group}/deployments/{name}/operations` has no provider in it.
        None if is(2, "resourceGroups") && is(4, "deployments") && is(6, "operations") => (4, 5),
        _ => return None,
    };
    let scope = if before == 0 { String::new() } else { format!("/{}", parts[..before].join("/")) };
    let scope = Scope::parse(&scope)?;
    let name = || parts.get(rest).map(ToString::to_string);
    let target = match parts.len() - rest {
        0 => Target::All,
        1 => Target::One { name: name()? },
        2 if is(rest + 1, "operations") => Target::Operations { name: name()?, operation: None },
        2 => Target::Action { name: name()?, action: parts[rest + 1].to_ascii_lowercase() },
        3 if is(rest + 1, "operations") => {
            Target::Operations { name: name()?, operation: Some(parts[rest + 2].to_owned()) }
        }
        3 if is(rest + 1, "operationStatuses") => {
            Target::Status { name: name()?, operation: parts[rest + 2].to_owned() }
        }
        _ => return None,
    };
    Some(DeploymentRoute { scope, target })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployments_are_found_below_every_scope() {
        let group = "subscriptions/s/resourceGroups/g";
        for (path, scope, target) in [
            ("providers/Microsoft.Resources/deployments", "", Target::All),
            ("providers/microsoft.resources/Deployments/d", "", Target::One { name: "d".into() }),
            (
                "providers/Microsoft.Management/managementGroups/m/providers/Microsoft.Resources/deployments/d/whatIf",
                "/providers/Microsoft.Management/managementGroups/m",
                Target::Action { name: "d".into(), action: "whatif".into() },
            ),
            (
                "subscriptions/s/providers/Microsoft.Resources/deployments/d/operations/7",
                "/subscriptions/s",
                Target::Operations { name: "d".into(), operation: Some("7".into()) },
            ),
            (
                &format!("{group}/deployments/d/operations"),
                "/subscriptions/s/resourceGroups/g",
                Target::Operations { name: "d".into(), operation: None },
            ),
            (
                &format!("{group}/providers/Microsoft.Resources/deployments/d/operationStatuses/7"),
                "/subscriptions/s/resourceGroups/g",
                Target::Status { name: "d".into(), operation: "7".into() },
            ),
        ] {
            let parts: Vec<&str> = path.split('/').collect();
            let found = route(&parts).unwrap_or_else(|| panic!("{path}"));
            let below = found.scope.id().map_or("", |id| id.as_str());
            assert_eq!((below, &found.target), (scope, &target), "{path}");
        }
        for path in ["subscriptions/s/providers/Microsoft.X/a/1", &format!("{group}/deployments/d")] {
            assert_eq!(route(&path.split('/').collect::<Vec<_>>()), None, "{path}");
        }
    }
}
