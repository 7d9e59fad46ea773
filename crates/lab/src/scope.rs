//! Where a deployment goes: the tenant, a management group, a subscription, a resource group.
//!
//! Source: "Deploy resources to …" of Azure Resource Manager; the paths are those of `Deployments_*` in its swagger.

use lifeboat_arm::template::DeploymentScope;
use lifeboat_arm::{ResourceId, ResourceType};

/// The type of deployments.
pub(crate) const DEPLOYMENTS: &str = "Microsoft.Resources/deployments";
/// The type of management groups.
pub(crate) const MANAGEMENT_GROUPS: &str = "Microsoft.Management/managementGroups";

/// Where a deployment goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    Tenant,
    ManagementGroup(ResourceId),
    Subscription(ResourceId),
    Group(ResourceId),
}

impl Scope {
    /// The scope that stands before `/providers/…` in a path; none when deployments cannot go there.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        if path.trim_matches('/').is_empty() {
            return Some(Self::Tenant);
        }
        let id = ResourceId::parse(path).ok()?;
        if id.kind().is_some_and(|kind| kind.is(MANAGEMENT_GROUPS)) {
            return Some(Self::ManagementGroup(id));
        }
        match (id.kind(), id.group_name(), id.folded().matches('/').count()) {
            (None, None, 2) => Some(Self::Subscription(id)),
            (None, Some(_), 4) => Some(Self::Group(id)),
            _ => None,
        }
    }

    /// The scope of a deployment.
    pub(crate) fn of(deployment: &ResourceId) -> Self {
        deployment.parent().and_then(|scope| Self::parse(scope.as_str())).unwrap_or(Self::Tenant)
    }

    /// The id; none for the tenant, which has none.
    pub(crate) fn id(&self) -> Option<&ResourceId> {
        match self {
            Self::Tenant => None,
            Self::ManagementGroup(id) | Self::Subscription(id) | Self::Group(id) => Some(id),
        }
    }

    /// The id of a deployment here.
    pub(crate) fn deployment(&self, name: &str) -> ResourceId {
        match self.id() {
            Some(id) => id.resource(&ResourceType::new(DEPLOYMENTS), &[name]),
            None => ResourceId::parse(&format!("/providers/{DEPLOYMENTS}/{name}"))
                .expect("a provider, a type and a name are an id"),
        }
    }

    /// The group, if it is one.
    pub(crate) fn group(&self) -> Option<&ResourceId> {
        match self {
            Self::Group(id) => Some(id),
            _ => None,
        }
    }

    /// The level as templates know it.
    pub(crate) fn level(&self) -> DeploymentScope {
        match self {
            Self::Tenant => DeploymentScope::Tenant,
            Self::ManagementGroup(_) => DeploymentScope::ManagementGroup,
            Self::Subscription(_) => DeploymentScope::Subscription,
            Self::Group(_) => DeploymentScope::ResourceGroup,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_tells_its_scope_and_a_scope_its_deployments() {
        for path in [
            "",
            "/providers/Microsoft.Management/managementGroups/root",
            "/subscriptions/s",
            "/subscriptions/s/resourceGroups/g",
        ] {
            let scope = Scope::parse(path).unwrap();
            let id = scope.deployment("d");
            assert_eq!(id.as_str(), format!("{path}/providers/Microsoft.Resources/deployments/d"));
            assert_eq!(Scope::of(&id), scope);
        }
        for path in
            ["/subscriptions/s/resourceGroups/g/providers/Microsoft.X/a/1", "/providers/Microsoft.X/a/1"]
        {
            assert_eq!(Scope::parse(path), None, "{path}");
        }
    }
}
