//! Where deployments and resources live, and how ids are composed.

use super::fault::{Fault, Outcome};

/// The level that a template deploys to, told by its `$schema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeploymentScope {
    /// Into a resource group; also what a template without a known schema is taken for.
    ResourceGroup,
    /// To a subscription.
    Subscription,
    /// To a management group.
    ManagementGroup,
    /// To the tenant.
    Tenant,
}

impl DeploymentScope {
    pub(crate) fn from_schema(schema: &str) -> Self {
        let schema = schema.to_ascii_lowercase();
        if schema.contains("subscriptiondeploymenttemplate") {
            Self::Subscription
        } else if schema.contains("managementgroupdeploymenttemplate") {
            Self::ManagementGroup
        } else if schema.contains("tenantdeploymenttemplate") {
            Self::Tenant
        } else {
            Self::ResourceGroup
        }
    }
}

/// A place with everything that its id needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scope {
    Tenant,
    ManagementGroup(String),
    Subscription(String),
    /// The location is unknown for a group that neither the caller nor the template describes.
    Group {
        subscription: String,
        name: String,
        location: Option<String>,
    },
}

impl Scope {
    /// The id without a trailing slash; empty for the tenant.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Tenant => String::new(),
            Self::ManagementGroup(name) => format!("/providers/Microsoft.Management/managementGroups/{name}"),
            Self::Subscription(id) => format!("/subscriptions/{id}"),
            Self::Group { subscription, name, .. } => {
                format!("/subscriptions/{subscription}/resourceGroups/{name}")
            }
        }
    }

    pub(crate) fn subscription(&self) -> Option<&str> {
        match self {
            Self::Subscription(subscription) | Self::Group { subscription, .. } => Some(subscription),
            _ => None,
        }
    }
}

/// The id of a resource below a scope. `Microsoft.A/b/c` and `x/y` interleave to `Microsoft.A/b/x/c/y`.
pub(crate) fn resource_id(scope: &str, kind: &str, name: &str) -> Outcome<String> {
    let kind = kind.trim_matches('/');
    if kind.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups") && scope.starts_with("/subscriptions/")
    {
        return Ok(format!("{scope}/resourceGroups/{name}"));
    }
    let names: Vec<&str> = name.trim_matches('/').split('/').collect();
    Ok(format!("{scope}/providers/{}", interleave(kind, &names)?))
}

/// `Microsoft.A/b/c` with the names `x`, `y` gives `Microsoft.A/b/x/c/y`.
pub(crate) fn interleave(kind: &str, names: &[&str]) -> Outcome<String> {
    let mut segments = kind.trim_matches('/').split('/');
    let mut id = segments.next().unwrap_or_default().to_owned();
    let types: Vec<&str> = segments.collect();
    if types.is_empty() {
        let hint = format!("it begins with the provider's namespace: `Microsoft.…/{kind}`");
        let message = format!("`{kind}` is no whole type of a resource");
        return Err(Fault::new("name-segments", message).hint(Some(hint)));
    }
    if types.len() != names.len() {
        let message = format!(
            "type `{kind}` has {} segment{} after its namespace, the name has {}: `{}`",
            types.len(),
            if types.len() == 1 { "" } else { "s" },
            names.len(),
            names.join("/")
        );
        let hint = "a child resource is named `parent/child`, one name for each segment of its type";
        return Err(Fault::new("name-segments", message).hint(Some(hint.to_owned())));
    }
    for (kind, name) in types.iter().zip(names) {
        id.push('/');
        id.push_str(kind);
        id.push('/');
        id.push_str(name);
    }
    Ok(id)
}

/// Ids that mean the same resource give the same key: case, doubled slashes, two spellings of groups.
pub(crate) fn key(id: &str) -> String {
    let mut key = String::with_capacity(id.len());
    let (mut start, mut before, mut may_differ) = (0, 0, false);
    while start < id.len() {
        let length = memchr::memchr(b'/', &id.as_bytes()[start..]).unwrap_or(id.len() - start);
        if length > 0 {
            if start > 0 {
                key.push('/');
            }
            key.push_str(&id[start..start + length]);
            may_differ |= (before, length) == ("microsoft.resources".len(), "resourcegroups".len());
            before = length;
        }
        start += length + 1;
    }
    key.make_ascii_lowercase();
    if may_differ { key.replace(OTHER_SPELLING, "/resourcegroups/") } else { key }
}

/// How a group is spelled where it is taken for a resource.
const OTHER_SPELLING: &str = "/providers/microsoft.resources/resourcegroups/";
